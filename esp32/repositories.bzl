"""For WORKSPACE files: what rules_esp32 depends on, and repositories of crates. (With MODULE.bazel, none of this is needed.)

Bazel 7 and 8 read WORKSPACE files where --enable_workspace says so; Bazel 9 has none.

    load("@rules_esp32//esp32:repositories.bzl", "rules_esp32_dependencies")

    rules_esp32_dependencies()

    load("@rules_esp32//esp32:toolchains.bzl", "rules_esp32_toolchains")

    rules_esp32_toolchains()

- `rules_esp32_dependencies`: the rule sets that rules_esp32 is made with, unless the WORKSPACE file has them already.
- `crates_repository`, `crate_annotation`: the crates of a Cargo.lock; what `crates` of extensions.bzl is in MODULE.bazel.
"""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")
load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")
load("//esp32/private/crates:repository.bzl", _crate_annotation = "crate_annotation", _crates_repository = "crates_repository")

crate_annotation = _crate_annotation
crates_repository = _crates_repository

# With rules_rust 0.55, rust_prost_library became a module of its own: this has it under that name, out of rules_rust.
_PROST_BUILD = """alias(
    name = "toolchain_type",
    actual = "@rules_rust//proto/prost:toolchain_type",
    visibility = ["//visibility:public"],
)
"""

_PROST_DEFS = """load("@rules_rust//proto/prost:defs.bzl", _rust_prost_library = "rust_prost_library", _rust_prost_toolchain = "rust_prost_toolchain")

rust_prost_library = _rust_prost_library
rust_prost_toolchain = _rust_prost_toolchain
"""

def _rules_rust_prost_impl(rctx):
    rctx.file("BUILD.bazel", _PROST_BUILD, executable = False)
    rctx.file("defs.bzl", _PROST_DEFS, executable = False)

_rules_rust_prost = repository_rule(implementation = _rules_rust_prost_impl)

# The versions of MODULE.bazel.
def rules_esp32_dependencies():
    """Makes the repositories that rules_esp32 loads from, where there is none of the same name yet."""
    maybe(
        http_archive,
        name = "bazel_features",
        sha256 = "2cd9e57d4c38675d321731d65c15258f3a66438ad531ae09cb8bb14217dc8572",
        strip_prefix = "bazel_features-1.11.0",
        url = "https://github.com/bazel-contrib/bazel_features/releases/download/v1.11.0/bazel_features-v1.11.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "bazel_skylib",
        sha256 = "3b5b49006181f5f8ff626ef8ddceaa95e9bb8ad294f7b5d7b11ea9f7ddaf8c59",
        url = "https://github.com/bazelbuild/bazel-skylib/releases/download/1.9.0/bazel-skylib-1.9.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "build_bazel_apple_support",
        sha256 = "1c4031e72b456a048d8177f59a5581808c07585fa9e255c6f5fefb8752af7e40",
        url = "https://github.com/bazelbuild/apple_support/releases/download/1.13.0/apple_support.1.13.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "com_google_protobuf",
        sha256 = "75be42bd736f4df6d702a0e4e4d30de9ee40eac024c4b845d17ae4cc831fe4ae",
        strip_prefix = "protobuf-21.7",
        url = "https://github.com/protocolbuffers/protobuf/archive/v21.7.tar.gz",
    )
    maybe(
        http_archive,
        name = "platforms",
        sha256 = "218efe8ee736d26a3572663b374a253c012b716d8af0c07e842e82f238a0a7ee",
        url = "https://github.com/bazelbuild/platforms/releases/download/0.0.10/platforms-0.0.10.tar.gz",
    )
    maybe(
        http_archive,
        name = "rules_cc",
        sha256 = "7e2a1f6c5dd908e6e88d7c80257c99d14e16fa985b56342287fddb6a32c435b5",
        strip_prefix = "rules_cc-0.0.11",
        url = "https://github.com/bazelbuild/rules_cc/releases/download/0.0.11/rules_cc-0.0.11.tar.gz",
    )
    maybe(
        http_archive,
        name = "rules_license",
        sha256 = "4531deccb913639c30e5c7512a054d5d875698daeb75d8cf90f284375fe7c360",
        url = "https://github.com/bazelbuild/rules_license/releases/download/0.0.7/rules_license-0.0.7.tar.gz",
    )
    maybe(
        http_archive,
        name = "rules_nixpkgs_core",
        sha256 = "30271f7bd380e4e20e4d7132c324946c4fdbc31ebe0bbb6638a0f61a37e74397",
        strip_prefix = "rules_nixpkgs-0.13.0/core",
        url = "https://github.com/tweag/rules_nixpkgs/releases/download/v0.13.0/rules_nixpkgs-0.13.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "rules_proto",
        sha256 = "303e86e722a520f6f326a50b41cfc16b98fe6d1955ce46642a5b7a67c11c0f5d",
        strip_prefix = "rules_proto-6.0.0",
        url = "https://github.com/bazelbuild/rules_proto/releases/download/6.0.0/rules_proto-6.0.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "rules_rust",
        sha256 = "af4f56caae50a99a68bfce39b141b509dd68548c8204b98ab7a1cafc94d5bb02",
        url = "https://github.com/bazelbuild/rules_rust/releases/download/0.54.1/rules_rust-v0.54.1.tar.gz",
    )
    maybe(_rules_rust_prost, name = "rules_rust_prost")
    maybe(
        http_archive,
        name = "rules_shell",
        sha256 = "3e114424a5c7e4fd43e0133cc6ecdfe54e45ae8affa14fadd839f29901424043",
        strip_prefix = "rules_shell-0.4.0",
        url = "https://github.com/bazelbuild/rules_shell/releases/download/v0.4.0/rules_shell-v0.4.0.tar.gz",
    )
