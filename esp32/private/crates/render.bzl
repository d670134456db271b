"""Writes crates as BUILD files for rules_rust."""

load(":profile.bzl", "profile_flags")
load(":resolve.bzl", "BUILD", "HOST", "TARGET", "build_label")

# The condition on which a crate is the one for the build machine.
_ON_HOST = "//:build_machine"

_HEADER = "# Written by the repository rule crates_repository of rules_esp32 from Cargo.lock.\n"

# Build scripts of ours, at the top of the repository.
_TRANSLATOR = "//:build_script.rs"
_ESP_IDF_SYS = "//:esp_idf_sys.rs"
BUILD_SCRIPTS = [label.removeprefix("//:") for label in [_TRANSLATOR, _ESP_IDF_SYS]]

# CPU of a triple -> constraint value of @platforms//cpu, where they differ.
_CPUS = {
    "powerpc64le": "ppc64le",
    "riscv64gc": "riscv64",
}

def _lines(indent, values):
    return "".join(["{}    {},\n".format(indent, value) for value in values])

def _literal(value, indent):
    """Writes a sorted list or dict of strings, or a string."""
    if type(value) == "string":
        return json.encode(value)
    if type(value) == "dict":
        if not value:
            return "{}"
        return "{\n" + _lines(indent, ["{}: {}".format(json.encode(key), json.encode(value[key])) for key in sorted(value)]) + indent + "}"
    if not value:
        return "[]"
    return "[\n" + _lines(indent, [json.encode(item) for item in value]) + indent + "]"

def select_by_variant(values, indent = "    ", literal = _literal, condition = json.encode(_ON_HOST)):
    """Writes an attribute's value, with a select() only where build machine and chip differ.

    Args:
        values: {variant: value}.
        indent: what precedes the line the value starts on.
        literal: function (value, indent) that writes one value.
        condition: how the condition for the build machine is written.

    Returns:
        Starlark source.
    """
    if TARGET not in values or values.get(HOST, values[TARGET]) == values[TARGET]:
        return literal(values.get(HOST, values.get(TARGET)), indent)
    return "select({{\n{indent}    {condition}: {host},\n{indent}    \"//conditions:default\": {target},\n{indent}}})".format(
        condition = condition,
        host = literal(values[HOST], indent + "    "),
        indent = indent,
        target = literal(values[TARGET], indent + "    "),
    )

def _is_empty(values):
    return not [True for value in values.values() if value]

def _call(rule, attrs):
    """Writes a target. `attrs` are [(name, Starlark source)]; a value of None is left out."""
    return "\n{}(\n{})\n".format(rule, "".join(["    {} = {},\n".format(name, source) for name, source in attrs if source != None]))

def _attr(values):
    """Source of an attribute, None if it is empty in all variants."""
    return None if _is_empty(values) else select_by_variant(values)

def _renames(deps):
    return {label: name for kind in ["deps", "proc_macro_deps"] for label, name in deps[kind].items() if name}

def _escape(env):
    return {key: value.replace("$", "$$") for key, value in env.items()}

# Cargo does not optimise what runs during the build either: it takes longer to compile than it then saves.
_BUILD_TIME_FLAGS = ["--cap-lints=allow", "-Copt-level=0"]

def _rustc_flags(variants, annotation, release):
    return {
        name: (_BUILD_TIME_FLAGS if variant["only_at_build_time"] else ["--cap-lints=allow"]) +
              (profile_flags(variant["profile"], release) if name == TARGET else []) +
              annotation.get("rustc_flags", [])
        for name, variant in variants.items()
    }

def _build_script_name(crate, variant_name):
    return crate.name + ("_bs" if variant_name == HOST else "_bs_" + variant_name)

def _build_scripts(crate, annotation):
    """Returns {variant: name of its build script's target} and {that name: script}."""
    if crate.build_script == None or not annotation.get("gen_build_script", True):
        return {}, {}
    by_variant = {}
    scripts = {}
    for variant_name in [name for name in [HOST, TARGET, BUILD] if name in crate.variants]:
        script = crate.variants[variant_name]["build_script"]
        if script == None:
            continue
        same = [name for name, other in scripts.items() if other == script]
        if same:
            name = same[0]
        else:
            name = _build_script_name(crate, variant_name if scripts else HOST)
        by_variant[variant_name] = name
        scripts[name] = script
    return by_variant, scripts

def render_crate(crate, annotation = {}, with_binaries = False, settings = {}, translated = False, release = []):
    """Writes the BUILD file of a crate.

    Args:
        crate: one of `resolve_crates(...).crates`.
        annotation: what the user wants to be different: a dict as `crate_annotation` makes it.
        with_binaries: whether the programs of the crate get targets, `<crate>__<program>`.
        settings: environment variables for rustc and build scripts: what the user sets for all crates.
        release: what the workspace says of the release profile: result of `profile_keys`.
        translated: whether the build script may print `cargo::KEY=VALUE`, which rules_rust 0.54 does not know.

    Returns:
        Content of a BUILD.bazel.
    """
    esp_idf = annotation.get("esp_idf")
    if esp_idf:
        # for the chip alone
        scripts_by_variant, scripts = {TARGET: _build_script_name(crate, HOST)}, {}
    else:
        scripts_by_variant, scripts = _build_scripts(crate, annotation)
    variants = {name: variant for name, variant in crate.variants.items() if name != BUILD}

    common = [
        ("srcs", "glob([\"**/*.rs\"])"),
    ]
    compile_data = ("compile_data", "glob(\n        [\"**\"],\n        exclude = _NOT_DATA + [\"**/*.rs\"],\n    )" +
                                    (" + [\":bindings\"]" if esp_idf else ""))

    # a build script that wants a network has none, in everybody's sandbox
    tags = ("tags", _literal(["block-network", "crate-name=" + crate.name, "manual", "noclippy", "norustfmt"], "    "))
    rust_rule = "rust_proc_macro" if crate.is_proc_macro else "rust_library"
    env = _escape(settings | crate.env)

    def attributes(variants, only = None):
        labels = {
            name: sorted(variant["deps"]) +
                  ([":" + scripts_by_variant[only or name]] if (only or name) in scripts_by_variant else [])
            for name, variant in variants.items()
        }
        return struct(
            aliases = _attr({name: _renames(variant) for name, variant in variants.items()}),
            deps = labels,
            features = _attr({name: sorted(variant["features"]) for name, variant in variants.items()}),
            proc_macro_deps = _attr({name: sorted(variant["proc_macro_deps"]) for name, variant in variants.items()}),
            rustc_flags = _attr(_rustc_flags(variants, annotation, release)),
        )

    def library(name, variants, only = None):
        attrs = attributes(variants, only)
        return _call(rust_rule, [
            ("name", json.encode(name)),
        ] + common + [
            ("aliases", attrs.aliases),
            compile_data,
            ("crate_features", attrs.features),
            ("crate_name", json.encode(crate.library.crate_name)),
            ("crate_root", json.encode(crate.library.crate_root)),
            ("edition", json.encode(crate.library.edition)),
            ("proc_macro_deps", attrs.proc_macro_deps),
            ("rustc_env", _literal(env, "    ")),
            ("rustc_flags", attrs.rustc_flags),
            tags,
            ("version", json.encode(crate.version)),
            ("deps", _attr(attrs.deps)),
        ])

    text = ""
    if crate.library:
        text += library(crate.name, variants)
        if BUILD in crate.variants:
            text += library(build_label(crate).rpartition(":")[2], {HOST: crate.variants[BUILD]}, BUILD)

    for name in sorted(scripts):
        script = scripts[name]
        program = [
            ("aliases", _attr({HOST: _renames(script)})),
            compile_data,
            ("crate_features", _attr({HOST: sorted(script["features"])})),
            ("crate_name", json.encode("build_script_build")),
            ("crate_root", json.encode(crate.build_script.crate_root)),
            ("edition", json.encode(crate.build_script.edition)),
            ("proc_macro_deps", _attr({HOST: sorted(script["proc_macro_deps"])})),
            ("rustc_env", _literal(env, "    ")),
            ("rustc_flags", _literal(_BUILD_TIME_FLAGS, "    ")),
            ("deps", _attr({HOST: sorted(script["deps"])})),
        ]

        # esp-bootloader-esp-idf's, for one, asks for the time otherwise.
        script_env = _escape({"SOURCE_DATE_EPOCH": "0"} | settings) | annotation.get("build_script_env", {})
        private = [tags, ("version", json.encode(crate.version)), ("visibility", "[\"//visibility:private\"]")]
        run = [
            ("data", "glob(\n        [\"**\"],\n        exclude = _NOT_DATA,\n    )"),
            ("link_deps", _attr({HOST: sorted(script["link_deps"])})),
            ("links", json.encode(crate.links) if crate.links else None),
            ("pkg_name", json.encode(crate.name)),
        ] + private
        if translated:
            text += _call("rust_binary", [("name", json.encode(name + "_program"))] + common + program + private)
            script_env = script_env | {"RULES_ESP32_BUILD_SCRIPT": "$(execpath :" + name + "_program)"}
            text += _call("cargo_build_script", [
                ("name", json.encode(name)),
                ("srcs", _literal([_TRANSLATOR], "    ")),
                ("crate_features", _attr({HOST: sorted(script["features"])})),
                ("crate_name", json.encode("build_script_build")),
                ("crate_root", json.encode(_TRANSLATOR)),
                ("edition", json.encode("2024")),
                ("rustc_flags", _literal(_BUILD_TIME_FLAGS, "    ")),
                ("tools", _literal([":" + name + "_program"], "    ")),
            ] + run + [("build_script_env", _attr({HOST: script_env}))])
        else:
            text += _call("cargo_build_script", [
                ("name", json.encode(name)),
            ] + common + program + run + [("build_script_env", _attr({HOST: script_env}))])

    if esp_idf:
        text += _call("idf_rust_bindings", [
            ("name", "\"bindings\""),
            ("components", json.encode(esp_idf + "//:rust_sys")),
            ("header", "\"src/include/esp-idf/bindings.h\""),
            ("version", "VERSION"),
        ])
        cfgs = esp_idf + "//:config/rust.cfg"
        text += _call("cargo_build_script", [
            ("name", json.encode(scripts_by_variant[TARGET])),
            ("srcs", _literal([_ESP_IDF_SYS], "    ")),
            ("build_script_env", _literal({
                "RULES_ESP32_BINDINGS": "$(execpath :bindings)",
                "RULES_ESP32_CFGS": "$(execpath {})".format(cfgs),
            }, "    ")),
            ("crate_name", json.encode("build_script_build")),
            ("crate_root", json.encode(_ESP_IDF_SYS)),
            ("data", _literal([":bindings", cfgs], "    ")),
            ("edition", json.encode("2024")),
            ("links", json.encode(crate.links)),
            ("pkg_name", json.encode(crate.name)),
            ("rustc_flags", _literal(_BUILD_TIME_FLAGS, "    ")),
            tags,
            ("version", json.encode(crate.version)),
            ("visibility", "[\"//visibility:private\"]"),
        ])

    if with_binaries:
        attrs = attributes(variants)
        for binary in crate_binaries(crate):
            own = [":" + crate.name] if crate.library else []
            text += _call("rust_binary", [
                ("name", json.encode("{}__{}".format(crate.name, binary.name))),
            ] + common + [
                ("aliases", attrs.aliases),
                compile_data,
                ("crate_features", attrs.features),
                ("crate_name", json.encode(binary.crate_name)),
                ("crate_root", json.encode(binary.crate_root)),
                ("edition", json.encode(binary.edition)),
                ("proc_macro_deps", attrs.proc_macro_deps),
                ("rustc_env", _literal(env | {"CARGO_BIN_NAME": binary.name}, "    ")),
                ("rustc_flags", attrs.rustc_flags),
                tags,
                ("version", json.encode(crate.version)),
                ("deps", _attr({name: labels + own for name, labels in attrs.deps.items()})),
            ])

    loads = ["load(\"@rules_rust//cargo:defs.bzl\", \"cargo_build_script\")\n"] if scripts_by_variant else []
    if esp_idf:
        loads.append("load({}, \"VERSION\")\n".format(json.encode(esp_idf + "//:version.bzl")))
        loads.append("load({}, \"idf_rust_bindings\")\n".format(json.encode(str(Label("//esp32/private/idf:rust_sys.bzl")))))
    rust_rules = [rule for rule in ["rust_binary", "rust_library", "rust_proc_macro"] if "\n{}(\n".format(rule) in text]
    loads.append("load(\"@rules_rust//rust:defs.bzl\", {})\n".format(", ".join([json.encode(rule) for rule in rust_rules])))
    return _HEADER + "".join(loads) + _PACKAGE.format(json.encode(crate.name)) + text

# Files that are Cargo's or Bazel's own, names that a runfiles manifest cannot hold, and a file that is called as the target is.
_PACKAGE = """
package(default_visibility = ["//visibility:public"])

_NOT_DATA = [
    "**/* *",
    ".cargo-checksum.json",
    ".cargo_vcs_info.json",
    "BUILD.bazel",
    "Cargo.lock",
    "Cargo.toml.orig",
    {},
]
"""

def crate_binaries(crate):
    """Returns those programs of a crate whose required features are on."""
    features = {feature: True for variant in crate.variants.values() for feature in variant["features"]}
    return [binary for binary in crate.binaries if not [feature for feature in binary.required_features if feature not in features]]

def direct_dependencies(resolved):
    """Returns {label: True} of the crates that members of the workspace name in their manifests."""
    return {
        label: True
        for member in resolved.members
        for variants in member.deps.values()
        for deps in variants.values()
        for kind in ["deps", "proc_macro_deps"]
        for label in deps[kind]
    }

def render_root(resolved, host_triple):
    """Writes the BUILD file of the repository's root: a name for each direct dependency, and for its programs.

    A crate is called as in the manifests (`clap`, or the name that a member gives it) and with its version (`clap-4.5.1`).

    Args:
        resolved: result of `resolve_crates`.
        host_triple: the triple of the build machine.

    Returns:
        Content of a BUILD.bazel.
    """
    cpu = host_triple.partition("-")[0]
    direct = direct_dependencies(resolved)
    aliases = {}
    for crate in resolved.crates:
        labels = [label for label in [crate.label, build_label(crate)] if label in direct]
        if not labels:
            continue
        names = ["{}-{}".format(crate.name, crate.version)]
        for member in resolved.members:
            for variants in member.deps.values():
                for deps in variants.values():
                    for kind in ["deps", "proc_macro_deps"]:
                        names += [deps[kind][label] or crate.name for label in labels if label in deps[kind]]
        for name in names:
            aliases.setdefault(name, {})[crate.label] = True
        for binary in crate_binaries(crate):
            label = "{}__{}".format(crate.label, binary.name)
            aliases.setdefault("{}__{}".format(crate.name, binary.name), {})[label] = True

    text = _HEADER + "\npackage(default_visibility = [\"//visibility:public\"])\n"
    text += "\nexports_files({})\n".format(_literal(BUILD_SCRIPTS, ""))
    text += _call("config_setting", [
        ("name", "\"build_machine\""),
        ("constraint_values", _literal([
            "@platforms//cpu:" + _CPUS.get(cpu, cpu),
            "@platforms//os:linux",
        ], "    ")),
    ])
    for name in sorted(aliases):
        labels = sorted(aliases[name])
        if len(labels) > 1:
            # Two versions under one name: all_crate_deps() and the names with versions tell them apart.
            continue
        text += _call("alias", [
            ("name", json.encode(name)),
            ("actual", json.encode(labels[0])),
            ("tags", _literal(["manual"], "    ")),
        ])
    return text

def _label_list(value, indent):
    if not value:
        return "[]"
    return "[\n" + _lines(indent, ["Label({})".format(json.encode(label)) for label in value]) + indent + "]"

def _label_dict(value, indent):
    if not value:
        return "{}"
    return "{\n" + _lines(indent, ["Label({}): {}".format(json.encode(label), json.encode(value[label])) for label in sorted(value)]) + indent + "}"

def _table(name, resolved, values_of, literal):
    rows = []
    for member in resolved.members:
        values = values_of(member)
        if not _is_empty(values):
            rows.append("{}: {}".format(
                json.encode(member.folder),
                select_by_variant(values, "    ", literal, "Label({})".format(json.encode(_ON_HOST))),
            ))
    return "\n{} = {{\n{}}}\n".format(name, _lines("", rows))

def _values_of(kind, attr):
    return lambda member: {name: sorted(deps[attr]) for name, deps in member.deps[kind].items()}

def _aliases_of(kind):
    return lambda member: {name: _renames(deps) for name, deps in member.deps[kind].items()}

def render_defs(resolved, release = []):
    """Writes defs.bzl: the dependencies of each member of the workspace, for BUILD files that do not want to repeat them.

    Args:
        resolved: result of `resolve_crates`.
        release: what the workspace says of the release profile: result of `profile_keys`.

    Returns:
        Content of a defs.bzl.
    """
    text = _DEFS
    text += "\n_PACKAGES = {}\n".format(_literal(sorted([member.folder for member in resolved.members]), ""))
    for kind in ["build", "dev", "normal"]:
        text += _table("_{}_DEPS".format(kind.upper()), resolved, _values_of(kind, "deps"), _label_list)
        text += _table("_{}_PROC_MACRO_DEPS".format(kind.upper()), resolved, _values_of(kind, "proc_macro_deps"), _label_list)
        text += _table("_{}_ALIASES".format(kind.upper()), resolved, _aliases_of(kind), _label_dict)
    text += _table("_PROFILE_FLAGS", resolved, lambda member: {
        TARGET: profile_flags(member.profiles.get(TARGET), release),
        HOST: [],
    } if TARGET in member.profiles else {}, _literal)
    return text

_DEFS = '''"""The dependencies that the Cargo.toml of each package names."""

def _package(package_name):
    if package_name == None:
        package_name = native.package_name()
    if package_name not in _PACKAGES:
        fail("`manifests` of this crates repository holds no {}. It knows: {}.".format(
            (package_name + "/Cargo.toml").lstrip("/"),
            ", ".join([(package + "/Cargo.toml").lstrip("/") for package in _PACKAGES]),
        ))
    return package_name

def all_crate_deps(
        normal = False,
        normal_dev = False,
        proc_macro = False,
        proc_macro_dev = False,
        build = False,
        build_proc_macro = False,
        package_name = None):
    """Returns the dependencies of a Cargo package, for `deps` or `proc_macro_deps`.

    Packages of the same workspace are not among them: they are targets of yours.

    Args:
        normal: those of [dependencies]; the default if nothing else is asked for.
        normal_dev: those of [dev-dependencies].
        proc_macro: procedural macros of [dependencies].
        proc_macro_dev: procedural macros of [dev-dependencies].
        build: those of [build-dependencies].
        build_proc_macro: procedural macros of [build-dependencies].
        package_name: folder of the Cargo.toml; the calling package by default.

    Returns:
        A list of labels, possibly a select().
    """
    package = _package(package_name)
    if not (normal_dev or proc_macro or proc_macro_dev or build or build_proc_macro):
        normal = True
    deps = []
    for wanted, table in [
        (normal, _NORMAL_DEPS),
        (normal_dev, _DEV_DEPS),
        (proc_macro, _NORMAL_PROC_MACRO_DEPS),
        (proc_macro_dev, _DEV_PROC_MACRO_DEPS),
        (build, _BUILD_DEPS),
        (build_proc_macro, _BUILD_PROC_MACRO_DEPS),
    ]:
        if wanted and package in table:
            deps = deps + table[package]
    return deps

def aliases(
        normal = False,
        normal_dev = False,
        build = False,
        package_name = None):
    """Returns the crates that a Cargo package calls by another name, for `aliases`.

    Args:
        normal: those of [dependencies]; the default if nothing else is asked for.
        normal_dev: those of [dev-dependencies].
        build: those of [build-dependencies].
        package_name: folder of the Cargo.toml; the calling package by default.

    Returns:
        A dict from labels to names, possibly a select().
    """
    package = _package(package_name)
    if not (normal_dev or build):
        normal = True
    names = {}
    for wanted, table in [
        (normal, _NORMAL_ALIASES),
        (normal_dev, _DEV_ALIASES),
        (build, _BUILD_ALIASES),
    ]:
        if wanted and package in table:
            names = names | table[package]
    return names

def profile_flags(package_name = None):
    """Returns the flags of rustc by which a Cargo package is compiled as the `[profile.release]` of its Cargo.toml says, for the chip.

    For `rustc_flags` of an `esp32_firmware` or a `rust_library`; crates have theirs already. `lto` and `panic` make no difference.

    Args:
        package_name: folder of the Cargo.toml; the calling package by default.

    Returns:
        A list of strings, possibly a select(): none for the build machine.
    """
    return _PROFILE_FLAGS.get(_package(package_name), [])
'''
