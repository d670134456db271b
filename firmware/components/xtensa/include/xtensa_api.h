/**
 * @file
 * Level-1 interrupts (xtensa/include/xtensa_api.h of ESP-IDF) and the register windows.
 */
#pragma once

#include <stdint.h>

/** Interrupt number of the timer CCOMPARE0. */
#define XT_TIMER0_INTNUM 6
/** Interrupt number of the software interrupt, which xt_set_intset() raises. */
#define XT_SOFTWARE0_INTNUM 7

/** A handler. It runs with interrupts masked and on the interrupted program's stack. */
typedef void (*xt_handler)(void *arg);

/** Installs the handler for a level-1 interrupt, 0 to 31. Returns the one before, or NULL. */
xt_handler xt_set_interrupt_handler(int n, xt_handler handler, void *arg);

/** Enables the interrupts whose bits are set in `mask`. */
void xt_ints_on(uint32_t mask);

/** Disables the interrupts whose bits are set in `mask`. */
void xt_ints_off(uint32_t mask);

/** Raises the software interrupts whose bits are set in `mask`. */
void xt_set_intset(uint32_t mask);

/** Stores the registers of all calling functions in their stack frames. */
void xt_window_spill(void);

/**
 * Spills the windows, and says where the calling function stands (esp_debug_helpers.h of ESP-IDF): `pc`, the return address into it,
 * `sp`, its stack pointer, and `next_pc`, its own return address.
 */
void esp_backtrace_get_start(uint32_t *pc, uint32_t *sp, uint32_t *next_pc);
