/**
 * @file
 * The application's descriptor (esp_app_format/include/esp_app_desc.h of ESP-IDF): tools and bootloaders read it from the image.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** First word of every descriptor. */
#define ESP_APP_DESC_MAGIC_WORD 0xABCD5432

/** The descriptor. */
typedef struct {
    uint32_t magic_word;             /**< ESP_APP_DESC_MAGIC_WORD. */
    uint32_t secure_version;         /**< Version for anti-rollback. */
    uint32_t reserv1[2];             /**< Zero. */
    char version[32];                /**< Version of the application; the image tool fills it in. */
    char project_name[32];           /**< Name of the application; the image tool fills it in. */
    char time[16];                   /**< Time of the build; empty, so that equal sources give equal images. */
    char date[16];                   /**< Date of the build; empty. */
    char idf_ver[32];                /**< What it was built with. */
    uint8_t app_elf_sha256[32];      /**< SHA-256 of the ELF file; the image tool fills it in. */
    uint16_t min_efuse_blk_rev_full; /**< Lowest revision of the eFuse block: 100 * major + minor. */
    uint16_t max_efuse_blk_rev_full; /**< Highest revision of the eFuse block. */
    uint8_t mmu_page_size;           /**< Binary logarithm of the size of a flash page. */
    uint8_t spi_flash_mode;          /**< Flash mode, for over-the-air updates; 0: not given. */
    uint8_t reserv3[2];              /**< Zero. */
    uint32_t reserv2[18];            /**< Zero. */
} esp_app_desc_t;

_Static_assert(sizeof(esp_app_desc_t) == 256, "tools expect 256 bytes");
_Static_assert(offsetof(esp_app_desc_t, app_elf_sha256) == 0x90, "tools expect the hash at 0xB0 of the image");

/** The descriptor of the running application. */
const esp_app_desc_t *esp_app_get_description(void);
