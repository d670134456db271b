"""What ESP-IDF's configure says of a project, out of project_description.json and CMake's codemodel-v2.

All paths in what these functions return are relative to the repository that is made: a component's folder is `components/NAME` there,
and what CMake generated is in `build`.
"""

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".S", ".s")

# Flags that say nothing about code, or that are Bazel's own business.
_DROPPED_FLAGS = ["-fdiagnostics-color=always", "-fdiagnostics-color", "-fno-lto"]

# What GCC does when it is not told otherwise, as ESP-IDF's flags presume; the toolchain here presumes the opposite.
_CXX_DEFAULTS = ["-fexceptions", "-frtti"]

def path_mapper(folders):
    """A function from absolute paths to those in the repository.

    Args:
      folders: dict from an absolute folder to the folder in the repository that has its contents.

    Returns:
      function from a string to a string, or to None for a path that is in none of the folders.
    """
    longest_first = sorted(folders, key = lambda f: -len(f))

    def to_repository(path):
        parts = []
        for part in path.split("/"):
            if part == ".." and parts:
                parts.pop()
            elif part != "." and (part or not parts):
                parts.append(part)
        path = "/".join(parts)
        for folder in longest_first:
            if path == folder:
                return folders[folder]
            if path.startswith(folder + "/"):
                return folders[folder] + path[len(folder):]
        return None

    return to_repository

def _reply(rctx, build, name):
    return json.decode(rctx.read("{}/.cmake/api/v1/reply/{}".format(build, name)))

def _expand_responses(rctx, fragments):
    """Words of command line fragments, with those of @files in place of them."""
    words = []
    for fragment in fragments:
        for word in fragment.split(" "):
            # CMake quotes what a shell might change
            word = word.strip() if "\\\"" in word else word.strip().replace("\"", "")
            if word.startswith("@"):
                words += [w for w in rctx.read(word[1:]).replace("\n", " ").split(" ") if w]
            elif word:
                words.append(word)
    return words

def _compile_flags(rctx, group, folders):
    words = _expand_responses(rctx, [f["fragment"] for f in group.get("compileCommandFragments", [])])

    # of the prefixes, the rules know where files are
    kept = [w for w in words if w not in _DROPPED_FLAGS and "-prefix-map=" not in w]
    return [_with_paths_of_actions(rctx, w, folders) for w in kept]

def _with_paths_of_actions(rctx, word, folders):
    """A word of a command line, where files are as actions see them."""
    for folder in sorted(folders, key = lambda f: -len(f)):
        word = word.replace(folder, "external/{}/{}".format(rctx.name, folders[folder]))
    return word

def _groups(rctx, target, source_dir, folders, to_repository):
    groups = []
    for group in target.get("compileGroups", []):
        sources = []
        for index in group["sourceIndexes"]:
            path = target["sources"][index]["path"]
            sources.append(path if path.startswith("/") else "{}/{}".format(source_dir, path))
        groups.append(struct(
            copts = (_CXX_DEFAULTS if group["language"] == "CXX" else []) + _compile_flags(rctx, group, folders),
            defines = [_with_paths_of_actions(rctx, d["define"], folders) for d in group.get("defines", [])],
            includes = [to_repository(i["path"]) or i["path"] for i in group.get("includes", [])],
            language = group["language"],
            sources = [(s, to_repository(s) or s) for s in sources],
        ))
    return groups

def read_targets(rctx, build, source_dir, folders):
    """The libraries and programs of a configured project.

    Args:
      rctx: the repository_ctx.
      build: string; the build folder in the repository.
      source_dir: string; the absolute path of the CMake project.
      folders: dict; as for `path_mapper`.

    Returns:
      dict from the name of a CMake target to a struct (archive: string, relative to the build folder, or None; folder: string, the absolute
      folder of its CMakeLists.txt; groups: list of structs (copts, defines, includes, language, sources: pairs of an absolute path and one in
      the repository); link: list of pairs of a role and a fragment).
    """
    index = [f for f in rctx.path(build + "/.cmake/api/v1/reply").readdir() if f.basename.startswith("codemodel-v2-")]
    codemodel = json.decode(rctx.read(index[-1]))
    to_repository = path_mapper(folders)
    targets = {}
    for listed in codemodel["configurations"][0]["targets"]:
        target = _reply(rctx, build, listed["jsonFile"])
        if target["type"] not in ["STATIC_LIBRARY", "OBJECT_LIBRARY", "EXECUTABLE"]:
            continue
        folder = target["paths"]["source"]
        targets[target["name"]] = struct(
            archive = target["artifacts"][0]["path"] if target["type"] == "STATIC_LIBRARY" else None,
            folder = folder if folder.startswith("/") else "{}/{}".format(source_dir, folder).removesuffix("/."),
            groups = _groups(rctx, target, source_dir, folders, to_repository),
            link = [(f["role"], f["fragment"]) for f in target.get("link", {}).get("commandFragments", [])],
        )
    return targets

def is_source(path):
    """Whether a file is one that a compiler is given.

    Args:
      path: string.

    Returns:
      bool.
    """
    return path.endswith(_SOURCES)

def link_line(rctx, fragments):
    """The linker's arguments out of the compiler's.

    Args:
      rctx: the repository_ctx.
      fragments: list of pairs of a role and a fragment; of an executable in `read_targets`.

    Returns:
      struct (archives: list of strings; paths as CMake has them, each once; libraries: list of strings, such as `m`; options: list of strings for
      GNU ld; scripts: list of strings, names or paths; script_folders: list of strings; whole: list of strings, those of `archives` that are linked
      wholly).
    """
    words = []
    for role, fragment in fragments:
        for word in _expand_responses(rctx, [fragment]):
            words += word[len("-Wl,"):].split(",") if word.startswith("-Wl,") else [(role, word)]
    archives = {}
    libraries = {}
    folders = []
    options = {}
    scripts = []
    whole = {}
    expected = None
    wholly = False
    for word in words:
        own = type(word) == "string"
        word = word if own else word[1]
        if expected:
            if expected in ["-T", "--script"]:
                scripts.append(word)
            elif expected == "-u":
                options["--undefined=" + word] = True
            elif expected not in ["-o", "-Map"]:
                fail("esp_idf: the linker's argument {} {} is not known: report it".format(expected, word))
            expected = None
        elif word in ["-T", "--script", "-u", "-Map", "-o"]:
            expected = word
        elif word.startswith("-T"):
            scripts.append(word[2:])
        elif word == "--whole-archive" or word == "--no-whole-archive":
            wholly = word == "--whole-archive"
        elif word.startswith("-L"):
            folders.append(word[2:])
        elif word.startswith("-l"):
            libraries[word[2:]] = True
        elif word.endswith((".a", ".o", ".obj")):
            archives[word] = True
            if wholly:
                whole[word] = True
        elif own and not word.startswith(("--Map=", "-Map=", "--cref", "--print-memory-usage", "--start-group", "--end-group", "--no-warn-rwx", "--gc-sections", "--build-id")):
            options[word] = True
    return struct(
        archives = archives.keys(),
        libraries = libraries.keys(),
        options = options.keys(),
        script_folders = folders,
        scripts = scripts,
        whole = whole.keys(),
    )

def fragments_list(commands):
    """The linker fragments of a project, out of the command that makes its sections.ld.

    Args:
      commands: dict; of `custom_commands`.

    Returns:
      struct (fragments: list of strings, absolute paths; template: string, the absolute path of the preprocessed sections.ld.in), or
      None where there is no such command.
    """
    for command in commands.values():
        if "ldgen.py" in command.command:
            values = {}
            for option in ["--fragments-list", "--input"]:
                rest = command.command.partition(option + " ")[2]
                values[option] = rest[1:].partition("\"")[0] if rest.startswith("\"") else rest.partition(" ")[0]
            return struct(
                fragments = [f for f in values["--fragments-list"].split(";") if f],
                template = values["--input"],
            )
    return None

def embedded(command):
    """The file that a generated assembly file has the contents of.

    Args:
      command: string; the command that makes it.

    Returns:
      struct (file: string, its absolute path, text: bool), or None where the command does something else.
    """
    if "data_file_embed_asm.cmake" not in command or "VARIABLE_BASENAME" in command:
        return None
    values = {}
    for option in ["DATA_FILE", "FILE_TYPE"]:
        # CMake quotes the whole word where the path wants it
        quoted = command.partition("-D \"{}=".format(option))[2].partition("\"")[0]
        values[option] = quoted or command.partition("-D {}=".format(option))[2].partition(" ")[0]
    return struct(file = values["DATA_FILE"], text = values["FILE_TYPE"] == "TEXT")
