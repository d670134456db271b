"""What the rules know of each chip, and the transition to its platform and to the toolchains of these rules."""

# bootloader_offset: where the ROM looks for the second-stage bootloader, in bytes (ESP-IDF: components/esptool_py,
# Kconfig.projbuild, ESPTOOLPY_BOOTLOADER_OFFSET).
CHIPS = {
    "esp32": struct(
        bootloader_offset = 0x1000,
        constraints = [
            "//platforms:xtensa",
            "//platforms:chip_esp32",
        ],
        platform = "//platforms:esp32",
        std_platform = "//platforms:esp32_espidf",
    ),
}

def chip_constraints(chip):
    """The constraint values of a chip's platform, for `target_compatible_with`.

    Args:
      chip: string; one of CHIPS.

    Returns:
      list of Labels.
    """
    return [Label(c) for c in CHIPS[chip].constraints]

# The toolchains of these rules, a user's own ones notwithstanding: the chips', and the build machine's for macros, build scripts and generators.
_TOOLCHAINS = ["//toolchains:all", "//toolchains/host:all"]

_EXTRA_TOOLCHAINS = "//command_line_option:extra_toolchains"
_PLATFORMS = "//command_line_option:platforms"

def chip_settings(platform, extra_toolchains = []):
    """What a transition to a chip sets: the platform, so that nobody has to say --platforms, and toolchains that win over all others.

    Args:
      platform: string; the label of the chip's platform, in this repository.
      extra_toolchains: list of strings; what --extra_toolchains is before.

    Returns:
      dict from options to their values; their names are CHIP_OUTPUTS.
    """

    # as .bazelrc has them; without modules, str() writes a single @
    ours = ["@@" + str(Label(toolchains)).lstrip("@") for toolchains in _TOOLCHAINS]
    return {
        # the last one wins
        _EXTRA_TOOLCHAINS: [t for t in extra_toolchains if t not in ours] + ours,
        _PLATFORMS: [str(Label(platform))],
    }

CHIP_INPUTS = [_EXTRA_TOOLCHAINS]
CHIP_OUTPUTS = [_EXTRA_TOOLCHAINS, _PLATFORMS]

# To the chip that the attribute `chip` names; where there is none, to any chip, for its toolchains.
chip_transition = transition(
    implementation = lambda settings, attr: chip_settings(CHIPS[getattr(attr, "chip", "esp32")].platform, settings[_EXTRA_TOOLCHAINS]),
    inputs = CHIP_INPUTS,
    outputs = CHIP_OUTPUTS,
)

_ACTION_ENV = "//command_line_option:action_env"

def _firmware_transition_impl(settings, attr):
    chip = CHIPS[attr.chip]

    # Where `env` is empty, the configuration stays what it is, and crates are those of other firmware.
    env = ["{}={}".format(key, attr.env[key]) for key in sorted(attr.env)]
    return chip_settings(chip.std_platform if attr.std else chip.platform, settings[_EXTRA_TOOLCHAINS]) | {
        _ACTION_ENV: settings[_ACTION_ENV] + env,
    }

# The same, with the environment of the attribute `env`, and with Rust's std where the attribute `std` says so.
firmware_transition = transition(
    implementation = _firmware_transition_impl,
    inputs = CHIP_INPUTS + [_ACTION_ENV],
    outputs = CHIP_OUTPUTS + [_ACTION_ENV],
)

CHIP_ATTR = attr.string(
    doc = "The chip that it is for.",
    default = "esp32",
    values = CHIPS.keys(),
)
