"""The toolchain that makes Rust of C headers: bindgen, with the libclang that it loads."""

BindgenToolchainInfo = provider(
    "What makes Rust of C headers.",
    fields = {
        "bindgen": "File: bindgen.",
        "clang": "File: clang, which bindgen asks for folders of headers.",
        "files": "depset of Files that these need, and they themselves.",
        "libclang": "File: libclang's shared library.",
    },
)

def _bindgen_toolchain_impl(ctx):
    programs = [ctx.file.bindgen, ctx.file.clang, ctx.file.libclang]
    return [platform_common.ToolchainInfo(bindgen_info = BindgenToolchainInfo(
        bindgen = ctx.file.bindgen,
        clang = ctx.file.clang,
        files = depset(programs, transitive = [f[DefaultInfo].files for f in ctx.attr.files]),
        libclang = ctx.file.libclang,
    ))]

bindgen_toolchain = rule(
    implementation = _bindgen_toolchain_impl,
    doc = "Implements `//toolchains/bindgen:toolchain_type`.",
    attrs = {
        "bindgen": attr.label(doc = "bindgen.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "clang": attr.label(doc = "clang.", allow_single_file = True, mandatory = True, cfg = "exec"),
        "files": attr.label_list(doc = "What they need at run time.", cfg = "exec"),
        "libclang": attr.label(doc = "libclang's shared library.", allow_single_file = True, mandatory = True, cfg = "exec"),
    },
)
