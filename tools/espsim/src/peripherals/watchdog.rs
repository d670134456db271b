//! A watchdog of four stages, as the timer groups and RTC_CNTL have them (ESP32 Technical Reference Manual, "Watchdog Timers").

use crate::clock::Ticks;

/// What a stage does when its time is over (the field STGn).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Off,
    /// An interrupt.
    Interrupt,
    /// Resets the CPUs.
    ResetCpu,
    /// Resets the digital core.
    ResetSystem,
    /// Resets the digital core and the RTC.
    ResetRtc,
}

impl Action {
    /// The field's value.
    pub fn of_field(value: u32) -> Self {
        match value {
            1 => Self::Interrupt,
            2 => Self::ResetCpu,
            3 => Self::ResetSystem,
            4 => Self::ResetRtc,
            _ => Self::Off,
        }
    }
}

/// A stage: what it does, and how long it takes.
pub type Stage = (Action, Ticks);

/// Writes to registers are ignored unless the protection register holds this.
pub const WRITE_KEY: u32 = 0x50D8_3AA1;

/// The counter.
#[derive(Debug, Default)]
pub struct Watchdog {
    /// When the stage began.
    since: Ticks,
    stage: usize,
}

impl Watchdog {
    /// Starts with the first stage.
    pub fn feed(&mut self, now: Ticks) {
        self.since = now;
        self.stage = 0;
    }

    /// Time that it has not counted.
    pub fn skip(&mut self, ticks: Ticks) {
        self.since += ticks;
    }

    /// When the stage ends.
    pub fn next_event(&self, stages: &[Stage; 4]) -> Ticks {
        self.since + stages[self.stage].1.max(1)
    }

    /// What the stages do that end until `now`.
    pub fn advance(&mut self, now: Ticks, stages: &[Stage; 4]) -> Option<Action> {
        while self.next_event(stages) <= now {
            let action = stages[self.stage].0;
            self.since = self.next_event(stages);
            self.stage = (self.stage + 1) % 4;
            if action != Action::Off {
                return Some(action);
            }
            if self.stage == 0 && stages.iter().all(|stage| stage.0 == Action::Off) {
                self.since = now;
                return None;
            }
        }
        None
    }
}
