//! SHA accelerator: SHA-256 (ESP32 Technical Reference Manual, "SHA Accelerator").
//!
//! Not modelled: SHA-1, SHA-384 and SHA-512.

use sha2::block_api::compress256;

use super::registers::Registers;

/// The message block, and the digest after LOAD.
const TEXT_WORDS: u32 = 16;
const SHA_256_START: u32 = 0x90;
const SHA_256_CONTINUE: u32 = 0x94;
const SHA_256_LOAD: u32 = 0x98;

/// The initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];

/// The peripheral.
#[derive(Debug)]
pub struct Sha {
    registers: Registers,
    state: [u32; 8],
}

impl Default for Sha {
    fn default() -> Self {
        Self {
            registers: Registers::new(0x100, &[]),
            state: INITIAL,
        }
    }
}

impl Sha {
    /// Reads the register at `offset`. It is never busy.
    pub fn read(&self, offset: u32) -> u32 {
        if offset < 4 * TEXT_WORDS {
            self.registers.get(offset)
        } else {
            0
        }
    }

    /// Writes the register at `offset`; whether it is modelled.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            0..0x40 => self.registers.set(offset, value),
            SHA_256_START => {
                self.state = INITIAL;
                self.compress();
            }
            SHA_256_CONTINUE => self.compress(),
            SHA_256_LOAD => {
                for (index, &word) in (0..).zip(&self.state) {
                    self.registers.set(4 * index, word);
                }
            }
            _ => return false,
        }
        true
    }

    fn compress(&mut self) {
        let mut block = [0; 64];
        for (index, bytes) in (0..TEXT_WORDS).zip(block.as_chunks_mut::<4>().0) {
            *bytes = self.registers.get(4 * index).to_be_bytes();
        }
        compress256(&mut self.state, &[block]);
    }
}
