"""What a configured tree says of its options: to BUILD files, to `select`, to menuconfig."""

load(":sdkconfig.bzl", "flatten_menus")

def _literal(values):
    return "{\n" + "".join(["    {}: {},\n".format(repr(name), repr(values[name])) for name in sorted(values)]) + "}"

def typed_options(values):
    """The options by the names that users write.

    Args:
      values: dict; the decoded sdkconfig.json, of which the names have no CONFIG_.

    Returns:
      dict from the name of an option, with CONFIG_, to its value: bool, int or string.
    """
    return {"CONFIG_" + name: value for name, value in values.items() if value != None}

def render_sdkconfig_bzl(options, menus):
    """The file sdkconfig.bzl.

    Args:
      options: dict; of `typed_options`.
      menus: the decoded kconfig_menus.json.

    Returns:
      string; a .bzl file.
    """
    known = {name: True for name in options} | {name: True for name in flatten_menus(menus)}
    return """\"\"\"The options of the project as they are set.\"\"\"

load({file}, "option_setting")

# By name; an option that is y or n is True or False.
CONFIG = {options}

_KNOWN = {known}

def idf_option_setting(name, option, value = "y", **kwargs):
    \"\"\"A condition for `select`: whether an option has a value.

    Args:
      name: string; its name.
      option: string; the option, such as `CONFIG_FREERTOS_HZ`. One that does not exist is an error.
      value: string; as an sdkconfig has it: `y`, `n`, a number, a text.
      **kwargs: `visibility` and the like.
    \"\"\"
    option_setting(name = name, option = option, value = value, options = CONFIG, known = _KNOWN, **kwargs)
""".format(
        file = json.encode(str(Label("//esp32/private/idf:option_setting.bzl"))),
        known = json.encode_indent(sorted(known), indent = "    "),
        options = _literal(options),
    )

def render_option_settings(options, menus):
    """The package with a condition for each option that is y or n.

    Args:
      options: dict; of `typed_options`.
      menus: the decoded kconfig_menus.json.

    Returns:
      string; a BUILD file.
    """
    values = {name: False for name, kind in flatten_menus(menus, "type").items() if kind == "bool"} | {name: value for name, value in options.items() if type(value) == "bool"}
    return "load({}, \"option_settings\")\n\noption_settings(\n    name = \"options\",\n    options = {},\n)\n".format(
        json.encode(str(Label("//esp32/private/idf:option_setting.bzl"))),
        _literal(values),
    )

def render_kconfig_runs(description):
    """The targets of `bazel run` that change options.

    Args:
      description: string; label of the project's description.

    Returns:
      string.
    """
    return "\n".join([
        "idf_kconfig_run(\n    name = {},\n    command = {},\n    project = {},\n)\n".format(*[json.encode(v) for v in [name, command, description]])
        for name, command in [("menuconfig", "menuconfig"), ("save_defconfig", "save-defconfig")]
    ])

def kconfig_description(rctx, root, python, defaults):
    """What `bazel run` has to know of a project. Paths are absolute: it is for nothing that is built.

    Args:
      rctx: the repository_ctx.
      root: path; of the tree.
      python: path; of Python with esp-idf-kconfig.
      defaults: list of structs (label: Label, path: path), the files of defaults in the order in which they are read.

    Returns:
      string; JSON.
    """
    return json.encode_indent({
        "defaults": [
            {
                "path": str(file.path),
                "source": str(file.path).removeprefix(str(rctx.workspace_root) + "/") if str(file.path).startswith(str(rctx.workspace_root) + "/") else None,
            }
            for file in defaults
        ],
        "environment": str(rctx.path("build/config.env")),
        "kconfig": str(root.get_child("Kconfig")),
        "name": rctx.attr.config_name,
        "python": str(python),
        "rename": str(root.get_child("sdkconfig.rename")),
        "sdkconfig": str(rctx.path("build/sdkconfig")),
    }, indent = "  ") + "\n"
