//! AES accelerator: blocks with keys of 128, 192 and 256 bits (ESP32 Technical Reference Manual, "AES Accelerator").
//!
//! It is always idle.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};

use super::registers::Registers;

const START: u32 = 0x00;
const IDLE: u32 = 0x04;
const MODE: u32 = 0x08;
const KEY: u32 = 0x10;
const TEXT: u32 = 0x30;
const ENDIAN: u32 = 0x40;

/// MODE's bit to decrypt; below it is the key's length.
const DECRYPT: u32 = 4;
/// Fields of ENDIAN, two bits each: of the key, of what comes in, of what goes out.
const ENDIAN_KEY: u32 = 0;
const ENDIAN_INPUT: u32 = 2;
const ENDIAN_OUTPUT: u32 = 4;

/// The peripheral.
#[derive(Debug)]
pub struct Aes {
    registers: Registers,
}

impl Default for Aes {
    fn default() -> Self {
        Self {
            registers: Registers::new(0x50, &[(ENDIAN, 0x3F)]),
        }
    }
}

impl Aes {
    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            IDLE => 1,
            START => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            START if value & 1 == 1 => self.transform(),
            START | IDLE => {}
            _ => self.registers.set(offset, value),
        }
    }

    /// Puts `bytes`, words as they are in memory, into the order that ENDIAN's field says: the lower bit is the order of the bytes in a
    /// word, the upper one that of the words.
    fn order(&self, field: u32, bytes: &mut [u8]) {
        if !self.registers.bit(ENDIAN, field) {
            bytes
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .for_each(|word| word.reverse());
        }
        if !self.registers.bit(ENDIAN, field + 1) {
            bytes.as_chunks_mut::<4>().0.reverse();
        }
    }

    fn bytes(&self, first: u32, field: u32, len: usize) -> Vec<u8> {
        let words = (first..)
            .step_by(4)
            .map(|offset| self.registers.get(offset));
        let mut bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).take(len).collect();
        self.order(field, &mut bytes);
        bytes
    }

    fn transform(&mut self) {
        let mode = self.registers.get(MODE);
        let key_len = [16, 24, 32, 32][(mode & 3) as usize];
        let key = self.bytes(KEY, ENDIAN_KEY, key_len);
        let mut block = Block::default();
        block.copy_from_slice(&self.bytes(TEXT, ENDIAN_INPUT, 16));
        let decrypts = mode & DECRYPT != 0;
        match key_len {
            16 => apply(Aes128::new_from_slice(&key), decrypts, &mut block),
            24 => apply(Aes192::new_from_slice(&key), decrypts, &mut block),
            _ => apply(Aes256::new_from_slice(&key), decrypts, &mut block),
        }
        self.order(ENDIAN_OUTPUT, &mut block);
        for (offset, word) in (TEXT..).step_by(4).zip(block.as_chunks::<4>().0) {
            self.registers.set(offset, u32::from_le_bytes(*word));
        }
    }
}

/// Transforms `block`; a key has the length that its cipher takes.
fn apply<C, E>(cipher: Result<C, E>, decrypts: bool, block: &mut Block)
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16>
        + BlockCipherDecrypt<BlockSize = aes::cipher::consts::U16>,
{
    if let Ok(cipher) = cipher {
        if decrypts {
            cipher.decrypt_block(block);
        } else {
            cipher.encrypt_block(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, appendix C: the plain text, and what it is with the keys 00 01 02 and so on.
    const PLAIN: [u8; 16] = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE,
        0xFF,
    ];
    const EXAMPLES: [(u32, u8, [u8; 16]); 3] = [
        (
            0,
            16,
            [
                0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4,
                0xC5, 0x5A,
            ],
        ),
        (
            1,
            24,
            [
                0xDD, 0xA9, 0x7C, 0xA4, 0x86, 0x4C, 0xDF, 0xE0, 0x6E, 0xAF, 0x70, 0xA0, 0xEC, 0x0D,
                0x71, 0x91,
            ],
        ),
        (
            2,
            32,
            [
                0x8E, 0xA2, 0xB7, 0xCA, 0x51, 0x67, 0x45, 0xBF, 0xEA, 0xFC, 0x49, 0x90, 0x4B, 0x49,
                0x60, 0x89,
            ],
        ),
    ];

    fn set(aes: &mut Aes, first: u32, bytes: &[u8]) {
        for (offset, word) in (first..).step_by(4).zip(bytes.as_chunks::<4>().0) {
            aes.write(offset, u32::from_le_bytes(*word));
        }
    }

    fn text(aes: &Aes) -> Vec<u8> {
        let words = (TEXT..TEXT + 16).step_by(4).map(|offset| aes.read(offset));
        words.flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn blocks_are_encrypted_and_decrypted() {
        for (mode, key_len, cipher) in EXAMPLES {
            let mut aes = Aes::default();
            set(&mut aes, KEY, &(0..key_len).collect::<Vec<_>>());
            set(&mut aes, TEXT, &PLAIN);
            aes.write(MODE, mode);
            aes.write(START, 1);
            assert_eq!(aes.read(IDLE), 1);
            assert_eq!(text(&aes), cipher);
            aes.write(MODE, mode | DECRYPT);
            aes.write(START, 1);
            assert_eq!(text(&aes), PLAIN);
        }
    }

    #[test]
    fn the_order_of_bytes_and_words_is_endians() {
        let mut aes = Aes::default();
        aes.write(ENDIAN, 0);
        let mut reversed: Vec<u8> = (0..16).collect();
        reversed.reverse();
        set(&mut aes, KEY, &reversed);
        let mut plain = PLAIN;
        plain.reverse();
        set(&mut aes, TEXT, &plain);
        aes.write(START, 1);
        let mut cipher = EXAMPLES[0].2;
        cipher.reverse();
        assert_eq!(text(&aes), cipher);
    }
}
