# GNU binutils for Xtensa. Its ld links what LLVM makes: lld does not know Xtensa.
{ debPackages }:
debPackages {
  pname = "binutils-xtensa";
  packages = [ "binutils-xtensa-lx106" ];
}
