//! Loops that wait: found, and gone through in one step where every iteration does the same.
//!
//! A program that waits reads a clock or a register over and over. Where that is seen, [`rehearsal`] executes one iteration for many at
//! once; if it holds for them, all but the last are left out, and time goes on as if they had been executed. What a program can see is the
//! same, to the cycle.

mod rehearsal;
mod value;

use super::{Bus, Cpu};
use rehearsal::Rehearsal;

/// Instructions of an iteration at most.
const STEPS: u32 = 2000;
/// The same where nothing but the time says that a program waits.
const BLIND_STEPS: u32 = 256;
/// Cycles after which a loop is looked for without a reason, and after it was in one the last time.
const LOOK: u64 = 16384;
const LOOK_AGAIN: u64 = 512;
/// Accesses from a place until a loop is looked for there.
const PATIENCE: u32 = 8;
/// The same after many failures.
const LEAST_PATIENCE: u32 = 4096;
/// Cycles that are not worth a rehearsal.
const SHORT: u64 = 512;
/// The longest step, in cycles: what a register of 32 bits counts.
const LONGEST: u64 = 1 << 31;
const PLACES: usize = 16;

/// A place in the program from which a register was read.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    pc: u32,
    times: u32,
    /// How many times it has to be until a loop is looked for.
    patience: u32,
    /// How far the last step went.
    horizon: u64,
}

/// The places that are watched.
#[derive(Debug, Default)]
pub(super) struct Polls {
    places: [Place; PLACES],
    /// The place that the next new one takes.
    oldest: usize,
    /// Whether loops are executed in full.
    off: bool,
    /// Whether the program was in a loop when it was looked for one without a reason.
    waits: bool,
    /// Cycles that were left out.
    left_out: u64,
}

impl Polls {
    /// Cycles after which it is looked whether a program waits in a loop.
    pub(super) fn look_after(&self) -> u64 {
        if self.waits { LOOK_AGAIN } else { LOOK }
    }

    fn place(&mut self, pc: u32) -> &mut Place {
        let known = self.places.iter().position(|place| place.pc == pc);
        let index = known.unwrap_or_else(|| {
            self.oldest = (self.oldest + 1) % PLACES;
            self.places[self.oldest] = Place {
                pc,
                times: 0,
                patience: PATIENCE,
                horizon: LONGEST,
            };
            self.oldest
        });
        &mut self.places[index]
    }

    /// An access at `pc`: how far a loop is to be looked for, if it is.
    fn note(&mut self, pc: u32) -> Option<u64> {
        let place = self.place(pc);
        place.times += 1;
        (place.times >= place.patience).then_some(place.horizon)
    }

    /// How far that went.
    fn learn(&mut self, pc: u32, step: Option<u64>) {
        let place = self.place(pc);
        place.times = 0;
        match step {
            Some(horizon) => {
                place.patience = 1;
                place.horizon = horizon.saturating_mul(4).min(LONGEST);
            }
            None => {
                place.patience = (place.patience * 2).clamp(PATIENCE, LEAST_PATIENCE);
                place.horizon = LONGEST;
            }
        }
    }
}

impl Cpu {
    /// Executes loops that wait in full, instruction by instruction.
    pub fn execute_polls(&mut self) {
        self.polls.off = true;
    }

    /// Cycles of loops that were left out.
    pub fn left_out(&self) -> u64 {
        self.polls.left_out
    }

    /// The instruction at `pc` has read a register or CCOUNT: leaves iterations out that it is part of, until `limit` at the latest.
    pub(super) fn polled<B: Bus>(&mut self, bus: &mut B, pc: u32, limit: u64) {
        if self.polls.off || self.cycles + SHORT > limit {
            return;
        }
        let Some(horizon) = self.polls.note(pc) else {
            return;
        };
        for _ in 0..STEPS {
            if self.pc == pc || self.cycles >= limit || self.waiting || bus.attention() {
                break;
            }
            self.execute(bus, self.cycles + 1);
            if self.recheck {
                self.take_interrupt();
            }
            bus.take_polled();
        }
        if self.pc != pc || self.waiting || bus.attention() {
            self.polls.learn(pc, None);
            return;
        }
        let step = self.leave_out(bus, limit, horizon, STEPS);
        self.polls.learn(pc, step);
    }

    /// The program has run for a while: leaves iterations out if it is in a loop that waits.
    pub(super) fn look_for_loop<B: Bus>(&mut self, bus: &B, limit: u64) {
        if !self.polls.off {
            let left_out = self.leave_out(bus, limit, LONGEST, BLIND_STEPS);
            self.polls.waits = left_out.is_some();
        }
    }

    /// Leaves out as many iterations as can be; how many cycles they are.
    fn leave_out<B: Bus>(&mut self, bus: &B, limit: u64, horizon: u64, steps: u32) -> Option<u64> {
        if self.recheck
            || self.waiting
            || self.has_instruction_breakpoints()
            || self.cycles + SHORT > limit
        {
            return None;
        }
        let room = limit - self.cycles;
        // At `limit` registers may read otherwise.
        let mut horizon = horizon.min(room - 1);
        while horizon >= SHORT {
            if let Some(len) = Rehearsal::new(self, bus, horizon).run(steps) {
                // One more is executed, which sets what depends on the time.
                let iterations = (horizon / len).min((room / len).saturating_sub(1));
                if iterations == 0 {
                    return None;
                }
                self.cycles += iterations * len;
                self.polls.left_out += iterations * len;
                return Some(iterations * len);
            }
            if steps == BLIND_STEPS {
                return None;
            }
            horizon /= 2;
        }
        None
    }
}
