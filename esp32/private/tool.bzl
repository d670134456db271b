"""`esp32_tool`: a program of tools/ that rules run, the same one in whatever configuration they are.

A program that is an attribute with `cfg = "exec"` is built with the toolchains of whoever builds, and once more for each setting of the
target. This rule's attribute is built with the toolchains of these rules, once.
"""

load("@rules_rust//rust:defs.bzl", "rust_common")
load("//esp32/private:chips.bzl", "CHIPS", "CHIP_OUTPUTS", "chip_settings")
load("//toolchains:defs.bzl", "DEFAULT_SETTINGS")

Esp32ToolInfo = provider(
    "A program that rules run.",
    fields = {
        "crates": "depset of CrateInfos: what it is made of.",
        "executable": "File: the program.",
        "files_to_run": "FilesToRunProvider: the program, as an action's `executable`.",
        "runfiles": "runfiles: the program and what it needs.",
    },
)

def _one_configuration_impl(_settings, _attr):
    return chip_settings(CHIPS["esp32"].platform) | DEFAULT_SETTINGS

_one_configuration = transition(
    implementation = _one_configuration_impl,
    inputs = [],
    outputs = CHIP_OUTPUTS + DEFAULT_SETTINGS.keys(),
)

def _esp32_tool_impl(ctx):
    target = ctx.attr.program
    return [
        DefaultInfo(files = depset([ctx.executable.program])),
        Esp32ToolInfo(
            crates = target[rust_common.dep_info].transitive_crates if rust_common.dep_info in target else depset(),
            executable = ctx.executable.program,
            files_to_run = target[DefaultInfo].files_to_run,
            runfiles = ctx.runfiles([ctx.executable.program]).merge(target[DefaultInfo].default_runfiles),
        ),
    ]

esp32_tool = rule(
    implementation = _esp32_tool_impl,
    doc = "A program that rules run.",
    attrs = {
        "program": attr.label(mandatory = True, executable = True, cfg = "exec", doc = "The program."),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    cfg = _one_configuration,
    provides = [Esp32ToolInfo],
)

def tool_attr(name):
    """The attribute of a rule that runs a program.

    Args:
      name: string; the program's name, such as `espimage`.

    Returns:
      attr.label; the target has Esp32ToolInfo.
    """
    return attr.label(default = "//esp32/private:" + name, providers = [Esp32ToolInfo])
