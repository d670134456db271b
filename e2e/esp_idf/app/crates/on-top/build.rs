//! What `embuild::espidf::sysenv::output()` does.
fn main() {
    for cfg in std::env::var("DEP_ESP_IDF_EMBUILD_CFG_ARGS")
        .unwrap()
        .split(':')
    {
        println!("cargo:rustc-cfg={cfg}");
    }
}
