"""What e2e/hermetic/run asks of Bazel's action graph (aquery --output=jsonproto) and of its execution log (JSON).

  actions.py users REPOSITORY AQUERY FILES
                                       actions with an input out of a repository, of those that FILES, a list of outputs, takes:
                                       MNEMONIC OUTPUT
  actions.py executed LOG              actions that ran: MNEMONIC OUTPUT
  actions.py opened STRACE LOG EXECROOT FOLDER
                                       runs one action of each kind once more, under strace, in a folder that has its
                                       declared inputs alone, and lists what else it opened: MNEMONIC FILE
"""

import json
import os
import re
import shutil
import subprocess
import sys


class Graph:
    """The actions of a jsonproto file."""

    def __init__(self, path):
        with open(path) as file:
            graph = json.load(file)
        self.actions = graph.get("actions", [])
        self._fragments = {f["id"]: f for f in graph.get("pathFragments", [])}
        self._artifacts = {a["id"]: a["pathFragmentId"] for a in graph.get("artifacts", [])}
        self._sets = {s["id"]: s for s in graph.get("depSetOfFiles", [])}
        # what Bazel does itself, such as links and the files that a program needs at run time
        self._internal = {o: a for a in self.actions if not a.get("arguments") for o in a.get("outputIds", [])}

    def path(self, artifact):
        labels, at = [], self._artifacts[artifact]
        while at:
            labels.append(self._fragments[at]["label"])
            at = self._fragments[at].get("parentId")
        return "/".join(reversed(labels))

    def inputs(self, action):
        """Paths of all inputs, and of what those are made of that Bazel makes itself."""
        seen, artifacts = set(), set()
        todo = list(action.get("inputDepSetIds", []))
        while todo:
            depset = todo.pop()
            if depset not in seen:
                seen.add(depset)
                for artifact in self._sets[depset].get("directArtifactIds", []):
                    if artifact not in artifacts:
                        artifacts.add(artifact)
                        todo += self._internal.get(artifact, {}).get("inputDepSetIds", [])
                todo += self._sets[depset].get("transitiveDepSetIds", [])
        return {self.path(artifact) for artifact in artifacts}


def users(repository, aquery, files):
    graph = Graph(aquery)
    made_by = {graph.path(output): action for action in graph.actions for output in action["outputIds"]}
    with open(files) as file:
        todo = file.read().split()
    seen = set()
    while todo:
        path = todo.pop()
        if path not in seen and path in made_by:
            action = made_by[path]
            outputs = {graph.path(output) for output in action["outputIds"]}
            seen |= outputs
            inputs = graph.inputs(action)
            todo += inputs
            if action.get("arguments") and any(f"/{repository}/" in "/" + path for path in inputs):
                print(action["mnemonic"], min(outputs))


def spawns(log):
    """The actions that ran."""
    decoder, at, space = json.JSONDecoder(), 0, re.compile(r"\s*")
    with open(log) as file:
        text = file.read()
    while (at := space.match(text, at).end()) < len(text):
        spawn, at = decoder.raw_decode(text, at)
        yield spawn


def executed(log):
    for spawn in spawns(log):
        print(spawn["mnemonic"], min(spawn["listedOutputs"]))


def kind(spawn):
    """Actions of one kind run the same programs: Rust is told apart by what it makes, and for what, and C by its compiler and language."""
    arguments = spawn["commandArgs"]
    options = [a for a in arguments if re.match(r"--(crate-type|target)=", a)]
    if spawn["mnemonic"] == "CppCompile":
        options += [os.path.basename(arguments[0]), os.path.splitext(arguments[arguments.index("-c") + 1])[1]]
    return (spawn["mnemonic"], *options)


CALL = re.compile(r'^\d+ +(open|openat|openat2|creat|execve|execveat)\((?:AT_FDCWD<([^>]*)>, |\d+<([^>]*)>, )?"((?:[^"\\]|\\.)*)".*\) = (?:(\d+)<(.*)>|0)$')


def run(strace, spawn, execroot, folder):
    """Runs an action in a folder. Returns the files that it opened there and elsewhere, and what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    declared = set()
    for path in (i["path"] for i in spawn["inputs"]):
        source, target = os.path.join(execroot, path), os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        elif os.path.exists(source):
            os.symlink(source, target)
            declared.add(os.path.realpath(source))
    for path in spawn["listedOutputs"]:
        target = os.path.join(folder, path)
        is_folder = any(o["path"].startswith(path + "/") for o in spawn.get("actualOutputs", [])) or os.path.isdir(os.path.join(execroot, path))
        os.makedirs(target if is_folder else os.path.dirname(target), exist_ok=True)
    trace = folder + ".trace"
    process = subprocess.run(
        [strace, "-f", "-y", "-qq", "-s", "4096", "-e", "trace=open,openat,openat2,creat,execve,execveat", "-e", "signal=none",
         "-o", trace, *spawn["commandArgs"]],
        cwd=folder, env={v["name"]: v["value"] for v in spawn.get("environmentVariables", [])}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=240)
    if process.returncode:
        return set(), f"exit {process.returncode}:\n{process.stdout[-3000:]}"
    inside, outside = set(), set()
    with open(trace, errors="replace") as file:
        for match in filter(None, map(CALL.match, file)):
            named = os.path.normpath(os.path.join(folder, match[2] or match[3] or "", match[4]))
            real = match[6] or os.path.realpath(named)
            ours = named.startswith(folder + "/") or real.startswith(folder + "/") or folder == real or real in declared
            (inside if ours or real.startswith("/nix/store/") else outside).add(re.sub(r"^/proc/\d+/", "/proc/self/", real))
    os.remove(trace)
    return outside, "" if inside else "nothing was traced"


def opened(strace, log, execroot, folder):
    execroot, folder = os.path.realpath(execroot), os.path.realpath(folder)
    sample = {}
    for spawn in spawns(log):
        sample.setdefault(kind(spawn), spawn)
    failed = 0
    for name, spawn in sorted(sample.items()):
        outside, error = run(strace, spawn, execroot, folder)
        print(" ".join(name) + ":", error or f"{len(outside)} files from outside", file=sys.stderr)
        failed += bool(error)
        for path in sorted(outside):
            print(name[0], path)
    print(f"{len(sample)} kinds of actions, of which {failed} could not be looked at", file=sys.stderr)
    sys.exit(1 if failed or not sample else 0)


if __name__ == "__main__":
    {"users": users, "executed": executed, "opened": opened}[sys.argv[1]](*sys.argv[2:])
