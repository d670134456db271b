"""What CMake wrote into build.ninja about commands of its own: how generated files are made."""

def _unescape(text):
    """Undoes Ninja's escapes ($$, `$ `, $:), and leaves out the variable that CMake puts before the build folder's own files."""
    result = []
    rest = text.replace("${cmake_ninja_workdir}", "")
    for _ in range(len(rest)):
        at = rest.find("$")
        if at < 0:
            break
        result.append(rest[:at])
        result.append(rest[at + 1:at + 2])
        rest = rest[at + 2:]
    return "".join(result) + rest

def _words(text):
    """Splits a list of paths at blanks that are not escaped."""
    mark = "\1"
    return [_unescape(w.replace(mark, "$ ")) for w in text.replace("$ ", mark).split(" ") if w]

def custom_commands(text):
    """The custom commands of a build.ninja.

    Args:
      text: string; the file.

    Returns:
      dict from the path of an output, absolute or relative to the build folder as in the file, to a struct (command: string; for the shell,
      inputs: list of strings; explicit and implicit ones).
    """
    commands = {}
    outputs = None
    inputs = []
    for line in text.split("\n"):
        if line.startswith("build "):
            outputs = None
            head, found, tail = line[len("build "):].partition(": CUSTOM_COMMAND")
            if found and (not tail or tail.startswith(" ")):
                outputs = [o for o in _words(head) if o != "|"]
                inputs = [i for i in _words(tail.partition(" || ")[0]) if i != "|"]
        elif outputs and line.startswith("  COMMAND = "):
            command = struct(command = _unescape(line[len("  COMMAND = "):]), inputs = inputs)
            for output in outputs:
                commands[output] = command
            outputs = None
        elif not line:
            outputs = None
    return commands

def commands_for(commands, wanted, build_dir):
    """The commands that make files, each behind those that make its inputs.

    Args:
      commands: dict; of `custom_commands`.
      wanted: list of strings; absolute paths of files, or paths relative to the build folder.
      build_dir: string; the absolute path of the build folder.

    Returns:
      list of strings; for the shell.
    """
    prefix = build_dir + "/"

    def find(path):
        return commands.get(path) or commands.get(path.removeprefix(prefix)) or commands.get(prefix + path)

    ordered = []
    done = {}
    stack = [(path, False) for path in reversed(wanted)]
    for _ in range(10 * len(commands) + len(wanted) + 10):
        if not stack:
            break
        path, expanded = stack.pop()
        command = find(path)
        if not command or command.command in done:
            continue
        if expanded:
            done[command.command] = True
            ordered.append(command.command)
            continue
        stack.append((path, True))
        stack += [(i, False) for i in reversed(command.inputs)]
    return ordered
