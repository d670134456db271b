//! A merged image for tests.

#![allow(dead_code)] // Each test uses what it needs.

use std::fs;
use std::path::Path;

use espimage::Chip;
use espimage::flash::{FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espimage::merged::{self, InputFile, MergeInput, Merged};
use espimage::partition::{self, PartitionTable, TableOptions};
use espimage::{bootloader, image};

/// Entry of [`app`], in IRAM.
pub(crate) const ENTRY: u32 = 0x4008_0400;
/// Segment of [`app`] in DRAM.
pub(crate) const DRAM: u32 = 0x3FFB_0000;
/// Segment of [`app`] in flash, read as data.
pub(crate) const FLASH_DATA: u32 = 0x3F40_0020;
/// Segment of [`app`] in flash, read as code.
pub(crate) const FLASH_CODE: u32 = 0x400D_0020;

const FLASH: FlashSettings = FlashSettings {
    mode: FlashMode::Dio,
    frequency: FlashFrequency::Mhz40,
    size: FlashSize::Mb4,
};

/// An application whose segments are filled with `mark`.
pub(crate) fn app(mark: u8) -> Vec<u8> {
    let mut bytes = vec![0xE9, 0, 0x02, 0x20];
    bytes.extend(ENTRY.to_le_bytes());
    bytes.extend([0xEE, 0, 0, 0]);
    bytes.extend(Chip::Esp32.id().to_le_bytes());
    bytes.extend([0; 9]);
    bytes.push(1);
    let mut segment = |address: u32, data: &[u8]| {
        bytes[1] += 1;
        bytes.extend(address.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes.len()
    };
    segment(FLASH_DATA, &[mark; 0x40]);
    segment(DRAM, &[mark; 0x20]);
    let at = segment(ENTRY, &[mark; 0x10]);
    // Flash code has to sit at 0x20 of a page; a padding segment fills the space.
    let padding = 0x1_0018 - (at + 8);
    segment(0, &vec![0; padding]);
    segment(FLASH_CODE, &[mark; 0x30]);
    let end = (bytes.len() + 1).next_multiple_of(16) + 32;
    bytes.resize(end, 0);
    image::seal(&mut bytes).expect("an image");
    bytes
}

/// Writes the files of an image with `app` and their `flasher_args.json` into a folder. Returns the flash with them.
pub(crate) fn write_files(folder: &Path, app: &[u8]) -> Vec<u8> {
    let (merged, files) = merge("factory, app, factory, 0x10000, 1M", app, None, &[]);
    fs::write(
        folder.join("flasher_args.json"),
        merged.flasher_args.to_json(),
    )
    .unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    merged.image
}

/// A flash with this partition table (CSV) and these files in its partitions.
pub(crate) fn flash(
    partitions: &str,
    app: &[u8],
    app_partition: Option<&str>,
    data: &[(&str, &[u8])],
) -> Vec<u8> {
    merge(partitions, app, app_partition, data).0.image
}

fn merge(
    partitions: &str,
    app: &[u8],
    app_partition: Option<&str>,
    data: &[(&str, &[u8])],
) -> (Merged, [(&'static str, Vec<u8>); 3]) {
    let chip = Chip::Esp32;
    let bootloader = bootloader::shipped(chip, FLASH).expect("a bootloader");
    let options = TableOptions {
        chip,
        offset: partition::DEFAULT_OFFSET,
        flash_size: Some(FLASH.size),
    };
    let table =
        PartitionTable::from_csv(partitions.as_bytes(), options).expect("a partition table");
    let table = table.to_binary().expect("a partition table");
    let input = MergeInput {
        chip,
        flash: FLASH,
        bootloader: InputFile {
            name: "bootloader.bin",
            bytes: &bootloader,
        },
        bootloader_offset: chip.bootloader_offset(),
        partition_table: InputFile {
            name: "partition-table.bin",
            bytes: &table,
        },
        partition_table_offset: partition::DEFAULT_OFFSET,
        app: InputFile {
            name: "app.bin",
            bytes: app,
        },
        app_partition,
        data: data
            .iter()
            .map(|&(name, bytes)| (name, InputFile { name, bytes }))
            .collect(),
    };
    let merged = merged::merge(&input).expect("a merged image");
    let files = [
        ("bootloader.bin", bootloader.clone()),
        ("partition-table.bin", table.clone()),
        ("app.bin", app.to_vec()),
    ];
    (merged, files)
}
