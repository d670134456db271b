. $target
. $configure
# one set of headers for the libraries of all cores
cmp newlib.h $headers/include/newlib.h
PATH=$PATH:$make/bin
make -j$NIX_BUILD_CORES ARFLAGS=crD libc.a libm.a

# For who has no system below newlib: what fails, most with a warning of the linker, and __getreent() of a program with one thread.
mkdir nosys
cd nosys
printf '#define HAVE_GNU_LD 1\n#define HAVE_ELF 1\n' >config.h
cp $nosys newlib.c # not under its name in the store, which the object would keep
for f in newlib.c ../../libgloss/libnosys/*.c; do
  case $f in */environ.c) continue ;; esac # libc.a has it
  $CC $cflags -I . -isystem $headers/include -c $f
done
$AR crD libnosys.a *.o
cd ..

mkdir -p $out/lib
cp libc.a libm.a nosys/libnosys.a $out/lib/
cp -r $headers/include $out/include
