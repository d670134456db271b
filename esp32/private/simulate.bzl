"""`esp32_simulate`: `bazel run` boots an image on the simulated chip and shows its console."""

load("//esp32/private:providers.bzl", "Esp32ImageInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

def _esp32_simulate_impl(ctx):
    image = ctx.attr.image[Esp32ImageInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espboot[Esp32ToolInfo].executable, is_executable = True)
    config = ctx.actions.declare_file(ctx.label.name + ".json")
    arguments = ["run", image.merged.short_path, "--elf", image.elf.short_path, "--partition-table-offset", str(image.partition_table_offset)]
    ctx.actions.write(config, json.encode_indent(arguments, indent = "  ") + "\n")
    runfiles = ctx.runfiles([config, image.merged, image.elf])
    return [
        DefaultInfo(executable = executable, runfiles = runfiles.merge(ctx.attr._espboot[Esp32ToolInfo].runfiles)),
        RunEnvironmentInfo(environment = {"ESP32_SIMULATE": config.short_path}),
    ]

esp32_simulate = rule(
    implementation = _esp32_simulate_impl,
    doc = """An image on the simulated chip, in real time: `bazel run //firmware:simulate`.

It starts at reset, with the image in its flash, and shows UART 0; what is typed, goes there by the line. Ctrl-C ends it.
`bazel run //firmware:simulate -- --help` has the options, [docs/simulator.md](../docs/simulator.md) what of the chip is there.""",
    attrs = {
        "image": attr.label(doc = "The `esp32_image`.", mandatory = True, providers = [Esp32ImageInfo]),
        "_espboot": tool_attr("espboot"),
    },
    executable = True,
)
