"""The Nix packages of //nix as Bazel repositories.

`esp32` is the module extension, `esp32_repositories()` the same for WORKSPACE files. Both make the repositories
@llvm_xtensa, @rustc_xtensa, @gcc_xtensa, @binutils_xtensa, @bindgen_xtensa, @protoc_xtensa, @qemu_xtensa and @host_sysroot, each
with the files of one Nix package, built when a build first needs it; and @toolchains_sbom, which says what they are made of.
@gdb_xtensa and @openocd_esp32 are for who debugs, @llvm_coverage for who measures what tests cover. @esp_idf_tools is what
ESP-IDF's configure and its programs in Python need, and @rust_std_xtensa_espidf is Rust's std on ESP-IDF. The libraries
@newlib_xtensa, @libgcc_xtensa and @libstdcxx_xtensa are for the ESP32's core; those with the name of another core behind theirs are
for that, and @newlib_headers_xtensa is for all. //toolchains/libraries chooses.

With RULES_ESP32_TOOLCHAINS=portable in the environment of repositories (--config=rbe), the packages are those that run where
there is no Nix store (nix/packages/portable.nix): on remote workers.

rules_nixpkgs_core runs `nix-build` and, but for our stand-in, `nix`: both have to be on PATH.
"""

load("@rules_nixpkgs_core//:nixpkgs.bzl", "nixpkgs_package")

# repository: (attribute of //nix:default.nix, BUILD file)
_PACKAGES = {
    "bindgen_xtensa": ("bindgen", "tool"),
    "binutils_xtensa": ("binutils-xtensa", "binutils_xtensa"),
    "esp_idf_tools": ("esp-idf-tools", "esp_idf_tools"),
    "gcc_xtensa": ("gcc-xtensa", "gcc_xtensa"),
    "gdb_xtensa": ("gdb-xtensa", "tool"),
    "host_sysroot": ("host-sysroot", "host_sysroot"),
    "llvm_coverage": ("llvm-coverage", "tool"),
    "llvm_xtensa": ("llvm-xtensa", "llvm_xtensa"),
    "newlib_headers_xtensa": ("newlib-headers-xtensa", "library"),
    "openocd_esp32": ("openocd-esp32", "tool"),
    "protoc_xtensa": ("protoc", "tool"),
    "qemu_xtensa": ("qemu-xtensa", "tool"),
    "rust_std_xtensa": ("rust-std-xtensa", "rust_std_xtensa"),
    "rust_std_xtensa_espidf": ("rust-std-xtensa-espidf", "rust_std_xtensa_espidf"),
    "rustc_xtensa": ("rustc-xtensa", "rustc_xtensa"),
    "toolchains_sbom": ("sbom", "sbom"),
    "xtensa_ld": ("xtensa-ld", "tool"),
}

# Libraries for a chip, and the cores that they are made for.
_LIBRARIES = ["libgcc", "libstdcxx", "newlib"]
_CORES = ["de233_fpu", "de233_fpu-soft", "esp32", "esp32-soft"]

def _library_packages():
    """The same as _PACKAGES for libraries."""
    return {
        "{}_xtensa{}".format(library, "" if core == "esp32" else "_" + core.replace("-", "_")): ("{}.{}-xtensa".format(core, library), "library")
        for library in _LIBRARIES
        for core in _CORES
    }

# Those whose programs actions run.
_PORTABLE = ["bindgen", "binutils-xtensa", "gcc-xtensa", "llvm-xtensa", "protoc", "rustc-xtensa", "xtensa-ld"]

def esp32_repositories(portable = False, inputs = ""):
    """Makes one repository for each Nix package that the toolchains are made of.

    Args:
      portable: bool; whether programs that actions run are in the form that needs no Nix store.
      inputs: string; another one where the files of //nix are others, of which Bazel 8 tells rules_nixpkgs_core nothing.
    """
    for name, (attribute_path, build_file) in (_PACKAGES | _library_packages()).items():
        if portable and attribute_path in _PORTABLE:
            attribute_path = "portable." + attribute_path
        nixpkgs_package(
            name = name,
            attribute_path = attribute_path,
            build_file = Label("//toolchains/packages:{}.BUILD.bazel".format(build_file)),
            # //nix:default.nix takes it, and does not look at it
            nixopts = ["--argstr", "inputs", inputs] if inputs else [],
            quiet = True,
            repository = Label("//nix:default.nix"),
        )

def _nix_inputs(module_ctx):
    """A number for what the files of //nix hold, which Bazel watches from now on."""
    folder = module_ctx.path(Label("//nix:default.nix")).dirname
    texts = []
    for name in ["default.nix", "debian.lock.local.json"] + module_ctx.read(folder.get_child("nix-file-deps")).splitlines():
        file = folder.get_child(*name.split("/"))
        module_ctx.watch(file)
        texts.append(module_ctx.read(file) if file.exists else "")
    return str(hash("\0".join(texts)))

def _esp32_impl(module_ctx):
    kind = module_ctx.os.environ.get("RULES_ESP32_TOOLCHAINS", "")
    if kind not in ["", "portable"]:
        fail("RULES_ESP32_TOOLCHAINS={}: is either `portable` or not set".format(kind))
    esp32_repositories(inputs = _nix_inputs(module_ctx), portable = kind == "portable")

esp32 = module_extension(
    implementation = _esp32_impl,
    environ = ["RULES_ESP32_TOOLCHAINS"],
    doc = "The Nix packages of rules_esp32 as repositories; rules_esp32 itself uses it, and registers toolchains made of them.",
)
