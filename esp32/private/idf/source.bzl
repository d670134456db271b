"""`esp_idf_source`: a tree of ESP-IDF, downloaded or found on the machine."""

_BUILD = """exports_files(["root.txt"])
"""

# What is in every tree, and where its version is said.
_PROJECT_CMAKE = "tools/cmake/project.cmake"
VERSION_CMAKE = "tools/cmake/version.cmake"

# where the configure finds the compiler that the tree was made for
_TOOLS_JSON = "tools/tools.json"

# Of these, 5.5 is built and booted, and 6.0 is configured; others may say things in other places.
_SUPPORTED = ["5.3", "5.4", "5.5", "6.0"]

def tree_version(text):
    """The version that a tree says it has.

    Args:
      text: string; its tools/cmake/version.cmake.

    Returns:
      string, such as `5.5.5`; or None where it says none.
    """
    parts = {}
    for line in text.split("\n"):
        for part in ["MAJOR", "MINOR", "PATCH"]:
            head = "set(IDF_VERSION_{} ".format(part)
            if line.startswith(head):
                parts[part] = line[len(head):].partition(")")[0].strip()
    if len(parts) != 3:
        return None
    return "{MAJOR}.{MINOR}.{PATCH}".format(**parts)

def version_error(version, wanted):
    """What is wrong with the version of a tree.

    Args:
      version: string; what the tree says.
      wanted: string; what the user says, or empty.

    Returns:
      string, empty where nothing is wrong.
    """
    if version.rpartition(".")[0] not in _SUPPORTED:
        return "is version {}, and supported are {}: take one of these".format(version, ", ".join([v + ".x" for v in _SUPPORTED]))
    if wanted and wanted.removeprefix("v") != version:
        return "is version {}, and esp_idf.source(version = \"{}\") wants another: correct one of them".format(version, wanted)
    return ""

def _fail(rctx, message):
    fail("esp_idf.source: {}: {}".format(
        rctx.attr.path or rctx.attr.root or ", ".join(rctx.attr.urls) or "IDF_PATH={}".format(rctx.os.environ["IDF_PATH"]),
        message,
    ))

def _esp_idf_source_impl(rctx):
    root = None
    if rctx.attr.urls:
        rctx.report_progress("Downloading ESP-IDF " + rctx.attr.version)
        rctx.download_and_extract(
            url = rctx.attr.urls,
            integrity = rctx.attr.integrity,
            output = "tree",
            stripPrefix = rctx.attr.strip_prefix,
        )
        root = rctx.path("tree")
    elif rctx.attr.root:
        root = rctx.path(rctx.attr.root).realpath.dirname
    else:
        path = rctx.attr.path or rctx.os.environ.get("IDF_PATH", "")
        if not path:
            fail("esp_idf.source: there is no `urls`, no `path`, no `root`, and no IDF_PATH in the environment: say where ESP-IDF is, such as path = \"/opt/esp-idf\"")
        root = rctx.path(path if path.startswith("/") else "{}/{}".format(rctx.workspace_root, path))
        if not root.exists:
            _fail(rctx, "there is no such folder: say where ESP-IDF is")
        root = root.realpath
    for file in [_PROJECT_CMAKE, VERSION_CMAKE, _TOOLS_JSON]:
        if not root.get_child(file).exists:
            entries = [entry.basename for entry in root.readdir()] if root.exists else []
            hint = ": strip_prefix = \"{}\" is missing".format(entries[0]) if rctx.attr.urls and len(entries) == 1 else ""
            _fail(rctx, "this is no tree of ESP-IDF, for it has no {}{}".format(file, hint or ": name the folder that has it"))
    version = tree_version(rctx.read(root.get_child(VERSION_CMAKE)))
    if not version:
        _fail(rctx, VERSION_CMAKE + " says no IDF_VERSION_MAJOR, _MINOR and _PATCH: this is no tree of ESP-IDF")
    error = version_error(version, rctx.attr.version)
    if error:
        _fail(rctx, error)
    rctx.file("root.txt", str(root) + "\n", executable = False)
    rctx.file("BUILD.bazel", _BUILD, executable = False)

esp_idf_source = repository_rule(
    implementation = _esp_idf_source_impl,
    doc = """Where a tree of ESP-IDF is: the file `root.txt` has its absolute path. It is one of `urls`, `root`, `path`, and the
environment's IDF_PATH. A tree that is none, or of a version that is not supported, is an error.""",
    attrs = {
        "integrity": attr.string(doc = "The archive's checksum, such as `sha256-...`."),
        "path": attr.string(doc = "A folder on the machine, absolute or relative to the workspace."),
        "root": attr.label(doc = "A file at the root of the tree, such as `@my_esp_idf//:Kconfig` of a Nix package's repository."),
        "strip_prefix": attr.string(doc = "A folder of the archive, of which the contents are taken."),
        "urls": attr.string_list(doc = "An archive with the tree and its submodules, as Espressif publishes it."),
        "version": attr.string(doc = "The tree's version, such as `5.5.5`. Where the tree is another one, that is an error."),
    },
    environ = ["IDF_PATH"],
)
