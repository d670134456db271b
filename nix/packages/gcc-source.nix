# Sources of libgcc and libstdc++, unpacked once for all that is built from them.
{ fromSource }:
fromSource {
  pname = "gcc-source";
  source = "gcc-16-source";
  script = ./gcc-source.sh;
  license = "GPL-3.0-or-later WITH GCC-exception-3.1";
  env = { };
}
