"""The module extension for crates, see `crates`."""

load(":repository.bzl", "crate_annotation", "crates_repository")

def _crates_impl(mctx):
    owners = {}
    direct = []
    direct_dev = []
    for module in mctx.modules:
        names = [tag.name for tag in module.tags.from_cargo]
        for tag in module.tags.annotation:
            if tag.esp_idf and tag.crate != "esp-idf-sys":
                fail("crates.annotation(crate = \"{}\", esp_idf = ...) in module {}: `esp_idf` is for the crate esp-idf-sys, by which others have ESP-IDF.".format(tag.crate, module.name))
            if tag.repository and tag.repository not in names:
                fail("crates.annotation(crate = \"{}\", repository = \"{}\") in module {}: there is no crates.from_cargo(name = \"{}\").".format(
                    tag.crate,
                    tag.repository,
                    module.name,
                    tag.repository,
                ))
        for tag in module.tags.from_cargo:
            if tag.name in owners:
                fail("crates.from_cargo(name = \"{}\") is in module {} and in module {}. Choose another name, such as {}_{}.".format(
                    tag.name,
                    owners[tag.name],
                    module.name,
                    module.name,
                    tag.name,
                ))
            owners[tag.name] = module.name
            tools = {name: label for name, label in [("cargo", tag.cargo), ("rustc", tag.rustc)] if label}
            crates_repository(
                name = tag.name,
                annotations = {
                    annotation.crate: crate_annotation(
                        build_script_env = annotation.build_script_env,
                        esp_idf = str(annotation.esp_idf).partition("//")[0] if annotation.esp_idf else "",
                        gen_build_script = annotation.gen_build_script,
                        rustc_flags = annotation.rustc_flags,
                    )
                    for annotation in module.tags.annotation
                    if annotation.repository in ["", tag.name]
                },
                cargo_config = tag.cargo_config,
                cargo_lockfile = tag.cargo_lockfile,
                env = tag.env,
                manifests = tag.manifests,
                target_triple = tag.target_triple,
                **tools
            )
            if module.is_root:
                (direct_dev if mctx.is_dev_dependency(tag) else direct).append(tag.name)
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = direct,
        root_module_direct_dev_deps = direct_dev,
    )

_from_cargo = tag_class(
    attrs = {
        "cargo": attr.label(doc = "The Cargo that resolves and downloads; by default the one of the toolchain."),
        "cargo_config": attr.label(
            doc = "A `.cargo/config.toml`, of which the table `[env]` is read: environment variables as in `env`, which has precedence.",
        ),
        "cargo_lockfile": attr.label(
            doc = "The Cargo.lock of the workspace. It is never changed.",
            mandatory = True,
        ),
        "env": attr.string_dict(
            doc = "Environment variables for all crates and their build scripts, such as `ESP_LOG` and `ESP_HAL_CONFIG_...`.",
        ),
        "manifests": attr.label_list(
            doc = "The Cargo.toml beside the lock file, those of all members of the workspace, and those of other crates that are named by a path.",
            mandatory = True,
        ),
        "name": attr.string(
            doc = "Name of the repository.",
            mandatory = True,
        ),
        "rustc": attr.label(doc = "The compiler that knows `target_triple`; by default the one of the toolchain."),
        "target_triple": attr.string(
            doc = "What the crates are compiled for, such as `xtensa-esp32-none-elf`; by default the build machine.",
        ),
    },
    doc = "Makes a repository of the crates that a Cargo.lock pins. See the repository rule `crates_repository`.",
)

_annotation = tag_class(
    attrs = {
        "build_script_env": attr.string_dict(doc = "Environment variables for the build script."),
        "crate": attr.string(
            doc = "Name of the crate.",
            mandatory = True,
        ),
        "esp_idf": attr.label(
            doc = "For esp-idf-sys: the `esp_idf.config` that the crate binds, such as `@esp_idf`, in place of what its build script would download.",
        ),
        "gen_build_script": attr.bool(
            doc = "False to do without the crate's build script.",
            default = True,
        ),
        "repository": attr.string(doc = "The `from_cargo` of the same module that this is for; all of them by default."),
        "rustc_flags": attr.string_list(doc = "Further flags for the compiler, such as a `--cfg` that a build script would set."),
    },
    doc = "Makes something different about a single crate.",
)

crates = module_extension(
    implementation = _crates_impl,
    doc = """Crates from a Cargo.lock, with no vendored source in the repository.

```starlark
crates = use_extension("@rules_esp32//esp32:extensions.bzl", "crates")
crates.from_cargo(
    name = "fw_crates",
    cargo_lockfile = "//firmware:Cargo.lock",
    manifests = ["//firmware:Cargo.toml"],
    target_triple = "xtensa-esp32-none-elf",
)
use_repo(crates, "fw_crates")
```

Then `deps = ["@fw_crates//:prost"]`.""",
    tag_classes = {
        "annotation": _annotation,
        "from_cargo": _from_cargo,
    },
)
