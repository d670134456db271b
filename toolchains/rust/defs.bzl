"""Rust toolchains out of the Nix package rustc-xtensa."""

load("@rules_rust//rust:toolchain.bzl", "rust_toolchain")

def nix_rust_toolchain(name, target_triple, rust_std, binary_ext = "", **kwargs):
    """A `rust_toolchain` of rules_rust with the tools of @rustc_xtensa.

    Args:
      name: string; the target's name.
      target_triple: string; the target.
      rust_std: label of the target's standard library, a `rust_stdlib_filegroup`.
      binary_ext: string; how names of programs end.
      **kwargs: more arguments of `rust_toolchain`.
    """
    rust_toolchain(
        name = name,
        binary_ext = binary_ext,
        cargo = "@rustc_xtensa//:bin/cargo",
        cargo_clippy = "@rustc_xtensa//:bin/cargo-clippy",
        clippy_driver = "@rustc_xtensa//:bin/clippy-driver",
        default_edition = "2021",
        dylib_ext = ".so",
        exec_triple = "x86_64-unknown-linux-gnu",
        rust_doc = "@rustc_xtensa//:bin/rustdoc",
        rust_std = rust_std,
        rustc_lib = "@rustc_xtensa//:rustc_lib",
        staticlib_ext = ".a",
        target_triple = target_triple,
        **kwargs
    )
