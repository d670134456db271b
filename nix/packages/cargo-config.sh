# Builder of cargo-config: what cargo needs to know of the toolchain, and the toolchain's cargo.
mkdir -p $out/bin
ln -s $rustc/bin/cargo $out/bin/cargo
target=xtensa-esp32-none-elf
cat >$out/config.toml <<TOML
# lto: one module of all crates, of which the linker makes code
[build]
target = "$target"
rustc = "$rustc/lib/rustlib/$target/bin/rustc"

[profile.release]
lto = "fat"

[target.$target]
linker = "$ld/bin/xtensa-ld"
rustflags = ["--sysroot=$std", "-Clinker-plugin-lto", "-Clink-arg=--no-warn-rwx-segments"]

[target.x86_64-unknown-linux-gnu]
linker = "$cc/bin/host-cc"
TOML
