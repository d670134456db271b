/**
 * @file
 * Faults for the boot tests.
 */
#pragma once

#include <stdint.h>

/** Executes an illegal instruction. */
void fault_illegal_instruction(void);

/** Reads the word at `address`. */
uint32_t fault_load(uint32_t address);

/** Divides by zero with the CPU's instruction; Rust checks before it gets there. */
uint32_t fault_divide_by_zero(uint32_t dividend);

/** Makes calls with a stack pointer where there is no memory, so that storing a register window fails. */
void fault_wild_stack_pointer(void);

/** Calls itself without end; only register windows are stored on the stack. */
void recursion_without_end(void);
