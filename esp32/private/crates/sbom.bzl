"""What a bill of materials says of a crate.

Each crate's folder has it as crate.cdx.json, a component of CycloneDX 1.6. The file is in `compile_data`, so that whoever has
the crate's CrateInfo has it, however the crate came to be linked.
"""

load(":resolve.bzl", "BUILD", "HOST")

COMPONENT_FILE = "crate.cdx.json"

_CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"

def lock_checksums(text):
    """Reads the checksums of a Cargo.lock.

    Args:
        text: content of the file.

    Returns:
        {"NAME VERSION SOURCE": SHA-256 of the .crate file}; crates without one, such as those of git, are left out.
    """
    checksums = {}
    for entry in text.split("[[package]]")[1:]:
        fields = {}
        for line in entry.splitlines():
            key, _, value = line.partition(" = ")
            if value.startswith("\""):
                fields[key] = value.strip("\"")
        if "checksum" in fields and "source" in fields:
            checksums["{} {} {}".format(fields["name"], fields["version"], fields["source"])] = fields["checksum"]
    return checksums

def _quote(text):
    for character, code in [("%", "%25"), ("+", "%2B"), ("?", "%3F"), ("#", "%23"), ("&", "%26"), (" ", "%20")]:
        text = text.replace(character, code)
    return text

def crate_purl(crate):
    """The package URL of a crate.

    Args:
        crate: one of `resolve_crates(...).crates`.

    Returns:
        A string such as `pkg:cargo/prost@0.14.6`.
    """
    purl = "pkg:cargo/{}@{}".format(_quote(crate.name), _quote(crate.version))
    if crate.source in [_CRATES_IO, ""]:
        return purl
    kind, _, url = crate.source.partition("+")
    if kind == "git":
        url, _, commit = url.partition("#")
        return "{}?vcs_url=git%2B{}@{}".format(purl, _quote(url.partition("?")[0]), commit)
    return "{}?repository_url={}".format(purl, _quote(url))

def _licenses(crate):
    if crate.license:
        # Cargo's old way to write OR
        return [{"expression": " OR ".join([part.strip() for part in crate.license.split("/")])}]
    if crate.license_file:
        return [{"license": {"name": crate.license_file}}]
    return []

def build_dependencies(crate, crates):
    """Finds what a crate's build script is made with, directly or not.

    Args:
        crate: one of `resolve_crates(...).crates`.
        crates: result of `crates_by_label`.

    Returns:
        {label: True}.
    """
    found = {}
    todo = [variant["build_script"] for variant in crate.variants.values() if variant["build_script"]]

    # Each step finds a new crate, or it is the last one.
    for _ in range(len(crates) + 1):
        edges = [label for deps in todo for kind in ["deps", "proc_macro_deps"] for label in deps[kind] if label not in found]
        todo = []
        for label in edges:
            found[label] = True
            variant = crates[label].variants.get(BUILD, crates[label].variants.get(HOST))
            if variant:
                todo += [variant] + ([variant["build_script"]] if variant["build_script"] else [])
        if not todo:
            break
    return found

def crate_component(crate, checksums, crates):
    """Describes a crate.

    Args:
        crate: one of `resolve_crates(...).crates`.
        checksums: result of `lock_checksums`.
        crates: result of `crates_by_label`.

    Returns:
        A dict: a component of CycloneDX.
    """
    purl = crate_purl(crate)
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": crate.name,
        "version": crate.version,
        "purl": purl,
    }
    checksum = checksums.get("{} {} {}".format(crate.name, crate.version, crate.source))
    if checksum:
        component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if _licenses(crate):
        component["licenses"] = _licenses(crate)
    if crate.env.get("CARGO_PKG_REPOSITORY"):
        component["externalReferences"] = [{"type": "vcs", "url": crate.env["CARGO_PKG_REPOSITORY"]}]
    built_with = sorted({
        "{} {}".format(crate_purl(crates[label]), checksums.get("{} {} {}".format(crates[label].name, crates[label].version, crates[label].source), "")): True
        for label in build_dependencies(crate, crates)
    })
    if built_with:
        component["properties"] = [{"name": "rules_esp32:buildScriptCrate", "value": value.strip()} for value in built_with]
    return component
