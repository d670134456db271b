"""What the BUILD files of toolchains/ share."""

LINUX_X86_64 = [
    "@platforms//cpu:x86_64",
    "@platforms//os:linux",
]

CHIPS = ["esp32"]

# The settings of chips' toolchains (//toolchains), as they are where nobody sets them.
DEFAULT_SETTINGS = {
    str(Label("//toolchains:cc")): "gcc",
    str(Label("//toolchains:core")): "chip",
    str(Label("//toolchains:float")): "hard",
}

# What a chip runs, by how the names of its platform and toolchains go on.
OPERATING_SYSTEMS = {
    "": "@platforms//os:none",
    "_espidf": "//platforms:espidf",
}

# The instruction set of each chip, a value of @platforms//cpu:cpu.
_CPU = {"esp32": "//platforms:xtensa"}

def chip_constraints(chip, os = "@platforms//os:none"):
    """The constraint values of a chip's platform.

    Args:
      chip: string; one of CHIPS.
      os: label of what it runs: nothing, or //platforms:espidf.

    Returns:
      list of labels.
    """
    return [_CPU[chip], "//platforms:chip_" + chip, os]

def toolchains(name, impls, exec, target, settings = []):
    """One `toolchain()` for each of several toolchain types.

    Args:
      name: string; how the targets' names end.
      impls: dict from the label of a toolchain type to the label of its implementation.
      exec: list of constraint values of the machine that the tools run on.
      target: list of constraint values of what they make programs for.
      settings: list of labels of the `config_setting`s that choose them.
    """
    for toolchain_type, impl in impls.items():
        native.toolchain(
            name = "{}_{}".format(
                toolchain_type.removesuffix(":toolchain_type").rstrip("/").rpartition("/")[2].removeprefix("@"),
                name,
            ),
            exec_compatible_with = exec,
            target_compatible_with = target,
            target_settings = settings,
            toolchain = impl,
            toolchain_type = toolchain_type,
        )
