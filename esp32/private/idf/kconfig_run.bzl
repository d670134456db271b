"""`idf_kconfig_run`: ESP-IDF's menuconfig and save-defconfig, by `bazel run`."""

load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

def _idf_kconfig_run_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.attr._espconfig[Esp32ToolInfo].executable, is_executable = True)
    return [
        DefaultInfo(
            executable = executable,
            runfiles = ctx.runfiles([ctx.file.project] + ctx.files._python_files),
        ),
        RunEnvironmentInfo(environment = {"ESPCONFIG_PROJECT": ctx.file.project.short_path}),
    ]

_idf_kconfig_run = rule(
    implementation = _idf_kconfig_run_impl,
    doc = "A command of tools/espconfig that writes into the source tree.",
    attrs = {
        "project": attr.label(doc = "The description of the project.", allow_single_file = [".json"], mandatory = True),
        "_espconfig": tool_attr("espconfig"),
        "_python_files": attr.label(default = "@esp_idf_tools//:files", cfg = "exec"),
    },
    executable = True,
)

def idf_kconfig_run(name, command, project):
    """Something that `bazel run` does with the options of a project.

    Args:
      name: string; its name.
      command: string; the command of tools/espconfig: `menuconfig` or `save-defconfig`.
      project: string; label of the project's description, in JSON.
    """
    _idf_kconfig_run(
        name = name,
        args = [command],
        project = project,
        visibility = ["//visibility:public"],
    )
