"""A host program as a package of Cargo's has it: src/lib.rs, src/main.rs, tests/."""

load("@rules_rust//rust:defs.bzl", "rust_binary", "rust_library", "rust_test")

_PACKAGE = {
    "edition": "2024",
    "version": "0.1.0",
}

def host_crate(name, crate_name, deps, compile_data = [], rustc_flags = []):
    """The library of src/.

    Args:
      name: string; `lib`, by which `host_program` and `host_test` find it.
      crate_name: string; the crate's name.
      deps: labels of the crates that it uses.
      compile_data: labels of files that it includes.
      rustc_flags: strings; more flags.
    """
    rust_library(
        name = name,
        srcs = native.glob(
            ["src/**/*.rs"],
            exclude = ["src/main.rs"],
        ),
        compile_data = compile_data,
        crate_name = crate_name,
        rustc_flags = rustc_flags,
        deps = deps,
        **_PACKAGE
    )

def host_program(name, deps = []):
    """The program of src/main.rs, which uses the target `lib`.

    Args:
      name: string; the program's name.
      deps: labels of more crates that it uses itself.
    """
    rust_binary(
        name = name,
        srcs = ["src/main.rs"],
        deps = [":lib"] + deps,
        **_PACKAGE
    )

def host_test(name, deps = [], program = None, srcs = [], data = [], **kwargs):
    """A test of what the target `lib` offers, in tests/: `load_test` is tests/load.rs.

    Args:
      name: string; the name of the source, and `_test`.
      deps: labels of crates that it uses besides `lib`.
      program: string; the program of this package that it runs, of which Cargo's CARGO_BIN_EXE_<name> tells the path.
      srcs: labels of more sources.
      data: labels of what it reads.
      **kwargs: as for all tests: `size`, `env`, `tags`, ...
    """
    root = "tests/{}.rs".format(name.removesuffix("_test"))
    if program:
        kwargs["rustc_env"] = {"CARGO_BIN_EXE_" + program: "$(rootpath :{})".format(program)}
        data = data + [":" + program]
    rust_test(
        name = name,
        srcs = [root] + srcs,
        crate_root = root,
        data = data,
        edition = _PACKAGE["edition"],
        deps = [":lib"] + deps,
        **kwargs
    )
