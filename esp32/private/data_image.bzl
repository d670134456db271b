"""Images of data partitions: `esp32_nvs_image`, `esp32_spiffs_image`, `esp32_fatfs_image`, `esp32_littlefs_image`, `esp32_ota_data`."""

load("//esp32/private:providers.bzl", "Esp32PartitionTableInfo")
load("//esp32/private:python.bzl", "PYTHON_ENV")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

_SIZE_ATTRS = {
    "partition": attr.string(doc = "The partition of `partition_table` that the image fills, instead of `size`."),
    "partition_table": attr.label(
        doc = "An `esp32_partition_table`: the image is as large as its `partition`, and what does not fit fails the build.",
        providers = [Esp32PartitionTableInfo],
    ),
    "_espdata": tool_attr("espdata"),
}

_SIZE_ATTR = {
    # An integer: of a string with this name Bazel takes the rule for a test, and crashes.
    "size": attr.int(doc = "The image's size in bytes, such as 0x6000: a multiple of 4096."),
}

_FILES_ATTRS = {
    "srcs": attr.label_list(doc = "The files, and folders that rules make: `glob([\"www/**\"])`.", allow_files = True),
    "strip_prefix": attr.string(doc = "The folder of the package that is the root of the file system. Default: the package's own."),
}

def size_error(label, size, partition_table, partition):
    """What is wrong with the attributes that say how large an image is.

    Args:
      label: Label of the image.
      size: int; its attribute `size`, or 0.
      partition_table: Label of its partition table, or None.
      partition: string; the partition's name, or empty.

    Returns:
      string, or None.
    """
    if bool(partition_table) != bool(partition):
        return "{}: `partition_table` and `partition` go together: name both".format(label)
    if bool(size) == bool(partition):
        return "{}: {}: name either `size`, or `partition_table` and `partition`".format(
            label,
            "the size is named twice" if size else "the size is missing",
        )
    return None

def _add_file(file):
    package = file.owner.package
    return ["--file", file.short_path.removeprefix("../" + file.owner.repo_name + "/").removeprefix(package + "/" if package else ""), file.path]

def _data_image(ctx, command, args, inputs, mnemonic, size, tools = []):
    """Makes an image.

    Args:
      ctx: the rule's context; the rule has _SIZE_ATTRS.
      command: string; the command of espdata.
      args: Args; the command's arguments besides those for size and output.
      inputs: list of Files.
      mnemonic: string.
      size: int; the size in bytes where no partition is named, else 0.
      tools: list of Files that espdata runs: Python.

    Returns:
      list of providers.
    """
    table = ctx.attr.partition_table
    error = size_error(ctx.label, size, table.label if table else None, ctx.attr.partition)
    if error:
        fail(error)
    output = ctx.actions.declare_file(ctx.label.name + ".bin")
    first = ctx.actions.args()
    first.add(command)
    if table:
        binary = table[Esp32PartitionTableInfo].binary
        first.add("--partition-table", binary)
        first.add("--partition", ctx.attr.partition)
        inputs = inputs + [binary]
    else:
        first.add("--size", str(size))
    first.add("--output", output)
    args.use_param_file("@%s")
    args.set_param_file_format("multiline")
    ctx.actions.run(
        executable = ctx.attr._espdata[Esp32ToolInfo].files_to_run,
        arguments = [first, args],
        env = PYTHON_ENV if tools else {},
        inputs = inputs,
        outputs = [output],
        tools = tools,
        mnemonic = mnemonic,
        progress_message = "Making data image %{output}",
        toolchain = None,
    )
    return [DefaultInfo(files = depset([output]))]

def _files(ctx):
    args = ctx.actions.args()
    args.add_all(ctx.files.srcs, map_each = _add_file)
    if ctx.attr.strip_prefix:
        args.add("--strip-prefix", ctx.attr.strip_prefix)
    return args

def _esp32_nvs_image_impl(ctx):
    args = ctx.actions.args()
    path = _add_file(ctx.file.src)
    args.add("--input")
    args.add_all(path[1:])
    args.add_all(ctx.files.files, map_each = _add_file)
    return _data_image(ctx, "nvs", args, [ctx.file.src] + ctx.files.files, "Esp32NvsImage", ctx.attr.size)

esp32_nvs_image = rule(
    implementation = _esp32_nvs_image_impl,
    doc = """An NVS partition, `NAME.bin`, of the CSV that ESP-IDF's `nvs_partition_gen.py` takes (nvs_create_partition_image).

The pages have format version 2, of ESP-IDF 4.0 and later. They are not encrypted.""",
    attrs = _SIZE_ATTRS | _SIZE_ATTR | {
        "files": attr.label_list(doc = "The files that lines of type `file` name, by paths relative to the CSV.", allow_files = True),
        "src": attr.label(doc = "The CSV file.", allow_single_file = [".csv"], mandatory = True),
    },
)

def _esp32_spiffs_image_impl(ctx):
    args = _files(ctx)
    args.add("--page-size", ctx.attr.page_size)
    args.add("--obj-name-len", ctx.attr.obj_name_len)
    args.add("--meta-len", ctx.attr.meta_len)
    if not ctx.attr.use_magic:
        args.add("--no-magic")
    if not ctx.attr.use_magic_length:
        args.add("--no-magic-length")
    return _data_image(ctx, "spiffs", args, ctx.files.srcs, "Esp32SpiffsImage", ctx.attr.size)

esp32_spiffs_image = rule(
    implementation = _esp32_spiffs_image_impl,
    doc = "A SPIFFS partition, `NAME.bin`, with files (spiffs_create_partition_image). Settings are those of the application's sdkconfig.",
    attrs = _SIZE_ATTRS | _SIZE_ATTR | _FILES_ATTRS | {
        "meta_len": attr.int(doc = "CONFIG_SPIFFS_META_LENGTH, in bytes.", default = 4),
        "obj_name_len": attr.int(doc = "CONFIG_SPIFFS_OBJ_NAME_LEN, in bytes: a path, with the `/` before and the NUL behind it.", default = 32),
        "page_size": attr.int(doc = "CONFIG_SPIFFS_PAGE_SIZE, in bytes.", default = 256, values = [256, 512, 1024]),
        "use_magic": attr.bool(doc = "CONFIG_SPIFFS_USE_MAGIC.", default = True),
        "use_magic_length": attr.bool(doc = "CONFIG_SPIFFS_USE_MAGIC_LENGTH.", default = True),
    },
)

def _esp32_fatfs_image_impl(ctx):
    if ctx.attr.wl_mode and (not ctx.attr.wear_levelling or ctx.attr.sector_size != 512):
        fail("{}: `wl_mode` is of wear levelling with sectors of 512 bytes: leave it out, or set `sector_size = 512`".format(ctx.label))
    if ctx.attr.sectors_per_cluster * ctx.attr.sector_size > 32768:
        fail("{}: a cluster of {} bytes: `sectors_per_cluster` is at most {}".format(
            ctx.label,
            ctx.attr.sectors_per_cluster * ctx.attr.sector_size,
            32768 // ctx.attr.sector_size,
        ))
    args = _files(ctx)
    args.add("--sector-size", ctx.attr.sector_size)
    args.add("--sectors-per-cluster", ctx.attr.sectors_per_cluster)
    args.add("--fats", 1 if ctx.attr.one_fat else 2)
    if not ctx.attr.wear_levelling:
        args.add("--raw")
    if ctx.attr.wl_mode == "safe":
        args.add("--wl-safe")
    if ctx.attr.long_names:
        args.add("--long-names")
    return _data_image(ctx, "fat", args, ctx.files.srcs, "Esp32FatfsImage", ctx.attr.size)

esp32_fatfs_image = rule(
    implementation = _esp32_fatfs_image_impl,
    doc = """A FAT partition, `NAME.bin`, with files: with wear levelling (fatfs_create_spiflash_image), or without it for
`esp_vfs_fat_spiflash_mount_ro` (fatfs_create_rawflash_image). Settings are those of the application's sdkconfig; all files are of 1980-01-01.""",
    attrs = _SIZE_ATTRS | _SIZE_ATTR | _FILES_ATTRS | {
        "long_names": attr.bool(doc = "Whether FatFs has long names: CONFIG_FATFS_LFN_HEAP or CONFIG_FATFS_LFN_STACK. Without, names have 8 and 3 characters."),
        "one_fat": attr.bool(doc = "One table instead of two (ONE_FAT)."),
        "sector_size": attr.int(doc = "CONFIG_WL_SECTOR_SIZE, without wear levelling CONFIG_FATFS_SECTOR_SIZE; in bytes.", default = 4096, values = [512, 4096]),
        "sectors_per_cluster": attr.int(doc = "Sectors of an allocation unit.", default = 1, values = [1, 2, 4, 8, 16, 32, 64]),
        "wear_levelling": attr.bool(doc = "Whether wear levelling lies below. Without, the partition can only be read.", default = True),
        "wl_mode": attr.string(doc = "`perf` or `safe`, of sectors of 512 bytes: CONFIG_WL_SECTOR_MODE_PERF (the default) or CONFIG_WL_SECTOR_MODE_SAFE.", values = ["", "perf", "safe"]),
    },
)

def _esp32_littlefs_image_impl(ctx):
    args = _files(ctx)
    args.add("--obj-name-len", ctx.attr.obj_name_len)
    args.add("--python", ctx.file._python)
    args.add("--script", ctx.file._script)
    return _data_image(
        ctx,
        "littlefs",
        args,
        ctx.files.srcs + [ctx.file._script],
        "Esp32LittlefsImage",
        ctx.attr.size,
        tools = [ctx.file._python],
    )

esp32_littlefs_image = rule(
    implementation = _esp32_littlefs_image_impl,
    doc = """A LittleFS partition, `NAME.bin`, with files, for joltwallet/littlefs (littlefs_create_partition_image).

littlefs-python writes it, of the Nix package esp-idf-tools, which is built when it is first needed.""",
    attrs = _SIZE_ATTRS | _SIZE_ATTR | _FILES_ATTRS | {
        "obj_name_len": attr.int(doc = "CONFIG_LITTLEFS_OBJ_NAME_LEN, in bytes.", default = 64),
        "_python": attr.label(
            default = "@esp_idf_tools//:bin/python3",
            allow_single_file = True,
            cfg = "exec",
        ),
        "_script": attr.label(
            default = "//tools/espdata:littlefs_image.py",
            allow_single_file = True,
        ),
    },
)

def _esp32_ota_data_impl(ctx):
    args = ctx.actions.args()
    args.add("--boot-slot", ctx.attr.boot_slot)
    return _data_image(ctx, "ota-data", args, [], "Esp32OtaData", 0 if ctx.attr.partition_table else 0x2000)

esp32_ota_data = rule(
    implementation = _esp32_ota_data_impl,
    doc = """OTA data, `NAME.bin`, that makes the bootloader start a slot: what `otatool.py switch_ota_partition` writes. With
`partition_table`, the slot must be in the table.""",
    attrs = _SIZE_ATTRS | {
        "boot_slot": attr.int(doc = "The slot: 0 for the partition of subtype ota_0.", mandatory = True, values = range(16)),
    },
)
