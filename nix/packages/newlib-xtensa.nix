# newlib as ESP-IDF expects it: $out/lib/lib{c,m,nosys}.a, and $out/include, which is that of newlib-headers-xtensa.
{ fromSource, target, make, newlib-headers-xtensa }:
fromSource {
  pname = "newlib-xtensa";
  source = "newlib-source";
  script = ./newlib-xtensa.sh;
  license = "BSD-3-Clause AND BSD-2-Clause AND MIT AND ISC AND SunPro AND dtoa";
  env = target // {
    inherit make;
    configure = ./newlib-configure.sh;
    dirent = ./newlib-dirent.h;
    headers = newlib-headers-xtensa;
    nosys = ./newlib-nosys.c;
  };
}
