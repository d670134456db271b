//! Flash images: an application or a bootloader, a partition table, or all of them merged.

use std::ops::Range;

use espimage::chip::Chip;
use espimage::image::{Image, MAGIC};
use espimage::partition::{PartitionTable, TableOptions};

use crate::{Difference, bytes};

/// Length of a partition table, and what its offset is a multiple of.
const TABLE_LEN: usize = 0xC00;
const SECTOR: usize = 0x1000;
/// How far into the flash a partition table is looked for.
const TABLE_MAX_OFFSET: usize = 0x2_0000;

/// Offset of the bootloader in a merged image.
fn bootloader_offset() -> usize {
    Chip::Esp32.bootloader_offset() as usize
}

/// Whether it is an image that the ROM or the bootloader would look at.
pub(crate) fn is_image(data: &[u8]) -> bool {
    let bootloader = bootloader_offset();
    data.first() == Some(&MAGIC) && Image::parse(data, 0).is_ok()
        || data.get(bootloader) == Some(&MAGIC) && Image::parse(&data[bootloader..], 0).is_ok()
}

/// A part of a file that has a name.
struct Part {
    name: String,
    range: Range<usize>,
}

/// The parts of an application's or a bootloader's image that starts at `start`.
fn image_parts(prefix: &str, data: &[u8], start: usize) -> Vec<Part> {
    let Some(Ok(image)) = data.get(start..).map(|rest| Image::parse(rest, 0)) else {
        return Vec::new();
    };
    let mut parts = vec![Part {
        name: format!("{prefix}header"),
        range: start..start + espimage::image::HEADER_LEN,
    }];
    for segment in &image.segments {
        let at = start + segment.offset as usize;
        parts.push(Part {
            name: format!(
                "{prefix}segment {}, loaded to {:#010x}",
                segment.index, segment.address
            ),
            range: at..at + segment.data.len(),
        });
    }
    let end = parts.last().map_or(start, |part| part.range.end);
    parts.push(Part {
        name: format!("{prefix}checksum and SHA-256"),
        range: end..start + image.bytes.len(),
    });
    parts
}

fn parts(data: &[u8]) -> Vec<Part> {
    if data.first() == Some(&MAGIC) {
        return image_parts("", data, 0);
    }
    let mut parts = image_parts("bootloader, ", data, bootloader_offset());
    let tables = (bootloader_offset() + SECTOR..TABLE_MAX_OFFSET.min(data.len())).step_by(SECTOR);
    for at in tables {
        let Some(bytes) = data.get(at..at + TABLE_LEN) else {
            break;
        };
        let options = TableOptions {
            chip: Chip::Esp32,
            offset: at as u32,
            flash_size: None,
        };
        let Ok(table) = PartitionTable::from_binary(bytes, options) else {
            continue;
        };
        parts.push(Part {
            name: "partition table".to_owned(),
            range: at..at + TABLE_LEN,
        });
        for partition in &table.partitions {
            let start = partition.offset as usize;
            if start >= data.len() {
                continue;
            }
            let name = format!("partition {}", partition.name);
            parts.extend(image_parts(&format!("{name}, "), data, start));
            parts.push(Part {
                name,
                range: start..data.len().min(partition.end() as usize),
            });
        }
        break;
    }
    parts
}

/// The differences between two images: the first in each part.
pub(crate) fn explain(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    if first.len() != second.len() {
        return bytes::explain(&format!("{place}image"), offset, first, second);
    }
    let mut covered = vec![false; first.len()];
    let mut found = Vec::new();
    let rest = Part {
        name: "outside of all parts".to_owned(),
        range: 0..first.len(),
    };
    for part in parts(first).into_iter().chain([rest]) {
        let range = part.range.start..part.range.end.min(first.len());
        // parts overlap: what a partition has besides its image's segments, and the file besides all of them
        let unseen = |data: &[u8]| -> Vec<u8> {
            range
                .clone()
                .map(|at| if covered[at] { 0 } else { data[at] })
                .collect()
        };
        found.extend(bytes::explain(
            &format!("{place}{}", part.name),
            offset + range.start as u64,
            &unseen(first),
            &unseen(second),
        ));
        covered[range].fill(true);
    }
    found
}
