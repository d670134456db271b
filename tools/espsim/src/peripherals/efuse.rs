//! eFuse controller (ESP32 Technical Reference Manual, "eFuse Controller"): block 0 as the chip was made, the others empty, and all of
//! them can be programmed.
//!
//! Not modelled: coding schemes (what is read is what was written), the time that it takes.

use super::registers::Registers;
use crate::chip::Chip;

/// BLKn_RDATA0 and BLKn_WDATA0, and how many words a block has.
const BLOCKS: [(u32, u32, usize); 4] = [
    (0x00, 0x1C, 7),
    (0x38, 0x98, 8),
    (0x58, 0xB8, 8),
    (0x78, 0xD8, 8),
];
const CONF: u32 = 0xFC;
const CMD: u32 = 0x104;
const INT_RAW: u32 = 0x108;
const INT_ST: u32 = 0x10C;
const INT_ENA: u32 = 0x110;
const INT_CLR: u32 = 0x114;
const DATE: u32 = 0x1FC;

/// OP_CODE of CONF, and the bit of CMD that it goes with; the interrupts' bits are the same.
const READ: (u32, u32) = (0x5AA5, 1 << 0);
const PROGRAM: (u32, u32) = (0x5A5A, 1 << 1);

/// RD_DIS of BLK0_RDATA0: block 1 and the ones behind.
const RD_DIS: u32 = 16;
/// WR_DIS, the first bits of BLK0_RDATA0: block 1 and the ones behind.
const WR_DIS_BLOCK1: u32 = 7;
/// WR_DIS' bits, and what each protects in BLK0_RDATA0: RD_DIS, WR_DIS, FLASH_CRYPT_CNT with UART_DOWNLOAD_DIS.
const WR_DIS_WORD0: [(u32, u32); 3] = [(0, 0xF << 16), (1, 0xFFFF), (2, 0xFF << 20)];

/// The peripheral.
#[derive(Debug)]
pub struct Efuse {
    fuses: [[u32; 8]; 4],
    registers: Registers,
    raw: u32,
}

impl Efuse {
    /// The eFuses of `chip`.
    pub fn new(chip: &Chip) -> Self {
        let mut fuses = [[0; 8]; 4];
        fuses[0][..7].copy_from_slice(&chip.efuse_words());
        Self::with(fuses)
    }

    fn with(fuses: [[u32; 8]; 4]) -> Self {
        let mut efuse = Self {
            fuses,
            registers: Registers::new(0x200, &[(DATE, 0x1604_2600)]),
            raw: 0,
        };
        efuse.read_fuses();
        efuse
    }

    /// A reset: the fuses stay, and are read anew.
    pub fn reset(&mut self) {
        *self = Self::with(self.fuses);
    }

    fn read_fuses(&mut self) {
        for (block, (offset, _, words)) in BLOCKS.into_iter().enumerate() {
            let hidden = block > 0 && self.fuses[0][0] >> (RD_DIS + block as u32 - 1) & 1 == 1;
            for (offset, &word) in (offset..).step_by(4).zip(&self.fuses[block][..words]) {
                self.registers.set(offset, if hidden { 0 } else { word });
            }
        }
    }

    /// Sets the fuses whose bits are set in what is to be written, but for those that are protected.
    fn program(&mut self) {
        let word0 = self.fuses[0][0];
        let protected = |bit: u32| word0 >> bit & 1 == 1;
        for (block, (_, offset, words)) in BLOCKS.into_iter().enumerate() {
            if block > 0 && protected(WR_DIS_BLOCK1 + block as u32 - 1) {
                continue;
            }
            for (index, fuse) in self.fuses[block][..words].iter_mut().enumerate() {
                let mut bits = self.registers.get(offset + 4 * index as u32);
                if (block, index) == (0, 0) {
                    for (_, mask) in WR_DIS_WORD0.iter().filter(|(bit, _)| protected(*bit)) {
                        bits &= !mask;
                    }
                }
                *fuse |= bits;
            }
        }
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.raw & self.registers.get(INT_ENA) != 0
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            // Commands are over at once.
            CMD | INT_CLR => 0,
            INT_RAW => self.raw,
            INT_ST => self.raw & self.registers.get(INT_ENA),
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        let read_only = BLOCKS
            .iter()
            .any(|&(read, _, words)| (read..read + 4 * words as u32).contains(&offset));
        match offset {
            CMD => {
                let code = self.registers.get(CONF) & 0xFFFF;
                if (code, value & 3) == READ {
                    self.read_fuses();
                    self.raw |= READ.1;
                } else if (code, value & 3) == PROGRAM {
                    self.program();
                    self.raw |= PROGRAM.1;
                }
            }
            INT_CLR => self.raw &= !value,
            INT_RAW | INT_ST => {}
            _ if read_only => {}
            _ => self.registers.set(offset, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(efuse: &mut Efuse, (code, bit): (u32, u32)) {
        efuse.write(CONF, code);
        efuse.write(CMD, bit);
        assert_eq!(efuse.read(CMD), 0);
    }

    fn burn(efuse: &mut Efuse, offset: u32, value: u32) {
        efuse.write(offset, value);
        command(efuse, PROGRAM);
        efuse.write(offset, 0);
        command(efuse, READ);
    }

    #[test]
    fn bits_are_set_and_never_cleared() {
        let mut efuse = Efuse::new(&Chip::default());
        burn(&mut efuse, 0xD8, 0xF0);
        burn(&mut efuse, 0xD8, 0x0F);
        assert_eq!(efuse.read(0x78), 0xFF);
        efuse.reset();
        assert_eq!(efuse.read(0x78), 0xFF);
        assert_eq!(efuse.read(0xD8), 0);
        // The MAC address is still there.
        assert_eq!(efuse.read(0x04), 0xC412_3456);
    }

    #[test]
    fn a_command_wants_its_code_and_shows_what_it_did_when_it_was_read() {
        let mut efuse = Efuse::new(&Chip::default());
        efuse.write(0xD8, 1);
        command(&mut efuse, (0x1234, PROGRAM.1));
        command(&mut efuse, READ);
        assert_eq!(efuse.read(0x78), 0);
        command(&mut efuse, PROGRAM);
        assert_eq!(efuse.read(0x78), 0);
        command(&mut efuse, READ);
        assert_eq!(efuse.read(0x78), 1);
        efuse.write(0x78, 0);
        assert_eq!(efuse.read(0x78), 1);
    }

    #[test]
    fn the_ends_interrupt() {
        let mut efuse = Efuse::new(&Chip::default());
        efuse.write(INT_ENA, PROGRAM.1);
        command(&mut efuse, READ);
        assert!(!efuse.interrupt());
        command(&mut efuse, PROGRAM);
        assert!(efuse.interrupt());
        assert_eq!(efuse.read(INT_RAW), 3);
        efuse.write(INT_CLR, 3);
        assert!(!efuse.interrupt());
    }

    #[test]
    fn blocks_are_protected_from_being_read_and_written() {
        let mut efuse = Efuse::new(&Chip::default());
        burn(&mut efuse, 0x98, 0x1234);
        burn(&mut efuse, 0x1C, 1 << 16 | 1 << 7);
        assert_eq!(efuse.read(0x38), 0);
        burn(&mut efuse, 0x98, 0xFFFF_FFFF);
        assert_eq!(efuse.fuses[1][0], 0x1234);
        // The protection of RD_DIS itself.
        burn(&mut efuse, 0x1C, 1);
        burn(&mut efuse, 0x1C, 1 << 17);
        assert_eq!(efuse.read(0) >> 16 & 3, 1);
    }
}
