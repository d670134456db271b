"""Compares the spawns of two builds, by Bazel's execution logs (--execution_log_json_file).

usage: spawns.py BUILT CACHED: every spawn of CACHED must have come from a remote cache, and have given what it gave in BUILT.
Prints how many there are and what is wrong; the exit status is 1 if anything is.
"""

import json
import sys


def spawns(path):
    """The spawns of a log, by their outputs."""
    found = {}
    with open(path, encoding="utf-8") as file:
        text = file.read()
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        spawn, at = decoder.raw_decode(text, at)
        while at < len(text) and text[at].isspace():
            at += 1
        found[tuple(sorted(spawn["listedOutputs"]))] = spawn
    return found


def name(spawn):
    return f"{spawn['mnemonic']} of {spawn.get('targetLabel', '?')} ({spawn['runner']})"


def outputs(spawn):
    return {o["path"]: (o.get("digest", {}).get("hash"), o.get("symlinkTargetPath")) for o in spawn["actualOutputs"]}


built, cached = spawns(sys.argv[1]), spawns(sys.argv[2])
wrong = [f"not there: {name(built[key])}" for key in built.keys() - cached.keys()]
uncacheable = 0
for key, spawn in cached.items():
    if not spawn["remoteCacheable"]:
        uncacheable += 1
        print(f"declared as not for a cache: {name(spawn)}")
    elif spawn["runner"] != "remote cache hit":
        wrong.append(f"not out of the cache: {name(spawn)}")
    if key not in built:
        wrong.append(f"only there: {name(spawn)}")
    elif outputs(spawn) != outputs(built[key]):
        wrong.append(f"other outputs: {name(spawn)}")
hits = sum(spawn["runner"] == "remote cache hit" for spawn in cached.values())
print("\n".join(wrong + [f"{len(cached)} spawns, {hits} out of the cache, {uncacheable} declared as not for it"]))
sys.exit(bool(wrong) or not cached)
