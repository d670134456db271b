/**
 * @file
 * Registers of the RTC controller that the start code uses: ESP32 TRM, chapter 31 "Low-Power Management", section
 * "Registers"; chapter 19 "Watchdog Timers" describes the watchdog.
 */
#pragma once

/** First register. */
#define DR_REG_RTCCNTL_BASE 0x3FF48000

/** Configuration of the RTC watchdog; bit 31 is enable, bit 10 enables it while the flash boots. */
#define RTC_CNTL_WDTCONFIG0_REG (DR_REG_RTCCNTL_BASE + 0x8C)
/** Takes RTC_CNTL_WDT_WKEY_VALUE to make the watchdog's registers writable, anything else to protect them. */
#define RTC_CNTL_WDTWPROTECT_REG (DR_REG_RTCCNTL_BASE + 0xA4)
/** The key. */
#define RTC_CNTL_WDT_WKEY_VALUE 0x50D83AA1

/** A scratch register that survives all resets but power-on; ESP-IDF keeps the reset reason's hint there. */
#define RTC_CNTL_STORE6_REG (DR_REG_RTCCNTL_BASE + 0xB8)
