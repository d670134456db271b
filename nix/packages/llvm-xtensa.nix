# LLVM 23 with its Xtensa back end: clang, lld (for the build machine), llc, llvm-mc, libclang, the LLVM tools and LLVMgold.so.
{ debPackages }:
debPackages {
  pname = "llvm-xtensa";
  license = "Apache-2.0 WITH LLVM-exception";
  packages = [ "llvm-23" "clang-23" "lld-23" "llvm-23-linker-tools" "libclang1-23" ];
  # programs are those of lib/llvm-23/bin
  postInstall = "rm -rf bin lib/llvm-23/lib/*.a lib/llvm-23/share lib/llvm-23/bin/llvm-exegesis";
}
