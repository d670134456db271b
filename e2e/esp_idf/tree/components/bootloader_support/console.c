#include "bootloader_console.h"
#include "esp_rom.h"

void bootloader_print(const char *text)
{
    while (*text) {
        uart_tx_one_char((uint8_t)*text++);
    }
}
