#include "clock.h"

#include "esp_cpu.h"
#include "esp_rom.h"

void clock_skip(uint32_t microseconds)
{
    uint32_t cycles = microseconds * ets_get_cpu_frequency();
    uint32_t ps = esp_cpu_intr_mask();
    uint32_t next;
    __asm__ volatile("rsr %0, ccompare0" : "=r"(next));
    __asm__ volatile("wsr %0, ccount" : : "r"(esp_cpu_get_cycle_count() + cycles));
    __asm__ volatile("wsr %0, ccompare0\n\tesync" : : "r"(next + cycles));
    esp_cpu_intr_restore(ps);
}
