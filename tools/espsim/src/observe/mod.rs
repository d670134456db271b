//! What one sees of a run: which instructions were executed, where time went, each step, breakpoints.
//!
//! [`Observer`] is asked before each instruction. Without one, the cores run on the bus itself, and nothing of this costs anything.
//! It changes nothing of a run: the same instructions are executed at the same times.

use crate::bus::SystemBus;
use crate::cpu::instruction::Instruction;
use crate::cpu::{Bus, Cpu, Fault, Fetched, Origin, Quiet};
use crate::rom;

pub mod breakpoints;
pub mod counts;
pub mod profile;
pub mod trace;
pub mod unwind;

pub use breakpoints::{Breakpoints, Stop, Watch};
pub use counts::Counts;
pub use profile::Profile;
pub use trace::{Step, Trace};

/// The program that is loaded by another one at addresses where that one has code, too: what is executed belongs to it from its entry
/// on, until the chip is reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The address of its first instruction.
    pub entry: u32,
    /// What is in memory there, to tell it from what was there before.
    pub code: Vec<u8>,
}

/// What is seen of a run.
#[derive(Debug, Default)]
pub struct Observer {
    /// The program that counts and names are about. Without one, all that is executed is taken for it.
    pub program: Option<Program>,
    /// How often each instruction of the program was executed.
    pub counts: Option<Counts>,
    /// Where time goes.
    pub profile: Option<Profile>,
    /// Each step.
    pub trace: Option<Trace>,
    /// Where to stop.
    pub breakpoints: Breakpoints,
    /// Whether the program runs: the ROM and the bootloader are behind.
    runs: bool,
}

impl Observer {
    /// Sees what is about `program`, if it is known.
    pub fn new(program: Option<Program>) -> Self {
        Self {
            program,
            ..Self::default()
        }
    }

    /// Whether the program runs: the ROM and the bootloader are behind.
    pub fn program_runs(&self) -> bool {
        self.runs || self.program.is_none()
    }

    /// The core is at `instruction`; whether it may execute it.
    #[inline]
    fn executes(&mut self, bus: &mut SystemBus, cpu: &Cpu, instruction: Instruction) -> bool {
        let core = bus.core();
        if self.breakpoints.any() && self.breakpoints.stops(core, cpu) {
            return false;
        }
        if let Some(program) = &self.program {
            if !self.runs && cpu.pc == program.entry {
                self.runs = program.is_in(bus);
            } else if cpu.pc == rom::RESET_VECTOR && core == 0 {
                self.runs = false;
            }
        }
        let runs = self.runs || self.program.is_none();
        if runs && let Some(counts) = &mut self.counts {
            counts.add(cpu.pc);
        }
        if let Some(profile) = &mut self.profile {
            profile.executes(bus, cpu, instruction, runs);
        }
        if let Some(trace) = &mut self.trace {
            trace.executes(bus, cpu, instruction, runs);
        }
        true
    }
}

impl Program {
    /// Whether it is what is in memory at its entry.
    pub fn is_in(&self, bus: &SystemBus) -> bool {
        (self.entry..)
            .zip(&self.code)
            .all(|(address, &byte)| bus.byte_at(address) == Some(byte))
    }
}

/// The bus with an observer beside it.
pub(crate) struct Observed<'a> {
    pub(crate) bus: &'a mut SystemBus,
    pub(crate) observer: &'a mut Observer,
}

impl Observed<'_> {
    fn accesses(&mut self, address: u32, len: u32, write: bool) {
        let core = self.bus.core();
        self.observer
            .breakpoints
            .accesses(core, address, len, write);
    }
}

impl Bus for Observed<'_> {
    const OBSERVED: bool = true;

    fn executes(&mut self, cpu: &Cpu, instruction: Instruction) -> bool {
        self.observer.executes(self.bus, cpu, instruction)
    }

    fn fetch(&mut self, pc: u32) -> Result<Fetched, Fault> {
        self.bus.fetch(pc)
    }

    fn load8(&mut self, origin: Origin, address: u32) -> Result<u8, Fault> {
        self.accesses(address, 1, false);
        self.bus.load8(origin, address)
    }

    fn load16(&mut self, origin: Origin, address: u32) -> Result<u16, Fault> {
        self.accesses(address, 2, false);
        self.bus.load16(origin, address)
    }

    fn load32(&mut self, origin: Origin, address: u32) -> Result<u32, Fault> {
        self.accesses(address, 4, false);
        self.bus.load32(origin, address)
    }

    fn store8(&mut self, origin: Origin, address: u32, value: u8) -> Result<(), Fault> {
        self.accesses(address, 1, true);
        self.bus.store8(origin, address, value)
    }

    fn store16(&mut self, origin: Origin, address: u32, value: u16) -> Result<(), Fault> {
        self.accesses(address, 2, true);
        self.bus.store16(origin, address, value)
    }

    fn store32(&mut self, origin: Origin, address: u32, value: u32) -> Result<(), Fault> {
        self.accesses(address, 4, true);
        self.bus.store32(origin, address, value)
    }

    fn attention(&self) -> bool {
        self.bus.attention() || self.observer.breakpoints.stopped()
    }

    fn native(&mut self, cpu: &mut Cpu, number: u32) {
        self.bus.native(cpu, number);
    }

    fn take_polled(&mut self) -> Option<u32> {
        self.bus.take_polled()
    }

    fn peek(&self, address: u32) -> Option<u32> {
        self.bus.peek(address)
    }

    fn is_plain(&self, address: u32) -> bool {
        self.bus.is_plain(address)
    }

    fn poll(&self, address: u32, from: u64, until: u64) -> Option<(u32, u32)> {
        self.bus.poll(address, from, until)
    }

    fn rehearse_store(&self, address: u32, value: u32, from: u64, until: u64) -> Option<Quiet> {
        self.bus.rehearse_store(address, value, from, until)
    }
}
