//! Command lines as esptool's users type them.

use std::ffi::OsString;

/// An argument with hyphens in the name of its option: `--no_stub` is `--no-stub`, since esptool 4 has underscores.
pub fn hyphenated(argument: OsString) -> OsString {
    let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else {
        return argument;
    };
    match text.split_once('=') {
        Some((name, value)) => format!("{}={value}", name.replace('_', "-")).into(),
        None => text.replace('_', "-").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_options_have_hyphens() {
        for (typed, meant) in [
            ("--no_stub", "--no-stub"),
            ("--before=default_reset", "--before=default_reset"),
            ("--flash_x=a_b", "--flash-x=a_b"),
            ("default_reset", "default_reset"),
            ("-a_b", "-a_b"),
            ("--", "--"),
        ] {
            assert_eq!(hyphenated(typed.into()), meant);
        }
    }
}
