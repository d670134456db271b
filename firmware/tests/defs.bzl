"""An application that is there to be booted."""

load("//esp32:defs.bzl", "esp32_boot_test", "esp32_firmware", "esp32_image")

def boot_tested_app(name, expect, deps = [], exit = None):
    """Boots `NAME.rs` in the emulator: the test is `NAME_test`; and on a board, where there is one: `NAME_board_test`.

    Args:
      name: string; the source's name.
      expect: lines, as `esp32_boot_test` takes them.
      deps: labels of crates besides `esp`.
      exit: as `esp32_boot_test` takes it.
    """
    esp32_firmware(
        name = name,
        testonly = True,
        srcs = [name + ".rs"],
        edition = "2024",
        visibility = ["//tools/espmon:__pkg__"],
        deps = ["//firmware/esp"] + deps,
    )
    esp32_image(
        name = name + ".image",
        testonly = True,
        firmware = ":" + name,
        partition_table = "//firmware:partition_table",
    )
    for environment, suffix in {"board": "_board_test", "qemu": "_test"}.items():
        esp32_boot_test(
            name = name + suffix,
            environment = environment,
            exit = exit,
            expect = expect,
            forbid = ["FAIL"] + ([] if exit else ["Guru Meditation"]),
            image = ":{}.image".format(name),
        )
