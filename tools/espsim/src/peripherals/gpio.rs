//! GPIO: outputs and their levels (ESP32 Technical Reference Manual, "IO_MUX and GPIO Matrix").
//!
//! A pin that is driven reads as what it drives, the others as low. Not modelled: interrupts, and signals of peripherals on pins.

use super::registers::Registers;

/// OUT and ENABLE of pins 0 to 31, then of 32 to 39; the registers that set and clear their bits follow each.
const OUT: u32 = 0x04;
const OUT1: u32 = 0x10;
const ENABLE: u32 = 0x20;
const ENABLE1: u32 = 0x2C;
const STRAP: u32 = 0x38;
const IN: u32 = 0x3C;
const IN1: u32 = 0x40;
const STATUS: u32 = 0x44;
const STATUS1: u32 = 0x50;

/// Registers with one that sets bits and one that clears them behind.
const WITH_SET_AND_CLEAR: [u32; 6] = [OUT, OUT1, ENABLE, ENABLE1, STATUS, STATUS1];

/// The peripheral.
#[derive(Debug)]
pub struct Gpio {
    registers: Registers,
}

impl Gpio {
    /// After a reset, with the strapping pins' levels.
    pub fn new(strapping: u32) -> Self {
        Self {
            registers: Registers::new(0x1000, &[(STRAP, strapping)]),
        }
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            IN => self.registers.get(OUT) & self.registers.get(ENABLE),
            IN1 => self.registers.get(OUT1) & self.registers.get(ENABLE1),
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        for register in WITH_SET_AND_CLEAR {
            let old = self.registers.get(register);
            if offset == register + 4 {
                self.registers.set(register, old | value);
                return;
            }
            if offset == register + 8 {
                self.registers.set(register, old & !value);
                return;
            }
        }
        if !matches!(offset, STRAP | IN | IN1) {
            self.registers.set(offset, value);
        }
    }
}
