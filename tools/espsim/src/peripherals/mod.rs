//! The peripherals, one a file, each named as in the ESP32 Technical Reference Manual, and the map that says which is where.
//!
//! A peripheral has `read` and `write` of an offset's word, `advance` for what happens by itself until a time, `next_event` for when that
//! will be, and says whether its interrupt is high. What is not modelled holds what was written to it, and [`Peripherals::unmodelled`]
//! names it.

use std::collections::BTreeMap;

pub mod dport;
pub mod efuse;
pub mod gpio;
pub mod io_mux;
pub mod pins;
pub mod registers;
pub mod rtc_cntl;
pub mod rtc_io;
pub mod sha;
pub mod signals;
pub mod spi;
pub mod timg;
pub mod uart;
pub mod watchdog;

use crate::chip::Chip;
use crate::clock::{self, CRYSTAL_MHZ, RC_FAST_MHZ, Ticks};
use crate::flash::Flash;

use dport::{Dport, MMU_ENTRIES, SourceBits};
use efuse::Efuse;
use gpio::Destination;
use pins::Pins;
use registers::Registers;
use rtc_cntl::{ClockSource, ResetCause, ResetRequest, RtcCntl};
use sha::Sha;
use signals::Outputs;
use spi::Spi;
use timg::Timg;
use uart::Uart;
use watchdog::Action;

// Where they are (the manual, "Peripheral Address Mapping"): 4 KB each.
const DPORT: u32 = 0x3FF0_0000;
const SHA: u32 = 0x3FF0_3000;
const PRO_MMU_TABLE: u32 = 0x3FF1_0000;
const APP_MMU_TABLE: u32 = 0x3FF1_2000;
const UART0: u32 = 0x3FF4_0000;
const SPI1: u32 = 0x3FF4_2000;
const GPIO: u32 = 0x3FF4_4000;
const RTC: u32 = 0x3FF4_8000;
const IO_MUX: u32 = 0x3FF4_9000;
const UART1: u32 = 0x3FF5_0000;
const EFUSE: u32 = 0x3FF5_A000;
const TIMG0: u32 = 0x3FF5_F000;
const TIMG1: u32 = 0x3FF6_0000;
const APB_CTRL: u32 = 0x3FF6_6000;
const UART2: u32 = 0x3FF6_E000;
/// The random number generator's register.
const RNG_DATA: u32 = 0x3FF7_5144;

/// RTC_CNTL is the first KB of its page; RTC_IO, SENS and RTC_I2C follow.
const RTC_CNTL_LEN: u32 = 0x400;
const RTC_IO: std::ops::Range<u32> = 0x400..0x4CC;
/// APB_CTRL's SYSCLK_CONF: the crystal's divider less 1.
const SYSCLK_CONF: u32 = 0x00;
const APB_CTRL_DATE: u32 = 0x7C;

/// The bus that data and peripherals share on the upper side sees APB's peripherals there, too.
const AHB_ALIAS: std::ops::Range<u32> = 0x6000_0000..0x6004_0000;
const APB: u32 = 0x3FF4_0000;

/// Sources of interrupts (the manual's table "Configuration Registers and Interrupt Sources").
mod source {
    pub const TIMG0_T0: u32 = 14;
    pub const TIMG1_T0: u32 = 18;
    /// Of the core that it is routed to.
    pub const GPIO: u32 = 22;
    pub const GPIO_NMI: u32 = 23;
    pub const UART0: u32 = 34;
    pub const RTC_CORE: u32 = 46;
}

/// Why an access did something that is not modelled: the first of each kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmodelled {
    /// Whether it was a write.
    pub write: bool,
    /// The program's address.
    pub pc: u32,
    /// How many there were.
    pub times: u64,
}

/// All of them.
#[derive(Debug)]
pub struct Peripherals {
    /// DPORT.
    pub dport: Dport,
    /// The flash chip behind SPI1 and the caches.
    pub flash: Flash,
    /// UART 0 to 2.
    pub uart: [Uart; 3],
    /// RTC_CNTL.
    pub rtc_cntl: RtcCntl,
    /// Timer groups 0 and 1.
    pub timg: [Timg; 2],
    /// The pins, with GPIO, IO_MUX and RTC_IO.
    pub pins: Pins,
    outputs: Outputs,
    revision_major: u8,
    spi1: Spi,
    efuse: Efuse,
    sha: Sha,
    apb_ctrl: Registers,
    rng: u64,
    other: BTreeMap<u32, u32>,
    unmodelled: BTreeMap<u32, Unmodelled>,
}

impl Peripherals {
    /// After power-on. `seed` is the random number generator's.
    pub fn new(chip: &Chip, flash: Flash, strapping: u32, seed: u64) -> Self {
        Self {
            dport: Dport::default(),
            flash,
            uart: Default::default(),
            rtc_cntl: RtcCntl::default(),
            timg: Default::default(),
            pins: Pins::new(strapping),
            outputs: Outputs::default(),
            revision_major: chip.revision.major,
            spi1: Spi::default(),
            efuse: Efuse::new(chip),
            sha: Sha::default(),
            apb_ctrl: Registers::new(0x80, &[(APB_CTRL_DATE, chip.apb_ctrl_date())]),
            // A state of zero would stay.
            rng: seed ^ 0x9E37_79B9_7F4A_7C15,
            other: BTreeMap::new(),
            unmodelled: BTreeMap::new(),
        }
    }

    /// A reset of the digital core: what is in the RTC's domain, and what the chip is, stays.
    pub fn reset_digital(&mut self, strapping: u32, now: Ticks) {
        self.dport = Dport::default();
        self.uart = Default::default();
        self.rtc_cntl.reset_digital();
        self.timg = Default::default();
        self.outputs.clear();
        self.pins.reset_digital(strapping, now);
        self.spi1 = Spi::default();
        self.sha = Sha::default();
        self.apb_ctrl.set(SYSCLK_CONF, 0);
        self.other.clear();
    }

    /// The chip's revision, the major number.
    pub fn revision_major(&self) -> u8 {
        self.revision_major
    }

    /// The CPU's frequency in MHz.
    pub fn cpu_mhz(&self) -> u32 {
        let divided = |mhz: u32| {
            // What time is counted in has to be a multiple of the cycle.
            let divider = self.apb_ctrl.field(SYSCLK_CONF, 0, 10) + 1;
            (mhz / divider).max(1)
        };
        match self.rtc_cntl.clock_source() {
            ClockSource::Pll => self.dport.pll_mhz(),
            ClockSource::Crystal => divided(CRYSTAL_MHZ),
            ClockSource::RcFast => divided(RC_FAST_MHZ),
        }
    }

    /// Ticks of a cycle of the APB clock.
    pub fn apb_cycle(&self) -> Ticks {
        match self.rtc_cntl.clock_source() {
            ClockSource::Pll => clock::cycle(80),
            ClockSource::Crystal | ClockSource::RcFast => clock::cycle(self.cpu_mhz()),
        }
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks) {
        let apb = self.apb_cycle();
        for uart in &mut self.uart {
            uart.advance(now);
        }
        for timg in &mut self.timg {
            timg.advance(now, apb);
        }
        self.rtc_cntl.advance(now);
        self.drive_pins(now);
    }

    /// Lets the pins have what peripherals have given until `now`.
    fn drive_pins(&mut self, now: Ticks) {
        self.outputs.wanted = self.pins.want_signals();
        while let Some(edge) = self.outputs.take(now) {
            self.pins.give(edge);
        }
    }

    /// The world outside drives `pin` with `level`, or lets it go.
    pub fn set_pin(&mut self, pin: usize, level: Option<bool>, now: Ticks) {
        self.drive_pins(now);
        self.pins.set_outside(pin, level, now);
    }

    /// When something happens next by itself that a core can notice.
    pub fn next_event(&self, now: Ticks) -> Option<Ticks> {
        let apb = self.apb_cycle();
        let uarts = self
            .uart
            .iter()
            .filter_map(|uart| uart.next_event(now, apb));
        let timers = self.timg.iter().filter_map(|timg| timg.next_event(apb));
        let pins = self.outputs.next().filter(|_| self.pins.listen());
        uarts
            .chain(timers)
            .chain(self.rtc_cntl.next_event())
            .chain(pins)
            .min()
    }

    /// Which of the interrupt matrix's sources are high, for each core.
    pub fn sources(&self, now: Ticks) -> [SourceBits; 2] {
        let apb = self.apb_cycle();
        let mut sources = 0;
        for (number, uart) in (source::UART0..).zip(&self.uart) {
            sources |= SourceBits::from(uart.interrupt(now, apb)) << number;
        }
        for (first, timg) in [source::TIMG0_T0, source::TIMG1_T0].iter().zip(&self.timg) {
            sources |= SourceBits::from(timg.interrupts()) << first;
        }
        sources |= SourceBits::from(self.rtc_cntl.interrupt()) << source::RTC_CORE;
        [
            (Destination::ProCpu, Destination::ProCpuNmi),
            (Destination::AppCpu, Destination::AppCpuNmi),
        ]
        .map(|(maskable, nmi)| {
            let high = |destination| SourceBits::from(self.pins.gpio.interrupt(destination));
            sources | high(maskable) << source::GPIO | high(nmi) << source::GPIO_NMI
        })
    }

    /// The reset that something asks for, once: the cores that are reset alone, and why.
    pub fn take_reset(&mut self) -> Option<(Option<usize>, ResetCause)> {
        match self.rtc_cntl.take_reset() {
            Some(ResetRequest::Core(core)) => return Some((Some(core), ResetCause::SoftwareCpu)),
            Some(ResetRequest::System) => return Some((None, ResetCause::Software)),
            Some(ResetRequest::Watchdog(action)) => {
                return Some(match action {
                    Action::ResetCpu => (Some(0), ResetCause::RtcWatchdogCpu),
                    Action::ResetRtc => (None, ResetCause::RtcWatchdogRtc),
                    _ => (None, ResetCause::RtcWatchdog),
                });
            }
            None => {}
        }
        let causes = [ResetCause::Timg0Watchdog, ResetCause::Timg1Watchdog];
        causes
            .into_iter()
            .zip(&mut self.timg)
            .find_map(|(cause, timg)| {
                timg.take_reset().map(|action| match action {
                    Action::ResetCpu => (Some(0), ResetCause::TimgWatchdogCpu),
                    _ => (None, cause),
                })
            })
    }

    /// What was accessed and is not modelled, by address.
    pub fn unmodelled(&self) -> &BTreeMap<u32, Unmodelled> {
        &self.unmodelled
    }

    fn note(&mut self, address: u32, write: bool, pc: u32) {
        self.unmodelled
            .entry(address)
            .or_insert(Unmodelled {
                write,
                pc,
                times: 0,
            })
            .times += 1;
    }

    /// A number of the random number generator: xorshift64* (Marsaglia, Vigna).
    fn random(&mut self) -> u32 {
        self.rng ^= self.rng >> 12;
        self.rng ^= self.rng << 25;
        self.rng ^= self.rng >> 27;
        (self.rng.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// Which address a peripheral has for `address`; `None` where there is none.
    pub fn canonical(address: u32) -> Option<u32> {
        match address {
            DPORT..0x3FF8_0000 => Some(address),
            _ if AHB_ALIAS.contains(&address) => Some(address - AHB_ALIAS.start + APB),
            _ => None,
        }
    }

    /// Reads the word at `address`, which [`Self::canonical`] has given.
    pub fn read(&mut self, address: u32, now: Ticks, pc: u32) -> u32 {
        let address = address & !3;
        let offset = address & 0xFFF;
        let apb = self.apb_cycle();
        match address & !0xFFF {
            DPORT => self.dport.read(offset),
            SHA => self.sha.read(offset),
            PRO_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.mmu_entry(0, offset as usize / 4)
            }
            APP_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.mmu_entry(1, offset as usize / 4)
            }
            UART0 => self.uart[0].read(offset, now, apb),
            UART1 => self.uart[1].read(offset, now, apb),
            UART2 => self.uart[2].read(offset, now, apb),
            SPI1 => self.spi1.read(offset),
            GPIO => {
                self.drive_pins(now);
                self.pins.gpio.read(offset)
            }
            RTC if offset < RTC_CNTL_LEN => self.rtc_cntl.read(offset, now),
            RTC if RTC_IO.contains(&offset) => {
                self.drive_pins(now);
                self.pins.read_rtc_io(offset - RTC_IO.start)
            }
            IO_MUX => self.pins.read_io_mux(offset),
            EFUSE => self.efuse.read(offset),
            TIMG0 => self.timg[0].read(offset, now, apb),
            TIMG1 => self.timg[1].read(offset, now, apb),
            APB_CTRL => self.apb_ctrl.get(offset),
            _ if address == RNG_DATA => self.random(),
            _ => {
                self.note(address, false, pc);
                self.other.get(&address).copied().unwrap_or(0)
            }
        }
    }

    /// Writes the word at `address`, which [`Self::canonical`] has given.
    pub fn write(&mut self, address: u32, value: u32, now: Ticks, pc: u32) {
        let address = address & !3;
        let offset = address & 0xFFF;
        let apb = self.apb_cycle();
        match address & !0xFFF {
            DPORT => self.dport.write(offset, value),
            SHA => {
                if !self.sha.write(offset, value) {
                    self.note(address, true, pc);
                }
            }
            PRO_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.set_mmu_entry(0, offset as usize / 4, value);
            }
            APP_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.set_mmu_entry(1, offset as usize / 4, value);
            }
            UART0 => self.uart[0].write(offset, value, now, apb),
            UART1 => self.uart[1].write(offset, value, now, apb),
            UART2 => self.uart[2].write(offset, value, now, apb),
            SPI1 => self
                .spi1
                .write(offset, value, clock::duration(now), &mut self.flash),
            GPIO => {
                self.drive_pins(now);
                self.pins.write_gpio(offset, value, now);
            }
            RTC if offset < RTC_CNTL_LEN => self.rtc_cntl.write(offset, value, now),
            RTC if RTC_IO.contains(&offset) => {
                self.drive_pins(now);
                self.pins.write_rtc_io(offset - RTC_IO.start, value, now);
            }
            IO_MUX => {
                self.drive_pins(now);
                self.pins.write_io_mux(offset, value, now);
            }
            EFUSE => self.efuse.write(offset, value),
            TIMG0 => self.timg[0].write(offset, value, now, apb),
            TIMG1 => self.timg[1].write(offset, value, now, apb),
            APB_CTRL => self.apb_ctrl.set(offset, value),
            _ => {
                self.note(address, true, pc);
                self.other.insert(address, value);
            }
        }
    }
}
