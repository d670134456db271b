# GNU binutils for Xtensa. Its ld links what LLVM makes: lld does not know Xtensa.
{ debPackages }:
debPackages {
  pname = "binutils-xtensa";
  license = "GPL-3.0-or-later";
  packages = [ "binutils-xtensa-lx106" ];
}
