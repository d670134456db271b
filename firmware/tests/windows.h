/**
 * @file
 * C functions for the test of register windows.
 */
#pragma once

#include <stdint.h>

/**
 * Calls itself `depth` times with `depth` bytes on the stack each, which moves the stack pointer (MOVSP) while the callers'
 * registers may be spilled. Returns the sum of all bytes: depth + (depth - 1) + ...
 */
uint32_t sum_with_variable_frames(uint32_t depth);
