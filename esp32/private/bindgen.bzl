"""`idf_bindgen`: the headers of components as a Rust crate."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain", "use_cpp_toolchain")
load("@rules_rust//rust:defs.bzl", "rust_library")
load("//esp32/private:chips.bzl", "chip_constraints")
load("//esp32/private:providers.bzl", "IdfComponentInfo")

# What libclang needs of the compiler's arguments: the rest is about making objects.
_FRONT_END = ("--target", "-D", "-I", "-U", "-W", "-Xclang", "-ffreestanding", "-iquote", "-isystem", "-nostd", "-std")
_WITH_VALUE = ("-I", "-Xclang", "-iquote", "-isystem")

def _front_end(flags):
    result = []
    value = False
    for flag in flags:
        if value or flag.startswith(_FRONT_END):
            result.append(flag)
        value = not value and flag in _WITH_VALUE
    return result

def _idf_bindings_impl(ctx):
    toolchain = ctx.toolchains["@rules_rust//bindgen:toolchain_type"]
    cc_toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    context = cc_common.merge_compilation_contexts(
        compilation_contexts = [c[IdfComponentInfo].compilation_context for c in ctx.attr.components],
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = ACTION_NAMES.c_compile,
        variables = cc_common.create_compile_variables(
            cc_toolchain = cc_toolchain,
            feature_configuration = features,
            include_directories = context.includes,
            quote_include_directories = context.quote_includes,
            system_include_directories = depset(cc_toolchain.built_in_include_directories, transitive = [context.system_includes]),
            preprocessor_defines = context.defines,
        ),
    )
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    ctx.actions.write(header, "".join(["#include \"{}\"\n".format(h) for h in ctx.attr.headers]))

    rs = ctx.actions.declare_file(ctx.label.name + ".rs")
    libclang = toolchain.libclang[CcInfo].linking_context.linker_inputs.to_list()[0].libraries[0].dynamic_library
    args = ctx.actions.args()
    args.add("--use-core")
    args.add("--no-rustfmt-bindings")
    args.add("--raw-line", "#![no_std]")
    args.add("--raw-line", "#![allow(missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals)]")
    args.add_all(ctx.attr.allowlist, before_each = "--allowlist-item")
    args.add_all(ctx.attr.bindgen_flags)
    args.add("--output", rs)
    args.add(header)
    args.add("--")
    args.add_all(_front_end(flags))
    ctx.actions.run(
        executable = toolchain.bindgen,
        arguments = [args],
        env = {
            "CLANG_PATH": toolchain.clang.path,
            "LIBCLANG_PATH": libclang.dirname,
        },
        inputs = depset([header, libclang], transitive = [context.headers]),
        tools = depset([toolchain.clang] + ctx.files._bindgen, transitive = [cc_toolchain.all_files]),
        outputs = [rs],
        mnemonic = "IdfBindgen",
        progress_message = "Generating Rust bindings %{label}",
        toolchain = "@rules_rust//bindgen:toolchain_type",
    )
    return [
        DefaultInfo(files = depset([rs])),
        IdfComponentInfo(
            compilation_context = context,
            components = depset(transitive = [c[IdfComponentInfo].components for c in ctx.attr.components]),
        ),
    ]

_idf_bindings = rule(
    implementation = _idf_bindings_impl,
    doc = "The Rust source of an `idf_bindgen`.",
    attrs = {
        "allowlist": attr.string_list(),
        "bindgen_flags": attr.string_list(),
        "_bindgen": attr.label(
            default = "//toolchains/rust:bindgen_command",
            cfg = "exec",
        ),
        "components": attr.label_list(providers = [IdfComponentInfo], mandatory = True, allow_empty = False),
        "headers": attr.string_list(mandatory = True, allow_empty = False),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    provides = [IdfComponentInfo],
    toolchains = use_cpp_toolchain() + ["@rules_rust//bindgen:toolchain_type"],
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
    _idf_bindings(
        name = name + ".bindings",
        allowlist = allowlist,
        bindgen_flags = bindgen_flags,
        components = components,
        headers = headers,
        visibility = ["//visibility:private"],
        **common
    )
    rust_library(
        name = name,
        srcs = [":{}.bindings".format(name)],
        edition = "2021",
        visibility = visibility,
        **common
    )
