//! What ROM and second-stage bootloader make of a flash.
//!
//! [`espimage::merged`] checks what they check. Here is what they do then: choose the partition
//! (`bootloader_utility_get_selected_boot_partition` of ESP-IDF's `bootloader_utility.c`), copy segments to RAM, and map flash
//! pages.

use std::fs;
use std::path::Path;

use espimage::app_desc::AppDescriptor;
use espimage::chip::{Chip, Region};
use espimage::image::Image;
use espimage::merged::{self, ERASED, MergedImage, ParseOptions};
use espimage::partition::{Partition, SECTOR_LEN, TYPE_APP, TYPE_DATA};

use crate::error::Error;

/// Subtype of the data partition that selects an OTA slot.
const SUBTYPE_DATA_OTA: u8 = 0x00;
/// Subtypes of the OTA slots, `ota_0` to `ota_15`.
const SUBTYPES_OTA: std::ops::Range<u8> = 0x10..0x20;
/// States of an OTA slot that the bootloader passes over (`ESP_OTA_IMG_INVALID`, `ESP_OTA_IMG_ABORTED`).
const OTA_STATES_REFUSED: [u32; 2] = [3, 4];

/// A flash image, and what the chip makes of it.
#[derive(Debug, Clone)]
pub struct FlashImage {
    /// The first bytes of the flash; the rest is erased.
    pub flash: Vec<u8>,
    /// What ROM and bootloader do with it.
    pub boot: Boot,
}

impl FlashImage {
    /// Reads a merged image, and refuses what ROM or bootloader would refuse.
    pub fn read(path: &Path, chip: Chip, partition_table_offset: u32) -> Result<Self, Error> {
        let flash = fs::read(path).map_err(|source| Error::FileUnreadable {
            what: "the image",
            path: path.to_owned(),
            source,
        })?;
        let boot =
            boot(&flash, chip, partition_table_offset).map_err(|source| Error::ImageRefused {
                path: path.to_owned(),
                source: Box::new(source),
            })?;
        Ok(Self { flash, boot })
    }
}

/// The chip's memory at the application's first instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Name of the partition of the application.
    pub partition: String,
    /// The application's descriptor, if it has one.
    pub descriptor: Option<AppDescriptor>,
    /// Address of the first instruction.
    pub entry: u32,
    /// What is in memory.
    pub memory: Vec<Block>,
}

/// Contiguous memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Address of the first byte.
    pub address: u32,
    /// The bytes.
    pub data: Vec<u8>,
}

/// Does what ROM and bootloader do with a flash whose first bytes are `flash`, whose partition table is at
/// `partition_table_offset`, and whose rest is erased. Refuses what they refuse.
pub fn boot(
    flash: &[u8],
    chip: Chip,
    partition_table_offset: u32,
) -> Result<Boot, espimage::Error> {
    let merged = merged::parse_with(
        flash,
        ParseOptions {
            chip,
            partition_table_offset,
            ..ParseOptions::default()
        },
    )?;
    let (partition, app) = match selected_slot(flash, &merged) {
        Some(slot) if *slot != merged.app_partition => {
            let bytes = flash.get(slot.offset as usize..).unwrap_or_default();
            (slot.name.clone(), Image::parse(bytes, slot.offset)?)
        }
        _ => (merged.app_partition.name.clone(), merged.app),
    };
    let memory = app.memory().map(|segment| {
        let offset = app.flash_offset + segment.offset;
        match chip.region(segment.address) {
            Some(region) if region.kind.is_mapped() => {
                mapped(flash, segment.address, offset, segment.data.len(), chip)
            }
            _ => Block {
                address: segment.address,
                data: segment.data.to_vec(),
            },
        }
    });
    let descriptor = app.app_descriptor(chip).map(AppDescriptor::parse);
    Ok(Boot {
        partition,
        descriptor,
        entry: app.header.entry,
        memory: memory.collect(),
    })
}

/// Regions of RAM whose contents are undefined when the application starts, but for what is loaded.
pub fn undefined_memory(chip: Chip) -> impl Iterator<Item = &'static Region> {
    use espimage::chip::RegionKind::{
        Dram, ExternalRam, FlashCode, FlashData, Iram, RtcFastCode, RtcFastData, RtcSlow,
    };
    chip.memory_map().iter().filter(|region| match region.kind {
        Dram | Iram | RtcFastData | RtcFastCode | RtcSlow => true,
        FlashData | FlashCode | ExternalRam => false,
    })
}

/// The cache maps whole pages of flash, so that the program sees what lies around its segment, too.
fn mapped(flash: &[u8], address: u32, offset: u32, len: usize, chip: Chip) -> Block {
    let page = chip.mmu_page_size();
    let before = address % page;
    let len = (before as usize + len).next_multiple_of(page as usize);
    let start = (offset - before) as usize;
    let mut data = flash[start..flash.len().min(start + len)].to_vec();
    data.resize(len, ERASED);
    Block {
        address: address - before,
        data,
    }
}

/// The OTA slot that the OTA data partition selects, if it selects one.
fn selected_slot<'a>(flash: &[u8], merged: &'a MergedImage<'_>) -> Option<&'a Partition> {
    let partitions = &merged.partitions.partitions;
    let otadata = partitions
        .iter()
        .find(|p| p.kind == TYPE_DATA && p.subtype == SUBTYPE_DATA_OTA)?;
    let slots = || {
        partitions
            .iter()
            .filter(|p| p.kind == TYPE_APP && SUBTYPES_OTA.contains(&p.subtype))
    };
    let sequence = (0..2)
        .filter_map(|sector| {
            flash
                .get((otadata.offset + sector * SECTOR_LEN) as usize..)?
                .first_chunk()
        })
        .filter_map(ota_sequence)
        .max()?;
    let slot = (sequence - 1)
        % u32::try_from(slots().count())
            .ok()
            .filter(|&count| count > 0)?;
    slots().find(|p| u32::from(p.subtype - SUBTYPES_OTA.start) == slot)
}

/// The sequence number of an entry of the OTA data (`esp_ota_select_entry_t`), when the entry is valid.
fn ota_sequence(entry: &[u8; 32]) -> Option<u32> {
    let word =
        |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
    let (sequence, state, crc) = (word(0), word(24), word(28));
    let valid = !matches!(sequence, 0 | u32::MAX)
        && !OTA_STATES_REFUSED.contains(&state)
        && crc == crc32_of_rom(&entry[..4]);
    valid.then_some(sequence)
}

/// `crc32_le` of the ROM from 0xFFFFFFFF, which it inverts on the way in and out.
fn crc32_of_rom(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    });
    !crc
}
