//! `espimage convert`.

use espimage::app_desc::Text;
use espimage::chip::Chip;
use espimage::convert::{ChipRevision, ConvertOptions, convert};
use espimage::flash::{FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espimage::image::Image;
use sha2::{Digest, Sha256};

use crate::common::{DRAM, Elf, FLASH_CODE, FLASH_DATA, Folder, IRAM, Outcome, Section, pattern};

const CONVERT: &str = "convert --elf @app.elf --output @app.bin";

fn run_convert(elf: &[u8], more: &str) -> (Folder, Outcome) {
    let folder = Folder::new();
    folder.write("app.elf", elf);
    let outcome = folder.run(&format!("{CONVERT} {more}"));
    (folder, outcome)
}

fn converted(elf: &[u8], more: &str) -> Vec<u8> {
    let (folder, outcome) = run_convert(elf, more);
    outcome.ok();
    folder.read("app.bin")
}

/// Expects that the ELF file is refused and that nothing is written.
#[track_caller]
fn refused(elf: &[u8], code: &str, parts: &[&str]) {
    let (folder, outcome) = run_convert(elf, "");
    outcome.refused(code, &[&["app.elf: "], parts].concat());
    assert_eq!(folder.names(), ["app.elf"]);
}

#[test]
fn header_says_what_the_flags_say() {
    let flags = "--flash-mode dout --flash-freq 80m --flash-size 8MB --min-chip-rev 1.2 --max-chip-rev 3.99";
    let bytes = converted(&Elf::app().build(), flags);
    let header = Image::parse(&bytes, 0).unwrap().header;
    assert_eq!(header.flash, [3, 0x3F]);
    assert_eq!(header.entry, IRAM + 0x404);
    assert_eq!(header.wp_pin, 0xEE);
    assert_eq!(header.chip_id, 0);
    assert_eq!(
        (
            header.min_chip_rev_legacy,
            header.min_chip_rev,
            header.max_chip_rev
        ),
        (1, 102, 399)
    );
    assert!(header.hash_appended);
    assert_eq!(bytes[19..23], [0; 4]);
}

#[test]
fn memory_is_what_the_program_has() {
    let elf = Elf::app();
    let bytes = converted(&elf.build(), "");
    let image = Image::parse(&bytes, 0x1_0000).unwrap();
    let byte_at = |address: u32| {
        let segment = image
            .memory()
            .find(|s| (u64::from(s.address)..s.end()).contains(&address.into()))
            .unwrap_or_else(|| panic!("nothing at {address:#x}"));
        segment.data[(address - segment.address) as usize]
    };
    for (start, data) in elf.memory() {
        for (address, expected) in (start..).zip(data) {
            let in_sha256 = (FLASH_DATA + 144..FLASH_DATA + 176).contains(&address);
            assert!(in_sha256 || byte_at(address) == expected, "{address:#x}");
        }
    }
    let loaded: usize = image.memory().map(|segment| segment.data.len()).sum();
    let wanted: usize = elf.memory().iter().map(|(_, data)| data.len()).sum();
    assert!(loaded < wanted + 0x40, "{loaded} bytes for {wanted}");
}

#[test]
fn descriptor_is_filled_in() {
    let elf = Elf::app().build();
    let bytes = converted(&elf, "--project-name blinky --project-version 2.0-rc1");
    let descriptor = &bytes[0x20..0x120];
    assert_eq!(descriptor[4..8], [7, 0, 0, 0], "secure version stays");
    assert_eq!(descriptor[16..24], *b"2.0-rc1\0");
    assert_eq!(descriptor[48..55], *b"blinky\0");
    assert_eq!(descriptor[80..112], [0; 32], "no time, no date");
    assert_eq!(descriptor[112..116], *b"v5.5");
    assert_eq!(bytes[0xB0..0xD0], Sha256::digest(&elf)[..]);
}

#[test]
fn descriptor_keeps_names_that_no_flag_sets() {
    let bytes = converted(&Elf::app().build(), "");
    assert_eq!(bytes[0x30..0x34], *b"1.2\0");
    assert_eq!(bytes[0x50..0x54], *b"app\0");
}

#[test]
fn defaults_are_for_descriptors_without_names() {
    let defaults = "--default-project-name other --default-project-version 9";
    let bytes = converted(&Elf::app().build(), defaults);
    assert_eq!(bytes[0x30..0x34], *b"1.2\0");
    assert_eq!(bytes[0x50..0x54], *b"app\0");

    let mut elf = Elf::app().build();
    let named = elf.windows(4).position(|bytes| bytes == b"1.2\0").unwrap();
    elf[named..named + 64].fill(0);
    let bytes = converted(&elf, defaults);
    assert_eq!(bytes[0x30..0x32], *b"9\0");
    assert_eq!(bytes[0x50..0x56], *b"other\0");
}

#[test]
fn same_input_gives_same_bytes() {
    let elf = Elf::app().build();
    assert_eq!(converted(&elf, ""), converted(&elf, ""));
}

#[test]
fn project_name_of_31_bytes_fits_and_of_32_does_not() {
    let elf = Elf::app().build();
    let name = "n".repeat(31);
    let bytes = converted(&elf, &format!("--project-name {name}"));
    assert_eq!(bytes[0x50..0x70], *format!("{name}\0").as_bytes());
    let (folder, outcome) = run_convert(&elf, &format!("--project-name {name}n"));
    outcome.refused("app_descriptor_text", &["project name", "32 bytes"]);
    assert!(!folder.exists("app.bin"));
    let (_, outcome) = run_convert(&elf, &format!("--project-version {name}n"));
    outcome.refused("app_descriptor_text", &["project version"]);
}

#[test]
fn descriptor_is_found_in_every_way_that_linker_scripts_name_it() {
    let mut elf = Elf::app();
    elf.section(".flash.appdesc").name = ".rodata_desc";
    assert_eq!(
        converted(&elf.build(), "")[0xB0..0xD0],
        Sha256::digest(elf.build())[..]
    );

    let whole = [crate::common::descriptor(), pattern(0x1234, 1)].concat();
    let elf = Elf::app()
        .without(".flash.appdesc")
        .with_data(".flash.rodata", whole)
        .with_address(".flash.rodata", FLASH_DATA);
    assert_eq!(
        converted(&elf.build(), "")[0xB0..0xD0],
        Sha256::digest(elf.build())[..]
    );
}

#[test]
fn constructors_destructors_and_notes_are_loaded() {
    const INIT_ARRAY: u32 = 14;
    const FINI_ARRAY: u32 = 15;
    const NOTE: u32 = 7;
    let at = FLASH_DATA + 0x100 + 0x1234;
    let elf = Elf::app()
        .with(Section::new(".init_array", at, pattern(8, 9)).of_kind(INIT_ARRAY))
        .with(Section::new(".fini_array", at + 8, pattern(8, 10)).of_kind(FINI_ARRAY))
        .with(Section::new(".note", at + 16, pattern(8, 11)).of_kind(NOTE));
    let bytes = converted(&elf.build(), "");
    let data = Image::parse(&bytes, 0).unwrap().segments[0].data;
    let expected = [pattern(8, 9), pattern(8, 10), pattern(8, 11)].concat();
    assert_eq!(data[0x1334..][..24], expected);
}

#[test]
fn sections_that_occupy_no_memory_are_left_out() {
    let mut debug = Section::new(".debug", 0x3FFB_8000, pattern(0x100, 1));
    debug.flags = 0x30;
    let elf = Elf::app().with(debug);
    let bytes = converted(&elf.build(), "");
    assert!(
        Image::parse(&bytes, 0)
            .unwrap()
            .memory()
            .all(|s| s.address != 0x3FFB_8000)
    );
}

#[test]
fn large_programs_keep_the_64_kb_rule() {
    let elf = Elf::app()
        .with_data(".flash.rodata", pattern(0x2_3456, 1))
        .with_data(".flash.text", pattern(0x3_0007, 2))
        .with_address(".flash.text", 0x400F_0020);
    let bytes = converted(&elf.build(), "");
    let image = Image::parse(&bytes, 0x1_0000).unwrap();
    let mapped: Vec<_> = image
        .segments
        .iter()
        .filter(|s| {
            Chip::Esp32
                .region(s.address)
                .is_some_and(|r| r.kind.is_mapped())
        })
        .collect();
    assert_eq!(mapped.len(), 2);
    for segment in mapped {
        assert_eq!(segment.offset % 0x1_0000, segment.address % 0x1_0000);
    }
}

#[test]
fn code_linked_behind_data_needs_no_padding() {
    let bytes = converted(&Elf::app_in_one_page().build(), "");
    let image = Image::parse(&bytes, 0x1_0000).unwrap();
    assert!(image.segments.iter().all(|segment| !segment.is_padding()));
    let data: usize = image.segments.iter().map(|s| s.data.len() + 8).sum();
    assert!(bytes.len() <= 24 + data + 16 + 32, "{} bytes", bytes.len());
}

#[test]
fn not_an_elf_file() {
    refused(b"MZ\x90\0 this is no ELF file", "elf_magic", &["4d, 5a"]);
    refused(b"", "elf_magic", &["not an ELF file"]);
}

#[test]
fn a_64_bit_elf_file() {
    refused(
        &Elf {
            class: 2,
            ..Elf::app()
        }
        .build(),
        "elf_class",
        &["64-bit"],
    );
}

#[test]
fn a_big_endian_elf_file() {
    refused(
        &Elf {
            endian: 2,
            ..Elf::app()
        }
        .build(),
        "elf_endian",
        &["big-endian"],
    );
}

#[test]
fn an_elf_file_for_another_machine() {
    refused(
        &Elf {
            machine: 243,
            ..Elf::app()
        }
        .build(),
        "elf_machine",
        &["RISC-V", "243"],
    );
}

#[test]
fn an_object_file() {
    refused(
        &Elf {
            kind: 1,
            ..Elf::app()
        }
        .build(),
        "elf_not_linked",
        &["type 1"],
    );
}

#[test]
fn an_elf_file_without_entry() {
    refused(
        &Elf {
            entry: 0,
            ..Elf::app()
        }
        .build(),
        "elf_no_entry",
        &["entry"],
    );
    refused(
        &Elf {
            entry: DRAM,
            ..Elf::app()
        }
        .build(),
        "elf_entry_outside",
        &["0x3ffb0000"],
    );
}

#[test]
fn a_section_outside_of_memory() {
    let elf = Elf::app().with(Section::new(".lost", 0x2000_0000, pattern(16, 1)));
    refused(&elf.build(), "elf_outside", &["0x20000000..0x20000010"]);
    let elf = Elf::app().with_data(".iram0.text", pattern(0x2_A000, 1));
    refused(&elf.build(), "elf_outside", &["0x40080404..0x400aa404"]);
    let elf = Elf::app().with(Section::new(".psram", 0x3F80_0000, pattern(16, 1)));
    refused(&elf.build(), "elf_outside", &["section .psram"]);
}

#[test]
fn a_truncated_elf_file() {
    let elf = Elf::app().build();
    refused(&elf[..40], "elf_truncated", &["file header"]);
    refused(&elf[..100], "elf_truncated", &["program header table"]);
    refused(&elf[..1000], "elf_truncated", &["segment 1"]);
    refused(
        &elf[..elf.len() - 4],
        "elf_truncated",
        &["section header table"],
    );
}

#[test]
fn overlapping_sections() {
    let elf = Elf::app().with_address(".iram0.text", IRAM + 0x200);
    let elf = Elf {
        entry: IRAM + 0x200,
        ..elf
    };
    refused(&elf.build(), "elf_overlap", &["0x40080200", "0x40080404"]);
}

#[test]
fn no_section_headers() {
    let mut elf = Elf::app().build();
    elf[48..52].fill(0);
    refused(&elf, "elf_no_sections", &["no section"]);
}

#[test]
fn a_segment_that_is_loaded_elsewhere() {
    let mut elf = Elf::app().build();
    let paddr = 52 + 2 * 32 + 12;
    elf[paddr..paddr + 4].copy_from_slice(&0x3FFC_0000_u32.to_le_bytes());
    refused(&elf, "elf_load_address", &["0x3ffc0000", "0x3ffb0000"]);
}

#[test]
fn no_application_descriptor() {
    let elf = Elf::app()
        .without(".flash.appdesc")
        .with_address(".flash.rodata", FLASH_DATA);
    refused(
        &elf.build(),
        "app_descriptor_missing",
        &["esp_app_desc", ".rodata_desc"],
    );
    let elf = Elf::app().with_data(".flash.appdesc", vec![0; 256]);
    refused(&elf.build(), "app_descriptor_invalid", &[".flash.appdesc"]);
    let elf = Elf::app()
        .with_address(".flash.rodata", FLASH_DATA)
        .with_address(".flash.appdesc", FLASH_DATA + 0x1234);
    refused(
        &elf.build(),
        "app_descriptor_not_first",
        &[".flash.rodata is"],
    );
    let elf = Elf::app()
        .with_address(".flash.rodata", 0x3F40_0140)
        .with_address(".flash.appdesc", 0x3F40_0040);
    refused(&elf.build(), "app_descriptor_place", &["0x3f400040"]);
}

#[test]
fn nothing_in_flash() {
    let elf = Elf::app().without(".flash.text");
    refused(&elf.build(), "elf_not_mapped", &["flash code"]);
    let elf = Elf::app()
        .without(".flash.rodata")
        .without(".flash.appdesc");
    refused(&elf.build(), "elf_not_mapped", &["flash data"]);
}

#[test]
fn a_gap_in_flash() {
    let elf = Elf::app().with_address(".flash.rodata", FLASH_DATA + 0x110);
    refused(
        &elf.build(),
        "elf_flash_gap",
        &[".flash.rodata", ".flash.appdesc", "0x3f400120"],
    );
    let elf = Elf::app().with(Section::new(".more", FLASH_CODE + 0x5010, pattern(4, 1)));
    refused(&elf.build(), "elf_flash_gap", &[".more", ".flash.text"]);
}

#[test]
fn data_over_the_bootloaders_stack() {
    let elf = Elf::app().with(Section::new(".high", 0x3FFE_0000, pattern(16, 1)));
    refused(&elf.build(), "image_over_bootloader_ram", &["0x3ffe0000"]);
}

#[test]
fn more_segments_than_the_bootloader_takes() {
    let islands =
        (0..16).map(|i| Section::new(".island", DRAM + 0x4000 + 0x100 * i, pattern(16, i as u8)));
    let elf = islands.fold(Elf::app(), Elf::with);
    refused(&elf.build(), "image_segment_count", &["at most 16"]);
}

#[test]
fn chip_revisions_in_the_wrong_order() {
    let (_, outcome) = run_convert(&Elf::app().build(), "--min-chip-rev 3.1 --max-chip-rev 3.0");
    outcome.refused("chip_revision_range", &["301", "300"]);
}

#[test]
fn a_program_larger_than_the_flash() {
    let elf = Elf::app().with_data(".flash.text", pattern(0x10_0000, 1));
    let (folder, outcome) = run_convert(&elf.build(), "--flash-size 1MB");
    outcome.refused("app_over_flash", &["1MB"]);
    assert!(!folder.exists("app.bin"));
}

#[test]
fn every_shortening_of_an_elf_file_is_refused_without_a_panic() {
    let elf = Elf::app().build();
    for len in (0..elf.len()).step_by(97) {
        let (_, outcome) = run_convert(&elf[..len], "");
        assert_eq!(outcome.code, 1, "{len}");
    }
}

#[test]
fn no_damage_to_the_headers_of_an_elf_file_makes_a_panic() {
    let app = Elf::app()
        .with_data(".flash.rodata", pattern(64, 1))
        .with_data(".flash.text", pattern(64, 2))
        .with_address(".flash.text", 0x400D_0000 + 0x120 + 64 + 8);
    let elf = app.build();
    let section_headers = u32::from_le_bytes(elf[32..36].try_into().unwrap()) as usize;
    let options = ConvertOptions {
        chip: Chip::Esp32,
        flash: FlashSettings {
            mode: FlashMode::Dio,
            frequency: FlashFrequency::Mhz40,
            size: FlashSize::Mb4,
        },
        min_chip_rev: None,
        max_chip_rev: ChipRevision {
            major: 3,
            minor: 99,
        },
        project_name: Text::Keep,
        project_version: Text::Keep,
    };
    let mut refused = 0;
    for at in (0..52 + 7 * 32).chain(section_headers..elf.len()) {
        for damage in [0x01, 0xFF] {
            let mut elf = elf.clone();
            elf[at] ^= damage;
            let parsed = espimage::elf::Elf::parse(&elf, Chip::Esp32);
            refused += usize::from(parsed.and_then(|elf| convert(&elf, &options)).is_err());
        }
    }
    assert!(refused > 300, "{refused}");
}
