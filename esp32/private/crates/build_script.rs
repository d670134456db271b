//! Runs the build script of a crate, and says what it says in the older form, `cargo:KEY=VALUE`, the only one that rules_rust 0.54 knows.
//!
//! The program to run is RULES_ESP32_BUILD_SCRIPT. The two forms: "Build Scripts" in The Cargo Book, "Outputs of the Build Script".

use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};

/// A line of a build script's output, as rules_rust is to have it: none where nothing comes of it; an error that the script reports.
fn translate(line: &str) -> Result<Option<String>, &str> {
    let Some((key, value)) = line
        .strip_prefix("cargo::")
        .and_then(|said| said.split_once('='))
    else {
        return Ok(Some(line.to_owned()));
    };
    match key {
        "error" => Err(value),
        "metadata" => Ok(Some(format!("cargo:{value}"))),
        // rules_rust would take it for metadata
        "rustc-check-cfg" => Ok(None),
        _ => Ok(Some(format!("cargo:{key}={value}"))),
    }
}

fn main() -> ExitCode {
    let program =
        std::env::var("RULES_ESP32_BUILD_SCRIPT").expect("RULES_ESP32_BUILD_SCRIPT is set");
    let mut script = Command::new(&program)
        .env_remove("RULES_ESP32_BUILD_SCRIPT")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut said = Vec::new();
    let read = script
        .stdout
        .take()
        .map(|mut output| output.read_to_end(&mut said));
    let status = script.wait().expect("a program that was started ends");
    if let Some(Err(error)) = read {
        panic!("{program}: {error}");
    }
    let mut failed = !status.success();
    let mut output = std::io::stdout().lock();
    for line in String::from_utf8_lossy(&said).lines() {
        match translate(line) {
            Ok(Some(line)) => writeln!(output, "{line}").expect("rules_rust reads it"),
            Ok(None) => {}
            Err(error) => {
                failed = true;
                eprintln!("error: {error}");
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        for (line, said) in [
            (
                "cargo::rustc-env=DATE=1970-01-01",
                Some("cargo:rustc-env=DATE=1970-01-01"),
            ),
            (
                "cargo::rustc-link-arg=-Tlinkall.x",
                Some("cargo:rustc-link-arg=-Tlinkall.x"),
            ),
            ("cargo::metadata=root=/x=y", Some("cargo:root=/x=y")),
            ("cargo::rustc-check-cfg=cfg(esp32)", None),
            ("cargo:rustc-cfg=esp32", Some("cargo:rustc-cfg=esp32")),
            ("cargo:root=cargo::x=y", Some("cargo:root=cargo::x=y")),
            ("anything else", Some("anything else")),
            ("cargo::no value", Some("cargo::no value")),
        ] {
            assert_eq!(translate(line), Ok(said.map(str::to_owned)), "{line}");
        }
    }

    #[test]
    fn errors() {
        assert_eq!(
            translate("cargo::error=no chip = no luck"),
            Err("no chip = no luck")
        );
    }
}
