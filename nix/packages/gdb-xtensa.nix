# gdb for Xtensa under Espressif's name. Debian's gdb-multiarch has Xtensa for another core alone, one that is big-endian: gdb asks
# no plug-in about registers. ../xtensa-gdb has the two files of a core's configuration for those that we know. Without Python.
{ fromSource, fetch, make, xtensa-config, llvm-xtensa, host-sysroot }:
fromSource {
  pname = "gdb-xtensa";
  source = "gdb-source";
  script = ./gdb-xtensa.sh;
  license = "GPL-3.0-or-later";
  env = {
    inherit make;
    config = xtensa-config;
    core = ../xtensa-gdb;
    gnu = ./xtensa-gnu.sh;
    libraries = map (name: fetch.${name}) [ "libexpat1-dev" "libgmp-dev" "libmpfr-dev" "libncurses-dev" "zlib1g-dev" ];
    llvm = "${llvm-xtensa}/lib/llvm-23";
    sysroot = host-sysroot;
  };
}
