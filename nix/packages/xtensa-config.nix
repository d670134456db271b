# The plug-ins that make Debian's GCC and binutils those of a chip's core: $out/lib/CORE.so for each of ../xtensa-config/cores.
{ run, rustc-xtensa, llvm-xtensa, host-cc }:
run "xtensa-config" ./xtensa-config.sh {
  src = ../xtensa-config/src;
  isa = ../xtensa-config/isa;
  cores = ../xtensa-config/cores;
  rustc = rustc-xtensa;
  llvm = "${llvm-xtensa}/lib/llvm-23";
  cc = host-cc;
}
