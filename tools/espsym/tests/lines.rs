//! Lines and functions of the firmware in this repository: Rust, C and assembly. ESPSYM_ELF names it.

use std::path::PathBuf;

use espsym::lines::{Source, Sources};

fn sources() -> Sources {
    let path = std::env::var_os("ESPSYM_ELF").expect("ESPSYM_ELF names an ELF file");
    Sources::read(&PathBuf::from(path)).unwrap()
}

fn source<'a>(sources: &'a Sources, name: &str) -> &'a Source {
    let names: Vec<_> = sources.files.keys().collect();
    sources
        .files
        .get(name)
        .unwrap_or_else(|| panic!("{name} is not among {names:?}"))
}

#[test]
fn sources_of_all_languages_have_lines() {
    let sources = sources();
    for name in [
        "firmware/main.rs",
        "firmware/app/heartbeat.rs",
        "firmware/components/driver/gpio.c",
        "firmware/components/xtensa/vectors.S",
    ] {
        let lines = &source(&sources, name).lines;
        assert!(lines.len() > 3, "{name}: {lines:?}");
        for (line, ranges) in lines {
            assert!(*line > 0 && !ranges.is_empty(), "{name}:{line}");
            for range in ranges {
                assert!(range.start >= 0x4008_0000, "{name}:{line}: {range:x?}");
                assert!(range.start <= range.end, "{name}:{line}: {range:x?}");
            }
        }
    }
}

#[test]
fn functions_are_where_they_are_declared() {
    let sources = sources();
    let text = include_str!("../../../firmware/components/driver/gpio.c");
    let functions = &source(&sources, "firmware/components/driver/gpio.c").functions;
    let function = &functions["gpio_set_level"];
    let line = text.lines().nth(function.line as usize - 1).unwrap();
    assert!(line.contains("gpio_set_level("), "{line}");
    assert_eq!(function.places.len(), 1);
    assert_eq!(function.places[0].entry, function.places[0].ranges[0].start);

    // Rust's declarations are not in the debug information: the first line that has code is known.
    let text = include_str!("../../../firmware/main.rs");
    let declared = text.lines().position(|line| line.contains("fn app_main("));
    let functions = &source(&sources, "firmware/main.rs").functions;
    let lines = functions["app_main"].line as usize - 1 - declared.unwrap();
    assert!(lines <= 2, "{lines} lines behind its declaration");
}
