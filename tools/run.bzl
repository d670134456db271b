"""`host_run`: a program of tools/ for `bazel run`."""

def _host_run_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable.program, is_executable = True)
    runfiles = ctx.runfiles(ctx.files.data).merge(ctx.attr.program[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = executable, runfiles = runfiles)]

host_run = rule(
    implementation = _host_run_impl,
    doc = "Runs a program of tools/, built by our toolchains, whatever those of the repository that runs it are.",
    attrs = {
        "data": attr.label_list(doc = "What it reads, relative to the folder that it is started in.", allow_files = True),
        "program": attr.label(doc = "The program.", mandatory = True, executable = True, cfg = "exec"),
    },
    executable = True,
)
