//! Sleep: light and deep, what ends it, and the main timer's alarm (the manual, "Low-Power Management", "Power Modes", "Wakeup Source").
//!
//! It begins and ends at once. Not modelled: rejection, and what wakes the chip but the timer and pins.

use super::{RtcCntl, TIME_UPDATE};
use crate::clock::{self, Ticks};
use crate::peripherals::pins::Pins;
use crate::peripherals::rtc_io::RtcIo;

const SLP_TIMER0: u32 = 0x04;
const SLP_TIMER1: u32 = 0x08;
const STATE0: u32 = 0x18;
const WAKEUP_STATE: u32 = 0x38;
const EXT_WAKEUP_CONF: u32 = 0x60;
const PWC: u32 = 0x80;
const DIG_PWC: u32 = 0x84;
const WDTCONFIG0: u32 = super::WDTCONFIG0;
const EXT_WAKEUP1: u32 = 0xCC;
const EXT_WAKEUP1_STATUS: u32 = 0xD0;

const SLEEP_EN: u32 = 31;
const MAIN_TIMER_ALARM_EN: u32 = 16;
/// WAKEUP_ENA of WAKEUP_STATE, above WAKEUP_CAUSE.
const WAKEUP_ENA: u32 = 11;
const WAKEUP_BITS: u32 = 11;
const EXT_WAKEUP0_LV: u32 = 30;
const EXT_WAKEUP1_LV: u32 = 31;
/// The RTC's pins: bits of EXT_WAKEUP1 and its status.
const RTC_PINS: u32 = (1 << 18) - 1;
const EXT_WAKEUP1_STATUS_CLR: u32 = 18;
const DG_WRAP_PD_EN: u32 = 31;
const FASTMEM_PD_EN: u32 = 14;
const SLOWMEM_PD_EN: u32 = 17;
const WDT_PAUSE_IN_SLP: u32 = 7;

/// What can wake the chip: bits of WAKEUP_ENA and WAKEUP_CAUSE.
const EXT0: u32 = 1 << 0;
const EXT1: u32 = 1 << 1;
const GPIO: u32 = 1 << 2;
const TIMER: u32 = 1 << 3;

const INT_SLP_WAKEUP: u32 = 0;
const INT_MAIN_TIMER: u32 = 8;

/// How the chip sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sleep {
    /// Its clocks stand still.
    Light,
    /// The digital core has no power: a reset ends it.
    Deep,
}

/// What deep sleep leaves without power of the RTC's memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostMemory {
    /// RTC fast memory.
    pub fast: bool,
    /// RTC slow memory.
    pub slow: bool,
}

/// The main timer's alarm, and whether the chip sleeps.
#[derive(Debug, Default)]
pub(super) struct State {
    sleep: Option<Sleep>,
    /// The alarm has been, and has not been set again.
    rung: bool,
}

impl RtcCntl {
    /// How the chip sleeps; `None` where it is awake.
    pub fn sleep(&self) -> Option<Sleep> {
        self.state.sleep
    }

    /// Whether sleep loses the RTC's memories.
    pub fn lost_memory(&self) -> LostMemory {
        LostMemory {
            fast: self.registers.bit(PWC, FASTMEM_PD_EN),
            slow: self.registers.bit(PWC, SLOWMEM_PD_EN),
        }
    }

    /// Whether the watchdog stands still while the chip sleeps.
    pub fn watchdog_pauses(&self) -> bool {
        self.registers.bit(WDTCONFIG0, WDT_PAUSE_IN_SLP)
    }

    /// When the main timer's alarm comes.
    pub(super) fn alarm(&self) -> Option<Ticks> {
        let enabled = self.registers.bit(SLP_TIMER1, MAIN_TIMER_ALARM_EN) && !self.state.rung;
        enabled.then(|| {
            let high = u64::from(self.registers.field(SLP_TIMER1, 0, 16)) << 32;
            clock::slow_ticks(high | u64::from(self.registers.get(SLP_TIMER0)))
        })
    }

    /// The alarm, where it has come until `now`.
    pub(super) fn advance_alarm(&mut self, now: Ticks) {
        if self.alarm().is_some_and(|at| at <= now) {
            self.state.rung = true;
            self.raw |= 1 << INT_MAIN_TIMER;
        }
    }

    /// When the alarm can be noticed, by an interrupt or by waking up.
    pub fn next_alarm(&self) -> Option<Ticks> {
        let interrupts = self.registers.bit(super::INT_ENA, INT_MAIN_TIMER);
        let wakes = self.state.sleep.is_some() && self.enabled() & TIMER != 0;
        self.alarm().filter(|_| interrupts || wakes)
    }

    fn enabled(&self) -> u32 {
        self.registers.field(WAKEUP_STATE, WAKEUP_ENA, WAKEUP_BITS)
    }

    /// Whether a pin may wake it.
    pub fn pins_wake(&self) -> bool {
        self.enabled() & (EXT0 | EXT1 | GPIO) != 0
    }

    /// Wakes the chip up where a reason is there: how it has slept. Behind [`RtcCntl::advance`].
    pub fn wake(&mut self, pins: &Pins) -> Option<Sleep> {
        let sleep = self.state.sleep?;
        let mut causes = if self.state.rung { TIMER } else { 0 };
        let wanted = |bit| self.registers.bit(EXT_WAKEUP_CONF, bit);
        let level = |pin: usize| pins.levels() >> pin & 1 == 1;
        if pins.ext0_pin().map(level) == Some(wanted(EXT_WAKEUP0_LV)) {
            causes |= EXT0;
        }
        // All of the selected pins low, or any of them high.
        let numbers = self.registers.get(EXT_WAKEUP1) & RTC_PINS;
        let selected = RtcIo::pins(numbers);
        let high = pins.levels() & selected;
        if selected != 0
            && (wanted(EXT_WAKEUP1_LV) && high != 0 || !wanted(EXT_WAKEUP1_LV) && high == 0)
        {
            causes |= EXT1;
        }
        if sleep == Sleep::Light && pins.gpio.wakes() {
            causes |= GPIO;
        }
        causes &= self.enabled();
        if causes == 0 {
            return None;
        }
        if causes & EXT1 != 0 {
            let status = (0..18)
                .filter(|number| {
                    let pin = RtcIo::pins(numbers & 1 << number);
                    pin != 0 && (pins.levels() & pin != 0) == wanted(EXT_WAKEUP1_LV)
                })
                .fold(0, |status, number| status | 1 << number);
            self.registers.set(EXT_WAKEUP1_STATUS, status);
        }
        self.state.sleep = None;
        self.raw |= 1 << INT_SLP_WAKEUP;
        let state = self.registers.get(WAKEUP_STATE) & !((1 << WAKEUP_BITS) - 1);
        self.registers.set(WAKEUP_STATE, state | causes);
        Some(sleep)
    }

    /// A reset ends sleep.
    pub(super) fn end_sleep(&mut self) {
        self.state.sleep = None;
    }

    /// Writes the register at `offset`, where it has to do with sleep; whether it does.
    pub(super) fn write_sleep(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            SLP_TIMER0 => self.registers.set(offset, value),
            SLP_TIMER1 => {
                self.state.rung = false;
                self.registers.set(offset, value);
            }
            STATE0 => {
                if value >> SLEEP_EN & 1 == 1 {
                    let deep = self.registers.bit(DIG_PWC, DG_WRAP_PD_EN);
                    self.state.sleep = Some(if deep { Sleep::Deep } else { Sleep::Light });
                }
                self.registers.set(offset, value & !(1 << SLEEP_EN));
            }
            WAKEUP_STATE => {
                let causes = self.registers.get(offset) & ((1 << WAKEUP_BITS) - 1);
                let enabled = value & !((1 << WAKEUP_BITS) - 1);
                self.registers.set(offset, enabled | causes);
            }
            EXT_WAKEUP1 => {
                if value >> EXT_WAKEUP1_STATUS_CLR & 1 == 1 {
                    self.registers.set(EXT_WAKEUP1_STATUS, 0);
                }
                self.registers.set(offset, value & RTC_PINS);
            }
            EXT_WAKEUP1_STATUS => {}
            _ => return false,
        }
        true
    }
}

const _: () = assert!(SLP_TIMER1 < TIME_UPDATE);

#[cfg(test)]
mod tests {
    use super::*;

    /// A millisecond.
    const MS: Ticks = 480_000;

    fn rtc() -> (RtcCntl, Pins) {
        (RtcCntl::default(), Pins::new(0x13))
    }

    fn set_alarm(rtc: &mut RtcCntl, cycles: u32) {
        rtc.write(SLP_TIMER0, cycles, 0);
        rtc.write(SLP_TIMER1, 1 << MAIN_TIMER_ALARM_EN, 0);
    }

    fn enable(rtc: &mut RtcCntl, sources: u32) {
        rtc.write(WAKEUP_STATE, sources << WAKEUP_ENA, 0);
    }

    fn causes(rtc: &mut RtcCntl) -> u32 {
        rtc.read(WAKEUP_STATE, 0) & 0x7FF
    }

    #[test]
    fn the_timer_ends_sleep() {
        for (pwc, sleep) in [(0, Sleep::Light), (1 << DG_WRAP_PD_EN, Sleep::Deep)] {
            let (mut rtc, pins) = rtc();
            set_alarm(&mut rtc, 1500);
            enable(&mut rtc, TIMER);
            rtc.write(DIG_PWC, pwc, 0);
            rtc.write(STATE0, 1 << SLEEP_EN, MS);
            assert_eq!(rtc.sleep(), Some(sleep));
            assert_eq!(rtc.next_alarm(), Some(10 * MS));
            rtc.advance(10 * MS - 1);
            assert_eq!(rtc.wake(&pins), None);
            rtc.advance(10 * MS);
            assert_eq!(rtc.wake(&pins), Some(sleep));
            assert_eq!(rtc.sleep(), None);
            assert_eq!(causes(&mut rtc), TIMER);
            assert_eq!(
                rtc.read(0x40, 10 * MS),
                1 << INT_SLP_WAKEUP | 1 << INT_MAIN_TIMER
            );
        }
    }

    #[test]
    fn a_timer_that_is_not_enabled_does_not_wake() {
        let (mut rtc, pins) = rtc();
        set_alarm(&mut rtc, 1500);
        enable(&mut rtc, EXT1);
        rtc.write(STATE0, 1 << SLEEP_EN, 0);
        assert_eq!(rtc.next_alarm(), None);
        rtc.advance(20 * MS);
        assert_eq!(rtc.wake(&pins), None);
    }

    #[test]
    fn the_alarm_interrupts_without_sleep() {
        let (mut rtc, _) = rtc();
        set_alarm(&mut rtc, 1500);
        assert_eq!(rtc.next_alarm(), None);
        rtc.write(0x3C, 1 << INT_MAIN_TIMER, 0);
        assert_eq!(rtc.next_alarm(), Some(10 * MS));
        rtc.advance(10 * MS);
        assert!(rtc.interrupt());
        rtc.write(0x48, 1 << INT_MAIN_TIMER, 10 * MS);
        assert!(!rtc.interrupt());
        assert_eq!(rtc.next_alarm(), None);
    }

    #[test]
    fn a_pin_ends_sleep() {
        let (mut rtc, mut pins) = rtc();
        // EXT_WAKEUP0: the RTC's pin 11, GPIO0, when it is low.
        pins.write_rtc_io(0xBC, 11 << 27, 0);
        enable(&mut rtc, EXT0);
        rtc.write(STATE0, 1 << SLEEP_EN, 0);
        assert!(rtc.pins_wake());
        assert_eq!(rtc.wake(&pins), None);
        pins.set_outside(0, Some(false), 0);
        assert_eq!(rtc.wake(&pins), Some(Sleep::Light));
        assert_eq!(causes(&mut rtc), EXT0);
    }

    #[test]
    fn any_of_some_pins_high_or_all_low_end_sleep() {
        // The RTC's pins 16 and 17: GPIO14, GPIO27.
        for (high, levels, expected) in [
            (true, [false, false], None),
            (true, [false, true], Some(1 << 17)),
            (false, [false, true], None),
            (false, [false, false], Some(3 << 16)),
        ] {
            let (mut rtc, mut pins) = rtc();
            pins.set_outside(14, Some(levels[0]), 0);
            pins.set_outside(27, Some(levels[1]), 0);
            rtc.write(EXT_WAKEUP1, 3 << 16, 0);
            rtc.write(EXT_WAKEUP_CONF, u32::from(high) << EXT_WAKEUP1_LV, 0);
            enable(&mut rtc, EXT1);
            rtc.write(STATE0, 1 << SLEEP_EN, 0);
            assert_eq!(
                rtc.wake(&pins).is_some(),
                expected.is_some(),
                "{high} {levels:?}"
            );
            if let Some(status) = expected {
                assert_eq!(rtc.read(EXT_WAKEUP1_STATUS, 0), status);
                rtc.write(EXT_WAKEUP1, 1 << EXT_WAKEUP1_STATUS_CLR, 0);
                assert_eq!(rtc.read(EXT_WAKEUP1_STATUS, 0), 0);
            }
        }
    }

    #[test]
    fn a_gpio_with_wakeup_enabled_ends_light_sleep_only() {
        for (pwc, expected) in [(0, Some(Sleep::Light)), (1 << DG_WRAP_PD_EN, None)] {
            let (mut rtc, mut pins) = rtc();
            // GPIO18, when it is high.
            pins.write_gpio(0x88 + 4 * 18, 5 << 7 | 1 << 10, 0);
            enable(&mut rtc, GPIO);
            rtc.write(DIG_PWC, pwc, 0);
            rtc.write(STATE0, 1 << SLEEP_EN, 0);
            assert_eq!(rtc.wake(&pins), None);
            pins.set_outside(18, Some(true), 0);
            assert_eq!(rtc.wake(&pins), expected);
        }
    }
}
