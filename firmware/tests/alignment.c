#include "alignment.h"

#include "esp_attr.h"

#define ALIGNED __attribute__((aligned(ALIGNMENT)))

ALIGNED const uint8_t alignment_rodata[3] = {1, 2, 3};
ALIGNED uint8_t alignment_data[3] = {4, 5, 6};
ALIGNED uint8_t alignment_bss[3];
ALIGNED __NOINIT_ATTR uint8_t alignment_noinit[3];
ALIGNED RTC_DATA_ATTR uint8_t alignment_rtc_data[3] = {7, 8, 9};

ALIGNED uint32_t alignment_text(uint32_t a)
{
    return a ^ 0x12345678;
}

ALIGNED IRAM_ATTR uint32_t alignment_iram(uint32_t a)
{
    return a ^ 0x87654321;
}
