. $target
PATH=$PATH:$make/bin

# What libgcc takes from the build of a compiler: which of GCC's headers describe the chip, and flags.
mkdir -p gcc xtensa-esp32-elf/libgcc
cat >gcc/tconfig.h <<'H'
#ifndef GCC_TCONFIG_H
#define GCC_TCONFIG_H
#define USED_FOR_TARGET
#include "ansidecl.h"
#endif
H
cat >gcc/tm.h <<'H'
#ifndef GCC_TM_H
#define GCC_TM_H
#include "config/elfos.h"
#include "config/newlib-stdint.h"
#include "config/xtensa/xtensa.h"
#include "config/xtensa/elf.h"
#include "defaults.h"
#endif
H
touch gcc/auto-host.h
cat >gcc/libgcc.mvars <<M
GCC_CFLAGS = -DIN_GCC -DCROSS_DIRECTORY_STRUCTURE $cflags -w
INHIBIT_LIBC_CFLAGS =
M

# gcc -v says "single": its own configuration knows no C library.
cd xtensa-esp32-elf/libgcc
includes="-isystem $headers/include"
CONFIG_SHELL=$tools/ash gcc_cv_target_thread_file=posix ash $source/libgcc/configure \
  --build=x86_64-linux-gnu --host=xtensa-esp32-elf --disable-shared --disable-tls --disable-decimal-float \
  CFLAGS="$cflags $includes" CPPFLAGS="$includes"
make -j$NIX_BUILD_CORES LIBGCC2_DEBUG_CFLAGS=-g0 libgcc.a

mkdir -p $out/lib
cp libgcc.a $out/lib/
