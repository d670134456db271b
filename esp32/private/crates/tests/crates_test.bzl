"""Tests of the way from a Cargo.lock to BUILD files, as far as it needs no Cargo."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//esp32/private/crates:cargo_env.bzl", "cargo_env")
load("//esp32/private/crates:cargo_errors.bzl", "explain_cargo_failure", "is_network_failure", "is_unreachable")
load("//esp32/private/crates:chip_features.bzl", "other_chip_error")
load("//esp32/private/crates:manifests.bzl", "manifest_stubs")
load("//esp32/private/crates:profile.bzl", "profile_flags", "profile_keys")
load("//esp32/private/crates:render.bzl", "direct_dependencies", "render_crate", "render_defs", "render_root")
load("//esp32/private/crates:repository.bzl", "crate_annotation", "esp_idf_error")
load("//esp32/private/crates:resolve.bzl", "crates_by_label", "resolve_crates")
load("//esp32/private/crates:sbom.bzl", "crate_component", "crate_purl", "lock_checksums")

_HOST = "x86_64-unknown-linux-gnu"
_CHIP = "xtensa-esp32-none-elf"

def _manifest_stubs_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, [], manifest_stubs("[workspace]\nmembers = [\"a\"]\n"))
    asserts.equals(env, ["src/lib.rs", "tests/dev_dependencies.rs"], manifest_stubs("[package]\nname = \"a\"\n"))
    asserts.equals(
        env,
        ["build.rs", "lib/a.rs", "src/bin/tool.rs", "src/cli.rs", "src/main.rs", "tests/boot.rs", "tests/dev_dependencies.rs"],
        manifest_stubs("""
[package] # of the example
name = 'a'
# path = "no.rs"

[lib]
path = "lib/a.rs"

[[bin]]
name = "a"

[[bin]]
name = "tool"

[[bin]]
name = "cli"
path = "src/cli.rs"

[[test]]
name = "boot"

[target.'cfg(unix)'.build-dependencies]
cc = "1"
"""),
    )
    asserts.equals(
        env,
        ["scripts/b.rs", "src/lib.rs", "tests/dev_dependencies.rs"],
        manifest_stubs("[package]\nname = \"a\"\nbuild = \"scripts/b.rs\"\n[build-dependencies]\ncc = \"1\"\n"),
    )
    asserts.equals(
        env,
        ["src/lib.rs", "tests/dev_dependencies.rs"],
        manifest_stubs("[package]\nname = \"a\"\nbuild = false\n[build-dependencies]\ncc = \"1\"\n"),
    )
    return unittest.end(env)

manifest_stubs_test = unittest.make(_manifest_stubs_test_impl)

def _cargo_errors_test_impl(ctx):
    env = unittest.begin(ctx)

    out_of_date = """    Updating crates.io index
error: cannot update the lock file /x/workspace/tools/Cargo.lock because --locked was passed to prevent this
help: to generate the lock file without accessing the network, remove the --locked flag and use --offline instead."""
    asserts.false(env, is_network_failure(out_of_date), "an old lock file is nothing to try again")
    explained = explain_cargo_failure(out_of_date, "/x/workspace", "tools/Cargo.toml", "/nix/cargo")
    asserts.true(env, "run: cargo update --workspace --manifest-path tools/Cargo.toml\n" in explained, explained)
    asserts.false(env, "/x/workspace" in explained, explained)

    no_network = """warning: spurious network error (1 try remaining): [7] Could not connect to server
error: download of config.json failed
  [7] Could not connect to server"""
    asserts.true(env, is_unreachable(no_network))
    asserts.true(env, is_network_failure(no_network))
    explained = explain_cargo_failure(no_network, "/x", "Cargo.toml", "cargo")
    asserts.true(env, explained.startswith("The crates pinned by Cargo.lock could not be downloaded."), explained)
    asserts.true(env, "https_proxy" in explained and "source-replacement" in explained, explained)
    asserts.false(env, "spurious" in explained, explained)

    stalled = "error: failed to download from `https://example.com/a.crate`\n  [28] Timeout was reached"
    asserts.true(env, is_network_failure(stalled))
    asserts.false(env, is_unreachable(stalled), "the registry answered: Cargo's own retries are worth it")

    for stderr, words in [
        ("error: failed to load manifest for workspace member `/x/sub`", "must be listed in `manifests`"),
        ("checksum for `heapless v0.8.0` changed between lock files", "not the one that Cargo.lock pins"),
        ("error: failed to run `rustc` to learn about target-specific information", "`target_triple`"),
        (
            "failed to load lockfile for /x/workspace\n  package `a` depends on `esp-hal` with feature `unstabel` but `esp-hal` does not have that feature.",
            "change the `features` of that dependency",
        ),
        (
            "failed to select a version for `esp-hal`.\nall possible versions conflict with previously selected packages\n  previously selected package `esp-hal v1.2.2`",
            "Bring the dependencies in the manifests to one version",
        ),
        ("error: something else", "cannot resolve the dependencies of Cargo.toml"),
    ]:
        explained = explain_cargo_failure(stderr, "/x", "Cargo.toml", "cargo")
        asserts.true(env, words in explained, explained)
        asserts.true(env, stderr.replace("/x/", "") in explained, explained)
        asserts.false(env, is_network_failure(stderr), stderr)
    return unittest.end(env)

cargo_errors_test = unittest.make(_cargo_errors_test_impl)

def _cargo_env_test_impl(ctx):
    env = unittest.begin(ctx)
    read = cargo_env("""{"ESP_LOG": "info", "A": {"value": "$x", "force": true}, "B": {"value": "", "relative": false}}""", ".cargo/config.toml")
    asserts.equals(env, None, read.error)
    asserts.equals(env, {"A": "$x", "B": "", "ESP_LOG": "info"}, read.env)
    asserts.equals(env, {}, cargo_env("", "c.toml").env, "no table")
    relative = cargo_env("""{"R": {"value": "sub/file", "relative": true}}""", "c.toml")
    asserts.true(env, relative.error != None and relative.error.startswith("c.toml: [env] R is relative"), str(relative.error))

    # for rustc and for build scripts; what an annotation says has precedence
    text = render_crate(_crates(_resolve(_CHIP))["codec"], {"build_script_env": {"ESP_LOG": "own"}}, settings = {"ESP_LOG": "info", "ESP_X": "$1"})
    asserts.equals(env, 2, text.count("        \"ESP_LOG\": \"info\",\n"), text)
    asserts.equals(env, 1, text.count("        \"ESP_LOG\": \"own\",\n"), text)
    asserts.equals(env, 3, text.count("        \"ESP_X\": \"$$1\",\n"), text)
    return unittest.end(env)

cargo_env_test = unittest.make(_cargo_env_test_impl)

def _package(name, version, targets, source = "registry+https://github.com/rust-lang/crates.io-index", folder = None, **extra):
    folder = folder or "/x/vendor/{}-{}".format(name, version)
    return {
        "authors": [],
        "id": name,
        "manifest_path": folder + "/Cargo.toml",
        "name": name,
        "source": source,
        "targets": [
            {
                "edition": "2021",
                "kind": [kind],
                "name": target,
                "required-features": ["cli"] if target == "off" else [],
                "src_path": "{}/{}".format(folder, path),
            }
            for kind, target, path in targets
        ],
        "version": version,
    } | extra

def _unit(id, platform, kind = "lib", target = None, mode = "build", features = [], deps = []):
    return {
        "dependencies": [{"extern_crate_name": name, "index": index} for name, index in deps],
        "features": features,
        "mode": mode,
        "pkg_id": id,
        "platform": platform,
        "target": {"kind": [kind], "name": target or id},
    }

# The firmware `app` uses `codec`, whose macro runs on the build machine and uses `either` with std there; the chip gets `either`
# without. `codec` has a build script that runs for each side and reads the metadata of the `links` crate `sys`.
_METADATA = {
    "packages": [
        _package("app", "0.1.0", [("lib", "app", "src/lib.rs")], source = None, folder = "/x/workspace/firmware"),
        _package("codec", "1.2.3", [("lib", "codec", "src/lib.rs"), ("custom-build", "build-script-build", "build.rs"), ("bin", "codec-gen", "src/main.rs"), ("bin", "off", "src/off.rs")], description = "costs $5"),
        _package("codec-derive", "1.2.3", [("proc-macro", "codec_derive", "src/lib.rs")]),
        _package("either", "1.0.0", [("lib", "either", "src/either.rs")]),
        _package("sys", "2.0.0+lib", [("lib", "sys", "lib.rs"), ("custom-build", "build-script-build", "build.rs")], links = "z"),
        _package("tester", "3.0.0", [("lib", "tester", "src/lib.rs")]),
    ],
    "workspace_members": ["app"],
}

def _graph(triple, with_tests):
    return {
        "units": [
            _unit("app", triple, deps = [("wire", 1), ("either", 6)]),
            _unit("codec", triple, features = ["derive"], deps = [("build_script_build", 2), ("codec_derive", 4), ("sys", 7)]),
            _unit("codec", triple, kind = "custom-build", target = "build-script-build", mode = "run-custom-build", features = ["derive"], deps = [("build_script_build", 3), ("build_script_build", 8)]),
            _unit("codec", None, kind = "custom-build", target = "build-script-build", features = ["derive"], deps = []),
            _unit("codec-derive", None, kind = "proc-macro", target = "codec_derive", deps = [("either", 5)]),
            _unit("either", None, features = ["std"]),
            _unit("either", triple),
            _unit("sys", triple, deps = [("build_script_build", 8)]),
            _unit("sys", triple, kind = "custom-build", target = "build-script-build", mode = "run-custom-build", deps = [("build_script_build", 9)]),
            _unit("sys", None, kind = "custom-build", target = "build-script-build"),
        ] + ([
            _unit("app", triple, mode = "test", deps = [("wire", 1), ("either", 6), ("tester", 11)]),
            _unit("tester", triple),
        ] if with_tests else []),
    }

def _resolve(target_triple, metadata = _METADATA):
    graphs = {_HOST: _graph(_HOST, True)}
    if target_triple != _HOST:
        graphs[target_triple] = _graph(target_triple, False)
    return resolve_crates(metadata, graphs, _HOST, "/x/workspace")

def _crates(resolved):
    return {crate.name: crate for crate in resolved.crates}

def _resolve_test_impl(ctx):
    env = unittest.begin(ctx)
    resolved = _resolve(_CHIP)
    asserts.equals(env, None, resolved.error)
    crates = _crates(resolved)
    asserts.equals(env, ["codec", "codec-derive", "either", "sys", "tester"], sorted(crates))
    asserts.equals(env, "//vendor/sys-2.0.0+lib:sys", crates["sys"].label)

    either = crates["either"].variants
    asserts.equals(env, {"std": True}, either["build"]["features"], "as a macro uses it")
    asserts.equals(env, {}, either["host"]["features"], "std of the macro must not reach tools and tests")
    asserts.equals(env, {}, either["target"]["features"], "std of the macro must not reach the chip")
    asserts.true(env, crates["codec-derive"].variants["host"]["only_at_build_time"])
    asserts.true(env, either["build"]["only_at_build_time"])
    asserts.false(env, either["host"]["only_at_build_time"])
    asserts.equals(env, ["host"], crates["codec-derive"].variants.keys())
    asserts.equals(env, {"//vendor/either-1.0.0:either_build": ""}, crates["codec-derive"].variants["host"]["deps"])
    asserts.equals(env, ["host"], crates["tester"].variants.keys())

    codec = crates["codec"].variants["target"]
    asserts.equals(env, {"//vendor/codec-derive-1.2.3:codec-derive": ""}, codec["proc_macro_deps"])
    asserts.equals(env, {"//vendor/sys-2.0.0+lib:sys": ""}, codec["deps"])
    asserts.equals(env, {"//vendor/sys-2.0.0+lib:sys": ""}, codec["build_script"]["link_deps"])

    asserts.equals(env, 1, len(resolved.members))
    member = resolved.members[0]
    asserts.equals(env, "firmware", member.folder)
    normal = {"//vendor/codec-1.2.3:codec": "wire", "//vendor/either-1.0.0:either": ""}
    asserts.equals(env, normal, member.deps["normal"]["target"]["deps"])
    asserts.equals(env, {"//vendor/tester-3.0.0:tester": ""}, member.deps["dev"]["host"]["deps"])

    # Where everything is for the build machine, too, macros have their own.
    host_either = _crates(_resolve(_HOST))["either"].variants
    asserts.equals(env, ["build", "host"], sorted(host_either))
    asserts.equals(env, {"std": True}, host_either["build"]["features"])
    asserts.equals(env, {}, host_either["host"]["features"])

    # With the same features on both sides there is one target for both; so there is where nothing but macros use it.
    same = {_HOST: _graph(_HOST, True), _CHIP: _graph(_CHIP, False)}
    same[_HOST]["units"][6]["features"] = ["std"]
    united = _crates(resolve_crates(_METADATA, same, _HOST, "/x/workspace"))
    asserts.equals(env, ["host", "target"], sorted(united["either"].variants))
    asserts.equals(env, {"//vendor/either-1.0.0:either": ""}, united["codec-derive"].variants["host"]["deps"])
    return unittest.end(env)

resolve_test = unittest.make(_resolve_test_impl)

def _resolve_workspace_dependency_test_impl(ctx):
    env = unittest.begin(ctx)
    packages = [
        package | {"manifest_path": "/x/workspace/either/Cargo.toml", "source": None} if package["name"] == "either" else package
        for package in _METADATA["packages"]
    ]
    by_path = _resolve(_CHIP, {"packages": packages, "workspace_members": ["app"]})
    asserts.equals(env, None, by_path.error)
    either = _crates(by_path)["either"]
    asserts.equals(env, ("either/Cargo.toml", "//vendor/either-1.0.0:either", ""), (either.manifest, either.label, either.source))
    asserts.equals(env, "pkg:cargo/either@1.0.0", crate_purl(either))

    resolved = _resolve(_CHIP, {"packages": packages, "workspace_members": ["app", "either"]})
    asserts.true(env, resolved.error != None and resolved.error.startswith("codec-derive depends on either, which is a package of the workspace."), str(resolved.error))
    return unittest.end(env)

resolve_workspace_dependency_test = unittest.make(_resolve_workspace_dependency_test_impl)

def _has(env, text, *parts):
    for part in parts:
        asserts.true(env, part in text, "{} is not in:\n{}".format(repr(part), text))

def _other_chip_test_impl(ctx):
    env = unittest.begin(ctx)

    def said(features, variant = "target", triple = _CHIP):
        hal = struct(label = "//vendor/hal", name = "hal", variants = {variant: {"features": {f: True for f in features}}}, version = "1.0.0")
        pac = struct(label = "//vendor/esp32c3", name = "esp32c3", variants = {"target": {"features": {"esp32c3": True}}}, version = "1.0.0")
        member = struct(deps = {"normal": {"target": {"deps": {"//vendor/hal": ""}}}}, folder = "app")
        return other_chip_error(struct(crates = [hal, pac], members = [member]), [
            {"features": {"esp32": [], "esp32c3": [], "rt": []}, "name": "hal", "version": "1.0.0"},
            {"features": {"esp32c3": []}, "name": "esp32c3", "version": "1.0.0"},
        ], triple)

    asserts.equals(env, None, said(["esp32", "rt"]))
    asserts.equals(env, None, said(["esp32c3"], variant = "build"), "a tool may be for any chip")
    asserts.equals(env, None, said(["esp32s3"], triple = "xtensa-esp32s3-none-elf"))
    asserts.equals(env, None, said(["esp32c3"], triple = "riscv32imc-unknown-none-elf"))
    for feature in ["esp32c3", "esp32s2", "esp32p4", "esp32h2", "esp32s31"]:
        asserts.equals(
            env,
            "crates have features for other chips than the esp32, which xtensa-esp32-none-elf is for:\n" +
            "  hal 1.0.0: {}\nChange them to \"esp32\" in app/Cargo.toml.".format(feature),
            said([feature, "rt"]),
        )
    return unittest.end(env)

other_chip_test = unittest.make(_other_chip_test_impl)

_PROFILE = {"codegen_units": None, "debug_assertions": False, "debuginfo": 2, "opt_level": "3", "overflow_checks": True}

def _profile_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, [], profile_keys("[package]\nopt-level = 1\n[profile.dev]\nopt-level = 1\n[profile.release]\nlto = true\n"))
    asserts.equals(env, ["debug", "opt-level"], profile_keys("""
[profile.release] # small
opt-level = "s"
# debug-assertions = true
[profile.release.build-override]
codegen-units = 3
[profile.release.package."*"]
debug = 2
[dependencies]
overflow-checks = "1"
"""))
    asserts.equals(env, [], profile_flags(_PROFILE, []), "what the manifest does not say stays")
    asserts.equals(env, [], profile_flags(None, ["debug"]))
    asserts.equals(
        env,
        ["-Cdebuginfo=2", "-Cdebug-assertions=off", "-Copt-level=3", "-Coverflow-checks=on"],
        profile_flags(_PROFILE, ["codegen-units", "debug", "debug-assertions", "opt-level", "overflow-checks"]),
    )
    asserts.equals(env, ["-Ccodegen-units=4"], profile_flags(_PROFILE | {"codegen_units": 4}, ["codegen-units"]))
    codec = _crates(_resolve(_CHIP))["codec"]
    codec.variants["target"]["profile"] = _PROFILE
    _has(
        env,
        render_crate(codec, release = ["opt-level"]),
        "        \"//:build_machine\": [\n            \"--cap-lints=allow\",\n        ],\n" +
        "        \"//conditions:default\": [\n            \"--cap-lints=allow\",\n            \"-Copt-level=3\",\n        ],\n",
    )
    return unittest.end(env)

profile_test = unittest.make(_profile_test_impl)

def _render_test_impl(ctx):
    env = unittest.begin(ctx)
    resolved = _resolve(_CHIP)
    crates = _crates(resolved)

    either = render_crate(crates["either"])
    _has(
        env,
        either,
        "load(\"@rules_rust//rust:defs.bzl\", \"rust_library\")\n",
        "    name = \"either_build\",\n",
        "    \"Cargo.toml.orig\",\n    \"either\",\n]\n",
        "    crate_features = [\n        \"std\",\n    ],\n",
        "    crate_root = \"src/either.rs\",\n",
        "    rustc_flags = [\n        \"--cap-lints=allow\",\n    ],\n",
    )
    asserts.equals(env, 1, either.count("crate_features"), either)
    asserts.false(env, "cargo_build_script" in either, either)

    _has(
        env,
        render_crate(crates["codec-derive"]),
        "rust_proc_macro(\n    name = \"codec-derive\",\n",
        "    crate_name = \"codec_derive\",\n",
        "    rustc_flags = [\n        \"--cap-lints=allow\",\n        \"-Copt-level=0\",\n    ],\n",
        "    deps = [\n        \"//vendor/either-1.0.0:either_build\",\n    ],\n",
    )

    codec = render_crate(crates["codec"], {"build_script_env": {"A": "b"}, "rustc_flags": ["--cfg=fast"]}, with_binaries = True)
    _has(
        env,
        codec,
        "cargo_build_script(\n    name = \"codec_bs\",\n",
        "    build_script_env = {\n        \"A\": \"b\",\n        \"SOURCE_DATE_EPOCH\": \"0\",\n    },\n",
        "        \"--cfg=fast\",\n",
        "\"CARGO_PKG_DESCRIPTION\": \"costs $$5\"",
        "    link_deps = [\n        \"//vendor/sys-2.0.0+lib:sys\",\n    ],\n",
        "    proc_macro_deps = [\n        \"//vendor/codec-derive-1.2.3:codec-derive\",\n    ],\n",
        "rust_binary(\n    name = \"codec__codec-gen\",\n",
        "        \"//vendor/sys-2.0.0+lib:sys\",\n        \":codec_bs\",\n        \":codec\",\n",
    )
    asserts.false(env, "codec__off" in codec, "the feature that this program needs is off")
    asserts.false(env, "codec_bs_target" in codec, "both sides run the same build script")
    asserts.false(env, "bs" in render_crate(crates["codec"], {"gen_build_script": False}), "no build script if not wanted")
    _has(env, render_crate(crates["sys"]), "    links = \"z\",\n")
    _has(
        env,
        render_crate(crates["codec"], translated = True),
        "rust_binary(\n    name = \"codec_bs_program\",\n",
        "cargo_build_script(\n    name = \"codec_bs\",\n    srcs = [\n        \"//:build_script.rs\",\n    ],\n",
        "        \"RULES_ESP32_BUILD_SCRIPT\": \"$(execpath :codec_bs_program)\",\n",
    )
    return unittest.end(env)

render_test = unittest.make(_render_test_impl)

def _render_esp_idf_test_impl(ctx):
    env = unittest.begin(ctx)
    crate = _crates(_resolve(_CHIP))["sys"]
    text = render_crate(crate, {"esp_idf": "@esp_idf"})
    _has(
        env,
        text,
        "load(\"@esp_idf//:version.bzl\", \"VERSION\")\n",
        "idf_rust_bindings(\n    name = \"bindings\",\n    components = \"@esp_idf//:rust_sys\",\n",
        "cargo_build_script(\n    name = \"sys_bs\",\n    srcs = [\n        \"//:esp_idf_sys.rs\",\n    ],\n",
        "        \"RULES_ESP32_CFGS\": \"$(execpath @esp_idf//:config/rust.cfg)\",\n",
        "    links = \"z\",\n",
        ") + [\":bindings\"],\n",
        "        \":sys_bs\",\n",
    )
    asserts.false(env, "build.rs" in text, "the crate's own build script does not run")
    asserts.false(env, "bindings" in render_crate(crate), "nothing of it elsewhere")
    return unittest.end(env)

render_esp_idf_test = unittest.make(_render_esp_idf_test_impl)

def _esp_idf_error_test_impl(ctx):
    env = unittest.begin(ctx)
    _has(env, esp_idf_error(["esp-idf-sys"], {}), "esp_idf = \"@esp_idf\"")
    for names, annotation in [
        (["esp-hal"], {}),
        (["esp-idf-sys"], {"esp_idf": "@esp_idf"}),
        (["esp-idf-sys"], {"gen_build_script": False}),
    ]:
        asserts.equals(env, None, esp_idf_error(names, {"esp-idf-sys": json.decode(crate_annotation(**annotation))}))
    return unittest.end(env)

esp_idf_error_test = unittest.make(_esp_idf_error_test_impl)

def _render_build_scripts_test_impl(ctx):
    env = unittest.begin(ctx)

    # The chip's side has one feature less, and its own run of the build script.
    graphs = {_HOST: _graph(_HOST, True), _CHIP: _graph(_CHIP, False)}
    for index in [1, 2, 3]:
        graphs[_CHIP]["units"][index]["features"] = []
    text = render_crate(_crates(resolve_crates(_METADATA, graphs, _HOST, "/x/workspace"))["codec"])
    _has(env, text, "    name = \"codec_bs\",\n", "    name = \"codec_bs_target\",\n")
    _has(env, text, """    deps = select({
        "//:build_machine": [
            "//vendor/sys-2.0.0+lib:sys",
            ":codec_bs",
        ],
        "//conditions:default": [
            "//vendor/sys-2.0.0+lib:sys",
            ":codec_bs_target",
        ],
    }),
""")
    return unittest.end(env)

render_build_scripts_test = unittest.make(_render_build_scripts_test_impl)

def _render_repository_test_impl(ctx):
    env = unittest.begin(ctx)
    resolved = _resolve(_CHIP)
    asserts.equals(
        env,
        ["//vendor/codec-1.2.3:codec", "//vendor/either-1.0.0:either", "//vendor/tester-3.0.0:tester"],
        sorted(direct_dependencies(resolved)),
    )
    root = render_root(resolved, _HOST)
    _has(
        env,
        root,
        "\"@platforms//cpu:x86_64\"",
        "    name = \"either\",\n    actual = \"//vendor/either-1.0.0:either\",\n",
        "    name = \"either-1.0.0\",\n",
        "    name = \"wire\",\n    actual = \"//vendor/codec-1.2.3:codec\",\n",
        "    name = \"codec__codec-gen\",\n    actual = \"//vendor/codec-1.2.3:codec__codec-gen\",\n",
    )
    asserts.false(env, "\"sys\"" in root, "only direct dependencies get a name")
    defs = render_defs(resolved)
    _has(
        env,
        defs,
        "_PACKAGES = [\n    \"firmware\",\n]",
        "Label(\"//vendor/codec-1.2.3:codec\"): \"wire\"",
        """_DEV_DEPS = {
    "firmware": [
        Label("//vendor/tester-3.0.0:tester"),
    ],
}""",
    )
    asserts.false(env, "/x/" in root + defs, "paths of this machine do not belong into the repository")
    return unittest.end(env)

render_repository_test = unittest.make(_render_repository_test_impl)

def _sbom_test_impl(ctx):
    env = unittest.begin(ctx)
    checksums = lock_checksums("""\
# This file is automatically @generated by Cargo.
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "codec",
]

[[package]]
name = "codec"
version = "1.2.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0123456789abcdef"
dependencies = [
 "sys 2.0.0+lib",
]

[[package]]
name = "either"
version = "1.0.0"
source = "git+https://example.org/either?rev=1#abcdef"
""")
    asserts.equals(env, {"codec 1.2.3 registry+https://github.com/rust-lang/crates.io-index": "0123456789abcdef"}, checksums)

    resolved = _resolve(_CHIP)
    crates = _crates(resolved)
    by_label = crates_by_label(resolved)
    codec = crate_component(crates["codec"], checksums, by_label)
    asserts.equals(env, ("library", "codec", "1.2.3", "pkg:cargo/codec@1.2.3"), (codec["type"], codec["name"], codec["version"], codec["purl"]))
    asserts.equals(env, [{"alg": "SHA-256", "content": "0123456789abcdef"}], codec["hashes"])
    asserts.equals(env, None, crate_component(crates["sys"], checksums, by_label).get("hashes"), "no checksum in Cargo.lock")
    asserts.equals(env, "pkg:cargo/sys@2.0.0%2Blib", crate_purl(crates["sys"]))

    # what its build script is made with, too
    scripted = struct(**({
        name: getattr(crates["codec"], name)
        for name in ["name", "version", "source", "license", "license_file", "env"]
    } | {"variants": {"target": {"build_script": {"deps": {}, "proc_macro_deps": {"//vendor/codec-derive-1.2.3:codec-derive": ""}}}}}))
    asserts.equals(
        env,
        ["pkg:cargo/codec-derive@1.2.3", "pkg:cargo/either@1.0.0"],
        [p["value"] for p in crate_component(scripted, {}, by_label)["properties"]],
    )

    def licensed(**kwargs):
        crate = struct(**({"env": {}, "license": "", "license_file": "", "name": "a", "source": "", "variants": {}, "version": "1.0.0"} | kwargs))
        return crate_component(crate, {}, {}).get("licenses")

    asserts.equals(env, [{"expression": "MIT OR Apache-2.0"}], licensed(license = "MIT/Apache-2.0"))
    asserts.equals(env, [{"expression": "(MIT OR Apache-2.0) AND Unicode-3.0"}], licensed(license = "(MIT OR Apache-2.0) AND Unicode-3.0"))
    asserts.equals(env, [{"license": {"name": "LICENSE.txt"}}], licensed(license_file = "LICENSE.txt"))
    asserts.equals(env, None, licensed())

    for source, qualifiers in {
        "git+https://example.org/a?branch=main#c0ffee": "?vcs_url=git%2Bhttps://example.org/a@c0ffee",
        "registry+https://example.org/index": "?repository_url=https://example.org/index",
        "registry+https://github.com/rust-lang/crates.io-index": "",
    }.items():
        asserts.equals(env, "pkg:cargo/a@1.0.0" + qualifiers, crate_purl(struct(name = "a", version = "1.0.0", source = source)))
    return unittest.end(env)

sbom_test = unittest.make(_sbom_test_impl)

def crates_test_suite(name):
    """Makes the tests and a suite of them.

    Args:
        name: name of the suite.
    """
    unittest.suite(
        name,
        manifest_stubs_test,
        cargo_env_test,
        cargo_errors_test,
        resolve_test,
        resolve_workspace_dependency_test,
        other_chip_test,
        profile_test,
        render_test,
        render_esp_idf_test,
        esp_idf_error_test,
        render_build_scripts_test,
        render_repository_test,
        sbom_test,
    )
