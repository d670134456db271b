"""`idf_project`: what all code of a configured ESP-IDF project shares."""

load("//esp32/private/idf:providers.bzl", "IdfProjectInfo")

def parse_sdkconfig(lines):
    """The options of an sdkconfig.

    Args:
      lines: list of strings.

    Returns:
      dict from the name of an option, with CONFIG_, to its value as it is written there; options that are not set have `n`.
    """
    options = {}
    for line in lines:
        if line.startswith("CONFIG_") and "=" in line:
            name, _, value = line.partition("=")
            options[name] = value
        elif line.startswith("# CONFIG_") and line.endswith(" is not set"):
            options[line[2:].removesuffix(" is not set")] = "n"
    return options

def _idf_project_impl(ctx):
    ldgen = None
    if ctx.file.ldgen:
        ldgen = struct(
            files = depset(ctx.files.ldgen_files),
            kconfig = ctx.file.kconfig,
            python = ctx.file.python,
            python_files = depset(ctx.files.python_files),
            script = ctx.file.ldgen,
            sdkconfig = ctx.file.sdkconfig,
        )
    return [
        DefaultInfo(files = depset([ctx.file.sdkconfig, ctx.file.sdkconfig_h])),
        IdfProjectInfo(
            asm_flags = ctx.attr.asm_flags,
            c_flags = ctx.attr.c_flags,
            chip = ctx.attr.chip,
            cxx_flags = ctx.attr.cxx_flags,
            defines = ctx.attr.defines,
            label = ctx.label,
            ldgen = ldgen,
            libraries = ctx.files.libraries,
            link_order = ctx.attr.link_order,
            linker_scripts = ctx.files.linker_scripts,
            linkopts = ctx.attr.linkopts,
            options = ctx.attr.options,
            prebuilt = ctx.files.prebuilt,
            sdkconfig = ctx.file.sdkconfig,
            sdkconfig_h = ctx.file.sdkconfig_h,
            template = ctx.file.template,
            whole_archives = ctx.attr.whole_archives,
        ),
    ]

idf_project = rule(
    implementation = _idf_project_impl,
    doc = "What all code of a configured ESP-IDF project shares: its options, the compiler's arguments, and how it is linked.",
    attrs = {
        "asm_flags": attr.string_list(),
        "c_flags": attr.string_list(),
        "chip": attr.string(mandatory = True),
        "cxx_flags": attr.string_list(),
        "defines": attr.string_list(),
        "kconfig": attr.label(doc = "A Kconfig file with the options that are set, for the conditions in linker fragments.", allow_single_file = True),
        "ldgen": attr.label(doc = "The tree's tools/ldgen/ldgen.py.", allow_single_file = True),
        "ldgen_files": attr.label_list(doc = "What it loads of the tree.", allow_files = True),
        "libraries": attr.label_list(doc = "The toolchain's own libraries, in the linker's order.", allow_files = [".a"]),
        "link_order": attr.string_list(doc = "Names of archives in the linker's order."),
        "linker_scripts": attr.label_list(doc = "Linker scripts in order.", allow_files = True),
        "linkopts": attr.string_list(doc = "Arguments of GNU ld."),
        "options": attr.string_dict(doc = "The sdkconfig."),
        "prebuilt": attr.label_list(doc = "Archives that come without source.", allow_files = [".a"]),
        "python": attr.label(doc = "Python with ESP-IDF's packages.", allow_single_file = True),
        "python_files": attr.label_list(doc = "What it needs.", allow_files = True),
        "sdkconfig": attr.label(doc = "The sdkconfig.", allow_single_file = True, mandatory = True),
        "sdkconfig_h": attr.label(doc = "sdkconfig.h.", allow_single_file = True, mandatory = True),
        "template": attr.label(doc = "The template of sections.ld: one of `linker_scripts`.", allow_single_file = True),
        "whole_archives": attr.string_list(doc = "Names of archives that are linked wholly."),
    },
    provides = [IdfProjectInfo],
)
