"""The toolchain that links firmware: GNU ld, with LLVM's plugin to turn bitcode into code."""

LdToolchainInfo = provider(
    "How firmware for a chip is linked.",
    fields = {
        "files": "depset of Files that ld and the plugin need.",
        "flags": "list of strings: the first arguments of ld.",
        "ld": "File: GNU ld for the chip's instruction set.",
        "plugin": "File: LLVMgold.so, of the LLVM that makes the code.",
    },
)

def _ld_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(ld_info = LdToolchainInfo(
        ld = ctx.file.ld,
        plugin = ctx.file.plugin,
        files = depset([ctx.file.ld, ctx.file.plugin], transitive = [t[DefaultInfo].files for t in ctx.attr.files]),
        flags = ["-plugin", ctx.file.plugin.path] + ctx.attr.flags,
    ))]

ld_toolchain = rule(
    implementation = _ld_toolchain_impl,
    doc = "Implements `//toolchains/ld:toolchain_type`.",
    attrs = {
        "files": attr.label_list(doc = "What ld and the plugin need at run time.", cfg = "exec"),
        "flags": attr.string_list(doc = "Arguments of ld that this chip wants."),
        "ld": attr.label(doc = "GNU ld.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "plugin": attr.label(doc = "LLVMgold.so.", allow_single_file = True, mandatory = True, cfg = "exec"),
    },
)
