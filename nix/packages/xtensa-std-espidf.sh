# After xtensa-core.sh: std for $target, with the crates that rust-src carries.
cd lib/rustlib/src/rust/library
for crate in cfg-if rustc-demangle; do
  compile $(echo $crate | tr - _) vendor/$crate-*/src/lib.rs 2018 --emit=metadata,link \
    --cfg 'feature="rustc-dep-of-std"' --cfg 'feature="core"' --extern core=$lib/libcore.rlib
done
# time_t has 64 bits, as from ESP-IDF 5 on: `espidf_time32` is not set
compile libc vendor/libc-*/src/lib.rs 2021 --emit=metadata,link \
  --cfg 'feature="rustc-dep-of-std"' --cfg 'feature="align"' --extern rustc_std_workspace_core=$lib/libcore.rlib
compile hashbrown vendor/hashbrown-*/src/lib.rs 2024 --emit=metadata,link \
  --cfg 'feature="rustc-dep-of-std"' --cfg 'feature="rustc-internal-api"' --cfg 'feature="nightly"' \
  --cfg 'feature="core"' --cfg 'feature="alloc"' --extern core=$lib/libcore.rlib --extern alloc=$lib/liballoc.rlib
for crate in std_detect unwind; do
  compile $crate $crate/src/lib.rs 2024 --emit=metadata,link --extern libc=$lib/liblibc.rlib
done
compile panic_abort panic_abort/src/lib.rs 2024 --emit=metadata,link -Cpanic=abort
set --
for crate in core alloc libc hashbrown cfg_if rustc_demangle unwind panic_abort std_detect; do
  set -- "$@" --extern $crate=$lib/lib$crate.rlib
done
STD_ENV_ARCH=xtensa compile std std/src/lib.rs 2024 --emit=metadata,link --cfg backtrace_in_libstd "$@"
cd $out
# rust-std-xtensa has them
rm -r lib/rustlib/src
