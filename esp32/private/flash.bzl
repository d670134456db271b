"""`esp32_flash`: `bazel run` writes an image to a board."""

load("//esp32/private:providers.bzl", "Esp32ImageInfo", "Esp32MonitorInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

def _esp32_flash_impl(ctx):
    image = ctx.attr.image[Esp32ImageInfo]
    monitor = ctx.attr.monitor[Esp32MonitorInfo] if ctx.attr.monitor else None
    config = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(config, json.encode_indent({
        "baud": ctx.attr.baud,
        "elf": image.elf.short_path,
        "flasher_args": image.flasher_args.short_path,
        "monitor": {"config": monitor.config.short_path, "program": monitor.program.short_path} if monitor else None,
        "port": ctx.attr.port or None,
    }, indent = "  ") + "\n")
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espload[Esp32ToolInfo].executable, is_executable = True)
    runfiles = ctx.runfiles([config, image.elf, image.flasher_args], transitive_files = image.files)
    if monitor:
        runfiles = runfiles.merge(ctx.attr.monitor[DefaultInfo].default_runfiles)
    return [
        DefaultInfo(executable = executable, runfiles = runfiles),
        RunEnvironmentInfo(environment = {"ESP32_FLASH": config.short_path}),
    ]

esp32_flash = rule(
    implementation = _esp32_flash_impl,
    doc = """Writes an image to a board: `bazel run //firmware:flash`.

The board is found by its USB ids or named by `--port`; only the sectors that differ are erased and written; what is on the board
in the end is compared with the image by the board's own MD5. Places come from the image's flasher_args.json. A board that the
image cannot run on, or that it would brick, is refused before anything is written. `bazel run //firmware:flash -- --help` has the
options and exit codes.""",
    attrs = {
        "baud": attr.int(doc = "Default of `--baud`.", default = 460800),
        "image": attr.label(doc = "An `esp32_image`.", providers = [Esp32ImageInfo], mandatory = True),
        "monitor": attr.label(doc = "The `esp32_monitor` that `--monitor` starts afterwards.", providers = [Esp32MonitorInfo]),
        "port": attr.string(doc = "Default of `--port`: a device, `socket://HOST:PORT` or `rfc2217://HOST:PORT`. Without it, the board is looked for."),
        "_espload": tool_attr("espload"),
    },
    executable = True,
)
