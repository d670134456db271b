//! For `cargo build`; Bazel finds esp-hal's linker script by itself.

fn main() {
    println!("cargo::rustc-link-arg=-Tlinkall.x");
}
