"""From what Cargo resolved (`cargo metadata` and unit graphs) to crates, one for each Bazel package to be written.

A *unit* is one call of rustc as Cargo would make it. Cargo's unit graph is the only place where features are those of one
platform: `cargo metadata` unites the features of build machine and chip, so that a crate without std would get std from
a procedural macro that happens to use it too.

A *variant* is what a crate is on one side: `host` on the build machine (tools and host tests), `target` on what
`target_triple` names, `build` for macros and build scripts. When the first two are the same machine there is `host` alone.
`build` is apart only where it has other features or dependencies than `host`, as resolver 2 makes them.
"""

BUILD = "build"
HOST = "host"
TARGET = "target"

# Entries of Cargo.toml that crates read through env!(): environment variable of rustc -> key in `cargo metadata`.
_PACKAGE_ENV = {
    "CARGO_PKG_DESCRIPTION": "description",
    "CARGO_PKG_HOMEPAGE": "homepage",
    "CARGO_PKG_LICENSE": "license",
    "CARGO_PKG_LICENSE_FILE": "license_file",
    "CARGO_PKG_README": "readme",
    "CARGO_PKG_REPOSITORY": "repository",
    "CARGO_PKG_RUST_VERSION": "rust_version",
}

def _dirname(path):
    return path.rpartition("/")[0]

def _basename(path):
    return path.rpartition("/")[2]

def _is_library(unit):
    kinds = unit["target"]["kind"]
    return "custom-build" not in kinds and "bin" not in kinds and "test" not in kinds and "example" not in kinds and "bench" not in kinds

def _is_proc_macro(unit):
    return "proc-macro" in unit["target"]["kind"]

def _relative(path, folder):
    return path[len(folder) + 1:]

def _package_env(package):
    env = {"CARGO_PKG_NAME": package["name"]}
    if package["authors"]:
        env["CARGO_PKG_AUTHORS"] = ":".join(package["authors"])
    for variable, key in _PACKAGE_ENV.items():
        if package.get(key):
            env[variable] = package[key]
    return env

def _new_deps():
    # label -> name by which the code calls the crate, or "" when that is the crate's own name
    return {"deps": {}, "proc_macro_deps": {}}

def _add_deps(deps, other):
    for kind in ["deps", "proc_macro_deps"]:
        deps[kind].update(other[kind])

def build_label(crate):
    """The label of a crate's variant for macros and build scripts, where it is apart.

    Args:
        crate: one of `resolve_crates(...).crates`.

    Returns:
        A string.
    """
    return crate.label + "_build"

def _unit_label(unit, crates):
    crate = crates[unit["pkg_id"]]
    return build_label(crate) if unit["platform"] == None else crate.label

def _variant_name(unit, host_triple):
    if unit["platform"] == None:
        return BUILD
    return HOST if unit["platform"] == host_triple else TARGET

def _unit_deps(unit, units, packages, crates, is_member):
    """Returns the deps of one unit, and the third-party-on-workspace dependency that cannot be built, or None."""
    result = _new_deps()
    for dep in unit["dependencies"]:
        dep_unit = units[dep["index"]]
        if not _is_library(dep_unit):
            continue
        if dep_unit["pkg_id"] not in crates:
            if is_member:
                continue
            return result, "{} depends on {}, which is a package of the workspace. Bazel cannot build this cycle between repositories: use a released version, or take {} out of the workspace (`exclude`) and name it by its path.".format(
                packages[unit["pkg_id"]]["name"],
                packages[dep_unit["pkg_id"]]["name"],
                packages[dep_unit["pkg_id"]]["name"],
            )
        label = _unit_label(dep_unit, crates)
        name = dep["extern_crate_name"]
        result["proc_macro_deps" if _is_proc_macro(dep_unit) else "deps"][label] = "" if name == dep_unit["target"]["name"].replace("-", "_") else name
    return result, None

def _new_variant():
    # `only_at_build_time`: nothing but macros and build scripts uses it. `profile`: Cargo's, of the unit.
    return {"build_script": None, "features": {}, "only_at_build_time": True, "profile": None} | _new_deps()

def _new_build_script():
    return {"features": {}, "link_deps": {}} | _new_deps()

def _add_build_script(script, unit, units, packages, crates):
    """Adds one execution of a build script: what its program depends on, and whose `links` metadata it reads."""
    for feature in unit["features"]:
        script["features"][feature] = True
    for dep in unit["dependencies"]:
        dep_unit = units[dep["index"]]
        if dep_unit["mode"] == "run-custom-build":
            # One of the workspace is caught where the library depends on it.
            if dep_unit["pkg_id"] not in crates:
                continue
            script["link_deps"][_unit_label(dep_unit, crates)] = ""
        elif "custom-build" in dep_unit["target"]["kind"]:
            deps, error = _unit_deps(dep_unit, units, packages, crates, False)
            if error:
                return error
            _add_deps(script, deps)
    return None

def _crate(package, workspace_dir):
    folder = _dirname(package["manifest_path"])
    library = None
    build_script = None
    binaries = []
    for target in package["targets"]:
        described = struct(
            name = target["name"],
            crate_name = target["name"].replace("-", "_"),
            crate_root = _relative(target["src_path"], folder),
            edition = target["edition"],
            required_features = target.get("required-features", []),
        )
        kinds = target["kind"]
        if "custom-build" in kinds:
            build_script = described
        elif "bin" in kinds:
            binaries.append(described)
        elif "proc-macro" in kinds or [kind for kind in kinds if kind.endswith("lib")]:
            library = described
    is_path = package["source"] == None
    name = "{}-{}".format(package["name"], package["version"]) if is_path else _basename(folder)
    return struct(
        name = package["name"],
        version = package["version"],
        # none where it is named by a path: then `manifest` has it, relative to the folder of the workspace's copy
        source = package["source"] or "",
        manifest = _relative(package["manifest_path"], workspace_dir) if is_path else None,
        license = package.get("license") or "",
        license_file = package.get("license_file") or "",
        folder = name,
        label = "//vendor/{}:{}".format(name, package["name"]),
        library = library,
        build_script = build_script,
        binaries = binaries,
        links = package.get("links") or "",
        env = _package_env(package),
        is_proc_macro = [True for target in package["targets"] if "proc-macro" in target["kind"]] != [],
        variants = {},
    )

def _member(package, workspace_dir):
    return struct(
        name = package["name"],
        folder = _dirname(_relative(package["manifest_path"], workspace_dir)),
        # kind of dependency -> variant -> deps
        deps = {"build": {}, "dev": {}, "normal": {}},
        # variant -> profile, as Cargo's unit graph has it
        profiles = {},
    )

_EDGES = ["deps", "link_deps", "proc_macro_deps"]

def _joined(deps, joinable):
    """What `deps` are when `joinable`, {label of a `build` variant: label of its crate}, are no longer apart."""
    return {joinable.get(label, label): name for label, name in deps.items()}

def _join_labels(deps, joinable):
    for kind in _EDGES:
        if kind in deps:
            joined = _joined(deps[kind], joinable)
            deps[kind].clear()
            deps[kind].update(joined)

def _same(left, right, joinable):
    if left["features"] != right["features"]:
        return False
    for kind in _EDGES:
        if _joined(left.get(kind, {}), joinable) != _joined(right.get(kind, {}), joinable):
            return False
    return _same_script(left, right, joinable)

def _same_script(left, right, joinable):
    left_script = left.get("build_script")
    right_script = right.get("build_script")
    if not left_script or not right_script:
        return not left_script and not right_script
    for kind in _EDGES:
        if _joined(left_script[kind], joinable) != _joined(right_script[kind], joinable):
            return False
    return left_script["features"] == right_script["features"]

def _joinable(crates):
    """Finds the crates whose `build` variant is what `host` is, or the only one of the two: as in `_joined`."""
    joinable = {build_label(crate): crate.label for crate in crates}

    # A crate that is apart makes those apart that depend on it on both sides.
    for _ in range(len(crates) + 1):
        apart = [
            crate
            for crate in crates
            if build_label(crate) in joinable and BUILD in crate.variants and HOST in crate.variants and
               not _same(crate.variants[HOST], crate.variants[BUILD], joinable)
        ]
        if not apart:
            break
        for crate in apart:
            joinable.pop(build_label(crate))
    return joinable

def resolve_crates(metadata, graphs, host_triple, workspace_dir):
    """Makes crates of what Cargo resolved.

    Args:
        metadata: decoded output of `cargo metadata`.
        graphs: decoded unit graphs, {triple that Cargo built for: graph}. The graph of the build machine also covers tests.
        host_triple: the triple of the build machine.
        workspace_dir: absolute path of the folder that member packages are named relative to.

    Returns:
        A struct: `error`, a sentence or None; `crates`, the third-party crates that are used, and those that are named by a path
        without being members of the workspace, sorted by label; `members`, the packages of the workspace sorted by folder.
    """
    packages = {package["id"]: package for package in metadata["packages"]}
    of_workspace = {id: True for id in metadata["workspace_members"]}
    crates = {}
    members = {}
    for graph in graphs.values():
        for unit in graph["units"]:
            package = packages[unit["pkg_id"]]
            if package["id"] in of_workspace:
                if package["id"] not in members:
                    members[package["id"]] = _member(package, workspace_dir)
            elif package["id"] not in crates:
                crates[package["id"]] = _crate(package, workspace_dir)

    error = None
    for graph in graphs.values():
        units = graph["units"]
        for unit in units:
            variant_name = _variant_name(unit, host_triple)
            id = unit["pkg_id"]
            is_script = "custom-build" in unit["target"]["kind"]
            unit_error = None
            if id in members:
                if unit["mode"] == "run-custom-build":
                    continue
                kind = "build" if is_script else "normal" if unit["mode"] == "build" and _is_library(unit) else "dev"

                # What a proc macro of the workspace uses is used on the build machine, and so are build scripts.
                variants = members[id].deps[kind]
                if not is_script:
                    members[id].profiles[variant_name] = unit.get("profile")
                deps, unit_error = _unit_deps(unit, units, packages, crates, True)
                _add_deps(variants.setdefault(variant_name, _new_deps()), deps)
            elif unit["mode"] == "run-custom-build" or not is_script:
                variant = crates[id].variants.setdefault(variant_name, _new_variant())
                if unit["mode"] == "run-custom-build":
                    if variant["build_script"] == None:
                        variant["build_script"] = _new_build_script()
                    unit_error = _add_build_script(variant["build_script"], unit, units, packages, crates)
                else:
                    variant["only_at_build_time"] = variant_name == BUILD
                    variant["profile"] = unit.get("profile")
                    for feature in unit["features"]:
                        variant["features"][feature] = True
                    deps, unit_error = _unit_deps(unit, units, packages, crates, False)
                    _add_deps(variant, deps)
            error = error or unit_error

    joinable = _joinable(crates.values())
    for crate in crates.values():
        for variant in crate.variants.values():
            _join_labels(variant, joinable)
            if variant["build_script"]:
                _join_labels(variant["build_script"], joinable)
        if build_label(crate) in joinable and BUILD in crate.variants:
            build = crate.variants.pop(BUILD)
            crate.variants.setdefault(HOST, build)
    for member in members.values():
        for variants in member.deps.values():
            for variant in variants.values():
                _join_labels(variant, joinable)
            if BUILD in variants:
                # A package that is a library for tools and for build scripts, too, is one target of the user.
                build = variants.pop(BUILD)
                variants.setdefault(HOST, build)

    for member in members.values():
        for variant_name, dev in member.deps["dev"].items():
            normal = member.deps["normal"].get(variant_name, _new_deps())
            for kind in ["deps", "proc_macro_deps"]:
                for label in normal[kind]:
                    dev[kind].pop(label, None)

    return struct(
        error = error,
        crates = [crate for _, crate in sorted([(crate.label, crate) for crate in crates.values()], key = _first)],
        members = [member for _, member in sorted([(member.folder, member) for member in members.values()], key = _first)],
    )

def crates_by_label(resolved):
    """Finds crates by the labels that dependencies have.

    Args:
        resolved: result of `resolve_crates`.

    Returns:
        {label: crate}; a crate whose `build` variant is apart has two labels.
    """
    by_label = {}
    for crate in resolved.crates:
        by_label[crate.label] = crate
        if BUILD in crate.variants:
            by_label[build_label(crate)] = crate
    return by_label

def _first(pair):
    return pair[0]
