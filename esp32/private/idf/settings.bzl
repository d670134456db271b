"""What an sdkconfig says of the flash."""

def flash_settings(options):
    """The settings of the flash that an image is for.

    Args:
      options: dict from the name of an option, with CONFIG_, to its value as an sdkconfig has it.

    Returns:
      struct (freq: string, such as `40m`; max_rev_full: string, such as `399`; min_rev_full: string; mode: string, such as `dio`; size: string, such as
      `4MB`; table_offset: int; where the partition table is, in bytes; xtal_freq: string, such as `40m`).
    """

    def value(name, default):
        return options.get(name, default).strip("\"")

    return struct(
        freq = value("CONFIG_ESPTOOLPY_FLASHFREQ", "40m"),
        max_rev_full = value("CONFIG_ESP_REV_MAX_FULL", "399"),
        min_rev_full = value("CONFIG_ESP_REV_MIN_FULL", "0"),
        mode = value("CONFIG_ESPTOOLPY_FLASHMODE", "dio"),
        size = value("CONFIG_ESPTOOLPY_FLASHSIZE", "4MB"),
        table_offset = int(value("CONFIG_PARTITION_TABLE_OFFSET", "0x8000"), 0),
        xtal_freq = value("CONFIG_XTAL_FREQ", "40") + "m",
    )

def revision(full):
    """A chip's revision as people write it.

    Args:
      full: string; major * 100 + minor, as an sdkconfig has it.

    Returns:
      string, MAJOR.MINOR.
    """
    return "{}.{}".format(int(full) // 100, int(full) % 100)
