"""Compares the crates that Bazel compiles with what `cargo build --release --unit-graph` says: features and edges, for
chip and build machine, and for the chip the profile's opt-level.

usage: conformance.py UNIT_GRAPH CQUERY [DROP]

UNIT_GRAPH is Cargo's JSON, CQUERY the output of `bazel cquery --output=jsonproto` of all rust_library and rust_proc_macro targets
of the crates repository. DROP is a feature that is removed from Cargo's side, for a test of this program.
"""

import json
import re
import sys


def cargo_crates(graph, drop):
    def package(unit):
        name_version = re.split(r"[#/]", unit["pkg_id"])[-1]
        return name_version.replace("@", "-")

    def is_library(unit):
        return unit["mode"] == "build" and "custom-build" not in unit["target"]["kind"] and "bin" not in unit["target"]["kind"]

    units, crates = graph["units"], {}
    for unit in units:
        if not is_library(unit) or "registry+" not in unit["pkg_id"]:
            continue
        side = "chip" if unit["platform"] else "build"
        edges = {(d["extern_crate_name"], package(units[d["index"]])) for d in unit["dependencies"] if is_library(units[d["index"]])}
        level = unit["profile"]["opt_level"] if side == "chip" else None
        crates.setdefault((package(unit), side), []).append((set(unit["features"]) - {drop}, edges, unit["target"]["edition"], level))
    roots = {package(units[d["index"]]) for u in units if "path+" in u["pkg_id"] for d in u["dependencies"]}
    return crates, roots


def macro_labels(rules):
    return {d for sides in rules.values() for attrs in sides.values() for d in attrs["proc_macro_deps"].get("stringListValue", [])}


def bazel_crates(cquery, roots):
    rules, checksums = {}, {c["id"]: c for c in cquery.get("configurations", [])}
    for result in cquery["results"]:
        rule = result["target"]["rule"]
        attrs = {a["name"]: a for a in rule["attribute"]}
        tool = checksums[result["configurationId"]].get("isTool", False)
        rules.setdefault(rule["name"], {})["build" if tool else "chip"] = attrs
    package = lambda label: re.search(r"//vendor/([^:]+):", label).group(1)
    crates = {}
    for label, sides in rules.items():
        for side, attrs in sides.items():
            aliases = {e["key"]: e["value"] for e in attrs["aliases"].get("labelKeyedStringDictValue", [])} if "aliases" in attrs else {}
            edges = set()
            for kind in ("deps", "proc_macro_deps"):
                for dep in attrs[kind].get("stringListValue", []):
                    if dep not in rules:
                        continue  # the crate's build script
                    crate_name = next(iter(rules[dep].values()))["crate_name"]["stringValue"]
                    edges.add((aliases.get(dep, crate_name), package(dep)))
            features = set(attrs["crate_features"].get("stringListValue", []))
            levels = [f.partition("=")[2] for f in attrs["rustc_flags"].get("stringListValue", []) if f.startswith("-Copt-level=")]
            level = levels[-1] if side == "chip" and levels else None
            crates.setdefault((package(label), side), []).append((features, edges, attrs["edition"]["stringValue"], level))
    # `aliases` configures macros and what they depend on for the chip, too; nothing compiles that
    used, todo = set(), [key for key in crates if key[1] == "build"] + [(name, "chip") for name in roots]
    macros = {package(label) for label in rules if label in macro_labels(rules)}
    while todo:
        key = todo.pop()
        if key in used or key not in crates:
            continue
        used.add(key)
        for _, edges, _, _ in crates[key]:
            todo += [(name, "build" if name in macros else key[1]) for _, name in edges]
    crates = {key: crates[key] for key in used}
    return crates


def main():
    graph, cquery = (json.load(open(path)) for path in sys.argv[1:3])
    cargo, roots = cargo_crates(graph, sys.argv[3] if len(sys.argv) > 3 else None)
    bazel = bazel_crates(cquery, roots)
    wrong = 0
    for key in sorted(set(cargo) | set(bazel)):
        theirs, ours = cargo.get(key, []), bazel.get(key, [])
        for unit in theirs:
            if unit not in ours:
                wrong += 1
                print(f"{key}: cargo has features {sorted(unit[0])}, edges {sorted(unit[1])}, opt-level {unit[3]}; Bazel {ours}")
        for unit in ours:
            if unit not in theirs:
                wrong += 1
                print(f"{key}: Bazel has features {sorted(unit[0])}, edges {sorted(unit[1])}, opt-level {unit[3]}; cargo {theirs}")
    print(f"{sum(map(len, cargo.values()))} crates, {wrong} differences")
    sys.exit(wrong != 0 or not cargo)


main()
