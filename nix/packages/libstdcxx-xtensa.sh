. $target
PATH=$PATH:$make/bin
export CONFIG_SHELL=$tools/ash SHELL=$tools/ash
export ac_cv_path_mkdir=$tools/mkdir
# gcc -v says "single": its own configuration knows no C library.
export gcc_cv_target_thread_file=posix
# newlib declares them, ESP-IDF does not have them.
export glibcxx_cv_fdopendir=no glibcxx_cv_dirent_d_type=no glibcxx_cv_dirfd=no glibcxx_cv_openat=no
export glibcxx_cv_PTHREAD_COND_CLOCKWAIT=no glibcxx_cv_PTHREAD_MUTEX_CLOCKLOCK=no glibcxx_cv_PTHREAD_RWLOCK_CLOCKLOCK=no

# what is in libgcc's folder where both are built at once
mkdir -p xtensa-esp-elf/libgcc xtensa-esp-elf/libstdc++-v3
ln -s $source/libgcc/gthr-posix.h xtensa-esp-elf/libgcc/gthr-default.h
cd xtensa-esp-elf/libstdc++-v3
cflags="$cflags -ffile-prefix-map=$source=gcc -isystem $headers/include"
ash $source/libstdc++-v3/configure --build=x86_64-linux-gnu --host=xtensa-esp-elf --with-newlib \
  --with-target-subdir=xtensa-esp-elf --with-cross-host=x86_64-linux-gnu --prefix=$out --with-gxx-include-dir=$out/include/c++ \
  --disable-dependency-tracking --disable-multilib --disable-nls --disable-shared --disable-tls \
  --disable-libstdcxx-pch --disable-libstdcxx-verbose \
  CFLAGS="$cflags" CXXFLAGS="$cflags" CPPFLAGS="-isystem $headers/include"
# What can be found out only by linking: ESP-IDF has these.
grep -q '^#define _GLIBCXX_HAS_GTHREADS 1' config.h
for macro in CLOCK_MONOTONIC CLOCK_REALTIME SCHED_YIELD; do
  sed -i "s|^/[*] #undef _GLIBCXX_USE_$macro [*]/|#define _GLIBCXX_USE_$macro 1|" config.h
  grep -q "^#define _GLIBCXX_USE_$macro 1" config.h
done
for d in include libsupc++ src; do
  make -C $d -j$NIX_BUILD_CORES SHELL=$SHELL
  make -C $d SHELL=$SHELL install
done

# one folder of headers, and libraries where those of C are
cp -r $out/include/c++/xtensa-esp-elf/. $out/include/c++/
rm -r $out/include/c++/xtensa-esp-elf
mkdir $out/lib
mv $out/xtensa-esp-elf/lib/*.a $out/lib/
rm -r $out/xtensa-esp-elf
