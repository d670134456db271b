//! Where time goes: the call stack, every so many cycles of a core.

use std::collections::BTreeMap;

use super::unwind;
use crate::bus::SystemBus;
use crate::cpu::Cpu;
use crate::cpu::instruction::{Instruction, Op};
use crate::rom;

/// A call stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// Which core.
    pub core: usize,
    /// Whether the program runs, and not yet ROM and bootloader.
    pub program: bool,
    /// Whether the core waits for an interrupt.
    pub waits: bool,
    /// Addresses, the innermost first.
    pub addresses: Vec<u32>,
}

/// Samples of the call stack.
#[derive(Debug)]
pub struct Profile {
    interval: u64,
    cores: [Core; 2],
    samples: BTreeMap<Stack, u64>,
}

/// What is known of a core.
#[derive(Debug, Default)]
struct Core {
    /// The cycle of the next sample.
    next: u64,
    /// Its cycle at the last instruction.
    last: u64,
    /// Who takes more than a cycle: an instruction that waits, a function of the ROM.
    long: Option<Stack>,
}

impl Profile {
    /// With a sample every `interval` cycles.
    pub fn new(interval: u64) -> Self {
        Self {
            interval: interval.max(1),
            cores: Default::default(),
            samples: BTreeMap::new(),
        }
    }

    /// Cycles between two samples.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// How many samples each stack has.
    pub fn samples(&self) -> &BTreeMap<Stack, u64> {
        &self.samples
    }

    pub(super) fn executes(
        &mut self,
        bus: &SystemBus,
        cpu: &Cpu,
        instruction: Instruction,
        program: bool,
    ) {
        let number = bus.core();
        let core = &mut self.cores[number];
        // The instruction's own cycle is counted already.
        let now = cpu.cycles;
        let is_long = matches!(instruction.op, Op::Waiti | Op::Native);
        let stack = |waits| Stack {
            core: number,
            program,
            waits,
            addresses: unwind::call_stack(cpu, |address| bus.byte_at(address))
                .iter()
                .map(|frame| frame.pc)
                .collect(),
        };
        if now >= core.next {
            if let Some(long) = core.long.take() {
                let behind = (now - 1).saturating_sub(core.next) / self.interval
                    + u64::from(now > core.next);
                if behind > 0 {
                    *self.samples.entry(long).or_default() += behind;
                    core.next += behind * self.interval;
                }
            } else if now - core.last > 1 && cpu.pc == rom::RESET_VECTOR {
                // The core stood still.
                core.next = core.next.max(now);
            }
            if now >= core.next {
                // More than one where iterations of a loop that waits were skipped.
                let behind = (now - core.next) / self.interval + 1;
                *self.samples.entry(stack(false)).or_default() += behind;
                core.next += behind * self.interval;
            }
        }
        core.long = is_long.then(|| stack(instruction.op == Op::Waiti));
        core.last = now;
    }
}
