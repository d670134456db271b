#include "bootloader_console.h"
#include "sdkconfig.h"

unsigned bootloader_partition_table_offset(void)
{
    return CONFIG_PARTITION_TABLE_OFFSET;
}
