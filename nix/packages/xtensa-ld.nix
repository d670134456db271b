# GNU ld for Rust, which makes code of bitcode: the program in ../xtensa-ld.
{ run, llvm-xtensa, rustc-xtensa, binutils-xtensa, host-cc }:
run "xtensa-ld" ./xtensa-ld.sh {
  src = ../xtensa-ld/src;
  rustc = rustc-xtensa;
  llvm = llvm-xtensa;
  binutils = binutils-xtensa;
  cc = host-cc;
} // {
  pname = "xtensa-ld";
  inherit (llvm-xtensa) version;
}
