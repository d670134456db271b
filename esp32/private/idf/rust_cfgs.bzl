"""What the crate esp-idf-sys, and those on top of it, are told of a configured ESP-IDF."""

# The options with a value, not `y`, that have a `cfg` (esp-idf-sys, build/build.rs: kconfig_str_allow).
_WITH_VALUE = ["IDF_TARGET", "BT_NIMBLE_L2CAP_COC_MAX_NUM"]

# The releases that `cfg`s name: major version, and its first and last minor version; ten patches each (esp-idf-sys, build/common.rs: atleast_version).
# Names that a version of the crate does not know make no difference to it.
_RELEASES = [(4, 4, 4), (5, 0, 5), (6, 0, 2)]
_LAST_PATCH = 10

def _version_cfgs(version):
    own = [int(part) for part in version.split(".")]
    cfgs = [
        "esp_idf_version_full=\"{}\"".format(version),
        "esp_idf_version=\"{}.{}\"".format(own[0], own[1]),
        "esp_idf_version_major=\"{}\"".format(own[0]),
        "esp_idf_version_minor=\"{}\"".format(own[1]),
        "esp_idf_version_patch=\"{}\"".format(own[2]),
    ]
    for major, first, last in _RELEASES:
        for minor in range(first, last + 1):
            for patch in range(_LAST_PATCH + 1):
                name = "{}_{}_{}".format(major, minor, patch)
                if own >= [major, minor, patch]:
                    cfgs.append("esp_idf_version_at_least_" + name)
                if own[:2] == [major, minor]:
                    if own[2] >= patch:
                        cfgs.append("esp_idf_version_patch_at_least_" + name)
                    if own[2] <= patch:
                        cfgs.append("esp_idf_version_patch_at_most_" + name)
    return cfgs

def rust_cfgs(values, components, version, chip):
    """What esp-idf-sys, and crates on top of it, are told by `--cfg`.

    It is what esp-idf-sys's own build script says (its build/build.rs and build/common.rs).

    Args:
      values: dict from the name of an option, without CONFIG_, to its value: bool, int, string or None, as in sdkconfig.json.
      components: list of strings; the names of the components that there are.
      version: string; the tree's version, such as `5.5.5`.
      chip: string; the chip.

    Returns:
      list of strings, such as `esp_idf_idf_target="esp32"`.
    """
    cfgs = []
    for name in sorted(values):
        value = values[name]
        if value == True:
            cfgs.append("esp_idf_" + name.lower())
        elif type(value) in ["int", "string"] and [part for part in _WITH_VALUE if part in name]:
            cfgs.append("esp_idf_{}=\"{}\"".format(name.lower(), str(value).replace("\"", "\\\"")))
    cfgs += _version_cfgs(version)
    cfgs += ["esp_idf_comp_{}_enabled".format(c.lower().replace("-", "_")) for c in sorted(components)]
    return cfgs + [chip]
