//! Loops that wait for an interrupt or for the other core.
//!
//! A core is in such a loop when it comes back to the same state of its registers, having stored nothing but what was there before and
//! read nothing but memory and flash. What it reads can change only by an interrupt of its own, or by the other core.

use crate::bus::SystemBus;
use crate::cpu::instruction::{Op, decode};
use crate::cpu::{ADDRESS_REGISTERS, Bus, Cpu, Fault, Fetched, Origin};
use crate::peripherals::Peripherals;

/// The longest loop that is recognised, in instructions.
const LONGEST: usize = 512;

/// Whether `cpu` waits in a loop. It goes through it once.
pub(super) fn loops(cpu: &mut Cpu, bus: &mut SystemBus) -> bool {
    let start = State::of(cpu);
    let mut watched = Watched {
        bus,
        disturbed: false,
        reads_time: false,
    };
    for _ in 0..LONGEST {
        let end = cpu.cycles + 1;
        cpu.run(&mut watched, end);
        if watched.disturbed || watched.bus.attention() || cpu.waiting {
            return false;
        }
        watched.look_at(cpu.pc);
        if watched.reads_time || watched.disturbed {
            return false;
        }
        if cpu.pc == start.pc && State::of(cpu) == start {
            return true;
        }
    }
    false
}

/// What decides what a core does next.
#[derive(PartialEq)]
struct State {
    pc: u32,
    registers: [u32; ADDRESS_REGISTERS],
    window: (u32, u32),
    /// PS, SAR, LBEG, LEND, LCOUNT, BR, INTENABLE.
    special: [u32; 7],
    floats: [u32; 16],
    acc: i64,
}

impl State {
    fn of(cpu: &Cpu) -> Self {
        Self {
            pc: cpu.pc,
            registers: std::array::from_fn(|number| cpu.physical(number)),
            window: (cpu.window_base(), cpu.window_start()),
            special: [
                cpu.ps.bits(),
                cpu.sar,
                cpu.lbeg,
                cpu.lend,
                cpu.lcount,
                cpu.br,
                cpu.interrupt_enable,
            ],
            floats: cpu.fr,
            acc: cpu.acc,
        }
    }
}

/// The bus, and whether anything is done on it but to read memory.
struct Watched<'a> {
    bus: &'a mut SystemBus,
    disturbed: bool,
    reads_time: bool,
}

impl Watched<'_> {
    /// Looks at the instruction at `pc`: special registers may be time.
    fn look_at(&mut self, pc: u32) {
        match self.bus.fetch(pc) {
            Ok(Fetched::Code(word)) => {
                self.reads_time |= matches!(decode(pc, word).op, Op::Rsr | Op::Xsr);
            }
            _ => self.disturbed = true,
        }
    }

    fn look(&mut self, address: u32) {
        self.disturbed |= Peripherals::canonical(address).is_some_and(|at| at < PERIPHERALS_END);
    }
}

/// Where memory begins that [`Peripherals::canonical`] does not know.
const PERIPHERALS_END: u32 = 0x3FF8_0000;

impl Bus for Watched<'_> {
    fn fetch(&mut self, pc: u32) -> Result<Fetched, Fault> {
        self.bus.fetch(pc)
    }

    fn load8(&mut self, origin: Origin, address: u32) -> Result<u8, Fault> {
        self.look(address);
        self.bus.load8(origin, address)
    }

    fn load16(&mut self, origin: Origin, address: u32) -> Result<u16, Fault> {
        self.look(address);
        self.bus.load16(origin, address)
    }

    fn load32(&mut self, origin: Origin, address: u32) -> Result<u32, Fault> {
        self.look(address);
        self.bus.load32(origin, address)
    }

    fn store8(&mut self, origin: Origin, address: u32, value: u8) -> Result<(), Fault> {
        self.look(address);
        self.disturbed = self.disturbed || self.bus.load8(origin, address) != Ok(value);
        self.bus.store8(origin, address, value)
    }

    fn store16(&mut self, origin: Origin, address: u32, value: u16) -> Result<(), Fault> {
        self.look(address);
        self.disturbed = self.disturbed || self.bus.load16(origin, address) != Ok(value);
        self.bus.store16(origin, address, value)
    }

    fn store32(&mut self, origin: Origin, address: u32, value: u32) -> Result<(), Fault> {
        self.look(address);
        self.disturbed = self.disturbed || self.bus.load32(origin, address) != Ok(value);
        self.bus.store32(origin, address, value)
    }

    fn attention(&self) -> bool {
        self.bus.attention()
    }

    fn peek(&self, address: u32) -> Option<u32> {
        self.bus.peek(address)
    }

    fn is_plain(&self, address: u32) -> bool {
        self.bus.is_plain(address)
    }

    fn native(&mut self, cpu: &mut Cpu, number: u32) {
        self.disturbed = true;
        self.bus.native(cpu, number);
    }
}
