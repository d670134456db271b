"""The toolchain that boot tests run images in: QEMU, with stand-ins for the chip's ROM functions."""

load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")

EmulatorToolchainInfo = provider(
    "An emulator that runs a chip's images.",
    fields = {
        "files": "depset of Files that the emulator needs.",
        "qemu": "File: qemu-system-xtensa.",
        "rom": "File: an ELF with the ROM functions at the chip's own addresses.",
    },
)

def _emulator_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(emulator_info = EmulatorToolchainInfo(
        qemu = ctx.file.qemu,
        rom = ctx.file.rom,
        files = depset([ctx.file.qemu, ctx.file.rom], transitive = [t[DefaultInfo].files for t in ctx.attr.files]),
    ))]

emulator_toolchain = rule(
    implementation = _emulator_toolchain_impl,
    doc = "Implements `//toolchains/emulator:toolchain_type`.",
    attrs = {
        "files": attr.label_list(doc = "What QEMU needs at run time.", cfg = "exec"),
        "qemu": attr.label(doc = "qemu-system-xtensa.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "rom": attr.label(doc = "The ROM's stand-ins, an `emulator_rom`.", allow_single_file = True, mandatory = True),
    },
)

def _emulator_rom_impl(ctx):
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    _, objects = cc_common.compile(
        name = ctx.label.name,
        actions = ctx.actions,
        cc_toolchain = cc_toolchain,
        feature_configuration = features,
        srcs = ctx.files.srcs,
    )
    ld = ctx.toolchains["//toolchains/ld:toolchain_type"].ld_info
    rom = ctx.actions.declare_file(ctx.label.name + ".elf")
    args = ctx.actions.args()
    args.add_all(ld.flags)
    args.add("-T", ctx.file.linker_script)
    args.add("-o", rom)
    args.add_all(objects.objects)
    ctx.actions.run(
        executable = ld.ld,
        arguments = [args],
        inputs = depset(objects.objects + [ctx.file.linker_script], transitive = [ld.files]),
        outputs = [rom],
        mnemonic = "EmulatorRom",
        progress_message = "Linking the ROM's stand-ins %{output}",
        toolchain = Label("//toolchains/ld:toolchain_type"),
    )
    return [DefaultInfo(files = depset([rom]))]

emulator_rom = rule(
    implementation = _emulator_rom_impl,
    doc = "Assembly that stands in for ROM functions, linked to their addresses.",
    attrs = {
        "linker_script": attr.label(doc = "Puts each function to its address.", allow_single_file = [".ld"], mandatory = True),
        "srcs": attr.label_list(doc = "Assembly files.", allow_files = [".S"], mandatory = True),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain() + ["//toolchains/ld:toolchain_type"],
)
