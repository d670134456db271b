//! SPI1, the controller that programs reach the flash chip with (ESP32 Technical Reference Manual, "SPI Controller").
//!
//! A command is done when its register is written; only the flash chip takes time.

use std::time::Duration;

use super::psram;
use super::registers::Registers;
use crate::flash::Flash;

const CMD: u32 = 0x00;
const ADDR: u32 = 0x04;
const RD_STATUS: u32 = 0x10;
const USER: u32 = 0x1C;
const USER1: u32 = 0x20;
const USER2: u32 = 0x24;
const MOSI_DLEN: u32 = 0x28;
const MISO_DLEN: u32 = 0x2C;
const PIN: u32 = 0x34;
const W0: u32 = 0x80;
const WORDS: u32 = 16;
const EXT2: u32 = 0xF8;

/// Bits of CMD, and the flash chip's command of those that have no parameters.
const USR: u32 = 18;
const SIMPLE: [(u32, u8); 4] = [(30, 0x06), (29, 0x04), (22, 0xC7), (28, 0x9F)];
const READ_STATUS: u32 = 27;
const WRITE_STATUS: u32 = 26;
const PAGE_PROGRAM: u32 = 25;
const SECTOR_ERASE: u32 = 24;
const BLOCK_ERASE: u32 = 23;
const READ: u32 = 31;

/// Bits of USER.
const USR_COMMAND: u32 = 31;
const USR_ADDR: u32 = 30;
const USR_MISO: u32 = 28;
const USR_MOSI: u32 = 27;

/// The peripheral.
#[derive(Debug)]
pub struct Spi {
    registers: Registers,
    /// Whether its pins are connected to the flash chip.
    pub attached: bool,
}

impl Default for Spi {
    fn default() -> Self {
        Self {
            registers: Registers::new(
                0x100,
                &[
                    (0x08, 0x0020_0400),
                    (0x18, 0x8000_3043),
                    (USER, 1 << USR_COMMAND),
                    (USER1, 0x5C00_0007),
                    (USER2, 0x7000_0000),
                    (PIN, 6),
                ],
            ),
            attached: true,
        }
    }
}

impl Spi {
    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            // Commands are over, the state machine is idle.
            CMD | EXT2 => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`. A write to CMD does a transaction with `flash`.
    pub fn write(&mut self, offset: u32, value: u32, now: Duration, flash: &mut Flash) {
        match offset {
            CMD if self.attached => self.command(value, now, flash),
            // Nothing answers.
            CMD => self.set_input(&[0; 4 * WORDS as usize]),
            EXT2 => {}
            _ => self.registers.set(offset, value),
        }
    }

    fn output(&self, len: usize) -> Vec<u8> {
        (0..WORDS)
            .flat_map(|index| self.registers.get(W0 + 4 * index).to_le_bytes())
            .take(len)
            .collect()
    }

    fn set_input(&mut self, bytes: &[u8]) {
        for (index, part) in (0..WORDS).zip(bytes.chunks(4)) {
            let mut word = [0; 4];
            word[..part.len()].copy_from_slice(part);
            self.registers.set(W0 + 4 * index, u32::from_le_bytes(word));
        }
    }

    fn command(&mut self, value: u32, now: Duration, flash: &mut Flash) {
        let asked = |bit: u32| value >> bit & 1 == 1;
        let address = self.registers.get(ADDR);
        if asked(USR) {
            self.user_command(now, flash);
        } else if asked(READ_STATUS) {
            let status = flash.transaction(now, 0x05, 0, &[], 1);
            self.registers.set(RD_STATUS, status[0].into());
        } else if asked(WRITE_STATUS) {
            let status = self.registers.get(RD_STATUS).to_le_bytes();
            flash.transaction(now, 0x01, 0, &status[..2], 0);
        } else if asked(PAGE_PROGRAM) {
            // ADDR: 24 bits of address, the number of bytes above.
            let output = self.output((address >> 24) as usize);
            flash.transaction(now, 0x02, address & 0xFF_FFFF, &output, 0);
        } else if asked(SECTOR_ERASE) {
            flash.transaction(now, 0x20, address & 0xFF_FFFF, &[], 0);
        } else if asked(BLOCK_ERASE) {
            flash.transaction(now, 0xD8, address & 0xFF_FFFF, &[], 0);
        } else if asked(READ) {
            let len = (address >> 24) as usize;
            let input = flash.transaction(now, 0x03, address & 0xFF_FFFF, &[], len);
            self.set_input(&input);
        } else if let Some(&(_, command)) = SIMPLE.iter().find(|&&(bit, _)| asked(bit)) {
            let input =
                flash.transaction(now, command, 0, &[], if command == 0x9F { 3 } else { 0 });
            if !input.is_empty() {
                self.set_input(&input);
            }
        }
    }

    /// Whether CS1 is selected, and CS0 is not: the PSRAM chip, not the flash chip.
    fn selects_psram(&self) -> bool {
        self.registers.field(PIN, 0, 2) == 1
    }

    /// A transaction with the PSRAM chip. A driver may send the command as the first byte of the address, behind two bits that delay it.
    fn psram_command(&mut self) {
        let has = |bit: u32| self.registers.bit(USER, bit);
        let command = if has(USR_COMMAND) && self.registers.field(USER2, 28, 4) >= 7 {
            self.registers.get(USER2) as u8
        } else if has(USR_ADDR) {
            (self.registers.get(ADDR) >> 24) as u8
        } else {
            return;
        };
        if has(USR_MISO) {
            let len = (self.registers.field(MISO_DLEN, 0, 24) as usize + 8) / 8;
            self.set_input(&psram::answer(command, len));
        }
    }

    fn user_command(&mut self, now: Duration, flash: &mut Flash) {
        if self.selects_psram() {
            return self.psram_command();
        }
        let has = |bit: u32| self.registers.bit(USER, bit);
        let len = |register: u32| (self.registers.field(register, 0, 24) as usize + 8) / 8;
        let address = if has(USR_ADDR) {
            // The highest bits are sent, as many as USER1 says.
            let bits = self.registers.field(USER1, 26, 6) + 1;
            let address = self.registers.get(ADDR);
            // A chip takes 24 bits; further ones are the mode of quick reads.
            address >> 32u32.saturating_sub(bits.min(24))
        } else {
            0
        };
        let output = if has(USR_MOSI) {
            self.output(len(MOSI_DLEN))
        } else {
            Vec::new()
        };
        let input = if has(USR_MISO) { len(MISO_DLEN) } else { 0 };
        let command = self.registers.get(USER2) as u8;
        let answer = flash.transaction(now, command, address, &output, input);
        if has(USR_MISO) {
            self.set_input(&answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cs1_is_the_psram_chip() {
        let (mut spi, mut flash) = (Spi::default(), Flash::new(4 << 20));
        let mut read_id = |pin: u32, user2: u32, user1: u32, address: u32| {
            for (offset, value) in [
                (PIN, pin),
                (USER, 1 << USR_COMMAND | 1 << USR_ADDR | 1 << USR_MISO),
                (USER2, user2),
                (USER1, user1),
                (ADDR, address),
                (MISO_DLEN, 64 - 1),
                (CMD, 1 << USR),
            ] {
                spi.write(offset, value, Duration::ZERO, &mut flash);
            }
            spi.read(W0)
        };
        // The command as such, and behind two bits in the address.
        assert_eq!(read_id(5, 7 << 28 | 0x9F, 23 << 26, 0), 0x0020_5D0D);
        assert_eq!(read_id(5, 1 << 28, 31 << 26, 0x9F << 24), 0x0020_5D0D);
        assert_eq!(read_id(6, 7 << 28 | 0x9F, 23 << 26, 0) & 0xFF, 0xEF);
    }
}
