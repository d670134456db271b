"""`tool_run`: a program of tools/ for `bazel run`, with files."""

load("//esp32/private:tool.bzl", "Esp32ToolInfo")

def _tool_run_impl(ctx):
    tool = ctx.attr.tool[Esp32ToolInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = tool.executable, is_executable = True)
    return [DefaultInfo(executable = executable, runfiles = ctx.runfiles(ctx.files.data).merge(tool.runfiles))]

tool_run = rule(
    implementation = _tool_run_impl,
    doc = "Runs a program of tools/.",
    attrs = {
        "data": attr.label_list(doc = "What it reads, by paths that are relative to the folder that it is started in.", allow_files = True),
        "tool": attr.label(doc = "An `esp32_tool`.", mandatory = True, providers = [Esp32ToolInfo]),
    },
    executable = True,
)
