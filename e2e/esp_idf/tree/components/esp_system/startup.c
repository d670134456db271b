#include <stdint.h>

#include "esp_app_desc.h"
#include "esp_log.h"

#define REG(address) (*(volatile uint32_t *)(address))

extern char _bss_start[], _bss_end[];
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);
void app_main(void);

/** Registers of the watchdogs that the bootloader leaves running: protection, key, configuration (ESP32 TRM, "Watchdog Timers"). */
static const uint32_t watchdogs[][3] = {
    {0x3FF480A4, 0x50D83AA1, 0x3FF4808C},
    {0x3FF5F064, 0x50D83AA1, 0x3FF5F048},
};

/** esp_system/linker.lf places it in IRAM, by its name, which must not change. */
__attribute__((noipa)) static void clear(volatile uint32_t *start, volatile uint32_t *end)
{
    while (start < end) {
        *start++ = 0;
    }
}

/** Called by start.S, on the main stack, with interrupts masked. */
void start_cpu0(void)
{
    for (unsigned i = 0; i < sizeof watchdogs / sizeof watchdogs[0]; i++) {
        REG(watchdogs[i][0]) = watchdogs[i][1];
        REG(watchdogs[i][2]) = 0;
        REG(watchdogs[i][0]) = 0;
    }
    clear((uint32_t *)_bss_start, (uint32_t *)_bss_end);
    for (void (*const *function)(void) = __init_array_start; function < __init_array_end; function++) {
        (*function)();
    }
    ESP_LOGI("startup", "built with %s", esp_app_get_description()->idf_ver);
    app_main();
    for (;;) {
        __asm__ volatile("waiti 0");
    }
}
