#include "sections.h"

#include "esp_attr.h"

RTC_DATA_ATTR uint32_t sections_rtc_data = 1;
RTC_SLOW_ATTR uint32_t sections_rtc_slow = 2;
RTC_FAST_ATTR uint32_t sections_rtc_fast = 3;
RTC_RODATA_ATTR uint32_t sections_rtc_rodata = 4;
EXT_RAM_BSS_ATTR uint32_t sections_ext_ram_bss;
__NOINIT_ATTR uint32_t sections_noinit;
RTC_NOINIT_ATTR uint32_t sections_rtc_noinit;
EXT_RAM_NOINIT_ATTR uint32_t sections_ext_ram_noinit;
DRAM_ATTR uint32_t sections_dram = 5;
DMA_ATTR uint32_t sections_dma = 6;
NOLOAD_ATTR const char sections_noload[] = "in the ELF only";

/** The project's own descriptor, which tools look for behind the application's. */
__attribute__((section(".rodata_custom_desc"), used)) const uint32_t sections_custom_desc[2] = {0xC0FFEE, 0x1234};

IRAM_ATTR uint32_t sections_iram_multiply(uint32_t a, uint32_t b)
{
    return a * b;
}

RTC_IRAM_ATTR uint32_t sections_rtc_multiply(uint32_t a)
{
    return a * 0x12345;
}
