# Builder of xtensa-config: the generator, and with it the plug-in of each core.
clang() { $llvm/bin/clang --target=x86_64-linux-gnu -fuse-ld=lld --ld-path=$llvm/bin/ld.lld -Wl,--build-id=none "$@"; }
# static: it runs with no loader
compile() { $rustc/bin/rustc --edition 2024 -Copt-level=1 -Ctarget-feature=+crt-static -Clinker=$cc/bin/host-cc "$@"; }
compile --crate-type lib --crate-name xtensa_config $src/lib.rs
compile --extern xtensa_config=libxtensa_config.rlib $src/main.rs -o generator

mkdir -p $out/lib
for core in $cores/*.core; do
  name=$(basename $core .core)
  ./generator $core $isa $name.c
  clang -shared -fPIC -O1 -Wall -Werror -nostdlib $name.c -o $out/lib/$name.so
done
