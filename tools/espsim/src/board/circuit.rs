//! The auto-reset circuit: two transistors between the adapter's modem lines and the chip's EN and GPIO 0 (ESP32-DevKitC schematic).

use std::time::{Duration, Instant};

use crate::machine::BootMode;

/// How long a bridge waits for the other half of a change of both modem lines: RFC 2217 carries one line a message, and what
/// is in between would release EN while GPIO 0 is high.
const EXCHANGE: Duration = Duration::from_millis(300);

/// What a change does to the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// EN goes low.
    Hold,
    /// EN rises.
    Release(BootMode),
}

/// The circuit.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    dtr: bool,
    rts: bool,
    released_at: Option<Instant>,
}

impl Circuit {
    /// DTR, asserted or not.
    pub(super) fn set_dtr(&mut self, asserted: bool) -> Option<Change> {
        self.set(asserted, self.rts)
    }

    /// RTS, asserted or not.
    pub(super) fn set_rts(&mut self, asserted: bool) -> Option<Change> {
        self.set(self.dtr, asserted)
    }

    /// Both lines: RTS alone pulls EN low, DTR alone GPIO 0.
    pub(super) fn set(&mut self, dtr: bool, rts: bool) -> Option<Change> {
        let held = |dtr: bool, rts: bool| rts && !dtr;
        let was_held = held(self.dtr, self.rts);
        (self.dtr, self.rts) = (dtr, rts);
        if held(dtr, rts) {
            self.released_at = None;
            Some(Change::Hold)
        } else if dtr && rts && was_held {
            self.released_at = Some(Instant::now());
            None
        } else if was_held || self.released_at.is_some() {
            self.released_at = None;
            Some(Change::Release(if dtr && !rts {
                BootMode::Download
            } else {
                BootMode::Run
            }))
        } else {
            None
        }
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.released_at.map(|at| at + EXCHANGE)
    }

    /// Lets EN rise if no second half of a change came.
    pub(super) fn tick(&mut self) -> Option<Change> {
        if self.deadline().is_none_or(|end| Instant::now() < end) {
            return None;
        }
        self.released_at = None;
        Some(Change::Release(BootMode::Run))
    }
}
