"""What a failure of ESP-IDF's configure means."""

load(":nearest.bzl", "nearest")

# Lines of CMake's that say where it was, not what is wrong.
_CALL_STACK = "Call Stack (most recent call first):"

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
            if line.startswith("CMake Error") or line.startswith("-- ") or line.startswith(_CALL_STACK):
                break
            lines.append(line.strip() if line.strip() else "")
        elif line.startswith("CMake Error"):
            lines.append(line.strip())
    return [line for line in lines if line]

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
    text = _shorten("\n  ".join(error), folders)
    missing = _unresolved(error)
    if missing:
        name, by = missing
        near = nearest(name, known)
        text += "\n'{}'{} is no component of the tree or of `components`: ".format(name, ", which '{}' requires,".format(by) if by else "")
        text += "did you mean {}? Or ".format(" or ".join(near)) if near else ""
        text += "put its folder into your repository and list it in `components` (the component manager, which would download it, is off: a build uses no network)"
    return text
