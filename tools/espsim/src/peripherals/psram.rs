//! The PSRAM chip beside the flash chip: 4 MB behind the caches, and the commands that drivers find it by (data sheet of the ESP-PSRAM32).

use crate::memory::Ram;

/// Its size in bytes.
pub const LEN: u32 = 4 << 20;
/// Bytes of a page of the MMU.
pub const PAGE_BITS: u32 = 15;
/// Entries of a core's MMU.
pub const ENTRIES: usize = (LEN >> PAGE_BITS) as usize;

const READ_ID: u8 = 0x9F;
/// Manufacturer, known good die, then the extended ID, of which the first three bits say 32 Mbit.
const ID: [u8; 3] = [0x0D, 0x5D, 0x20];

/// The chip.
#[derive(Debug)]
pub struct Psram {
    /// The array.
    pub memory: Ram,
}

impl Psram {
    /// After power-on, each byte being `undefined`.
    pub fn new(undefined: u8) -> Self {
        Self {
            memory: Ram::new(LEN, undefined),
        }
    }
}

/// What it answers to `command` by SPI1 with `len` bytes; modes of the bus and reset have no answer.
pub fn answer(command: u8, len: usize) -> Vec<u8> {
    let mut answer = match command {
        READ_ID => ID.to_vec(),
        _ => Vec::new(),
    };
    answer.resize(len, 0);
    answer
}
