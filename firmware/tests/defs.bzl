"""Applications that are there to be booted."""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//esp32:defs.bzl", "esp32_boot_test", "esp32_firmware", "esp32_image")
load("//esp32:providers.bzl", "Esp32ImageInfo", "IdfComponentInfo")

_soft_float = transition(
    implementation = lambda _settings, _attr: {"//esp32:float": "soft"},
    inputs = [],
    outputs = ["//esp32:float"],
)

def _soft_float_image_impl(ctx):
    image = ctx.attr.image[0]
    return [image[DefaultInfo], image[Esp32ImageInfo]]

soft_float_image = rule(
    implementation = _soft_float_image_impl,
    doc = "An `esp32_image` whose floats are computed by functions, whatever --//esp32:float says.",
    attrs = {
        "image": attr.label(cfg = _soft_float, doc = "The image.", mandatory = True, providers = [Esp32ImageInfo]),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    provides = [Esp32ImageInfo],
)

def _soft_float_component_impl(ctx):
    component = ctx.attr.component[0]
    return [component[DefaultInfo], component[CcInfo], component[IdfComponentInfo]]

soft_float_component = rule(
    implementation = _soft_float_component_impl,
    doc = "An `idf_component` whose floats are computed by functions, in a firmware that has the FPU.",
    attrs = {
        "component": attr.label(cfg = _soft_float, doc = "The component.", mandatory = True, providers = [IdfComponentInfo]),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    provides = [CcInfo, IdfComponentInfo],
)

def boot_tested_app(name, expect, deps = [], exit = None, srcs = None, **kwargs):
    """Boots `NAME.rs` on the simulated chip, and on a board, where there is one.

    The tests are `NAME_test` and `NAME_board_test`.

    Args:
      name: string; the source's name.
      expect: lines, as `esp32_boot_test` takes them.
      deps: labels of crates besides `esp`.
      exit: as `esp32_boot_test` takes it.
      srcs: labels of the sources; default: `NAME.rs`.
      **kwargs: more arguments of `esp32_firmware`.
    """
    esp32_firmware(
        name = name,
        testonly = True,
        srcs = srcs or [name + ".rs"],
        edition = "2024",
        visibility = ["//tools/espmon:__pkg__"],
        deps = ["//firmware/esp"] + deps,
        **kwargs
    )
    esp32_image(
        name = name + ".image",
        testonly = True,
        firmware = ":" + name,
        partition_table = "//firmware:partition_table",
    )
    for environment, suffix in {"board": "_board_test", "simulator": "_test"}.items():
        esp32_boot_test(
            name = name + suffix,
            environment = environment,
            exit = exit,
            expect = expect,
            forbid = ["FAIL"] + ([] if exit else ["Guru Meditation"]),
            image = ":{}.image".format(name),
        )
