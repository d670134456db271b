//! The registers as gdb has them: in the order of `xtensa-core-esp32.cfg` of OpenOCD, which our gdb and Espressif's take.

use espsim::cpu::Cpu;
use gdbstub::arch::{Arch, RegId, Registers};

/// A kind of register, and its number among those.
#[derive(Debug, Clone, Copy)]
enum Register {
    Pc,
    /// Of all 64, not of the window.
    Address(usize),
    Special(u32),
    User(u32),
    Float(usize),
    /// Of the window.
    Window(u8),
}

/// THREADPTR, F64R_LO, F64R_HI, F64S, FCR, FSR; EXPSTATE is of GPIOs that the ESP32 does not have.
const EXPSTATE: u32 = 230;

fn layout() -> impl Iterator<Item = Register> {
    use Register::{Address, Float, Pc, Special, User, Window};
    let special = |first: u32, count: u32| (first..first + count).map(Special);
    [Pc].into_iter()
        .chain((0..64).map(Address))
        .chain([0, 1, 2, 3, 72, 73, 176, 208, 230].map(Special))
        .chain([User(231)])
        .chain([4, 12, 16, 17].map(Special))
        .chain(special(32, 4))
        .chain([EXPSTATE, 234, 235, 236].map(User))
        .chain((0..16).map(Float))
        .chain([232, 233].map(User))
        .chain([89, 96, 97, 99, 104].map(Special))
        .chain(special(128, 2))
        .chain(special(144, 2))
        .chain(special(160, 2))
        .chain(special(177, 7))
        .chain([Special(192)])
        .chain(special(194, 6))
        .chain(special(209, 7))
        // interrupt, intset, intclear and what follows
        .chain(
            [
                224, 226, 226, 227, 228, 231, 232, 233, 234, 235, 236, 237, 238,
            ]
            .map(Special),
        )
        .chain(special(240, 3))
        .chain(special(244, 4))
        .chain((0..16).map(Window))
}

fn get(cpu: &Cpu, register: Register) -> u32 {
    match register {
        Register::Pc => cpu.pc,
        Register::Address(number) => cpu.physical(number),
        // What is written only reads as 0.
        Register::Special(number) => cpu.special(number).unwrap_or(0),
        Register::User(number) => cpu.user(number).unwrap_or(0),
        Register::Float(number) => cpu.fr[number],
        Register::Window(number) => cpu.a(number),
    }
}

/// Whether the register could be set.
fn set(cpu: &mut Cpu, register: Register, value: u32) -> bool {
    match register {
        Register::Pc => cpu.pc = value,
        Register::Address(number) => cpu.set_physical(number, value),
        Register::Special(number) => return cpu.set_special(number, value),
        Register::User(number) => return cpu.set_user(number, value),
        Register::Float(number) => cpu.fr[number] = value,
        Register::Window(number) => cpu.set_a(number, value),
    }
    true
}

/// Register `index` of a core.
pub(super) fn read(cpu: &Cpu, index: usize) -> Option<u32> {
    layout().nth(index).map(|register| get(cpu, register))
}

/// Sets register `index` of a core; whether that was possible.
pub(super) fn write(cpu: &mut Cpu, index: usize, value: u32) -> bool {
    layout()
        .nth(index)
        .is_some_and(|register| set(cpu, register, value))
}

/// The values of all registers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lx6Registers(Vec<u32>);

impl Lx6Registers {
    pub(super) fn of(cpu: &Cpu) -> Self {
        Self(layout().map(|register| get(cpu, register)).collect())
    }

    /// Sets those that differ: to write a register may have effects. Those of the window are among all.
    pub(super) fn write_to(&self, cpu: &mut Cpu) {
        for (register, &value) in layout().zip(&self.0) {
            if !matches!(register, Register::Window(_)) && get(cpu, register) != value {
                set(cpu, register, value);
            }
        }
    }
}

impl Registers for Lx6Registers {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.first().copied().unwrap_or(0)
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        for byte in self.0.iter().flat_map(|value| value.to_le_bytes()) {
            write_byte(Some(byte));
        }
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(());
        }
        self.0 = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        Ok(())
    }
}

/// Which register: its place in gdb's order.
#[derive(Debug, Clone, Copy)]
pub struct Index(pub(super) usize);

impl RegId for Index {
    fn from_raw_id(id: usize) -> Option<(Self, Option<std::num::NonZeroUsize>)> {
        (id < layout().count()).then_some((Self(id), std::num::NonZeroUsize::new(4)))
    }
}

/// The ESP32's core.
#[derive(Debug)]
pub enum Lx6 {}

impl Arch for Lx6 {
    type Usize = u32;
    type Registers = Lx6Registers;
    type BreakpointKind = usize;
    type RegId = Index;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_where_gdb_has_them() {
        // gdb-xtensa's xtensa-config.c: ps is behind configid1, f0 behind f64s, fsr is the last of OpenOCD's contiguous ones.
        let mut cpu = Cpu::new(0xCDCD, 0x400D_0000);
        cpu.fr[0] = 0x3F80_0000;
        cpu.threadptr = 7;
        cpu.fsr = 5;
        let values = Lx6Registers::of(&cpu).0;
        assert_eq!(values.len(), 157 + 16);
        assert_eq!(values[0], 0x400D_0000);
        assert_eq!(values[73], cpu.ps.bits());
        assert_eq!(values[74], 7);
        assert_eq!(values[87], 0x3F80_0000);
        assert_eq!(values[104], 5);
        assert!(write(&mut cpu, 8, 0x1234));
        assert_eq!((cpu.a(7), read(&cpu, 8)), (0x1234, Some(0x1234)));
        assert!(!write(&mut cpu, 173, 0));
        assert_eq!(read(&cpu, 157 + 7), Some(0x1234));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let mut cpu = Cpu::new(0xCDCD, 0x400D_0000);
        let mut registers = Lx6Registers::of(&cpu);
        let mut bytes = vec![];
        registers.gdb_serialize(|byte| bytes.extend(byte));
        bytes[4..8].copy_from_slice(&[1, 2, 3, 4]);
        registers.gdb_deserialize(&bytes).unwrap();
        registers.write_to(&mut cpu);
        assert_eq!(cpu.physical(0), 0x0403_0201);
        assert!(registers.gdb_deserialize(&bytes[1..]).is_err());
    }
}
