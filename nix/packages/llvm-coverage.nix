# llvm-cov and llvm-profdata for `bazel coverage`, of the LLVM that rustc has: those of another refuse what its programs write.
{ debPackages, llvm-xtensa, rustc-xtensa }:
debPackages {
  pname = "llvm-coverage";
  license = "Apache-2.0 WITH LLVM-exception";
  packages = [ "llvm-22" ];
  deps = [ rustc-xtensa llvm-xtensa ];
  partial.llvm-22 = "./usr/lib/llvm-22/bin/llvm-cov ./usr/lib/llvm-22/bin/llvm-profdata";
  postInstall = ''
    mkdir bin
    mv lib/llvm-22/bin/* bin/
    rm -rf lib
  '';
}
