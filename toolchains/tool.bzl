"""Programs that toolchains run: `nix_tool`, out of a Nix package, and `shared_tool`, which is built once for all settings of a chip."""

load("//toolchains:defs.bzl", "DEFAULT_SETTINGS")

def _nix_tool_impl(ctx):
    package = ctx.attr.files.label.workspace_root + "/"
    files = []
    program = None
    for file in ctx.files.files:
        link = ctx.actions.declare_file("{}/{}".format(ctx.label.name, file.path.removeprefix(package)))
        ctx.actions.symlink(output = link, target_file = file, is_executable = file == ctx.file.src)
        files.append(link)
        if file == ctx.file.src:
            program = link
    if not program:
        fail("{} is not among {}".format(ctx.file.src.path, ctx.attr.files.label))
    files = depset(files)
    return [DefaultInfo(executable = program, files = files, runfiles = ctx.runfiles(transitive_files = files))]

nix_tool = rule(
    implementation = _nix_tool_impl,
    doc = "A program, with the files of its package around it as they are in the package: it finds them relative to itself.",
    attrs = {
        "files": attr.label(mandatory = True, doc = "The package's files, the program among them."),
        "src": attr.label(mandatory = True, allow_single_file = True, doc = "The program."),
    },
    executable = True,
)

def _shared_tool_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.executable.program, is_executable = True)
    return [DefaultInfo(
        executable = program,
        runfiles = ctx.runfiles([program]).merge(ctx.attr.program[DefaultInfo].default_runfiles),
    )]

_default_settings = transition(
    implementation = lambda _settings, _attr: DEFAULT_SETTINGS,
    inputs = [],
    outputs = DEFAULT_SETTINGS.keys(),
)

shared_tool = rule(
    implementation = _shared_tool_impl,
    doc = "A program for the build machine that would otherwise be built again for each setting of a chip, since settings go on to it.",
    attrs = {
        "program": attr.label(mandatory = True, executable = True, cfg = "target", doc = "The program."),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    cfg = _default_settings,
    executable = True,
)
