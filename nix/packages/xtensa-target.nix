# What builders of libraries for the chip have as variables: the compiler, and xtensa-target.sh to set it up.
#
# core    the core of xtensa-config that the library is for
{ gcc-xtensa, binutils-xtensa, xtensa-config, core }: {
  inherit core;
  gcc = gcc-xtensa;
  binutils = binutils-xtensa;
  xtensaConfig = xtensa-config;
  target = ./xtensa-target.sh;
}
