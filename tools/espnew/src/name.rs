//! Names that are good for a crate of Cargo's, a module and a target of Bazel's, and an application's descriptor.

use crate::error::Error;

/// What the application's descriptor has room for: `esp_app_desc_t.project_name` is 32 bytes with a NUL (ESP-IDF, esp_app_desc.h).
const MAX_LEN_BYTES: usize = 31;

/// Rust's keywords, and crates of its own, which Cargo refuses as names of packages.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Refuses a name that not all of them take.
pub fn check(name: &str) -> Result<(), Error> {
    let refuse = |why: &str| {
        Err(Error::Name {
            name: name.to_owned(),
            why: why.to_owned(),
        })
    };
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_inner) {
        return refuse(
            "it has to be lower-case letters, digits, '_' and '-', and to start with a letter",
        );
    }
    if name.ends_with(['_', '-']) {
        return refuse("it has to end with a letter or a digit");
    }
    if name.len() > MAX_LEN_BYTES {
        return refuse(
            "it has more than 31 characters, which is what an application's descriptor has room for",
        );
    }
    if TAKEN.contains(&name) {
        return refuse("Rust uses the word itself");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names() {
        for name in [
            "blinky",
            "my_firmware",
            "my-firmware2",
            "a",
            &"x".repeat(31),
        ] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn each_reason_is_said() {
        for (name, why) in [
            ("", "start with a letter"),
            ("2nd", "start with a letter"),
            ("My", "lower-case"),
            ("a b", "lower-case"),
            ("ärger", "start with a letter"),
            ("a_", "end with a letter"),
            ("match", "Rust uses"),
            (&"x".repeat(32), "more than 31"),
        ] {
            let error = check(name).expect_err(name).to_string();
            assert!(error.contains(why), "{name}: {error}");
            assert!(error.contains("--name"), "{name}: {error}");
        }
    }
}
