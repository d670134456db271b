#include <stdbool.h>

#include "esp_attr.h"
#include "esp_cpu.h"
#include "esp_private/panic.h"
#include "xtensa_api.h"
#include "xtensa_context.h"

/** DBREAKC: bits 5..0 are ones where an address bit matters, bit 31 is "on stores". */
#define DBREAKC_STORE_64_BYTES 0x80000000u

static struct {
    xt_handler handler;
    void *arg;
} handlers[32];

xt_handler xt_set_interrupt_handler(int n, xt_handler handler, void *arg)
{
    uint32_t ps = esp_cpu_intr_mask();
    xt_handler before = handlers[n].handler;
    handlers[n].handler = handler;
    handlers[n].arg = arg;
    esp_cpu_intr_restore(ps);
    return before;
}

static void change_enabled(uint32_t clear, uint32_t set)
{
    uint32_t ps = esp_cpu_intr_mask();
    uint32_t enabled;
    __asm__ volatile("rsr %0, intenable" : "=r"(enabled));
    __asm__ volatile("wsr %0, intenable\n\trsync" : : "r"((enabled & ~clear) | set) : "memory");
    esp_cpu_intr_restore(ps);
}

void xt_ints_on(uint32_t mask)
{
    change_enabled(0, mask);
}

void xt_ints_off(uint32_t mask)
{
    change_enabled(mask, 0);
}

void xt_set_intset(uint32_t mask)
{
    __asm__ volatile("wsr %0, intset\n\trsync" : : "r"(mask) : "memory");
}

void esp_cpu_set_watchpoint(uint32_t address)
{
    __asm__ volatile("wsr %0, dbreaka0\n\twsr %1, dbreakc0\n\tisync" : : "r"(address), "r"(DBREAKC_STORE_64_BYTES));
}

/** Called by level1_interrupt in vectors.S. */
IRAM_ATTR void xt_interrupt_dispatch(const xt_frame_t *frame)
{
    panic_check_stack(frame);
    uint32_t pending;
    uint32_t enabled;
    __asm__ volatile("rsr %0, interrupt" : "=r"(pending));
    __asm__ volatile("rsr %0, intenable" : "=r"(enabled));
    pending &= enabled;
    while (pending != 0) {
        int n = __builtin_ctz(pending);
        pending &= pending - 1;
        __asm__ volatile("wsr %0, intclear" : : "r"(1u << n));
        handlers[n].handler(handlers[n].arg);
    }
}
