/**
 * @file
 * What happens when nothing else can: the report on the console, then a reset.
 *
 * The functions write to the UART by the ROM's functions alone, so they work in any context.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "xtensa_context.h"

/** Writes `length` bytes. */
void panic_print(const char *text, size_t length);

/** Begins the report of a panic: "Guru Meditation Error: Core  0 panic'ed (`reason`). ". */
void panic_begin(const char *reason);

/** Ends the report of a panic with a backtrace of the caller, and resets the chip. */
void panic_end(void) __attribute__((noreturn));

/**
 * Reports a stack overflow and resets if the interrupted program's stack pointer has left the main stack. `frame` is that of an
 * interrupt: on the stack, with the registers of the interrupted function's caller in the 16 bytes below.
 */
void panic_check_stack(const xt_frame_t *frame);
