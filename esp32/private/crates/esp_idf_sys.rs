//! What stands in for the build script of esp-idf-sys, which would download and build ESP-IDF: it says of the ESP-IDF that Bazel builds what
//! the other would say of its own.
//!
//! RULES_ESP32_CFGS names a file with a `cfg` a line; RULES_ESP32_BINDINGS what bindgen made of the crate's bindings.h.

use std::path::Path;
use std::process::ExitCode;

/// Gives the constants ESP_OK, ESP_FAIL and ESP_ERR_... the type of `esp_err_t`, as esp-idf-sys's build script has bindgen do it (its
/// BindgenCallbacks).
fn errors_as_i32(bindings: &str) -> String {
    let mut text = String::with_capacity(bindings.len());
    let mut rest = bindings;
    while let Some(at) = rest.find("pub const ESP_") {
        let (before, found) = rest.split_at(at + "pub const ESP_".len());
        text.push_str(before);
        rest = found;
        let Some((name, typed)) = found.split_once(':') else {
            break;
        };
        let name = name.trim_end();
        let is_error = name == "OK" || name == "FAIL" || name.starts_with("ERR_");
        if is_error && let Some(value) = typed.trim_start().strip_prefix("u32") {
            text.push_str(name);
            text.push_str(": i32");
            rest = value;
        }
    }
    text + rest
}

/// The lines that cargo reads: `cfg`s, for this crate and for those on top of it, which embuild hands on; and where the bindings are.
fn said(cfgs: &str, bindings: &Path) -> String {
    let cfgs: Vec<_> = cfgs.lines().filter(|line| !line.is_empty()).collect();
    let mut lines: Vec<_> = cfgs
        .iter()
        .map(|cfg| format!("cargo:rustc-cfg={cfg}"))
        .collect();
    lines.push(format!("cargo:EMBUILD_CFG_ARGS={}", cfgs.join(":")));
    lines.push(format!(
        "cargo:rustc-env=EMBUILD_GENERATED_BINDINGS_FILE={}",
        bindings.display()
    ));
    lines.join("\n")
}

fn read(variable: &str) -> Result<String, String> {
    let path = std::env::var(variable).map_err(|error| format!("{variable}: {error}"))?;
    std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
}

fn run() -> Result<(), String> {
    let cfgs = read("RULES_ESP32_CFGS")?;
    let bindings = errors_as_i32(&read("RULES_ESP32_BINDINGS")?);
    let out_dir = std::env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    let path = Path::new(&out_dir).join("bindings.rs");
    std::fs::write(&path, bindings).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", said(&cfgs, &path));
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: esp-idf-sys: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_type_of_esp_err_t() {
        for (bindings, expected) in [
            ("pub const ESP_OK: u32 = 0;", "pub const ESP_OK: i32 = 0;"),
            (
                "pub const A : u32 = 1 ; pub const ESP_ERR_NO_MEM : u32 = 257 ; pub const ESP_X: u32 = 2;",
                "pub const A : u32 = 1 ; pub const ESP_ERR_NO_MEM: i32 = 257 ; pub const ESP_X: u32 = 2;",
            ),
            (
                "pub const ESP_FAIL: i32 = -1;",
                "pub const ESP_FAIL: i32 = -1;",
            ),
            (
                "pub const ESP_ERR_TEXT: &[u8; 2] = b\"x\\0\";",
                "pub const ESP_ERR_TEXT: &[u8; 2] = b\"x\\0\";",
            ),
            ("pub const ESP_", "pub const ESP_"),
        ] {
            assert_eq!(errors_as_i32(bindings), expected, "{bindings}");
        }
    }

    #[test]
    fn cfgs_are_handed_on() {
        assert_eq!(
            said(
                "esp32\nesp_idf_version=\"5.5\"\n",
                Path::new("/out/bindings.rs")
            ),
            "cargo:rustc-cfg=esp32\n\
             cargo:rustc-cfg=esp_idf_version=\"5.5\"\n\
             cargo:EMBUILD_CFG_ARGS=esp32:esp_idf_version=\"5.5\"\n\
             cargo:rustc-env=EMBUILD_GENERATED_BINDINGS_FILE=/out/bindings.rs"
        );
    }
}
