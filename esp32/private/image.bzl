"""`esp32_image`: what is written to flash, made of a firmware, a bootloader and a partition table."""

load("//esp32/private:chips.bzl", "CHIPS")
load("//esp32/private:espimage.bzl", "ESPIMAGE_ATTRS", "FLASH_SIZES", "espimage")
load("//esp32/private:providers.bzl", "Esp32BootloaderInfo", "Esp32FirmwareInfo", "Esp32ImageInfo", "Esp32PartitionTableInfo")
load("//esp32/private:sbom.bzl", "SBOM_ATTRS", "sbom", "sbom_aspect")
load("//esp32/private/idf:settings.bzl", "flash_settings", "revision")

def _hex(n):
    return "0x%x" % n

# What the folder of an image has besides the files for data partitions.
_OUTPUTS = ["app.bin", "bootloader.bin", "partition-table.bin"]

def layout_error(image, chip, table_label, table_offset, app_partition, data):
    """What is wrong with the layout of an image, as far as attributes say it; espimage checks the rest.

    Args:
      image: Label of the image.
      chip: string; one of CHIPS.
      table_label: Label of the partition table.
      table_offset: int; where the partition table is in flash, in bytes.
      app_partition: string; the name of the application's partition, or empty.
      data: list of pairs of a Label and the name of the partition that it is for.

    Returns:
      list of arguments for `fail`, empty where nothing is wrong.
    """
    offset = CHIPS[chip].bootloader_offset
    if table_offset <= offset:
        return [
            "esp32_image ",
            image,
            ": the partition table ",
            table_label,
            " at {} is not behind the bootloader, which the {}'s ROM wants at {}: give the table an offset such as 0x8000".format(
                _hex(table_offset),
                chip,
                _hex(offset),
            ),
        ]
    taken = {}
    for label, partition in data:
        prefix = ["esp32_image ", image, ": ", label, " is for the partition '{}', ".format(partition)]
        if not partition:
            return prefix + ["which has no name: name a partition of ", table_label]
        if partition.startswith("0x") or partition.isdigit():
            return prefix + ["which is an offset: name a partition of ", table_label]
        if partition == app_partition:
            return prefix + ["which the application is in: name another partition of ", table_label]
        if partition in taken:
            return prefix + ["which ", taken[partition], " is for as well: name another partition of ", table_label]
        if partition + ".bin" in _OUTPUTS:
            return prefix + ["whose file would replace the image's own {}.bin: rename the partition in ".format(partition), table_label]
        taken[partition] = label
    return []

# What the shipped bootloader is compiled for, and others where `bootloader_config` does not say more. Flash frequency, mode and size
# are not here: on the ESP32, the bootloader reads them from its header, where espimage writes them.
_SHIPPED_CONFIG = {
    "CONFIG_PARTITION_TABLE_OFFSET": "0x8000",
    "CONFIG_XTAL_FREQ": "40",
}

# Settings that are compared, of a bootloader that says itself what it was compiled with.
_COMPARED = ["CONFIG_PARTITION_TABLE_OFFSET", "CONFIG_XTAL_FREQ"]

# Settings of a bootloader that starts no image of `esp32_image`, and why.
_UNSUPPORTED_CONFIG = {
    "CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK": "which takes no factory partition and compares a security version, and the image has none",
    "CONFIG_SECURE_BOOT": "which starts signed applications only, and the image is not signed",
    "CONFIG_SECURE_SIGNED_ON_BOOT": "which starts signed applications only, and the image is not signed",
}

def bootloader_error(image, bootloader, config, table_label, wanted):
    """What is wrong with a bootloader that was compiled for other settings than the image has.

    Args:
      image: Label of the image.
      bootloader: Label of the image's own bootloader, or None.
      config: dict from string to string; lines of the sdkconfig that it was compiled with.
      table_label: Label of the partition table.
      wanted: dict from string to string; the image's settings, by the same names.

    Returns:
      list of arguments for `fail`, empty where nothing is wrong.
    """
    prefix = ["esp32_image ", image, ": "]
    if config and not bootloader:
        return prefix + ["`bootloader_config` says what a bootloader of your own was compiled with: name that in `bootloader`"]
    for name, value in config.items():
        if name in _UNSUPPORTED_CONFIG:
            if value != "n":
                return prefix + [bootloader, " has {}={}, ".format(name, value), _UNSUPPORTED_CONFIG[name], ": compile one without it"]
        elif name not in wanted:
            return prefix + [
                "{} in `bootloader_config` is none of the settings that are compared: {}".format(
                    name,
                    ", ".join(sorted(wanted.keys() + _UNSUPPORTED_CONFIG.keys())),
                ),
            ]
    for name, made_for in (_SHIPPED_CONFIG | config).items():
        if name not in wanted or made_for.strip('"').lower() == wanted[name]:
            continue
        if name == "CONFIG_PARTITION_TABLE_OFFSET":
            problem = ["the partition table ", table_label, " is at {}, ".format(wanted[name])]
        else:
            problem = ["the image is for {}={}, ".format(name, wanted[name])]
        if bootloader:
            problem += [bootloader, " looks at {}: ".format(made_for) if name == "CONFIG_PARTITION_TABLE_OFFSET" else " was compiled for {}: ".format(made_for)]
            return prefix + problem + [
                "compile one for the image's setting; if it is, say so: bootloader_config = {{\"{}\": \"{}\"}}".format(name, wanted[name]),
            ]
        return prefix + problem + [
            "and the shipped bootloader is compiled for {}: use that, or compile a bootloader of ESP-IDF for yours and name it in `bootloader`, ".format(made_for),
            "with bootloader_config = {{\"{}\": \"{}\"}}".format(name, wanted[name]),
        ]
    return []

def _settings(ctx, firmware, table):
    """The settings of the image: what the attributes say; else, in an ESP-IDF project, its sdkconfig; else the usual ones."""
    project = flash_settings(firmware.idf.options) if getattr(firmware, "idf", None) else None
    if project and project.table_offset != table.offset:
        fail("esp32_image ", ctx.label, ": the partition table ", ctx.attr.partition_table.label, " is at ", _hex(table.offset), ", and ", ctx.attr.firmware.label, " is compiled for one at ", _hex(project.table_offset), ": give the table offset = ", _hex(project.table_offset), ", or set CONFIG_PARTITION_TABLE_OFFSET", sep = "")
    usual = dict(flash_freq = "40m", flash_mode = "dio", flash_size = "4MB", max_chip_rev = "3.99", min_chip_rev = "", xtal_freq = "40m")
    of_project = dict(
        flash_freq = project.freq,
        flash_mode = project.mode,
        flash_size = project.size,
        max_chip_rev = revision(project.max_rev_full),
        min_chip_rev = revision(project.min_rev_full),
        xtal_freq = project.xtal_freq,
    ) if project else {}
    return struct(**{
        name: getattr(ctx.attr, name) or of_project.get(name) or default
        for name, default in usual.items()
    })

def _bootloader_config(ctx):
    """What the image's own bootloader was compiled with, as far as it is compared."""
    if not ctx.attr.bootloader or Esp32BootloaderInfo not in ctx.attr.bootloader:
        return ctx.attr.bootloader_config
    options = ctx.attr.bootloader[Esp32BootloaderInfo].options
    if ctx.attr.bootloader_config:
        fail("esp32_image ", ctx.label, ": ", ctx.attr.bootloader.label, " says itself what it was compiled with: remove `bootloader_config`", sep = "")
    return {name: options[name] for name in _COMPARED + _UNSUPPORTED_CONFIG.keys() if name in options}

def _esp32_image_impl(ctx):
    firmware = ctx.attr.firmware[Esp32FirmwareInfo]
    table = ctx.attr.partition_table[Esp32PartitionTableInfo]
    settings = _settings(ctx, firmware, table)
    bootloader_offset = CHIPS[firmware.chip].bootloader_offset
    error = layout_error(
        image = ctx.label,
        chip = firmware.chip,
        table_label = ctx.attr.partition_table.label,
        table_offset = table.offset,
        app_partition = ctx.attr.app_partition,
        data = [(target.label, partition) for target, partition in ctx.attr.data.items()],
    ) or bootloader_error(
        image = ctx.label,
        bootloader = ctx.attr.bootloader.label if ctx.attr.bootloader else None,
        config = _bootloader_config(ctx),
        table_label = ctx.attr.partition_table.label,
        wanted = {
            "CONFIG_ESPTOOLPY_FLASHFREQ": settings.flash_freq,
            "CONFIG_ESPTOOLPY_FLASHMODE": settings.flash_mode,
            "CONFIG_PARTITION_TABLE_OFFSET": _hex(table.offset),
            "CONFIG_XTAL_FREQ": settings.xtal_freq.removesuffix("m") if ctx.attr.bootloader else "40",
        },
    )
    if error:
        fail(sep = "", *error)

    def flash_args():
        args = ctx.actions.args()
        args.add("--chip", firmware.chip)
        args.add("--flash-mode", settings.flash_mode)
        args.add("--flash-freq", settings.flash_freq)
        args.add("--flash-size", settings.flash_size)
        return args

    def output(name):
        return ctx.actions.declare_file("{}/{}".format(ctx.label.name, name))

    project_name = ctx.attr.project_name or ctx.attr.firmware.label.name
    project_version = ctx.attr.project_version or firmware.version or "1"
    app = output("app.bin")
    args = flash_args()
    args.add("--elf", firmware.elf)
    if settings.min_chip_rev:
        args.add("--min-chip-rev", settings.min_chip_rev)
    args.add("--max-chip-rev", settings.max_chip_rev)
    args.add("--project-name" if ctx.attr.project_name else "--default-project-name", project_name)
    args.add("--project-version" if ctx.attr.project_version else "--default-project-version", project_version)
    args.add("--output", app)
    espimage(ctx, "convert", args, [firmware.elf], [app], "Esp32Convert", "Making application image %{output}")

    bootloader = output("bootloader.bin")
    args = flash_args()
    if ctx.file.bootloader:
        args.add("--input", ctx.file.bootloader)
        args.add("--made-for-partition-table-offset", _hex(table.offset))
    else:
        args.add("--xtal-freq", settings.xtal_freq)
    args.add("--partition-table-offset", _hex(table.offset))
    args.add("--output", bootloader)
    espimage(ctx, "bootloader", args, ctx.files.bootloader, [bootloader], "Esp32Bootloader", "Making bootloader %{output}")

    # flasher_args.json names files by their base names, so all of them are in one folder.
    table_bin = output("partition-table.bin")
    ctx.actions.symlink(output = table_bin, target_file = table.binary)
    data = {}
    for target, partition in ctx.attr.data.items():
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1:
            fail("esp32_image ", ctx.label, ": ", target.label, " has {} files, and a partition takes one: name a file".format(len(files)), sep = "")
        file = output(partition + ".bin")
        ctx.actions.symlink(output = file, target_file = files[0])
        data[partition] = file

    merged = ctx.actions.declare_file(ctx.label.name + ".bin")
    flasher_args = output("flasher_args.json")
    esptool_args = output("flash_args")
    files = [bootloader, table_bin, app] + data.values()
    args = flash_args()
    args.add("--bootloader", bootloader, format = "%%s@0x%x" % bootloader_offset)
    args.add("--partition-table", table_bin)
    args.add("--partition-table-offset", _hex(table.offset))
    args.add("--app", app)
    if ctx.attr.app_partition:
        args.add("--app-partition", ctx.attr.app_partition)
    for partition, file in data.items():
        args.add("--data", file, format = partition + "=%s")
    args.add("--output", merged)
    args.add("--flasher-args", flasher_args)
    args.add("--flash-args", esptool_args)
    espimage(ctx, "merge", args, files, [merged, flasher_args, esptool_args], "Esp32Merge", "Merging flash image %{output}")

    verified = output("verified.txt")
    args = ctx.actions.args()
    args.add("--chip", firmware.chip)
    args.add(merged)
    args.add("--elf", firmware.elf)
    args.add("--partition-table-offset", _hex(table.offset))
    args.add("--level", "build")
    args.add("--report", verified)
    espimage(ctx, "verify", args, [merged, firmware.elf], [verified], "Esp32Verify", "Verifying flash image %{input}")

    bill = ctx.actions.declare_file(ctx.label.name + ".cdx.json")
    sbom(
        ctx,
        output = bill,
        name = project_name,
        version = project_version,
        firmware = firmware,
        bootloader = bootloader,
        outputs = [merged, app, table_bin] + data.values(),
        sources = [table.csv] + ctx.files.data,
        settings = {
            "appPartition": ctx.attr.app_partition,
            "chip": firmware.chip,
            "data": ",".join(data.keys()),
            "flashFreq": settings.flash_freq,
            "flashMode": settings.flash_mode,
            "flashSize": settings.flash_size,
            "maxChipRev": settings.max_chip_rev,
            "minChipRev": settings.min_chip_rev,
            "partitionTableOffset": _hex(table.offset),
        },
    )

    return [
        DefaultInfo(files = depset([merged, flasher_args, esptool_args] + files)),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["firmware"]),
        OutputGroupInfo(_validation = depset([verified]), sbom = depset([bill])),
        Esp32ImageInfo(
            app = app,
            bootloader = bootloader,
            bootloader_offset = bootloader_offset,
            chip = firmware.chip,
            data = data,
            elf = firmware.elf,
            files = depset(files),
            flash_freq = settings.flash_freq,
            flash_mode = settings.flash_mode,
            flash_size = settings.flash_size,
            flasher_args = flasher_args,
            merged = merged,
            partition_table = table_bin,
            partition_table_offset = table.offset,
        ),
    ]

esp32_image = rule(
    implementation = _esp32_image_impl,
    doc = """What is written to flash: `NAME.bin`, all of it for offset 0, and in the folder `NAME` app.bin, bootloader.bin,
partition-table.bin, a file for each data partition, and flasher_args.json and flash_args, which say what goes where as ESP-IDF
does: the first for tools, the second for `esptool write-flash @flash_args`.

The output group `sbom` is its bill of materials, `NAME.cdx.json`: what it was made of, in CycloneDX 1.6 (docs/provenance.md).

Whatever ROM and second-stage bootloader would refuse fails the build.""",
    attrs = ESPIMAGE_ATTRS | SBOM_ATTRS | {
        "app_partition": attr.string(doc = "The application's partition. Default: `factory`, else the first OTA slot."),
        "bootloader": attr.label(
            doc = "A second-stage bootloader of ESP-IDF: a file, or the target `bootloader` of a configured tree. Default: the one that the espflash crate ships, for a table at 0x8000.",
            allow_single_file = [".bin"],
        ),
        "bootloader_config": attr.string_dict(
            doc = """What your own `bootloader` was compiled with, as its sdkconfig has it, where that is not ESP-IDF's default:
`{"CONFIG_PARTITION_TABLE_OFFSET": "0x10000", "CONFIG_XTAL_FREQ": "26"}`. What does not agree with the image is refused, and so are
secure boot and anti-rollback, for the image is not signed.""",
        ),
        "data": attr.label_keyed_string_dict(doc = "Files for more partitions: `{\":nvs.bin\": \"nvs\"}`.", allow_files = True),
        "firmware": attr.label(doc = "An `esp32_firmware`.", providers = [Esp32FirmwareInfo], aspects = [sbom_aspect], mandatory = True),
        "flash_freq": attr.string(doc = "The flash's clock (ESPTOOLPY_FLASHFREQ). Default: what the sdkconfig of the firmware's ESP-IDF project says, else 40m.", values = ["", "20m", "26m", "40m", "80m"]),
        "flash_mode": attr.string(doc = "How the flash is wired (ESPTOOLPY_FLASHMODE). Default: the sdkconfig's, else dio.", values = ["", "dio", "dout", "qio", "qout"]),
        "flash_size": attr.string(doc = "The flash's size (ESPTOOLPY_FLASHSIZE). Default: the sdkconfig's, else 4MB.", values = [""] + FLASH_SIZES),
        "max_chip_rev": attr.string(doc = "The newest chip revision that it runs on, MAJOR.MINOR. Default: the sdkconfig's, else 3.99."),
        "min_chip_rev": attr.string(doc = "The oldest chip revision that it runs on, MAJOR.MINOR. Default: the one that esp-hal is configured for (ESP_HAL_CONFIG_MIN_CHIP_REVISION), from which this must not differ; else the sdkconfig's; else 0.0."),
        "partition_table": attr.label(
            doc = "An `esp32_partition_table`. Default: ESP-IDF's for a single application of 1 MB (PARTITION_TABLE_SINGLE_APP).",
            default = "//esp32:single_app",
            providers = [Esp32PartitionTableInfo],
        ),
        "project_name": attr.string(doc = "For the application descriptor, at most 31 bytes (PROJECT_NAME). Default: the one in the program (`esp_app_desc!`), else the firmware's name."),
        "project_version": attr.string(doc = "For the application descriptor, at most 31 bytes (PROJECT_VER). Default: the one in the program (`esp_app_desc!`), else the firmware's, else 1."),
        "xtal_freq": attr.string(doc = "The board's crystal (XTAL_FREQ). Default: the sdkconfig's, else 40m.", values = ["", "26m", "40m"]),
    },
    provides = [Esp32ImageInfo],
)
