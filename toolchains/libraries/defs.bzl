"""`library_headers`: the headers of a library for a chip."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

def _library_headers_impl(ctx):
    root = ctx.attr.headers.label.workspace_root
    return [CcInfo(compilation_context = cc_common.create_compilation_context(
        headers = ctx.attr.headers[DefaultInfo].files,
        system_includes = depset(["{}/{}".format(root, folder) for folder in ctx.attr.folders]),
    ))]

library_headers = rule(
    implementation = _library_headers_impl,
    doc = "Headers of a Nix package that compilers find before those of the C library.",
    attrs = {
        "folders": attr.string_list(doc = "Where the headers are in the package.", mandatory = True),
        "headers": attr.label(doc = "The headers.", mandatory = True),
    },
    provides = [CcInfo],
)
