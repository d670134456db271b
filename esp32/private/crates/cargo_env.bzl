"""The table `[env]` of a `.cargo/config.toml`."""

def cargo_env(text, path):
    """Reads what `cargo config get --format=json-value env` printed.

    Args:
        text: the JSON, or nothing where there is no such table.
        path: path of the file, for messages.

    Returns:
        A struct: `error`, a sentence or None; `env`, {variable: value}. `force` makes no difference: crates see no variables of
        the shell that would have precedence.
    """
    env = {}
    for name, value in json.decode(text or "{}").items():
        if type(value) == "dict":
            if value.get("relative", False):
                return struct(env = {}, error = (
                    "{}: [env] {} is relative to the file's folder, and so the path of a file that no crate here has among its inputs. " +
                    "Remove it from [env], and set it for one crate with `build_script_env` of an annotation."
                ).format(path, name))
            value = value["value"]
        env[name] = value
    return struct(env = env, error = None)
