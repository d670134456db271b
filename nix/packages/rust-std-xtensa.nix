# Rust's core, alloc and compiler_builtins for the ESP32, and their sources: a --sysroot.
#
# core and alloc are bitcode, of which code is made when a program is linked: they are the same for every set of features of the
# CPU. compiler_builtins is code: the one in the sysroot for the ESP32, and lib/compiler_builtins/CORE.o for each of `cores`.
{ debPackages, llvm-xtensa, rustc-xtensa, xtensa-ld }:
let
  # name: features, as llc takes them
  cores = {
    esp32 = "";
    # without the FPU
    esp32-soft = "-fp";
    # stock QEMU's
    de233_fpu = "-mul32high";
    de233_fpu-soft = "-mul32high,-fp";
  };
in debPackages {
  pname = "rust-std-xtensa";
  license = "Apache-2.0 OR MIT";
  isLinked = true;
  packages = [ "rust-src" ];
  partial.rust-src = "./usr/src/rustc-$version/library";
  postInstall = ''
    mkdir -p lib/rustlib/src/rust
    mv src/rustc-*/library lib/rustlib/src/rust/
    rm -r src
  '';
  postFixup = builtins.readFile ./xtensa-std.sh;
  env = {
    rustc = "${rustc-xtensa}/lib/rustlib/xtensa-esp32-none-elf/bin/rustc";
    ld = "${xtensa-ld}/bin/xtensa-ld";
    ar = "${llvm-xtensa}/lib/llvm-23/bin/llvm-ar";
    llvmLink = "${llvm-xtensa}/lib/llvm-23/bin/llvm-link";
    target = "xtensa-esp32-none-elf";
    cores = builtins.concatStringsSep " " (map (name: "${name}=${cores.${name}}") (builtins.attrNames cores));
  };
}
