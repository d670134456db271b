"""Options of a configured tree as conditions of `select`."""

load(":nearest.bzl", "nearest")

_IS_SET = Label("//esp32/private/idf:option_is_set")
_IS_NOT_SET = Label("//esp32/private/idf:option_is_not_set")

def option_error(option, value, options, known):
    """What is wrong with a condition.

    Args:
      option: string; the option, with CONFIG_.
      value: string; what it is compared with.
      options: dict from the name of an option, with CONFIG_, to its value: bool, int, string.
      known: list of strings; the names of all options that there are.

    Returns:
      string, empty where nothing is wrong.
    """
    if option not in options and option not in known:
        near = nearest(option, known)
        return "there is no option {}{}".format(option, ": did you mean {}?".format(" or ".join(near)) if near else "")
    if type(options.get(option)) == "bool" and value not in ["y", "n"]:
        return "{} is y or n, and value = \"{}\" is neither".format(option, value)
    return ""

def has_value(option, value, options):
    """Whether an option has a value.

    Args:
      option: string; the option, with CONFIG_.
      value: string; as an sdkconfig has it, quotes or not.
      options: dict from the name of an option, with CONFIG_, to its value: bool, int, string.

    Returns:
      bool. An option that cannot be set as things are has the value `n`.
    """
    actual = options.get(option, False)
    if type(actual) == "bool":
        return value == ("y" if actual else "n")
    if type(actual) == "int":
        return _number(value) == actual
    return value.removeprefix("\"").removesuffix("\"") == actual

def _number(text):
    """The number that a text is, or None."""
    digits = text.lower().removeprefix("-")
    base = 16 if digits.startswith("0x") else 10
    digits = digits.removeprefix("0x")
    if not digits or [c for c in digits.elems() if c not in "0123456789abcdef"[:base]]:
        return None
    return int(text, base)

def option_setting(name, option, value, options, known, **kwargs):
    """A condition for `select`.

    Args:
      name: string; its name.
      option: string; the option, with CONFIG_.
      value: string; what it is to be.
      options: dict from the name of an option, with CONFIG_, to its value: bool, int, string.
      known: list of strings; the names of all options that there are.
      **kwargs: `visibility` and the like.
    """
    error = option_error(option, value, options, known)
    if error:
        fail("idf_option_setting //{}:{}: {}".format(native.package_name(), name, error))
    native.alias(
        name = name,
        actual = _IS_SET if has_value(option, value, options) else _IS_NOT_SET,
        **kwargs
    )

# buildifier: disable=unused-variable
def option_settings(name, options):
    """A condition for each option that is y or n, of the option's name.

    Args:
      name: string; unused.
      options: dict from the name of an option, with CONFIG_, to whether it is y.
    """
    for option, is_set in options.items():
        native.alias(
            name = option,
            actual = _IS_SET if is_set else _IS_NOT_SET,
            visibility = ["//visibility:public"],
        )
