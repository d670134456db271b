"""`esp32_debug`: `bazel run` starts gdb on an image, on the simulated chip, in an emulator or on a board."""

load("//esp32/private:boot_test.bzl", "ENVIRONMENT_CORES", "core_transition")
load("//esp32/private:chips.bzl", "CHIP_ATTR", "chip_transition")
load("//esp32/private:providers.bzl", "Esp32ImageInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")
load("//toolchains/emulator:defs.bzl", "EmulatorToolchainInfo")

def _qemu(ctx, image):
    emulator = ctx.attr.emulator[0][EmulatorToolchainInfo]
    return struct(
        session = {"qemu": {
            "emulator": emulator.qemu.short_path,
            "image": image.merged.short_path,
            "partition_table_offset": image.partition_table_offset,
            "rom": emulator.rom.short_path,
        }},
        files = depset([image.merged], transitive = [emulator.files]),
    )

def _simulator(_ctx, image):
    return struct(
        session = {"simulator": {
            "image": image.merged.short_path,
            "partition_table_offset": image.partition_table_offset,
        }},
        files = depset([image.merged]),
    )

def _board(ctx, _image):
    return struct(
        session = {"board": {"config": ctx.attr.openocd_config, "openocd": ctx.file.openocd.short_path}},
        files = depset([ctx.file.openocd]),
    )

_ENVIRONMENTS = {"board": _board, "qemu": _qemu, "simulator": _simulator}

def _esp32_debug_impl(ctx):
    image = ctx.attr.image[0][Esp32ImageInfo]
    environment = _ENVIRONMENTS[ctx.attr.environment](ctx, image)
    session = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(session, json.encode_indent({
        "core": ENVIRONMENT_CORES.get(ctx.attr.environment, image.chip),
        "elf": image.elf.short_path,
        "environment": environment.session,
        "gdb": ctx.file._gdb.short_path,
        "stop_at": ctx.attr.stop_at or None,
    }, indent = "  ") + "\n")
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espdebug[Esp32ToolInfo].executable, is_executable = True)
    runfiles = ctx.runfiles([session, image.elf, ctx.file._gdb], transitive_files = environment.files)
    return [
        DefaultInfo(executable = executable, runfiles = runfiles.merge(ctx.attr._espdebug[Esp32ToolInfo].runfiles)),
        RunEnvironmentInfo(environment = {"ESP32_DEBUG": session.short_path}),
    ]

_esp32_debug = rule(
    implementation = _esp32_debug_impl,
    doc = "Runs an `esp32_debug`.",
    attrs = {
        "chip": CHIP_ATTR,
        "emulator": attr.label(providers = [EmulatorToolchainInfo], cfg = chip_transition),
        "environment": attr.string(values = _ENVIRONMENTS.keys()),
        "image": attr.label(providers = [Esp32ImageInfo], cfg = core_transition, mandatory = True),
        "openocd": attr.label(allow_single_file = True, cfg = "exec"),
        "openocd_config": attr.string(),
        "stop_at": attr.string(),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_espdebug": tool_attr("espdebug"),
        "_gdb": attr.label(default = "@gdb_xtensa//:bin/xtensa-esp32-elf-gdb", allow_single_file = True, cfg = "exec"),
    },
    executable = True,
)

def esp32_debug(
        name,
        image,
        environment = "simulator",
        stop_at = "app_main",
        openocd = None,
        openocd_config = "board/esp32-wrover-kit-3.3v.cfg",
        tags = [],
        **kwargs):
    """gdb on an image: `bazel run //firmware:debug`.

    It stops at the first line of the program and has the sources: those of the workspace, of other repositories, and what was
    generated. What stands behind `--` is for gdb: `bazel run //firmware:debug -- -batch -x script.gdb`. `-c dbg` gives Rust's
    variables besides its lines.

    On the simulated chip, its bootloader has loaded the program; threads 1 and 2 of gdb are the cores. In the emulator
    (`environment = "qemu"`), the image is built for the emulator's core, as for an `esp32_boot_test`, and what its bootloader would
    load is in memory. On a board, OpenOCD resets the chip, which must have this image in its flash: `bazel run //firmware:flash` before.
    `--remote HOST:PORT` takes what speaks gdb's protocol there in place of both.

    Args:
      name: string; the target's name. It has the tag `manual`: whoever builds `//...` needs no gdb.
      image: label of an `esp32_image`.
      environment: string; what it runs in: `simulator`, the simulated chip; `qemu`, the emulator; or `board`.
      stop_at: string; the function to stop at first: `main` on esp-hal. Empty: the program's first instruction.
      openocd: label of OpenOCD's program, for `board`. Default: Espressif's.
      openocd_config: string; OpenOCD's configuration file of the board or the adapter; default of `--openocd`.
      tags: as everywhere.
      **kwargs: what all targets take.
    """
    if environment == "board" and not openocd:
        openocd = Label("@openocd_esp32//:bin/openocd")
    _esp32_debug(
        name = name,
        emulator = Label("//esp32/private:current_emulator") if environment == "qemu" else None,
        environment = environment,
        image = image,
        openocd = openocd,
        openocd_config = openocd_config,
        stop_at = stop_at,
        tags = tags + ["manual"],
        **kwargs
    )
