"""`idf_bootloader`: ESP-IDF's second-stage bootloader, out of its source."""

load("//esp32/private:firmware.bzl", "esp32_firmware")

def idf_bootloader(name, components, project, visibility):
    """The bootloader of a configured tree.

    Args:
      name: string; its name.
      components: labels of its components.
      project: label of its `idf_project`.
      visibility: as everywhere.
    """
    esp32_firmware(
        name = name + ".link",
        components = components,
        visibility = visibility,
    )
