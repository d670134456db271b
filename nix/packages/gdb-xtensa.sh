# Builder of gdb-xtensa: $out/bin/xtensa-esp32-elf-gdb, and the plug-ins with each core's instructions.
triplet=x86_64-linux-gnu
dpkg-deb -x $source deb
tar xJf deb/usr/src/gdb.tar.xz
# linked in: nothing but the C library is loaded
for d in $libraries; do dpkg-deb -x $d libraries; done
find libraries -name '*.so' -exec rm {} +
libraries=$PWD/libraries/usr
mv gdb source
cp $core/xtensa-config.c $core/xtensa-config.h source/gdb/
# there is no /bin/sh where it is built
grep -rlE "^#! ?/bin/sh" source | xargs sed -i "1s,^#! */bin/sh,#!$busybox ash,"

compile="$llvm/bin/clang --target=$triplet --sysroot=$sysroot --gcc-install-dir=$sysroot/usr/lib/gcc/$triplet/16"
compile="$compile -ffile-prefix-map=$PWD=. -isystem $libraries/include -isystem $libraries/include/$triplet -Wno-unused-command-line-argument"
link="-fuse-ld=lld --ld-path=$llvm/bin/ld.lld -Wl,--build-id=none -L$libraries/lib/$triplet -static-libstdc++ -static-libgcc"
link="$link -Wl,--dynamic-linker=$sysroot/lib64/ld-linux-x86-64.so.2 -Wl,-rpath,$sysroot/lib/$triplet -Wl,--strip-all"
export CC="$compile" CXX="$compile --driver-mode=g++" LDFLAGS="$link"
export AR=$llvm/bin/llvm-ar RANLIB=$llvm/bin/llvm-ranlib NM=$llvm/bin/llvm-nm
export CFLAGS="-O1 -g0 -w" CXXFLAGS="-O1 -g0 -w"
PATH=$PATH:$make/bin
export CONFIG_SHELL=$PWD/.tools/ash SHELL=$PWD/.tools/ash MAKEINFO=true
export ac_cv_path_mkdir=$PWD/.tools/mkdir

mkdir build
cd build
ash ../source/configure --build=$triplet --host=$triplet --target=xtensa-lx106-elf --prefix=$out --disable-dependency-tracking \
  --enable-plugins --with-system-zlib --with-expat --with-gmp=$libraries --with-mpfr=$libraries --with-curses --without-zstd --without-lzma \
  --without-python --without-guile --without-debuginfod --without-babeltrace --without-intel-pt --without-xxhash --without-system-readline \
  --disable-source-highlight --disable-nls --disable-sim --disable-gdbserver --disable-inprocess-agent --disable-werror \
  --disable-binutils --disable-gas --disable-ld --disable-gprof --disable-gprofng --disable-libbacktrace
make -j$NIX_BUILD_CORES SHELL=$SHELL MAKEINFO=true all-gdb

mkdir -p $out/bin
cp gdb/gdb $out/bin/xtensa-lx106-elf-gdb
cd $out
. $gnu
