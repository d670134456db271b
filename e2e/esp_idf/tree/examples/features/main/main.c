// Prints a line for each feature of the tree, so that a boot test sees each one that does not work.

#include <stdio.h>

#include "blob.h"
#include "bootloader_console.h"
#include "checksum.h"
#include "counter.h"
#include "esp_attr.h"
#include "esp_log.h"
#include "fast.h"
#include "plugins.h"
#include "sdkconfig.h"
#include "squares.h"
#include "top.h"
#include "wrapper.h"

extern const char greeting_start[] __asm__("_binary_greeting_txt_start");
extern const char note_start[] __asm__("_binary_note_start");
extern const char data_start[] __asm__("_binary_data_csv_start");
extern const char data_end[] __asm__("_binary_data_csv_end");
extern const unsigned data_length __asm__("data_csv_length");

IRAM_ATTR static int in_iram(const void *function)
{
    unsigned address = (unsigned)function;
    return address >= 0x40080000 && address < 0x400A0000;
}

void app_main(void)
{
    printf("EMBED_TXTFILES: %s", greeting_start);
    printf("target_add_binary_data: %s", note_start);
    printf("EMBED_FILES: %.*s, %u bytes\n", (int)(data_end - data_start), data_start, data_length);
    printf("C++ constructor: %d\n", counter_value());
    printf("WHOLE_ARCHIVE: %d plug-in\n", plugin_count);
    printf("generated source: %u\n", squares[CONFIG_TABLES_SIZE - 1]);
    printf("prebuilt archive: %d\n", blob_answer(1));
    printf("sub-library: %04x\n", checksum("ESP32"));
    printf("circle of components: %d\n", top_down(3));
    printf("optional requirement: %d\n", top_has_wrapper());
    printf("wrapped calls: %d\n", wrapper_calls());
    printf("fragment: object %d, function %d, rest %d, IRAM_ATTR %d\n", in_iram(fast_double), in_iram(mixed_fast),
           in_iram(mixed_slow), in_iram(in_iram));
    printf("results: %d %d %d\n", fast_double(3), mixed_fast(3), mixed_slow(3));
    printf("partition table: 0x%x\n", bootloader_partition_table_offset());
#if CONFIG_COMPILER_OPTIMIZATION_SIZE
    printf("sdkconfig.rename: %s\n", CONFIG_IDF_TARGET);
#endif
    ESP_LOGI("main", "done, %s", "app_main");
}
