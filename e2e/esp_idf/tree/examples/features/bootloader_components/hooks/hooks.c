#include "bootloader_console.h"
#include "sdkconfig.h"

void bootloader_hooks_include(void)
{
}

void bootloader_before_init(void)
{
    bootloader_print(CONFIG_BOOTLOADER_HOOK_TEXT "\r\n");
}
