"""How firmware of an ESP-IDF project is linked: by ESP-IDF's own linker scripts, of which ldgen makes one out of the archives."""

load("//esp32/private:python.bzl", "PYTHON_ENV")

IDF_LINK_ATTRS = {
    "_objcopy": attr.label(
        default = "@binutils_xtensa//:xtensa-esp32-elf-objcopy",
        cfg = "exec",
    ),
    "_objdump": attr.label(
        default = "@binutils_xtensa//:xtensa-esp32-elf-objdump",
        cfg = "exec",
    ),
}

def _program(files):
    """The one of a program's files by which it is started."""
    return [f for f in files if f.basename.startswith("xtensa-esp32-elf-")][0]

def weak_runtime(ctx, runtime, name):
    """The functions that Rust's compiler calls, each as one that gives way to libgcc's of the same name.

    Args:
      ctx: the rule's context, of a rule with IDF_LINK_ATTRS.
      runtime: File; an object.
      name: string; the firmware's.

    Returns:
      File; an object that comes last.
    """
    output = ctx.actions.declare_file(name + ".runtime.o")
    ctx.actions.run(
        executable = _program(ctx.files._objcopy),
        arguments = ["--weaken", runtime.path, output.path],
        inputs = [runtime],
        tools = ctx.files._objcopy + ctx.attr._objcopy[DefaultInfo].default_runfiles.files.to_list(),
        outputs = [output],
        mnemonic = "IdfRuntime",
        progress_message = "Preparing Rust's runtime for %{label}",
        toolchain = None,
    )
    return output

# ldgen writes the absolute path of its template into its output, which is another one on each machine.
_LDGEN = """
import os, runpy, sys
os.path.realpath = lambda path, **_: os.path.normpath(path)
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""

def _sections(ctx, project, archives, fragments, name):
    """Makes sections.ld by the tree's own ldgen: where the sections of which archive go."""
    output = ctx.actions.declare_file("{}.ld/{}".format(name, project.template.basename.removesuffix(".in")))
    libraries = ctx.actions.declare_file("{}.ld/libraries".format(name))
    environment = ctx.actions.declare_file("{}.ld/config.env".format(name))
    listed = ctx.actions.args()
    listed.add_all(archives)
    listed.set_param_file_format("multiline")
    ctx.actions.write(libraries, listed)
    ctx.actions.write(environment, json.encode({"IDF_TARGET": project.chip}) + "\n")
    objdump = _program(ctx.files._objdump)
    args = ctx.actions.args()
    args.add("-c", _LDGEN)
    args.add(project.ldgen.script)
    args.add("--config", project.sdkconfig)
    args.add("--kconfig", project.ldgen.kconfig)
    args.add("--env-file", environment)
    args.add_joined("--fragments-list", fragments, join_with = ";")
    args.add("--input", project.template)
    args.add("--output", output)
    args.add("--libraries-file", libraries)
    args.add("--objdump", objdump)
    ctx.actions.run(
        executable = project.ldgen.python,
        arguments = [args],
        env = PYTHON_ENV | {"IDF_TARGET": project.chip},
        inputs = depset(
            archives + fragments + [project.sdkconfig, project.ldgen.kconfig, environment, project.template, libraries],
            transitive = [project.ldgen.files],
        ),
        tools = depset(ctx.files._objdump + ctx.attr._objdump[DefaultInfo].default_runfiles.files.to_list(), transitive = [project.ldgen.python_files]),
        outputs = [output],
        mnemonic = "IdfLdgen",
        progress_message = "Placing sections of %{label}",
        toolchain = None,
    )
    return output

def _in_order(project, components):
    """Archives in the linker's order: those that the project does not know come first, as the main component does."""
    known = {label: i for i, label in enumerate(project.link_order)}
    keyed = []
    for component in components:
        key = "//{}:{}".format(component.label.package, component.label.name) if component.label.workspace_root == project.label.workspace_root else None
        for library in component.libraries:
            keyed.append((known.get(key, -1), library, key))
    return [(library, key) for _, library, key in sorted(keyed, key = lambda k: k[0])]

def idf_link(ctx, project, components, name, rust = None):
    """What firmware of an ESP-IDF project is linked with.

    Args:
      ctx: the rule's context, of a rule with IDF_LINK_ATTRS.
      project: IdfProjectInfo.
      components: list of structs, as in IdfComponentInfo.
      name: string; the firmware's.
      rust: File or None; the archive with the firmware's Rust. Components call it, such as app_main(), and it calls components.

    Returns:
      struct (arguments: list of strings and Files for GNU ld, behind those for outputs; inputs: list of Files).
    """
    libraries = _in_order(project, components)
    archives = [library for library, _ in libraries]
    fragments = [f for c in components for f in c.fragments]
    scripts = list(project.linker_scripts)
    if project.template:
        sections = _sections(ctx, project, archives, fragments, name)
        scripts = [sections if s == project.template else s for s in scripts]
    more = [a for c in components for a in c.archives]
    objects = [o for c in components for o in c.objects]
    arguments = list(project.linkopts)
    for script in scripts:
        arguments += ["-T", script]
    for component in components:
        arguments += list(component.linkopts)
    arguments += objects + ["--start-group"] + ([rust] if rust else [])
    for library, key in libraries:
        if key in project.whole_archives:
            arguments += ["--whole-archive", library, "--no-whole-archive"]
        else:
            arguments.append(library)
    arguments += more + project.prebuilt + project.libraries + ["--end-group"]
    return struct(
        arguments = arguments,
        inputs = scripts + archives + objects + more + project.prebuilt + project.libraries,
    )
