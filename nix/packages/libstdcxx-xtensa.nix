# GCC's C++ library for the chip, with exceptions, RTTI and POSIX threads: $out/lib/lib{stdc,sup}c++.a, and all of its headers in
# $out/include/c++, to be searched before those of newlib.
{ fromSource, target, make, gcc-source, newlib-headers-xtensa }:
fromSource {
  pname = "libstdcxx-xtensa";
  source = "gcc-16-source";
  script = ./libstdcxx-xtensa.sh;
  license = "GPL-3.0-or-later WITH GCC-exception-3.1";
  env = target // { inherit make; source = gcc-source; headers = newlib-headers-xtensa; };
}
