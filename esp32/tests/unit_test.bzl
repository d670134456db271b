"""Tests of the functions that rules decide with."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//esp32/private:boot_test.bzl", "bazel_timeout")
load("//esp32/private:component.bzl", "c_identifier", "embed_assembly", "may_be_cxx", "self_requirement_error")
load("//esp32/private:firmware.bzl", "missing_components_error", "missing_cxx_error")
load("//esp32/private:image.bzl", "bootloader_error", "layout_error")
load("//esp32/private/idf:option_setting.bzl", "has_value", "option_error")
load("//esp32/private/idf:sdkconfig.bzl", "flat_kconfig")

def _text(error):
    return "".join([str(part) for part in error])

def _self_requirement_test_impl(ctx):
    env = unittest.begin(ctx)
    own, other = Label("//components:log"), Label("//components:soc")
    asserts.equals(env, [], self_requirement_error(own, {"priv_requires": [other], "requires": []}))
    for attribute in ["priv_requires", "requires"]:
        asserts.equals(
            env,
            "idf_component @@//components:log lists itself in {}: remove it".format(attribute),
            _text(self_requirement_error(own, {attribute: [other, own]})),
        )
    return unittest.end(env)

_self_requirement_test = unittest.make(_self_requirement_test_impl)

def _missing_components_test_impl(ctx):
    env = unittest.begin(ctx)
    firmware, log, soc, rom = Label("//:firmware"), Label("//c:log"), Label("//c:soc"), Label("//c:rom")
    component = lambda label, needs: struct(label = label, needs = tuple(needs))

    # a group that needs itself is complete
    asserts.equals(env, [], missing_components_error(firmware, [component(log, [soc]), component(soc, [log])]))
    asserts.equals(env, """\
esp32_firmware @@//:firmware: components are missing:
  @@//c:rom, which @@//c:log requires
  @@//c:soc, which @@//c:log requires
Add to its `components`:
    "@@//c:rom",
    "@@//c:soc",
""", _text(missing_components_error(firmware, [
        component(log, [rom, soc]),
        component(Label("//c:timer"), [rom]),
    ])))
    return unittest.end(env)

_missing_components_test = unittest.make(_missing_components_test_impl)

def _cxx_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.false(env, may_be_cxx(["a.c", ":b.S", "c.h", Label("//:d.c")]))
    for srcs in [["a.c", "b.cpp"], ["a.cc"], [":generated"], select({"//conditions:default": ["a.c"]})]:
        asserts.true(env, may_be_cxx(srcs), str(srcs))

    firmware = Label("//:firmware")
    archive = lambda name: struct(basename = name)
    c = struct(label = Label("//c:log"), cxx = False, archives = (archive("libc.a"),))
    cxx = struct(label = Label("//c:shapes"), cxx = True, archives = ())
    library = struct(label = Label("//c:cxx"), cxx = False, archives = (archive("libstdc++.a"),))
    asserts.equals(env, [], missing_cxx_error(firmware, [c]))
    asserts.equals(env, [], missing_cxx_error(firmware, [cxx, c, library]))
    asserts.equals(
        env,
        "esp32_firmware @@//:firmware: @@//c:shapes is C++, and no component has its library among its `archives`: add one to " +
        "`components`, such as \"@rules_esp32//firmware/components/cxx\"",
        _text(missing_cxx_error(firmware, [c, cxx])),
    )
    return unittest.end(env)

_cxx_test = unittest.make(_cxx_test_impl)

def _embed_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, "index_html_gz", c_identifier("index.html.gz"))
    asserts.equals(env, "_2_x", c_identifier("2-x"))
    source = embed_assembly("2.pem", "certificates/2.pem", True)
    for symbol in ["_2_pem", "_binary_2_pem_start", "_binary_2_pem_end", "_2_pem_length"]:
        asserts.true(env, "    .global {0}\n{0}:\n".format(symbol) in source, symbol)
    asserts.true(env, "    .incbin \"certificates/2.pem\"\n.Lend:\n    .byte 0\n" in source)
    asserts.false(env, ".byte" in embed_assembly("2.pem", "certificates/2.pem", False))
    return unittest.end(env)

_embed_test = unittest.make(_embed_test_impl)

def _layout_test_impl(ctx):
    env = unittest.begin(ctx)

    def error(offset = 0x8000, app_partition = "", data = []):
        return _text(layout_error(Label("//:image"), "esp32", Label("//:table"), offset, app_partition, data))

    file, other = Label("//:nvs.bin"), Label("//:other.bin")
    asserts.equals(env, "", error(app_partition = "ota_0", data = [(file, "nvs"), (other, "2nd")]))
    asserts.equals(env, "", error(offset = 0x2000))
    asserts.true(env, "at 0x0 is not behind the bootloader" in error(offset = 0))
    asserts.true(env, "which has no name" in error(data = [(file, "")]))
    asserts.true(env, "which is an offset" in error(data = [(file, "36864")]))
    return unittest.end(env)

_layout_test = unittest.make(_layout_test_impl)

def _bootloader_test_impl(ctx):
    env = unittest.begin(ctx)

    def error(config, offset = "0x8000", xtal = "40", bootloader = Label("//:bootloader.bin")):
        return _text(bootloader_error(Label("//:image"), bootloader, config, Label("//:table"), {
            "CONFIG_ESPTOOLPY_FLASHFREQ": "40m",
            "CONFIG_PARTITION_TABLE_OFFSET": offset,
            "CONFIG_XTAL_FREQ": xtal,
        }))

    offset = "CONFIG_PARTITION_TABLE_OFFSET"
    asserts.equals(env, "", error({}))
    asserts.equals(env, "", error({}, bootloader = None))
    asserts.equals(env, "", error({offset: "0xA000", "CONFIG_ESPTOOLPY_FLASHFREQ": "\"40m\"", "CONFIG_SECURE_BOOT": "n"}, offset = "0xa000"))
    asserts.true(env, "at 0x9000, and the shipped bootloader is compiled for 0x8000" in error({}, offset = "0x9000", bootloader = None))
    asserts.true(env, "is at 0x9000, @@//:bootloader.bin looks at 0x8000: " in error({}, offset = "0x9000"))
    asserts.true(env, "is at 0x8000, @@//:bootloader.bin looks at 0x10000: " in error({offset: "0x10000"}))
    asserts.true(env, "for CONFIG_XTAL_FREQ=26, @@//:bootloader.bin was compiled for 40: " in error({}, xtal = "26"))
    asserts.true(env, "for CONFIG_ESPTOOLPY_FLASHFREQ=40m, @@//:bootloader.bin was compiled for 80m: " in error({"CONFIG_ESPTOOLPY_FLASHFREQ": "80m"}))
    asserts.true(env, "CONFIG_SECURE_BOOT=y, which starts signed applications only" in error({"CONFIG_SECURE_BOOT": "y"}))
    asserts.true(env, "anti" in error({"CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK": "y"}).lower())
    asserts.true(env, "name that in `bootloader`" in error({offset: "0x8000"}, bootloader = None))
    asserts.true(env, "CONFIG_ANY in `bootloader_config` is none of the settings" in error({"CONFIG_ANY": "y"}))
    return unittest.end(env)

_bootloader_test = unittest.make(_bootloader_test_impl)

def _option_test_impl(ctx):
    env = unittest.begin(ctx)
    options = {"CONFIG_HZ": 100, "CONFIG_NAME": "a b", "CONFIG_OFF": False, "CONFIG_ON": True, "CONFIG_PLACE": 0x8000}
    known = options.keys() + ["CONFIG_HIDDEN"]
    for option, value in [
        ("CONFIG_ON", "y"),
        ("CONFIG_OFF", "n"),
        ("CONFIG_HIDDEN", "n"),
        ("CONFIG_HZ", "100"),
        ("CONFIG_HZ", "0x64"),
        ("CONFIG_PLACE", "0x8000"),
        ("CONFIG_NAME", "a b"),
        ("CONFIG_NAME", "\"a b\""),
    ]:
        asserts.equals(env, "", option_error(option, value, options, known))
        asserts.true(env, has_value(option, value, options), option)
    for option, value in [("CONFIG_ON", "n"), ("CONFIG_OFF", "y"), ("CONFIG_HIDDEN", "y"), ("CONFIG_HZ", "1000"), ("CONFIG_HZ", "many"), ("CONFIG_NAME", "a")]:
        asserts.false(env, has_value(option, value, options), option)
    asserts.true(env, "there is no option CONFIG_HIDEN: did you mean CONFIG_HIDDEN" in option_error("CONFIG_HIDEN", "y", options, known))
    asserts.equals(env, "CONFIG_ON is y or n, and value = \"1\" is neither", option_error("CONFIG_ON", "1", options, known))

    flat = flat_kconfig({"HZ": 100, "PLACE": 0x8000}, {"CONFIG_HZ": "100", "CONFIG_PLACE": "0x8000"}, {"CONFIG_HZ": "int", "CONFIG_RAM_ONLY": "bool"})
    asserts.true(env, "config HZ\n    int\n    default 100\n" in flat)
    asserts.true(env, "config PLACE\n    hex\n    default 0x8000\n" in flat)

    # n, not unknown
    asserts.true(env, flat.endswith("config RAM_ONLY\n    bool\n"))
    return unittest.end(env)

_option_test = unittest.make(_option_test_impl)

def _timeout_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, "short", bazel_timeout(50))
    asserts.equals(env, "moderate", bazel_timeout(51))
    asserts.equals(env, "eternal", bazel_timeout(3590))
    return unittest.end(env)

_timeout_test = unittest.make(_timeout_test_impl)

def unit_test_suite(name):
    """Tests of the functions that rules decide with.

    Args:
      name: string; the suite's name.
    """
    tests = {
        "cxx": _cxx_test,
        "embed": _embed_test,
        "bootloader": _bootloader_test,
        "layout": _layout_test,
        "missing_components": _missing_components_test,
        "option": _option_test,
        "self_requirement": _self_requirement_test,
        "timeout": _timeout_test,
    }
    for test, rule in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small")
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
