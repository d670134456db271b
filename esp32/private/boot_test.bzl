"""`esp32_boot_test`: boots an image in the simulated chip, in an emulator or on a board, and checks what it prints and does."""

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

def _simulator(ctx, _image):
    return struct(spec = {"simulator": json.decode(ctx.attr.simulation)}, files = depset())

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
        # The program that is measured is the image's, which is the same without coverage: espboot tells lines by executed addresses.
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["image"]),
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
        "simulation": attr.string(default = "{}"),
        "timeout_seconds": attr.int(),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_boards": attr.label(default = "//esp32:boards"),
        "_espboot": tool_attr("espboot"),
        "_lcov_merger": attr.label(
            cfg = config.exec(exec_group = "test"),
            default = configuration_field(fragment = "coverage", name = "output_generator"),
            executable = True,
        ),
    },
    fragments = ["coverage"],
    test = True,
)

def _line(name, attribute, line):
    if type(line) == "string":
        return {"contains": line}
    if type(line) == "dict":
        return line
    fail("esp32_boot_test {}: {} has {}: a line is a string (part of the line) or a dict such as {{\"regex\": \"...\"}}".format(name, attribute, line))

def _lines(name, attribute, lines):
    return json.encode([_line(name, attribute, line) for line in lines])

def _after_lines(name, attribute, entries):
    return [
        entry | ({"after": _line(name, attribute + " (after)", entry["after"])} if "after" in entry else {})
        for entry in entries
    ]

def _simulation(name, attributes):
    """What a specification has for the simulated chip: the attributes that are given."""
    result = {key: value for key, value in attributes.items() if value}
    for attribute in ["stimuli", "waveforms"]:
        if attribute in result:
            result[attribute] = _after_lines(name, attribute, result[attribute])
    return result

# How long Bazel lets a test run, in seconds (test encyclopedia, "Test size"), and what an environment may take of it before
# the chip starts: an emulator has to be loaded, a board may be busy with another test, and has to be flashed.
_TIMEOUTS = {"short": 60, "moderate": 300, "long": 900, "eternal": 3600}
_START_SECONDS = {"board": 240, "qemu": 10, "simulator": 10}

def bazel_timeout(seconds, environment = "simulator"):
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
        environment = "simulator",
        stimuli = [],
        waveforms = [],
        resets = [],
        limits = [],
        power_cuts = None,
        devices = [],
        worn_sectors = [],
        chip_revision = None,
        seed = 0,
        baud = 460800,
        **kwargs):
    """Boots an image and checks it.

    In the simulated chip, the default, the image is the one that is flashed: the chip starts at reset with all of it in its flash, and
    the image's own bootloader runs. Time is the chip's own: a run is the same each time, and `timeout_seconds` are the
    chip's ([docs/simulator.md](../docs/simulator.md) has what of the chip is there).

    On a board, the tested bits are the flashed bits, too: the image's files are flashed as `esp32_flash` does it, and the chip is reset.
    In stock QEMU (`environment = "qemu"`), which has the core and memory, but nothing else of the chip, what ROM and bootloader would load
    goes to the chip's own addresses, and the emulator starts at the entry; the image is built for the emulator's core, which lacks one
    instruction of the chip's (`//esp32:core`).

    Boards are shared: a test takes the first of `--@rules_esp32//esp32:boards=/dev/ttyUSB0,/dev/ttyUSB1` that is free, and waits
    where none is. The flag may also name a file, by its absolute path, with a port in each line. Without the flag,
    `bazel test //...` leaves out the tests that want a board.

    Args:
      name: string; the test's name.
      image: label of an `esp32_image`.
      expect: what the console must print, in this order: strings (a part of a line), or dicts: `{"regex": "..."}`, with
        `"times": N` for so many of such lines, `"rising": "GROUP"` for a named group whose numbers must rise, and `"uart": 1` for a line of
        another UART of the simulated chip, which has an order of its own.
      forbid: lines that fail the test at once, in the same form.
      registers: dicts `{"name": "...", "address": "0x3FF4808C", "mask": "0xFFFFFFFF", "value": "0x..."}`: what memory-mapped
        registers must hold when all lines were there. QEMU has memory in their place, which holds what was written last.
      exit: `"reset"` where the firmware must reset the chip in the end.
      timeout_seconds: int; how long all of it may take, from the chip's start. What was missing by then is in the error. Bazel's own timeout is the
        next longer one, if neither `size` nor `timeout` says which.
      environment: string; what it runs in: `simulator`, the simulated chip; `qemu`, stock QEMU; or `board`, where `registers` cannot be
        read. Tests on boards have the tag `board`. What follows is for `simulator` alone.
      stimuli: what happens from outside, as steps that are done one after the other. Each waits for `"after"`, a line that comes behind
        the step before, for `"at_ms"`, a time since the chip's start, and for `"delay_ms"` more; then it does one thing:
        `{"gpio": 0, "level": 0}` drives a pin (0, 1, or `"float"` to let go of it), `{"gpio": 34, "millivolts": 1650}` sets what ADCs
        measure, `{"uart": 0, "send": "text"}` sends, `{"reset": True}` pulls EN low for a moment (into download mode where GPIO 0 is low), `{"brown_out": True}` lets the supply sag,
        `{"power_cut": True}` takes the power away and gives it back.
      waveforms: what pins must do, as dicts: `{"gpio": 5, "edges": [{"level": 1}, {"level": 0, "ms": [995, 1005]}], "times": 3}`. Edges come in
        this order and no other between, all of them `times` times; `"ms"` is the least and the greatest time since the edge before, and
        for the first one since `"after"`, a line, or else the chip's start.
      resets: strings; resets behind which the run goes on, in this order, such as `TG0WDT_SYS_RESET` or `DEEPSLEEP_RESET`, as the ROM
        prints them. Any other reset, but for a software reset in the end that `exit` names, fails the test.
      limits: how much memory may have been used when all was there, as dicts
        `{"name": "stack", "from": "_stack_bottom", "to": "_stack_top", "grows": "down", "most": "2K"}`: `"from"` and `"to"` are symbols or addresses,
        `"grows"` is `"down"` for a stack and `"up"` for a heap.
      power_cuts: `"each_flash_write"`: when the test has passed, it is done again for each program and each erase of the flash, with
        a power cut in its middle; behind the cut, all that is expected must be seen from the start.
      devices: what is on buses, as dicts: `{"i2c": 0, "address": 0x50, "memory_bytes": 256}`, an erased memory of the 24C series;
        `{"i2c": 0, "address": 0x51, "loopback": True}`, which gives back what was written; `{"spi": 2, "loopback": True}`, which gives back
        each byte with the next one, selected by the controller or by `"select_gpio"`.
      worn_sectors: offsets in flash, such as `"0x9000"`, of sectors that are worn out: of each 64 bytes, an erase leaves the first.
      chip_revision: string; `v3.1` if it is not given.
      seed: int; the random number generator's.
      baud: int; for `board`, the baud rate for flashing.
      **kwargs: what all tests take.
    """
    if "size" not in kwargs and "timeout" not in kwargs:
        kwargs["size"] = "small"
        kwargs["timeout"] = bazel_timeout(timeout_seconds, environment)
    simulation = _simulation(name, {
        "chip_revision": chip_revision,
        "devices": devices,
        "limits": limits,
        "power_cuts": power_cuts,
        "resets": resets,
        "seed": seed,
        "stimuli": stimuli,
        "waveforms": waveforms,
        "worn_sectors": worn_sectors,
    })
    if simulation and environment != "simulator":
        fail("esp32_boot_test {}: {} is for the simulated chip, and the environment is {}: have a test without `environment`".format(name, ", ".join(simulation), environment))
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
        simulation = json.encode(simulation),
        timeout_seconds = timeout_seconds,
        **kwargs
    )
