/**
 * @file
 * Watchdog registers of the two timer groups: ESP32 TRM, chapter 18 "Timer Group", section "Registers"; chapter 19
 * "Watchdog Timers" describes the watchdog.
 */
#pragma once

/** First register of timer group 0 or 1. */
#define REG_TIMG_BASE(group) (0x3FF5F000 + 0x1000 * (group))

/** Configuration of the watchdog; bit 31 is enable, bit 14 enables it while the flash boots. */
#define TIMG_WDTCONFIG0_REG(group) (REG_TIMG_BASE(group) + 0x48)
/** Takes TIMG_WDT_WKEY_VALUE to make the watchdog's registers writable, anything else to protect them. */
#define TIMG_WDTWPROTECT_REG(group) (REG_TIMG_BASE(group) + 0x64)
/** The key. */
#define TIMG_WDT_WKEY_VALUE 0x50D83AA1
