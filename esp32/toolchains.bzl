"""For WORKSPACE files: the toolchains of rules_esp32, see repositories.bzl."""

load("@bazel_features//:deps.bzl", "bazel_features_deps")
load("@rules_rust//proto/prost:repositories.bzl", "rust_prost_dependencies")
load("@rules_rust//rust:repositories.bzl", "rules_rust_dependencies")
load("//esp32/private/crates:repository.bzl", "crates_repository")
load("//toolchains:packages.bzl", "esp32_repositories")

# buildifier: disable=unnamed-macro
def rules_esp32_toolchains():
    """Makes repositories of the Nix packages and crates that rules_esp32 consists of, and registers its toolchains."""
    bazel_features_deps()
    rules_rust_dependencies()
    rust_prost_dependencies()
    esp32_repositories()
    crates_repository(
        name = "rules_esp32_crates",
        cargo_lockfile = Label("//:Cargo.lock"),
        manifests = [
            Label("//:Cargo.toml"),
            Label("//toolchains/prost:Cargo.toml"),
            Label("//tools/espabi:Cargo.toml"),
            Label("//tools/espboot:Cargo.toml"),
            Label("//tools/espconfig:Cargo.toml"),
            Label("//tools/espcov:Cargo.toml"),
            Label("//tools/espdata:Cargo.toml"),
            Label("//tools/espdebug:Cargo.toml"),
            Label("//tools/espdiff:Cargo.toml"),
            Label("//tools/espdoc:Cargo.toml"),
            Label("//tools/espide:Cargo.toml"),
            Label("//tools/espimage:Cargo.toml"),
            Label("//tools/espline:Cargo.toml"),
            Label("//tools/esplink:Cargo.toml"),
            Label("//tools/espload:Cargo.toml"),
            Label("//tools/espmon:Cargo.toml"),
            Label("//tools/espnew:Cargo.toml"),
            Label("//tools/espsim:Cargo.toml"),
            Label("//tools/espsym:Cargo.toml"),
        ],
        target_triple = "xtensa-esp32-none-elf",
    )
    native.register_toolchains("@rules_esp32//toolchains:all")
