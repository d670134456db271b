# A toolchain as CMake, Make and scripts want it, in one folder: $out/bin/xtensa-esp32-elf-gcc, -g++ and so on find the headers
# and libraries of $out/include and $out/lib by themselves. Start files are the system's: link with -nostartfiles. For CMake,
# -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DCMAKE_C_COMPILER=.../bin/xtensa-esp32-elf-gcc
# -DCMAKE_CXX_COMPILER=.../bin/xtensa-esp32-elf-g++.
{ run, binutils-xtensa, gcc-xtensa, newlib-xtensa, libgcc-xtensa, libstdcxx-xtensa }:
run "xtensa-esp32-elf-${gcc-xtensa.version}" ./xtensa-esp32-elf.sh {
  binutils = binutils-xtensa;
  gcc = gcc-xtensa;
  libraries = map (package: package.outPath) [ newlib-xtensa libgcc-xtensa libstdcxx-xtensa ];
}
