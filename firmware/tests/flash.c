#include "flash.h"

#include "esp_attr.h"

/* SPI1 (ESP32 Technical Reference Manual, "SPI Controller"). */
#define SPI1(offset) (*(volatile uint32_t *)(0x3FF42000 + (offset)))
#define CMD SPI1(0x00)
#define ADDR SPI1(0x04)
#define RD_STATUS SPI1(0x10)
#define W(index) SPI1(0x80 + 4 * (index))

enum {
    FLASH_READ = 1u << 31,
    FLASH_WREN = 1 << 30,
    FLASH_RDSR = 1 << 27,
    FLASH_PP = 1 << 25,
    FLASH_SE = 1 << 24,
    LEN = 12,
    BUSY = 1,
};

static IRAM_ATTR __attribute__((noinline)) void command(uint32_t command)
{
    CMD = command;
    while (CMD)
        ;
}

static IRAM_ATTR __attribute__((noinline)) void write_command(uint32_t kind)
{
    uint32_t ps;
    uint32_t address = ADDR;
    __asm__ volatile("rsil %0, 5" : "=a"(ps)::"memory");
    command(FLASH_WREN);
    ADDR = address;
    command(kind);
    do {
        command(FLASH_RDSR);
    } while (RD_STATUS & BUSY);
    __asm__ volatile("wsr.ps %0\n rsync" ::"a"(ps) : "memory");
}

void flash_erase_sector(uint32_t offset)
{
    ADDR = offset;
    write_command(FLASH_SE);
}

void flash_write(uint32_t offset, const uint32_t words[3])
{
    for (int i = 0; i < 3; i++)
        W(i) = words[i];
    ADDR = offset | LEN << 24;
    write_command(FLASH_PP);
}

IRAM_ATTR void flash_read(uint32_t offset, uint32_t words[3])
{
    uint32_t ps;
    __asm__ volatile("rsil %0, 5" : "=a"(ps)::"memory");
    ADDR = offset | LEN << 24;
    command(FLASH_READ);
    for (int i = 0; i < 3; i++)
        words[i] = W(i);
    __asm__ volatile("wsr.ps %0\n rsync" ::"a"(ps) : "memory");
}
