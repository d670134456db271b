"""The repository of a configured ESP-IDF tree, see `idf_config_repository`."""

load(":configure.bzl", "configure")
load(":ninja.bzl", "custom_commands")
load(":packages.bzl", "project_packages")
load(":project.bzl", "parse_sdkconfig")
load(
    ":render.bzl",
    "render_bootloader",
    "render_closure",
    "render_lists",
    "render_loads",
    "render_project",
    "render_rust_sys",
)
load(":render_options.bzl", "kconfig_description", "render_kconfig_runs", "render_option_settings", "render_sdkconfig_bzl", "typed_options")
load(":rust_cfgs.bzl", "rust_cfgs")
load(":sdkconfig.bzl", "defaults_errors", "flat_kconfig", "flatten_menus", "menu_ranges")
load(":source.bzl", "VERSION_CMAKE", "tree_version")

_CMAKE_LISTS = "CMakeLists.txt"

# What the repository has under these names is no component. The component `bootloader` has no code of its own.
_OWN_TARGETS = ["bootloader", "menuconfig", "project", "rust_sys", "save_defconfig", "sdkconfig"]

_TOOLS_BUILD = """exports_files(["ldgen/ldgen.py"])

filegroup(
    name = "ldgen_files",
    srcs = glob(["ldgen/**/*.py"]),
    visibility = ["//visibility:public"],
)
"""

_OPTIONS_BUILD = """exports_files([
    "config/Kconfig.flat",
    "config/rust.cfg",
    "config/sdkconfig",
    "config/sdkconfig.h",
    "config/sdkconfig.json",
])

filegroup(
    name = "sdkconfig",
    srcs = [
        "config/sdkconfig",
        "config/sdkconfig.h",
        "config/sdkconfig.json",
    ],
    visibility = ["//visibility:public"],
)
"""

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
    depends = flatten_menus(menus)
    files = [(file.name, rctx.read(file.path)) for file in defaults]
    errors = defaults_errors(files, options, depends.keys(), depends, menu_ranges(menus))
    if errors:
        _fail(rctx, "the options do not fit:\n  " + "\n  ".join(errors))

def _link_package(rctx, package, folder):
    """Links of all that is in a folder of the tree, in a package."""
    for entry in folder.readdir():
        if entry.basename not in ["BUILD", "BUILD.bazel", "WORKSPACE", "MODULE.bazel"]:
            rctx.symlink(entry, "{}/{}".format(package, entry.basename))

def _write_packages(rctx, root, rendered, sources):
    """The packages of components, and that of generated files. `sources` has the folders of those that are the user's."""
    texts = {}
    for part in rendered:
        for package in part.packages:
            texts[package] = render_loads(part.lists, {
                "library.bzl": ["idf_headers", "idf_include", "idf_option_names", "idf_tree_library"],
            }) + "\n".join(part.texts.get(package, []))
            if package != "build":
                texts[package] += "\nexports_files(glob([\"**/*.ld\", \"**/*.a\", \"**/*.lf\", \"**/*.ld.in\"], allow_empty = True))\n"
                _link_package(rctx, package, sources.get(package) or root.get_child(package.removeprefix("bootloader/")))
        rctx.file(part.lists + "/BUILD.bazel", "", executable = False)
        rctx.file(part.lists + "/lists.bzl", render_lists(part.table), executable = False)
    generated = [g.removeprefix("build/") for part in rendered for g in part.generated]
    texts["build"] = texts.get("build", "") + "\nexports_files({})\n".format(json.encode(generated))
    for package, text in texts.items():
        rctx.file(package + "/BUILD.bazel", text, executable = False)
    rctx.symlink(root.get_child("tools/ldgen"), "tools/ldgen")
    rctx.file("tools/BUILD.bazel", _TOOLS_BUILD, executable = False)

def _write_options(rctx, root, python, options, menus, defaults):
    """What says how options are set: to actions, BUILD files and menuconfig."""
    values = json.decode(rctx.read("build/config/sdkconfig.json"))
    typed = typed_options(values)
    for file, text in {
        "config/Kconfig.flat": flat_kconfig(values, options, flatten_menus(menus, "type")),
        "config/project.json": kconfig_description(rctx, root, python, defaults),
        "config/sdkconfig": rctx.read("build/sdkconfig"),
        "config/sdkconfig.h": rctx.read("build/config/sdkconfig.h"),
        "config/sdkconfig.json": rctx.read("build/config/sdkconfig.json"),
        "options/BUILD.bazel": render_option_settings(typed, menus),
        "sdkconfig.bzl": render_sdkconfig_bzl(typed, menus),
    }.items():
        rctx.file(file, text, executable = False)

def _write_rust(rctx, root, components):
    """What the crate esp-idf-sys is told."""
    version = tree_version(rctx.read(root.get_child(VERSION_CMAKE)))
    values = json.decode(rctx.read("build/config/sdkconfig.json"))
    rctx.file("config/rust.cfg", "\n".join(rust_cfgs(values, components, version, rctx.attr.chip)) + "\n", executable = False)
    rctx.file("version.bzl", "\"\"\"The version of ESP-IDF.\"\"\"\n\nVERSION = {}\n".format(json.encode(version)), executable = False)

def _write_top(rctx, application, bootloader, options):
    """The package that the user names: components with all that they need, the bootloader, and what is done with options."""
    texts = [
        render_loads(application.lists, {
            "bootloader.bzl": ["idf_bootloader"],
            "kconfig_run.bzl": ["idf_kconfig_run"],
            "library.bzl": ["idf_closure", "idf_closure_headers"],
            "project.bzl": ["idf_project"],
            "rust_sys.bzl": ["idf_rust_sys"],
        }),
        _OPTIONS_BUILD,
        render_kconfig_runs("//:config/project.json"),
        render_project("project", application.project | {"options": options}),
        render_rust_sys([":" + name for name in application.closures if name not in _OWN_TARGETS]),
    ]
    for name, closure in application.closures.items():
        if name not in _OWN_TARGETS:
            texts.append(render_closure(
                name = name,
                package = application.label_of[name].removeprefix("//").partition(":")[0],
                closure = [application.label_of[c] for c in closure],
                common = [application.label_of[c] + ".headers" for c in application.common],
                table = application.table,
            ))
    if bootloader:
        texts.append(render_bootloader(sorted(bootloader.label_of.values())))
        rctx.file(
            "bootloader/BUILD.bazel",
            render_loads(bootloader.lists, {"project.bzl": ["idf_project"]}) + render_project("project", bootloader.project | {"options": options}),
            executable = False,
        )
    rctx.file("BUILD.bazel", "\n".join(texts), executable = False)

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
    application = project_packages(
        rctx,
        struct(
            build = "build",
            commands = configured.commands,
            executable = rctx.attr.project_name + ".elf",
            folders = folders,
            has_main = "main" in components,
            lists = "lists",
            project = "//:project",
            source_dir = project,
        ),
        configured.env,
        configured.folders,
    )
    rendered = [application]
    if configured.has_bootloader:
        rendered.append(project_packages(
            rctx,
            struct(
                build = "build/bootloader",
                commands = custom_commands(rctx.read("build/bootloader/build.ninja")),
                executable = "bootloader.elf",
                folders = {
                    "{}/components".format(root): "bootloader/components",
                    build: "build",
                } | {"{}/bootloader_components/{}".format(project, name): "bootloader/components/" + name for name in bootloader_components},
                has_main = True,
                lists = "bootloader/lists",
                project = "//bootloader:project",
                source_dir = "{}/components/bootloader/subproject".format(root),
            ),
            configured.env,
            configured.folders,
        ))

    bootloader = rendered[1] if configured.has_bootloader else None
    _write_top(rctx, application, bootloader, options)
    _write_options(rctx, root, configured.python, options, menus, defaults)
    _write_rust(rctx, root, application.closures.keys())

    # the shared lists of which are complete now
    _write_packages(rctx, root, rendered, {"components/" + name: path for name, path in components.items()} | {
        "bootloader/components/" + name: path
        for name, path in bootloader_components.items()
    })

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
