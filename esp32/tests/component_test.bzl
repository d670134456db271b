"""Analysis tests of `idf_component` and `idf_bindgen`. The targets under test are in BUILD.bazel."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("@rules_rust//rust:rust_common.bzl", "CrateInfo")
load("//esp32:defs.bzl", "idf_component")
load("//esp32:providers.bzl", "IdfComponentInfo")
load(":testing.bzl", "FOR_CHIP", "assert_none", "assert_subset", "basenames", "chip_failure_test", "find_action")

_DIR = "esp32/tests/components/"

def _include_dirs(argv):
    """The folders of -I, -iquote and -isystem, in the source tree."""
    dirs = []
    for i, argument in enumerate(argv):
        if argument in ("-I", "-iquote", "-isystem"):
            dirs.append(argv[i + 1])
        elif argument.startswith("-I"):
            dirs.append(argument.removeprefix("-I"))
    return [d for d in dirs if not d.startswith("bazel-out/")]

def _component(target, label):
    return [c for c in target[IdfComponentInfo].components.to_list() if c.label == label][0]

def _requirements_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)

    info = target[IdfComponentInfo]
    own, base, ping = target.label, Label(":base"), Label(":ping")
    asserts.equals(env, [base, own], sorted([c.label for c in info.components.to_list()], key = str))
    component = _component(target, own)
    asserts.equals(env, [base, ping], list(component.needs))
    asserts.equals(env, ["pong.o"], basenames(component.objects))
    asserts.equals(env, ["pong.o"], basenames(target[DefaultInfo].files))

    # what others see: its own headers and those of REQUIRES
    for context in [info.compilation_context, target[CcInfo].compilation_context]:
        asserts.equals(env, ["base.h", "pong.h"], sorted(basenames(context.headers)))
        assert_subset(env, [_DIR + "base", _DIR + "pong"], context.includes.to_list())
        assert_none(env, [_DIR + "ping"], context.includes.to_list())
        asserts.equals(env, [], context.defines.to_list())

    # what its sources see: those of PRIV_REQUIRES as well, but not what is private there
    action = find_action(env, "CppCompile", "pong.o")
    assert_subset(env, [_DIR + "base", _DIR + "ping", _DIR + "pong"], _include_dirs(action.argv))
    assert_none(env, [_DIR + "ping/private"], _include_dirs(action.argv))
    assert_subset(env, ["-DPING_VERSION=7", "-mlongcalls"], action.argv)
    assert_none(env, ["-DPING_SECRET=5", "-Werror"], action.argv)
    return analysistest.end(env)

_requirements_test = analysistest.make(_requirements_test_impl, config_settings = FOR_CHIP)

def _private_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, ["PING_VERSION=7"], target[CcInfo].compilation_context.defines.to_list())
    action = find_action(env, "CppCompile", "ping.o")
    assert_subset(env, [_DIR + "ping/private"], _include_dirs(action.argv))
    assert_subset(env, ["-DPING_SECRET=5", "-DPING_VERSION=7", "-Werror"], action.argv)
    return analysistest.end(env)

_private_test = analysistest.make(_private_test_impl, config_settings = FOR_CHIP)

def _embedded_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(
        env,
        ["1st-text.txt.o", "ping.o", "table.bin.o"],
        sorted(basenames(_component(target, target.label).objects)),
    )
    for file in ["table.bin", "1st-text.txt"]:
        source = find_action(env, "FileWrite", file + ".S").content
        asserts.true(env, ".incbin \"{}ping/{}\"".format(_DIR, file) in source, source)
        assert_subset(env, [file, file + ".S"], basenames(find_action(env, "CppCompile", file + ".o").inputs))
    return analysistest.end(env)

_embedded_test = analysistest.make(_embedded_test_impl, config_settings = FOR_CHIP)

def _linker_scripts_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    component = _component(target, target.label)
    asserts.equals(env, ["start.ld"], basenames(component.linker_scripts))
    asserts.equals(env, ["start.o"], basenames(component.objects))
    asserts.equals(env, [], list(component.needs))
    return analysistest.end(env)

_linker_scripts_test = analysistest.make(_linker_scripts_test_impl, config_settings = FOR_CHIP)

def _cxx_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    component = _component(target, target.label)
    asserts.true(env, component.cxx)
    asserts.equals(env, ["prebuilt.a"], basenames(component.archives))
    action = find_action(env, "CppCompile", "shapes.o")
    assert_subset(env, ["-std=gnu++17", "-fexceptions", "-fno-rtti"], action.argv)

    # C++'s headers come before C's, which they include
    folders = [a for i, a in enumerate(action.argv) if i and action.argv[i - 1] in ("-isystem", "-idirafter")]
    asserts.true(env, folders[0].endswith("/include/c++"), str(folders))
    return analysistest.end(env)

# for the core of boot tests: they need its library anyway
_cxx_test = analysistest.make(_cxx_test_impl, config_settings = FOR_CHIP | {str(Label("//toolchains:core")): "de233_fpu"})

def _c_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.false(env, _component(target, target.label).cxx)
    action = find_action(env, "CppCompile", "ping.o")
    assert_subset(env, ["-std=gnu17", "-mlongcalls"], action.argv)

    # C++'s library takes minutes to make: C asks for none of it
    asserts.equals(env, [], [f.path for f in action.inputs.to_list() if "libstdcxx" in f.path])
    asserts.true(env, action.argv[0].endswith("-elf-gcc"), action.argv[0])
    return analysistest.end(env)

_c_test = analysistest.make(_c_test_impl, config_settings = FOR_CHIP)

def _clang_test_impl(ctx):
    env = analysistest.begin(ctx)
    action = find_action(env, "CppCompile", "ping.o")
    asserts.true(env, action.argv[0].endswith("/clang"), action.argv[0])
    assert_subset(env, ["--target=xtensa-none-elf"], action.argv)
    assert_subset(env, ["-DPING_SECRET=5", "-DPING_VERSION=7"], find_action(env, "IdfCheckCalls", "ping.c.ok").argv)
    asserts.equals(env, ["ping.c.ok"], basenames(analysistest.target_under_test(env)[OutputGroupInfo]._validation))
    asserts.true(env, find_action(env, "CppCompile", "table.bin.o").argv[0].endswith("-elf-gcc"), "assembly is GNU as's")
    return analysistest.end(env)

_clang_test = analysistest.make(_clang_test_impl, config_settings = FOR_CHIP | {str(Label("//toolchains:cc")): "clang"})

def _bindings_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, [Label(":ping")], [c.label for c in target[IdfComponentInfo].components.to_list()])
    asserts.equals(env, "#include \"ping.h\"\n", find_action(env, "FileWrite", "ping_sys.bindings.h").content)
    action = find_action(env, "IdfBindgen", "ping_sys.bindings.rs")
    assert_subset(env, ["--use-core", "--allowlist-item", "ping.*", "-DPING_VERSION=7", "--target=xtensa-none-elf"], action.argv)
    assert_none(env, ["--no-layout-tests", "-c", "-o"], action.argv)
    assert_subset(env, [_DIR + "ping"], _include_dirs(action.argv))
    own = [a for a in action.argv if a.startswith("external/") and a.endswith("/lib/clang/23/include")]
    asserts.equals(env, 1, len(own), "clang's own headers are to be named once: {}".format(own))
    assert_subset(env, ["ping.h", "ping_sys.bindings.h"], basenames(action.inputs))
    assert_none(env, ["pong.h", "secret.h"], basenames(action.inputs))
    return analysistest.end(env)

_bindings_test = analysistest.make(_bindings_test_impl, config_settings = FOR_CHIP)

def _bindings_crate_test_impl(ctx):
    env = analysistest.begin(ctx)
    crate = analysistest.target_under_test(env)[CrateInfo]
    asserts.equals(env, "ping_sys", crate.name)
    asserts.equals(env, ["ping_sys.bindings.rs"], basenames(crate.srcs))
    return analysistest.end(env)

_bindings_crate_test = analysistest.make(_bindings_crate_test_impl, config_settings = FOR_CHIP)

def component_test_suite(name):
    """Tests of `idf_component` and `idf_bindgen`.

    Args:
      name: string; the suite's name.
    """
    idf_component(
        name = name + ".same_symbol",
        embed_files = ["components/ping/table.bin"],
        embed_txtfiles = [":{}.table.bin".format(name)],
        tags = ["manual"],
    )
    native.genrule(
        name = name + ".table.bin",
        outs = ["generated/table.bin"],
        cmd = "exit 1",
        tags = ["manual"],
    )
    idf_component(
        name = name + ".shapes",
        srcs = ["components/ping/shapes.cpp"],
        archives = [":{}.prebuilt.a".format(name)],
        features = ["exceptions"],
        tags = ["manual"],
    )
    native.genrule(
        name = name + ".prebuilt.a",
        outs = ["generated/prebuilt.a"],
        cmd = "exit 1",
        tags = ["manual"],
    )
    tests = {
        "bindings": (_bindings_test, ":ping_sys.bindings", {}),
        "bindings_crate": (_bindings_crate_test, ":ping_sys", {}),
        "c": (_c_test, ":ping", {}),
        "clang": (_clang_test, ":ping", {}),
        "cxx": (_cxx_test, name + ".shapes", {}),
        "embedded": (_embedded_test, ":ping", {}),
        "linker_scripts": (_linker_scripts_test, ":start", {}),
        "private": (_private_test, ":ping", {}),
        "requirements": (_requirements_test, ":pong", {}),
        "same_symbol": (chip_failure_test, name + ".same_symbol", {"messages": [
            "idf_component //esp32/tests:component_test.same_symbol: //esp32/tests:components/ping/table.bin and " +
            "//esp32/tests:{}.table.bin would both be the symbol 'table_bin': rename one of the files".format(name),
        ]}),
    }
    for test, (rule, target, attributes) in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small", target_under_test = target, **attributes)
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
