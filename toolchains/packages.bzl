"""The Nix packages of //nix as Bazel repositories.

`esp32` is the module extension, `esp32_repositories()` the same for WORKSPACE files. Both make the repositories
@llvm_xtensa, @rustc_xtensa, @binutils_xtensa, @bindgen_xtensa, @protoc_xtensa, @qemu_xtensa and @host_sysroot, each with
the files of one Nix package, built when a build first needs it.
"""

load("@rules_nixpkgs_core//:nixpkgs.bzl", "nixpkgs_package")

# repository: (attribute of //nix:default.nix, BUILD file)
_PACKAGES = {
    "bindgen_xtensa": ("bindgen", "tool"),
    "binutils_xtensa": ("binutils-xtensa", "binutils_xtensa"),
    "host_sysroot": ("host-sysroot", "host_sysroot"),
    "llvm_xtensa": ("llvm-xtensa", "llvm_xtensa"),
    "protoc_xtensa": ("protoc", "tool"),
    "qemu_xtensa": ("qemu-xtensa", "tool"),
    "rustc_xtensa": ("rustc-xtensa", "rustc_xtensa"),
}

def esp32_repositories():
    """Makes one repository for each Nix package that the toolchains are made of."""
    for name, (attribute_path, build_file) in _PACKAGES.items():
        nixpkgs_package(
            name = name,
            attribute_path = attribute_path,
            build_file = Label("//toolchains/packages:{}.BUILD.bazel".format(build_file)),
            quiet = True,
            repository = Label("//nix:default.nix"),
        )

def _esp32_impl(_module_ctx):
    esp32_repositories()

esp32 = module_extension(
    implementation = _esp32_impl,
    doc = "The Nix packages of rules_esp32 as repositories; rules_esp32 itself uses it, and registers toolchains made of them.",
)
