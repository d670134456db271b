/**
 * @file
 * Where code and data are placed (esp_common/include/esp_attr.h of ESP-IDF; sections.ld collects the sections).
 */
#pragma once

/** Code that runs from internal RAM: it works while the flash cache is off, and without a cache miss. */
#define IRAM_ATTR __attribute__((section(".iram1.code")))
/** Constants that stay in internal RAM. */
#define DRAM_ATTR __attribute__((section(".dram1.data")))
/** Memory that start-up leaves as it is. */
#define NOINIT_ATTR __attribute__((section(".noinit.data")))
