# Rust's standard library for the ESP32: a --sysroot.
#
# rust-std-xtensa is core, alloc and compiler_builtins, and the sources of all of it; rust-std-xtensa-espidf is std, too, on the C
# library, threads and network of ESP-IDF (`isEspIdf`), without unwinding, and with backtraces that name no functions.
#
# core and alloc are bitcode, of which code is made when a program is linked: they are the same for every set of features of the
# CPU. compiler_builtins is code: the one in the sysroot for the ESP32, and lib/compiler_builtins/CORE.o for each of `cores`.
{ debPackages, run, llvm-xtensa, rustc-xtensa, xtensa-ld, isEspIdf ? false }:
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
  suffix = if isEspIdf then "-espidf" else "";
  target = "xtensa-esp32-${if isEspIdf then "espidf" else "none-elf"}";
  # All but code: it takes longest, and needs rustc alone.
  core = debPackages {
    pname = "rust-core-xtensa${suffix}";
    packages = [ "rust-src" ];
    partial.rust-src = "./usr/src/rustc-$version/library";
    postInstall = ''
      mkdir -p lib/rustlib/src/rust
      mv src/rustc-*/library lib/rustlib/src/rust/
      rm -r src
    '';
    postFixup = builtins.readFile ./xtensa-core.sh + (if isEspIdf then builtins.readFile ./xtensa-std-espidf.sh else "");
    env = {
      inherit target;
      rustc = "${rustc-xtensa}/lib/rustlib/xtensa-esp32-none-elf/bin/rustc";
      # whether compiler_builtins has memcpy and the like; ESP-IDF has them in newlib and in the ROM
      mem = !isEspIdf;
    };
  };
in run "rust-std-xtensa${suffix}-${core.version}" ./xtensa-std.sh {
  inherit target;
  bitcode = core;
  ld = "${xtensa-ld}/bin/xtensa-ld";
  ar = "${llvm-xtensa}/lib/llvm-23/bin/llvm-ar";
  llvmLink = "${llvm-xtensa}/lib/llvm-23/bin/llvm-link";
  cores = builtins.concatStringsSep " " (map (name: "${name}=${cores.${name}}") (builtins.attrNames cores));
} // {
  inherit (core) names version;
  pname = "rust-std-xtensa${suffix}";
  license = "Apache-2.0 OR MIT";
  isLinked = true;
}
