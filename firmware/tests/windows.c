#include "windows.h"

uint32_t sum_with_variable_frames(uint32_t depth)
{
    if (depth == 0) {
        return 0;
    }
    uint32_t deeper = sum_with_variable_frames(depth - 1);
    volatile uint8_t bytes[depth];
    for (uint32_t i = 0; i < depth; i++) {
        bytes[i] = 1;
    }
    uint32_t sum = deeper;
    for (uint32_t i = 0; i < depth; i++) {
        sum += bytes[i];
    }
    // With the frame grown, call again: the windows above must still come back right.
    return sum + sum_with_variable_frames(depth > 3 ? 2 : 0) - (depth > 3 ? 3 : 0);
}
