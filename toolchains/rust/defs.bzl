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

def chip_rust_toolchain(name, target_triple, rust_std, extra_rustc_flags = [], **kwargs):
    """A `rust_toolchain` for a chip, whose crates are bitcode.

    Args:
      name: string; the target's name.
      target_triple: string; the target.
      rust_std: label of the target's standard library, a `rust_stdlib_filegroup`.
      extra_rustc_flags: strings; more flags for all crates.
      **kwargs: more arguments of `rust_toolchain`.
    """
    nix_rust_toolchain(
        name = name,
        binary_ext = ".elf",
        # One mode, whatever -c says: what is debugged is what is flashed.
        debug_info = {
            "dbg": "2",
            "fastbuild": "line-tables-only",
            "opt": "line-tables-only",
        },
        env = {"RUSTC_BOOTSTRAP": "1"},
        extra_rustc_flags = [
            # bitcode: LLVM 23 makes the code when esp32_firmware links
            "-Clinker-plugin-lto",
            "-Ccodegen-units=1",
            "-Cpanic=abort",
        ] + extra_rustc_flags,
        opt_level = {
            "dbg": "s",
            "fastbuild": "s",
            "opt": "s",
        },
        rust_std = rust_std,
        rustc = "@rustc_xtensa//:lib/rustlib/xtensa-esp32-none-elf/bin/rustc",
        stdlib_linkflags = [],
        strip_level = {
            "dbg": "none",
            "fastbuild": "none",
            "opt": "none",
        },
        target_triple = target_triple,
        **kwargs
    )
