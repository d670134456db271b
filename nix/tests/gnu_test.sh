# GCC and binutils for the ESP32's core: names, cores, and that nothing of the machine is used, from the store and without one.
. "$(dirname "$0")/lib.sh"

gcc=$(nix-build "$nix" -A gcc-xtensa --no-out-link)
binutils=$(nix-build "$nix" -A binutils-xtensa --no-out-link)
cat >"$t/a.c" <<'C'
float half(float x) { return x * 0.5f; }
unsigned high(unsigned long long a, unsigned b) { return a * b >> 32; }
int main(void) { return half(3) > high(1, 2); }
C
cd "$t"

for tool in addr2line ar as c++filt gprof ld nm objcopy objdump ranlib readelf size strings strip; do
  expect "gnu: xtensa-esp32-elf-$tool" 0 "^GNU " "$binutils/bin/xtensa-esp32-elf-$tool" --version
done
for tool in gcc g++ c++ cpp gcov; do
  expect "gnu: xtensa-esp32-elf-$tool" 0 "16[.]1" "$gcc/bin/xtensa-esp32-elf-$tool" --version
done
expect "gnu: the machine" 0 "^xtensa-esp-elf *$" "$gcc/bin/xtensa-esp32-elf-gcc" -O2 -dumpmachine

# what the code of each core has and lacks: core, patterns
code() {
  core=$1 has=$2 lacks=$3
  env XTENSA_GNU_CONFIG="$core" "$gcc/bin/xtensa-esp32-elf-gcc" -O2 -S a.c -o "$core.s"
  expect "gnu: $core has $has" 0 "$has" cat "$core.s"
  expect "gnu: $core lacks $lacks" 1 '' grep -w -e "$lacks" "$core.s"
  expect "gnu: $core's code assembles" 0 '' env XTENSA_GNU_CONFIG="$core" "$gcc/bin/xtensa-esp32-elf-gcc" -c "$core.s" -o "$core.o"
}
code esp32 muluh __mulsf3
code esp32-soft __mulsf3 'mul[.]s'
code de233_fpu 'mul[.]s' muluh
code de233_fpu-soft __mulsf3 muluh
expect "gnu: esp32 is the default" 0 muluh "$gcc/bin/xtensa-esp32-elf-gcc" -O2 -S a.c -o -
expect "gnu: a plug-in by its path" 0 __mulsf3 env XTENSA_GNU_CONFIG="$gcc/lib/esp32-soft.so" "$gcc/bin/xtensa-esp32-elf-gcc" -O2 -S a.c -o -
expect "gnu: an instruction that a core lacks" 1 "unknown opcode.*muluh" env XTENSA_GNU_CONFIG=de233_fpu "$binutils/bin/xtensa-esp32-elf-as" esp32.s -o no.o
for program in "$gcc/bin/xtensa-esp32-elf-gcc" "$binutils/bin/xtensa-esp32-elf-ld"; do
  expect "gnu: no such core" 1 "XTENSA_GNU_CONFIG=esp33 is none of .*esp32-soft, esp32, nor the path of a plug-in" env XTENSA_GNU_CONFIG=esp33 "$program" --version
done

# no C library is there, and none of the machine's is found
expect "gnu: no C library" 1 "cannot find crt0.o.*cannot find -lgcc.*cannot find -lc" "$gcc/bin/xtensa-esp32-elf-gcc" a.c -o no.elf
same "gnu: and no output" "$(ls no.* 2>/dev/null)" ""
"$gcc/bin/xtensa-esp32-elf-gcc" -print-search-dirs | tr ':=' '\n\n' | grep '^/' | grep -v -e "^$gcc/" -e '^/dev/null/' >"$t/outside"
"$gcc/bin/xtensa-esp32-elf-g++" -x c++ -E -v /dev/null 2>&1 | sed -n '/search starts here/,/^End of/s/^ //p' | grep -v "^$gcc/" >>"$t/outside"
same "gnu: looks in its own folders alone" "$(cat "$t/outside")" ""

# link-time optimisation goes by way of the wrappers
"$gcc/bin/xtensa-esp32-elf-gcc" -O2 -flto -c a.c -o lto.o && "$gcc/bin/xtensa-esp32-elf-gcc-ar" rc liba.a lto.o
expect "gnu: gcc-nm knows what is in LTO's objects" 0 "T half" "$gcc/bin/xtensa-esp32-elf-gcc-nm" liba.a
expect "gnu: links with LTO" 0 '' "$gcc/bin/xtensa-esp32-elf-gcc" -O2 -flto -nostdlib -Wl,-e,main lto.o -o lto.elf
expect "gnu: to code" 0 "<main>:.*entry" "$binutils/bin/xtensa-esp32-elf-objdump" -d lto.elf

# the portable form, in a folder with nothing else
as_root=
[ "$(id -u)" = 0 ] || as_root="unshare --map-root-user"
jail() { $as_root chroot "$t/jail" "$@"; }
mkdir -p "$t/jail/dev" "$t/jail/tmp"
: >"$t/jail/dev/null"
for attribute in gcc-xtensa binutils-xtensa; do
  cp -a "$(nix-build "$nix" -A portable.$attribute --no-out-link)" "$t/jail/$attribute"
done
cp a.c "$t/jail/"
expect "gnu: portable gcc" 0 '' jail /gcc-xtensa/bin/xtensa-esp32-elf-gcc -O2 -c a.c -o a.o
"$gcc/bin/xtensa-esp32-elf-gcc" -O2 -c a.c -o a.o
same "gnu: the same object" "$(cksum <"$t/jail/a.o")" "$(cksum <a.o)"
expect "gnu: portable g++, with LTO" 0 '' jail /gcc-xtensa/bin/xtensa-esp32-elf-g++ -x c++ -O2 -flto -nostdlib -Wl,-e,main a.c -o a.elf
expect "gnu: portable objdump" 0 "<main>:.*entry" jail /binutils-xtensa/bin/xtensa-esp32-elf-objdump -d a.elf
expect "gnu: portable, no such core" 1 "XTENSA_GNU_CONFIG=x is none of " jail /gcc-xtensa/lib/programs/busybox env XTENSA_GNU_CONFIG=x \
  /binutils-xtensa/bin/xtensa-esp32-elf-as
chmod -R u+w "$t/jail"
