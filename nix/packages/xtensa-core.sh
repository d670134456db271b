# core, alloc and compiler_builtins for $target as bitcode (rust-std-xtensa.nix), in a folder with Rust's sources in lib/rustlib/src.
lib=$out/lib/rustlib/$target/lib
mkdir -p $lib

# in the folder that is remapped, and with relative names, because rustc hashes both into what it makes
cd lib/rustlib/src/rust/library
compile() { # crate name, its root, its edition, more flags
  name=$1 root=$2 edition=$3
  shift 3
  $rustc --target $target --crate-name $name --crate-type lib --edition $edition $root \
    -Zforce-unstable-if-unmarked -Ccodegen-units=1 -Copt-level=s -Cdebuginfo=line-tables-only -Awarnings \
    --remap-path-prefix $PWD=/rustc/$version/library -Clinker-plugin-lto -L $lib --out-dir $lib "$@"
}
compile core core/src/lib.rs 2024 --emit=metadata,link
# rustc always generates the code of a `no_builtins` crate itself, with its own LLVM, which puts Xtensa's literals into the
# wrong section: take its bitcode, and let LLVM 23 make the object.
compile compiler_builtins compiler-builtins/compiler-builtins/src/lib.rs 2024 --emit=metadata,llvm-bc \
  --cfg 'feature="compiler-builtins"' ${mem:+--cfg 'feature="mem"'} --cfg 'feature="unmangled-names"' \
  --cfg f16_enabled --cfg intrinsics_enabled
# What GCC calls where the CPU has no MULUH, and libgcc has otherwise.
cat >umulsidi3.rs <<'RS'
#![no_std]
#[unsafe(no_mangle)]
extern "C" fn __umulsidi3(a: u32, b: u32) -> u64 {
    u64::from(a) * u64::from(b)
}
RS
compile umulsidi3 umulsidi3.rs 2024 --emit=llvm-bc
compile alloc alloc/src/lib.rs 2024 --emit=metadata,link
rm umulsidi3.rs
cd $out
