"""What tools/espide asks for: the crates of a target, and of the firmware in it, as rust-analyzer has to know them."""

load("@rules_rust//rust:defs.bzl", "rust_analyzer_aspect", "rust_common")
load("@rules_rust//rust:rust_common.bzl", "BuildInfo")

# From images and the like to firmware, and from there to crates and components.
_EDGES = [
    "actual",
    "bootloader",
    "closure",
    "common",
    "component",
    "components",
    "crate",
    "deps",
    "firmware",
    "headers",
    "image",
    "objects",
    "parts",
    "priv_requires_headers",
    "proc_macro_deps",
    "proto",
    "requires",
    "rust",
    "srcs",
    "targets",
]

def _generated(target):
    """The sources of a target that an editor opens, and what else is built for it: depsets of Files."""
    files = []
    if rust_common.crate_info in target:
        crate = target[rust_common.crate_info]
        files.append(crate.srcs)
        if crate.type == "proc-macro":
            # rust-analyzer loads it
            files.append(depset([crate.output]))
    if rust_common.test_crate_info in target:
        files.append(target[rust_common.test_crate_info].crate.srcs)
    if rust_common.crate_group_info in target:
        # of messages
        for info in target[rust_common.crate_group_info].dep_variant_infos.to_list():
            if info.crate_info:
                files.append(info.crate_info.srcs)
    if BuildInfo in target and target[BuildInfo].out_dir:
        files.append(depset([target[BuildInfo].out_dir]))
    if OutputGroupInfo in target:
        files.append(getattr(target[OutputGroupInfo], "idf_headers", depset()))
    return files

def _rust_project_impl(target, ctx):
    specs = []
    files = _generated(target)
    if OutputGroupInfo in target:
        specs.append(getattr(target[OutputGroupInfo], "rust_analyzer_crate_spec", depset()))
    for attribute in _EDGES:
        edges = getattr(ctx.rule.attr, attribute, None) or []
        for dep in edges if type(edges) == "list" else [edges]:
            if type(dep) == "Target" and OutputGroupInfo in dep:
                specs.append(getattr(dep[OutputGroupInfo], "esp32_rust_project", depset()))
                files.append(getattr(dep[OutputGroupInfo], "esp32_generated", depset()))
    return [OutputGroupInfo(
        esp32_generated = depset(transitive = files),
        esp32_rust_project = depset(transitive = specs),
    )]

rust_project_aspect = aspect(
    implementation = _rust_project_impl,
    doc = """The output groups `esp32_rust_project`, what rules_rust's `rust_analyzer_aspect` says of each crate, those of firmware for its chip;
and `esp32_generated`, the sources and headers that are generated.""",
    attr_aspects = _EDGES,
    requires = [rust_analyzer_aspect],
)
