/**
 * @file
 * Registers of the FPU, and others that compiled code keeps values in, while interrupts use them, too.
 */
#pragma once

#include <stdint.h>

/**
 * Fills all such registers with values of their own, waits until the word at `counter` is another one, and looks at them again.
 * Returns a bit for each that has changed: 0 to 15 for f0 to f15, 16 FCR, 17 FSR, 18 BR, 19 SCOMPARE1, 20 ACCLO, 21 ACCHI.
 */
uint32_t floats_changed(const volatile uint32_t *counter);

/** Writes other values to all of these registers. */
void floats_spoil(void);

/** The sum of 1/1, 1/2, ... 1/count, as the FPU rounds it. */
float floats_harmonic(uint32_t count);
