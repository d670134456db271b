#include "esp_app_desc.h"

/** Volatile: the image tool changes it after the compiler has seen it. */
__attribute__((used, section(".rodata_desc"))) const volatile esp_app_desc_t esp_app_desc = {
    .magic_word = ESP_APP_DESC_MAGIC_WORD,
    .idf_ver = "rules_esp32",
    .max_efuse_blk_rev_full = 199,
    .mmu_page_size = 16,
};

const esp_app_desc_t *esp_app_get_description(void)
{
    return (const esp_app_desc_t *)&esp_app_desc;
}

int esp_app_get_elf_sha256(char *destination, size_t size)
{
    size_t digits = 2 * sizeof esp_app_desc.app_elf_sha256;
    if (size == 0) {
        return 0;
    }
    if (digits > size - 1) {
        digits = size - 1;
    }
    for (size_t i = 0; i < digits; i++) {
        uint8_t byte = esp_app_desc.app_elf_sha256[i / 2];
        destination[i] = "0123456789abcdef"[i % 2 == 0 ? byte >> 4 : byte & 0xF];
    }
    destination[digits] = '\0';
    return (int)digits + 1;
}
