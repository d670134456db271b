# What the two libraries of GCC that the chip needs are made from, out of its archive of 1 GB.
dpkg-deb -x $source deb
top=gcc-$version
cxx=$top/libstdc++-v3
xz -dc deb/usr/src/gcc-*/$top*.tar.xz | tar x \
  $top/config $top/config.guess $top/config.sub $top/config-ml.in $top/config.rpath $top/install-sh $top/ltmain.sh $top/missing \
  $top/mkinstalldirs $top/move-if-change $top/include $top/libgcc $top/libiberty/cp-demangle.c $top/libiberty/cp-demangle.h \
  $top/contrib/relpath.sh $top/gcc/BASE-VER $top/gcc/DATESTAMP $top/gcc/DEV-PHASE \
  $top/gcc/tsystem.h $top/gcc/coretypes.h $top/gcc/defaults.h \
  $top/gcc/config/elfos.h $top/gcc/config/newlib-stdint.h $top/gcc/config/xtensa \
  $cxx/configure $cxx/configure.host $cxx/config.h.in $cxx/Makefile.in $cxx/fragment.am \
  $cxx/doc/Makefile.in $cxx/doc/xsl $cxx/testsuite/Makefile.in \
  $cxx/config $cxx/include $cxx/libsupc++ $cxx/po $cxx/python $cxx/scripts $cxx/src
# there is no /bin/sh where it is built
grep -rlE "^#! ?/bin/sh" $top | xargs sed -i "1s,^#! */bin/sh,#!$busybox ash,"
mv $top $out
