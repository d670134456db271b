//! Programs of a few instructions in the place of a bootloader, and machines that run them.

// Not every test uses all of it.
#![allow(dead_code, missing_docs)]

use espsim::clock::{MICROSECOND, Ticks};
use espsim::flash::Flash;
use espsim::machine::{Event, Machine, MachineOptions};

/// Ticks of a millisecond.
pub const MILLISECOND: Ticks = 1000 * MICROSECOND;
/// Where the programs are loaded, and their literals before.
pub const CODE: u32 = 0x4008_0400;
const LITERALS: u32 = CODE - 0x100;

/// Functions of the ROM.
pub const UART_TX_ONE_CHAR: u32 = 0x4000_9200;
pub const UART_TX_FLUSH: u32 = 0x4000_9258;

/// A program in assembly, as far as the tests need it.
#[derive(Default)]
pub struct Program {
    literals: Vec<u32>,
    code: Vec<u8>,
}

impl Program {
    pub fn new() -> Self {
        Self::default().entry()
    }

    pub fn word(mut self, word: u32) -> Self {
        self.code.extend(&word.to_le_bytes()[..3]);
        self
    }

    /// `l32r at, =value`.
    pub fn literal(mut self, t: u32, value: u32) -> Self {
        let pc = CODE + self.code.len() as u32;
        let at = LITERALS + 4 * self.literals.len() as u32;
        self.literals.push(value);
        let offset = at.wrapping_sub((pc + 3) & !3) >> 2 & 0xFFFF;
        self.word(1 | t << 4 | offset << 8)
    }

    /// Calls a function of the ROM with an argument.
    pub fn call(self, function: u32, argument: u32) -> Self {
        // callx8 a8
        self.literal(8, function)
            .literal(10, argument)
            .word(0x00_08E0)
    }

    pub fn store(self, address: u32, value: u32) -> Self {
        // s32i a3, a2, 0
        self.literal(2, address).literal(3, value).word(0x00_6232)
    }

    /// The address of the next instruction.
    pub fn here(&self) -> u32 {
        CODE + self.code.len() as u32
    }

    /// An instruction with an immediate of 8 bits.
    pub fn with_imm8(self, op0: u32, t: u32, s: u32, r: u32, imm8: u32) -> Self {
        self.word(op0 | t << 4 | s << 8 | r << 12 | (imm8 & 0xFF) << 16)
    }

    /// `l32i t, s, offset`.
    pub fn l32i(self, t: u32, s: u32, offset: u32) -> Self {
        self.with_imm8(2, t, s, 2, offset / 4)
    }

    /// `s32i t, s, offset`.
    pub fn s32i(self, t: u32, s: u32, offset: u32) -> Self {
        self.with_imm8(2, t, s, 6, offset / 4)
    }

    /// `addi t, s, value`.
    pub fn addi(self, t: u32, s: u32, value: i32) -> Self {
        self.with_imm8(2, t, s, 12, value as u32)
    }

    /// `rsr t, number`.
    pub fn rsr(self, t: u32, number: u32) -> Self {
        self.word(t << 4 | number << 8 | 3 << 16)
    }

    /// `wsr t, number`.
    pub fn wsr(self, t: u32, number: u32) -> Self {
        self.word(t << 4 | number << 8 | 3 << 16 | 1 << 20)
    }

    /// `sub r, s, t`.
    pub fn sub(self, r: u32, s: u32, t: u32) -> Self {
        self.word(t << 4 | s << 8 | r << 12 | 12 << 20)
    }

    fn branch(self, kind: u32, s: u32, t: u32, target: u32) -> Self {
        let offset = target.wrapping_sub(self.here() + 4);
        self.with_imm8(7, t, s, kind, offset)
    }

    /// `bltu s, t, target`.
    pub fn bltu(self, s: u32, t: u32, target: u32) -> Self {
        self.branch(3, s, t, target)
    }

    /// `bne s, t, target`.
    pub fn bne(self, s: u32, t: u32, target: u32) -> Self {
        self.branch(9, s, t, target)
    }

    /// `s32c1i t, s, 0`.
    pub fn s32c1i(self, t: u32, s: u32) -> Self {
        self.with_imm8(2, t, s, 14, 0)
    }

    /// `bnez s, target`.
    pub fn bnez(self, s: u32, target: u32) -> Self {
        let offset = target.wrapping_sub(self.here() + 4) & 0xFFF;
        self.word(6 | 1 << 4 | 1 << 6 | s << 8 | offset << 12)
    }

    /// `beqz s, target`.
    pub fn beqz(self, s: u32, target: u32) -> Self {
        let offset = target.wrapping_sub(self.here() + 4) & 0xFFF;
        self.word(6 | 1 << 4 | s << 8 | offset << 12)
    }

    /// Goes on at `address`.
    pub fn at(mut self, address: u32) -> Self {
        self.code.resize((address - CODE) as usize, 0);
        self
    }

    /// `entry a1, 64`.
    pub fn entry(self) -> Self {
        self.word(6 | 3 << 4 | 1 << 8 | 8 << 12)
    }

    /// `j` to itself.
    pub fn stay(self) -> Self {
        self.word(6 | (0x3_FFFF - 3) << 6)
    }

    /// Flash with it as the bootloader.
    pub fn flash(&self) -> Vec<u8> {
        let mut literals: Vec<u8> = self
            .literals
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        literals.resize((CODE - LITERALS) as usize, 0);
        let segment = [literals, self.code.clone()].concat();
        image(CODE, LITERALS, &segment)
    }
}

/// Flash with a bootloader of one segment.
pub fn image(entry: u32, address: u32, segment: &[u8]) -> Vec<u8> {
    let mut segment = segment.to_vec();
    segment.resize(segment.len().next_multiple_of(4), 0);
    let mut flash = vec![0xFF; 0x1000];
    flash.extend([0xE9, 1, 2, 0x20]);
    flash.extend(entry.to_le_bytes());
    flash.extend([0; 16]);
    flash.extend(address.to_le_bytes());
    flash.extend((segment.len() as u32).to_le_bytes());
    flash.extend(&segment);
    while flash.len() % 16 != 15 {
        flash.push(0);
    }
    flash.push(segment.iter().fold(0xEF, |sum, byte| sum ^ byte));
    flash
}

pub fn machine(flash: &[u8]) -> Machine {
    Machine::new(
        &MachineOptions::default(),
        Flash::with_content(4 << 20, flash),
    )
}

/// Runs until something else happens than bytes on the console.
pub fn run(machine: &mut Machine, until: Ticks) -> (String, Event) {
    let mut console = Vec::new();
    loop {
        match machine.run(until) {
            Event::Sent { bytes, .. } => console.extend(bytes),
            event => return (String::from_utf8_lossy(&console).into_owned(), event),
        }
    }
}
