//! Where a debugger stops the cores.

use std::collections::BTreeSet;

use crate::cpu::Cpu;

/// Which accesses of memory stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch {
    /// The first byte.
    pub address: u32,
    /// Bytes.
    pub len: u32,
    /// Reads.
    pub reads: bool,
    /// Writes.
    pub writes: bool,
}

/// Why a core stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// At a breakpoint, in front of the instruction.
    Breakpoint(usize),
    /// The core has made its step.
    Step(usize),
    /// Behind an instruction that made an access.
    Watch {
        /// The core.
        core: usize,
        /// The first address of what is watched that it was to.
        address: u32,
        /// What watches it.
        watch: Watch,
    },
}

/// Breakpoints, watchpoints, steps.
#[derive(Debug, Default)]
pub struct Breakpoints {
    addresses: BTreeSet<u32>,
    watches: BTreeSet<Watch>,
    /// The core that makes a step; whether it has begun.
    step: Option<(usize, bool)>,
    /// The cores that go on from a breakpoint, and where.
    leaves: [Option<u32>; 2],
    stop: Option<Stop>,
}

impl Breakpoints {
    /// Sets a breakpoint; whether there was none.
    pub fn set(&mut self, address: u32) -> bool {
        self.addresses.insert(address)
    }

    /// Takes one away; whether it was there.
    pub fn clear(&mut self, address: u32) -> bool {
        self.addresses.remove(&address)
    }

    /// Watches memory; whether it was not watched.
    pub fn watch(&mut self, watch: Watch) -> bool {
        self.watches.insert(watch)
    }

    /// Watches it no longer; whether it was watched.
    pub fn unwatch(&mut self, watch: Watch) -> bool {
        self.watches.remove(&watch)
    }

    /// Lets `core` execute one instruction, and stops then.
    pub fn step(&mut self, core: usize) {
        self.step = Some((core, false));
    }

    /// No step any more.
    pub fn clear_step(&mut self) {
        self.step = None;
    }

    /// The cores, which are at `pcs`, go on: breakpoints there are behind them.
    pub fn resume(&mut self, pcs: [u32; 2]) {
        self.leaves = pcs.map(Some);
        self.stop = None;
    }

    /// Why it stopped, once.
    pub fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    pub(super) fn any(&self) -> bool {
        !self.addresses.is_empty() || self.step.is_some()
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether the core has to stop in front of the instruction at its PC.
    pub(super) fn stops(&mut self, core: usize, cpu: &Cpu) -> bool {
        let left = self.leaves[core].take();
        match &mut self.step {
            Some((stepping, true)) if *stepping == core => {
                self.stop = Some(Stop::Step(core));
                return true;
            }
            Some((stepping, begun)) if *stepping == core => *begun = true,
            _ => {}
        }
        if left != Some(cpu.pc) && self.addresses.contains(&cpu.pc) {
            self.stop = Some(Stop::Breakpoint(core));
            return true;
        }
        false
    }

    #[inline]
    pub(super) fn accesses(&mut self, core: usize, address: u32, len: u32, write: bool) {
        let hit = |watch: &&Watch| {
            (if write { watch.writes } else { watch.reads })
                && address < watch.address.saturating_add(watch.len)
                && watch.address < address.saturating_add(len)
        };
        if let Some(&watch) = self.watches.iter().find(hit) {
            self.stop = Some(Stop::Watch {
                core,
                address: address.max(watch.address),
                watch,
            });
        }
    }
}
