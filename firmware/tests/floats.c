#include "floats.h"

float floats_harmonic(uint32_t count)
{
    float sum = 0;
    for (uint32_t n = 1; n <= count; n++) {
        sum += 1.0f / (float)n;
    }
    return sum;
}
