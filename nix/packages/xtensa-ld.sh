# Builder of xtensa-ld.
mkdir -p $out/bin
cp -r $src src
libs=$llvm/lib/x86_64-linux-gnu
compile() {
  $rustc/bin/rustc --edition 2024 -Copt-level=2 -Cpanic=abort -Cstrip=symbols --remap-path-prefix $PWD=/xtensa-ld \
    -Clinker=$cc/bin/host-cc -L native=$libs \
    -Clink-arg=-Wl,--dynamic-linker=$libs/ld-linux-x86-64.so.2 -Clink-arg=-Wl,-rpath,$libs "$@"
}
compile --crate-type lib --crate-name xtensa_ld src/lib.rs
LLC=$llvm/lib/llvm-23/bin/llc BINUTILS=$binutils/bin/xtensa-esp32-elf- \
  compile --extern xtensa_ld=libxtensa_ld.rlib src/main.rs -o $out/bin/xtensa-ld
