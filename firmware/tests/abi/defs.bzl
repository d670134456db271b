"""The corpus of calls between C, C++ and Rust as a firmware that is booted."""

load("//esp32:defs.bzl", "esp32_boot_test", "esp32_firmware", "esp32_image", "idf_component")

def abi_test(name, copts, rustc_flags = []):
    """Boots the corpus in the emulator.

    Args:
      name: string; the test is `NAME_test`.
      copts: strings; how C and C++ are compiled.
      rustc_flags: strings; how Rust is.
    """
    common = dict(
        testonly = True,
        hdrs = ["abi.h"],
        includes = ["."],
        copts = copts,
        visibility = ["//visibility:private"],
    )
    idf_component(
        name = name + ".c",
        srcs = [
            "atomics.c",
            "control.c",
            "numbers.c",
            "structs.c",
            "structs_calls.c",
            "varargs.c",
            "varargs_calls.c",
        ],
        priv_requires = [
            "//firmware/components/log",
            "//firmware/components/newlib",
        ],
        **common
    )
    idf_component(
        name = name + ".cxx",
        srcs = ["cxx.cpp"],
        features = [
            "exceptions",
            "rtti",
        ],
        requires = ["//firmware/components/cxx"],
        **common
    )
    esp32_firmware(
        name = name,
        testonly = True,
        srcs = [
            "main.rs",
            "numbers.rs",
            "structs.rs",
        ],
        components = [
            ":{}.c".format(name),
            ":{}.cxx".format(name),
            "//firmware/components/newlib",
        ],
        edition = "2024",
        rustc_flags = rustc_flags,
        deps = ["//firmware/esp"],
    )
    esp32_image(
        name = name + ".image",
        testonly = True,
        firmware = ":" + name,
        partition_table = "//firmware:partition_table",
    )
    esp32_boot_test(
        name = name + "_test",
        expect = [
            {"regex": "^I \\(\\d+\\) varargs: 12 345678901234 2\\.50 text$"},
            "PASS: abi",
        ],
        forbid = [
            "FAIL",
            "Guru Meditation",
        ],
        image = ":{}.image".format(name),
    )
