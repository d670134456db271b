#include "fast.h"

int mixed_fast(int value)
{
    return value + 1;
}

int mixed_slow(int value)
{
    return value + 2;
}
