fn main() {
    println!(
        "cargo::rustc-env=UNIT=degrees of {}",
        std::env::var("CARGO_PKG_NAME").unwrap()
    );
    println!("cargo::rustc-check-cfg=cfg(measured)");
    println!("cargo::rustc-cfg=measured");
}
