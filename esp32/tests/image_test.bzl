"""Analysis tests of `esp32_partition_table`, `esp32_image`, `esp32_size_test` and `esp32_boot_test`.

The targets under test that are right are in BUILD.bazel.
"""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//esp32:defs.bzl", "esp32_image", "esp32_partition_table")
load("//esp32:providers.bzl", "Esp32FirmwareInfo", "Esp32ImageInfo", "Esp32PartitionTableInfo")
load(":testing.bzl", "assert_none", "assert_subset", "basenames", "failure_test", "find_action", "value_of")

def _partition_table_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[Esp32PartitionTableInfo]
    asserts.equals(env, 0x9000, info.offset)
    asserts.equals(env, "partitions.csv", info.csv.basename)
    asserts.equals(env, [info.binary], target[DefaultInfo].files.to_list())
    argv = find_action(env, "Esp32PartitionTable", "moved_table.bin").argv
    asserts.equals(env, "partition-table", argv[1])
    asserts.equals(env, info.csv.path, value_of(argv, "--input"))
    asserts.equals(env, "0x9000", value_of(argv, "--offset"))
    asserts.equals(env, "4MB", value_of(argv, "--flash-size"))
    asserts.equals(env, "0x200000", value_of(argv, "--recovery-bootloader-offset"))
    asserts.equals(env, "data, settings, 0x40", value_of(argv, "--extra-partition-subtypes"))
    asserts.equals(env, info.binary.path, value_of(argv, "--output"))
    return analysistest.end(env)

_partition_table_test = analysistest.make(_partition_table_test_impl)

def _image_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[Esp32ImageInfo]

    # files, all of what flasher_args.json names in its folder
    asserts.equals(
        env,
        ["image.bin"] + ["image/" + f for f in ["app.bin", "bootloader.bin", "flash_args", "flasher_args.json", "partition-table.bin", "table.bin"]],
        sorted([f.short_path.removeprefix("esp32/tests/") for f in target[DefaultInfo].files.to_list()]),
    )
    asserts.equals(env, ["app.bin", "bootloader.bin", "partition-table.bin", "table.bin"], sorted(basenames(info.files)))
    asserts.equals(env, ["verified.txt"], basenames(target[OutputGroupInfo]._validation))

    asserts.equals(env, ("esp32", "dout", "80m", "2MB"), (info.chip, info.flash_mode, info.flash_freq, info.flash_size))
    asserts.equals(env, (0x1000, 0x8000), (info.bootloader_offset, info.partition_table_offset))
    asserts.equals(env, {"table": "table.bin"}, {name: file.basename for name, file in info.data.items()})
    asserts.equals(
        env,
        ["app.bin", "bootloader.bin", "partition-table.bin", "image.bin", "flasher_args.json", "firmware.elf"],
        basenames([info.app, info.bootloader, info.partition_table, info.merged, info.flasher_args, info.elf]),
    )

    convert = find_action(env, "Esp32Convert", "app.bin").argv
    for flag, value in {
        "--chip": "esp32",
        "--elf": info.elf.path,
        "--flash-freq": "80m",
        "--flash-mode": "dout",
        "--flash-size": "2MB",
        "--max-chip-rev": "3.99",
        "--min-chip-rev": "1.0",
        "--output": info.app.path,
        "--project-name": "fixture",
        "--project-version": "1.2",
    }.items():
        asserts.equals(env, value, value_of(convert, flag), flag)

    bootloader = find_action(env, "Esp32Bootloader", "bootloader.bin").argv
    asserts.equals(env, None, value_of(bootloader, "--input"))
    asserts.equals(env, "dout", value_of(bootloader, "--flash-mode"))
    asserts.equals(env, "0x8000", value_of(bootloader, "--partition-table-offset"))
    asserts.equals(env, "40m", value_of(bootloader, "--xtal-freq"))

    merge = find_action(env, "Esp32Merge", "image.bin").argv
    for flag, value in {
        "--app": info.app.path,
        "--app-partition": "factory",
        "--bootloader": info.bootloader.path + "@0x1000",
        "--data": "table=" + info.data["table"].path,
        "--flash-size": "2MB",
        "--flash-args": info.flasher_args.dirname + "/flash_args",
        "--flasher-args": info.flasher_args.path,
        "--output": info.merged.path,
        "--partition-table": info.partition_table.path,
        "--partition-table-offset": "0x8000",
    }.items():
        asserts.equals(env, value, value_of(merge, flag), flag)

    verify = find_action(env, "Esp32Verify", "verified.txt").argv
    assert_subset(env, [info.merged.path, "--elf", info.elf.path, "0x8000", "--level", "build"], verify)
    return analysistest.end(env)

_image_test = analysistest.make(_image_test_impl)

def _moved_image_test_impl(ctx):
    env = analysistest.begin(ctx)
    bootloader = find_action(env, "Esp32Bootloader", "bootloader.bin").argv
    for flag, value in {
        "--input": "esp32/tests/components/ping/table.bin",
        "--made-for-partition-table-offset": "0x9000",
        "--partition-table-offset": "0x9000",
        "--xtal-freq": None,
    }.items():
        asserts.equals(env, value, value_of(bootloader, flag), flag)
    asserts.equals(env, "0x9000", value_of(find_action(env, "Esp32Merge", "moved_image.bin").argv, "--partition-table-offset"))
    asserts.equals(env, "0x9000", value_of(find_action(env, "Esp32Verify", "verified.txt").argv, "--partition-table-offset"))
    return analysistest.end(env)

_moved_image_test = analysistest.make(_moved_image_test_impl)

def _moved_boot_test_impl(ctx):
    env = analysistest.begin(ctx)
    spec = json.decode(find_action(env, "FileWrite", "moved_boot_test.json").content)
    asserts.equals(env, 0x9000, spec["partition_table_offset"])
    return analysistest.end(env)

_moved_boot_test = analysistest.make(_moved_boot_test_impl)

def _sbom_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[Esp32ImageInfo]
    asserts.equals(env, ["image.cdx.json"], basenames(target[OutputGroupInfo].sbom))
    action = find_action(env, "Esp32Sbom", "image.cdx.json")
    asserts.equals(env, "sbom", action.argv[1])
    asserts.true(env, value_of(action.argv, "--inputs").endswith("/esp32/tests/image.cdx.json.inputs"))
    inputs = json.decode(find_action(env, "FileWrite", "image.cdx.json.inputs").content)

    asserts.equals(env, ("fixture", "1.2", "//esp32/tests:image"), (inputs["name"], inputs["version"], inputs["reference"]))
    asserts.equals(env, info.elf.path, inputs["elf"]["path"])
    asserts.equals(env, info.bootloader.path, inputs["bootloader"]["file"]["path"])
    asserts.true(env, "/vendor/espflash-" in inputs["bootloader"]["shipped_in"], inputs["bootloader"]["shipped_in"])
    asserts.equals(env, ["image.bin", "app.bin", "partition-table.bin", "table.bin"], [f["name"].rpartition("/")[2] for f in inputs["outputs"]])
    asserts.equals(
        env,
        ["esp32/tests/components/ping/table.bin", "esp32/tests/components/start/extra.ld", "esp32/tests/partitions.csv"],
        sorted([f["name"] for f in inputs["sources"]]),
    )
    asserts.equals(env, ("dout", "2MB", "1.0", "table"), tuple([inputs["settings"][s] for s in ["flashMode", "flashSize", "minChipRev", "data"]]))

    crates = {c["name"]: c for c in inputs["crates"]}
    asserts.equals(env, ["ball", "firmware", "ping_sys"], sorted(crates))
    asserts.equals(env, "firmware", inputs["crates"][0]["name"], "the program's own is first")
    asserts.equals(env, ["main.rs", "score.rs"], sorted([f["name"].rpartition("/")[2] for f in crates["firmware"]["sources"]]))
    asserts.equals(env, [crates["ping_sys"]["key"]], crates["ball"]["deps"])
    asserts.equals(env, [True], [c["linked"] for c in crates.values() if c["reference"] == "//esp32/tests:ball"])

    # `ping`, which only a crate's bindings name, too
    components = {c["reference"]: c for c in inputs["components"]}
    asserts.equals(env, ["//esp32/tests:" + c for c in ["base", "ping", "pong", "start"]], sorted(components))
    asserts.equals(
        env,
        ["1st-text.txt", "ping.c", "ping.h", "private/secret.h", "table.bin"],
        sorted([f["name"].removeprefix("esp32/tests/components/ping/") for f in components["//esp32/tests:ping"]["sources"]]),
    )
    asserts.equals(env, ["//esp32/tests:base", "//esp32/tests:ping"], components["//esp32/tests:pong"]["deps"])

    # how each was compiled, and nothing of the machine
    commands = {}
    for command in inputs["commands"]:
        commands.setdefault(command["mnemonic"], []).append(command)
    asserts.equals(env, {"CppCompile": 5, "Esp32Link": 1, "IdfBindgen": 1, "Rustc": 3}, {m: len(c) for m, c in commands.items()})
    assert_subset(env, ["-Werror"], [a for c in commands["CppCompile"] if c["reference"] == "//esp32/tests:ping" for a in c["argv"]])
    asserts.equals(env, [], [a for c in inputs["commands"] for a in c["argv"] if a.startswith("/")])

    # there are bindings and no messages
    toolchains = [t.rpartition("/")[2] for t in inputs["toolchains"]]
    assert_subset(env, ["bindgen.cdx.json", "binutils-xtensa.cdx.json", "gcc-xtensa.cdx.json", "llvm-xtensa.cdx.json", "rustc-xtensa.cdx.json"], toolchains)
    assert_none(env, ["protoc.cdx.json"], toolchains)

    # all that it names is an input
    files = [f.path for f in action.inputs.to_list()]
    named = [f["path"] for part in inputs["crates"] + inputs["components"] for f in part["sources"]]
    assert_subset(env, named + inputs["toolchains"] + [inputs["bootloader"]["shipped_in"]], files)
    assert_subset(env, [f["path"] for f in inputs["outputs"] + inputs["sources"] + [inputs["elf"], inputs["bootloader"]["file"], inputs["tool"]]], files)
    return analysistest.end(env)

_sbom_test = analysistest.make(_sbom_test_impl)

def _size_test_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    command = find_action(env, "FileWrite", "size_test.sh").content
    for part in [
        "espimage size '--elf' 'esp32/tests/firmware.elf'",
        "'--image' 'app.bin=esp32/tests/image/app.bin'",
        "'--image' 'bootloader.bin=esp32/tests/image/bootloader.bin'",
        "'--image' 'image.bin=esp32/tests/image.bin'",
        "'--budget' 'app.bin=80K'",
        "'--budget' 'iram=64'",
    ]:
        asserts.true(env, part in command, "no {} in {}".format(part, command))
    assert_subset(
        env,
        ["app.bin", "bootloader.bin", "espimage", "firmware.elf", "image.bin"],
        basenames(target[DefaultInfo].default_runfiles.files),
    )
    return analysistest.end(env)

_size_test_test = analysistest.make(_size_test_test_impl)

def _boot_test_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    spec = json.decode(find_action(env, "FileWrite", "boot_test.json").content)
    asserts.equals(env, {
        "elf": "esp32/tests/firmware.elf",
        "exit": "reset",
        "expect": [
            {"contains": "part of a line"},
            {"regex": "^(?P<n>\\d+)$", "rising": "n", "times": 2},
        ],
        "forbid": [{"contains": "panic"}],
        "image": "esp32/tests/image.bin",
        "partition_table_offset": 0x8000,
        "registers": [{"address": "0x3FF4808C", "mask": "0x80000000", "name": "RTC_CNTL_WDTCONFIG0_REG", "value": "0"}],
        "simulator": {
            "resets": ["TG0WDT_SYS_RESET"],
            "stimuli": [{"after": {"contains": "part"}, "gpio": 0, "level": 0}],
        },
        "timeout_seconds": 51,
    }, spec)
    asserts.equals(
        env,
        {"ESP32_BOOT_TEST": "esp32/tests/boot_test.json"},
        target[RunEnvironmentInfo].environment,
    )
    runfiles = basenames(target[DefaultInfo].default_runfiles.files)
    assert_subset(env, ["boot_test.json", "firmware.elf", "image.bin"], runfiles)
    return analysistest.end(env)

_boot_test_test = analysistest.make(_boot_test_test_impl)

def _fake_firmware_impl(ctx):
    elf = ctx.actions.declare_file(ctx.label.name + ".elf")
    ctx.actions.write(elf, "")
    return [Esp32FirmwareInfo(chip = "esp32", elf = elf, map = elf, version = "")]

# So that images that fail are fast to analyse.
_fake_firmware = rule(implementation = _fake_firmware_impl)

def image_test_suite(name):
    """Tests of what is made of a firmware.

    Args:
      name: string; the suite's name.
    """
    tests = {
        "boot": (_boot_test_test, ":boot_test", {}),
        "image": (_image_test, ":image", {}),
        "moved_boot": (_moved_boot_test, ":moved_boot_test", {}),
        "moved_image": (_moved_image_test, ":moved_image", {}),
        "partition_table": (_partition_table_test, ":moved_table", {}),
        "sbom": (_sbom_test, ":image", {}),
        "size": (_size_test_test, ":size_test", {}),
    }

    for offset, take in {0x8800: 0x8000, 0x10: 0x1000}.items():
        table = "{}.table_0x%x".format(name) % offset
        esp32_partition_table(name = table, src = "partitions.csv", offset = offset, tags = ["manual"])
        tests["table_offset_0x%x" % offset] = (failure_test, table, {"messages": [
            "esp32_partition_table //esp32/tests:{}: offset 0x%x is not a multiple of the flash's sectors of 0x1000: take 0x%x".format(table) % (offset, take),
        ]})

    _fake_firmware(name = name + ".firmware", tags = ["manual"])
    esp32_partition_table(name = name + ".first_table", src = "partitions.csv", offset = 0x1000, tags = ["manual"])
    data = "components/ping/table.bin"
    text = "components/ping/1st-text.txt"
    for case, (attributes, message) in {
        "app_partition_taken": (
            {"app_partition": "ota_0", "data": {data: "ota_0"}},
            "//esp32/tests:{} is for the partition 'ota_0', which the application is in: name another partition of //esp32/tests:partition_table".format(data),
        ),
        "data_at_offset": (
            {"data": {data: "0x20000"}},
            "//esp32/tests:{} is for the partition '0x20000', which is an offset: name a partition of //esp32/tests:partition_table".format(data),
        ),
        "data_files": (
            {"data": {":" + name + ".two_files": "table"}},
            "//esp32/tests:{}.two_files has 2 files, and a partition takes one: name a file".format(name),
        ),
        "data_like_app": (
            {"data": {data: "app"}},
            "//esp32/tests:{} is for the partition 'app', whose file would replace the image's own app.bin: rename the partition in //esp32/tests:partition_table".format(data),
        ),
        "data_twice": (
            {"data": {data: "table", text: "table"}},
            "//esp32/tests:{} is for the partition 'table', which //esp32/tests:{} is for as well: name another partition of //esp32/tests:partition_table".format(text, data),
        ),
        "moved_table": (
            {"partition_table": ":moved_table"},
            "the partition table //esp32/tests:moved_table is at 0x9000, and the shipped bootloader is compiled for 0x8000: use that, or compile a bootloader of ESP-IDF for yours and name it in `bootloader`, with bootloader_config = {\"CONFIG_PARTITION_TABLE_OFFSET\": \"0x9000\"}",
        ),
        "table_before_bootloader": (
            {"partition_table": ":{}.first_table".format(name)},
            "the partition table //esp32/tests:{}.first_table at 0x1000 is not behind the bootloader, which the esp32's ROM wants at 0x1000: give the table an offset such as 0x8000".format(name),
        ),
    }.items():
        image = "{}.{}".format(name, case)
        esp32_image(
            name = image,
            tags = ["manual"],
            **({"firmware": ":{}.firmware".format(name), "partition_table": ":partition_table"} | attributes)
        )
        tests[case] = (failure_test, image, {"messages": ["esp32_image //esp32/tests:{}: ".format(image) + message]})
    native.filegroup(name = name + ".two_files", srcs = [data, text], tags = ["manual"])

    for test, (rule, target, attributes) in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small", target_under_test = target, **attributes)
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
