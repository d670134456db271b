//! A ROM from an ELF file: executed from the reset vector on, or refused.

use std::path::PathBuf;
use std::sync::Arc;

use espsim::clock::MICROSECOND;
use espsim::flash::Flash;
use espsim::machine::{Event, Machine, MachineOptions};
use espsim::rom::RomImage;

const XTENSA: u16 = 94;
const RESET_VECTOR: u32 = 0x4000_0400;

/// An ELF file for `machine` with `segments`: addresses and content.
fn elf(machine: u16, segments: &[(u32, &[u8])]) -> Vec<u8> {
    let mut file = b"\x7FELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let mut half = |value: u16| file.extend(value.to_le_bytes());
    half(2);
    half(machine);
    let headers = 52 + 32 * segments.len() as u32;
    for word in [1, RESET_VECTOR, 52, 0, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [52, 32, segments.len() as u16, 40, 0, 0] {
        file.extend(u16::to_le_bytes(half));
    }
    let mut at = headers;
    for (address, content) in segments {
        let len = content.len() as u32;
        for word in [1, at, *address, *address, len, len, 5, 4] {
            file.extend(u32::to_le_bytes(word));
        }
        at += len;
    }
    for (_, content) in segments {
        file.extend(*content);
    }
    file
}

fn write(name: &str, content: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("espsim-{name}-{}.elf", std::process::id()));
    std::fs::write(&path, content).expect("a file");
    path
}

#[test]
fn it_is_executed_from_the_reset_vector_on() {
    // l32r a2, 0x40000000; l32r a4, 0x40000004; l32i a3, a4, 0; s32i a3, a2, 0; j .
    let code = [
        0x21, 0x00, 0xFF, 0x41, 0x00, 0xFF, 0x32, 0x24, 0x00, 0x32, 0x62, 0x00, 0x06, 0xFF, 0xFF,
    ];
    let literals = [0x3FF4_0000_u32.to_le_bytes(), 0x3FF9_0010_u32.to_le_bytes()].concat();
    let file = elf(
        XTENSA,
        &[
            (0x4000_0000, &literals),
            (RESET_VECTOR, &code),
            (0x3FF9_0010, b"R..."),
            (0x3FFE_0000, b"in RAM, which is not the ROM"),
        ],
    );
    let path = write("rom", &file);
    let rom = RomImage::read(&path).expect("a ROM");
    std::fs::remove_file(path).ok();
    let options = MachineOptions {
        rom: Some(Arc::new(rom)),
        ..MachineOptions::default()
    };
    let mut machine = Machine::new(&options, Flash::new(1 << 20));
    assert_eq!(
        machine.run(100_000 * MICROSECOND),
        Event::Sent {
            uart: 0,
            bytes: b"R".to_vec()
        }
    );
    assert_eq!(machine.cpu(0).pc, RESET_VECTOR + 12);
    assert_eq!(
        machine.read_word(0x3FF9_0010),
        Some(u32::from_le_bytes(*b"R..."))
    );
}

#[test]
fn what_is_no_rom_is_refused_with_a_reason() {
    let code = [0; 16];
    let behind = vec![0; 0x1_0001];
    for (name, file, problem) in [
        ("text", b"no ELF file".to_vec(), "is no 32-bit ELF file"),
        (
            "machine",
            elf(243, &[(RESET_VECTOR, &code)]),
            "is an ELF file for machine 243",
        ),
        (
            "empty",
            elf(XTENSA, &[(0x4008_0000, &code)]),
            "has nothing at the reset vector 0x40000400",
        ),
        (
            "long",
            elf(XTENSA, &[(0x3FF9_0000, &behind)]),
            "has 65537 bytes for 0x3ff90000, which is behind the ROM's end",
        ),
    ] {
        let path = write(name, &file);
        let error = RomImage::read(&path).expect_err("no ROM");
        std::fs::remove_file(&path).ok();
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
        assert!(text.contains(problem), "{text}");
        assert_eq!(error.code(), "espsim::rom");
    }
    let error = RomImage::read(&PathBuf::from("/nonexistent")).expect_err("no file");
    assert_eq!(error.code(), "espsim::read");
}
