//! What ROM and second-stage bootloader make of a flash.
//!
//! [`espimage::merged`] checks what they check, and chooses the partition as they do. Here is what they do then: copy segments to
//! RAM, and map flash pages.

use std::fs;
use std::path::Path;

use espimage::app_desc::AppDescriptor;
use espimage::chip::{Chip, Region};
use espimage::merged::{self, ERASED, ParseOptions};

use crate::error::Error;

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
    let app = merged.app;
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
        partition: merged.app_partition.name,
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
