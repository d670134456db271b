"""`esp32_reproducible_test`: a target built twice, which must have the same bytes."""

load("//esp32/private:providers.bzl", "Esp32ImageInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

# What no build may depend on. Each differs from what Bazel's actions have by default.
_ENVIRONMENT = [
    "HOME=/another/home",
    "LANG=tr_TR.UTF-8",
    "LC_ALL=tr_TR.UTF-8",
    "LOGNAME=another",
    "TZ=Pacific/Chatham",
    "USER=another",
]

_ACTION_ENV = "//command_line_option:action_env"
_PLATFORM_SUFFIX = "//command_line_option:platform_suffix"

def _again_impl(settings, _attr):
    return {
        _ACTION_ENV: settings[_ACTION_ENV] + _ENVIRONMENT,
        # the name of the folder that outputs are in
        _PLATFORM_SUFFIX: (settings[_PLATFORM_SUFFIX] or "") + "-again",
    }

_again = transition(
    implementation = _again_impl,
    inputs = [_ACTION_ENV, _PLATFORM_SUFFIX],
    outputs = [_ACTION_ENV, _PLATFORM_SUFFIX],
)

def _files(target, output_groups):
    files = [target[DefaultInfo].files]
    if Esp32ImageInfo in target:
        files.append(depset([target[Esp32ImageInfo].elf]))
    for group in output_groups:
        if OutputGroupInfo not in target or group not in target[OutputGroupInfo]:
            fail("esp32_reproducible_test: ", target.label, " has no output group '", group, "'", sep = "")
        files.append(target[OutputGroupInfo][group])

    # a source file is not built
    return {f.short_path: f for f in depset(transitive = files).to_list() if not f.is_source}

def _quote(text):
    return "'{}'".format(text.replace("'", "'\\''"))

def _esp32_reproducible_test_impl(ctx):
    args = []
    runfiles = []
    for first, second in zip(ctx.attr.first, ctx.attr.second):
        first = _files(first, ctx.attr.output_groups)
        second = _files(second, ctx.attr.output_groups)
        if first.keys() != second.keys():
            fail("esp32_reproducible_test ", ctx.label, ": the outputs have other names when built again: ", first.keys(), ", then ", second.keys(), sep = "")
        for path, file in first.items():
            # Both have the same path in runfiles.
            name = "{}.again/{}".format(ctx.label.name, path)
            again = ctx.actions.declare_directory(name) if file.is_directory else ctx.actions.declare_file(name)
            ctx.actions.symlink(output = again, target_file = second[path])
            args += [_quote(path), _quote(again.short_path)]
            runfiles += [file, again]
    if not args:
        fail("esp32_reproducible_test ", ctx.label, ": nothing is built: name targets with outputs", sep = "")
    executable = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        executable,
        "#!/bin/sh\nexec {} {}\n".format(_quote(ctx.attr._espdiff[Esp32ToolInfo].executable.short_path), " ".join(args)),
        is_executable = True,
    )
    return [DefaultInfo(executable = executable, runfiles = ctx.runfiles(runfiles + [ctx.attr._espdiff[Esp32ToolInfo].executable]))]

_esp32_reproducible_test = rule(
    implementation = _esp32_reproducible_test_impl,
    doc = "Compares the outputs of targets in two configurations.",
    attrs = {
        "first": attr.label_list(mandatory = True, allow_empty = False),
        "output_groups": attr.string_list(),
        "second": attr.label_list(mandatory = True, allow_empty = False, cfg = _again),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
        "_espdiff": tool_attr("espdiff"),
    },
    test = True,
)

def esp32_reproducible_test(name, targets, output_groups = [], **kwargs):
    """Builds targets and what they depend on twice; fails where the outputs differ, and says in what.

    The second build has another output folder, environment (HOME, USER, TZ, locale), and comes at another time, with new
    random numbers. What depends on any of these differs, such as a time stamp, the order of a hash table, or a path of
    the output folder; the test then prints the file, the ELF section, archive member or image segment, the offset and
    the two values. Compared are the default outputs, the ELF file of an `esp32_image`, and `output_groups`.

    What it does not see: the same machine, user and checkout build both times; the date differs by as long as a build
    takes; outputs on the way are compared only through what is made of them; programs that the build runs (those in
    the exec configuration) are built once. A test that builds in two clones on different terms sees these, such as
    rules_esp32's own e2e/two_clones. Crates whose root is generated, such as rust_prost_library's, have the output folder
    in the names of their files, and a linker's map has it in paths: name the firmware or image that is made of them.

    Args:
      name: string; the test's name.
      targets: labels of what to build: an `esp32_image`, an `esp32_firmware`, or anything else that has outputs.
      output_groups: strings; more outputs that all of the targets have.
      **kwargs: as for all tests: `size`, `tags`, ...
    """
    _esp32_reproducible_test(
        name = name,
        first = targets,
        output_groups = output_groups,
        second = targets,
        **kwargs
    )
