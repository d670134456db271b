#!/usr/bin/env python3
"""Writes the files that the root Kconfig sources: one `source` line for each component's Kconfig."""

import argparse
import json
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list-separator", choices=["space", "semicolon"], default="space")
    parser.add_argument("--env-file", type=argparse.FileType("r"), required=True)
    arguments = parser.parse_args()
    environment = json.load(arguments.env_file)
    separator = ";" if arguments.list_separator == "semicolon" else None
    for files, output in (
        ("COMPONENT_KCONFIGS", "COMPONENT_KCONFIGS_SOURCE_FILE"),
        ("COMPONENT_KCONFIGS_PROJBUILD", "COMPONENT_KCONFIGS_PROJBUILD_SOURCE_FILE"),
    ):
        paths = [path for path in environment[files].split(separator) if path]
        Path(environment[output]).write_text("".join(f'source "{path}"\n' for path in paths))


if __name__ == "__main__":
    main()
