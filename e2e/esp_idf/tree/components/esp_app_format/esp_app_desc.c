#include "esp_app_desc.h"

/** Volatile: the image tool changes it after the compiler has seen it. */
__attribute__((used, section(".rodata_desc"))) const volatile esp_app_desc_t esp_app_desc = {
    .magic_word = ESP_APP_DESC_MAGIC_WORD,
    .version = PROJECT_VER,
    .project_name = PROJECT_NAME,
    .idf_ver = IDF_VER,
    .max_efuse_blk_rev_full = 199,
    .mmu_page_size = 16,
};

const esp_app_desc_t *esp_app_get_description(void)
{
    return (const esp_app_desc_t *)&esp_app_desc;
}
