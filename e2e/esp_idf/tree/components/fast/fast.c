#include "fast.h"

int fast_double(int value)
{
    return 2 * value;
}
