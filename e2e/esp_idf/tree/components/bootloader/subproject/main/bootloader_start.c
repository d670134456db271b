#include "bootloader_console.h"
#include "sdkconfig.h"

/** Data and read-only data of a bootloader lie where the application has none. */
static const char *volatile greeting = "2nd stage bootloader, log level ";

/** A component in bootloader_components/ may define these. */
__attribute__((weak)) void bootloader_hooks_include(void)
{
}
void bootloader_before_init(void) __attribute__((weak));

/** Entry: the ROM has loaded the bootloader, and calls it on the ROM's stack. It says so; loading an application is ESP-IDF's own. */
void call_start_cpu0(void)
{
    if (bootloader_before_init) {
        bootloader_before_init();
    }
    bootloader_print(greeting);
    bootloader_print((const char[]){'0' + CONFIG_BOOTLOADER_LOG_LEVEL, '\r', '\n', '\0'});
    for (;;) {
    }
}
