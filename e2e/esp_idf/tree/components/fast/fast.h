#pragma once

int fast_double(int value);
int mixed_fast(int value);
int mixed_slow(int value);
