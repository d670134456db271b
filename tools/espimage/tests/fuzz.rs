//! Tables, images and programs, of which any may come. The environment variable ESPIMAGE_ELF names the ELF file of `//firmware`, and
//! ESPIMAGE_IMAGE its merged image.

#[path = "../../fuzz.rs"]
mod fuzz;

use espimage::app_desc::Text;
use espimage::chip::Chip;
use espimage::convert::{ChipRevision, ConvertOptions, convert};
use espimage::csv::CsvOptions;
use espimage::elf::Elf;
use espimage::flash::{FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espimage::image::Image;
use espimage::level::{Findings, Level};
use espimage::merged::{self, ParseOptions};
use espimage::partition::{PartitionTable, TableOptions};
use espimage::{bootloader, kind, size};
use proptest::prelude::*;

const CSV: &[&str] = &[
    ",",
    "\n",
    "\r",
    " ",
    "#",
    ":",
    "$",
    "\u{FEFF}",
    "\0",
    "\u{E9}",
    "N/A",
    "app",
    "data",
    "bootloader",
    "partition_table",
    "factory",
    "ota_0",
    "test",
    "nvs",
    "ota",
    "primary",
    "recovery",
    "0xff",
    "0x40",
    "-1M",
    "0",
    "0x10000",
    "0x9000",
    "24K",
    "1M",
    "1 M",
    "0x1_0",
    "encrypted",
    "readonly",
    "a,app,factory,,1M\n",
    "nvs,data,nvs,,24K\n",
    "sixteen__letters",
];

const OPTIONS: TableOptions = TableOptions {
    chip: Chip::Esp32,
    offset: 0x8000,
    flash_size: None,
};

fn file(variable: &str) -> Vec<u8> {
    let path = std::env::var(variable).expect("set the variables that the top of this file names");
    std::fs::read(path).expect("a file")
}

/// What is written can be read, and is the same.
fn comes_back(table: &PartitionTable) {
    let plain = |mut table: PartitionTable| {
        table.partitions.iter_mut().for_each(|p| p.line = None);
        table
    };
    let table = plain(table.clone());
    let binary = table.to_binary().expect("a table");
    assert_eq!(
        PartitionTable::from_binary(&binary, OPTIONS).expect("our own"),
        table
    );
    if table.check_csv().is_ok() {
        let csv = table.to_csv();
        let recovery = table
            .partitions
            .iter()
            .find(|p| (p.kind, p.subtype) == (2, 2));
        let more = CsvOptions {
            recovery_bootloader_offset: recovery.map(|p| p.offset),
            ..CsvOptions::default()
        };
        let again = PartitionTable::from_csv_with(csv.as_bytes(), OPTIONS, &more);
        assert_eq!(
            plain(again.unwrap_or_else(|error| panic!("{error}: {csv}"))),
            table
        );
    }
}

#[test]
fn csv_tables() {
    fuzz::fuzz(fuzz::text(CSV), |bytes| {
        let _ = kind::name(&bytes);
        if let Ok(table) = PartitionTable::parse(&bytes, OPTIONS, &CsvOptions::default()) {
            comes_back(&table);
        }
    });
}

#[test]
fn binary_tables() {
    let entry = (
        (any::<u8>(), any::<u8>(), 0..0x40_u32, 0..0x20_u32),
        prop::collection::vec(any::<u8>(), 0..=16),
        0..4_u32,
    );
    let known = prop_oneof![
        (0..4_u8, 0..6_u8, 0..0x40_u32, 1..0x20_u32),
        (Just(1), any::<u8>(), 0..0x40_u32, 1..0x20_u32),
    ];
    let named = (known, "[a-z_]{1,16}".prop_map(String::into_bytes), 0..4_u32);
    let strategy = (
        prop::collection::vec(prop_oneof![3 => named, 1 => entry], 0..6),
        fuzz::changes(&["\u{2}", "a"]),
        any::<bool>(),
    );
    fuzz::fuzz(strategy, |(entries, changes, changed)| {
        let mut bytes = Vec::new();
        for (index, ((kind, subtype, sector, sectors), name, flags)) in entries.iter().enumerate() {
            // Most follow each other, so that some tables are good.
            let offset = 0x1_0000 * (index as u32 + 1) + 0x1000 * (sector / 60);
            bytes.extend([0xAA, 0x50, *kind, *subtype]);
            bytes.extend(offset.to_le_bytes());
            bytes.extend((sectors / 2 * 0x1000 + sectors % 2).to_le_bytes());
            bytes.extend(name);
            bytes.resize(bytes.len().next_multiple_of(4) + 16, 0);
            bytes.truncate((index + 1) * 32 - 4);
            bytes.resize((index + 1) * 32 - 4, 0);
            bytes.extend(flags.to_le_bytes());
        }
        bytes.extend([0xFF; 32]);
        if changed {
            bytes = fuzz::apply(bytes, &changes);
        }
        let lenient = PartitionTable::read(&bytes, OPTIONS, &mut Findings::new(Level::Bootloader));
        if let Ok(table) = PartitionTable::from_binary(&bytes, OPTIONS) {
            assert_eq!(lenient.expect("less strict"), table);
            comes_back(&table);
        }
    });
}

#[test]
fn images() {
    let image = file("ESPIMAGE_IMAGE");
    let parts = prop::sample::select(vec![0x1000..0x1200, 0x8000..0x80A0, 0x1_0000..0x1_0200]);
    fuzz::fuzz(
        (fuzz::changes(&["\0\0\0\0", "\u{7F}"]), parts),
        |(changes, part)| {
            // What is inserted or removed stays in its part, so that the next one is where it belongs.
            let mut changed = fuzz::apply(image[part.clone()].to_vec(), &changes);
            changed.resize(part.len(), 0xFF);
            let mut bytes = image.clone();
            bytes[part.clone()].copy_from_slice(&changed);
            let options = ParseOptions::default();
            let mut findings = Findings::new(Level::Bootloader);
            let lenient = merged::check(&bytes, options, &mut findings).is_ok();
            let strict = merged::parse(&bytes).is_ok();
            assert_eq!(
                strict,
                lenient && findings.warnings.is_empty(),
                "{findings:?}"
            );
            if let Ok(image) = Image::parse(&bytes[part.start..], part.start as u32) {
                let _ = image.verify_bootloader(Chip::Esp32);
                let _ = image.verify_app(Chip::Esp32, &[]);
                let _ = image.app_descriptor(Chip::Esp32);
                let _ = bootloader::idf_version(&image);
            }
        },
    );
}

#[test]
fn programs() {
    let elf = file("ESPIMAGE_ELF");
    let revision = |major| ChipRevision { major, minor: 0 };
    let options = ConvertOptions {
        chip: Chip::Esp32,
        flash: FlashSettings {
            mode: FlashMode::Dio,
            frequency: FlashFrequency::Mhz40,
            size: FlashSize::Mb4,
        },
        min_chip_rev: Some(revision(0)),
        max_chip_rev: revision(3),
        project_name: Text::Default("a"),
        project_version: Text::Default("a"),
    };
    let strategy = (fuzz::changes(&["\0\0\0\0", "\u{7F}\u{7F}"]), 0..3_usize);
    fuzz::fuzz(strategy, |(changes, part)| {
        let sections = u32::from_le_bytes(elf[32..36].try_into().expect("a word")) as usize;
        let cut = [0, 52 + 32 * 8, sections];
        let end = [cut[1], sections, elf.len()][part];
        let changed = fuzz::apply(elf[cut[part]..end].to_vec(), &changes);
        let bytes = [&elf[..cut[part]], &changed, &elf[end..]].concat();
        if let Ok(program) = Elf::parse(&bytes, Chip::Esp32) {
            let _ = size::measure(&program, Chip::Esp32, &[], &[]);
            let _ = program.symbols();
            if let Ok(app) = convert(&program, &options) {
                let image = Image::parse(&app, 0x1_0000).expect("our own");
                image.verify_app(Chip::Esp32, &[]).expect("our own");
            }
        }
    });
}
