"""What the crate esp-idf-sys is compiled against: all components of a configured ESP-IDF, and bindings of what they declare."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("//esp32/private:bindgen.bzl", "idf_bindings")
load("//esp32/private:chips.bzl", "chip_constraints")
load("//esp32/private:component.bzl", "the_project")
load("//esp32/private:providers.bzl", "IdfComponentInfo")

def _idf_rust_sys_impl(ctx):
    components = [c[IdfComponentInfo] for c in ctx.attr.components]
    context = cc_common.merge_compilation_contexts(compilation_contexts = [
        cc_common.create_compilation_context(defines = depset([
            "ESP_IDF_COMP_{}_ENABLED".format(c.label.name.upper().replace("-", "_"))
            for c in ctx.attr.components
        ])),
    ] + [c.compilation_context for c in components])
    return [IdfComponentInfo(
        compilation_context = context,
        components = depset(transitive = [c.components for c in components]),
        project = the_project(ctx.label, [c.project for c in components]),
    )]

_idf_rust_sys = rule(
    implementation = _idf_rust_sys_impl,
    doc = "All components as esp-idf-sys's bindings.h wants to see them: with a definition that says that one is there.",
    attrs = {
        "components": attr.label_list(doc = "The components.", providers = [IdfComponentInfo], mandatory = True),
    },
    provides = [IdfComponentInfo],
)

def idf_rust_sys(name, components, chip = "esp32"):
    """All components, for the crate esp-idf-sys.

    Args:
      name: string; its name.
      components: labels of the components.
      chip: string; the chip.
    """
    _idf_rust_sys(
        name = name,
        components = components,
        target_compatible_with = chip_constraints(chip),
        visibility = ["//visibility:public"],
    )

# As esp-idf-sys's build script (its build/build.rs) and embuild (its src/bindgen.rs) have it.
_BINDGEN_FLAGS = [
    "--with-derive-default",
    "--no-layout-tests",
    "--enable-function-attribute-detection",
] + ["--blocklist-function=" + function for function in [
    "strtold",
    "_strtold_r",
    "v.*printf",
    "v.*scanf",
    "_v.*printf_r",
    "_v.*scanf_r",
    "esp_log_writev",
]] + ["--blocklist-type=" + type for type in [
    "cdc_desc_func_telephone_call_state_reporting_capabilities_t",
    "wchar_t",
]]

def idf_rust_bindings(name, header, components, version, chip = "esp32"):
    """What esp-idf-sys includes: its bindings.h as Rust.

    Args:
      name: string; its name.
      header: label of bindings.h.
      components: label of the `idf_rust_sys`.
      version: string; the tree's version, such as `5.5.5`.
      chip: string; the chip.
    """
    idf_bindings(
        name = name,
        # until then, there is an enumeration and a structure of that name, and esp-idf-sys has the former itself (src/pcnt.rs)
        bindgen_flags = _BINDGEN_FLAGS + (["--blocklist-type=pcnt_unit_t"] if int(version.partition(".")[0]) < 6 else []),
        components = [components],
        header = header,
        # The crate compares it with libc's (src/checks/libc.rs), which is Espressif's clang's; GCC's, and so the C library's, has 16 bits.
        raw_lines = ["pub type wchar_t = u32;"],
        tags = ["manual"],
        target_compatible_with = chip_constraints(chip),
        visibility = ["//visibility:private"],
    )
