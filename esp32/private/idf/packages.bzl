"""The packages of one configured ESP-IDF project, the application's or the bootloader's: a target for each component."""

load(":configure.bzl", "run_commands")
load(":graph.bzl", "closures", "reachable")
load(
    ":model.bzl",
    "embedded",
    "fragments_list",
    "is_source",
    "link_line",
    "path_mapper",
    "read_targets",
)
load(
    ":render.bzl",
    "file_label",
    "package_of",
    "render_headers",
    "render_include",
    "render_library",
    "render_option_names",
)

# The toolchain's own libraries, by what the linker calls them.
_LIBRARIES = {
    "c": "libc.a",
    "gcc": "libgcc.a",
    "m": "libm.a",
    "stdc++": "libstdc++.a",
    "supc++": "libsupc++.a",
}

_SUBMODULES = "the tree lacks a submodule (git submodule update --init --recursive)"

def _fail(rctx, message):
    fail("esp_idf.config(name = \"{}\"): {}".format(rctx.attr.config_name, message))

def _find_script(rctx, name, folders, command_of):
    """The absolute path of a linker script; it may still have to be made, by what `command_of` says for its path."""
    for path in [name] if name.startswith("/") else ["{}/{}".format(folder, name) for folder in folders]:
        if command_of(path) or rctx.path(path).exists:
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
    """Folders of public headers of components, by name.

    Those that a CMakeLists.txt adds with target_include_directories are in no description: `main` has no folders of its own, and what it
    sees besides is such a one.
    """
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

def _owner(path, owners):
    """The component that a path is in, of a dict from folders to names; or None."""
    for folder in sorted(owners, key = lambda f: -len(f)):
        if path == folder or path.startswith(folder + "/"):
            return owners[folder]
    return None

def _seen_by_all(infos, targets, common, folders, to_repository):
    """Components of which all others see the headers.

    They are the common ones, and those that a common one requires where they are configured, such as lwip, which no description says
    (idf_component_optional_requires).
    """
    owners = {to_repository(info["dir"]): name for name, info in infos.items() if to_repository(info["dir"])}
    owner_of = {path: _owner(path, owners) for path in folders}
    known = reachable({name: info["reqs"] for name, info in infos.items()}, common)
    candidates = [c for c in infos if c not in known and c != "main"]
    for name, info in infos.items():
        target = targets.get(info["lib"])
        if name in common or not target or not target.groups or not candidates:
            continue
        seen = {owner_of.get(path): True for group in target.groups for path in group.includes} | {name: True}
        candidates = [c for c in candidates if c in seen]
    return common + candidates

def _read(rctx, place):
    """What the configure says of the project."""
    description = json.decode(rctx.read(place.build + "/project_description.json"))
    targets = read_targets(rctx, place.build, place.source_dir, place.folders)
    infos = description["build_component_info"]
    to_repository = path_mapper(place.folders)
    owners = {info["dir"]: name for name, info in infos.items()}
    libraries = {info["lib"]: name for name, info in infos.items()}
    fragments = {}
    scripts = fragments_list(place.commands)
    for path in scripts.fragments if scripts else []:
        fragments.setdefault(_owner(path, owners), []).append(to_repository(path))
    parts = {}
    for name, target in targets.items():
        if target.archive and name not in libraries:
            parts.setdefault(_owner(target.folder, owners), []).append(name)
    main = targets.get(infos["main"]["lib"]) if "main" in infos else None
    components = {name: info for name, info in infos.items() if name != "main" or place.has_main}
    public = _public_folders(infos, main, to_repository)
    return struct(
        common = _seen_by_all(
            infos,
            targets,
            [c for c in description["common_component_reqs"] if c in components],
            [path for paths in public.values() for path in paths],
            to_repository,
        ),
        components = components,
        fragments = fragments,
        label_of = {
            name: "//{}:{}".format(package_of(to_repository(info["dir"])), name)
            for name, info in components.items()
        },
        line = link_line(rctx, targets[place.executable].link),
        main = main,
        parts = parts,
        public = public,
        scripts = scripts,
        targets = targets,
        to_repository = to_repository,
    )

def _compiled(rctx, place, project, found, target, embeds):
    """The groups of sources of a target, and what they include."""
    groups = []
    for group in _record_groups(target, place.commands, str(rctx.path(place.build)), found.generated, embeds):
        # for options there is a header of each component's own, and other folders that are absolute are in no package
        includes = [p for p in group.includes if not p.startswith("/") and p not in ["build/config", place.build + "/config"]]
        for path in includes:
            found.includes[path] = True
        groups.append(struct(
            copts = group.copts,
            defines = group.defines,
            includes = includes,
            language = group.language,
            sources = group.sources,
        ))
    sources = [s for group in target.groups for s, _ in group.sources if is_source(s) and rctx.path(s).exists]
    return struct(groups = groups, included = _included_sources(rctx, sources, project.to_repository))

def _component(rctx, place, project, found, name, info):
    """The targets of a component, as text."""
    package = package_of(project.to_repository(info["dir"]))
    for path in project.public[name]:
        found.includes[path] = True
    texts = [render_headers(
        name = name,
        includes = project.public[name],
        project = place.project,
        requires = [project.label_of[r] + ".headers" for r in info["reqs"] if r in project.label_of],
    )]
    nothing = struct(groups = [], included = [])
    parts = []
    for part in project.parts.get(name, []):
        target = project.targets[part]
        parts.append("//{}:{}.part".format(package, part))
        found.archives[target.archive] = parts[-1]
        compiled = _compiled(rctx, place, project, found, target, [])
        texts.append(render_library(struct(
            all_files = False,
            archive = target.archive.rpartition("/")[2],
            embeds = [],
            fragments = [],
            groups = compiled.groups,
            headers = None,
            included = compiled.included,
            name = part + ".part",
            package = package,
            parts = [],
            project = place.project,
        ), found.table))
    target = project.targets.get(info["lib"])
    embeds = []
    compiled = _compiled(rctx, place, project, found, target, embeds) if target else nothing
    if target and target.archive:
        found.archives[target.archive] = project.label_of[name]
    texts.append(render_library(struct(
        all_files = info["dir"].startswith(str(rctx.path("project"))),
        archive = target.archive.rpartition("/")[2] if target else "lib{}.a".format(name),
        embeds = [struct(label = file_label(project.to_repository(e.file)), text = e.text) for e in embeds],
        fragments = project.fragments.get(name, []),
        groups = compiled.groups,
        headers = ":{}.headers".format(name),
        included = compiled.included,
        name = name,
        package = package,
        parts = parts,
        project = place.project,
    ), found.table))
    return package, texts

def _linker_scripts(rctx, place, project, found):
    """The linker scripts in order. Where ldgen makes one, it is its template; what has to be made is noted."""
    build = str(rctx.path(place.build)) + "/"

    def command_of(path):
        return place.commands.get(path.removeprefix(build)) or place.commands.get(path)

    in_order = []
    for script in project.line.scripts:
        path = _find_script(rctx, script, project.line.script_folders, command_of)
        command = command_of(path)
        if command and "ldgen.py" in command.command:
            path = project.scripts.template
            command = command_of(path)
        if command:
            found.generated.append(path)
        in_order.append(project.to_repository(path))
    return in_order

def _archives(rctx, project, found):
    """What comes without source, and what the linker is told of archives: struct (libraries, order, prebuilt)."""
    prebuilt = []
    order = []
    for path in project.line.archives:
        if path in found.archives:
            order.append(found.archives[path])
        elif path.startswith("/"):
            if not rctx.path(path).exists:
                _fail(rctx, "{} is missing: {}".format(path, _SUBMODULES))
            prebuilt.append(project.to_repository(path))
    libraries = []
    for library in project.line.libraries:
        if library in _LIBRARIES:
            libraries.append(str(Label("//toolchains/libraries:" + _LIBRARIES[library])))
            continue
        paths = [p for p in ["{}/lib{}.a".format(f, library) for f in project.line.script_folders] if rctx.path(p).exists]
        if not paths:
            _fail(rctx, "the library -l{} is in none of {}: {}".format(library, ", ".join(project.line.script_folders), _SUBMODULES))
        prebuilt.append(project.to_repository(paths[0]))
    return struct(libraries = libraries, order = order, prebuilt = prebuilt)

def _project_values(rctx, project, found, in_order, archives):
    """The attributes of the `idf_project`."""
    flags = {group.language: group for group in (project.main.groups if project.main else [])}
    values = dict(
        asm_flags = flags["ASM"].copts if "ASM" in flags else [],
        c_flags = flags["C"].copts if "C" in flags else [],
        chip = rctx.attr.chip,
        cxx_flags = flags["CXX"].copts if "CXX" in flags else [],
        defines = flags["C"].defines if "C" in flags else [],
        kconfig = "//:config/Kconfig.flat",
        libraries = archives.libraries,
        link_order = archives.order,
        linker_scripts = [file_label(s) for s in in_order],
        linkopts = project.line.options,
        prebuilt = [file_label(p) for p in archives.prebuilt],
        sdkconfig = "//:config/sdkconfig",
        sdkconfig_h = "//:config/sdkconfig.h",
        whole_archives = [found.archives[w] for w in project.line.whole if w in found.archives],
    )
    if project.scripts:
        values |= dict(
            ldgen = "//tools:ldgen/ldgen.py",
            ldgen_files = ["//tools:ldgen_files"],
            python = str(Label("@esp_idf_tools//:bin/python3")),
            python_files = [str(Label("@esp_idf_tools//:files"))],
            template = file_label(project.to_repository(project.scripts.template)),
        )
    return values

def project_packages(rctx, place, env, error_folders):
    """The packages of one configured project. What has to be generated for them is made.

    Args:
      rctx: the repository_ctx.
      place: struct (build: string, the build folder; commands: dict as of `custom_commands`; executable: string, the name of the CMake target of
        the program; folders: dict as for `path_mapper`; has_main: bool, whether the main component is one with sources; lists: string, the
        package of shared lists; project: string, the label of its `idf_project`; source_dir: string, the absolute path of the CMake project).
      env: dict from string to string; the environment of commands.
      error_folders: dict; as for `explain_configure_failure`.

    Returns:
      struct (closures: dict as of `closures`; common: list of names of the components that all require; generated: list of paths in the
      repository; label_of: dict from the name of a component to its label; lists: string; packages: dict of which the keys are packages; project: dict,
      the attributes of its `idf_project`; table: dict, the shared lists; texts: dict from a package to the texts of its targets).
    """
    project = _read(rctx, place)
    found = struct(archives = {}, generated = [], includes = {}, table = {})
    texts = {}
    for name, info in project.components.items():
        package, of_component = _component(rctx, place, project, found, name, info)
        texts.setdefault(package, []).extend(of_component)
    in_order = _linker_scripts(rctx, place, project, found)
    run_commands(rctx, place.commands, found.generated, env, "Generating sources of ESP-IDF", error_folders, build = place.build)
    for path in found.generated:
        if not rctx.path(path).exists or (path.endswith((".ld", ".in")) and not rctx.read(path).strip()):
            _fail(rctx, "{} was not made by the command that ESP-IDF has for it".format(path))
    archives = _archives(rctx, project, found)
    of_package = {}
    for path in sorted(found.includes):
        of_package.setdefault(package_of(path), []).append(path)
    for package, paths in of_package.items():
        texts.setdefault(package, []).append(render_option_names(paths, package))
        texts[package].extend([render_include(path, package) for path in paths])
    return struct(
        closures = closures({name: info["reqs"] + info["priv_reqs"] for name, info in project.components.items()}, project.common),
        common = project.common,
        generated = [project.to_repository(g) for g in found.generated],
        label_of = project.label_of,
        lists = place.lists,
        packages = {package: True for package in texts} | {package_of(p): True for p in archives.prebuilt + in_order},
        project = _project_values(rctx, project, found, in_order, archives),
        table = found.table,
        texts = texts,
    )
