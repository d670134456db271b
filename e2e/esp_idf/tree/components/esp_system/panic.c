#include <stdint.h>

#include "esp_rom.h"
#include "esp_system.h"
#include "sdkconfig.h"

static void print(const char *text)
{
    while (*text) {
        uart_tx_one_char((uint8_t)*text++);
    }
}

static void print_hex(unsigned value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        uart_tx_one_char((uint8_t)"0123456789abcdef"[value >> shift & 0xF]);
    }
}

void panic(unsigned cause, unsigned pc)
{
    print("\r\nGuru Meditation Error: cause ");
    print_hex(cause);
    print(" at ");
    print_hex(pc);
    print("\r\n");
    uart_tx_flush(0);
#if CONFIG_ESP_SYSTEM_PANIC_PRINT_REBOOT
    software_reset();
#else
    for (;;) {
    }
#endif
}
