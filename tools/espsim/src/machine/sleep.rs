//! The machine while the chip sleeps.

use super::{Event, Machine};
use crate::clock::Ticks;
use crate::peripherals::rtc_cntl::{ResetCause, Sleep};

impl Machine {
    /// Sleeps on until `until` at most. What happened; `None` where the chip is awake, or somebody else resets it.
    pub(super) fn doze(&mut self, until: Ticks) -> Option<Event> {
        let began = self.now;
        self.bus.peripherals.rtc_cntl.sleep()?;
        // The bytes that have left before.
        for (uart, sender) in self.bus.peripherals.uart.iter_mut().enumerate() {
            sender.advance(self.now);
            let frames = sender.take_sent();
            if !frames.is_empty() {
                let bytes = frames.iter().map(|frame| frame.byte).collect();
                if uart == 0 {
                    self.sent = frames;
                }
                return Some(Event::Sent { uart, bytes });
            }
        }
        let mut event = Some(Event::Time);
        loop {
            let peripherals = &mut self.bus.peripherals;
            peripherals.rtc_cntl.advance(self.now);
            if let Some(slept) = peripherals.rtc_cntl.wake(&peripherals.pins) {
                event = match slept {
                    Sleep::Light => None,
                    Sleep::Deep => {
                        self.reset = Some((None, ResetCause::DeepSleep));
                        Some(Event::Reset(ResetCause::DeepSleep))
                    }
                };
                break;
            }
            if peripherals.rtc_cntl.asks_for_reset() {
                event = None;
                break;
            }
            if self.now >= until {
                break;
            }
            let next = peripherals.rtc_cntl.next_event();
            if next.is_none() && !peripherals.rtc_cntl.pins_wake() {
                event = Some(Event::Asleep);
                break;
            }
            self.now = until.min(next.unwrap_or(until)).max(self.now + 1);
        }
        self.bus.peripherals.stand_still(self.now - began, self.now);
        event
    }

    /// The supply sags below what the brown-out detector allows, for a moment.
    pub fn brown_out(&mut self) {
        self.bus.peripherals.rtc_cntl.brown_out();
        self.bus.request_attention();
    }
}
