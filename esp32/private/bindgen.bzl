"""`idf_bindgen`: the headers of components as a Rust crate."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_rust//rust:defs.bzl", "rust_library")
load("//esp32/private:chips.bzl", "chip_constraints")
load("//esp32/private:component.bzl", "the_project")
load("//esp32/private:providers.bzl", "IdfComponentInfo")
load("//toolchains/cc:front_end.bzl", "ClangFrontEndInfo")

def _idf_bindings_impl(ctx):
    toolchain = ctx.toolchains["//toolchains/bindgen:toolchain_type"].bindgen_info
    front_end = ctx.attr._front_end[ClangFrontEndInfo]
    context = cc_common.merge_compilation_contexts(
        compilation_contexts = [c[IdfComponentInfo].compilation_context for c in ctx.attr.components],
    )
    project = the_project(ctx.label, [c[IdfComponentInfo].project for c in ctx.attr.components])
    header = ctx.file.header
    if not header:
        header = ctx.actions.declare_file(ctx.label.name + ".h")
        ctx.actions.write(header, "".join(["#include \"{}\"\n".format(h) for h in ctx.attr.headers]))

    rs = ctx.actions.declare_file(ctx.label.name + ".rs")
    args = ctx.actions.args()
    args.add("--use-core")
    args.add("--no-rustfmt-bindings")
    args.add_all(ctx.attr.raw_lines, before_each = "--raw-line")
    args.add_all(ctx.attr.allowlist, before_each = "--allowlist-item")
    args.add_all(ctx.attr.bindgen_flags)
    args.add("--output", rs)
    args.add(header)
    args.add("--")
    args.add("-std=gnu17")
    if project:
        args.add("-I" + project.sdkconfig_h.dirname)
        args.add_all(project.defines, format_each = "-D%s")
    args.add_all(context.defines, format_each = "-D%s")
    args.add_all(context.includes, before_each = "-I")
    args.add_all(context.quote_includes, before_each = "-iquote")
    args.add_all(context.system_includes, before_each = "-isystem")
    args.add_all(front_end.flags)
    ctx.actions.run(
        executable = toolchain.bindgen,
        arguments = [args],
        env = {
            "CLANG_PATH": toolchain.clang.path,
            "LIBCLANG_PATH": toolchain.libclang.path,
        },
        inputs = depset([header] + ([project.sdkconfig_h] if project else []), transitive = [context.headers, front_end.files]),
        tools = toolchain.files,
        outputs = [rs],
        mnemonic = "IdfBindgen",
        progress_message = "Generating Rust bindings %{label}",
        toolchain = Label("//toolchains/bindgen:toolchain_type"),
    )
    return [
        DefaultInfo(files = depset([rs])),
        IdfComponentInfo(
            compilation_context = context,
            components = depset(transitive = [c[IdfComponentInfo].components for c in ctx.attr.components]),
            project = project,
        ),
    ]

idf_bindings = rule(
    implementation = _idf_bindings_impl,
    doc = "Headers of components as Rust source: of an `idf_bindgen`, or for esp-idf-sys to include.",
    attrs = {
        "allowlist": attr.string_list(),
        "bindgen_flags": attr.string_list(),
        "components": attr.label_list(providers = [IdfComponentInfo], mandatory = True, allow_empty = False),
        "header": attr.label(doc = "A header, in place of one that includes `headers`.", allow_single_file = [".h"]),
        "headers": attr.string_list(),
        "raw_lines": attr.string_list(doc = "The first lines of the source."),
        "_front_end": attr.label(default = "//toolchains/cc:clang_front_end"),
    },
    provides = [IdfComponentInfo],
    toolchains = ["//toolchains/bindgen:toolchain_type"],
)

def idf_bindgen(name, components, headers, allowlist = [], bindgen_flags = [], chip = "esp32", visibility = None, tags = [], testonly = False):
    """A Rust crate with what the headers of components declare.

    The crate's layout assertions are checked when it is compiled. A firmware that has it among its crates is linked with
    the components.

    Args:
      name: string; the crate's name.
      components: labels of `idf_component`s.
      headers: strings; what to `#include`, such as `driver/gpio.h`.
      allowlist: strings; regular expressions of the items to take. Default: all.
      bindgen_flags: strings; more arguments of bindgen.
      chip: string; the chip that it is for.
      visibility: as everywhere.
      tags: as everywhere.
      testonly: as everywhere.
    """
    common = dict(
        tags = tags + ["no-clippy", "no-rustfmt"],
        target_compatible_with = chip_constraints(chip),
        testonly = testonly,
    )
    if not headers:
        fail("idf_bindgen //{}:{}: `headers` is empty: say what to bind, such as \"driver/gpio.h\"".format(native.package_name(), name))
    idf_bindings(
        name = name + ".bindings",
        allowlist = allowlist,
        bindgen_flags = bindgen_flags,
        components = components,
        headers = headers,
        raw_lines = [
            "#![no_std]",
            "#![allow(missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals, unnecessary_transmutes)]",
        ],
        visibility = ["//visibility:private"],
        **common
    )
    rust_library(
        name = name,
        srcs = [":{}.bindings".format(name)],
        edition = "2021",
        visibility = visibility,
        # for coverage to know their sources; there is nothing in them that rustc links
        deps = components,
        **common
    )
