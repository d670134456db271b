"""`idf_component`: C, C++ and assembly with the vocabulary of ESP-IDF's idf_component_register.

A component is two targets. `NAME.headers` has the public headers and REQUIRES; `NAME` has the objects, which are compiled
against the headers of REQUIRES and PRIV_REQUIRES. Nothing but headers is needed to compile, so PRIV_REQUIRES may be
cyclic, as ESP-IDF's own are; `esp32_firmware` links the objects of all components as one group.
"""

load("@bazel_skylib//lib:paths.bzl", "paths")
load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:find_cc_toolchain.bzl", "CC_TOOLCHAIN_TYPE", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//esp32/private:chips.bzl", "chip_constraints")
load("//esp32/private:providers.bzl", "IdfComponentInfo", "IdfHeadersInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")
load("//esp32/private/idf:archive.bzl", "archive")
load("//esp32/private/idf:options.bzl", "ESPCONFIG_ATTR", "option_names", "sdkconfig_header")

_HEADERS = [".h", ".hh", ".hpp", ".inc"]
_CXX_SOURCES = [".cc", ".cpp"]
_SOURCES = [".c", ".S"] + _CXX_SOURCES

def _package_dirs(ctx, dirs):
    """Paths of folders that are given relative to the package: in the source tree, and where generated files are."""
    result = []
    for d in dirs:
        path = paths.normalize(paths.join(ctx.label.workspace_root, ctx.label.package, d))
        result += [path, paths.join(ctx.bin_dir.path, path)]
    return result

def the_project(owner, projects):
    """The one ESP-IDF project among those of what something is made of.

    Args:
      owner: Label of what is made.
      projects: list of IdfProjectInfos and Nones.

    Returns:
      IdfProjectInfo, or None where it is part of no project. Two projects are an error.
    """
    found = None
    for project in projects:
        if found and project and found.label != project.label:
            fail(owner, " is of two ESP-IDF projects, ", found.label, " and ", project.label, ", which are configured each by itself: take one", sep = "")
        found = found or project
    return found

def _idf_headers_impl(ctx):
    requires = [r[IdfHeadersInfo] for r in ctx.attr.requires]
    project = the_project(ctx.label, [r.project for r in requires])
    options = [option_names(ctx, ctx.label.name + ".options", ctx.files.hdrs)] if ctx.files.hdrs else []
    context = cc_common.merge_compilation_contexts(compilation_contexts = [
        cc_common.create_compilation_context(
            headers = depset(ctx.files.hdrs),
            includes = depset(_package_dirs(ctx, ctx.attr.includes)),
            defines = depset(ctx.attr.defines),
        ),
    ] + [r.compilation_context for r in requires])
    return [
        DefaultInfo(files = depset(ctx.files.hdrs)),
        CcInfo(compilation_context = context),
        coverage_common.instrumented_files_info(ctx, source_attributes = ["hdrs"], dependency_attributes = ["requires"]),
        IdfHeadersInfo(
            component = ctx.label.same_package_label(ctx.label.name.removesuffix(".headers")),
            compilation_context = context,
            components = depset(transitive = [r.components for r in requires]),
            options = depset(options, transitive = [r.options for r in requires]),
            project = project,
            requires = [r.component for r in requires if not r.components],
        ),
    ]

_idf_headers = rule(
    implementation = _idf_headers_impl,
    doc = "The public half of an `idf_component`.",
    attrs = ESPCONFIG_ATTR | {
        "defines": attr.string_list(),
        "hdrs": attr.label_list(allow_files = _HEADERS),
        "includes": attr.string_list(),
        "requires": attr.label_list(providers = [IdfHeadersInfo]),
    },
    provides = [CcInfo, IdfHeadersInfo],
)

def c_identifier(text):
    """A name for the C linker, as CMake's MAKE_C_IDENTIFIER makes it.

    Args:
      text: string; such as the name of a file.

    Returns:
      string.
    """
    name = "".join([c if c.isalnum() else "_" for c in text.elems()])
    return "_" + name if name[:1].isdigit() else name

def embed_assembly(basename, path, text):
    """Assembly with the contents of a file, under the symbols that ESP-IDF gives it.

    They are those of tools/cmake/scripts/data_file_embed_asm.cmake; the length does not count the NUL behind a text.

    Args:
      basename: string; the file's name, which the symbols are made of.
      path: string; where the assembler finds it.
      text: bool; whether a NUL follows.

    Returns:
      string.
    """
    return """\
    .section .rodata.embedded,"a",@progbits
    .p2align 4
    .global {name}
{name}:
    .global {binary}_start
{binary}_start:
    .incbin "{path}"
.Lend:
{terminator}    .global {binary}_end
{binary}_end:
    .p2align 2
    .global {name}_length
{name}_length:
    .long .Lend - {name}
""".format(
        binary = c_identifier("_binary_" + basename),
        name = c_identifier(basename),
        path = path,
        terminator = "    .byte 0\n" if text else "",
    )

def embed_sources(ctx, embed_files, embed_txtfiles):
    """Assembly files with the contents of files.

    Args:
      ctx: the rule's context.
      embed_files: list of Files; EMBED_FILES.
      embed_txtfiles: list of Files; EMBED_TXTFILES.

    Returns:
      list of Files.
    """
    sources = []
    names = {}
    for files, text in [(embed_files, False), (embed_txtfiles, True)]:
        for file in files:
            name = c_identifier(file.basename)
            if name in names:
                fail("idf_component ", ctx.label, ": ", names[name].owner, " and ", file.owner, " would both be the symbol '", name, "': rename one of the files", sep = "")
            names[name] = file
            source = ctx.actions.declare_file("{}.embed/{}.S".format(ctx.label.name, file.basename))
            ctx.actions.write(source, embed_assembly(file.basename, file.path, text))
            sources.append(source)
    return sources

def _check_calls(ctx, cc_toolchain, features, sources, private_headers, context):
    """Validates that clang compiles no calls that it has wrong for Xtensa; files that say so."""
    checked = []
    for source in sources:
        if "." + source.extension in _CXX_SOURCES:
            fail("idf_component ", ctx.label, ": ", source.owner, " is C++, and clang would compile it wrong: use GCC, which is the default ", "(--@rules_esp32//esp32:cc=gcc)", sep = "")
        if source.extension != "c":
            continue
        output = ctx.actions.declare_file("{}.calls/{}.ok".format(ctx.label.name, source.basename))
        args = ctx.actions.args()
        args.add(output)
        args.add(cc_common.get_tool_for_action(feature_configuration = features, action_name = ACTION_NAMES.c_compile))
        args.add_all(cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = ACTION_NAMES.c_compile,
            variables = cc_common.create_compile_variables(
                cc_toolchain = cc_toolchain,
                feature_configuration = features,
                include_directories = depset(_package_dirs(ctx, ctx.attr.priv_includes), transitive = [context.includes]),
                preprocessor_defines = depset(ctx.attr.local_defines, transitive = [context.defines]),
                quote_include_directories = context.quote_includes,
                source_file = source.path,
                system_include_directories = context.system_includes,
                user_compile_flags = ctx.attr.copts,
            ),
        ))
        ctx.actions.run(
            executable = ctx.attr._espabi[Esp32ToolInfo].files_to_run,
            arguments = [args],
            inputs = depset([source] + private_headers, transitive = [context.headers]),
            tools = cc_toolchain.all_files,
            outputs = [output],
            mnemonic = "IdfCheckCalls",
            progress_message = "Checking calls in " + source.short_path,
            toolchain = CC_TOOLCHAIN_TYPE,
        )
        checked.append(output)
    return checked

def _project_flags(ctx, project, sources, headers):
    """What the sources of a component see of an ESP-IDF project: the compiler's arguments, and an sdkconfig.h with the options in them."""
    sdkconfig = sdkconfig_header(
        ctx,
        name = ctx.label.name + ".sdkconfig",
        definitions = [d for d in project.defines + ctx.attr.local_defines if "CONFIG_" in d],
        files = ctx.files.srcs + ctx.files.headers,
        options = depset(transitive = [h.options for h in headers]).to_list(),
        project = project,
    )
    flags = {}
    for extension, of_language in {"S": project.asm_flags, "c": project.c_flags, "cc": project.cxx_flags, "cpp": project.cxx_flags}.items():
        with_it = [s for s in sources if s.extension == extension]
        if with_it:
            flags.setdefault(json.encode(of_language), []).extend(with_it)
    return struct(
        groups = [(sources, json.decode(key)) for key, sources in flags.items()],
        context = cc_common.create_compilation_context(
            defines = depset(),
            headers = depset([sdkconfig]),
        ),
        copts = ["-I" + sdkconfig.dirname],
        local_defines = project.defines,
    )

def _idf_component_impl(ctx):
    headers = ctx.attr.headers[IdfHeadersInfo]
    requirements = [headers] + [r[IdfHeadersInfo] for r in ctx.attr.priv_requires_headers]
    project = the_project(ctx.label, [r.project for r in requirements])
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    contexts = [r.compilation_context for r in requirements]
    sources = [f for f in ctx.files.srcs if f.extension not in ["h", "hh", "hpp", "inc"]]
    private_headers = [f for f in ctx.files.srcs if f.extension in ["h", "hh", "hpp", "inc"]]
    checked = []
    if cc_toolchain.compiler == "clang":
        context = cc_common.merge_compilation_contexts(compilation_contexts = contexts)
        checked = _check_calls(ctx, cc_toolchain, features, sources, private_headers, context)
    sources += embed_sources(ctx, ctx.files.embed_files, ctx.files.embed_txtfiles)
    of_project = _project_flags(ctx, project, sources, requirements) if project else struct(
        context = cc_common.create_compilation_context(),
        copts = [],
        groups = [(sources, [])],
        local_defines = [],
    )
    objects = []
    for i, (group, copts) in enumerate(of_project.groups):
        _, outputs = cc_common.compile(
            name = ctx.label.name + ("." + str(i) if i else ""),
            actions = ctx.actions,
            cc_toolchain = cc_toolchain,
            feature_configuration = features,
            srcs = group,
            private_hdrs = private_headers,
            includes = _package_dirs(ctx, ctx.attr.priv_includes),
            user_compile_flags = of_project.copts + copts + ctx.attr.copts,
            local_defines = of_project.local_defines + ctx.attr.local_defines,
            compilation_contexts = [of_project.context] + contexts + [h[CcInfo].compilation_context for h in ctx.attr.cxx_headers],
            additional_inputs = ctx.files.embed_files + ctx.files.embed_txtfiles,
            disallow_pic_outputs = True,
        )
        objects += outputs.objects
    libraries = [archive(ctx, ctx.label.name, "lib{}.a".format(ctx.label.name), objects)] if project and objects else []
    component = struct(
        label = ctx.label,
        archives = tuple(ctx.files.archives),
        cxx = bool([f for f in ctx.files.srcs if "." + f.extension in _CXX_SOURCES]),
        fragments = tuple(ctx.files.linker_fragments),
        libraries = tuple(libraries),
        objects = tuple([] if libraries else objects),
        linker_scripts = tuple(ctx.files.linker_scripts),
        linkopts = tuple(ctx.attr.linkopts),
        needs = tuple(headers.requires + [r[IdfHeadersInfo].component for r in ctx.attr.priv_requires_headers if not r[IdfHeadersInfo].components]),
        sources = tuple(ctx.files.srcs + ctx.files.headers + ctx.files.embed_files + ctx.files.embed_txtfiles + ctx.files.linker_scripts),
    )
    return [
        DefaultInfo(files = depset(libraries or objects)),
        CcInfo(compilation_context = headers.compilation_context),
        coverage_common.instrumented_files_info(ctx, source_attributes = ["srcs"], dependency_attributes = ["headers", "requires"]),
        OutputGroupInfo(
            _validation = depset(checked),
            # what an editor needs to see its sources as the compiler does
            idf_headers = cc_common.merge_compilation_contexts(compilation_contexts = [of_project.context] + contexts).headers,
        ),
        IdfComponentInfo(
            compilation_context = headers.compilation_context,
            components = depset([component], transitive = [r[IdfComponentInfo].components for r in ctx.attr.requires] + [r.components for r in requirements]),
            project = project,
        ),
    ]

_idf_component = rule(
    implementation = _idf_component_impl,
    doc = "The objects of an `idf_component`.",
    attrs = ESPCONFIG_ATTR | {
        "archives": attr.label_list(allow_files = [".a"]),
        "copts": attr.string_list(),
        "cxx_headers": attr.label_list(providers = [CcInfo]),
        "embed_files": attr.label_list(allow_files = True),
        "embed_txtfiles": attr.label_list(allow_files = True),
        "headers": attr.label(providers = [IdfHeadersInfo], mandatory = True),
        "linker_fragments": attr.label_list(allow_files = [".lf"]),
        "linker_scripts": attr.label_list(allow_files = [".ld"]),
        "linkopts": attr.string_list(),
        "local_defines": attr.string_list(),
        "priv_includes": attr.string_list(),
        "priv_requires_headers": attr.label_list(providers = [IdfHeadersInfo]),
        "requires": attr.label_list(providers = [IdfComponentInfo]),
        "srcs": attr.label_list(allow_files = _SOURCES + _HEADERS),
        "_espabi": tool_attr("espabi"),
    },
    fragments = ["cpp"],
    provides = [CcInfo, IdfComponentInfo],
    toolchains = use_cc_toolchain(),
)

def _headers_label(component):
    """The label of a component's public half.

    Args:
      component: string or Label of an `idf_component`.

    Returns:
      Label.
    """
    label = native.package_relative_label(component)
    return label.same_package_label(label.name + ".headers")

def may_be_cxx(srcs):
    """Whether sources need the headers of C++'s library, which is not fetched without need.

    Args:
      srcs: list of labels, or a select() of such.

    Returns:
      bool; True where names do not tell.
    """
    if type(srcs) != "list":
        return True
    return bool([s for s in srcs if not str(s).endswith((".c", ".S") + tuple(_HEADERS))])

def self_requirement_error(component, requirements):
    """What is wrong with a component that requires itself.

    Args:
      component: Label of the component.
      requirements: dict from the name of an attribute to the Labels in it.

    Returns:
      list of arguments for `fail`, empty where nothing is wrong.
    """
    for attribute, labels in requirements.items():
        if component in labels:
            return ["idf_component ", component, " lists itself in ", attribute, ": remove it"]
    return []

def idf_component(
        name,
        srcs = [],
        hdrs = [],
        includes = [],
        priv_includes = [],
        requires = [],
        priv_requires = [],
        embed_files = [],
        embed_txtfiles = [],
        linker_fragments = [],
        linker_scripts = [],
        linkopts = [],
        defines = [],
        local_defines = [],
        copts = [],
        features = [],
        archives = [],
        chip = "esp32",
        visibility = None,
        tags = [],
        testonly = False):
    """C, C++ and assembly of a firmware, as idf_component_register has it.

    GCC compiles it as ESP-IDF does (`--@rules_esp32//esp32:cc=clang`: clang, where functions that have variable arguments, or structs
    by value, and C++ are errors: clang has them wrong for this CPU): gnu17, gnu++17, -Os. Assembly is GNU as's. newlib's headers are there for all; the library itself is linked where a
    component has it among its `archives`, and so is C++'s: the example's components `newlib` and `cxx`.

    Args:
      name: string; the component's name.
      srcs: labels of .c, .cc, .cpp and .S files, and of headers that only they include (SRCS).
      hdrs: labels of public headers.
      includes: strings; folders of public headers relative to the package, such as `include` (INCLUDE_DIRS).
      priv_includes: strings; folders that only `srcs` see (PRIV_INCLUDE_DIRS).
      requires: labels of components whose headers the public headers include (REQUIRES); linked as well.
      priv_requires: labels of components whose headers `srcs` include (PRIV_REQUIRES). They may need this one in turn, so
        they are not linked by themselves: `esp32_firmware` lists them, and says which are missing.
      embed_files: labels of files that become data: `extern const uint8_t x_bin_start[] asm("_binary_x_bin_start")`, and
        `_binary_x_bin_end`; `extern const uint32_t x_bin_length` (EMBED_FILES).
      embed_txtfiles: the same with a NUL behind the text, which the length does not count (EMBED_TXTFILES).
      linker_fragments: labels of .lf files, which say where its sections go, in a firmware of an ESP-IDF project (LDFRAGMENTS). The archive in them is
        `libNAME.a`.
      linker_scripts: labels of .ld files that a firmware with this component is linked with, in the order of components.
      linkopts: strings; more arguments of GNU ld for a firmware with this component.
      defines: strings; preprocessor definitions for this component and those that require it.
      local_defines: strings; preprocessor definitions for `srcs`.
      copts: strings; more arguments of the compiler.
      features: strings; of the compiler: `exceptions` and `rtti`, which C++ has not without them (CONFIG_COMPILER_CXX_EXCEPTIONS and
        CONFIG_COMPILER_CXX_RTTI).
      archives: labels of .a files that a firmware with this component is linked with, behind everything else and as one group
        (add_prebuilt_library).
      chip: string; the chip that it is for.
      visibility: as everywhere; of both targets.
      tags: as everywhere.
      testonly: as everywhere.
    """
    own = native.package_relative_label(":" + name)
    error = self_requirement_error(own, {
        attribute: [native.package_relative_label(r) for r in labels]
        for attribute, labels in {"priv_requires": priv_requires, "requires": requires}.items()
    })
    if error:
        fail(sep = "", *error)

    common = dict(
        tags = tags,
        target_compatible_with = chip_constraints(chip),
        testonly = testonly,
        visibility = visibility,
    )
    _idf_headers(
        name = name + ".headers",
        defines = defines,
        hdrs = hdrs,
        includes = includes,
        requires = [_headers_label(r) for r in requires],
        **common
    )
    _idf_component(
        name = name,
        srcs = srcs,
        archives = archives,
        copts = copts,
        cxx_headers = [Label("//toolchains/libraries:libstdcxx_headers")] if may_be_cxx(srcs) else [],
        embed_files = embed_files,
        embed_txtfiles = embed_txtfiles,
        features = features,
        headers = ":{}.headers".format(name),
        linker_fragments = linker_fragments,
        linker_scripts = linker_scripts,
        linkopts = linkopts,
        local_defines = local_defines,
        priv_includes = priv_includes,
        priv_requires_headers = [_headers_label(r) for r in priv_requires],
        requires = requires,
        **common
    )
