"""What a Cargo.toml says of the release profile, as flags of rustc for crates for the chip.

Firmware is always built with the release profile, as its users build it: without optimisation esp-hal is too slow, or does not fit. Crates
for the build machine keep the levels that the Bazel command line asks for.
"""

# Key of a profile -> function from a unit's profile, of Cargo's unit graph, to a flag. Others need none: `lto` because a firmware is always
# one module of all crates, `panic` because the chip's is always abort.
_FLAGS = {
    "codegen-units": lambda profile: "-Ccodegen-units={}".format(profile["codegen_units"]) if profile["codegen_units"] else None,
    "debug": lambda profile: "-Cdebuginfo={}".format(profile["debuginfo"] or 0),
    "debug-assertions": lambda profile: "-Cdebug-assertions=" + _on_or_off(profile["debug_assertions"]),
    "opt-level": lambda profile: "-Copt-level=" + profile["opt_level"],
    "overflow-checks": lambda profile: "-Coverflow-checks=" + _on_or_off(profile["overflow_checks"]),
}

def _on_or_off(value):
    return "on" if value else "off"

def profile_keys(text):
    """Finds what a manifest says of the release profile, for all crates or for some.

    Args:
        text: content of the Cargo.toml of a workspace's root.

    Returns:
        A list of keys of `[profile.release]` and of the tables in it, of those that make a difference to rustc, sorted.
    """
    keys = {}
    in_profile = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            in_profile = line.startswith("[profile.release]") or line.startswith("[profile.release.") and ".build-override" not in line
        elif in_profile and "=" in line and not line.startswith("#"):
            key = line.partition("=")[0].strip()
            if key in _FLAGS:
                keys[key] = True
    return sorted(keys)

def profile_flags(profile, keys):
    """Turns the profile of a crate into flags.

    Args:
        profile: `profile` of a unit in Cargo's unit graph, for `--release`; or None.
        keys: result of `profile_keys`: what is not named there stays as the toolchain has it.

    Returns:
        A list of flags of rustc.
    """
    if not profile:
        return []
    flags = [_FLAGS[key](profile) for key in keys]
    return [flag for flag in flags if flag]
