"""From what Cargo resolved (`cargo metadata` and unit graphs) to crates, one for each Bazel package to be written.

A *unit* is one call of rustc as Cargo would make it. Cargo's unit graph is the only place where features are those of one
platform: `cargo metadata` unites the features of build machine and chip, so that a crate without std would get std from
a procedural macro that happens to use it too.

A *variant* is what a crate is on one side: `host` on the build machine (macros, build scripts, tools, and host tests),
`target` on what `target_triple` names. When the two are the same machine there is `host` alone.
"""

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
            return result, "{} depends on {}, which is a package of the workspace. Bazel cannot build this cycle between repositories: use a released version, or a git dependency in [patch].".format(
                packages[unit["pkg_id"]]["name"],
                packages[dep_unit["pkg_id"]]["name"],
            )
        crate = crates[dep_unit["pkg_id"]]
        name = dep["extern_crate_name"]
        result["proc_macro_deps" if _is_proc_macro(dep_unit) else "deps"][crate.label] = "" if name == dep_unit["target"]["name"].replace("-", "_") else name
    return result, None

def _new_variant():
    # `only_at_build_time`: nothing but macros and build scripts uses it.
    return {"build_script": None, "features": {}, "only_at_build_time": True} | _new_deps()

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
            script["link_deps"][crates[dep_unit["pkg_id"]].label] = ""
        elif "custom-build" in dep_unit["target"]["kind"]:
            deps, error = _unit_deps(dep_unit, units, packages, crates, False)
            if error:
                return error
            _add_deps(script, deps)
    return None

def _crate(package):
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
    return struct(
        name = package["name"],
        version = package["version"],
        source = package["source"],
        license = package.get("license") or "",
        license_file = package.get("license_file") or "",
        folder = _basename(folder),
        label = "//vendor/{}:{}".format(_basename(folder), package["name"]),
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
    )

def resolve_crates(metadata, graphs, host_triple, workspace_dir):
    """Makes crates of what Cargo resolved.

    Args:
        metadata: decoded output of `cargo metadata`.
        graphs: decoded unit graphs, {triple that Cargo built for: graph}. The graph of the build machine also covers tests.
        host_triple: the triple of the build machine.
        workspace_dir: absolute path of the folder that member packages are named relative to.

    Returns:
        A struct: `error`, a sentence or None; `crates`, the third-party crates that are used, sorted by label; `members`, the
        packages of the workspace sorted by folder.
    """
    packages = {package["id"]: package for package in metadata["packages"]}
    crates = {}
    members = {}
    for graph in graphs.values():
        for unit in graph["units"]:
            package = packages[unit["pkg_id"]]
            if package["source"] == None:
                if package["id"] not in members:
                    members[package["id"]] = _member(package, workspace_dir)
            elif package["id"] not in crates:
                crates[package["id"]] = _crate(package)

    error = None
    for graph in graphs.values():
        units = graph["units"]
        for unit in units:
            variant_name = HOST if unit["platform"] in [None, host_triple] else TARGET
            id = unit["pkg_id"]
            is_script = "custom-build" in unit["target"]["kind"]
            unit_error = None
            if id in members:
                if unit["mode"] == "run-custom-build":
                    continue
                kind = "build" if is_script else "normal" if unit["mode"] == "build" and _is_library(unit) else "dev"

                # What a proc macro of the workspace uses is used on the build machine, and so are build scripts.
                variants = members[id].deps[kind]
                deps, unit_error = _unit_deps(unit, units, packages, crates, True)
                _add_deps(variants.setdefault(variant_name, _new_deps()), deps)
            elif unit["mode"] == "run-custom-build" or not is_script:
                variant = crates[id].variants.setdefault(variant_name, _new_variant())
                if unit["mode"] == "run-custom-build":
                    if variant["build_script"] == None:
                        variant["build_script"] = _new_build_script()
                    unit_error = _add_build_script(variant["build_script"], unit, units, packages, crates)
                else:
                    if unit["platform"] != None:
                        variant["only_at_build_time"] = False
                    for feature in unit["features"]:
                        variant["features"][feature] = True
                    deps, unit_error = _unit_deps(unit, units, packages, crates, False)
                    _add_deps(variant, deps)
            error = error or unit_error

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

def _first(pair):
    return pair[0]
