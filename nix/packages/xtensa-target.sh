# Sourced by the builders of libraries for the chip: GCC and binutils for core $core, and flags for all libraries.
export XTENSA_GNU_CONFIG=$xtensaConfig/lib/$core.so
[ -e $XTENSA_GNU_CONFIG ] || {
  echo "core $core: $XTENSA_GNU_CONFIG does not exist: use one of $(cd $xtensaConfig/lib && echo *.so)"
  exit 1
}
export CC=$gcc/bin/xtensa-esp32-elf-gcc CXX=$gcc/bin/xtensa-esp32-elf-g++
for tool in ar as ld nm objcopy objdump ranlib readelf strip; do
  export $(echo $tool | tr a-z A-Z)=$binutils/bin/xtensa-esp32-elf-$tool
done
# As ESP-IDF's own: callers and callees are further apart than a call reaches, and what is not used is not linked. No debug
# information: a backtrace has the functions' names without it.
cflags="-Os -mlongcalls -ffunction-sections -fdata-sections -g0 -ffile-prefix-map=$PWD=."
