/**
 * @file
 * Address map of the ESP32 (ESP32 TRM, chapter 1 "System and Memory", section "Address Mapping").
 */
#pragma once

#include <stdint.h>

/** The peripheral register at `address`. */
#define REG(address) (*(volatile uint32_t *)(address))

/** Internal SRAM as data (SRAM 1 and 2). */
#define SOC_DRAM_LOW 0x3FFAE000
/** End of SOC_DRAM_LOW. */
#define SOC_DRAM_HIGH 0x40000000

/** ROM, as code. */
#define SOC_IROM_MASK_LOW 0x40000000
/** End of SOC_IROM_MASK_LOW. */
#define SOC_IROM_MASK_HIGH 0x40070000
/** Internal SRAM 0 as code; the first 64 KB are the caches. */
#define SOC_IRAM_LOW 0x40080000
/** End of SOC_IRAM_LOW. */
#define SOC_IRAM_HIGH 0x400AA000
/** Flash, mapped as code. */
#define SOC_IROM_LOW 0x400D0000
/** End of SOC_IROM_LOW. */
#define SOC_IROM_HIGH 0x40400000

/** Number of GPIO pads; 24 and 28 to 31 are not bonded out. */
#define SOC_GPIO_PIN_COUNT 40
/** The pads that exist. */
#define SOC_GPIO_VALID_GPIO_MASK 0xFF0EFFFFFFULL
/** The pads that can drive: 34 to 39 are inputs only (ESP32 TRM, chapter 4
 * "IO_MUX and GPIO Matrix", section "IO_MUX Pad List"). */
#define SOC_GPIO_VALID_OUTPUT_GPIO_MASK (SOC_GPIO_VALID_GPIO_MASK & 0x3FFFFFFFFULL)
