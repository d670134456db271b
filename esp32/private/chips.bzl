"""What the rules know of each chip, and the transition to its platform."""

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

def _chip_transition_impl(_settings, attr):
    return {"//command_line_option:platforms": [str(Label(CHIPS[attr.chip].platform))]}

# To the platform of the chip that the attribute `chip` names, so that nobody has to say --platforms.
chip_transition = transition(
    implementation = _chip_transition_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

_ACTION_ENV = "//command_line_option:action_env"

def _firmware_transition_impl(settings, attr):
    # Where `env` is empty, the configuration stays what it is, and crates are those of other firmware.
    env = ["{}={}".format(key, attr.env[key]) for key in sorted(attr.env)]
    platform = {"//command_line_option:platforms": [str(Label(CHIPS[attr.chip].std_platform))]} if attr.std else _chip_transition_impl(settings, attr)
    return platform | {_ACTION_ENV: settings[_ACTION_ENV] + env}

# The same, with the environment of the attribute `env`, and with Rust's std where the attribute `std` says so.
firmware_transition = transition(
    implementation = _firmware_transition_impl,
    inputs = [_ACTION_ENV],
    outputs = ["//command_line_option:platforms", _ACTION_ENV],
)

CHIP_ATTR = attr.string(
    doc = "The chip that it is for.",
    default = "esp32",
    values = CHIPS.keys(),
)
