/** The flash chip by SPI1's own commands, with interrupts off and out of IRAM, since nothing can be read from it meanwhile. */
#pragma once

#include <stdint.h>

/** Erases the 4 KB at the flash offset. */
void flash_erase_sector(uint32_t offset);

/** Writes three words at the flash offset, in one operation. */
void flash_write(uint32_t offset, const uint32_t words[3]);

/** Reads three words at the flash offset. */
void flash_read(uint32_t offset, uint32_t words[3]);
