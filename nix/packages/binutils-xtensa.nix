# GNU binutils for Xtensa, under Espressif's names. Plug-ins (xtensa-config.nix) make them those of a chip's core.
{ debPackages, xtensa-config }:
debPackages {
  pname = "binutils-xtensa";
  license = "GPL-3.0-or-later";
  packages = [ "binutils-xtensa-lx106" ];
  postInstall = "rm bin/*-ld.bfd bin/*-elfedit";
  postFixup = builtins.readFile ./xtensa-gnu.sh;
  env.config = xtensa-config;
}
