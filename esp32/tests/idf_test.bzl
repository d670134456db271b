"""Tests of the functions that read what ESP-IDF's configure says."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//esp32/private/idf:explain.bzl", "cmake_error", "explain_configure_failure")
load("//esp32/private/idf:graph.bzl", "closures")
load("//esp32/private/idf:model.bzl", "embedded", "fragments_list", "link_line", "path_mapper")
load("//esp32/private/idf:nearest.bzl", "nearest")
load("//esp32/private/idf:ninja.bzl", "commands_for", "custom_commands")
load("//esp32/private/idf:project.bzl", "parse_sdkconfig")
load("//esp32/private/idf:render.bzl", "file_label", "include_label", "package_of")
load("//esp32/private/idf:sdkconfig.bzl", "defaults_errors", "defaults_lines", "flat_kconfig", "flatten_menus", "menu_ranges")
load("//esp32/private/idf:settings.bzl", "flash_settings", "revision")
load("//esp32/private/idf:source.bzl", "tree_version", "version_error")

_NINJA = """\
# a rule of the compiler's is no custom command
build esp-idf/log/log.c.obj: C_COMPILER__log /idf/log.c
  COMMAND = no

build esp-idf/t/squares.c | ${cmake_ninja_workdir}esp-idf/t/squares.c: CUSTOM_COMMAND /idf/squares.py esp-idf/t/table || esp-idf/order
  COMMAND = cd /build && python3 /idf/squares.py 12$$ > a$:b
  DESC = Generating

build esp-idf/t/table: CUSTOM_COMMAND
  COMMAND = make table

build with$ blank: CUSTOM_COMMAND /idf/an$ input
  COMMAND = echo

build all: phony esp-idf/t/squares.c
"""

def _ninja_test_impl(ctx):
    env = unittest.begin(ctx)
    commands = custom_commands(_NINJA)
    asserts.equals(env, ["esp-idf/t/squares.c", "esp-idf/t/table", "with blank"], sorted(commands))
    squares = commands["esp-idf/t/squares.c"]
    asserts.equals(env, "cd /build && python3 /idf/squares.py 12$ > a:b", squares.command)

    # not what is only to be there before
    asserts.equals(env, ["/idf/squares.py", "esp-idf/t/table"], squares.inputs)
    asserts.equals(env, ["/idf/an input"], commands["with blank"].inputs)

    in_order = ["make table", squares.command]
    asserts.equals(env, in_order, commands_for(commands, ["/build/esp-idf/t/squares.c"], "/build"))
    asserts.equals(env, in_order, commands_for(commands, ["esp-idf/t/table", "esp-idf/t/squares.c"], "/build"))
    asserts.equals(env, [], commands_for(commands, ["/idf/log.c"], "/build"))
    return unittest.end(env)

_ninja_test = unittest.make(_ninja_test_impl)

def _paths_test_impl(ctx):
    env = unittest.begin(ctx)
    to_repository = path_mapper({
        "/idf/components": "components",
        "/idf/components/mine": "components/other",
        "/out/build": "build",
    })
    for path, expected in {
        "/idf/components": "components",
        "/idf/components/log/./src/../log.c": "components/log/log.c",
        "/idf/components/mine/a.c": "components/other/a.c",
        "/idf/components/mines/a.c": "components/mines/a.c",
        "/idf/tools/x.py": None,
        "/out/build/config": "build/config",
    }.items():
        asserts.equals(env, expected, to_repository(path), path)

    for path, (package, file, include) in {
        "bootloader/components/log/a/b.c": ("bootloader/components/log", "//bootloader/components/log:a/b.c", "//bootloader/components/log:include/a/b.c"),
        "build/esp-idf/t/squares.c": ("build", "//build:esp-idf/t/squares.c", "//build:include/esp-idf/t/squares.c"),
        "components/log/log.c": ("components/log", "//components/log:log.c", "//components/log:include/log.c"),
    }.items():
        asserts.equals(env, package, package_of(path))
        asserts.equals(env, file, file_label(path))
        asserts.equals(env, include, include_label(path))
    asserts.equals(env, "//components/log:include/.", include_label("components/log"))
    return unittest.end(env)

_paths_test = unittest.make(_paths_test_impl)

def _link_line_test_impl(ctx):
    env = unittest.begin(ctx)
    files = {"/build/toolchain/ldflags": "-nostartfiles\n-Wl,--gc-sections\n"}
    line = link_line(struct(read = files.get), [
        ("flags", "-mlongcalls @\"/build/toolchain/ldflags\""),
        ("libraries", "-T memory.ld -L\"/idf/ld\" -Wl,--wrap=longjmp -Wl,--script,rom.ld"),
        ("libraries", "esp-idf/log/liblog.a -u app_main esp-idf/log/liblog.a"),
        ("libraries", "-Wl,--whole-archive esp-idf/p/libp.a -Wl,--no-whole-archive /idf/libblob.a"),
        ("libraries", "-lc -lm -lc -Wl,-Map=x.map"),
    ])
    asserts.equals(env, ["esp-idf/log/liblog.a", "esp-idf/p/libp.a", "/idf/libblob.a"], line.archives)
    asserts.equals(env, ["esp-idf/p/libp.a"], line.whole)
    asserts.equals(env, ["c", "m"], line.libraries)
    asserts.equals(env, ["memory.ld", "rom.ld"], line.scripts)
    asserts.equals(env, ["/idf/ld"], line.script_folders)
    asserts.equals(env, ["--wrap=longjmp", "--undefined=app_main"], line.options)
    return unittest.end(env)

_link_line_test = unittest.make(_link_line_test_impl)

def _commands_test_impl(ctx):
    env = unittest.begin(ctx)
    command = lambda text: struct(command = text, inputs = [])
    found = fragments_list({
        "a.c": command("python3 squares.py"),
        "sections.ld": command("python3 /idf/tools/ldgen/ldgen.py --config sdkconfig --fragments-list \"/idf/a.lf;/idf/b.lf\" --input /build/sections.ld.in --output sections.ld"),
    })
    asserts.equals(env, ["/idf/a.lf", "/idf/b.lf"], found.fragments)
    asserts.equals(env, "/build/sections.ld.in", found.template)
    asserts.equals(env, None, fragments_list({"a.c": command("python3 squares.py")}))

    script = "-P /idf/tools/cmake/scripts/data_file_embed_asm.cmake"
    asserts.equals(env, struct(file = "/idf/a.pem", text = True), embedded("cmake -D DATA_FILE=/idf/a.pem -D SOURCE_FILE=/build/a.pem.S -D FILE_TYPE=TEXT " + script))
    asserts.equals(env, struct(file = "/my idf/a.bin", text = False), embedded("cmake -D \"DATA_FILE=/my idf/a.bin\" -D FILE_TYPE=BINARY " + script))

    # symbols of another name: it is compiled as it is generated
    asserts.equals(env, None, embedded("cmake -D DATA_FILE=/idf/a.pem -D FILE_TYPE=TEXT -D VARIABLE_BASENAME=note " + script))
    asserts.equals(env, None, embedded("python3 squares.py"))
    return unittest.end(env)

_commands_test = unittest.make(_commands_test_impl)

def _closures_test_impl(ctx):
    env = unittest.begin(ctx)
    needs = {
        "base": ["top"],
        "log": ["rom"],
        "middle": ["base", "not_there"],
        "rom": [],
        "top": ["middle"],
    }
    asserts.equals(env, {
        "base": ["log", "middle", "rom", "top"],
        "log": ["rom"],
        "middle": ["base", "log", "rom", "top"],
        "rom": ["log"],
        "top": ["base", "log", "middle", "rom"],
    }, closures(needs, ["log"]))
    asserts.equals(env, ["base", "middle"], closures(needs, [])["top"])
    return unittest.end(env)

_closures_test = unittest.make(_closures_test_impl)

def _nearest_test_impl(ctx):
    env = unittest.begin(ctx)
    names = ["counter", "crypto", "esp_timer", "log", "nvs_flash"]
    for name, expected in {
        "cripto": ["crypto"],
        "esp_tmer": ["esp_timer"],
        "nvs": ["nvs_flash"],
        "timer": ["esp_timer"],
        "wifi": [],
    }.items():
        asserts.equals(env, expected, nearest(name, names), name)
    asserts.equals(env, ["aab", "aac", "aad"], nearest("aaa", ["aae", "aad", "aac", "aab"]))
    return unittest.end(env)

_nearest_test = unittest.make(_nearest_test_impl)

def _sdkconfig_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, {
        "CONFIG_A": "y",
        "CONFIG_B": "n",
        "CONFIG_NAME": "\"x=y\"",
    }, parse_sdkconfig(["# a comment", "CONFIG_A=y", "# CONFIG_B is not set", "CONFIG_NAME=\"x=y\"", ""]))

    lines = defaults_lines("# why\n\nCONFIG_A=y\n  # CONFIG_B is not set\nA=y\n")
    asserts.equals(env, [
        struct(line = 3, name = "CONFIG_A", valid = True, value = "y"),
        struct(line = 4, name = "CONFIG_B", valid = True, value = "n"),
        struct(line = 5, name = "A", valid = False, value = "y"),
    ], lines)

    described = [
        {"children": [{"children": [], "depends_on": "WIFI", "name": "WIFI_PSK"}], "name": None},
        {"children": [], "depends_on": None, "name": "WIFI", "range": None},
        {"children": [], "depends_on": "WIFI", "name": "SIZE", "range": [-1, 12]},
    ]
    menus = flatten_menus(described)
    ranges = menu_ranges(described)
    asserts.equals(env, {"CONFIG_SIZE": "WIFI", "CONFIG_WIFI": "", "CONFIG_WIFI_PSK": "WIFI"}, menus)
    asserts.equals(env, {"CONFIG_SIZE": [-1, 12]}, ranges)

    def errors(*files):
        options = {"CONFIG_OFFSET": "0x8000", "CONFIG_SIZE": "12", "CONFIG_TEXT": "\"a\"", "CONFIG_WIFI": "n"}
        return defaults_errors([(name, text) for name, text in files], options, (options | menus).keys(), menus, ranges)

    asserts.equals(env, [], errors(("d", "CONFIG_OFFSET=0X8000\nCONFIG_SIZE=12\nCONFIG_TEXT=\"a\"\nCONFIG_WIFI=n\n# CONFIG_WIFI_PSK is not set")))

    # the later file wins
    asserts.equals(env, [], errors(("d", "CONFIG_SIZE=13"), ("d.esp32", "CONFIG_SIZE=12")))
    for text, expected in {
        "CONFIG_OFFSET=0x9000": "d:1: CONFIG_OFFSET=0x9000 is not what it became, 0x8000: another option decides it",
        "CONFIG_SIZE=-1": "d:1: CONFIG_SIZE=-1 is not what it became, 12: it depends on WIFI",
        "CONFIG_SIZE=-2": "d:1: CONFIG_SIZE=-2 is not what it became, 12: it is a number from -1 to 12",
        "CONFIG_SIZE=13": "d:1: CONFIG_SIZE=13 is not what it became, 12: it is a number from -1 to 12",
        "CONFIG_SIZE=many": "d:1: CONFIG_SIZE=many is not what it became, 12: it is a number from -1 to 12",
        "CONFIG_SIZES=13": "d:1: there is no option CONFIG_SIZES: did you mean CONFIG_SIZE?",
        "CONFIG_WIFI_PSK=y": "d:1: CONFIG_WIFI_PSK cannot be set: it depends on WIFI",
        "\nSIZE=13": "d:2: 'SIZE' is no line of an sdkconfig: write CONFIG_NAME=value",
        "\n\n# CONFIG_ZZZZZZZZZZ is not set": "d:3: there is no option CONFIG_ZZZZZZZZZZ",
    }.items():
        found = errors(("d", text))
        asserts.equals(env, 1, len(found), text)
        asserts.true(env, found[0].startswith(expected), found[0])

    text = flat_kconfig({"A": True, "B": False, "N": 3, "NOTHING": None, "S": "a \"b\""}, {"CONFIG_N": "3"}, {})
    for part in ["config A\n    bool\n    default y\n", "config B\n    bool\n    default n\n", "config N\n    int\n    default 3\n", "config S\n    string\n    default \"a \\\"b\\\"\"\n"]:
        asserts.true(env, part in text, part)
    asserts.false(env, "NOTHING" in text)
    return unittest.end(env)

_sdkconfig_test = unittest.make(_sdkconfig_test_impl)

def _settings_test_impl(ctx):
    env = unittest.begin(ctx)
    settings = flash_settings({
        "CONFIG_ESPTOOLPY_FLASHFREQ": "\"80m\"",
        "CONFIG_ESP_REV_MIN_FULL": "301",
        "CONFIG_PARTITION_TABLE_OFFSET": "0x9000",
        "CONFIG_XTAL_FREQ": "26",
    })
    asserts.equals(env, ("80m", "dio", "4MB", 0x9000, "26m"), (settings.freq, settings.mode, settings.size, settings.table_offset, settings.xtal_freq))
    asserts.equals(env, "3.1", revision(settings.min_rev_full))
    asserts.equals(env, "3.99", revision(settings.max_rev_full))
    return unittest.end(env)

_settings_test = unittest.make(_settings_test_impl)

_CMAKE = """\
Loading /idf/Kconfig
CMake Warning:
  nothing to see

CMake Error at /idf/tools/cmake/build.cmake:98 (message):
  Failed to resolve component 'countr' required by
  component 'main': unknown name.

Call Stack (most recent call first):
  /out/project/CMakeLists.txt:5 (project)
"""

def _explain_test_impl(ctx):
    env = unittest.begin(ctx)
    folders = {"/idf": "$IDF_PATH", "/idf/components/mine": "components/mine", "/out/project": "the project"}
    asserts.equals(env, [
        "CMake Error at /idf/tools/cmake/build.cmake:98 (message):",
        "Failed to resolve component 'countr' required by",
        "component 'main': unknown name.",
    ], cmake_error(_CMAKE))
    asserts.equals(env, [], cmake_error("-- done"))

    text = explain_configure_failure("", _CMAKE, folders, ["counter", "log"])
    asserts.true(env, text.startswith("CMake Error at $IDF_PATH/tools/cmake/build.cmake:98 (message):\n"), text)
    asserts.true(env, "'countr', which 'main' requires, is no component of the tree or of `components`: did you mean counter?" in text, text)

    error = "CMake Error at /idf/components/mine/CMakeLists.txt:4 (add_subdirectory):\n  {}\n\n"
    text = explain_configure_failure("", error.format("The source directory\n\n    /idf/components/mine/lib\n\n  does not contain a CMakeLists.txt file."), folders)
    asserts.true(env, text.startswith("CMake Error at components/mine/CMakeLists.txt:4 "), text)
    asserts.true(env, text.endswith("git -C $IDF_PATH submodule update --init --recursive"), text)
    text = explain_configure_failure("", error.format("Cannot find source file:\n\n    a.c\n\n  Tried extensions .c .C"), folders)
    asserts.true(env, "a.c\nadd the file, " in text, text)

    kconfig = "kconfiglib.core.KconfigError: /idf/Kconfig:4: error: syntax error\n"
    asserts.equals(
        env,
        "$IDF_PATH/Kconfig:4: error: syntax error\n  CMake Error at components/mine/CMakeLists.txt:4 (add_subdirectory):",
        explain_configure_failure("", kconfig + error.format("Failed to run kconfgen (python3;-m;kconfgen). Error 1"), folders),
    )

    # what a program said before that has nothing to do with it
    text = explain_configure_failure("", "warning, not an error: x\n" + error.format("the moon is not full"), folders)
    asserts.true(env, text.endswith("the moon is not full"), text)
    asserts.equals(env, "last\n$IDF_PATH/x", explain_configure_failure("last\n/idf/x\n", "", folders))
    return unittest.end(env)

_explain_test = unittest.make(_explain_test_impl)

def _version_test_impl(ctx):
    env = unittest.begin(ctx)
    text = "set(IDF_VERSION_MAJOR 5)\nset(IDF_VERSION_MINOR 5)\nset(IDF_VERSION_PATCH 10)\n\nset(ENV{IDF_VERSION} \"5.5.10\")\n"
    asserts.equals(env, "5.5.10", tree_version(text))
    asserts.equals(env, None, tree_version("set(IDF_VERSION_MAJOR 5)\n"))
    for wanted in ["", "5.5.10", "v5.5.10"]:
        asserts.equals(env, "", version_error("5.5.10", wanted))
    asserts.true(env, version_error("4.4.8", "").startswith("is version 4.4.8, and supported are "))
    asserts.true(env, version_error("5.10.1", "").startswith("is version 5.10.1, and supported are "))
    asserts.true(env, "wants another" in version_error("5.5.1", "5.5.10"))
    return unittest.end(env)

_version_test = unittest.make(_version_test_impl)

def idf_test_suite(name):
    """Tests of the functions that read what ESP-IDF's configure says.

    Args:
      name: string; the suite's name.
    """
    tests = {
        "closures": _closures_test,
        "commands": _commands_test,
        "explain": _explain_test,
        "link_line": _link_line_test,
        "nearest": _nearest_test,
        "ninja": _ninja_test,
        "paths": _paths_test,
        "sdkconfig": _sdkconfig_test,
        "settings": _settings_test,
        "version": _version_test,
    }
    for test, rule in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small")
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
