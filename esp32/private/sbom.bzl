"""The bill of materials of an image: what rules know of it, written down for `espimage sbom`, which makes CycloneDX of it."""

load("@rules_proto//proto:defs.bzl", "ProtoInfo")
load("//esp32/private:tool.bzl", "Esp32ToolInfo")
load("//esp32/private/crates:sbom.bzl", "COMPONENT_FILE")

SBOM_ATTRS = {
    "_toolchains_sbom": attr.label(default = "//toolchains:sbom"),
}

_SbomInputsInfo = provider(
    "What providers do not tell of a target and of those that it is made of.",
    fields = {
        "commands": "depset of structs (label, mnemonic, argv: tuple of strings): how compilers and linkers were run.",
        "messages": "depset of structs (label, sources: tuple of Files, deps: tuple of Labels): proto_library targets.",
    },
)

_EDGES = ["closure", "component", "components", "crate", "deps", "objects", "parts", "proc_macro_deps", "proto", "requires", "rust", "srcs"]

_COMMANDS = ["CppCompile", "Esp32Link", "IdfBindgen", "Rustc"]

def _sbom_aspect_impl(target, ctx):
    found = []
    for attribute in _EDGES:
        edges = getattr(ctx.rule.attr, attribute, None) or []
        for dep in edges if type(edges) == "list" else [edges]:
            if type(dep) == "Target" and _SbomInputsInfo in dep:
                found.append(dep[_SbomInputsInfo])
    messages = []
    if ProtoInfo in target:
        messages.append(struct(
            label = target.label,
            sources = tuple(target[ProtoInfo].direct_sources),
            deps = tuple([dep.label for dep in ctx.rule.attr.deps]),
        ))
    commands = [
        struct(label = target.label, mnemonic = action.mnemonic, argv = tuple(action.argv))
        for action in target.actions
        if action.mnemonic in _COMMANDS and action.argv
    ]
    return [_SbomInputsInfo(
        commands = depset(commands, transitive = [f.commands for f in found]),
        messages = depset(messages, transitive = [f.messages for f in found]),
    )]

sbom_aspect = aspect(
    implementation = _sbom_aspect_impl,
    doc = "Finds how a firmware was compiled, and the messages in it.",
    attr_aspects = _EDGES,
)

def sbom_reference(label):
    """How a bill of materials names a target: the same whichever module is the main one's dependency.

    Args:
      label: Label.

    Returns:
      string, such as `//firmware:firmware` or `@fw_crates//:crc`.
    """
    repository = label.repo_name.replace("+", "~").rstrip("~").rpartition("~")[2]
    return "{}//{}:{}".format("@" + repository if repository else "", label.package, label.name)

def _file(file):
    path = file.short_path
    if path.startswith("../"):
        repository, _, rest = path[3:].partition("/")
        path = "@{}/{}".format(repository.replace("+", "~").rstrip("~").rpartition("~")[2], rest)
    return {"name": path, "path": file.path}

def _deps(crate, kind):
    """CrateInfos of the direct dependencies of a crate; `kind` is `deps` or `proc_macro_deps`."""
    crates = []
    for dep in getattr(crate, kind).to_list():
        if dep.crate_info:
            crates.append(dep.crate_info)
        elif dep.crate_group_info:
            crates += [d.crate_info for d in dep.crate_group_info.dep_variant_infos.to_list() if d.crate_info]
    return crates

def _key(crate):
    # Of a proto_library there are a target and a crate under the same label.
    return str(crate.owner) + " " + crate.name

def _reachable(roots, seen, kinds):
    """CrateInfos of `roots` and all that they are made of, less what is `seen`: {key: CrateInfo}."""
    found = {}
    todo = roots
    for _ in range(1000000):
        todo = {_key(crate): crate for crate in todo if _key(crate) not in seen and _key(crate) not in found}
        if not todo:
            break
        found.update(todo)
        todo = [dep for crate in todo.values() for kind in kinds for dep in _deps(crate, kind)]
    return found

def _component_file(crate):
    for file in crate.compile_data.to_list():
        if file.basename == COMPONENT_FILE:
            return file
    return None

def _crate(crate, linked, files):
    component = _component_file(crate)
    sources = crate.srcs.to_list() + crate.compile_data.to_list() if not component else []
    files.extend([component] if component else sources)
    return {
        "component": component.path if component else None,
        "deps": [_key(dep) for kind in ["deps", "proc_macro_deps"] for dep in _deps(crate, kind)],
        "key": _key(crate),
        "linked": linked,
        "name": crate.name,
        "reference": sbom_reference(crate.owner),
        "sources": [_file(f) for f in sources],
        "version": crate.rustc_env.get("CARGO_PKG_VERSION"),
    }

def _tool_crate(tool, name, files):
    """The path of what is known of a crate that a tool is made with."""
    for crate in tool[Esp32ToolInfo].crates.to_list():
        if crate.name == name and _component_file(crate):
            files.append(_component_file(crate))
            return files[-1].path
    return None

def sbom(ctx, output, name, version, firmware, bootloader, outputs, sources, settings):
    """Makes the bill of materials of an image.

    Args:
      ctx: the rule's context; the rule has ESPIMAGE_ATTRS, SBOM_ATTRS, and `firmware` with `sbom_aspect`.
      output: File; to be made.
      name: string; the project's name.
      version: string; the project's version.
      firmware: Esp32FirmwareInfo.
      bootloader: File; the bootloader as it is in the image.
      outputs: list of Files that the image is; the first is all of it, the second the application.
      sources: list of Files that the image is made of besides the firmware.
      settings: dict of strings; all else that the image depends on.
    """
    inputs = ctx.attr.firmware[_SbomInputsInfo]
    files = []
    linked = {}
    macros = {}
    if getattr(firmware, "rust", None):
        linked = _reachable([firmware.rust], {}, ["deps"])
        roots = [dep for crate in linked.values() for dep in _deps(crate, "proc_macro_deps")]
        macros = _reachable(roots, linked, ["deps", "proc_macro_deps"])
    crates = [_crate(crate, True, files) for crate in linked.values()] + [_crate(crate, False, files) for crate in macros.values()]

    components = []
    for component in getattr(firmware, "components", None) or []:
        component_sources = list(getattr(component, "sources", ()))
        files.extend(component_sources)
        components.append({
            "deps": [sbom_reference(label) for label in component.needs],
            "name": component.label.name,
            "reference": sbom_reference(component.label),
            "sources": [_file(f) for f in component_sources],
        })
    messages = []
    for message in inputs.messages.to_list():
        files.extend(message.sources)
        messages.append({
            "deps": [sbom_reference(label) for label in message.deps],
            "name": message.label.name,
            "reference": sbom_reference(message.label),
            "sources": [_file(f) for f in message.sources],
        })
    commands = inputs.commands.to_list()

    # Of generators, those that generated something; of libraries, those that are linked.
    unused = ([] if [c for c in commands if c.mnemonic == "IdfBindgen"] else ["bindgen"]) + ([] if messages else ["protoc"])
    archives = [a for c in getattr(firmware, "components", None) or [] for a in getattr(c, "archives", ())]
    archives += firmware.idf.libraries if getattr(firmware, "idf", None) else []
    for library in ["libgcc-xtensa", "libstdcxx-xtensa", "newlib-xtensa"]:
        if not [a for a in archives if library.replace("-", "_") in a.owner.repo_name]:
            unused.append(library)
    toolchains = [f for f in ctx.files._toolchains_sbom if f.basename.removesuffix(".cdx.json") not in unused]
    sources = sources + (getattr(firmware, "sources", None) or [])
    espflash = None if ctx.file.bootloader else _tool_crate(ctx.attr._espimage, "espflash", files)

    spec = ctx.actions.declare_file(output.basename + ".inputs", sibling = output)
    ctx.actions.write(spec, json.encode({
        "bootloader": {"file": _file(bootloader), "shipped_in": espflash},
        "commands": [
            {"argv": c.argv, "mnemonic": c.mnemonic, "reference": sbom_reference(c.label)}
            for c in commands
        ],
        "components": components,
        "crates": crates,
        "elf": _file(firmware.elf),
        "messages": messages,
        "name": name,
        "outputs": [_file(f) for f in outputs],
        "reference": sbom_reference(ctx.label),
        "settings": settings,
        "sources": [_file(f) for f in sources],
        "tool": _file(ctx.attr._espimage[Esp32ToolInfo].executable),
        "toolchains": [f.path for f in toolchains],
        "version": version,
    }))
    args = ctx.actions.args()
    args.add("sbom")
    args.add("--inputs", spec)
    args.add("--output", output)
    ctx.actions.run(
        executable = ctx.attr._espimage[Esp32ToolInfo].files_to_run,
        arguments = [args],
        inputs = depset([spec, bootloader, firmware.elf] + outputs + sources + toolchains + files),
        outputs = [output],
        mnemonic = "Esp32Sbom",
        progress_message = "Writing bill of materials %{output}",
        toolchain = None,
    )
