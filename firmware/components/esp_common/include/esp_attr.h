/**
 * @file
 * Where code and data are placed (esp_common/include/esp_attr.h of ESP-IDF; sections.ld collects the sections).
 *
 * In Rust the attribute `#[unsafe(link_section = ".iram1.x")]` has the same effect, with the name in front of each macro here and a name of
 * your own behind the dot. `.rtc.bss.x`, which has no macro, is zero at the start and keeps its value in deep sleep. A section that is not
 * one of these is an error of the linker.
 */
#pragma once

/** Code that runs from internal RAM: it works while the flash cache is off, and without a cache miss. `.iram1` */
#define IRAM_ATTR ESP_ATTR_IN(".iram1", __COUNTER__)
/** Data, also constants, in internal RAM. `.dram1` */
#define DRAM_ATTR ESP_ATTR_IN(".dram1", __COUNTER__)
/** Data that peripherals read and write: in internal RAM, and aligned to words. `.dram1` */
#define DMA_ATTR WORD_ALIGNED_ATTR DRAM_ATTR
/** Aligned to words. */
#define WORD_ALIGNED_ATTR __attribute__((aligned(4)))
/** Internal RAM that start-up leaves as it is. `.noinit` */
#define __NOINIT_ATTR ESP_ATTR_IN(".noinit", __COUNTER__)
/** As __NOINIT_ATTR; no component enables SPI RAM. `.ext_ram_noinit` */
#define EXT_RAM_NOINIT_ATTR ESP_ATTR_IN(".ext_ram_noinit", __COUNTER__)
/** Zero at the start, in internal RAM: no component enables SPI RAM. `.ext_ram.bss` */
#define EXT_RAM_BSS_ATTR ESP_ATTR_IN(".ext_ram.bss", __COUNTER__)
/** Code in RTC fast memory. `.rtc.text` */
#define RTC_IRAM_ATTR ESP_ATTR_IN(".rtc.text", __COUNTER__)
/** Data that keeps its value in deep sleep: in RTC slow memory. `.rtc.data` */
#define RTC_DATA_ATTR ESP_ATTR_IN(".rtc.data", __COUNTER__)
/** Constants in RTC slow memory. `.rtc.rodata` */
#define RTC_RODATA_ATTR ESP_ATTR_IN(".rtc.rodata", __COUNTER__)
/** As RTC_DATA_ATTR. `.rtc.force_slow` */
#define RTC_SLOW_ATTR ESP_ATTR_IN(".rtc.force_slow", __COUNTER__)
/** As RTC_DATA_ATTR, in RTC fast memory, which the first CPU alone reaches. `.rtc.force_fast` */
#define RTC_FAST_ATTR ESP_ATTR_IN(".rtc.force_fast", __COUNTER__)
/** RTC slow memory that start-up leaves as it is, after a reset, too. `.rtc_noinit` */
#define RTC_NOINIT_ATTR ESP_ATTR_IN(".rtc_noinit", __COUNTER__)
/** Data that is in the ELF only. `.noload_keep_in_elf` */
#define NOLOAD_ATTR ESP_ATTR_IN(".noload_keep_in_elf", __COUNTER__)

/** A section of its own for each, so that the linker can leave out what is not used, and code and data may be in one file. */
#define ESP_ATTR_IN(section_name, counter) ESP_ATTR_IN_NUMBERED(section_name, counter)
#define ESP_ATTR_IN_NUMBERED(section_name, counter) __attribute__((section(section_name "." #counter)))
