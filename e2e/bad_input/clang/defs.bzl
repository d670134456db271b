"""`by_clang`: a component as --//esp32:cc=clang compiles it."""

_clang = transition(
    implementation = lambda _settings, _attr: {
        "//command_line_option:platforms": "//platforms:esp32",
        "//esp32:cc": "clang",
    },
    inputs = [],
    outputs = [
        "//command_line_option:platforms",
        "//esp32:cc",
    ],
)

by_clang = rule(
    implementation = lambda ctx: [
        DefaultInfo(files = ctx.attr.component[0][DefaultInfo].files),
        OutputGroupInfo(_validation = ctx.attr.component[0][OutputGroupInfo]._validation),
    ],
    attrs = {
        "component": attr.label(cfg = _clang, mandatory = True),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
)
