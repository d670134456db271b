//! Commands of the serial protocol, as they come by.

use std::collections::BTreeMap;

use crate::rom::slip::{self, Decoder};

/// The longest frame: a block of the stub with its header.
const FRAME: usize = 0x4000 + 64;
const CHANGE_BAUDRATE: u8 = 0x0F;
const HEADER: usize = 8;

/// Counts them.
#[derive(Debug)]
pub(super) struct Commands {
    decoder: Decoder,
    counts: BTreeMap<&'static str, u64>,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            decoder: Decoder::new(FRAME),
            counts: BTreeMap::new(),
        }
    }
}

impl Commands {
    /// The next byte to a loader.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(frame) = self.decoder.push(byte)
            && frame.len() >= HEADER
            && frame[0] == 0
        {
            *self.counts.entry(name(frame[1])).or_default() += 1;
        }
    }

    /// How often each came.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let named = |(&name, &count): (&&str, &u64)| (name.to_owned(), count);
        self.counts.iter().map(named).collect()
    }
}

/// Spoils the length of a CHANGE_BAUDRATE to `baud` in `bytes`, which the stub answers with an error; whether there is one.
pub(super) fn spoil_change_of_rate(bytes: &mut [u8], baud: u32) -> bool {
    let mut command = vec![0, CHANGE_BAUDRATE, 8, 0, 0, 0, 0, 0];
    command.extend(baud.to_le_bytes());
    let mut wanted = slip::encode(&command);
    wanted.pop();
    let found = bytes
        .windows(wanted.len())
        .position(|window| window == wanted);
    if let Some(at) = found {
        // Behind END, direction and operation.
        bytes[at + 3] += 1;
    }
    found.is_some()
}

/// Names of the protocol's commands, as esptool has them.
fn name(operation: u8) -> &'static str {
    match operation {
        0x02 => "FLASH_BEGIN",
        0x03 => "FLASH_DATA",
        0x04 => "FLASH_END",
        0x05 => "MEM_BEGIN",
        0x06 => "MEM_END",
        0x07 => "MEM_DATA",
        0x08 => "SYNC",
        0x09 => "WRITE_REG",
        0x0A => "READ_REG",
        0x0B => "SPI_SET_PARAMS",
        0x0D => "SPI_ATTACH",
        0x0E => "READ_FLASH_SLOW",
        CHANGE_BAUDRATE => "CHANGE_BAUDRATE",
        0x10 => "FLASH_DEFL_BEGIN",
        0x11 => "FLASH_DEFL_DATA",
        0x12 => "FLASH_DEFL_END",
        0x13 => "SPI_FLASH_MD5",
        0x14 => "GET_SECURITY_INFO",
        0xD0 => "ERASE_FLASH",
        0xD1 => "ERASE_REGION",
        0xD2 => "READ_FLASH",
        0xD3 => "RUN_USER_CODE",
        _ => "UNKNOWN",
    }
}
