"""`esp32_size_test`: budgets for memory regions and images."""

load("//esp32/private:espimage.bzl", "ESPIMAGE_ATTRS")
load("//esp32/private:providers.bzl", "Esp32ImageInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo")

def _esp32_size_test_impl(ctx):
    image = ctx.attr.image[Esp32ImageInfo]
    files = {f.basename: f for f in [image.app, image.bootloader, image.merged]}
    args = ["--elf", image.elf.short_path]
    for name, file in files.items():
        args += ["--image", "{}={}".format(name, file.short_path)]
    for name, budget in ctx.attr.budgets.items():
        args += ["--budget", "{}={}".format(name, budget)]
    executable = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(executable, "#!/bin/sh\nexec {} size {}\n".format(
        ctx.attr._espimage[Esp32ToolInfo].executable.short_path,
        " ".join(["'{}'".format(a.replace("'", "'\\''")) for a in args]),
    ), is_executable = True)
    runfiles = ctx.runfiles([image.elf, ctx.attr._espimage[Esp32ToolInfo].executable] + files.values())
    return [DefaultInfo(executable = executable, runfiles = runfiles)]

esp32_size_test = rule(
    implementation = _esp32_size_test_impl,
    doc = """Fails when a memory region or an image is larger than its budget, with a table of budget against actual and the
ten largest symbols. `bazel run` prints the table, too.""",
    attrs = ESPIMAGE_ATTRS | {
        "budgets": attr.string_dict(
            doc = "Bytes, or `40K`, `1M`, for `iram`, `dram`, `flash_code`, `flash_data`, `app.bin`, `bootloader.bin` and the merged image's name.",
            mandatory = True,
        ),
        "image": attr.label(doc = "An `esp32_image`.", providers = [Esp32ImageInfo], mandatory = True),
    },
    test = True,
)
