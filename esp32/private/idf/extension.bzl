"""The module extension for ESP-IDF, see `esp_idf`."""

load(":repository.bzl", "idf_config_repository")
load(":source.bzl", "esp_idf_source")

_source = tag_class(
    doc = "Where ESP-IDF is: `urls`, `root` or `path`; without any of them, in the environment's IDF_PATH. There is one for all configurations.",
    attrs = {
        "integrity": attr.string(doc = "The archive's checksum, such as `sha256-...`."),
        "path": attr.string(doc = "A folder on the machine, absolute or relative to the workspace."),
        "root": attr.label(doc = "A file at the root of the tree, such as `@my_esp_idf//:Kconfig` of a Nix package's repository."),
        "strip_prefix": attr.string(doc = "A folder of the archive, of which the contents are taken."),
        "urls": attr.string_list(doc = "An archive with the tree and its submodules, as Espressif publishes it."),
        "version": attr.string(doc = "The tree's version, such as `5.5.5`. Where the tree is another one, that is an error."),
    },
)

_config = tag_class(
    doc = "A configured ESP-IDF: the repository `name`.",
    attrs = {
        "bootloader_components": attr.string_list(doc = "Folders of components that the bootloader has besides, such as `//bootloader_components/...`."),
        "chip": attr.string(doc = "The chip (IDF_TARGET).", default = "esp32", values = ["esp32"]),
        "components": attr.string_list(doc = "Folders of components with a CMakeLists.txt in your repository: `//components/mine`, or `//components/...` for all that are in one. They become `@NAME//:mine`."),
        "kconfigs": attr.label_list(doc = "Kconfig files of components that have no CMakeLists.txt."),
        "kconfigs_projbuild": attr.label_list(doc = "The same for Kconfig.projbuild files, of which the menus are at the top."),
        "main_requires": attr.string_list(doc = "The components that are configured, with what they require. Default: all that ESP-IDF has for the chip."),
        "name": attr.string(doc = "The repository's name.", default = "esp_idf"),
        "project_name": attr.string(doc = "The project's name (project()).", default = "firmware"),
        "project_version": attr.string(doc = "The project's version (PROJECT_VER)."),
        "sdkconfig_defaults": attr.label_list(doc = "Files with options (SDKCONFIG_DEFAULTS); later ones win. FILE.esp32 beside one is read, too."),
    },
)

def _esp_idf_impl(mctx):
    source = None
    owners = {}
    direct = []
    direct_dev = []
    for module in mctx.modules:
        for tag in module.tags.source:
            # the root module's comes first, and wins
            source = source or tag
    for module in mctx.modules:
        for tag in module.tags.config:
            if tag.name in owners:
                fail("esp_idf.config(name = \"{}\") is in module {} and in module {}: choose another name".format(tag.name, owners[tag.name], module.name))
            owners[tag.name] = module.name
            idf_config_repository(
                name = tag.name,
                bootloader_components = tag.bootloader_components,
                chip = tag.chip,
                components = tag.components,
                config_name = tag.name,
                kconfigs = tag.kconfigs,
                kconfigs_projbuild = tag.kconfigs_projbuild,
                main_requires = tag.main_requires,
                project_name = tag.project_name,
                project_version = tag.project_version,
                sdkconfig_defaults = tag.sdkconfig_defaults,
                source = "@esp_idf_source//:root.txt",
            )
            if module.is_root:
                (direct_dev if mctx.is_dev_dependency(tag) else direct).append(tag.name)
    esp_idf_source(
        name = "esp_idf_source",
        integrity = source.integrity if source else "",
        path = source.path if source else "",
        root = source.root if source else None,
        strip_prefix = source.strip_prefix if source else "",
        urls = source.urls if source else [],
        version = source.version if source else "",
    )
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = direct,
        root_module_direct_dev_deps = direct_dev,
    )

esp_idf = module_extension(
    implementation = _esp_idf_impl,
    doc = """ESP-IDF's components as targets (docs/esp-idf.md):

    esp_idf = use_extension("@rules_esp32//esp32:extensions.bzl", "esp_idf")
    esp_idf.source(path = "/opt/esp-idf")
    esp_idf.config(sdkconfig_defaults = ["//:sdkconfig.defaults"])
    use_repo(esp_idf, "esp_idf")
""",
    tag_classes = {"config": _config, "source": _source},
)
