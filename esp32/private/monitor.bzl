"""`esp32_monitor`: `bazel run` shows what a board prints, decoded with the firmware's ELF and messages."""

load("@rules_proto//proto:defs.bzl", "ProtoInfo")
load("//esp32/private:chips.bzl", "chip_transition")
load("//esp32/private:providers.bzl", "Esp32FirmwareInfo", "Esp32ImageInfo", "Esp32MonitorInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

def _esp32_monitor_impl(ctx):
    if Esp32ImageInfo in ctx.attr.firmware:
        elf = ctx.attr.firmware[Esp32ImageInfo].elf
    else:
        elf = ctx.attr.firmware[Esp32FirmwareInfo].elf
    descriptor_sets = depset(transitive = [proto[ProtoInfo].transitive_descriptor_sets for proto in ctx.attr.protos])
    if ctx.attr.messages and not ctx.attr.protos:
        fail("esp32_monitor ", ctx.label, ": messages has {}, and there are no protos to read them with: add the proto_library to `protos`".format(ctx.attr.messages), sep = "")
    config = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(config, json.encode_indent({
        "baud": ctx.attr.baud,
        "descriptor_sets": [f.short_path for f in descriptor_sets.to_list()],
        "elf": elf.short_path,
        "messages": ctx.attr.messages,
        "port": ctx.attr.port or None,
    }, indent = "  ") + "\n")
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espmon[Esp32ToolInfo].executable, is_executable = True)
    runfiles = ctx.runfiles([config, elf, ctx.attr._espmon[Esp32ToolInfo].executable], transitive_files = descriptor_sets)
    return [
        DefaultInfo(executable = executable, runfiles = runfiles),
        RunEnvironmentInfo(environment = {"ESP32_MONITOR": config.short_path}),
        Esp32MonitorInfo(config = config, program = ctx.attr._espmon[Esp32ToolInfo].executable),
    ]

esp32_monitor = rule(
    implementation = _esp32_monitor_impl,
    doc = """The console of a board: `bazel run //firmware:monitor`.

Lines are coloured by their log level; addresses in backtraces and register dumps get function, file and line from the firmware's
ELF; protobuf messages that a log line carries in hexadecimal digits are decoded. `bazel run //firmware:monitor -- --help` has
the options and the keys.""",
    attrs = {
        "baud": attr.int(doc = "The console's baud rate (ESP_CONSOLE_UART_BAUDRATE).", default = 115200),
        "firmware": attr.label(
            doc = "An `esp32_image` or `esp32_firmware`: what runs on the board.",
            providers = [[Esp32ImageInfo], [Esp32FirmwareInfo]],
            mandatory = True,
        ),
        "messages": attr.string_dict(
            doc = "Log tags whose lines are a protobuf message in hexadecimal digits, and the message's full name: `{\"heartbeat\": \"firmware.v1.Heartbeat\"}`.",
        ),
        "port": attr.string(doc = "Default of `--port`: a device, `socket://HOST:PORT` or `rfc2217://HOST:PORT`. Without it, the board is looked for."),
        "protos": attr.label_list(doc = "`proto_library` targets that have these messages.", providers = [ProtoInfo], cfg = chip_transition),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_espmon": tool_attr("espmon"),
    },
    executable = True,
    provides = [Esp32MonitorInfo],
)
