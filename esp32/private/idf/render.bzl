"""BUILD files of a configured ESP-IDF tree."""

_HEADERS = ["h", "hh", "hpp", "inc", "inl", "ipp", "tpp", "def", "x"]

_SELF = "//"

def _label(package, name):
    return "{}{}:{}".format(_SELF, package, name)

def package_of(path):
    """The package that a file or folder belongs to.

    Args:
      path: string; in the repository, such as `components/log/src/log.c`.

    Returns:
      string, such as `components/log`.
    """
    parts = path.split("/")
    if parts[0] == "bootloader":
        return "/".join(parts[:3])
    if parts[0] == "build":
        return "build"
    return "/".join(parts[:2])

def file_label(path):
    """The label of a file.

    Args:
      path: string; in the repository.

    Returns:
      string.
    """
    package = package_of(path)
    return _label(package, path[len(package) + 1:])

def include_label(path):
    """The label of the `idf_include` of a folder.

    Args:
      path: string; the folder, in the repository.

    Returns:
      string.
    """
    package = package_of(path)
    return _label(package, "include/" + (path[len(package) + 1:] or "."))

def _globs(folder, recursive):
    prefix = folder + "/" if folder and folder != "." else ""
    return [prefix + ("**/" if recursive else "") + "*." + extension for extension in _HEADERS]

def _attributes(values):
    lines = []
    for name, value in values.items():
        if value in [None, [], {}, "", False]:
            continue
        text = value.expression if type(value) == "struct" else json.encode_indent(value, prefix = "    ", indent = "    ") if type(value) != "bool" else str(value)
        lines.append("    {} = {},".format(name, text))
    return "\n".join(lines)

def _call(rule, **values):
    return "{}(\n{}\n)\n".format(rule, _attributes(values))

def render_include(path, owner):
    """The `idf_include` of a folder.

    Args:
      path: string; the folder, in the repository.
      owner: string; the package.

    Returns:
      string.
    """
    folder = path[len(owner) + 1:] or "."
    return _call(
        "idf_include",
        name = "include/" + folder,
        hdrs = struct(expression = "glob({}, allow_empty = True)".format(json.encode(_globs(folder, True)))),
        options = ":options",
        path = folder,
        visibility = ["//visibility:public"],
    )

def render_option_names(paths, owner):
    """The `idf_option_names` of a package.

    Args:
      paths: list of strings; its folders of headers, in the repository.
      owner: string; the package.

    Returns:
      string.
    """
    globs = [g for path in paths for g in _globs(path[len(owner) + 1:] or ".", True)]
    return _call(
        "idf_option_names",
        name = "options",
        hdrs = struct(expression = "glob({}, allow_empty = True)".format(json.encode(globs))),
        visibility = ["//visibility:public"],
    )

def _interned(value, table):
    """An expression for a list of strings that many targets share."""
    key = json.encode(value)
    if key not in table:
        table[key] = len(table)
    return "LISTS[{}]".format(table[key])

def render_lists(table):
    """The file of the lists that many targets share.

    Args:
      table: dict; filled by `render_library`.

    Returns:
      string; a .bzl file.
    """
    return "LISTS = [\n" + "".join(["    {},\n".format(key) for key in table]) + "]\n"

def _rendered_group(group, table):
    return "{{\"copts\": {}, \"defines\": {}, \"includes\": {}, \"language\": \"{}\", \"srcs\": {}}}".format(
        _interned(group.copts, table),
        _interned(group.defines, table),
        _interned([include_label(i) for i in group.includes], table),
        group.language,
        json.encode([file_label(s) for s in group.sources]),
    )

def render_library(library, table):
    """The archive of a component, or of a part of it.

    Args:
      library: struct (all_files: bool, whether whatever is in its folder may be included; archive: string, embeds: list of structs (label, text: bool), fragments: list of paths, groups: list of structs (copts, defines, includes, language,
        sources), headers: label or None, included: list of paths that its sources include besides headers beside them, name: string, package: string, parts: list of labels, project: label).
      table: dict; shared lists.

    Returns:
      string.
    """
    includes = {}
    for group in library.groups:
        for path in group.includes:
            includes[include_label(path)] = True
    folders = {}
    for group in library.groups:
        for source in group.sources:
            folder, _, _ = source[len(library.package) + 1:].rpartition("/")
            if package_of(source) == library.package:
                folders[folder] = True
    globs = [g for folder in sorted(folders) for g in _globs(folder, False)]
    if library.all_files:
        globs = _globs(".", True) + ["**/*.c"]
    globs += [f[len(library.package) + 1:] for f in library.included if package_of(f) == library.package]
    own = [s[len(library.package) + 1:] for group in library.groups for s in group.sources if package_of(s) == library.package]
    private = [file_label(f) for f in library.included if package_of(f) != library.package]
    included_srcs = [file_label(f) for f in library.included if package_of(f) == library.package and f[len(library.package) + 1:] in own]
    return _call(
        "idf_tree_library",
        name = library.name,
        archive_name = library.archive,
        embed_files = [e.label for e in library.embeds if not e.text],
        embed_txtfiles = [e.label for e in library.embeds if e.text],
        define_options = [d for d in {d: True for group in library.groups for d in group.defines if "CONFIG_" in d}],
        groups = struct(expression = "[{}]".format(", ".join([_rendered_group(g, table) for g in library.groups]))),
        headers = library.headers,
        includes = struct(expression = _interned(includes.keys(), table)),
        linker_fragments = [file_label(f) for f in library.fragments],
        parts = library.parts,
        included_srcs = included_srcs,
        private_hdrs = struct(expression = "glob({}, allow_empty = True, exclude = {}) + {}".format(json.encode(globs), json.encode(own), json.encode(private))),
        project = library.project,
    )

def render_headers(name, includes, requires, project):
    """The `idf_headers` of a component.

    Args:
      name: string; the component's name.
      includes: list of paths of folders.
      requires: list of labels of `idf_headers`.
      project: label of the project.

    Returns:
      string.
    """
    return _call(
        "idf_headers",
        name = name + ".headers",
        includes = [include_label(i) for i in includes],
        project = project,
        requires = requires,
        visibility = ["//visibility:public"],
    )

def render_closure(name, package, closure, common, table):
    """What the user names: a component with all that it needs.

    Args:
      name: string; the component's name.
      package: string; where it is.
      closure: list of labels of components.
      common: list of labels of the headers that all see.
      table: dict; shared lists.

    Returns:
      string.
    """
    values = dict(
        closure = struct(expression = _interned(closure, table)),
        common = struct(expression = _interned(common, table)),
        component = _label(package, name),
        visibility = ["//visibility:public"],
    )
    return _call("idf_closure", name = name, **values) + "\n" + _call(
        "idf_closure_headers",
        name = name + ".headers",
        headers = _label(package, name + ".headers"),
        **values
    )

def render_project(name, values):
    """The `idf_project`.

    Args:
      name: string; its name.
      values: dict; its attributes.

    Returns:
      string.
    """
    return _call("idf_project", name = name, visibility = ["//visibility:public"], **values)

def render_rust_sys(components):
    """All components, for esp-idf-sys.

    Args:
      components: list of labels.

    Returns:
      string.
    """
    return _call("idf_rust_sys", name = "rust_sys", components = components)

def render_loads(table_package, files):
    """The first lines of a BUILD file.

    Args:
      table_package: string; the package with lists.bzl.
      files: dict from a .bzl file of //esp32/private/idf to a list of symbols.

    Returns:
      string.
    """
    lines = [
        "load({}, {})".format(
            json.encode(str(Label("//esp32/private/idf:" + file))),
            ", ".join([json.encode(s) for s in symbols]),
        )
        for file, symbols in files.items()
    ]
    lines.append("load(\"//{}:lists.bzl\", \"LISTS\")".format(table_package))
    return "\n".join(lines) + "\n\n"

def render_bootloader(components):
    """The bootloader.

    Args:
      components: list of labels of its components.

    Returns:
      string.
    """
    return _call(
        "idf_bootloader",
        name = "bootloader",
        components = components,
        visibility = ["//visibility:public"],
    )
