#!/usr/bin/env python3
"""Makes a linker script: each `mapping[TARGET]` line of the template becomes the input sections that fragments put there.

A fragment file has `[sections:NAME]`, `[scheme:NAME]` and `[mapping:NAME]`, with `if CONDITION:` and `else:` around entries.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import kconfiglib


class FragmentError(Exception):
    """A fragment file that cannot be used."""


@dataclass
class Fragments:
    """What all fragment files say."""

    sections: dict = field(default_factory=dict)  # name -> section names, "+" at the end: and those below it
    schemes: dict = field(default_factory=dict)  # name -> [(sections, target)]
    mappings: list = field(default_factory=list)  # (archive, object, symbol, scheme); "*": all


def conditional(lines, holds):
    """Yields the lines that conditions leave, with their numbers."""
    stack = []  # (indentation, whether it holds, whether a branch was taken)
    for number, line in enumerate(lines, 1):
        text = line.split("#")[0].rstrip()
        if not text:
            continue
        indentation = len(text) - len(text.lstrip())
        match = re.fullmatch(r"\s*(?:(if|elif) (.+)|(else)):", text)
        while stack and (indentation < stack[-1][0] or indentation == stack[-1][0] and not (match and match[1] != "if")):
            stack.pop()
        if not match:
            if all(active for _, active, _ in stack):
                yield number, text.strip()
        elif match[1] == "if":
            active = holds(match[2])
            stack.append((indentation, active, active))
        elif not stack:
            raise FragmentError(f"line {number}: '{text.strip()}' without 'if'")
        else:
            taken = stack.pop()[2]
            active = not taken and (bool(match[3]) or holds(match[2]))
            stack.append((indentation, active, taken or active))


def read_fragments(path, fragments, holds):
    kind = name = archive = None

    def finish():
        if kind == "mapping" and archive is None:
            raise FragmentError(f"{path}: [mapping:{name}] names no archive: add a line 'archive: libNAME.a'")

    for number, text in conditional(path.read_text().splitlines(), holds):
        if match := re.fullmatch(r"\[(sections|scheme|mapping):(\w+)\]", text):
            finish()
            kind, name = match.groups()
            archive = None
        elif text == "entries:" and kind:
            continue
        elif kind == "mapping" and (match := re.fullmatch(r"archive:\s*(\S+)", text)):
            archive = match[1]
        elif kind == "mapping" and (match := re.fullmatch(r"(\*|[\w.-]+)(?::(\w+))?\s*\((\w+)\)", text)):
            fragments.mappings.append((archive, match[1], match[2], match[3]))
        elif kind == "scheme" and (match := re.fullmatch(r"(\w+) -> (\w+)", text)):
            fragments.schemes.setdefault(name, []).append(match.groups())
        elif kind == "sections" and re.fullmatch(r"[\w.]+\+?", text):
            fragments.sections.setdefault(name, []).append(text)
        else:
            raise FragmentError(f"{path}:{number}: cannot read '{text}'")
    finish()


def archive_sections(archive, objdump):
    """The sections of each object of an archive, by objdump."""
    objects = {}
    listing = subprocess.run([objdump, "-h", archive], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        if match := re.match(r"(\S+):\s+file format", line):
            sections = objects.setdefault(match[1], [])
        elif match := re.match(r"\s+\d+\s+(\S+)\s+[0-9a-f]{8}\s", line):
            sections.append(match[1])
    return objects


def patterns(names):
    return [pattern for name in names for pattern in ([name[:-1], name[:-1] + ".*"] if name.endswith("+") else [name])]


def belongs(section, names):
    return any(section == name.rstrip("+") or name.endswith("+") and section.startswith(name[:-1] + ".") for name in names)


def place(fragments, libraries, objdump):
    """Input section descriptions for each target: those of single objects first, then all others."""
    single = [mapping for mapping in fragments.mappings if mapping[:2] != ("*", "*")]
    default = [mapping for mapping in fragments.mappings if mapping[:2] == ("*", "*")]
    targets, excluded = {}, []

    def target_of(section, mappings):
        def rank(mapping):  # a symbol's section before an object's before an archive's
            return (bool(mapping[2]), mapping[1] != "*")

        for _, _, symbol, scheme in sorted(mappings, key=rank, reverse=True):
            if symbol and not section.endswith("." + symbol):
                continue
            for sections, target in fragments.schemes[scheme]:
                if belongs(section, fragments.sections[sections]):
                    return target
        return None

    for library in libraries:
        mapped = [mapping for mapping in single if mapping[0] in ("*", Path(library).name)]
        if not mapped:
            continue
        for name, sections in archive_sections(library, objdump).items():
            stem = name.split(".")[0]
            own = [mapping for mapping in mapped if mapping[1] in ("*", stem)]
            if not own:
                continue
            file = f"*{Path(library).name}:{stem}.*"
            if file in excluded:
                raise FragmentError(f"{library}: two objects are called {stem}, which a fragment names: rename a source")
            excluded.append(file)
            placed = {}
            for section in sections:
                if target := target_of(section, own + default):
                    placed.setdefault(target, []).append(section)
            for target, names in placed.items():
                names.sort(key=lambda name: not name.startswith(".literal"))
                targets.setdefault(target, []).append(f"{file}({' '.join(dict.fromkeys(names))})")

    exclude = f"EXCLUDE_FILE({' '.join(excluded)}) " if excluded else ""
    for _, _, _, scheme in default:
        for sections, target in fragments.schemes[scheme]:
            names = " ".join(exclude + pattern for pattern in patterns(fragments.sections[sections]))
            targets.setdefault(target, []).append(f"*({names})")
    return targets


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", "-i", type=Path, required=True)
    files = parser.add_mutually_exclusive_group(required=True)
    files.add_argument("--fragments", "-f", nargs="+")
    files.add_argument("--fragments-list")
    parser.add_argument("--libraries-file", type=Path, required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--config", "-c", required=True)
    parser.add_argument("--kconfig", "-k", required=True)
    parser.add_argument("--env", "-e", action="append", default=[])
    parser.add_argument("--env-file", type=Path)
    parser.add_argument("--objdump", required=True)
    arguments = parser.parse_args()

    if arguments.env_file:
        os.environ.update(json.loads(arguments.env_file.read_text()))
    os.environ.update(pair.split("=", 1) for pair in arguments.env)
    config = kconfiglib.Kconfig(arguments.kconfig, warn=False)
    config.load_config(arguments.config)

    try:
        fragments = Fragments()
        for path in arguments.fragments or arguments.fragments_list.split(";"):
            read_fragments(Path(path), fragments, lambda condition: config.eval_string(condition) > 0)
        targets = place(fragments, arguments.libraries_file.read_text().splitlines(), arguments.objdump)
        lines = []
        for line in arguments.input.read_text().splitlines():
            if match := re.fullmatch(r"(\s*)mapping\[(\w+)\]", line):
                lines += [match[1] + description for description in targets.pop(match[2], [])]
            else:
                lines.append(line)
        if targets:
            raise FragmentError(f"{arguments.input}: has no mapping[{min(targets)}], which a scheme names")
    except FragmentError as error:
        sys.exit(f"ldgen: {error}")
    arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
