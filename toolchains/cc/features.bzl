"""What C/C++ toolchain configurations share: names of actions, features and tools.

All paths are relative to the execution root and to declared inputs: nothing absolute gets into an object, a dependency
file or an action.
"""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "action_config",
    "feature",
    "flag_group",
    "flag_set",
    "tool",
    "variable_with_value",
)

COMPILE = [
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.linkstamp_compile,
]
ASSEMBLE = [ACTION_NAMES.assemble, ACTION_NAMES.preprocess_assemble]
LINK_EXECUTABLE = [ACTION_NAMES.cpp_link_executable]
LINK_SHARED = [ACTION_NAMES.cpp_link_dynamic_library, ACTION_NAMES.cpp_link_nodeps_dynamic_library]

# The same bits everywhere: no build time and no resolved links in objects. How the working folder stays out of them is the compiler's own.
DETERMINISTIC = [
    "-no-canonical-prefixes",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
]

def flags(name, actions, flags, variable = None):
    """A feature that is always there.

    Args:
      name: string; the feature's name.
      actions: list of names of actions.
      flags: list of strings; what it adds to their command lines.
      variable: string; the build variable in them, where they are left out without it: build scripts of crates are given the
        flags of no file in particular.

    Returns:
      FeatureInfo.
    """
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(actions = actions, flag_groups = [flag_group(flags = flags, expand_if_available = variable)])] if flags else [],
    )

def tools(actions, file):
    """What runs for actions.

    Args:
      actions: list of names of actions.
      file: File; the program.

    Returns:
      list of ActionConfigInfos.
    """
    return [action_config(action_name = a, enabled = True, tools = [tool(tool = file)]) for a in actions]

def archive(file):
    """What makes archives.

    Args:
      file: File; an `ar`. The feature `archiver_flags()` has its flags.

    Returns:
      list of ActionConfigInfos.
    """
    return [action_config(
        action_name = ACTION_NAMES.cpp_link_static_library,
        enabled = True,
        tools = [tool(tool = file)],
        # Bazel's own feature: the flags of an archiver
        implies = ["archiver_flags"],
    )]

def archiver_flags():
    """The flags of an archiver, in place of Bazel's own.

    Returns:
      FeatureInfo.
    """
    return feature(
        name = "archiver_flags",
        flag_sets = [flag_set(
            actions = [ACTION_NAMES.cpp_link_static_library],
            flag_groups = [
                # D: no time, user or mode in the archive
                flag_group(flags = ["rcsD"]),
                flag_group(flags = ["%{output_execpath}"], expand_if_available = "output_execpath"),
                flag_group(
                    iterate_over = "libraries_to_link",
                    expand_if_available = "libraries_to_link",
                    flag_groups = [
                        flag_group(
                            flags = ["%{libraries_to_link.name}"],
                            expand_if_equal = variable_with_value("libraries_to_link.type", "object_file"),
                        ),
                        flag_group(
                            flags = ["%{libraries_to_link.object_files}"],
                            iterate_over = "libraries_to_link.object_files",
                            expand_if_equal = variable_with_value("libraries_to_link.type", "object_file_group"),
                        ),
                    ],
                ),
            ],
        )],
    )

def include_directory(path):
    """A folder of headers for `cxx_builtin_include_directories`: without %workspace%, Bazel takes it for one of the toolchain's package.

    Args:
      path: string; relative to the execution root.

    Returns:
      string.
    """
    return "%workspace%/" + path

def idirafter(folders):
    """Flags for folders of headers that are looked into after all others: a library's headers may include the next of the same name.

    Args:
      folders: list of strings; relative to the execution root.

    Returns:
      list of strings.
    """
    return [flag for folder in folders for flag in ("-idirafter", folder)]

def clang_headers(clang):
    """Where clang has its own headers.

    Args:
      clang: File; the program.

    Returns:
      string; relative to the execution root.
    """
    return clang.dirname.rpartition("/")[0] + "/lib/clang/23/include"
