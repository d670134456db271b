# newlib's headers as ESP-IDF expects them, in $out/include: newlib-configure.sh says what that is. Takes seconds; they are the
# same for all cores.
{ fromSource, target }:
fromSource {
  pname = "newlib-headers-xtensa";
  source = "newlib-source";
  script = ./newlib-headers-xtensa.sh;
  license = "BSD-3-Clause AND BSD-2-Clause AND MIT AND ISC AND SunPro AND dtoa";
  env = target // { configure = ./newlib-configure.sh; dirent = ./newlib-dirent.h; };
}
