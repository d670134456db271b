"""What the user's sdkconfig.defaults say, held against what became of it."""

load(":nearest.bzl", "nearest")

def defaults_lines(text):
    """The options that a file of defaults sets.

    Args:
      text: string; an sdkconfig.defaults.

    Returns:
      list of structs (line: int, from 1; name: string with CONFIG_, or what is there in its place; value: string, `n` where it says that
      an option is not set; valid: bool, whether it is a line that sets an option).
    """
    found = []
    for i, line in enumerate(text.split("\n")):
        line = line.strip()
        if line.startswith("# CONFIG_") and line.endswith(" is not set"):
            found.append(struct(line = i + 1, name = line[2:].removesuffix(" is not set"), valid = True, value = "n"))
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            found.append(struct(line = i + 1, name = name, valid = bool(equals) and name.startswith("CONFIG_"), value = value))
    return found

def _same(wanted, value):
    """Whether an option has a value, which may be written otherwise."""
    wanted = wanted.strip("\"")
    value = value.strip("\"")
    if wanted == value:
        return True
    if value.lower().startswith("0x") or wanted.lower().startswith("0x"):
        return _number(wanted) != None and _number(wanted) == _number(value)
    return False

def _number(text):
    text = text.lower()
    digits = text[2:] if text.startswith("0x") else text
    base = 16 if text.startswith("0x") else 10
    allowed = "0123456789abcdef"[:base]
    if not digits or [c for c in digits.elems() if c not in allowed]:
        return None
    return int(digits, base)

def defaults_errors(files, options, known, depends, ranges = {}):
    """What is wrong with files of defaults.

    Args:
      files: list of pairs of a name for messages and the text of an sdkconfig.defaults; later ones win.
      options: dict from string to string; the options, with CONFIG_, as they became, those with old names among them.
      known: list of strings; the names of all options that there are, with CONFIG_.
      depends: dict from such a name to what it depends on, or an empty string.
      ranges: dict from such a name to the least and the greatest value, where it has such.

    Returns:
      list of strings, a message each.
    """
    last = {}
    errors = []
    for file, text in files:
        for entry in defaults_lines(text):
            place = "{}:{}: ".format(file, entry.line)
            if not entry.valid:
                errors.append(place + "'{}' is no line of an sdkconfig: write CONFIG_NAME=value".format(entry.name))
            else:
                last[entry.name] = (place, entry.value)
    for name, (place, wanted) in last.items():
        if name in options:
            if not _same(wanted, options[name]):
                errors.append(place + "{}={} is not what it became, {}: {}".format(
                    name,
                    wanted,
                    options[name],
                    _why_other(wanted, depends.get(name), ranges.get(name)),
                ))
        elif wanted == "n":
            if name not in known:
                errors.append(place + _unknown(name, known))
        elif name in known:
            errors.append(place + "{} cannot be set: {}".format(
                name,
                "it depends on {}".format(depends[name]) if depends.get(name) else "what it depends on is not set, or it is not the user's to set",
            ))
        else:
            errors.append(place + _unknown(name, known))
    return errors

def _why_other(wanted, depends, between):
    """Why an option has not the value that is wanted."""
    number = _number(wanted.removeprefix("-"))
    if number and wanted.startswith("-"):
        number = -number
    if between and (number == None or number < between[0] or number > between[1]):
        return "it is a number from {} to {}".format(between[0], between[1])
    if depends:
        return "it depends on {}".format(depends)
    return "another option decides it, or the value is of another type"

def _unknown(name, known):
    near = nearest(name, known)
    return "there is no option {}{}".format(name, ": did you mean {}?".format(" or ".join(near)) if near else ": remove the line")

def _all_menus(menus):
    """Menus and options with all in them, in no particular order."""
    found = []
    pending = list(menus)
    for _ in range(100000):
        if not pending:
            break
        menu = pending.pop()
        found.append(menu)
        pending += menu.get("children") or []
    return found

def flatten_menus(menus, field = "depends_on"):
    """The options in the description of menus that kconfgen writes (kconfig_menus.json).

    Args:
      menus: the decoded JSON: a list of dicts with `children`.
      field: string; what of an option is wanted: `depends_on` or `type`.

    Returns:
      dict from the name of an option, with CONFIG_, to that, or to an empty string.
    """
    return {"CONFIG_" + menu["name"]: menu.get(field) or "" for menu in _all_menus(menus) if menu.get("name")}

def menu_ranges(menus):
    """The ranges of options, out of the same description.

    Args:
      menus: the decoded JSON: a list of dicts with `children`.

    Returns:
      dict from the name of an option, with CONFIG_, to a list of its least and its greatest value; of options that have such.
    """
    return {"CONFIG_" + menu["name"]: menu["range"] for menu in _all_menus(menus) if menu.get("name") and menu.get("range")}

def flat_kconfig(values, written, types):
    """A Kconfig file in which options are just what they are: for the conditions in linker fragments.

    Args:
      values: dict from the name of an option, without CONFIG_, to its value: bool, int, string or None.
      written: dict from the name of an option, with CONFIG_, to its value as the sdkconfig has it: by which numbers are known that are
        written in hexadecimal digits.
      types: dict from the name of an option, with CONFIG_, to its type. One that is not among `values`, since it depends on what is not
        set, is `n` where it is a bool: of an option that is not known, a condition `NAME = n` is false.

    Returns:
      string.
    """
    lines = ["# The options as they are set.\n"]
    for name in sorted(values):
        value = values[name]
        if type(value) == "bool":
            lines.append("config {}\n    bool\n    default {}\n".format(name, "y" if value else "n"))
        elif type(value) == "int":
            text = written.get("CONFIG_" + name, str(value))
            lines.append("config {}\n    {}\n    default {}\n".format(name, "hex" if text.lower().startswith("0x") else "int", text))
        elif type(value) == "string":
            lines.append("config {}\n    string\n    default {}\n".format(name, json.encode(value)))
    for name in sorted(types):
        plain = name.removeprefix("CONFIG_")
        if plain not in values and types[name] in ["bool", "int", "hex", "string"]:
            lines.append("config {}\n    {}\n".format(plain, types[name]))
    return "\n".join(lines)
