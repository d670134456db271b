/**
 * @file
 * The CPU's own registers and instructions (esp_hw_support/include/esp_cpu.h of ESP-IDF).
 */
#pragma once

#include <stdint.h>

/** CPU clocks, modulo 2^32. */
static inline uint32_t esp_cpu_get_cycle_count(void)
{
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=r"(count));
    return count;
}

/** Masks interrupts up to level 3, the highest that C code may handle. Returns what esp_cpu_intr_restore() takes. */
static inline uint32_t esp_cpu_intr_mask(void)
{
    uint32_t ps;
    __asm__ volatile("rsil %0, 3" : "=r"(ps) : : "memory");
    return ps;
}

/** Undoes esp_cpu_intr_mask(). */
static inline void esp_cpu_intr_restore(uint32_t ps)
{
    __asm__ volatile("wsr %0, ps\n\trsync" : : "r"(ps) : "memory");
}

/** Sleeps until an interrupt has been handled. */
void esp_cpu_wait_for_intr(void);

/**
 * Makes a store to the 64 bytes at `address`, a multiple of 64, raise a debug exception (data breakpoint 0).
 */
void esp_cpu_set_watchpoint(uint32_t address);
