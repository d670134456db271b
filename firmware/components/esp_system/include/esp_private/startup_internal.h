/**
 * @file
 * What the start code calls, and what the linker script (ld/sections.ld) defines for it.
 */
#pragma once

#include "esp_system.h"

/** The application. When it returns, the CPU idles. */
void app_main(void);

/** Reads the reason of the last reset and its hint, and clears the hint. */
void esp_reset_reason_init(void);

/** Keeps the reason of the reset that follows, over the reset. */
void esp_reset_reason_set_hint(esp_reset_reason_t hint);

/** First byte of the memory that is zero at the start. */
extern char _bss_start[];
/** End of _bss_start. */
extern char _bss_end[];
/** First byte of the RTC memory that is zero at the start, but after deep sleep. */
extern char _rtc_bss_start[];
/** End of _rtc_bss_start. */
extern char _rtc_bss_end[];
/** First of the functions that run before app_main(). */
extern void (*const __init_array_start[])(void);
/** End of __init_array_start. */
extern void (*const __init_array_end[])(void);
/** Lowest address of the main stack. */
extern char _stack_bottom[];
/** The 64 bytes that must not be written: above what may be written before the overflow is seen. */
extern char _stack_guard[];
/** End of the main stack. */
extern char _stack_top[];
/** End of the stack of panic_handler(). */
extern char panic_stack_top[];
