"""The parts of an ESP-IDF component, as the repository of a configured tree has them.

- `idf_include`: a folder of headers; `idf_option_names`: the options that those of a package mention.
- `idf_sdkconfig`: sdkconfig.h with the options that a component mentions, itself or in headers that it sees.
- `idf_objects`: sources that are compiled with the same arguments.
- `idf_headers`: what those see who require the component.
- `idf_library`: the component's archive.
- `idf_closure`, `idf_closure_headers`: the component with all that has to be linked with it, for the user.
"""

load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//esp32/private:chips.bzl", "chip_constraints")
load("//esp32/private:component.bzl", "embed_sources")
load("//esp32/private:providers.bzl", "IdfComponentInfo", "IdfHeadersInfo")
load("//esp32/private/idf:archive.bzl", "archive")
load("//esp32/private/idf:options.bzl", "ESPCONFIG_ATTR", "option_names", "sdkconfig_header")
load("//esp32/private/idf:providers.bzl", "IdfIncludeInfo", "IdfProjectInfo", "IdfSdkconfigInfo")

_SOURCE_EXTENSIONS = ["S", "c", "cc", "cpp", "cxx", "s"]

def _idf_option_names_impl(ctx):
    return [DefaultInfo(files = depset([option_names(ctx, ctx.label.name, ctx.files.hdrs)]))]

idf_option_names = rule(
    implementation = _idf_option_names_impl,
    doc = "The names of the options that headers mention.",
    attrs = ESPCONFIG_ATTR | {
        "hdrs": attr.label_list(doc = "The headers.", allow_files = True),
    },
)

def _idf_include_impl(ctx):
    path = "/".join([p for p in [ctx.label.workspace_root, ctx.label.package, ctx.attr.path] if p and p != "."])
    return [
        DefaultInfo(files = depset(ctx.files.hdrs)),
        IdfIncludeInfo(headers = depset(ctx.files.hdrs), options = ctx.file.options, path = path),
    ]

idf_include = rule(
    implementation = _idf_include_impl,
    doc = "A folder of headers (INCLUDE_DIRS, PRIV_INCLUDE_DIRS).",
    attrs = {
        "hdrs": attr.label_list(doc = "The headers in the folder.", allow_files = True),
        "options": attr.label(doc = "The `idf_option_names` of all such folders of the package.", allow_single_file = True, mandatory = True),
        "path": attr.string(doc = "The folder, from the package.", mandatory = True),
    },
    provides = [IdfIncludeInfo],
)

def _idf_sdkconfig_impl(ctx):
    header = sdkconfig_header(
        ctx,
        name = ctx.label.name,
        files = ctx.files.srcs,
        definitions = ctx.attr.defines,
        options = [i[IdfIncludeInfo].options for i in ctx.attr.includes],
        project = ctx.attr.project[IdfProjectInfo],
    )
    return [DefaultInfo(files = depset([header])), IdfSdkconfigInfo(header = header)]

idf_sdkconfig = rule(
    implementation = _idf_sdkconfig_impl,
    doc = "sdkconfig.h with the options that a component mentions, itself or in headers that it sees.",
    attrs = ESPCONFIG_ATTR | {
        "defines": attr.string_list(doc = "Preprocessor definitions, which may name options."),
        "includes": attr.label_list(doc = "The folders of headers that it sees.", providers = [IdfIncludeInfo]),
        "project": attr.label(doc = "The project.", providers = [IdfProjectInfo], mandatory = True),
        "srcs": attr.label_list(doc = "The component's own files.", allow_files = True),
    },
    provides = [IdfSdkconfigInfo],
)

def prefix_maps(label):
    """Arguments of the compiler by which `__FILE__` is what ESP-IDF's build makes it: /IDF/components/...

    Args:
      label: Label of a target in the project's repository.

    Returns:
      list of strings.
    """
    root = label.workspace_root

    # the last that fits counts
    return ["-fmacro-prefix-map={}=/IDF".format(root), "-fmacro-prefix-map={}/bootloader=/IDF".format(root)] if root else []

def _idf_objects_impl(ctx):
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    includes = [i[IdfIncludeInfo] for i in ctx.attr.includes]
    sdkconfig = ctx.attr.sdkconfig[IdfSdkconfigInfo].header
    sources = [f for f in ctx.files.srcs]
    _, outputs = cc_common.compile(
        name = ctx.label.name,
        actions = ctx.actions,
        cc_toolchain = cc_toolchain,
        feature_configuration = features,
        srcs = sources,
        # a source that another includes is no header for Bazel
        additional_inputs = [f for f in ctx.files.private_hdrs if f.extension in _SOURCE_EXTENSIONS],
        private_hdrs = [f for f in ctx.files.private_hdrs if f.extension not in _SOURCE_EXTENSIONS],
        user_compile_flags = ["-I" + sdkconfig.dirname] + ["-I" + i.path for i in includes] + ctx.attr.copts + prefix_maps(ctx.label),
        local_defines = ctx.attr.defines,
        compilation_contexts = [
            cc_common.create_compilation_context(headers = depset([sdkconfig], transitive = [i.headers for i in includes])),
        ] + [h[CcInfo].compilation_context for h in ctx.attr.cxx_headers],
        disallow_pic_outputs = True,
    )
    return [
        DefaultInfo(files = depset(outputs.objects)),
        # what an editor needs to see its sources as the compiler does
        OutputGroupInfo(idf_headers = depset([sdkconfig], transitive = [i.headers for i in includes])),
    ]

idf_objects = rule(
    implementation = _idf_objects_impl,
    doc = "Sources that are compiled with the same arguments.",
    attrs = {
        "copts": attr.string_list(doc = "Arguments of the compiler."),
        "cxx_headers": attr.label_list(doc = "The headers of C++'s library, for C++.", providers = [CcInfo]),
        "defines": attr.string_list(doc = "Preprocessor definitions."),
        "includes": attr.label_list(doc = "Folders of headers, in the order in which the compiler looks into them.", providers = [IdfIncludeInfo]),
        "private_hdrs": attr.label_list(doc = "Headers beside the sources.", allow_files = True),
        "sdkconfig": attr.label(doc = "The component's sdkconfig.h.", providers = [IdfSdkconfigInfo], mandatory = True),
        "srcs": attr.label_list(doc = "The sources.", allow_files = True),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain(),
)

def _idf_headers_impl(ctx):
    includes = [i[IdfIncludeInfo] for i in ctx.attr.includes]
    context = cc_common.merge_compilation_contexts(compilation_contexts = [
        cc_common.create_compilation_context(
            headers = depset(transitive = [i.headers for i in includes]),
            includes = depset([i.path for i in includes]),
        ),
    ] + [r[IdfHeadersInfo].compilation_context for r in ctx.attr.requires])
    return [
        DefaultInfo(files = depset(transitive = [i.headers for i in includes])),
        CcInfo(compilation_context = context),
        IdfHeadersInfo(
            compilation_context = context,
            component = ctx.label.same_package_label(ctx.label.name.removesuffix(".headers")),
            components = depset(),
            options = depset([i.options for i in includes if i.options], transitive = [r[IdfHeadersInfo].options for r in ctx.attr.requires]),
            project = ctx.attr.project[IdfProjectInfo],
            requires = [],
        ),
    ]

idf_headers = rule(
    implementation = _idf_headers_impl,
    doc = "What those see who require a component.",
    attrs = {
        "includes": attr.label_list(doc = "Folders of public headers (INCLUDE_DIRS).", providers = [IdfIncludeInfo]),
        "project": attr.label(doc = "The project.", providers = [IdfProjectInfo], mandatory = True),
        "requires": attr.label_list(doc = "The same of other components (REQUIRES).", providers = [IdfHeadersInfo]),
    },
    provides = [CcInfo, IdfHeadersInfo],
)

def _idf_library_impl(ctx):
    archives = []
    if ctx.files.objects:
        archives.append(archive(ctx, ctx.label.name, ctx.attr.archive_name, ctx.files.objects))
    headers = ctx.attr.headers[IdfHeadersInfo] if ctx.attr.headers else None
    component = struct(
        label = ctx.label,
        archives = (),
        cxx = ctx.attr.cxx,
        fragments = tuple(ctx.files.linker_fragments),
        libraries = tuple(archives),
        linker_scripts = (),
        linkopts = (),
        needs = (),
        objects = (),
        sources = tuple(ctx.files.sources),
    )
    context = headers.compilation_context if headers else cc_common.create_compilation_context()
    return [
        DefaultInfo(files = depset(archives)),
        CcInfo(compilation_context = context),
        IdfComponentInfo(
            compilation_context = context,
            components = depset([component], transitive = [p[IdfComponentInfo].components for p in ctx.attr.parts]),
            project = ctx.attr.project[IdfProjectInfo],
        ),
    ]

idf_library = rule(
    implementation = _idf_library_impl,
    doc = "The archive of a component, or of a part of it that ESP-IDF makes an archive of its own.",
    attrs = {
        "archive_name": attr.string(doc = "The name of the archive's file, by which linker fragments know it."),
        "cxx": attr.bool(doc = "Whether there is C++ in it."),
        "headers": attr.label(doc = "The component's `idf_headers`.", providers = [IdfHeadersInfo]),
        "linker_fragments": attr.label_list(doc = "Linker fragments (LDFRAGMENTS).", allow_files = [".lf"]),
        "objects": attr.label_list(doc = "The component's `idf_objects`."),
        "parts": attr.label_list(doc = "More archives that are the component's.", providers = [IdfComponentInfo]),
        "project": attr.label(doc = "The project.", providers = [IdfProjectInfo], mandatory = True),
        "sources": attr.label_list(doc = "What it is made of, for bills of materials.", allow_files = True),
    },
    fragments = ["cpp"],
    provides = [CcInfo, IdfComponentInfo],
    toolchains = use_cc_toolchain(),
)

def _all_components(ctx):
    return depset(transitive = [c[IdfComponentInfo].components for c in [ctx.attr.component] + ctx.attr.closure])

def _public_context(own, common):
    # in the order in which ESP-IDF's components look into them
    return cc_common.merge_compilation_contexts(compilation_contexts = [c[IdfHeadersInfo].compilation_context for c in common] + [own])

def _idf_closure_impl(ctx):
    own = ctx.attr.component[IdfComponentInfo]
    context = _public_context(own.compilation_context, ctx.attr.common)
    return [
        DefaultInfo(files = ctx.attr.component[DefaultInfo].files),
        CcInfo(compilation_context = context),
        IdfComponentInfo(compilation_context = context, components = _all_components(ctx), project = own.project),
    ]

def _idf_closure_headers_impl(ctx):
    own = ctx.attr.headers[IdfHeadersInfo]
    context = _public_context(own.compilation_context, ctx.attr.common)
    return [
        DefaultInfo(files = ctx.attr.headers[DefaultInfo].files),
        CcInfo(compilation_context = context),
        IdfHeadersInfo(
            compilation_context = context,
            component = own.component,
            components = _all_components(ctx),
            options = depset(transitive = [own.options] + [c[IdfHeadersInfo].options for c in ctx.attr.common]),
            project = own.project,
            requires = [],
        ),
    ]

_CLOSURE_ATTRS = {
    "closure": attr.label_list(doc = "All that has to be linked with it, by REQUIRES and PRIV_REQUIRES.", providers = [IdfComponentInfo]),
    "common": attr.label_list(doc = "The headers that all components see.", providers = [IdfHeadersInfo]),
    "component": attr.label(doc = "The `idf_library`.", providers = [IdfComponentInfo], mandatory = True),
}

idf_closure = rule(
    implementation = _idf_closure_impl,
    doc = "A component with all that has to be linked with it.",
    attrs = _CLOSURE_ATTRS,
    provides = [CcInfo, IdfComponentInfo],
)

idf_closure_headers = rule(
    implementation = _idf_closure_headers_impl,
    doc = "The headers of a component, and of those that all components see.",
    attrs = _CLOSURE_ATTRS | {
        "headers": attr.label(doc = "The component's `idf_headers`.", providers = [IdfHeadersInfo], mandatory = True),
    },
    provides = [CcInfo, IdfHeadersInfo],
)

def _idf_embed_impl(ctx):
    sources = embed_sources(ctx, ctx.files.embed_files, ctx.files.embed_txtfiles)
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(ctx = ctx, cc_toolchain = cc_toolchain)
    _, outputs = cc_common.compile(
        name = ctx.label.name,
        actions = ctx.actions,
        additional_inputs = ctx.files.embed_files + ctx.files.embed_txtfiles,
        cc_toolchain = cc_toolchain,
        disallow_pic_outputs = True,
        feature_configuration = features,
        srcs = sources,
    )
    return [DefaultInfo(files = depset(outputs.objects))]

_idf_embed = rule(
    implementation = _idf_embed_impl,
    doc = "Objects with the contents of files.",
    attrs = {
        "embed_files": attr.label_list(allow_files = True),
        "embed_txtfiles": attr.label_list(allow_files = True),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain(),
)

def idf_tree_library(name, archive_name, groups, project, embed_files = [], embed_txtfiles = [], includes = [], headers = None, linker_fragments = [], parts = [], private_hdrs = [], included_srcs = [], chip = "esp32", define_options = []):
    """An archive out of a tree: its sdkconfig.h, objects and archive.

    Args:
      name: string; the name of the `idf_library`.
      archive_name: string; the archive's file.
      groups: list of dicts (copts, defines, includes, language, srcs): what is compiled with the same arguments.
      project: label of the project.
      embed_files: labels of files that become data (EMBED_FILES).
      embed_txtfiles: the same with a NUL behind the text (EMBED_TXTFILES).
      includes: labels of all folders that any group sees.
      headers: label of the component's `idf_headers`, or None for a part of a component.
      linker_fragments: labels of .lf files.
      parts: labels of more archives that are the component's.
      private_hdrs: labels of headers beside the sources.
      included_srcs: labels of those sources that others include.
      chip: string; the chip that it is for.
      define_options: strings; preprocessor definitions that name options.
    """
    compatible = dict(target_compatible_with = chip_constraints(chip))
    sources = [s for group in groups for s in group["srcs"]]
    idf_sdkconfig(
        name = name + ".sdkconfig",
        srcs = sources + private_hdrs,
        defines = define_options,
        includes = includes,
        project = project,
        visibility = ["//visibility:private"],
        **compatible
    )
    objects = []
    for i, group in enumerate(groups):
        part = "{}.{}".format(name, i)
        idf_objects(
            name = part,
            srcs = group["srcs"],
            copts = group["copts"],
            cxx_headers = [Label("//toolchains/libraries:libstdcxx_headers")] if group["language"] == "CXX" else [],
            defines = group["defines"],
            includes = group["includes"],
            private_hdrs = private_hdrs + included_srcs,
            sdkconfig = ":{}.sdkconfig".format(name),
            visibility = ["//visibility:private"],
            **compatible
        )
        objects.append(":" + part)
    if embed_files or embed_txtfiles:
        _idf_embed(name = name + ".embed", embed_files = embed_files, embed_txtfiles = embed_txtfiles, visibility = ["//visibility:private"], **compatible)
        objects.append(":{}.embed".format(name))
    idf_library(
        name = name,
        archive_name = archive_name,
        cxx = bool([g for g in groups if g["language"] == "CXX"]),
        headers = headers,
        linker_fragments = linker_fragments,
        objects = objects,
        parts = parts,
        project = project,
        sources = sources + private_hdrs,
        visibility = ["//visibility:public"],
        **compatible
    )
