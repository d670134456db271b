/**
 * @file
 * Time travel for the test of the clock.
 */
#pragma once

#include <stdint.h>

/** Moves CCOUNT and the next timer interrupt forward, by less than 2^32 clocks. */
void clock_skip(uint32_t microseconds);
