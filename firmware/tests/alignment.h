/**
 * @file
 * Something aligned to ALIGNMENT bytes in each section.
 */
#pragma once

#include <stdint.h>

/** 1, 2, 3. */
extern const uint8_t alignment_rodata[3];
/** 4, 5, 6. */
extern uint8_t alignment_data[3];
/** 0, 0, 0. */
extern uint8_t alignment_bss[3];
/** Whatever. */
extern uint8_t alignment_noinit[3];
/** 7, 8, 9. */
extern uint8_t alignment_rtc_data[3];

/** From flash: `a ^ 0x12345678`. */
uint32_t alignment_text(uint32_t a);
/** From IRAM: `a ^ 0x87654321`. */
uint32_t alignment_iram(uint32_t a);
