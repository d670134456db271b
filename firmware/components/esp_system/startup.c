#include <stdint.h>

#include "esp_cpu.h"
#include "esp_private/esp_timer_private.h"
#include "esp_private/startup_internal.h"
#include "soc/rtc_cntl_reg.h"
#include "soc/soc.h"
#include "soc/timer_group_reg.h"

/** The bootloader leaves the RTC's watchdog and timer group 0's running: they would reset the chip after some seconds. */
static void stop_watchdogs(void)
{
    REG(RTC_CNTL_WDTWPROTECT_REG) = RTC_CNTL_WDT_WKEY_VALUE;
    REG(RTC_CNTL_WDTCONFIG0_REG) = 0;
    REG(RTC_CNTL_WDTWPROTECT_REG) = 0;
    for (int group = 0; group < 2; group++) {
        REG(TIMG_WDTWPROTECT_REG(group)) = TIMG_WDT_WKEY_VALUE;
        REG(TIMG_WDTCONFIG0_REG(group)) = 0;
        REG(TIMG_WDTWPROTECT_REG(group)) = 0;
    }
}

static void clear(char *start, char *end)
{
    for (volatile uint32_t *word = (uint32_t *)start; word < (uint32_t *)end; word++) {
        *word = 0;
    }
}

/** Runs what is to run before app_main(): constructors of C++, and other functions in .init_array, in the linker's order. */
static void do_global_ctors(void)
{
    for (void (*const *function)(void) = __init_array_start; function < __init_array_end; function++) {
        (*function)();
    }
}

/** Called by _start in start.S, on the main stack, with interrupts masked. */
void start_cpu0(void)
{
    stop_watchdogs();
    clear(_bss_start, _bss_end);
    esp_cpu_set_watchpoint((uint32_t)_stack_guard);
    esp_reset_reason_init();
    if (esp_reset_reason() != ESP_RST_DEEPSLEEP) {
        clear(_rtc_bss_start, _rtc_bss_end);
    }
    esp_timer_init();
    do_global_ctors();
    app_main();
    for (;;) {
        esp_cpu_wait_for_intr();
    }
}
