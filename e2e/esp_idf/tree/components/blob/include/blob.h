#pragma once

/** 2 * value + 40. */
int blob_answer(int value);
