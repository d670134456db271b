"""How much memory firmware of an ESP-IDF project takes, by ESP-IDF's own tables."""

load("//esp32/private:python.bzl", "PYTHON_ENV")

# By the command of idf.py that prints it.
_REPORTS = {
    "size": [],
    "size-components": ["--archives"],
    "size-files": ["--files"],
}

# By the file's extension.
_FORMATS = {
    "json": "json2",
    "txt": "table",
}

def idf_size(ctx, project, link_map):
    """The tables of esp-idf-size, as text and as JSON.

    Args:
      ctx: the rule's context.
      project: IdfProjectInfo, or None.
      link_map: File; the linker's map.

    Returns:
      list of Files; empty without a project.
    """
    if not project or not project.ldgen:
        return []
    outputs = []
    for report, arguments in _REPORTS.items():
        for extension, format in _FORMATS.items():
            output = ctx.actions.declare_file("{}.size/{}.{}".format(ctx.label.name, report, extension))
            args = ctx.actions.args()
            args.add_all(["-m", "esp_idf_size", "--format", format, "--no-lto"])
            args.add_all(arguments)
            args.add("--output-file", output)
            args.add(link_map)
            ctx.actions.run(
                executable = project.ldgen.python,
                arguments = [args],
                env = PYTHON_ENV,
                inputs = [link_map],
                tools = project.ldgen.python_files,
                outputs = [output],
                mnemonic = "IdfSize",
                progress_message = "Measuring %{output}",
                toolchain = None,
            )
            outputs.append(output)
    return outputs
