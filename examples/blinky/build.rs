fn main() {
    // esp-hal's linker script, for cargo; Bazel finds it without being told.
    println!("cargo:rustc-link-arg=-Tlinkall.x");
}
