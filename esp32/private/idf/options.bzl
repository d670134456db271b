"""Which options of the sdkconfig a component sees: actions of tools/espconfig."""

load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

ESPCONFIG_ATTR = {
    "_espconfig": tool_attr("espconfig"),
}

def option_names(ctx, name, files):
    """The names of the options that files mention.

    Args:
      ctx: the rule's context, of a rule with ESPCONFIG_ATTR.
      name: string; the file that is made.
      files: list of Files.

    Returns:
      File, a line for each name.
    """
    output = ctx.actions.declare_file(name)
    args = ctx.actions.args()
    args.add("names")
    args.add("--output", output)
    args.add_all(files)
    args.use_param_file("@%s", use_always = False)
    args.set_param_file_format("multiline")
    ctx.actions.run(
        executable = ctx.attr._espconfig[Esp32ToolInfo].files_to_run,
        arguments = [args],
        inputs = files,
        outputs = [output],
        mnemonic = "IdfOptionNames",
        progress_message = "Finding options in %{label}",
        toolchain = None,
    )
    return output

def sdkconfig_header(ctx, name, files, definitions, options, project):
    """Makes an sdkconfig.h with the options that a component sees.

    Args:
      ctx: the rule's context, of a rule with ESPCONFIG_ATTR.
      name: string; the folder that it is made in.
      files: list of Files; the component's own.
      definitions: list of strings; preprocessor definitions that may name options.
      options: list of Files of `option_names`, or None: of the headers that it sees.
      project: IdfProjectInfo.

    Returns:
      File.
    """
    names = {o: True for o in options if o}.keys()
    output = ctx.actions.declare_file(name + "/sdkconfig.h")
    args = ctx.actions.args()
    args.add("header")
    args.add("--sdkconfig", project.sdkconfig_h)
    args.add("--output", output)
    args.add_all(definitions, before_each = "--mentioned-in")
    args.add_all(files, before_each = "--source")
    args.add_all(names)
    args.use_param_file("@%s", use_always = False)
    args.set_param_file_format("multiline")
    ctx.actions.run(
        executable = ctx.attr._espconfig[Esp32ToolInfo].files_to_run,
        arguments = [args],
        inputs = [project.sdkconfig_h] + names + files,
        outputs = [output],
        mnemonic = "IdfSdkconfig",
        progress_message = "Choosing options for %{label}",
        toolchain = None,
    )
    return output
