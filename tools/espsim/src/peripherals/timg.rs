//! Timer groups: two timers, a watchdog, the calibration of slow clocks, and LACT (ESP32 Technical Reference Manual, "64-bit Timers",
//! "Watchdog Timers").
//!
//! Not modelled: protection of flash boot by the watchdog, edge interrupts.

use super::poll::{Bounds, halves};
use super::registers::Registers;
use super::watchdog::{Action, Stage, WRITE_KEY, Watchdog};
use crate::clock::{self, CRYSTAL_MHZ, Ticks};

/// Offsets of T0, T1 and LACT.
const TIMERS: [u32; 3] = [0x00, 0x24, 0x70];
/// Registers of T0 and T1 behind CONFIG. LACT has one more, LACTRTC, behind its CONFIG.
const LO: u32 = 0x04;
const HI: u32 = 0x08;
const UPDATE: u32 = 0x0C;
const ALARM_LO: u32 = 0x10;
const ALARM_HI: u32 = 0x14;
const LOAD_LO: u32 = 0x18;
const LOAD_HI: u32 = 0x1C;
const LOAD: u32 = 0x20;

const WDTCONFIG0: u32 = 0x48;
const WDTCONFIG1: u32 = 0x4C;
const WDTCONFIG2: u32 = 0x50;
const WDTFEED: u32 = 0x60;
const WDTWPROTECT: u32 = 0x64;
const RTCCALICFG: u32 = 0x68;
const RTCCALICFG1: u32 = 0x6C;
const INT_RAW: u32 = 0x9C;
const INT_ST: u32 = 0xA0;
const INT_CLR: u32 = 0xA4;

/// Bits of a timer's CONFIG.
const ALARM_EN: u32 = 10;
const LEVEL_INT_EN: u32 = 11;
const DIVIDER: u32 = 13;
const AUTORELOAD: u32 = 29;
const INCREASE: u32 = 30;
const EN: u32 = 31;

/// Interrupts: T0, T1, WDT, LACT.
const INT_WDT: u32 = 2;
const INT_OF_TIMER: [u32; 3] = [0, 1, 3];

/// LEVEL_INT_EN of WDTCONFIG0.
const WDT_LEVEL_INT_EN: u32 = 21;

/// Bits of RTCCALICFG.
const CALI_START: u32 = 31;
const CALI_MAX: u32 = 16;
const CALI_RDY: u32 = 15;
const CALI_CLK_SEL: u32 = 13;

/// A timer's counter: what it was, and when.
#[derive(Debug, Default, Clone, Copy)]
struct Counter {
    value: u64,
    at: Ticks,
    latched: u64,
}

/// One of the two groups.
#[derive(Debug)]
pub struct Timg {
    registers: Registers,
    counters: [Counter; 3],
    watchdog: Watchdog,
    raw: u32,
    /// The watchdog's reset that the machine has not taken yet.
    reset: Option<Action>,
    /// When a calibration ends, and its result.
    calibration: Option<(Ticks, u32)>,
}

impl Default for Timg {
    fn default() -> Self {
        Self {
            registers: Registers::new(
                0x100,
                &[
                    (TIMERS[0], 0x6000_2000),
                    (TIMERS[1], 0x6000_2000),
                    (TIMERS[2], 0x6000_2300),
                    (WDTCONFIG0, 0x0004_C000),
                    (WDTCONFIG1, 0x0001_0000),
                    (WDTCONFIG2, 0x018C_BA80),
                    (WDTCONFIG2 + 4, 0x07FF_FFFF),
                    (WDTCONFIG2 + 8, 0x000F_FFFF),
                    (WDTCONFIG2 + 12, 0x000F_FFFF),
                    (WDTWPROTECT, WRITE_KEY),
                    (RTCCALICFG, 0x0001_3000),
                ],
            ),
            counters: [Counter::default(); 3],
            watchdog: Watchdog::default(),
            raw: 0,
            reset: None,
            calibration: None,
        }
    }
}

/// The register behind a timer's CONFIG, as T0 and T1 have it.
fn timer_offset(timer: usize, offset: u32) -> Option<u32> {
    let end = if timer == 2 { 0x28 } else { 0x24 };
    let inside = offset
        .checked_sub(TIMERS[timer])
        .filter(|&inside| inside < end)?;
    match (timer, inside) {
        (2, 4) => None,
        (2, 8..) => Some(inside - 4),
        _ => Some(inside),
    }
}

impl Timg {
    fn config(&self, timer: usize, bit: u32) -> bool {
        self.registers.bit(TIMERS[timer], bit)
    }

    fn register(&self, timer: usize, offset: u32) -> u32 {
        let shift = if timer == 2 { 4 } else { 0 };
        self.registers.get(TIMERS[timer] + offset + shift)
    }

    fn wide(&self, timer: usize, low: u32, high: u32) -> u64 {
        u64::from(self.register(timer, high)) << 32 | u64::from(self.register(timer, low))
    }

    /// Ticks of a count; `apb` are those of an APB cycle.
    fn period(&self, timer: usize, apb: Ticks) -> Ticks {
        match self.registers.field(TIMERS[timer], DIVIDER, 16) {
            0 => 65536 * apb,
            1 => 2 * apb,
            divider => u64::from(divider) * apb,
        }
    }

    /// A counter as it will be at `now`.
    fn counted(&self, timer: usize, now: Ticks, apb: Ticks) -> Counter {
        let mut counter = self.counters[timer];
        if !self.config(timer, EN) {
            counter.at = now;
            return counter;
        }
        let period = self.period(timer, apb);
        // A function of the ROM may have looked ahead.
        let counts = now.saturating_sub(counter.at) / period;
        counter.value = if self.config(timer, INCREASE) {
            counter.value.wrapping_add(counts)
        } else {
            counter.value.wrapping_sub(counts)
        };
        counter.at += counts * period;
        counter
    }

    /// Brings a counter to `now`.
    fn count(&mut self, timer: usize, now: Ticks, apb: Ticks) {
        self.counters[timer] = self.counted(timer, now, apb);
    }

    /// When the alarm comes.
    fn alarm_at(&self, timer: usize, apb: Ticks) -> Option<Ticks> {
        if !self.config(timer, EN) || !self.config(timer, ALARM_EN) {
            return None;
        }
        let counter = self.counters[timer];
        let alarm = self.wide(timer, ALARM_LO, ALARM_HI);
        let counts = if self.config(timer, INCREASE) {
            alarm.saturating_sub(counter.value)
        } else {
            counter.value.saturating_sub(alarm)
        };
        counts
            .checked_mul(self.period(timer, apb))
            .and_then(|ticks| counter.at.checked_add(ticks))
    }

    fn stages(&self, apb: Ticks) -> Option<[Stage; 4]> {
        if !self.registers.bit(WDTCONFIG0, 31) {
            return None;
        }
        let prescale = u64::from(self.registers.field(WDTCONFIG1, 16, 16).max(1)) * apb;
        Some([0, 1, 2, 3].map(|stage| {
            let action = self.registers.field(WDTCONFIG0, 29 - 2 * stage, 2);
            let hold = self.registers.get(WDTCONFIG2 + 4 * stage);
            (Action::of_field(action), u64::from(hold) * prescale)
        }))
    }

    /// When something happens next by itself.
    pub fn next_event(&self, apb: Ticks) -> Option<Ticks> {
        let alarms = (0..3).filter_map(|timer| self.alarm_at(timer, apb));
        let watchdog = self
            .stages(apb)
            .map(|stages| self.watchdog.next_event(&stages));
        alarms.chain(watchdog).min()
    }

    /// A calibration has ended with `value`.
    pub fn set_calibration(&mut self, value: u32) {
        self.calibration = Some((0, value));
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks, apb: Ticks) {
        for timer in 0..3 {
            while let Some(at) = self.alarm_at(timer, apb)
                && at <= now
            {
                self.raw |= 1 << INT_OF_TIMER[timer];
                // The alarm is one, until it is enabled again.
                let config = self.registers.get(TIMERS[timer]) & !(1 << ALARM_EN);
                self.count(timer, at, apb);
                self.registers.set(TIMERS[timer], config);
                if self.config(timer, AUTORELOAD) {
                    self.counters[timer].value = self.wide(timer, LOAD_LO, LOAD_HI);
                    self.counters[timer].at = at;
                }
            }
            self.count(timer, now, apb);
        }
        if let Some(stages) = self.stages(apb) {
            match self.watchdog.advance(now, &stages) {
                None | Some(Action::Off) => {}
                Some(Action::Interrupt) => self.raw |= 1 << INT_WDT,
                Some(action) => self.reset = Some(action),
            }
        }
    }

    /// Time in which its clock stood still.
    pub fn skip(&mut self, ticks: Ticks) {
        for counter in &mut self.counters {
            counter.at += ticks;
        }
        self.watchdog.skip(ticks);
    }

    /// The watchdog's reset, once.
    pub fn take_reset(&mut self) -> Option<Action> {
        self.reset.take()
    }

    /// Interrupts that are high: T0, T1, WDT, LACT. LEVEL_INT_EN is what enables them, and INT_ENA has no effect (esp-hal's `timg.rs`
    /// says so, and never writes it).
    pub fn interrupts(&self) -> u32 {
        let timers = (0..3).map(|timer| (INT_OF_TIMER[timer], self.config(timer, LEVEL_INT_EN)));
        let watchdog = (INT_WDT, self.registers.bit(WDTCONFIG0, WDT_LEVEL_INT_EN));
        let enabled = timers
            .chain([watchdog])
            .fold(0, |bits, (bit, enabled)| bits | u32::from(enabled) << bit);
        self.raw & enabled
    }

    /// Reads the register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks, apb: Ticks) -> u32 {
        self.advance(now, apb);
        self.poll(offset, now, now).0
    }

    /// What the register at `offset` reads as between `from` and `until`, if no event is between.
    pub fn poll(&self, offset: u32, from: Ticks, until: Ticks) -> Bounds {
        let same = |word| (word, word);
        for timer in 0..3 {
            match timer_offset(timer, offset) {
                Some(LO) => return same(self.counters[timer].latched as u32),
                Some(HI) => return same((self.counters[timer].latched >> 32) as u32),
                _ => {}
            }
        }
        match offset {
            INT_RAW => same(self.raw),
            INT_ST => same(self.interrupts()),
            RTCCALICFG => {
                let word = self.registers.get(offset) & !(1 << CALI_RDY);
                let at = |time| {
                    let ready = self.calibration.is_some_and(|(end, _)| end <= time);
                    word | u32::from(ready) << CALI_RDY
                };
                (at(from), at(until))
            }
            RTCCALICFG1 => same(self.calibration.map_or(0, |(_, value)| value << 7)),
            _ => same(self.registers.get(offset)),
        }
    }

    /// What a write to UPDATE sets between `from` and `until`: the offsets of LO and HI, and their bounds.
    pub fn rehearse_update(
        &self,
        offset: u32,
        from: Ticks,
        until: Ticks,
        apb: Ticks,
    ) -> Option<([u32; 2], [Bounds; 2])> {
        let timer = (0..3).find(|&timer| timer_offset(timer, offset) == Some(UPDATE))?;
        let at = |time| self.counted(timer, time, apb).value;
        let low = offset - UPDATE + LO;
        Some(([low, low + HI - LO], halves(at(from), at(until))))
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks, apb: Ticks) {
        self.advance(now, apb);
        for timer in 0..3 {
            match timer_offset(timer, offset) {
                Some(LO | HI) => return,
                Some(UPDATE) => {
                    self.counters[timer].latched = self.counters[timer].value;
                    return;
                }
                Some(LOAD) => {
                    self.counters[timer].value = self.wide(timer, LOAD_LO, LOAD_HI);
                    self.counters[timer].at = now;
                    return;
                }
                _ => {}
            }
        }
        match offset {
            INT_RAW | INT_ST | RTCCALICFG1 => {}
            INT_CLR => self.raw &= !value,
            WDTCONFIG0..WDTWPROTECT if self.registers.get(WDTWPROTECT) != WRITE_KEY => {}
            WDTFEED => self.watchdog.feed(now),
            RTCCALICFG => {
                if value >> CALI_START & 1 == 1 && !self.registers.bit(offset, CALI_START) {
                    self.calibrate(value, now);
                }
                self.registers.set(offset, value & !(1 << CALI_RDY));
            }
            _ => {
                let starts = offset == WDTCONFIG0 && self.stages(apb).is_none();
                self.registers.set(offset, value);
                if starts {
                    self.watchdog.feed(now);
                }
            }
        }
    }

    /// Counts cycles of the crystal in RTCCALICFG's number of cycles of a slow clock: the RC oscillator, its fast sibling divided by 256.
    /// There is no 32 kHz crystal: that never ends.
    fn calibrate(&mut self, config: u32, now: Ticks) {
        let cycles = u64::from(config >> CALI_MAX & 0x7FFF);
        let duration = match config >> CALI_CLK_SEL & 3 {
            0 => clock::slow_ticks(cycles),
            1 => cycles * 256 * clock::cycle(clock::RC_FAST_MHZ),
            _ => {
                self.calibration = None;
                return;
            }
        };
        let value = duration / clock::cycle(CRYSTAL_MHZ);
        self.calibration = Some((now + duration, value as u32));
    }
}
