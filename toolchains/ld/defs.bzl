"""The toolchain that links firmware: GNU ld, behind a program that makes code of bitcode with LLVM."""

LdToolchainInfo = provider(
    "How firmware for a chip is linked.",
    fields = {
        "files": "depset of Files that ld needs.",
        "flags": "list of strings: the first arguments of ld.",
        "ld": "File: xtensa-ld, which takes GNU ld's arguments, and bitcode.",
        "runtime": "File: an object with the functions that code for the chip's CPU calls (compiler_builtins).",
    },
)

def _ld_toolchain_impl(ctx):
    flags = [
        "--llc",
        ctx.file.llc.path,
        "--binutils",
        ctx.file.binutils.path.removesuffix("ld"),
        "-plugin-opt=mcpu=" + ctx.attr.cpu,
    ]
    if ctx.attr.without:
        flags.append("-plugin-opt=-mattr=" + ",".join(["-" + feature for feature in ctx.attr.without]))
    tools = [ctx.file.ld, ctx.file.llc, ctx.file.binutils]
    return [platform_common.ToolchainInfo(ld_info = LdToolchainInfo(
        ld = ctx.file.ld,
        files = depset(tools, transitive = [t[DefaultInfo].files for t in ctx.attr.files]),
        flags = flags,
        runtime = ctx.file.runtime,
    ))]

ld_toolchain = rule(
    implementation = _ld_toolchain_impl,
    doc = "Implements `//toolchains/ld:toolchain_type`.",
    attrs = {
        "binutils": attr.label(doc = "GNU ld, beside which GNU as and the others are.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "cpu": attr.string(doc = "LLVM's name of the CPU.", mandatory = True),
        "files": attr.label_list(doc = "What the programs need at run time.", cfg = "exec"),
        "ld": attr.label(doc = "xtensa-ld.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "llc": attr.label(doc = "llc, of the LLVM that makes the code.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "runtime": attr.label(doc = "An object with compiler_builtins for the CPU.", allow_single_file = [".o"], mandatory = True),
        "without": attr.string_list(doc = "Features of the CPU that code must not use."),
    },
)
