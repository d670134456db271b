//! RTC_CNTL: reset reasons, the CPU clock's source, the RTC's timer and watchdog, stores (ESP32 Technical Reference Manual, "Low-Power
//! Management").
//!
//! Not modelled: the watchdog's protection of flash boot.

mod sleep;

pub use sleep::{LostMemory, Sleep};

use super::poll::{Bounds, halves};
use super::registers::Registers;
use super::watchdog::{Action, Stage, WRITE_KEY, Watchdog};
use crate::clock::{self, Ticks};

const OPTIONS0: u32 = 0x00;
const TIME_UPDATE: u32 = 0x0C;
const TIME0: u32 = 0x10;
const TIME1: u32 = 0x14;
const RESET_STATE: u32 = 0x34;
const INT_ENA: u32 = 0x3C;
const INT_RAW: u32 = 0x40;
const INT_ST: u32 = 0x44;
const INT_CLR: u32 = 0x48;
const CLK_CONF: u32 = 0x70;
const WDTCONFIG0: u32 = 0x8C;
const WDTCONFIG1: u32 = 0x90;
const WDTFEED: u32 = 0xA0;
const WDTWPROTECT: u32 = 0xA4;
const SW_CPU_STALL: u32 = 0xAC;
const BROWN_OUT: u32 = 0xD4;
/// RTC_MEM_CONF and RTC_MEM_CRC_RES: a checksum of RTC fast memory.
const MEM_CONF: u32 = 0x100;
const MEM_CRC_RES: u32 = 0x104;
const DATE: u32 = 0x13C;

/// Bits of OPTIONS0.
const SW_STALL_APPCPU_C0: u32 = 0;
const SW_STALL_PROCPU_C0: u32 = 2;
const SW_APPCPU_RST: u32 = 4;
const SW_PROCPU_RST: u32 = 5;
const SW_SYS_RST: u32 = 31;
/// Fields of SW_CPU_STALL, and their value with the fields of OPTIONS0 that stalls a core: 0x86.
const SW_STALL_APPCPU_C1: u32 = 20;
const SW_STALL_PROCPU_C1: u32 = 26;
/// Bits of BROWN_OUT, and of MEM_CONF.
const BROWN_OUT_RST_ENA: u32 = 26;
const BROWN_OUT_ENA: u32 = 30;
const MEM_CRC_START: u32 = 8;
const MEM_CRC_FINISH: u32 = 31;
/// Interrupts.
const INT_WDT: u32 = 3;
const INT_BROWN_OUT: u32 = 7;
const TIME_VALID: u32 = 1 << 30;

/// Why a core was reset: the values of RESET_CAUSE_PROCPU and RESET_CAUSE_APPCPU (the manual, "Reset Source").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ResetCause {
    /// Power-on.
    PowerOn = 1,
    /// Software reset the digital core.
    Software = 3,
    /// Deep sleep is over.
    DeepSleep = 5,
    /// Watchdog of timer group 0, digital core.
    Timg0Watchdog = 7,
    /// Watchdog of timer group 1, digital core.
    Timg1Watchdog = 8,
    /// RTC watchdog, digital core.
    RtcWatchdog = 9,
    /// Watchdog of a timer group, one core.
    TimgWatchdogCpu = 11,
    /// Software, one core.
    SoftwareCpu = 12,
    /// RTC watchdog, one core.
    RtcWatchdogCpu = 13,
    /// The second core by the first.
    AppCpu = 14,
    /// The supply sagged.
    BrownOut = 15,
    /// RTC watchdog, digital core and RTC.
    RtcWatchdogRtc = 16,
}

impl ResetCause {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::PowerOn,
        Self::Software,
        Self::DeepSleep,
        Self::Timg0Watchdog,
        Self::Timg1Watchdog,
        Self::RtcWatchdog,
        Self::TimgWatchdogCpu,
        Self::SoftwareCpu,
        Self::RtcWatchdogCpu,
        Self::AppCpu,
        Self::BrownOut,
        Self::RtcWatchdogRtc,
    ];

    /// Whether the program asked for it.
    pub fn is_software(self) -> bool {
        matches!(self, Self::Software | Self::SoftwareCpu)
    }

    /// The name as ESP-IDF's and the ROM's messages have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PowerOn => "POWERON_RESET",
            Self::Software => "SW_RESET",
            Self::DeepSleep => "DEEPSLEEP_RESET",
            Self::Timg0Watchdog => "TG0WDT_SYS_RESET",
            Self::Timg1Watchdog => "TG1WDT_SYS_RESET",
            Self::RtcWatchdog => "RTCWDT_SYS_RESET",
            Self::TimgWatchdogCpu => "TGWDT_CPU_RESET",
            Self::SoftwareCpu => "SW_CPU_RESET",
            Self::RtcWatchdogCpu => "RTCWDT_CPU_RESET",
            Self::AppCpu => "EXT_CPU_RESET",
            Self::BrownOut => "RTCWDT_BROWN_OUT_RESET",
            Self::RtcWatchdogRtc => "RTCWDT_RTC_RESET",
        }
    }
}

/// What clocks the CPU (SOC_CLK_SEL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// The crystal, which APB_CTRL divides.
    Crystal,
    /// The PLL, which DPORT divides.
    Pll,
    /// The fast RC oscillator.
    RcFast,
}

/// A reset that software or the watchdog asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetRequest {
    /// Of one core.
    Core(usize),
    /// Of the digital core.
    System,
    /// By the watchdog.
    Watchdog(Action),
    /// By the brown-out detector.
    BrownOut,
}

/// The peripheral.
#[derive(Debug)]
pub struct RtcCntl {
    registers: Registers,
    watchdog: Watchdog,
    time: u64,
    raw: u32,
    reset: Option<ResetRequest>,
    state: sleep::State,
}

impl Default for RtcCntl {
    fn default() -> Self {
        Self {
            registers: Registers::new(
                0x140,
                &[
                    (OPTIONS0, 0x1C00_A000),
                    (CLK_CONF, 0x2210),
                    (WDTCONFIG0, 0x0001_F280),
                    (WDTCONFIG1, 128_000),
                    (WDTCONFIG1 + 4, 80_000),
                    (WDTCONFIG1 + 8, 0xFFF),
                    (WDTCONFIG1 + 12, 0xFFF),
                    (WDTWPROTECT, WRITE_KEY),
                    (DATE, 0x0160_4280),
                ],
            ),
            watchdog: Watchdog::default(),
            time: 0,
            raw: 0,
            reset: None,
            state: sleep::State::default(),
        }
    }
}

impl RtcCntl {
    /// A reset of the digital core: stores, time and watchdog protection stay as they are, as the RTC domain does; the watchdog stops.
    pub fn reset_digital(&mut self) {
        for (offset, value) in [(CLK_CONF, 0x2210), (WDTCONFIG0, 0x0001_F280)] {
            self.registers.set(offset, value);
        }
        let options = self.registers.get(OPTIONS0);
        self.registers.set(
            OPTIONS0,
            options & !(1 << SW_SYS_RST | 0xF << SW_STALL_APPCPU_C0),
        );
        self.registers.set(SW_CPU_STALL, 0);
        self.registers.set(INT_ENA, 0);
        self.raw = 0;
        self.reset = None;
        self.end_sleep();
    }

    /// Says why `core` was reset.
    pub fn set_reset_cause(&mut self, core: usize, cause: ResetCause) {
        let shift = 6 * core as u32;
        let state = self.registers.get(RESET_STATE) & !(0x3F << shift);
        self.registers
            .set(RESET_STATE, state | (cause as u32) << shift);
    }

    /// Why `core` was reset, as a number.
    pub fn reset_cause(&self, core: usize) -> u32 {
        self.registers.field(RESET_STATE, 6 * core as u32, 6)
    }

    /// What clocks the CPU.
    pub fn clock_source(&self) -> ClockSource {
        match self.registers.field(CLK_CONF, 27, 2) {
            0 => ClockSource::Crystal,
            1 => ClockSource::Pll,
            _ => ClockSource::RcFast,
        }
    }

    /// Whether `core` is stalled.
    pub fn stalls(&self, core: usize) -> bool {
        let (c0, c1) = [
            (SW_STALL_PROCPU_C0, SW_STALL_PROCPU_C1),
            (SW_STALL_APPCPU_C0, SW_STALL_APPCPU_C1),
        ][core];
        self.registers.field(SW_CPU_STALL, c1, 6) << 2 | self.registers.field(OPTIONS0, c0, 2)
            == 0x86
    }

    fn stages(&self) -> Option<[Stage; 4]> {
        if !self.registers.bit(WDTCONFIG0, 31) {
            return None;
        }
        Some([0, 1, 2, 3].map(|stage| {
            let action = self.registers.field(WDTCONFIG0, 28 - 3 * stage, 3);
            let hold = self.registers.get(WDTCONFIG1 + 4 * stage);
            (Action::of_field(action), clock::slow_ticks(hold.into()))
        }))
    }

    /// When something happens next by itself.
    pub fn next_event(&self) -> Option<Ticks> {
        let watchdog = self
            .stages()
            .map(|stages| self.watchdog.next_event(&stages));
        watchdog.into_iter().chain(self.next_alarm()).min()
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks) {
        self.advance_alarm(now);
        if let Some(stages) = self.stages() {
            match self.watchdog.advance(now, &stages) {
                None | Some(Action::Off) => {}
                Some(Action::Interrupt) => self.raw |= 1 << INT_WDT,
                Some(action) => self.reset = Some(ResetRequest::Watchdog(action)),
            }
        }
    }

    /// Asks for a reset, as a write to OPTIONS0 does.
    pub fn ask_for_reset(&mut self, request: ResetRequest) {
        self.reset = Some(request);
    }

    /// The supply sags: an interrupt, and a reset where they are enabled.
    pub fn brown_out(&mut self) {
        if !self.registers.bit(BROWN_OUT, BROWN_OUT_ENA) {
            return;
        }
        self.raw |= 1 << INT_BROWN_OUT;
        if self.registers.bit(BROWN_OUT, BROWN_OUT_RST_ENA) {
            self.reset = Some(ResetRequest::BrownOut);
        }
    }

    /// Time that the watchdog has not seen.
    pub fn skip_watchdog(&mut self, ticks: Ticks) {
        self.watchdog.skip(ticks);
    }

    /// The words of RTC fast memory that a checksum was asked of: the first, and how many.
    pub fn wants_checksum(&self) -> Option<(u32, u32)> {
        let config = self.registers.get(MEM_CONF);
        let asked = config >> MEM_CRC_START & 1 == 1 && config >> MEM_CRC_FINISH == 0;
        asked.then(|| {
            let first = self.registers.field(MEM_CONF, 9, 11);
            (first, self.registers.field(MEM_CONF, 20, 11) + 1)
        })
    }

    /// Gives the checksum that was asked for.
    pub fn set_checksum(&mut self, checksum: u32) {
        let config = self.registers.get(MEM_CONF);
        self.registers.set(MEM_CONF, config | 1 << MEM_CRC_FINISH);
        self.registers.set(MEM_CRC_RES, checksum);
    }

    /// Whether a reset is asked for.
    pub fn asks_for_reset(&self) -> bool {
        self.reset.is_some()
    }

    /// The reset that is asked for, once.
    pub fn take_reset(&mut self) -> Option<ResetRequest> {
        self.reset.take()
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.raw & self.registers.get(INT_ENA) != 0
    }

    /// Reads the register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks) -> u32 {
        self.advance(now);
        self.peek(offset)
    }

    /// The same without an effect, as long as no event is between.
    pub fn peek(&self, offset: u32) -> u32 {
        match offset {
            TIME_UPDATE => TIME_VALID,
            TIME0 => self.time as u32,
            TIME1 => (self.time >> 32) as u32,
            INT_RAW => self.raw,
            INT_ST => self.raw & self.registers.get(INT_ENA),
            _ => self.registers.get(offset),
        }
    }

    /// What a write of `value` to TIME_UPDATE sets between `from` and `until`: the offsets of TIME0 and TIME1, and their bounds.
    pub fn rehearse_update(
        &self,
        offset: u32,
        value: u32,
        from: Ticks,
        until: Ticks,
    ) -> Option<([u32; 2], [Bounds; 2])> {
        let updates = offset == TIME_UPDATE && value >> 31 & 1 == 1;
        let [first, last] = [from, until].map(clock::slow_cycles);
        updates.then(|| ([TIME0, TIME1], halves(first, last)))
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks) {
        self.advance(now);
        if self.write_sleep(offset, value) {
            return;
        }
        match offset {
            MEM_CRC_RES => {}
            MEM_CONF => {
                let starts = value >> MEM_CRC_START & 1 == 1;
                let finished = self.registers.bit(MEM_CONF, MEM_CRC_FINISH) && !starts;
                let value = value & !(1 << MEM_CRC_FINISH);
                self.registers
                    .set(offset, value | u32::from(finished) << MEM_CRC_FINISH);
            }
            OPTIONS0 => {
                let resets = 1 << SW_SYS_RST | 1 << SW_PROCPU_RST | 1 << SW_APPCPU_RST;
                if value >> SW_SYS_RST & 1 == 1 {
                    self.reset = Some(ResetRequest::System);
                } else if value >> SW_PROCPU_RST & 1 == 1 {
                    self.reset = Some(ResetRequest::Core(0));
                } else if value >> SW_APPCPU_RST & 1 == 1 {
                    self.reset = Some(ResetRequest::Core(1));
                }
                self.registers.set(offset, value & !resets);
            }
            TIME_UPDATE if value >> 31 & 1 == 1 => self.time = clock::slow_cycles(now),
            TIME_UPDATE | TIME0 | TIME1 | RESET_STATE | INT_RAW | INT_ST => {}
            INT_CLR => self.raw &= !value,
            WDTCONFIG0..WDTWPROTECT if self.registers.get(WDTWPROTECT) != WRITE_KEY => {}
            WDTFEED => {
                if value >> 31 & 1 == 1 {
                    self.watchdog.feed(now);
                }
            }
            WDTCONFIG0 => {
                let starts = self.stages().is_none();
                self.registers.set(offset, value);
                if starts {
                    self.watchdog.feed(now);
                }
            }
            _ => self.registers.set(offset, value),
        }
    }
}
