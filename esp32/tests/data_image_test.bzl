"""Analysis tests of the rules of data images, and a rule for what they are made of."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//esp32:defs.bzl", "esp32_fatfs_image", "esp32_nvs_image", "esp32_ota_data", "esp32_spiffs_image")
load(":testing.bzl", "assert_subset", "basenames", "failure_test", "find_action", "value_of")

def _generated_folder_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run(
        executable = ctx.executable._folder,
        arguments = [folder.path] + ctx.attr.paths,
        outputs = [folder],
        toolchain = None,
    )
    return [DefaultInfo(files = depset([folder]))]

generated_folder = rule(
    implementation = _generated_folder_impl,
    doc = "A folder with files, each of which has its path as contents.",
    attrs = {
        "paths": attr.string_list(doc = "The files' paths.", mandatory = True),
        "_folder": attr.label(default = "//esp32/tests:folder", executable = True, cfg = "exec"),
    },
)

def _nvs_test_impl(ctx):
    env = analysistest.begin(ctx)
    action = find_action(env, "Esp32NvsImage", "nvs.bin")
    argv = action.argv
    asserts.equals(env, "nvs", argv[1])
    asserts.equals(env, "nvs", value_of(argv, "--partition"))
    asserts.true(env, value_of(argv, "--partition-table").endswith("/esp32/tests/data_table.bin"))
    assert_subset(env, ["nvs.csv", "a.css", "data_table.bin"], basenames(action.inputs))
    return analysistest.end(env)

_nvs_test = analysistest.make(_nvs_test_impl)

def data_image_test_suite(name):
    """Tests of what is asked of the attributes.

    Args:
      name: string; the suite's name.
    """
    tests = {"nvs": (_nvs_test, ":nvs", {})}
    csv = "data/nvs.csv"
    for case, (rule, attributes, message) in {
        "cluster": (
            esp32_fatfs_image,
            {"sectors_per_cluster": 16, "size": 0x40000},
            "a cluster of 65536 bytes: `sectors_per_cluster` is at most 8",
        ),
        "no_partition": (
            esp32_ota_data,
            {"boot_slot": 0, "partition_table": ":data_table"},
            "`partition_table` and `partition` go together: name both",
        ),
        "no_size": (
            esp32_nvs_image,
            {"src": csv},
            "the size is missing: name either `size`, or `partition_table` and `partition`",
        ),
        "no_table": (
            esp32_spiffs_image,
            {"partition": "www"},
            "`partition_table` and `partition` go together: name both",
        ),
        "two_sizes": (
            esp32_spiffs_image,
            {"partition": "www", "partition_table": ":data_table", "size": 0x10000},
            "the size is named twice: name either `size`, or `partition_table` and `partition`",
        ),
        "wl_mode": (
            esp32_fatfs_image,
            {"size": 0x40000, "wl_mode": "safe"},
            "`wl_mode` is of wear levelling with sectors of 512 bytes: leave it out, or set `sector_size = 512`",
        ),
    }.items():
        target = "{}.{}".format(name, case)
        rule(name = target, tags = ["manual"], **attributes)
        tests[case] = (failure_test, target, {"messages": ["//esp32/tests:{}: {}".format(target, message)]})
    for test, (rule, target, attributes) in tests.items():
        rule(name = "{}.{}_test".format(name, test), size = "small", target_under_test = target, **attributes)
    native.test_suite(name = name, tests = [":{}.{}_test".format(name, test) for test in tests])
