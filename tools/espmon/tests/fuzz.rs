//! Consoles, configurations and ELF files, of which any may come. The environment variable ESPMON_ELF names the ELF file of
//! `//firmware/tests:panic`.

#[path = "../../fuzz.rs"]
mod fuzz;

use std::fs;

use espmon::config::Config;
use espmon::console::{Console, Options, Sequences};
use espmon::decode::{Program, decode};
use espmon::filter::Filter;
use espmon::style::Styles;
use proptest::prelude::*;
use regex::Regex;

const CONSOLE: &[&str] = &[
    "I (1) app: ",
    "E (",
    ") ",
    "W wifi: ",
    "wifi:",
    "\r",
    "\n",
    "\r\n",
    "\x1B[0;32m",
    "\x1B[0m",
    "\x1B[",
    "\x1B]0;",
    "\x1B",
    "Backtrace:",
    "0x400d1de5",
    "0x3ffb4f00",
    ":",
    "0x",
    "PC      : ",
    "A0=",
    "A0      : 0x800d139a",
    "Guru Meditation",
    "ELF file SHA256: ",
    "0000",
    "heartbeat: 08011002",
    "\u{fc}\u{1F980}",
    "\u{e9}",
    "\t",
    " ",
    "--- ",
];
const CONFIG: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "null",
    "\"elf\"",
    "\"baud\"",
    "\"port\"",
    "\"messages\"",
    "\"descriptor_sets\"",
    "0",
    "115200",
    "-1",
    "1e400",
    "\"a.bin\"",
];

fn elf() -> Vec<u8> {
    let path = std::env::var("ESPMON_ELF").expect("set ESPMON_ELF as the top of this file says");
    fs::read(path).expect("an ELF file")
}

/// What is shown of a console, and the notes.
fn show(parts: &[&[u8]], sequences: Sequences) -> (Vec<u8>, Vec<u8>) {
    let (mut screen, mut notes) = (Vec::new(), Vec::new());
    let options = Options {
        styles: Styles::coloured(),
        sequences,
        filter: "app:W wifi *:D".parse().expect("a filter"),
        until: Some(Regex::new("never{3}$").expect("a pattern")),
        ..Options::default()
    };
    let mut console = Console::new(&mut screen, &mut notes, options);
    for part in parts {
        assert!(!console.push(part).expect("memory takes all"));
    }
    console.finish().expect("memory takes all");
    drop(console);
    (screen, notes)
}

#[test]
fn consoles_are_shown_alike_in_parts_of_any_size() {
    let kind = prop::sample::select(vec![Sequences::All, Sequences::NoColours, Sequences::None]);
    fuzz::fuzz(
        (fuzz::text(CONSOLE), any::<prop::sample::Index>(), kind),
        |(bytes, at, kind)| {
            let (whole, notes) = show(&[&bytes], kind);
            assert!(whole.len() < 16 * bytes.len() + 256, "{}", whole.len());
            let (start, end) = bytes.split_at(at.index(bytes.len() + 1));
            let (parts, notes_of_parts) = show(&[start, end], kind);
            // Notes stand where the parts end.
            assert!(parts == whole || notes != notes_of_parts || !notes.is_empty());
        },
    );
}

#[test]
fn frames_are_decoded_as_often_as_they_are_printed() {
    let program = {
        let path =
            std::env::var("ESPMON_ELF").expect("set ESPMON_ELF as the top of this file says");
        Program::read(path.as_ref()).expect("a program")
    };
    fuzz::fuzz(fuzz::text(CONSOLE), |bytes| {
        let line = String::from_utf8_lossy(&bytes);
        let decoded = decode(Some(&program), Some(&program), &line);
        let times: usize = decoded.iter().map(|decoded| decoded.times).sum();
        assert!(times * "0x400d1de5".len() <= line.len());
        assert!(decoded.iter().all(|decoded| !decoded.frames.is_empty()));
    });
}

#[test]
fn configurations_and_filters() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("monitor.json");
    fuzz::fuzz(fuzz::text(CONFIG), |bytes| {
        fs::write(&path, &bytes).expect("a file");
        if let Err(error) = Config::read(&path, &[]) {
            assert!(error.to_string().contains("monitor.json"));
        }
        let _ = String::from_utf8_lossy(&bytes).parse::<Filter>();
    });
}

#[test]
fn elf_files() {
    let elf = elf();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.elf");
    // Half of the changes are in the headers, which lie at the start and at the end.
    let strategy = (fuzz::changes(&["\0\0\0\0", "\u{7F}\u{7F}"]), any::<bool>());
    fuzz::fuzz(strategy, |(changes, in_headers)| {
        let bytes = if in_headers {
            let (start, rest) = elf.split_at(52 + 32 * 8);
            let (middle, end) = rest.split_at(rest.len() - 40 * 40);
            let end = fuzz::apply(end.to_vec(), &changes);
            [&fuzz::apply(start.to_vec(), &changes), middle, &end].concat()
        } else {
            fuzz::apply(elf.clone(), &changes)
        };
        fs::write(&path, bytes).expect("a file");
        match Program::read(&path) {
            Ok(program) => {
                for address in [0x400D_1570, 0x4008_0404, 0x4000_0000, 0] {
                    program.frames(address);
                }
            }
            Err(error) => assert!(error.to_string().contains("program.elf")),
        }
    });
}
