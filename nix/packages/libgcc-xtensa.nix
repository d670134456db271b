# GCC's library for the chip: $out/lib/libgcc.a, with 64-bit integers, software floating point where the core has none, and the
# unwinder of exceptions.
{ fromSource, target, make, gcc-source, newlib-headers-xtensa }:
fromSource {
  pname = "libgcc-xtensa";
  source = "gcc-16-source";
  script = ./libgcc-xtensa.sh;
  license = "GPL-3.0-or-later WITH GCC-exception-3.1";
  env = target // { inherit make; source = gcc-source; headers = newlib-headers-xtensa; };
}
