# The packages that actions use, in a form that runs where there is no Nix store.
{ portable, llvm-xtensa, rustc-xtensa, binutils-xtensa, gcc-xtensa, xtensa-ld, bindgen, protoc }:
let
  make = package: options: portable ({ inherit package; llvm = llvm-xtensa; } // options);
  gnu = { postPortable = builtins.readFile ./xtensa-gnu-portable.sh; };
in {
  llvm-xtensa = make llvm-xtensa {
    # those that toolchains/packages/llvm_xtensa.BUILD.bazel names
    programs = "clang llc lld llvm-ar llvm-cov llvm-dwp llvm-mc llvm-nm llvm-objcopy llvm-objdump";
  };
  rustc-xtensa = make rustc-xtensa { postPortable = builtins.readFile ./rustc-portable.sh; };
  binutils-xtensa = make binutils-xtensa gnu;
  # libc is binutils' one
  gcc-xtensa = make gcc-xtensa (gnu // { merge = [ binutils-xtensa ]; });
  xtensa-ld = make xtensa-ld { merge = [ llvm-xtensa ]; };
  # it loads libclang from a folder where nothing else of LLVM is
  bindgen = make bindgen { merge = [ llvm-xtensa ]; };
  protoc = make protoc { postPortable = builtins.readFile ./protoc-portable.sh; };
}
