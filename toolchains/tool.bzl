"""`nix_tool`: a program of a Nix package as a target that can be run."""

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
