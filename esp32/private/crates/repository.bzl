"""The repository rule that turns a Cargo.lock into Bazel targets."""

load(":cargo_env.bzl", "cargo_env")
load(":cargo_errors.bzl", "explain_cargo_failure", "is_network_failure", "is_unreachable")
load(":chip_features.bzl", "other_chip_error")
load(":manifests.bzl", "manifest_stubs")
load(":profile.bzl", "profile_keys")
load(":render.bzl", "BUILD_SCRIPTS", "direct_dependencies", "render_crate", "render_defs", "render_root")
load(":resolve.bzl", "build_label", "crates_by_label", "resolve_crates")
load(":sbom.bzl", "COMPONENT_FILE", "build_dependencies", "crate_component", "lock_checksums")

# Cargo would download everything in its own time; on a slow line that is long.
_DOWNLOAD_TIMEOUT_SECONDS = 3600

# Before each attempt to download. Cargo's own retries wait for every direct dependency in turn, which takes minutes to find
# out that there is no network; so they are only used when the registry answers.
_PAUSES_SECONDS = [0, 2, 5, 10]

# Files in crates that Bazel would take for its own.
_BAZEL_FILES = ["BUILD", "BUILD.bazel", "MODULE.bazel", "REPO.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod"]

# Settings of the user that must not change which crates are resolved.
_ENV = {
    "CARGO_BUILD_RUSTC_WRAPPER": "",
    "CARGO_ENCODED_RUSTFLAGS": "",
    "CARGO_TERM_COLOR": "never",
    "CARGO_TERM_PROGRESS_WHEN": "never",
    "RUSTC_WORKSPACE_WRAPPER": "",
    "RUSTC_WRAPPER": "",
}

def crate_annotation(rustc_flags = [], build_script_env = {}, gen_build_script = True, esp_idf = ""):
    """What is to be different about a crate, for `annotations` of `crates_repository`.

    Args:
        rustc_flags: further flags for the compiler, such as a `--cfg` that a build script would set.
        build_script_env: environment variables for the build script.
        gen_build_script: False to do without the crate's build script.
        esp_idf: for esp-idf-sys, the repository of a configured ESP-IDF, such as `@esp_idf`, that it binds.

    Returns:
        A string that `crates_repository` understands.
    """
    return json.encode({
        "build_script_env": build_script_env,
        "esp_idf": esp_idf,
        "gen_build_script": gen_build_script,
        "rustc_flags": rustc_flags,
    })

def esp_idf_error(names, annotations):
    """What is wrong where esp-idf-sys is among crates.

    Args:
        names: names of the crates.
        annotations: {name: decoded `crate_annotation`}.

    Returns:
        A text that says what to add, or None.
    """
    annotation = annotations.get("esp-idf-sys") or json.decode(crate_annotation())
    if "esp-idf-sys" not in names or annotation["esp_idf"] or not annotation["gen_build_script"]:
        return None
    return (
        "esp-idf-sys is among the crates, and its build script would download and build an ESP-IDF of its own. Let it bind yours: " +
        "crates.annotation(crate = \"esp-idf-sys\", esp_idf = \"@esp_idf\"), with the name of an esp_idf.config(name = ...)."
    )

def _path_in_repository(label):
    return "{}/{}".format(label.package, label.name) if label.package else label.name

def _fail(rctx, message):
    fail("crates repository {}: {}".format(rctx.original_name if hasattr(rctx, "original_name") else rctx.name, message))

def _cargo(rctx, arguments, env, root_manifest, timeout = 600):
    """Runs Cargo in the workspace's folder and returns what it printed."""
    workspace = rctx.path("workspace")
    result = None
    retries_per_file = 0
    for pause_seconds in _PAUSES_SECONDS:
        if result != None:
            rctx.execute(["sleep", str(pause_seconds)])
        result = rctx.execute(
            [rctx.path(rctx.attr.cargo)] + arguments,
            environment = _ENV | {
                "CARGO_NET_RETRY": str(retries_per_file),
                "RUSTC": str(rctx.path(rctx.attr.rustc)),
            } | env,
            quiet = True,
            timeout = timeout,
            working_directory = str(workspace) + "/" + _dirname(root_manifest),
        )
        if result.return_code == 0 or not is_network_failure(result.stderr):
            break
        retries_per_file = 0 if is_unreachable(result.stderr) else 3
    if result.return_code != 0:
        _fail(rctx, explain_cargo_failure(result.stderr, str(workspace), root_manifest, str(rctx.path(rctx.attr.cargo).realpath)))
    return result.stdout

def _dirname(path):
    return path.rpartition("/")[0]

def _copy_workspace(rctx):
    """Copies manifests and lock file, keeping their relative places.

    Returns the path of the root manifest in the copy, and {path of a manifest: its label}.
    """
    lockfile = rctx.attr.cargo_lockfile
    lock_path = _path_in_repository(lockfile)
    root_manifest = (_dirname(lock_path) + "/Cargo.toml").lstrip("/")
    manifests = {}
    for label in rctx.attr.manifests:
        if label.repo_name != lockfile.repo_name:
            _fail(rctx, "{} is in another repository than {}.".format(label, lockfile))
        manifests[_path_in_repository(label)] = label
    if root_manifest not in manifests:
        _fail(rctx, "`manifests` must list the Cargo.toml that {} belongs to: {}.".format(lockfile, root_manifest))
    stubs = {}
    for path, label in manifests.items():
        content = rctx.read(label)
        rctx.file("workspace/" + path, content, executable = False)
        found = ["build.rs"] if rctx.path(label).dirname.get_child("build.rs").exists else []
        for stub in manifest_stubs(content) + found:
            stubs["workspace/{}/{}".format(_dirname(path), stub)] = True
    rctx.file("workspace/{}/Cargo.lock".format(_dirname(root_manifest)), rctx.read(lockfile), executable = False)
    for stub in stubs:
        # Nothing compiles these: programs need no main function.
        rctx.file(stub, "", executable = False)
    return root_manifest, manifests

def _link_path_crate(rctx, crate, manifest):
    """Makes the folder of a crate that is named by a path one of the repository's. Bazel sees what changes in its files."""
    for entry in rctx.path(manifest).dirname.readdir():
        if entry.basename not in _BAZEL_FILES + ["target"] and not entry.basename.startswith(".") and not entry.basename.startswith("bazel-"):
            rctx.symlink(entry, "vendor/{}/{}".format(crate.folder, entry.basename))

def _host_triple(rctx):
    result = rctx.execute([rctx.path(rctx.attr.rustc), "-vV"])
    for line in result.stdout.splitlines():
        if line.startswith("host: "):
            return line[len("host: "):]
    return _fail(rctx, "{} -vV does not name a host triple:\n{}{}".format(rctx.path(rctx.attr.rustc), result.stdout, result.stderr))

def _unit_graph(rctx, triple, options, env, root_manifest):
    text = _cargo(rctx, [
        "build",
        "--frozen",
        "--workspace",
        "--target=" + triple,
        "--unit-graph",
        "-Zunstable-options",
    ] + options, env | {"RUSTC_BOOTSTRAP": "1"}, root_manifest)
    graph = json.decode(text)
    if graph["version"] != 1:
        _fail(rctx, "{} writes unit graphs of version {}; version 1 is understood. Use a Cargo like the pinned one.".format(
            rctx.path(rctx.attr.cargo),
            graph["version"],
        ))
    return graph

def _settings(rctx):
    """Environment variables for all crates: [env] of `cargo_config`, then `env`."""
    config = rctx.attr.cargo_config
    if not config:
        return rctx.attr.env
    rctx.file("settings/config.toml", rctx.read(config), executable = False)

    # From the root folder: Cargo would read the settings of all folders above the one that it runs in.
    result = rctx.execute(
        [
            rctx.path(rctx.attr.cargo),
            "--config",
            rctx.path("settings/config.toml"),
            "config",
            "get",
            "--format=json-value",
            "-Zunstable-options",
            "env",
        ],
        environment = _ENV | {"CARGO_HOME": str(rctx.path("cargo_home")), "RUSTC_BOOTSTRAP": "1"},
        working_directory = "/",
    )
    path = _path_in_repository(config)
    rctx.delete("settings")
    if result.return_code != 0 and "config value `env` is not set" not in result.stderr:
        _fail(rctx, "Cargo cannot read {}.\nCargo said:\n{}".format(path, result.stderr.replace(str(rctx.path("settings/config.toml")), path)))
    read = cargo_env(result.stdout, path)
    if read.error:
        _fail(rctx, read.error)
    return read.env | rctx.attr.env

def _path_flags(rctx):
    """Flags after which paths in a program are the same whichever module asked for the crates, and without modules."""
    name = rctx.name.replace("+", "~").rpartition("~")[2]
    return [
        "--remap-path-prefix=external/{}=external/{}".format(rctx.name, name),
        # With one mapping alone, rustc maps names of other crates' sources back, and reads those that are there without
        # being inputs; where a macro of theirs is used, the crate's hash then depends on whether there is a sandbox.
        "--remap-path-prefix=external/{0}/nowhere=external/{0}".format(name),
    ]

def _remove_bazel_files(rctx):
    names = []
    for name in _BAZEL_FILES:
        names += ["-o", "-name", name]
    result = rctx.execute(["find", "vendor", "-type", "f", "("] + names[1:] + [")", "-exec", "rm", "-f", "{}", "+"])
    if result.return_code != 0:
        _fail(rctx, "cannot remove the crates' own BUILD files: " + result.stderr)

def _speaking_double_colon(rctx, by_label):
    """Labels of the crates whose build script may print `cargo::KEY=VALUE`, itself or by a crate that it is made with: {label: True}."""
    result = rctx.execute(["grep", "-RlF", "--include=*.rs", "cargo::", "vendor"])
    if result.return_code > 1:
        _fail(rctx, "cannot search the crates: " + result.stderr)
    folders = {path.split("/")[1]: True for path in result.stdout.splitlines()}
    found = {}
    for label, crate in by_label.items():
        for part in [crate] + [by_label[dep] for dep in build_dependencies(crate, by_label)]:
            if part.folder in folders:
                found[label] = True
    return found

def _crates_repository_impl(rctx):
    for tool in [rctx.attr.cargo, rctx.attr.rustc]:
        if hasattr(rctx, "watch"):
            rctx.watch(tool)
    root_manifest, manifests = _copy_workspace(rctx)
    host_triple = _host_triple(rctx)
    target_triple = rctx.attr.target_triple or host_triple

    rctx.report_progress("Downloading the crates of " + root_manifest.replace("Cargo.toml", "Cargo.lock"))
    vendor = str(rctx.path("vendor"))
    config = _cargo(rctx, ["vendor", "--locked", "--versioned-dirs", vendor], {}, root_manifest, _DOWNLOAD_TIMEOUT_SECONDS)
    rctx.file("workspace/.cargo/config.toml", config, executable = False)
    if not rctx.path("vendor").exists:
        # all crates are named by paths
        rctx.execute(["mkdir", "vendor"])

    rctx.report_progress("Resolving the crates of " + root_manifest)

    # Away from the settings of the user, which are for his own builds.
    offline = {"CARGO_HOME": str(rctx.path("cargo_home"))}
    graphs = {host_triple: _unit_graph(rctx, host_triple, ["--all-targets"], offline, root_manifest)}
    if target_triple != host_triple:
        graphs[target_triple] = _unit_graph(rctx, target_triple, ["--release"], offline, root_manifest)
    metadata = json.decode(_cargo(rctx, ["metadata", "--frozen", "--format-version=1"], offline, root_manifest))
    resolved = resolve_crates(metadata, graphs, host_triple, str(rctx.path("workspace")))
    error = resolved.error or other_chip_error(resolved, metadata["packages"], target_triple)
    if error:
        _fail(rctx, error)

    annotations = {name: json.decode(text) for name, text in rctx.attr.annotations.items()}
    names = {crate.name: True for crate in resolved.crates}
    error = esp_idf_error(names, annotations)
    if error:
        _fail(rctx, error)
    for name in annotations:
        if name not in names:
            _fail(rctx, "there is an annotation for {}, which is not among the crates of {}.".format(name, rctx.attr.cargo_lockfile))

    _remove_bazel_files(rctx)
    folders = {crate.folder: True for crate in resolved.crates}
    vendored = rctx.path("vendor")
    for folder in vendored.readdir() if vendored.exists else []:
        if folder.basename not in folders:
            rctx.delete(folder)
    for crate in resolved.crates:
        if crate.manifest:
            _link_path_crate(rctx, crate, manifests[crate.manifest])
    direct = direct_dependencies(resolved)
    path_flags = _path_flags(rctx)
    settings = _settings(rctx)
    release = profile_keys(rctx.read("workspace/" + root_manifest))
    checksums = lock_checksums(rctx.read(rctx.attr.cargo_lockfile))
    by_label = crates_by_label(resolved)
    double_colon = _speaking_double_colon(rctx, by_label)
    for script in BUILD_SCRIPTS:
        rctx.file(script, rctx.read(Label("//esp32/private/crates:" + script)), executable = False)
    for crate in resolved.crates:
        annotation = annotations.get(crate.name, {})
        rctx.file(
            "vendor/{}/{}".format(crate.folder, COMPONENT_FILE),
            json.encode_indent(crate_component(crate, checksums, by_label), indent = "  ") + "\n",
            executable = False,
        )
        rctx.file(
            "vendor/{}/BUILD.bazel".format(crate.folder),
            render_crate(
                crate,
                annotation | {"rustc_flags": path_flags + annotation.get("rustc_flags", [])},
                with_binaries = crate.label in direct or build_label(crate) in direct,
                release = release,
                settings = settings,
                translated = crate.label in double_colon,
            ),
            executable = False,
        )
    rctx.file("BUILD.bazel", render_root(resolved, host_triple), executable = False)
    rctx.file("defs.bzl", render_defs(resolved, release), executable = False)
    rctx.delete("workspace")
    rctx.delete("cargo_home")

crates_repository = repository_rule(
    implementation = _crates_repository_impl,
    attrs = {
        "annotations": attr.string_dict(
            doc = "What is to be different about single crates: from their names to `crate_annotation(...)`.",
        ),
        "cargo": attr.label(
            doc = "The Cargo that resolves and downloads.",
            default = "@rustc_xtensa//:bin/cargo",
        ),
        "cargo_config": attr.label(
            doc = "A `.cargo/config.toml`, of which the table `[env]` is read, and nothing else: environment variables as in `env`, " +
                  "which has precedence.",
            allow_single_file = [".toml"],
        ),
        "cargo_lockfile": attr.label(
            doc = "The Cargo.lock of the workspace. It is never changed.",
            mandatory = True,
        ),
        "env": attr.string_dict(
            doc = "Environment variables for all crates and their build scripts, such as `ESP_LOG` and `ESP_HAL_CONFIG_...`. They " +
                  "have precedence over those of `--action_env`.",
        ),
        "manifests": attr.label_list(
            doc = "The Cargo.toml beside the lock file, those of all members of the workspace, and those of other crates that are " +
                  "named by a path, be it in `[patch]`: the latter are built as downloaded crates are, members are targets of yours.",
            mandatory = True,
            allow_empty = False,
        ),
        "rustc": attr.label(
            doc = "The compiler that knows `target_triple` and the build machine.",
            default = "@rustc_xtensa//:lib/rustlib/xtensa-esp32-none-elf/bin/rustc",
        ),
        "target_triple": attr.string(
            doc = "What the crates are compiled for, such as `xtensa-esp32-none-elf`; by default the build machine. " +
                  "Crates for a chip can be compiled for the build machine too, where macros, build scripts and tests use them.",
        ),
    },
    doc = """Makes Bazel targets of the crates that a Cargo.lock pins.

Cargo downloads the crates into the repository (through the user's own Cargo configuration: mirrors, proxies, credentials) and
says which features and dependencies each has. Write dependencies as `@<name>//:<crate>`, or with `all_crate_deps()` of
`@<name>//:defs.bzl`; programs of direct dependencies are `@<name>//:<crate>__<program>`.""",
)
