#include "esp_timer.h"

#include "esp_attr.h"
#include "esp_cpu.h"
#include "esp_private/esp_timer_private.h"
#include "esp_rom.h"
#include "xtensa_api.h"

/** Interrupts in a second. CCOUNT wraps after 53.7 s at 80 MHz; any rate above that would do, this one also paces waiting. */
#define TICK_RATE_HZ 100

static uint32_t cycles_per_us;
static uint32_t cycles_per_tick;
static uint32_t start_cycles;
/** CCOUNT at the last look, and how often it had wrapped by then. */
static uint32_t last_cycles;
static uint32_t wraps;

/** CPU clocks since the start. Each look, of which there is one a tick at least, notices at most one wrap. */
static IRAM_ATTR uint64_t cycles_since_start(void)
{
    uint32_t ps = esp_cpu_intr_mask();
    uint32_t cycles = esp_cpu_get_cycle_count() - start_cycles;
    if (cycles < last_cycles) {
        wraps++;
    }
    last_cycles = cycles;
    uint64_t total = (uint64_t)wraps << 32 | cycles;
    esp_cpu_intr_restore(ps);
    return total;
}

static IRAM_ATTR void tick(void *arg)
{
    (void)arg;
    cycles_since_start();
    uint32_t next;
    __asm__ volatile("rsr %0, ccompare0" : "=r"(next));
    next += cycles_per_tick;
    // CCOMPARE0 matches when CCOUNT is equal to it. If that is past, ticks were lost: start over from now.
    if ((int32_t)(next - esp_cpu_get_cycle_count()) < (int32_t)(cycles_per_tick / 16)) {
        next = esp_cpu_get_cycle_count() + cycles_per_tick;
    }
    __asm__ volatile("wsr %0, ccompare0\n\tesync" : : "r"(next));
}

void esp_timer_init(void)
{
    cycles_per_us = ets_get_cpu_frequency();
    cycles_per_tick = cycles_per_us * (1000000 / TICK_RATE_HZ);
    start_cycles = esp_cpu_get_cycle_count();
    __asm__ volatile("wsr %0, ccompare0\n\tesync" : : "r"(start_cycles + cycles_per_tick));
    xt_set_interrupt_handler(XT_TIMER0_INTNUM, tick, 0);
    xt_ints_on(1u << XT_TIMER0_INTNUM);
    __asm__ volatile("rsil a2, 0" : : : "a2", "memory");
}

int64_t esp_timer_get_time(void)
{
    return (int64_t)(cycles_since_start() / cycles_per_us);
}
