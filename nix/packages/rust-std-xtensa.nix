# Rust's standard library for the ESP32: a --sysroot.
#
# rust-std-xtensa is core, alloc and compiler_builtins, and the sources of all of it; rust-std-xtensa-espidf is std, too, on the C
# library, threads and network of ESP-IDF (`isEspIdf`), without unwinding, and with backtraces that name no functions.
#
# core and alloc are bitcode, of which code is made when a program is linked: they are the same for every set of features of the
# CPU. compiler_builtins is code: the one in the sysroot for the ESP32, and lib/compiler_builtins/CORE.o for each of `cores`.
{ debPackages, llvm-xtensa, rustc-xtensa, xtensa-ld, isEspIdf ? false }:
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
  pname = "rust-std-xtensa${if isEspIdf then "-espidf" else ""}";
  license = "Apache-2.0 OR MIT";
  isLinked = true;
  packages = [ "rust-src" ];
  partial.rust-src = "./usr/src/rustc-$version/library";
  postInstall = ''
    mkdir -p lib/rustlib/src/rust
    mv src/rustc-*/library lib/rustlib/src/rust/
    rm -r src
  '';
  postFixup = builtins.readFile ./xtensa-std.sh + (if isEspIdf then builtins.readFile ./xtensa-std-espidf.sh else "");
  env = {
    rustc = "${rustc-xtensa}/lib/rustlib/xtensa-esp32-none-elf/bin/rustc";
    ld = "${xtensa-ld}/bin/xtensa-ld";
    ar = "${llvm-xtensa}/lib/llvm-23/bin/llvm-ar";
    llvmLink = "${llvm-xtensa}/lib/llvm-23/bin/llvm-link";
    target = if isEspIdf then "xtensa-esp32-espidf" else "xtensa-esp32-none-elf";
    # whether compiler_builtins has memcpy and the like; ESP-IDF has them in newlib and in the ROM
    mem = !isEspIdf;
    cores = builtins.concatStringsSep " " (map (name: "${name}=${cores.${name}}") (builtins.attrNames cores));
  };
}
