"""Analysis tests of `esp32_firmware`. The target under test is in BUILD.bazel."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//esp32:defs.bzl", "esp32_firmware")
load("//esp32:providers.bzl", "Esp32FirmwareInfo")
load(":testing.bzl", "assert_subset", "basenames", "failure_test", "find_action", "value_of")

def _firmware_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[Esp32FirmwareInfo]
    asserts.equals(env, "esp32", info.chip)
    asserts.equals(env, [info.elf], target[DefaultInfo].files.to_list())
    asserts.equals(env, "firmware.elf", info.elf.basename)
    asserts.equals(env, [info.map], target[OutputGroupInfo].map.to_list())
    asserts.equals(env, [Label(":" + c) for c in ["base", "ping", "pong", "start"]], sorted([c.label for c in info.components], key = str))
    asserts.equals(env, ("firmware", "staticlib"), (info.rust.name, info.rust.type))
    asserts.equals(env, ["extra.ld"], basenames(info.sources))

    # This test is built for the build machine: the transition to the chip is the rule's own.
    asserts.false(env, info.elf.path.startswith(ctx.bin_dir.path + "/"), info.elf.path)

    action = find_action(env, "Esp32Link", "firmware.elf")
    asserts.equals(
        env,
        ["components/start/start.ld", "components/start/extra.ld"],
        [s.removeprefix("esp32/tests/") for i, s in enumerate(action.argv) if i and action.argv[i - 1] == "-T"],
    )
    asserts.equals(env, info.map.path, value_of(action.argv, "-Map"))
    assert_subset(env, ["--gc-sections", "--build-id=none", "--defsym=from_linkopts=1"], action.argv)

    # each component once: `ping`, which only a crate's bindings name, and `pong`, which `components` does; and the core's runtime
    asserts.equals(
        env,
        ["1st-text.txt.o", "esp32.o", "ping.o", "pong.o", "start.o", "table.bin.o"],
        sorted([a.rpartition("/")[2] for a in action.argv if a.endswith(".o") and "=" not in a]),
    )
    archives = [a for a in action.argv if a.endswith(".a")]
    asserts.equals(env, 1, len(archives))
    assert_subset(env, ["start.ld", "extra.ld", "ping.o", archives[0].rpartition("/")[2]], basenames(action.inputs))

    # no file of the machine, and nothing whose name is made up anew in each build
    asserts.equals(env, [], [a for a in action.argv if a.startswith("/")])
    assert_subset(env, ["firmware.lto"], basenames(action.outputs))
    return analysistest.end(env)

_firmware_test = analysistest.make(_firmware_test_impl)

def firmware_test_suite(name):
    """Tests of `esp32_firmware`.

    Args:
      name: string; the suite's name.
    """
    esp32_firmware(
        name = name + ".incomplete",
        srcs = ["main.rs"],
        components = [":pong"],
        linker_scripts = ["components/start/start.ld"],
        tags = ["manual"],
    )
    esp32_firmware(
        name = name + ".no_script",
        srcs = ["main.rs"],
        components = [":base"],
        tags = ["manual"],
    )
    tests = {
        "firmware": (_firmware_test, ":firmware", {}),
        "incomplete": (failure_test, name + ".incomplete", {"messages": [
            "esp32_firmware //esp32/tests:{}.incomplete: components are missing:".format(name),
            "  //esp32/tests:ping, which //esp32/tests:pong requires",
            "Add to its `components`:\n    \"//esp32/tests:ping\",",
        ]}),
        "no_script": (failure_test, name + ".no_script", {"messages": [
            "esp32_firmware //esp32/tests:{}.no_script: no linker script: add esp-hal to `deps`, which brings its own, name one in `linker_scripts`".format(name),
        ]}),
    }
    for test, (rule, target, attributes) in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small", target_under_test = target, **attributes)
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
