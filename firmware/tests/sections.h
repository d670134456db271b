/**
 * @file
 * Code and data with each of esp_attr.h's macros.
 */
#pragma once

#include <stdint.h>

/** In RTC memory, 1 to 4 at the start. */
extern uint32_t sections_rtc_data, sections_rtc_slow, sections_rtc_fast, sections_rtc_rodata;
/** Zero at the start. */
extern uint32_t sections_ext_ram_bss;
/** Not touched by the start. */
extern uint32_t sections_noinit, sections_rtc_noinit, sections_ext_ram_noinit;
/** In internal RAM, 5 and 6 at the start. */
extern uint32_t sections_dram, sections_dma;

/** In IRAM: the product. */
uint32_t sections_iram_multiply(uint32_t a, uint32_t b);
/** In RTC fast memory: the product, with a constant that is not in the instruction. */
uint32_t sections_rtc_multiply(uint32_t a);
