"""`esp32_partition_table`: ESP-IDF's partition CSV as the bootloader reads it."""

load("//esp32/private:espimage.bzl", "ESPIMAGE_ATTRS", "FLASH_SIZES", "espimage")
load("//esp32/private:providers.bzl", "Esp32PartitionTableInfo")

# The size of a flash sector, in bytes, and of the table (ESP-IDF: components/partition_table/gen_esp32part.py).
_SECTOR = 0x1000

def _hex(n):
    return "0x%x" % n

def _esp32_partition_table_impl(ctx):
    offset = ctx.attr.offset
    if offset % _SECTOR or offset < _SECTOR:
        take = max(_SECTOR, offset // _SECTOR * _SECTOR)
        fail(
            "esp32_partition_table ",
            ctx.label,
            ": offset {} is not a multiple of the flash's sectors of {}: take {}".format(_hex(offset), _hex(_SECTOR), _hex(take)),
            sep = "",
        )
    binary = ctx.actions.declare_file(ctx.label.name + ".bin")
    args = ctx.actions.args()
    args.add("--input", ctx.file.src)
    args.add("--offset", _hex(offset))
    args.add("--flash-size", ctx.attr.flash_size)
    if ctx.attr.recovery_bootloader_offset:
        args.add("--recovery-bootloader-offset", _hex(ctx.attr.recovery_bootloader_offset))
    for name, value in ctx.attr.extra_partition_subtypes.items():
        args.add("--extra-partition-subtypes", "{}, {}".format(name, value))
    args.add("--output", binary)
    espimage(
        ctx,
        command = "partition-table",
        args = args,
        inputs = [ctx.file.src],
        outputs = [binary],
        mnemonic = "Esp32PartitionTable",
        progress_message = "Making partition table %{output}",
    )
    return [
        DefaultInfo(files = depset([binary])),
        Esp32PartitionTableInfo(binary = binary, csv = ctx.file.src, offset = offset),
    ]

esp32_partition_table = rule(
    implementation = _esp32_partition_table_impl,
    doc = "ESP-IDF's partition CSV as a binary table, after all of the checks of gen_esp32part.py.",
    attrs = ESPIMAGE_ATTRS | {
        "extra_partition_subtypes": attr.string_dict(doc = "Names of subtypes (EXTRA_PARTITION_SUBTYPES): `{\"data, settings\": \"0x40\"}`."),
        "flash_size": attr.string(doc = "The flash that all partitions must lie in.", default = "4MB", values = FLASH_SIZES),
        "offset": attr.int(doc = "Where the table is in flash, in bytes (PARTITION_TABLE_OFFSET).", default = 0x8000),
        "recovery_bootloader_offset": attr.int(doc = "Where the recovery bootloader is in flash, in bytes (BOOTLOADER_RECOVERY_OFFSET)."),
        "src": attr.label(doc = "The CSV file.", allow_single_file = [".csv"], mandatory = True),
    },
    provides = [Esp32PartitionTableInfo],
)
