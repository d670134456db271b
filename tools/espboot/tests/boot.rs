//! What is in memory at the application's first instruction.

mod support;

use espboot::boot::{Boot, boot};
use espimage::Chip;
use espimage::partition::DEFAULT_OFFSET;
use support::{DRAM, ENTRY, FLASH_CODE, FLASH_DATA, app, flash};

const FACTORY_ONLY: &str = "factory, app, factory, 0x10000, 1M";
const WITH_OTA: &str = "\
otadata, data, ota,     0xD000,   0x2000
factory, app,  factory, 0x10000,  1M
ota_0,   app,  ota_0,   0x110000, 1M
ota_1,   app,  ota_1,   0x210000, 1M
";

/// Two entries of OTA data, each a sequence number, a state, and whether its CRC is right.
fn otadata(entries: [(u32, u32, bool); 2]) -> Vec<u8> {
    let mut bytes = vec![0xFF; 0x2000];
    for (index, (sequence, state, intact)) in entries.into_iter().enumerate() {
        // As `bootloader_common_ota_select_crc` computes them.
        let crc: u32 = match sequence {
            1 => 0x4743_989A,
            2 => 0x55F6_3774,
            u32::MAX => u32::MAX,
            other => panic!("no CRC for {other}"),
        };
        let entry = &mut bytes[index * 0x1000..][..32];
        entry[..4].copy_from_slice(&sequence.to_le_bytes());
        entry[24..28].copy_from_slice(&state.to_le_bytes());
        entry[28..].copy_from_slice(&(if intact { crc } else { !crc }).to_le_bytes());
    }
    bytes
}

fn boot_with_otadata(entries: [(u32, u32, bool); 2]) -> Boot {
    let (first, second) = (app(0xB0), app(0xB1));
    let data = otadata(entries);
    let data: [(&str, &[u8]); 3] = [("otadata", &data), ("ota_0", &first), ("ota_1", &second)];
    boot(
        &flash(WITH_OTA, &app(0xBF), Some("factory"), &data),
        Chip::Esp32,
        DEFAULT_OFFSET,
    )
    .unwrap()
}

fn byte_at(boot: &Boot, address: u32) -> u8 {
    let block = boot.memory.iter().find(|block| {
        address
            .checked_sub(block.address)
            .is_some_and(|offset| (offset as usize) < block.data.len())
    });
    let block = block.unwrap_or_else(|| panic!("nothing at {address:#x}"));
    block.data[(address - block.address) as usize]
}

#[test]
fn segments_are_at_their_addresses() {
    let boot = boot(
        &flash(FACTORY_ONLY, &app(0x5A), None, &[]),
        Chip::Esp32,
        DEFAULT_OFFSET,
    )
    .unwrap();
    assert_eq!((boot.partition.as_str(), boot.entry), ("factory", ENTRY));
    for address in [
        ENTRY,
        ENTRY + 0xF,
        DRAM,
        DRAM + 0x1F,
        FLASH_DATA,
        FLASH_DATA + 0x3F,
        FLASH_CODE,
        FLASH_CODE + 0x2F,
    ] {
        assert_eq!(byte_at(&boot, address), 0x5A, "{address:#x}");
    }
    assert!(
        boot.memory.iter().all(|block| block.address >= 0x3F40_0000),
        "padding is not loaded"
    );
}

#[test]
fn flash_is_mapped_in_whole_pages() {
    let boot = boot(
        &flash(FACTORY_ONLY, &app(0x5A), None, &[]),
        Chip::Esp32,
        DEFAULT_OFFSET,
    )
    .unwrap();
    assert_eq!(
        byte_at(&boot, 0x3F40_0000),
        0xE9,
        "the image's own header comes before its first segment"
    );
    assert_eq!(
        byte_at(&boot, 0x400D_FFFF),
        0xFF,
        "erased flash follows the image"
    );
    let mapped: Vec<_> = boot
        .memory
        .iter()
        .filter(|block| block.data.len() == 0x1_0000)
        .collect();
    assert_eq!(
        mapped.iter().map(|block| block.address).collect::<Vec<_>>(),
        [0x3F40_0000, 0x400D_0000]
    );
}

#[test]
fn empty_ota_data_selects_the_factory_application() {
    let boot = boot_with_otadata([(u32::MAX, u32::MAX, true); 2]);
    assert_eq!(
        (boot.partition.as_str(), byte_at(&boot, ENTRY)),
        ("factory", 0xBF)
    );
}

#[test]
fn the_higher_sequence_number_selects_the_slot() {
    let boot = boot_with_otadata([(1, u32::MAX, true), (2, u32::MAX, true)]);
    assert_eq!(
        (boot.partition.as_str(), byte_at(&boot, ENTRY)),
        ("ota_1", 0xB1)
    );
    assert_eq!(
        byte_at(&boot, FLASH_CODE),
        0xB1,
        "the pages of the slot are mapped"
    );
    let boot = boot_with_otadata([(1, u32::MAX, true), (u32::MAX, u32::MAX, true)]);
    assert_eq!(
        (boot.partition.as_str(), byte_at(&boot, ENTRY)),
        ("ota_0", 0xB0)
    );
}

#[test]
fn broken_and_refused_entries_are_passed_over() {
    assert_eq!(
        boot_with_otadata([(1, u32::MAX, true), (2, u32::MAX, false)]).partition,
        "ota_0"
    );
    for refused in [3, 4] {
        assert_eq!(
            boot_with_otadata([(1, 2, true), (2, refused, true)]).partition,
            "ota_0"
        );
    }
    assert_eq!(
        boot_with_otadata([(1, u32::MAX, false), (2, 4, true)]).partition,
        "factory"
    );
}

#[test]
fn what_the_bootloader_refuses_is_refused() {
    let mut bytes = flash(FACTORY_ONLY, &app(0x5A), None, &[]);
    bytes[0x1_0040] ^= 1;
    assert_eq!(
        boot(&bytes, Chip::Esp32, DEFAULT_OFFSET)
            .unwrap_err()
            .cause()
            .code(),
        "espimage::image_checksum"
    );
}
