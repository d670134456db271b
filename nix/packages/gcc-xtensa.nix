# GNU C and C++ compilers for the ESP32's core, under Espressif's names. Plug-ins (xtensa-config.nix) make them those of a chip's
# core.
{ debPackages, binutils-xtensa, xtensa-config }:
debPackages {
  pname = "gcc-xtensa";
  license = "GPL-3.0-or-later WITH GCC-exception-3.1";
  packages = [ "gcc-xtensa-lx106" ];
  deps = [ binutils-xtensa ];
  # Libraries and start files are those of another core and calling convention; D and the tools for plug-ins of GCC are not for firmware.
  postInstall = ''
    rm -rf lib/gcc/*/*/d21 lib/gcc/*/*/*.a lib/gcc/*/*/*.o lib/gcc/*/*/plugin lib/gcc/*/*/install-tools
    rm -f bin/*gdc bin/*lto-dump bin/*gcov-dump bin/*gcov-tool lib/gcc/*/*/g++-mapper-server
    rm -f bin/*-gcc-$version lib/gcc/*/*/*.la
    # Headers and libraries of another C library, where a machine has them, would come before all others: look where nothing can be.
    sed -i 's|/usr/lib/gcc/|/dev/null/gc/|g' bin/*-gcc bin/*-g++ bin/*-c++ bin/*-cpp
    # where the driver looks for what it runs
    mkdir -p lib/xtensa-lx106-elf/bin
    for f in ar as ld nm ranlib; do cp $binutils/bin/xtensa-lx106-elf-$f lib/xtensa-lx106-elf/bin/$f; done
  '';
  postFixup = builtins.readFile ./xtensa-gnu.sh;
  env = {
    binutils = binutils-xtensa;
    config = xtensa-config;
    drivers = "gcc g++ c++ cpp";
  };
}
