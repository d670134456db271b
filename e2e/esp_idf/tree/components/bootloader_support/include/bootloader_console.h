#pragma once

/** Prints without a C library: the bootloader's only. */
void bootloader_print(const char *text);

/** Where the partition table is in flash: the application's only. */
unsigned bootloader_partition_table_offset(void);
