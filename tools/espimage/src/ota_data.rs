//! OTA data: which application the bootloader starts.
//!
//! Two sectors, each with one `esp_ota_select_entry_t` at its start (ESP-IDF:
//! `components/bootloader_support/include/esp_flash_partitions.h`). The bootloader takes the entry with the higher sequence number,
//! and from that the slot: (number - 1) modulo the number of slots (`bootloader_utility_get_selected_boot_partition`).

use crate::image::u32_at;
use crate::partition::{DATA_OTA, OTADATA_SIZE, PartitionTable, SECTOR_LEN, TYPE_DATA};

const STATE_OFFSET: usize = 24;
const CRC_OFFSET: usize = 28;
const ENTRY_LEN: usize = 32;
/// States of an OTA slot that the bootloader passes over (`ESP_OTA_IMG_INVALID`, `ESP_OTA_IMG_ABORTED`).
const STATES_REFUSED: [u32; 2] = [3, 4];

/// OTA data that make the bootloader start the partition of subtype `ota_<slot>`. The state of the application in it is left undefined,
/// as by `otatool.py`: a bootloader with rollback does not wait for its confirmation.
pub fn image(slot: u8) -> Vec<u8> {
    let sequence = (u32::from(slot) + 1).to_le_bytes();
    let mut image = vec![0xFF; OTADATA_SIZE as usize];
    image[..sequence.len()].copy_from_slice(&sequence);
    image[CRC_OFFSET..ENTRY_LEN].copy_from_slice(&crc32_of_rom(&sequence).to_le_bytes());
    image
}

/// The slot that the OTA data select, if they select one. `flash` returns what is in flash from an offset on, if it is known.
pub fn selected_slot<'f>(
    table: &PartitionTable,
    flash: impl Fn(u32) -> Option<&'f [u8]>,
) -> Option<u8> {
    let mut partitions = table.partitions.iter();
    let data = partitions.find(|p| p.kind == TYPE_DATA && p.subtype == DATA_OTA)?;
    let sequence = (0..2)
        .filter_map(|sector| flash(data.offset + sector * SECTOR_LEN)?.first_chunk())
        .filter_map(sequence)
        .max()?;
    let slot = (sequence - 1).checked_rem(u32::from(table.slot_count()))?;
    u8::try_from(slot).ok()
}

/// The sequence number of an entry, when the entry is valid.
fn sequence(entry: &[u8; ENTRY_LEN]) -> Option<u32> {
    let (sequence, state) = (u32_at(entry, 0), u32_at(entry, STATE_OFFSET));
    let valid = !matches!(sequence, 0 | u32::MAX)
        && !STATES_REFUSED.contains(&state)
        && u32_at(entry, CRC_OFFSET) == crc32_of_rom(&entry[..4]);
    valid.then_some(sequence)
}

/// `crc32_le` of the ROM from 0xFFFFFFFF, which it inverts on the way in and out.
pub fn crc32_of_rom(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_is_what_otatool_writes() {
        // crc32(0xFFFFFFFF, ...) of 1 and 2, as zlib has it.
        for (slot, crc) in [(0, [0x9A, 0x98, 0x43, 0x47]), (1, [0x74, 0x37, 0xF6, 0x55])] {
            let image = image(slot);
            assert_eq!(image.len(), 0x2000);
            assert_eq!(image[..4], [slot + 1, 0, 0, 0]);
            assert_eq!(image[4..28], [0xFF; 24]);
            assert_eq!(image[28..32], crc);
            assert!(image[32..].iter().all(|byte| *byte == 0xFF));
        }
    }
}
