"""What the rules know of each chip, and the transition to its platform."""

# bootloader_offset: where the ROM looks for the second-stage bootloader, in bytes (ESP-IDF: components/esptool_py,
# Kconfig.projbuild, ESPTOOLPY_BOOTLOADER_OFFSET).
CHIPS = {
    "esp32": struct(
        bootloader_offset = 0x1000,
        constraints = [
            "//platforms:xtensa",
            "//platforms:chip_esp32",
            "@platforms//os:none",
        ],
        platform = "//platforms:esp32",
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

CHIP_ATTR = attr.string(
    doc = "The chip that it is for.",
    default = "esp32",
    values = CHIPS.keys(),
)
