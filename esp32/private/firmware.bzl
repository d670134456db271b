"""`esp32_firmware`: Rust, its crates and C components, linked to one ELF."""

load("@rules_rust//rust:defs.bzl", "rust_common", "rust_static_library")
load("@rules_rust//rust:rust_common.bzl", "BuildInfo")
load("//esp32/private:chips.bzl", "CHIP_ATTR", "chip_constraints", "firmware_transition")
load("//esp32/private:component.bzl", "the_project")
load("//esp32/private:providers.bzl", "Esp32FirmwareInfo", "IdfComponentInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")
load("//esp32/private/idf:link.bzl", "IDF_LINK_ATTRS", "idf_link", "weak_runtime")
load("//esp32/private/idf:size.bzl", "idf_size")

_CrateLinkInfo = provider(
    "What a crate, and those that it depends on, are to be linked with.",
    fields = {
        "build_scripts": "depset of structs (label: Label of a build script, info: BuildInfo, executable: File or None), a crate before what it depends on.",
        "components": "depset of structs, as in IdfComponentInfo: what bindings are of.",
        "own": "list of Labels of the crate's own build scripts.",
        "project": "IdfProjectInfo: the ESP-IDF project of the components, or None.",
    },
)

# compile_data: the bindings that esp-idf-sys includes
_CRATE_EDGES = ["compile_data", "crate", "deps", "script", "srcs"]

def _crate_links_impl(target, ctx):
    components = []
    build_scripts = []
    own = []
    projects = []
    for attribute in _CRATE_EDGES:
        edges = getattr(ctx.rule.attr, attribute, None) or []
        for dep in edges if type(edges) == "list" else [edges]:
            if IdfComponentInfo in dep:
                components.append(dep[IdfComponentInfo].components)
                projects.append(dep[IdfComponentInfo].project)
            if _CrateLinkInfo in dep and attribute != "script":
                components.append(dep[_CrateLinkInfo].components)
                projects.append(dep[_CrateLinkInfo].project)
                build_scripts.append(dep[_CrateLinkInfo].build_scripts)
            if BuildInfo in dep:
                own.append(dep.label)
    direct = []
    if BuildInfo in target:
        script = getattr(ctx.rule.attr, "script", None)
        direct = [struct(
            label = target.label,
            executable = script[DefaultInfo].files_to_run.executable if script else None,
            info = target[BuildInfo],
        )]
    return [_CrateLinkInfo(
        build_scripts = depset(direct, transitive = build_scripts, order = "topological"),
        components = depset(transitive = components),
        own = own,
        project = the_project(target.label, projects),
    )]

_crate_links = aspect(
    implementation = _crate_links_impl,
    doc = "Finds the components that crates are bindings of, and what build scripts say.",
    attr_aspects = _CRATE_EDGES,
)

def missing_components_error(firmware, components):
    """What is wrong with a firmware that lacks components.

    Args:
      firmware: Label of the firmware.
      components: list of structs, as in IdfComponentInfo.

    Returns:
      list of arguments for `fail`, which prints Labels as the main module writes them; empty where nothing is missing.
    """
    present = {c.label: True for c in components}
    missing = {}
    for c in components:
        for need in c.needs:
            if need not in present:
                missing.setdefault(need, c.label)
    if not missing:
        return []
    error = ["esp32_firmware ", firmware, ": components are missing:\n"]
    for need, by in missing.items():
        error += ["  ", need, ", which ", by, " requires\n"]
    error.append("Add to its `components`:\n")
    for need in missing:
        error += ["    \"", need, "\",\n"]
    return error

def missing_cxx_error(firmware, components):
    """What is wrong with a firmware that has C++, and not its library.

    Args:
      firmware: Label of the firmware.
      components: list of structs, as in IdfComponentInfo.

    Returns:
      list of arguments for `fail`, empty where nothing is missing.
    """
    for c in components:
        for archive in c.archives:
            if archive.basename in ("libstdc++.a", "libsupc++.a"):
                return []
    for c in components:
        if c.cxx:
            return [
                "esp32_firmware ",
                firmware,
                ": ",
                c.label,
                " is C++, and no component has its library among its `archives`: add one to `components`, such as ",
                "\"@rules_esp32//firmware/components/cxx\"",
            ]
    return []

def _ordinary_link(ctx, components, scripts):
    """What firmware without an ESP-IDF project is linked with: arguments, and inputs."""
    objects = [o for c in components for o in c.objects]
    arguments = []
    for script in scripts:
        arguments += ["-T", script]
    for c in components:
        arguments += list(c.linkopts)
    return struct(arguments = arguments + ctx.attr.linkopts + objects, inputs = objects + scripts)

def _build_scripts(ctx, links, has_script):
    """The description of the link for esplink, with what build scripts of crates say: (File, list of depsets of Files)."""
    said = []
    files = []
    for script in links.build_scripts.to_list() if links else []:
        arguments = [f for f in [script.info.link_search_paths, script.info.linker_flags, script.info.flags] if f]
        metadata = script.info.dep_env
        is_own = script.label in links.own
        said.append({
            "arguments": [f.path for f in arguments],
            "executable": script.executable.path if script.executable and is_own else None,
            "label": str(script.label),
            "metadata": metadata.path if metadata else None,
            "own": is_own,
        })
        files.append(depset(
            arguments + [f for f in [metadata, script.info.out_dir] if f] + ([script.executable] if script.executable and is_own else []),
            transitive = [script.info.compile_data],
        ))
    manifest = ctx.actions.declare_file(ctx.label.name + ".link.json")
    ctx.actions.write(manifest, json.encode_indent({
        "build_scripts": said,
        "firmware": str(ctx.label),
        "has_script": has_script,
    }, indent = "  ") + "\n")
    return manifest, files

def _esp32_firmware_impl(ctx):
    ld = ctx.toolchains["//toolchains/ld:toolchain_type"].ld_info
    links = ctx.attr.rust[_CrateLinkInfo] if ctx.attr.rust else None
    components = depset(transitive = [c[IdfComponentInfo].components for c in ctx.attr.components] +
                                     ([links.components] if links else []), order = "postorder").to_list()
    project = the_project(ctx.label, [c[IdfComponentInfo].project for c in ctx.attr.components] + ([links.project] if links else []))
    if ctx.attr.std and not project:
        fail("esp32_firmware ", ctx.label, ": `std` is Rust's on ESP-IDF, and none of `components` is of an ESP-IDF project: add some, such as \"@esp_idf//:pthread\", or remove it", sep = "")
    error = missing_components_error(ctx.label, components) or ([] if project else missing_cxx_error(ctx.label, components))
    if error:
        fail(sep = "", *error)
    scripts = [s for c in components for s in c.linker_scripts] + ctx.files.linker_scripts
    has_script = bool(project or scripts or [o for o in ctx.attr.linkopts if o.startswith(("-T", "--script"))])
    manifest, said_files = _build_scripts(ctx, links, has_script)
    if not has_script and not said_files:
        fail("esp32_firmware ", ctx.label, ": no linker script: add esp-hal to `deps`, which brings its own, name one in `linker_scripts`, or add the component that has the chip's (esp_system)", sep = "")

    elf = ctx.actions.declare_file(ctx.label.name + ".elf")
    link_map = ctx.actions.declare_file(ctx.label.name + ".map")

    # What LLVM makes of the bitcode.
    lto = ctx.actions.declare_directory(ctx.label.name + ".lto")
    args = ctx.actions.args()
    args.add_all(ld.flags)
    args.add("-plugin-opt=obj-path=" + lto.path)
    args.add_all([
        "--build-id=none",
        "--gc-sections",
        "--no-warn-rwx-segments",
        "-nostdlib",
        "-znoexecstack",
    ])
    args.add("-Map", link_map)
    args.add("-o", elf)
    library = ctx.file.rust
    if project:
        link = idf_link(ctx, project, components, ctx.label.name, library)
        args.add_all(scripts, before_each = "-T")
        args.add_all(ctx.attr.linkopts)

        # Before ESP-IDF's scripts: they say where such functions are in ROM, which wins over an object that is there already.
        runtime = [weak_runtime(ctx, ld.runtime, ctx.label.name)] if library else []
        args.add_all(runtime)
        args.add_all(link.arguments)
        inputs = link.inputs + scripts + runtime
    else:
        link = _ordinary_link(ctx, components, scripts)
        args.add_all(link.arguments)

        # all of it, first: the library has one for another CPU
        args.add(ld.runtime)
        args.add_all([library] if library else [])
        archives = {a: True for c in components for a in c.archives}.keys()
        if archives:
            args.add("--start-group")
            args.add_all(archives)
            args.add("--end-group")
        inputs = link.inputs + archives
    args.use_param_file("@%s")
    args.set_param_file_format("multiline")
    first = ctx.actions.args()
    first.add_all([manifest, ld.ld])
    ctx.actions.run(
        executable = ctx.attr._esplink[Esp32ToolInfo].files_to_run,
        arguments = [first, args],
        inputs = depset(inputs + [f for f in [library, ld.runtime, manifest] if f], transitive = [ld.files] + said_files),
        outputs = [elf, link_map, lto],
        mnemonic = "Esp32Link",
        progress_message = "Linking firmware %{output}",
        toolchain = Label("//toolchains/ld:toolchain_type"),
    )
    return [
        DefaultInfo(files = depset([elf])),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["components", "rust"]),
        OutputGroupInfo(
            map = depset([link_map]),
            size = depset(idf_size(ctx, project, link_map)),
        ),
        Esp32FirmwareInfo(
            chip = ctx.attr.chip,
            components = components,
            elf = elf,
            idf = project,
            map = link_map,
            rust = ctx.attr.rust[rust_common.test_crate_info].crate if ctx.attr.rust else None,
            sources = ctx.files.linker_scripts,
            version = ctx.attr.version,
        ),
    ]

_esp32_link = rule(
    implementation = _esp32_firmware_impl,
    doc = "Links an `esp32_firmware`.",
    attrs = IDF_LINK_ATTRS | {
        "chip": CHIP_ATTR,
        "components": attr.label_list(providers = [IdfComponentInfo]),
        "linker_scripts": attr.label_list(allow_files = [".ld"]),
        "linkopts": attr.string_list(),
        "rust": attr.label(allow_single_file = [".a"], aspects = [_crate_links]),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_esplink": tool_attr("esplink"),
        "env": attr.string_dict(),
        "std": attr.bool(),
        "version": attr.string(),
    },
    cfg = firmware_transition,
    provides = [Esp32FirmwareInfo],
    toolchains = ["//toolchains/ld:toolchain_type"],
)

def esp32_firmware(
        name,
        srcs = [],
        deps = [],
        components = [],
        chip = "esp32",
        linker_scripts = [],
        linkopts = [],
        env = {},
        std = False,
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """A Rust program and C components as one ELF for a chip. The output group `map` is the linker's map.

    It is built for the chip whatever --platforms says.

    In an ESP-IDF project, the output group `size` is how much memory it takes, and which components take it: what `idf.py size`,
    `size-components` and `size-files` print, as text and as JSON.

    On esp-hal, nothing else is needed: `deps = ["@fw_crates//:esp-hal", ...]`. It is linked with what build scripts say, as cargo does it:
    `rustc-link-search` and `rustc-link-lib` of all crates, and `rustc-link-arg` of the program's own. Components may be
    C drivers then: without those that have start code and linker scripts.

    Args:
      name: string; `NAME.elf` is the output.
      srcs: labels of the Rust sources; the crate's root is main.rs, lib.rs or the only one. Without any, the firmware is its components alone.
      deps: labels of crates: `rust_library`, `idf_bindgen`, `rust_prost_library` or of a Cargo.lock. Components that are
        bound by them are linked.
      components: labels of more `idf_component`s.
      chip: string; the chip that it is for.
      linker_scripts: labels of .ld files, after those of the components. Where neither has any, nor the program's own build script
        (a `cargo_build_script` among `deps`) names one, esp-hal's linkall.x is taken.
      linkopts: strings; more arguments of GNU ld.
      env: dict from string to string; environment of rustc and of build scripts for this firmware and all of its crates, such as
        `{"ESP_HAL_CONFIG_MIN_CHIP_REVISION": "301", "ESP_LOG": "debug"}`. It adds to --action_env, and wins over it; a crate's own `rustc_env` and
        `build_script_env` win over it. A firmware with another `env` compiles its crates anew.
      std: bool; whether the Rust code has `std`, as rustc's target xtensa-esp32-espidf has it: for firmware of an ESP-IDF project, whose components
        `newlib`, `pthread`, `vfs` and, for `std::net`, `lwip` it calls. Without it, Rust is `no_std`.
      visibility: as everywhere.
      tags: as everywhere.
      testonly: as everywhere.
      **kwargs: more arguments of rules_rust's `rust_static_library`: `edition`, `crate_features`, `proc_macro_deps`, ...
    """
    link = dict(
        name = name,
        chip = chip,
        components = components,
        env = env,
        linker_scripts = linker_scripts,
        linkopts = linkopts,
        std = std,
        version = kwargs.get("version"),
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
    if type(srcs) == "list" and not srcs:
        for argument in ["deps"] + kwargs.keys():
            if argument != "version" and (deps if argument == "deps" else kwargs[argument]):
                fail("esp32_firmware //{}:{}: `{}` is for Rust, and there are no `srcs`: add some, or remove it".format(native.package_name(), name, argument))
        _esp32_link(**link)
        return
    if "crate_root" not in kwargs and type(srcs) == "list":
        for root in ("main.rs", ":main.rs", "src/main.rs", ":src/main.rs"):
            if root in srcs:
                kwargs["crate_root"] = root
    crate_name = kwargs.pop("crate_name", name.replace("-", "_").replace(".", "_"))
    rustc_env = {
        # as cargo has them for a program: of the firmware, not of the target that compiles it
        "CARGO_BIN_NAME": name,
        "CARGO_CRATE_NAME": crate_name,
        "CARGO_PKG_NAME": name,
    } | kwargs.pop("rustc_env", {})
    rust_static_library(
        name = name + ".rust",
        # one module of all crates, which xtensa-ld makes code of
        rustc_flags = ["-Clto=fat"] + kwargs.pop("rustc_flags", []),
        srcs = srcs,
        # macros such as esp-hal's look up in it what the program calls their crate
        compile_data = kwargs.pop("compile_data", []) + native.glob(["Cargo.toml"], allow_empty = True),
        crate_name = crate_name,
        rustc_env = rustc_env,
        tags = tags,
        target_compatible_with = chip_constraints(chip),
        testonly = testonly,
        visibility = ["//visibility:private"],
        deps = deps,
        **kwargs
    )
    _esp32_link(rust = ":{}.rust".format(name), **link)
