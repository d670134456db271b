"""Crates of the ESP family ask by a feature what chip they are for: that it is the one of the target."""

load(":resolve.bzl", "TARGET")

def _is_chip(feature):
    """Whether a feature is called as a chip of the family: `esp32`, `esp32c3`, `esp32s31`."""
    return feature == "esp32" or feature.startswith("esp32") and feature[5] in "chps" and feature[6:].isdigit()

def other_chip_error(resolved, packages, target_triple):
    """What is wrong with crates that are for another chip than the target.

    Args:
        resolved: result of `resolve_crates`.
        packages: `packages` of decoded `cargo metadata`.
        target_triple: what the crates are compiled for; of the Xtensa triples, `xtensa-<chip>-none-elf`, each is one chip's.

    Returns:
        A text that names crate, feature and fix, or None.
    """
    architecture, _, rest = target_triple.partition("-")
    chip = rest.partition("-")[0]
    if architecture != "xtensa" or not _is_chip(chip):
        return None
    knows_chip = {
        "{} {}".format(package["name"], package["version"]): True
        for package in packages
        if chip in package["features"]
    }
    direct = {}
    other = []
    for crate in resolved.crates:
        if TARGET not in crate.variants or "{} {}".format(crate.name, crate.version) not in knows_chip:
            continue
        for feature in sorted(crate.variants[TARGET]["features"]):
            if _is_chip(feature) and feature != chip:
                other.append("  {} {}: {}".format(crate.name, crate.version, feature))
                for member in resolved.members:
                    if crate.label in member.deps["normal"].get(TARGET, {}).get("deps", {}):
                        direct["{}/Cargo.toml".format(member.folder).lstrip("/")] = True
    if not other:
        return None
    return "crates have features for other chips than the {}, which {} is for:\n{}\nChange them to \"{}\" in {}.".format(
        chip,
        target_triple,
        "\n".join(other),
        chip,
        ", ".join(sorted(direct)) or "the manifest of the crate that asks for them",
    )
