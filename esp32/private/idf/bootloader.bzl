"""`idf_bootloader`: ESP-IDF's second-stage bootloader, out of its source."""

load("//esp32/private:firmware.bzl", "esp32_firmware")
load("//esp32/private:providers.bzl", "Esp32BootloaderInfo", "Esp32FirmwareInfo")
load("//esp32/private:python.bzl", "PYTHON_ENV")
load("//esp32/private/idf:settings.bzl", "flash_settings")

def _idf_bootloader_impl(ctx):
    firmware = ctx.attr.firmware[Esp32FirmwareInfo]
    settings = flash_settings(firmware.idf.options)
    output = ctx.actions.declare_file(ctx.label.name + "/bootloader.bin")
    args = ctx.actions.args()

    # as components/esptool_py/project_include.cmake calls it, by the names that esptool 5 has
    args.add_all(["-m", "esptool", "--silent", "--chip", firmware.chip, "elf2image"])
    args.add("--flash-mode", settings.mode)
    args.add("--flash-freq", settings.freq)
    args.add("--flash-size", settings.size)
    args.add("--min-rev-full", settings.min_rev_full)
    args.add("--max-rev-full", settings.max_rev_full)
    args.add("-o", output)
    args.add(firmware.elf)
    ctx.actions.run(
        executable = ctx.file._python,
        arguments = [args],
        env = PYTHON_ENV,
        inputs = [firmware.elf],
        tools = ctx.files._python_files,
        outputs = [output],
        mnemonic = "IdfBootloader",
        progress_message = "Making bootloader %{output}",
        toolchain = None,
    )
    return [
        DefaultInfo(files = depset([output])),
        OutputGroupInfo(elf = depset([firmware.elf]), map = depset([firmware.map])),
        Esp32BootloaderInfo(options = firmware.idf.options),
    ]

_idf_bootloader = rule(
    implementation = _idf_bootloader_impl,
    doc = "The image of a second-stage bootloader.",
    attrs = {
        "firmware": attr.label(doc = "The linked bootloader.", providers = [Esp32FirmwareInfo], mandatory = True),
        "_python": attr.label(default = "@esp_idf_tools//:bin/python3", allow_single_file = True, cfg = "exec"),
        "_python_files": attr.label(default = "@esp_idf_tools//:files", cfg = "exec"),
    },
    provides = [Esp32BootloaderInfo],
)

def idf_bootloader(name, components, visibility):
    """The bootloader of a configured tree. The output groups `elf` and `map` are what it is made of.

    Args:
      name: string; its name.
      components: labels of its components.
      visibility: as everywhere.
    """
    esp32_firmware(
        name = name + ".link",
        components = components,
        visibility = ["//visibility:private"],
    )
    _idf_bootloader(
        name = name,
        firmware = ":{}.link".format(name),
        visibility = visibility,
    )
