"""What Cargo needs to see of a workspace to resolve it: its manifests, and a file for each of their targets."""

def _string_value(text):
    """Returns the TOML string that `text` starts with, or None."""
    for quote in ["\"", "'"]:
        if text.startswith(quote):
            return text[1:].partition(quote)[0]
    return None

def _scan(text):
    """Splits TOML text into its tables: a list of (header, {key: value as written})."""
    tables = [("", {})]
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            tables.append((line.partition("#")[0].strip(), {}))
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            tables[-1][1][key.strip()] = value.strip()
    return tables

# Directory where Cargo looks for a target of this kind that has no `path`.
_TARGET_DIRS = {
    "[[bench]]": "benches",
    "[[bin]]": "src/bin",
    "[[example]]": "examples",
    "[[test]]": "tests",
}

def manifest_stubs(text):
    """Lists the source files that must exist for Cargo to accept a manifest.

    Cargo refuses a manifest whose targets have no source file. To resolve dependencies the files may be empty. There is
    always a library, which depends on all normal dependencies, and a test, which depends on all development
    dependencies, whatever the targets of the package are.

    Args:
        text: content of a Cargo.toml.

    Returns:
        Paths relative to the manifest's folder; none for a manifest that only declares a workspace.
    """
    tables = _scan(text)
    package = None
    stubs = {}
    has_build_dependencies = False
    library = "src/lib.rs"
    for header, keys in tables:
        if header == "[package]":
            package = keys
        elif header == "[lib]":
            library = _string_value(keys.get("path", "")) or library
        elif header.startswith("[") and "build-dependencies" in header:
            has_build_dependencies = True
    if package == None:
        return []
    package_name = _string_value(package.get("name", ""))
    stubs[library] = True
    stubs["tests/dev_dependencies.rs"] = True
    for header, keys in tables:
        if header not in _TARGET_DIRS:
            continue
        name = _string_value(keys.get("name", ""))
        path = _string_value(keys.get("path", ""))
        if not path and header == "[[bin]]" and name == package_name:
            path = "src/main.rs"
        if not path and name:
            path = "{}/{}.rs".format(_TARGET_DIRS[header], name)
        if path:
            stubs[path] = True
    build = package.get("build", "")
    if _string_value(build):
        stubs[_string_value(build)] = True
    elif has_build_dependencies and not build.startswith("false"):
        stubs["build.rs"] = True
    return sorted(stubs)
