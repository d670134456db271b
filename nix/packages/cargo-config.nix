# For cargo without Bazel: `cargo build --config $(nix-build nix -A cargo-config)/config.toml` in a project as esp-generate makes it.
{ run, host-cc, rustc-xtensa, rust-std-xtensa, xtensa-ld }:
run "cargo-config" ./cargo-config.sh { cc = host-cc; rustc = rustc-xtensa; std = rust-std-xtensa; ld = xtensa-ld; }
