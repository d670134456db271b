#!/bin/sh
# Answers what CMake and ESP-IDF ask of a compiler when a project is set up, and compiles nothing: it says that it is GCC, and that
# every flag is good. Linker scripts alone go through the real preprocessor.
out= prev= preprocess= plain=
for a in "$@"; do
  case $a in
    -dumpmachine) echo xtensa-esp-elf; exit ;;
    -dumpversion) echo @GCC_VERSION@; exit ;;
    --version | -v)
      echo "xtensa-esp-elf-gcc (crosstool-NG @CROSSTOOL_VERSION@) @GCC_VERSION@"
      echo "Thread model: posix" >&2
      exit ;;
    -print-sysroot) echo; exit ;;
    -print-file-name=*) echo "${a#*=}"; exit ;;
    -print-*) echo /; exit ;;
    -E | -M | -MM) preprocess=1 ;;
    -P) plain=1 ;;
  esac
  [ "$prev" = -o ] && out=$a
  prev=$a
done
if [ $preprocess ]; then
  if [ $plain ]; then XTENSA_GNU_CONFIG=@PLUGIN@ GCC_EXEC_PREFIX=@GCC_EXEC_PREFIX@ exec @GCC@ "$@"; fi
  exit 0
fi
# by which CMake finds out what compiled it
printf 'INFO:compiler[GNU]\0INFO:compiler_version[@GCC_VERSION_DIGITS@]\0INFO:platform[]\0INFO:arch[]\0INFO:standard_default[17]\0INFO:extensions_default[ON]\0INFO:sizeof_dptr[4]\0INFO:byte_order[LITTLE_ENDIAN]\0INFO:byte_order string string LITTLE_ENDIAN\0INFO:abi[ELF]\0' >"${out:-a.out}"
