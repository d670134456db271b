"""`esp32_boot_test`: boots an image in the registered emulator, in the simulated chip or on a board, and checks what it prints and leaves in registers."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//esp32/private:chips.bzl", "CHIP_ATTR", "chip_transition")
load("//esp32/private:providers.bzl", "Esp32ImageInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")
load("//toolchains/emulator:defs.bzl", "EmulatorToolchainInfo")

def _current_emulator_impl(ctx):
    return [ctx.toolchains["//toolchains/emulator:toolchain_type"].emulator_info]

current_emulator = rule(
    implementation = _current_emulator_impl,
    doc = "The emulator that toolchain resolution finds for the target platform.",
    provides = [EmulatorToolchainInfo],
    toolchains = ["//toolchains/emulator:toolchain_type"],
)

# The core that an execution environment has, where it is not the chip's. The closest one of stock QEMU lacks `mul32high`: what runs
# in it is built for it (DESIGN.md, decision 9), and once an environment has the chip's core, its line goes.
ENVIRONMENT_CORES = {"qemu": "de233_fpu"}

_CORE = "//toolchains:core"

def _core_transition_impl(settings, attr):
    return {_CORE: ENVIRONMENT_CORES.get(attr.environment, settings[_CORE])}

# To the core of what the attribute `environment` names.
core_transition = transition(
    implementation = _core_transition_impl,
    inputs = [_CORE],
    outputs = [_CORE],
)

def _qemu(ctx, _image):
    emulator = ctx.attr.emulator[0][EmulatorToolchainInfo]
    return struct(
        spec = {"emulator": emulator.qemu.short_path, "rom": emulator.rom.short_path},
        files = emulator.files,
    )

def _board(ctx, image):
    return struct(
        spec = {"board": {
            "baud": ctx.attr.baud,
            "boards": ctx.attr._boards[BuildSettingInfo].value,
            "flasher_args": image.flasher_args.short_path,
        }},
        files = depset([image.flasher_args], transitive = [image.files]),
    )

def _simulator(_ctx, _image):
    return struct(spec = {"simulator": {}}, files = depset())

# Execution environments: what the test's specification has of each, and files for its runfiles.
_ENVIRONMENTS = {"board": _board, "qemu": _qemu, "simulator": _simulator}

def _esp32_boot_test_impl(ctx):
    image = ctx.attr.image[0][Esp32ImageInfo]
    environment = _ENVIRONMENTS[ctx.attr.environment](ctx, image)
    spec = ctx.actions.declare_file(ctx.label.name + ".json")
    content = {
        "elf": image.elf.short_path,
        "exit": ctx.attr.exit or None,
        "expect": json.decode(ctx.attr.expect),
        "forbid": json.decode(ctx.attr.forbid),
        "image": image.merged.short_path,
        "partition_table_offset": image.partition_table_offset,
        "registers": json.decode(ctx.attr.registers),
        "timeout_seconds": ctx.attr.timeout_seconds,
    }
    ctx.actions.write(spec, json.encode_indent(content | environment.spec, indent = "  ") + "\n")
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espboot[Esp32ToolInfo].executable, is_executable = True)
    runfiles = ctx.runfiles([spec, image.merged, image.elf], transitive_files = environment.files)
    return [
        DefaultInfo(executable = executable, runfiles = runfiles.merge(ctx.attr._espboot[Esp32ToolInfo].runfiles)),
        RunEnvironmentInfo(environment = {"ESP32_BOOT_TEST": spec.short_path}),
    ]

_esp32_boot_test = rule(
    implementation = _esp32_boot_test_impl,
    doc = "Runs an `esp32_boot_test`.",
    attrs = {
        "baud": attr.int(),
        "chip": CHIP_ATTR,
        "emulator": attr.label(providers = [EmulatorToolchainInfo], cfg = chip_transition),
        "environment": attr.string(values = _ENVIRONMENTS.keys()),
        "exit": attr.string(values = ["", "reset"]),
        "expect": attr.string(),
        "forbid": attr.string(),
        "image": attr.label(providers = [Esp32ImageInfo], cfg = core_transition, mandatory = True),
        "registers": attr.string(),
        "timeout_seconds": attr.int(),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_boards": attr.label(default = "//esp32:boards"),
        "_espboot": tool_attr("espboot"),
    },
    test = True,
)

def _lines(name, attribute, lines):
    result = []
    for line in lines:
        if type(line) == "string":
            result.append({"contains": line})
        elif type(line) == "dict":
            result.append(line)
        else:
            fail("esp32_boot_test {}: {} has {}: a line is a string (part of the line) or a dict such as {{\"regex\": \"...\"}}".format(name, attribute, line))
    return json.encode(result)

# How long Bazel lets a test run, in seconds (test encyclopedia, "Test size"), and what an environment may take of it before
# the chip starts: an emulator has to be loaded, a board may be busy with another test, and has to be flashed.
_TIMEOUTS = {"short": 60, "moderate": 300, "long": 900, "eternal": 3600}
_START_SECONDS = {"board": 240, "qemu": 10, "simulator": 10}

def bazel_timeout(seconds, environment = "qemu"):
    """The timeout of Bazel in which a test can say what is wrong after its own.

    Args:
      seconds: int; the test's own timeout.
      environment: string; what it runs in.

    Returns:
      string; a value of the attribute `timeout` of tests.
    """
    start = _START_SECONDS[environment]
    for timeout, limit in _TIMEOUTS.items():
        if seconds + start <= limit:
            return timeout
    fail("timeout_seconds is {}: a test has at most {}".format(seconds, _TIMEOUTS["eternal"] - start))

def esp32_boot_test(
        name,
        image,
        expect,
        forbid = [],
        registers = [],
        exit = None,
        timeout_seconds = 60,
        environment = "qemu",
        baud = 460800,
        **kwargs):
    """Boots an image and checks it.

    On a board, the tested bits are the flashed bits: the image's files are flashed as `esp32_flash` does it, and the chip is reset.
    In the emulator, what ROM and bootloader would load from the merged image goes to the chip's own addresses, and the emulator
    starts at the entry; nothing in a firmware is for the emulator, but it is built for the emulator's core, which lacks one
    instruction of the chip's (`//esp32:core`).

    The simulated chip (`environment = "simulator"`) starts at reset with the whole image in its flash, bootloader included, and the
    image is the one that is flashed. Its time is its own: a run is the same each time, and `timeout_seconds` are the chip's. It has both cores,
    caches, UARTs, timer groups, watchdogs and what a boot needs besides ([docs/simulator.md](../docs/simulator.md)).

    Boards are shared: a test takes the first of `--@rules_esp32//esp32:boards=/dev/ttyUSB0,/dev/ttyUSB1` that is free, and waits
    where none is. The flag may also name a file, by its absolute path, with a port in each line. Without the flag,
    `bazel test //...` leaves out the tests that want a board.

    Args:
      name: string; the test's name.
      image: label of an `esp32_image`.
      expect: what the console must print, in this order: strings (a part of a line), or dicts: `{"regex": "..."}`, with
        `"times": N` for so many of such lines, and `"rising": "GROUP"` for a named group whose numbers must rise.
      forbid: lines that fail the test at once, in the same form.
      registers: dicts `{"name": "...", "address": "0x3FF4808C", "mask": "0xFFFFFFFF", "value": "0x..."}`: what memory-mapped
        registers must hold when all lines were there. The emulator has memory in their place, which holds what was written last; the simulated chip
        has the registers.
      exit: `"reset"` where the firmware must reset the chip in the end.
      timeout_seconds: int; how long all of it may take, from the chip's start. What was missing by then is in the error. Bazel's own timeout is the
        next longer one, if neither `size` nor `timeout` says which.
      environment: string; what it runs in: `qemu`, the emulator; `simulator`, the simulated chip; or `board`, where `registers` cannot be
        read. Tests on boards have the tag `board`.
      baud: int; for `board`, the baud rate for flashing.
      **kwargs: what all tests take.
    """
    if "size" not in kwargs and "timeout" not in kwargs:
        kwargs["size"] = "small"
        kwargs["timeout"] = bazel_timeout(timeout_seconds, environment)
    if environment == "board":
        if registers:
            fail("esp32_boot_test {}: registers are given, and those of a board cannot be read while it runs: have a test without `environment` compare them".format(name))

        # The sandbox hides devices and the locks that tests share, and the board is at this machine.
        kwargs["tags"] = kwargs.get("tags", []) + ["board", "local", "no-remote"]
        kwargs["target_compatible_with"] = kwargs.get("target_compatible_with", []) + select({
            Label("//esp32:no_boards"): ["@platforms//:incompatible"],
            "//conditions:default": [],
        })
    _esp32_boot_test(
        name = name,
        baud = baud,
        emulator = Label("//esp32/private:current_emulator") if environment == "qemu" else None,
        environment = environment,
        exit = exit or "",
        expect = _lines(name, "expect", expect),
        forbid = _lines(name, "forbid", forbid),
        image = image,
        registers = json.encode(registers),
        timeout_seconds = timeout_seconds,
        **kwargs
    )
