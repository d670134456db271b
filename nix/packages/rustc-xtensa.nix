# rustc, cargo, rustdoc, rustfmt and clippy for the build machine, and core, alloc and compiler_builtins for the ESP32.
#
# The target is xtensa-esp32sf-none-elf ("sf": soft float), found as lib/rustlib/TRIPLE/target.json. rustc's own
# xtensa-esp32-none-elf refuses to run on upstream's LLVM, and this name says that the calling convention differs.
{ debPackages, llvm-xtensa }:
debPackages {
  pname = "rustc-xtensa";
  license = "Apache-2.0 OR MIT";
  isLinked = true; # core, alloc and compiler_builtins
  packages = [ "rustc" "cargo" "rustfmt" "rust-clippy" "rust-src" ];
  partial.rust-src = "./usr/src/rustc-$version/library";
  postInstall = ''
    rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3
    mkdir library
    mv src/rustc-*/library/* library/
    rm -rf src lib/rustlib/src
    mkdir -p lib/rustlib/src/rust
    mv library lib/rustlib/src/rust/
  '';
  postFixup = builtins.readFile ./xtensa-std.sh;
  env = {
    llvm = "${llvm-xtensa}/lib/llvm-23";
    target = "xtensa-esp32sf-none-elf";
    spec = ./xtensa-esp32sf-none-elf.json;
  };
}
