//! eFuse controller: block 0 as the chip was made; the others are empty (ESP32 Technical Reference Manual, "eFuse Controller").
//!
//! Programming does nothing.

use super::registers::Registers;
use crate::chip::Chip;

const CMD: u32 = 0x104;

/// The peripheral.
#[derive(Debug)]
pub struct Efuse {
    block0: [u32; 7],
    registers: Registers,
}

impl Efuse {
    /// The eFuses of `chip`.
    pub fn new(chip: &Chip) -> Self {
        Self {
            block0: chip.efuse_words(),
            registers: Registers::new(0x120, &[]),
        }
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0..0x1C => self.block0[(offset / 4) as usize],
            // Reading is over at once.
            CMD => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        self.registers.set(offset, value);
    }
}
