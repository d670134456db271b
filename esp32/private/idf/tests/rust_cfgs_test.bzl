"""Tests of what esp-idf-sys is told of a configured ESP-IDF."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//esp32/private/idf:rust_cfgs.bzl", "rust_cfgs")

def _options_test_impl(ctx):
    env = unittest.begin(ctx)
    cfgs = rust_cfgs(
        {
            "BT_NIMBLE_L2CAP_COC_MAX_NUM": 0,
            "FREERTOS_HZ": 100,
            "FREERTOS_UNICORE": False,
            "IDF_TARGET": "esp32",
            "IDF_TARGET_ARCH_XTENSA": True,
            "NOTHING": None,
        },
        ["vfs", "my-driver"],
        "5.5.5",
        "esp32",
    )
    asserts.equals(
        env,
        [
            "esp_idf_bt_nimble_l2cap_coc_max_num=\"0\"",
            "esp_idf_idf_target=\"esp32\"",
            "esp_idf_idf_target_arch_xtensa",
        ] + [
            "esp_idf_comp_my_driver_enabled",
            "esp_idf_comp_vfs_enabled",
            "esp32",
        ],
        [cfg for cfg in cfgs if not cfg.startswith("esp_idf_version")],
    )
    return unittest.end(env)

_options_test = unittest.make(_options_test_impl)

def _version_test_impl(ctx):
    env = unittest.begin(ctx)
    cfgs = rust_cfgs({}, [], "5.3.10", "esp32")
    for cfg, wanted in {
        "esp_idf_version=\"5.3\"": True,
        "esp_idf_version_at_least_4_4_10": True,
        "esp_idf_version_at_least_5_2_7": True,
        "esp_idf_version_at_least_5_3_10": True,
        "esp_idf_version_at_least_5_4_0": False,
        "esp_idf_version_at_least_6_0_0": False,
        "esp_idf_version_full=\"5.3.10\"": True,
        "esp_idf_version_major=\"5\"": True,
        "esp_idf_version_minor=\"3\"": True,
        "esp_idf_version_patch=\"10\"": True,
        "esp_idf_version_patch_at_least_5_2_0": False,
        "esp_idf_version_patch_at_least_5_3_9": True,
        "esp_idf_version_patch_at_most_5_3_10": True,
        "esp_idf_version_patch_at_most_5_3_9": False,
    }.items():
        asserts.equals(env, wanted, cfg in cfgs, cfg)
    return unittest.end(env)

_version_test = unittest.make(_version_test_impl)

def rust_cfgs_test_suite(name):
    """Makes the tests and a suite of them.

    Args:
        name: name of the suite.
    """
    unittest.suite(
        name,
        _options_test,
        _version_test,
    )
