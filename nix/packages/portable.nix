# The packages that actions use, in a form that runs where there is no Nix store.
{ portable, llvm-xtensa, rustc-xtensa, binutils-xtensa, bindgen, protoc }:
let make = package: options: portable ({ inherit package; llvm = llvm-xtensa; } // options);
in {
  llvm-xtensa = make llvm-xtensa {
    # those that toolchains/packages/llvm_xtensa.BUILD.bazel names
    programs = "clang lld llvm-ar llvm-cov llvm-dwp llvm-mc llvm-nm llvm-objcopy llvm-objdump";
    postPortable = ''
      cp $busybox lib/programs/busybox
      sed '1s|.*|#!/bin/sh|; s|^llvm=.*|llvm=''${0%/*}/../llvm-23/bin|' bin/xtensa-esp32-clang >lib/programs/xtensa-esp32-clang
      chmod +x lib/programs/xtensa-esp32-clang
      launcher bin/xtensa-esp32-clang xtensa-esp32-clang '-DSCRIPT="xtensa-esp32-clang"'
    '';
  };
  rustc-xtensa = make rustc-xtensa { postPortable = builtins.readFile ./rustc-portable.sh; };
  binutils-xtensa = make binutils-xtensa { };
  # it loads libclang from a folder where nothing else of LLVM is
  bindgen = make bindgen { merge = [ llvm-xtensa ]; };
  protoc = make protoc { };
}
