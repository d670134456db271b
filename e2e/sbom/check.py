"""Checks a bill of materials: against the schema of CycloneDX 1.6, and against what is known of the image without it.

    check.py BOM EXPECTED

EXPECTED is JSON: the image's name, version and files, what is in it and what it was made with, and the files of pins. Prints a
line for each check; the exit status is 1 if one failed.
"""

import hashlib
import json
import sys
import tomllib
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

failed = 0


def check(name, problems):
    global failed
    if problems:
        failed += 1
        print(f"FAILED {expected['name']}: {name}: {problems}")
    else:
        print(f"PASSED {expected['name']}: {name}")


def difference(found, wanted):
    found, wanted = set(found), set(wanted)
    missing = [f"missing: {sorted(wanted - found)}"] if wanted - found else []
    return missing + ([f"too much: {sorted(found - wanted)}"] if found - wanted else [])


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def hash_of(component):
    return next((h["content"] for h in component.get("hashes", []) if h["alg"] == "SHA-256"), None)


def kind_of(component):
    return next((p["value"] for p in component.get("properties", []) if p["name"] == "rules_esp32:kind"), None)


text = Path(sys.argv[1]).read_text()
expected = json.loads(Path(sys.argv[2]).read_text())
bom = json.loads(text)
image = bom["metadata"]["component"]
components = {c["bom-ref"]: c for c in bom["components"]}

error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
check("is CycloneDX 1.6 by its schema", str(error) if error else None)

# the image
check("name and version", difference([(image["name"], image["version"])], [(expected["name"], expected["version"])]))
files = {f["name"].rpartition("/")[2]: hash_of(f) for f in image["components"]}
check("files of the image", difference(files.items(), {Path(f).name: sha256(f) for f in expected["files"]}.items()))
check("SHA-256 of the image", difference([hash_of(image)], [sha256(expected["files"][0])]))

# crates of a Cargo.lock: which, and what the lock file says of them
locked = {}
for lock in expected["cargo_locks"]:
    for package in tomllib.loads(Path(lock).read_text())["package"]:
        locked[package["name"], package["version"]] = package.get("checksum")
crates = [c for c in components.values() if c.get("purl", "").startswith("pkg:cargo/")]
for scope in ["required", "excluded"]:
    check(f"crates that are {scope}", difference([c["name"] for c in crates if c["scope"] == scope], expected["crates"][scope]))
check("versions and checksums of crates are Cargo.lock's", [
    c["purl"] for c in crates if locked.get((c["name"], c["version"]), "?") != hash_of(c)
])
check("crates have a licence and their package URL", [
    c["name"] for c in crates if not c.get("licenses") or c["purl"] != f"pkg:cargo/{c['name']}@{c['version']}".replace("+", "%2B")
])

# targets of the build
for kind in ["crate", "component", "messages"]:
    found = [ref for ref, c in components.items() if kind_of(c) == kind]
    check(f"targets of kind {kind}", difference(found, expected["targets"][kind]))
    check(f"targets of kind {kind} are required", [ref for ref in found if components[ref]["scope"] != "required"])
sources = {f["name"]: hash_of(f) for c in components.values() for f in c.get("components", []) if f["type"] == "file"}
sources |= {c["name"]: hash_of(c) for c in components.values() if c["type"] == "file"}
for name, path in expected["sources"].items():
    check(f"SHA-256 of {name}", difference([sources.get(name)], [sha256(path)]))

# the bootloader
bootloader = components["bootloader"]
check("the bootloader's SHA-256", difference([hash_of(bootloader)], [sha256(expected["bootloader"])]))
check("the bootloader's version and licence", [] if bootloader["version"].startswith("v") and bootloader["licenses"] else [bootloader])
shipped = next(p["value"] for p in bootloader["properties"] if p["name"] == "rules_esp32:shippedIn")
espflash = [f"pkg:cargo/espflash@{v} {checksum}" for (name, v), checksum in locked.items() if name == "espflash"]
check("the bootloader's crate", difference([shipped], espflash))

# toolchains
toolchains = {c["name"]: c for c in components.values() if kind_of(c) == "toolchain"}
check("toolchains", difference(toolchains, expected["toolchains"]))
check("toolchains have version and licence", [n for n, c in toolchains.items() if not c.get("version") or not c.get("licenses")])
pins = json.loads(Path(expected["debian_lock"]).read_text())["packages"]
debs = [d for c in toolchains.values() for d in c["components"]]
check("Debian packages are the pinned ones", [
    d["name"] for d in debs if (d["version"], hash_of(d)) != (pins[d["name"]]["version"], pins[d["name"]]["sha256"])
])
roots = ["bindgen", "binutils-xtensa-lx106", "clang-23", "gcc-xtensa-lx106", "libc6-dev", "llvm-23", "protobuf-compiler", "rustc"]
check("Debian packages", [r for r in roots if r not in [d["name"] for d in debs]])

# nothing besides, and all of it hangs together
check("no other components", [
    ref for ref, c in components.items()
    if kind_of(c) not in ["bootloader", "component", "crate", "messages", "toolchain"] and c not in crates and c["type"] != "file"
])
check("references are unique", [r for r in components if sum(c["bom-ref"] == r for c in bom["components"]) > 1])
depends_on = {d["ref"]: d["dependsOn"] for d in bom["dependencies"]}
check("each has its dependencies", difference(depends_on, [*components, image["bom-ref"]]))
check("dependencies are there", [d for deps in depends_on.values() for d in deps if d not in components])
seen, todo = set(), [image["bom-ref"]]
while todo:
    ref = todo.pop()
    if ref not in seen:
        seen.add(ref)
        todo += depends_on[ref]
check("all is reached from the image", difference(seen, [*components, image["bom-ref"]]))
for ref, deps in expected["depends_on"].items():
    check(f"dependencies of {ref}", difference(depends_on.get(ref, []), deps))

check("no time", [word for word in ["timestamp"] if f'"{word}"' in text])
check("nothing of this machine", [word for word in expected["machine"] if word in text])
sys.exit(1 if failed else 0)
