#pragma once

int wave(int times);
