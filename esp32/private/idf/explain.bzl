"""What a failure of ESP-IDF's configure means."""

load(":nearest.bzl", "nearest")

# Lines of CMake's that say where it was, or what comes of it, not what is wrong.
_ENDS = ("CMake Error", "CMake Warning", "CMake Generate step failed", "Call Stack (most recent call first):", "-- ", "Tried extensions")

_SUBMODULES = "git -C $IDF_PATH submodule update --init --recursive"

# What to do about an error that has these words.
_FIXES = {
    "Cannot find source file": "add the file, or take it out of that CMakeLists.txt; if it is in a submodule of ESP-IDF: " + _SUBMODULES,
    "does not contain a CMakeLists.txt file": "the tree lacks a submodule: " + _SUBMODULES,
}

def _shorten(text, folders):
    """Paths as the user knows them: the longest folder first."""
    for folder in sorted(folders, key = lambda f: -len(f)):
        text = text.replace(folder, folders[folder])
    return text

def cmake_error(output):
    """The first error in what CMake printed.

    Args:
      output: string.

    Returns:
      list of strings, its lines; empty where there is none.
    """
    lines = []
    for line in output.split("\n"):
        if lines:
            if line.strip().startswith(_ENDS):
                break
            lines.append(line.strip())
        elif line.startswith("CMake Error"):
            lines.append(line.strip())
    return [line for line in lines if line]

def _cause(output):
    """What a program that CMake ran complained about last: a line with `error: `, or an empty string."""
    before = output.partition("\nCMake Error")[0]
    for line in reversed(before.split("\n")):
        for mark in ["KconfigError: ", "error: "]:
            if mark in line:
                return line.partition("KconfigError: ")[2] or line.strip()
    return ""

def _unresolved(error):
    """The component that CMake did not find, and the one that requires it: (string, string), or None."""
    text = " ".join(error)
    for head, tail in [("Failed to resolve component '", "' required by component '"), ("Failed to resolve component '", "'")]:
        _, found, rest = text.partition(head)
        if found and tail in rest:
            name, _, rest = rest.partition(tail)
            return (name, rest.partition("'")[0] if tail != "'" else "")
    return None

def explain_configure_failure(stdout, stderr, folders, known = []):
    """Says what is wrong, and what to do about it.

    Args:
      stdout: string; what CMake printed.
      stderr: string; what it complained about.
      folders: dict from an absolute path to what the user calls it.
      known: list of strings; the components that there are.

    Returns:
      string; of several lines.
    """
    error = cmake_error(stderr) or cmake_error(stdout)
    if not error:
        return _shorten("\n".join((stdout + stderr).strip().split("\n")[-20:]), folders)
    cause = _cause(stderr) if "failed with" in " ".join(error) or "Failed to run" in " ".join(error) else ""
    if cause:
        # and not with which arguments the program ran
        return _shorten("{}\n  {}".format(cause, error[0]), folders)
    text = _shorten("\n  ".join(error), folders)
    for words, fix in _FIXES.items():
        if words in " ".join(error):
            text += "\n" + fix
    missing = _unresolved(error)
    if missing:
        name, by = missing
        near = nearest(name, known)
        text += "\n'{}'{} is no component of the tree or of `components`: ".format(name, ", which '{}' requires,".format(by) if by else "")
        text += "did you mean {}? Or ".format(" or ".join(near)) if near else ""
        text += "put its folder into your repository and list it in `components` (the component manager, which would download it, is off: a build uses no network)"
    return text
