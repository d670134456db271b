//! What is at the addresses that a program prints: functions, files and lines.

use std::sync::LazyLock;

pub use espsym::{Frame, Location, Program};
use regex::Regex;

use crate::log_line::LogLine;

/// An address in a line of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The register that holds it, in a register dump.
    pub register: Option<String>,
    /// The address as it is printed.
    pub address: u32,
    /// How often it is printed in a row.
    pub times: usize,
    /// The function, and the functions that it is inlined in, innermost first. Never empty.
    pub frames: Vec<Frame>,
}

/// Whether a line says that the device runs the program that was made from another ELF file than `program`.
pub fn is_other(program: &Program, line: &str) -> bool {
    elf_sha256(line).is_some_and(|printed| !program.sha256().starts_with(&printed))
}

/// The code addresses in a line of the console, in order: of the application, and else of the chip's ROM.
///
/// The panic handlers of ESP-IDF and of this firmware print backtraces whose return addresses are already those of the calls,
/// so they are taken as they are. The register A0 of a register dump is a return address with the size of the call's register
/// window in its two upper bits.
pub fn decode(application: Option<&Program>, rom: Option<&Program>, line: &str) -> Vec<Decoded> {
    let has = |program: Option<&Program>, address| program.is_some_and(|p| p.is_code(address));
    let mut decoded: Vec<Decoded> = Vec::new();
    for printed in printed_addresses(line) {
        let in_application = has(application, printed.points_to);
        if !in_application && !has(rom, printed.points_to) {
            continue;
        }
        if let Some(last) = decoded.last_mut()
            && last.address == printed.address
        {
            last.times += 1;
            continue;
        }
        let program = if in_application { application } else { rom };
        let mut frames = program.map_or_else(Vec::new, |p| p.frames(printed.points_to));
        if !in_application && let Some(outermost) = frames.last_mut() {
            outermost.function += " in ROM";
        }
        if !frames.is_empty() {
            decoded.push(Decoded {
                register: printed.register.map(str::to_owned),
                address: printed.address,
                times: 1,
                frames,
            });
        }
    }
    decoded
}

/// The start of the ELF file's SHA-256 in lower-case digits, in a line that says it. Zeros say that it is not known.
fn elf_sha256(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ELF file SHA256:")?;
    let digits = rest.trim_start();
    let end = digits
        .find(|character: char| !character.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    let digits = &digits[..end];
    digits
        .bytes()
        .any(|digit| digit != b'0')
        .then(|| digits.to_ascii_lowercase())
}

/// A number in a line that may be an address.
#[derive(Debug, PartialEq, Eq)]
struct PrintedAddress<'a> {
    register: Option<&'a str>,
    address: u32,
    points_to: u32,
}

fn printed_addresses(line: &str) -> Vec<PrintedAddress<'_>> {
    /// Eight digits, and what a register dump of ESP-IDF (`A0      : 0x`) or of Rust's esp-backtrace (`A0=0x`) has before them.
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:([A-Z][A-Z0-9]*) *[:=] *)?0[xX]([0-9a-fA-F]{8})").expect("a pattern")
    });
    if is_about_loading(line) {
        return Vec::new();
    }
    let numbers = NUMBER.captures_iter(line).filter_map(|number| {
        if !ends_number(&line[number.get_match().end()..]) {
            return None;
        }
        let register = number.get(1).map(|name| name.as_str());
        let address = u32::from_str_radix(&number[2], 16).ok()?;
        let points_to = match register {
            Some("A0") => call_address(address),
            _ => address,
        };
        Some(PrintedAddress {
            register,
            address,
            points_to,
        })
    });
    numbers.collect()
}

/// Whether a number of eight digits ends where `rest` begins. Panic handlers glue numbers together (ESP-IDF before 5.0), and a
/// panic in a panic glues its words to them: `0x400d3c9aGuru Meditation`, `0x400d3c9aBacktrace`.
fn ends_number(rest: &str) -> bool {
    let next = rest.trim_start_matches(|character: char| character.is_ascii_hexdigit());
    let digits = &rest[..rest.len() - next.len()];
    let begins_word = next.starts_with(|character: char| character.is_ascii_alphabetic())
        && digits.bytes().all(|digit| digit.is_ascii_alphabetic());
    digits.is_empty() || (digits == "0" && next.starts_with(['x', 'X'])) || begins_word
}

/// Lines of ROM and boot loader about where they load the boot loader and the application to: nothing runs there yet.
fn is_about_loading(line: &str) -> bool {
    line.starts_with("load:0x")
        || line.starts_with("entry 0x")
        || LogLine::parse(line).is_some_and(|line| matches!(line.tag, "boot" | "esp_image"))
}

/// Where the call is that returns to `address`: the two upper bits are the call's window increment (Xtensa ISA Reference
/// Manual, "Windowed Register Option"), and all calls are three bytes long.
fn call_address(address: u32) -> u32 {
    ((address & 0x3FFF_FFFF) | 0x4000_0000).wrapping_sub(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(line: &str) -> Vec<(Option<&str>, u32)> {
        printed_addresses(line)
            .into_iter()
            .map(|printed| (printed.register, printed.points_to))
            .collect()
    }

    #[test]
    fn backtraces_hold_program_counters_and_stack_pointers() {
        let line = "Backtrace: 0x400d1de5:0x3ffb3f90 0x400d1397:0x3ffb3fb0 |<-CORRUPTED";
        let expected = [0x400D_1DE5, 0x3FFB_3F90, 0x400D_1397, 0x3FFB_3FB0];
        assert_eq!(addresses(line), expected.map(|address| (None, address)));
    }

    #[test]
    fn return_addresses_are_corrected() {
        let line = "PC      : 0x400d1de5  PS      : 0x00060530  A0      : 0x800d139a  A1      : 0x3ffb3f90";
        let expected = [
            (Some("PC"), 0x400D_1DE5),
            (Some("PS"), 0x0006_0530),
            (Some("A0"), 0x400D_1397),
            (Some("A1"), 0x3FFB_3F90),
        ];
        assert_eq!(addresses(line), expected);
        assert_eq!(call_address(0xC00D_139A), 0x400D_1397);
        assert_eq!(call_address(0x400D_139A), 0x400D_1397);
        assert_eq!(
            addresses("A10     : 0x800d139a"),
            [(Some("A10"), 0x800D_139A)]
        );
    }

    #[test]
    fn what_is_glued_to_an_address_does_not_hide_it() {
        assert_eq!(
            addresses("Backtrace:0x400d1de5:0x3ffb4f000x400876b9:0x3ffb4f20"),
            [0x400D_1DE5, 0x3FFB_4F00, 0x4008_76B9, 0x3FFB_4F20].map(|address| (None, address))
        );
        for word in [
            "Guru Meditation",
            "Backtrace:",
            "abort()",
            "assert failed",
            "Debug exception",
            "ELF file",
            "Core  0",
            "Rebooting...",
            "\u{fc}",
            "|<-CORRUPTED",
        ] {
            assert_eq!(
                addresses(&format!("PC : 0x400d3c9a{word}")),
                [(Some("PC"), 0x400D_3C9A)],
                "{word}"
            );
        }
        for front in ["x", "_", "7", "f", "0x"] {
            let line = format!("{front}0x400d3c9a");
            assert_eq!(addresses(&line), [(None, 0x400D_3C9A)], "{line}");
        }
        assert_eq!(
            addresses("aPC: 0X400D3C9A"),
            [(Some("PC"), 0x400D_3C9A)],
            "a register behind a letter"
        );
    }

    #[test]
    fn registers_of_rust() {
        let line = "PC=0x400d1de5       PS=0x00060530       A0=0x800d139a       A1=0x3ffb3f90";
        let expected = [
            (Some("PC"), 0x400D_1DE5),
            (Some("PS"), 0x0006_0530),
            (Some("A0"), 0x400D_1397),
            (Some("A1"), 0x3FFB_3F90),
        ];
        assert_eq!(addresses(line), expected);
    }

    #[test]
    fn only_whole_numbers_are_addresses() {
        let line =
            "abort() was called at PC 0x400D1DE5 on core 0, 0x400d1de55, 0x400d1de, 400d1de5";
        assert_eq!(addresses(line), [(None, 0x400D_1DE5)]);
        assert_eq!(
            addresses("0x400d1de500x400876b9"),
            [(None, 0x4008_76B9)],
            "nine digits, then eight"
        );
        assert_eq!(
            addresses("Saved PC:0x40080404"),
            [(Some("PC"), 0x4008_0404)]
        );
    }

    #[test]
    fn lines_about_loading_are_left_alone() {
        for line in [
            "load:0x40080400,len:3328",
            "entry 0x400805f0",
            "I (58) esp_image: segment 1: paddr=0x00010020 vaddr=0x400d0020 size=0x018a8",
        ] {
            assert_eq!(addresses(line), []);
        }
    }

    #[test]
    fn hashes_of_elf_files() {
        let sha256 = |line| elf_sha256(line).unwrap();
        assert_eq!(sha256("ELF file SHA256: 4078043ff"), "4078043ff");
        assert_eq!(sha256("ELF file SHA256: 4078043FF"), "4078043ff");
        assert_eq!(
            sha256("I (97) cpu_start: ELF file SHA256:  4078043ff..."),
            "4078043ff"
        );
        assert_eq!(elf_sha256("ELF file SHA256: 0000000000000000"), None);
        assert_eq!(elf_sha256("ELF file SHA256: "), None);
        assert_eq!(elf_sha256("SHA256: 4078043ff"), None);
    }
}
