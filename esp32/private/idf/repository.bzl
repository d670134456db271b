"""The repository of a configured ESP-IDF tree, see `idf_config_repository`."""

load(":configure.bzl", "configure", "run_commands")
load(":graph.bzl", "closures")
load(
    ":model.bzl",
    "embedded",
    "fragments_list",
    "is_source",
    "link_line",
    "path_mapper",
    "read_targets",
)
load(":ninja.bzl", "custom_commands")
load(":project.bzl", "parse_sdkconfig")
load(
    ":render.bzl",
    "file_label",
    "package_of",
    "render_bootloader",
    "render_closure",
    "render_headers",
    "render_include",
    "render_library",
    "render_lists",
    "render_loads",
    "render_option_names",
    "render_project",
)
load(":render_options.bzl", "kconfig_description", "render_kconfig_runs", "render_option_settings", "render_sdkconfig_bzl", "typed_options")
load(":sdkconfig.bzl", "defaults_errors", "flat_kconfig", "flatten_menus")

_CMAKE_LISTS = "CMakeLists.txt"

# The toolchain's own libraries, by what the linker calls them.
_LIBRARIES = {
    "c": "libc.a",
    "gcc": "libgcc.a",
    "m": "libm.a",
    "stdc++": "libstdc++.a",
    "supc++": "libsupc++.a",
}

# What the repository has under these names is no component. The component `bootloader` has no code of its own.
_OWN_TARGETS = ["bootloader", "menuconfig", "project", "save_defconfig", "sdkconfig"]

def _fail(rctx, message):
    fail("esp_idf.config(name = \"{}\"): {}".format(rctx.attr.config_name, message))

def _folders_of_components(rctx, attribute, patterns):
    """Folders of components, by name, out of `//components/mine` and `//components/...`."""
    found = {}
    for pattern in patterns:
        path = pattern.removeprefix("//").removesuffix("...").removesuffix("/")
        folder = rctx.workspace_root.get_child(path) if path else rctx.workspace_root
        if not folder.exists:
            _fail(rctx, "{} = [\"{}\"]: there is no folder {}".format(attribute, pattern, folder))
        if pattern.endswith("..."):
            rctx.watch(folder)
            folders = [entry for entry in folder.readdir() if entry.get_child(_CMAKE_LISTS).exists]
        else:
            folders = [folder]
        if not folders or not folders[0].get_child(_CMAKE_LISTS).exists:
            _fail(rctx, "{} = [\"{}\"]: there is no component in {}, which would have a CMakeLists.txt with idf_component_register".format(attribute, pattern, folder))
        for entry in folders:
            found[entry.basename] = entry
    return found

def _display(label):
    return "//{}:{}".format(label.package, label.name) if label.package else label.name

def _defaults(rctx):
    """The files of defaults in the order in which they are read: structs (name: string, for messages; path: path)."""
    files = []
    for label in rctx.attr.sdkconfig_defaults:
        path = rctx.path(label)
        rctx.watch(path)
        name = _display(label).removeprefix("//:")
        files.append(struct(name = name, path = path))
        beside = path.dirname.get_child("{}.{}".format(path.basename, rctx.attr.chip))
        rctx.watch(beside)
        if beside.exists:
            files.append(struct(name = "{}.{}".format(name, rctx.attr.chip), path = beside))
    return files

def _check_options(rctx, options, menus, defaults):
    menus = flatten_menus(menus)
    files = [(file.name, rctx.read(file.path)) for file in defaults]
    errors = defaults_errors(files, options, menus.keys(), menus)
    if errors:
        _fail(rctx, "the options do not fit:\n  " + "\n  ".join(errors))

def _find_script(rctx, name, folders, commands):
    """The absolute path of a linker script; it may still have to be made."""
    for path in [name] if name.startswith("/") else ["{}/{}".format(folder, name) for folder in folders]:
        relative = path.removeprefix(str(rctx.path("build")) + "/")
        if relative in commands or path in commands or rctx.path(path).exists:
            return path
    return _fail(rctx, "the linker script {} is in none of {}".format(name, ", ".join(folders)))

def _included_sources(rctx, sources, to_repository):
    """Files that sources include from other folders than their own, or that are no headers: `"../x.h"`, `"x.c"`."""
    found = {}
    for source in sources:
        folder = source.rpartition("/")[0]
        for rest in rctx.read(source, watch = "no").split("#include \"")[1:]:
            name = rest.partition("\"")[0]
            if "/" not in name and name.endswith(".h"):
                continue
            path = "{}/{}".format(folder, name)
            if rctx.path(path).exists:
                found[to_repository(path)] = True
    return [f for f in found if f]

def _record_groups(target, commands, build, generated, embeds):
    """The sources of a target, without those that embed files: these are noted in `embeds`; and in `generated` what has to be made."""
    groups = []
    for group in target.groups:
        sources = []
        for path, in_repository in group.sources:
            relative = path.removeprefix(build + "/")
            command = commands.get(relative) or commands.get(path)
            if command:
                embed = embedded(command.command)
                if embed and embed.file.removeprefix(build + "/") not in commands and embed.file not in commands:
                    embeds.append(embed)
                    continue
                generated.append(path)
            if is_source(path):
                sources.append(in_repository)
        if sources:
            groups.append(struct(
                copts = group.copts,
                defines = group.defines,
                includes = group.includes,
                language = group.language,
                sources = sources,
            ))
    return groups

def _public_folders(infos, main, to_repository):
    """Folders of public headers of components, by name. Those that a CMakeLists.txt adds with target_include_directories are in no
    description: `main` has no folders of its own, and what it sees besides is such a one."""
    public = {}
    owners = {}
    for name, info in infos.items():
        paths = [to_repository(d if d.startswith("/") else "{}/{}".format(info["dir"], d)) for d in info["include_dirs"]]
        public[name] = [p for p in paths if p]
        owners[to_repository(info["dir"])] = name
    by_length = sorted([f for f in owners if f], key = lambda f: -len(f))
    for group in main.groups if main else []:
        for path in group.includes:
            for folder in by_length:
                if path == folder or path.startswith(folder + "/"):
                    name = owners[folder]
                    if name != "main" and path not in public[name]:
                        public[name].append(path)
                    break
    return public

def _render(rctx, prefix, build, executable, source_dir, folders, commands, env, error_folders, own_main):
    """Writes the packages of one configured project: the application's, or the bootloader's.

    Returns:
      struct (packages: dict from a package to its folder's absolute path, text: dict from a package to the text of its targets, table: dict,
      project: struct).
    """
    build_path = str(rctx.path(build))
    to_repository = path_mapper(folders)
    description = json.decode(rctx.read(build + "/project_description.json"))
    targets = read_targets(rctx, build, source_dir, folders)
    infos = description["build_component_info"]
    common = [c for c in description["common_component_reqs"] if c in infos]
    table = {}
    generated = []
    texts = {}
    includes = {}
    table_package = prefix + "lists" if prefix else "lists"
    project = "//{}:project".format("bootloader" if prefix else "")

    def add(package, text):
        texts.setdefault(package, []).append(text)

    owners = {}
    for name, info in infos.items():
        owners[info["dir"]] = name
    line = link_line(rctx, targets[executable].link)
    scripts = fragments_list(commands)
    fragments = {}
    for path in scripts.fragments if scripts else []:
        for folder in sorted(owners, key = lambda f: -len(f)):
            if path.startswith(folder + "/"):
                fragments.setdefault(owners[folder], []).append(to_repository(path))
                break

    libraries = {info["lib"]: name for name, info in infos.items()}
    parts = {}
    names = {}
    for target_name, target in targets.items():
        if target.archive and target_name not in libraries:
            for folder in sorted(owners, key = lambda f: -len(f)):
                if target.folder == folder or target.folder.startswith(folder + "/"):
                    parts.setdefault(owners[folder], []).append(target_name)
                    break

    def collect(groups):
        kept = []
        for group in groups:
            seen = []
            for path in group.includes:
                if path.startswith("/") or path == "build/config" or path == build + "/config":
                    continue
                seen.append(path)
                includes[path] = True
            kept.append(struct(copts = group.copts, defines = group.defines, includes = seen, language = group.language, sources = group.sources))
        return kept

    def included_by(target):
        sources = [s for group in target.groups for s, _ in group.sources if is_source(s) and rctx.path(s).exists] if target else []
        return _included_sources(rctx, sources, to_repository)

    main = targets.get(infos["main"]["lib"]) if "main" in infos else None
    public_folders = _public_folders(infos, main, to_repository)
    skipped = [] if own_main else ["main"]
    for name, info in infos.items():
        if name in skipped:
            continue
        folder = to_repository(info["dir"])
        package = package_of(folder)
        public = public_folders[name]
        for path in public:
            includes[path] = True
        add(package, render_headers(
            name = name,
            includes = public,
            project = project,
            requires = [
                "//{}:{}.headers".format(package_of(to_repository(infos[r]["dir"])), r)
                for r in info["reqs"]
                if r in infos and r not in skipped
            ],
        ))
        labels = []
        embeds = []
        for part in parts.get(name, []):
            target = targets[part]
            labels.append("//{}:{}.part".format(package, part))
            names[target.archive] = "//{}:{}.part".format(package, part)
            add(package, render_library(struct(
                all_files = False,
                archive = target.archive.rpartition("/")[2],
                embeds = [],
                fragments = [],
                groups = collect(_record_groups(target, commands, build_path, generated, embeds)),
                headers = None,
                included = included_by(target),
                name = part + ".part",
                package = package,
                parts = [],
                project = project,
            ), table))
        target = targets.get(info["lib"])
        groups = collect(_record_groups(target, commands, build_path, generated, embeds)) if target else []
        if target and target.archive:
            names[target.archive] = "//{}:{}".format(package, name)
        add(package, render_library(struct(
            all_files = info["dir"].startswith(str(rctx.path("project"))),
            archive = target.archive.rpartition("/")[2] if target else "lib{}.a".format(name),
            embeds = [struct(label = file_label(to_repository(e.file)), text = e.text) for e in embeds],
            fragments = fragments.get(name, []),
            groups = groups,
            headers = ":{}.headers".format(name),
            included = included_by(target),
            name = name,
            package = package,
            parts = labels,
            project = project,
        ), table))

    # what is made of nothing but the configuration: sources, linker scripts
    paths = [_find_script(rctx, s, line.script_folders, commands) for s in line.scripts]
    in_order = []
    for path in paths:
        relative = path.removeprefix(build_path + "/")
        command = commands.get(relative) or commands.get(path)
        if command and "ldgen.py" in command.command:
            path = scripts.template
            command = commands.get(path.removeprefix(build_path + "/")) or commands.get(path)
        if command:
            generated.append(path)
        in_order.append(to_repository(path))
    run_commands(rctx, commands, generated, env, "Generating sources of ESP-IDF", error_folders, build = build)
    for path in generated:
        if not rctx.path(path).exists or (path.endswith((".ld", ".in")) and not rctx.read(path).strip()):
            _fail(rctx, "{} was not made by the command that ESP-IDF has for it".format(path))

    prebuilt = []
    order = []
    for path in line.archives:
        if path in names:
            order.append(names[path])
        elif path.startswith("/"):
            if not rctx.path(path).exists:
                _fail(rctx, "{} is missing: the tree lacks a submodule (git submodule update --init --recursive)".format(path))
            prebuilt.append(to_repository(path))
    toolchain = []
    for library in line.libraries:
        if library in _LIBRARIES:
            toolchain.append(str(Label("//toolchains/libraries:" + _LIBRARIES[library])))
            continue
        path = [p for p in ["{}/lib{}.a".format(f, library) for f in line.script_folders] if rctx.path(p).exists]
        if not path:
            _fail(rctx, "the library -l{} is in none of {}: the tree lacks a submodule (git submodule update --init --recursive)".format(library, ", ".join(line.script_folders)))
        prebuilt.append(to_repository(path[0]))

    of_package = {}
    for path in sorted(includes):
        of_package.setdefault(package_of(path), []).append(path)
    for package, folders_of_it in of_package.items():
        add(package, render_option_names(folders_of_it, package))
        for path in folders_of_it:
            add(package, render_include(path, package))

    flags = {}
    for group in main.groups if main else []:
        flags[group.language] = group
    values = dict(
        asm_flags = flags["ASM"].copts if "ASM" in flags else [],
        c_flags = flags["C"].copts if "C" in flags else [],
        chip = rctx.attr.chip,
        cxx_flags = flags["CXX"].copts if "CXX" in flags else [],
        defines = flags["C"].defines if "C" in flags else [],
        kconfig = "//:config/Kconfig.flat",
        libraries = toolchain,
        link_order = order,
        linker_scripts = [file_label(s) for s in in_order],
        linkopts = line.options,
        prebuilt = [file_label(p) for p in prebuilt],
        sdkconfig = "//:config/sdkconfig",
        sdkconfig_h = "//:config/sdkconfig.h",
        whole_archives = [names[w] for w in line.whole if w in names],
    )
    if scripts:
        values |= dict(
            ldgen = "//tools:ldgen/ldgen.py",
            ldgen_files = ["//tools:ldgen_files"],
            python = str(Label("@esp_idf_tools//:bin/python3")),
            python_files = [str(Label("@esp_idf_tools//:files"))],
            template = file_label(to_repository(scripts.template)),
        )
    needs = {name: info["reqs"] + info["priv_reqs"] for name, info in infos.items() if name not in skipped}
    label_of = {name: "//{}:{}".format(package_of(to_repository(infos[name]["dir"])), name) for name in needs}
    return struct(
        closures = closures(needs, common),
        common = common,
        generated = [to_repository(g) for g in generated],
        label_of = label_of,
        packages = {package: True for package in texts} | {package_of(p): True for p in prebuilt + in_order},
        project = values,
        table = table,
        table_package = table_package,
        texts = texts,
    )

def _link_package(rctx, package, folder):
    """Links of all that is in a folder of the tree, in a package."""
    for entry in folder.readdir():
        if entry.basename not in ["BUILD", "BUILD.bazel", "WORKSPACE", "MODULE.bazel"]:
            rctx.symlink(entry, "{}/{}".format(package, entry.basename))

def _idf_config_impl(rctx):
    root = rctx.path(rctx.read(rctx.path(rctx.attr.source)).strip())
    components = _folders_of_components(rctx, "components", rctx.attr.components)
    bootloader_components = _folders_of_components(rctx, "bootloader_components", rctx.attr.bootloader_components)
    for folder in components.values() + bootloader_components.values():
        for file in ["CMakeLists.txt", "Kconfig", "Kconfig.projbuild", "idf_component.yml", "sdkconfig.rename"]:
            rctx.watch(folder.get_child(file))
    configured = configure(
        rctx,
        root = root,
        components = components,
        bootloader_components = bootloader_components,
        kconfigs = [rctx.path(f) for f in rctx.attr.kconfigs],
        kconfigs_projbuild = [rctx.path(f) for f in rctx.attr.kconfigs_projbuild],
    )
    options = parse_sdkconfig(rctx.read("build/sdkconfig").split("\n"))
    menus = json.decode(rctx.read("build/config/kconfig_menus.json"))
    defaults = _defaults(rctx)
    _check_options(rctx, options, menus, defaults)

    project = str(rctx.path("project"))
    build = str(rctx.path("build"))
    folders = {
        "{}/components".format(root): "components",
        build: "build",
        project + "/main": "components/main",
    } | {"{}/components/{}".format(project, name): "components/" + name for name in components}
    application = _render(
        rctx,
        prefix = "",
        build = "build",
        executable = rctx.attr.project_name + ".elf",
        source_dir = project,
        folders = folders,
        commands = configured.commands,
        env = configured.env,
        error_folders = configured.folders,
        own_main = "main" in components,
    )
    rendered = [application]
    if configured.has_bootloader:
        subproject = "{}/components/bootloader/subproject".format(root)
        rendered.append(_render(
            rctx,
            prefix = "bootloader/",
            build = "build/bootloader",
            executable = "bootloader.elf",
            source_dir = subproject,
            folders = {
                "{}/components".format(root): "bootloader/components",
                build: "build",
            } | {"{}/bootloader_components/{}".format(project, name): "bootloader/components/" + name for name in bootloader_components},
            commands = custom_commands(rctx.read("build/bootloader/build.ninja")),
            env = configured.env,
            error_folders = configured.folders,
            own_main = True,
        ))

    sources = {"components/" + name: path for name, path in components.items()} | {
        "bootloader/components/" + name: path
        for name, path in bootloader_components.items()
    }
    loads = {
        "library.bzl": ["idf_headers", "idf_include", "idf_option_names", "idf_tree_library"],
    }
    texts = {}
    for part in rendered:
        for package in part.packages:
            texts[package] = render_loads(part.table_package, loads) + "\n".join(part.texts.get(package, []))
            if package == "build":
                continue
            _link_package(rctx, package, sources.get(package) or root.get_child(package.removeprefix("bootloader/")))
        rctx.file(part.table_package + "/BUILD.bazel", "", executable = False)
    generated = [g.removeprefix("build/") for part in rendered for g in part.generated]
    texts["build"] = texts.get("build", "") + "\nexports_files({})\n".format(json.encode(generated))
    for package, text in texts.items():
        if package != "build":
            text += "\nexports_files(glob([\"**/*.ld\", \"**/*.a\", \"**/*.lf\", \"**/*.ld.in\"], allow_empty = True))\n"
        rctx.file(package + "/BUILD.bazel", text, executable = False)

    for name in ["ldgen"]:
        rctx.symlink(root.get_child("tools/" + name), "tools/" + name)
    rctx.file(
        "tools/BUILD.bazel",
        "exports_files([\"ldgen/ldgen.py\"])\n\nfilegroup(\n    name = \"ldgen_files\",\n    srcs = glob([\"ldgen/**/*.py\"]),\n    visibility = [\"//visibility:public\"],\n)\n",
        executable = False,
    )
    values = json.decode(rctx.read("build/config/sdkconfig.json"))
    for file, text in {
        "Kconfig.flat": flat_kconfig(values, options),
        "sdkconfig": rctx.read("build/sdkconfig"),
        "sdkconfig.h": rctx.read("build/config/sdkconfig.h"),
        "sdkconfig.json": rctx.read("build/config/sdkconfig.json"),
    }.items():
        rctx.file("config/" + file, text, executable = False)
    rctx.file("config/project.json", kconfig_description(rctx, root, configured.python, defaults), executable = False)
    typed = typed_options(values)
    rctx.file("sdkconfig.bzl", render_sdkconfig_bzl(typed, menus), executable = False)
    rctx.file("options/BUILD.bazel", render_option_settings(typed, menus), executable = False)

    top = [render_loads(application.table_package, {
        "bootloader.bzl": ["idf_bootloader"],
        "kconfig_run.bzl": ["idf_kconfig_run"],
        "library.bzl": ["idf_closure", "idf_closure_headers"],
        "project.bzl": ["idf_project"],
    })]
    top.append("exports_files([\"config/Kconfig.flat\", \"config/sdkconfig\", \"config/sdkconfig.h\", \"config/sdkconfig.json\"])\n")
    top.append("filegroup(\n    name = \"sdkconfig\",\n    srcs = [\"config/sdkconfig\", \"config/sdkconfig.h\", \"config/sdkconfig.json\"],\n    visibility = [\"//visibility:public\"],\n)\n")
    top.append(render_kconfig_runs("//:config/project.json"))
    top.append(render_project("project", application.project | {"options": options}))
    for name, closure in application.closures.items():
        if name in _OWN_TARGETS:
            continue
        top.append(render_closure(
            name = name,
            package = package_of(application.label_of[name].removeprefix("//").partition(":")[0]),
            closure = [application.label_of[c] for c in closure],
            common = [application.label_of[c] + ".headers" for c in application.common],
            table = application.table,
        ))
    if configured.has_bootloader:
        bootloader = rendered[1]
        top.append(render_bootloader(sorted(bootloader.label_of.values())))
        rctx.file(
            "bootloader/BUILD.bazel",
            render_loads(bootloader.table_package, {"project.bzl": ["idf_project"]}) + render_project("project", bootloader.project | {"options": options}),
            executable = False,
        )
    rctx.file("BUILD.bazel", "\n".join(top), executable = False)
    for part in rendered:
        rctx.file(part.table_package + "/lists.bzl", render_lists(part.table), executable = False)

idf_config_repository = repository_rule(
    implementation = _idf_config_impl,
    doc = """A configured ESP-IDF tree: a package for each component, `@NAME//:COMPONENT` for what is linked and `@NAME//:bootloader`.

ESP-IDF's own CMake runs, once for the application and once for the bootloader, and compiles nothing.""",
    attrs = {
        "bootloader_components": attr.string_list(doc = "Folders of components that the bootloader has besides (bootloader_components)."),
        "chip": attr.string(doc = "The chip (IDF_TARGET).", default = "esp32", values = ["esp32"]),
        "components": attr.string_list(doc = "Folders of the user's components: `//components/mine`, or `//components/...` for all that are in one."),
        "config_name": attr.string(doc = "The name that the user gave.", mandatory = True),
        "kconfigs": attr.label_list(doc = "Kconfig files of the user's."),
        "kconfigs_projbuild": attr.label_list(doc = "Kconfig.projbuild files of the user's."),
        "main_requires": attr.string_list(doc = "The components that are configured, with what they require. Default: all."),
        "project_name": attr.string(doc = "The project's name (project())."),
        "project_version": attr.string(doc = "The project's version (PROJECT_VER)."),
        "sdkconfig_defaults": attr.label_list(doc = "Files with options (SDKCONFIG_DEFAULTS); later ones win."),
        "source": attr.label(doc = "root.txt of an `esp_idf_source`.", mandatory = True),
    },
)
