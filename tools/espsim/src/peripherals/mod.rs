//! The peripherals, one a file, each named as in the ESP32 Technical Reference Manual, and the map that says which is where.
//!
//! A peripheral has `read` and `write` of an offset's word, `advance` for what happens by itself until a time, `next_event` for when that
//! will be, and says whether its interrupt is high. What is not modelled holds what was written to it, and [`Peripherals::unmodelled`]
//! names it.

use std::collections::BTreeMap;

mod access;
pub mod aes;
pub mod dport;
pub mod efuse;
pub mod gpio;
pub mod i2c;
pub mod io_mux;
pub mod ledc;
mod map;
pub mod pins;
pub mod poll;
pub mod psram;
pub mod registers;
pub mod rmt;
pub mod rsa;
pub mod rtc_cntl;
pub mod rtc_io;
pub mod sens;
pub mod serial_frames;
pub mod sha;
pub mod signals;
pub mod spi;
pub mod spi_master;
pub mod timg;
pub mod uart;
pub mod unmodelled;
pub mod watchdog;

use crate::chip::Chip;
use crate::clock::{self, CRYSTAL_MHZ, RC_FAST_MHZ, Ticks};
use crate::flash::Flash;
use crate::memory::Ram;

use aes::Aes;
use dport::{Dport, SourceBits};
use efuse::Efuse;
use gpio::Destination;
use i2c::{I2c, I2cDevice};
use ledc::Ledc;
use map::*;
use pins::Pins;
use registers::Registers;
use rmt::Rmt;
use rsa::Rsa;
use rtc_cntl::{ClockSource, ResetCause, ResetRequest, RtcCntl};
use sens::Sens;
use sha::Sha;
use signals::Outputs;
use spi::Spi;
use spi_master::{Select, SpiDevice, SpiMaster};
use timg::Timg;
use uart::Uart;
use unmodelled::{Others, Unmodelled};
use watchdog::Action;

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
    /// What the caches use: it is always idle, and its settings change nothing.
    spi0: Registers,
    spi1: Spi,
    efuse: Efuse,
    ledc: Ledc,
    rmt: Rmt,
    i2c: [I2c; 2],
    spi: [SpiMaster; 2],
    aes: Aes,
    rsa: Rsa,
    sens: Sens,
    sha: Sha,
    apb_ctrl: Registers,
    rng: u64,
    other: Others,
    /// The latest time that they were told. A core that takes its turn behind the other one is earlier: time does not go back.
    latest: Ticks,
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
            spi0: spi0(),
            spi1: Spi::default(),
            efuse: Efuse::new(chip),
            ledc: Ledc::default(),
            rmt: Rmt::default(),
            i2c: signals::I2C.map(I2c::new),
            spi: [0, 1].map(SpiMaster::new),
            aes: Aes::default(),
            rsa: Rsa::default(),
            sens: Sens::default(),
            sha: Sha::default(),
            apb_ctrl: Registers::new(0x80, &[(APB_CTRL_DATE, chip.apb_ctrl_date())]),
            // A state of zero would stay.
            rng: seed ^ 0x9E37_79B9_7F4A_7C15,
            other: Others::default(),
            latest: 0,
        }
    }

    /// Takes over what outlives the chip's power: eFuses, devices on its buses, what is at its
    /// pins.
    pub fn take_over(&mut self, before: Self) {
        self.pins.take_over(&before.pins);
        self.efuse = before.efuse;
        self.i2c = before.i2c;
        self.spi = before.spi;
        self.efuse.reset();
        for i2c in &mut self.i2c {
            i2c.reset();
        }
        for spi in &mut self.spi {
            spi.reset();
        }
    }

    /// A reset of the RTC's domain.
    pub fn reset_rtc(&mut self, now: Ticks) {
        self.rtc_cntl = RtcCntl::default();
        self.sens = Sens::default();
        self.pins.reset_rtc(now);
    }

    /// A reset of the digital core: what is in the RTC's domain, and what the chip is, stays.
    pub fn reset_digital(&mut self, strapping: u32, now: Ticks) {
        self.dport = Dport::default();
        self.uart = Default::default();
        self.rtc_cntl.reset_digital();
        self.timg = Default::default();
        self.outputs.clear();
        self.pins.reset_digital(strapping, now);
        self.spi0 = spi0();
        self.spi1 = Spi::default();
        self.efuse.reset();
        self.ledc = Ledc::default();
        self.rmt = Rmt::default();
        for i2c in &mut self.i2c {
            i2c.reset();
        }
        for spi in &mut self.spi {
            spi.reset();
        }
        self.aes = Aes::default();
        self.rsa = Rsa::default();
        self.sha = Sha::default();
        self.apb_ctrl.set(SYSCLK_CONF, 0);
        self.other.reset();
    }

    /// What DPORT's PERIP_RST_EN resets.
    fn reset_peripherals(&mut self, bits: u32, now: Ticks) {
        let resets = |bit: u32| bits >> bit & 1 == 1;
        if resets(reset::LEDC) {
            self.ledc = Ledc::default();
            self.outputs.release(now, signals::LEDC..signals::LEDC + 16);
        }
        if resets(reset::RMT) {
            self.rmt = Rmt::default();
            self.outputs
                .release(now, signals::RMT_OUT..signals::RMT_OUT + 8);
            self.pins.set_heard(&[]);
        }
        for (i2c, bit) in self.i2c.iter_mut().zip([reset::I2C0, reset::I2C1]) {
            if resets(bit) {
                i2c.reset();
                self.outputs.release(now, i2c.lines());
            }
        }
        for (spi, bit) in self.spi.iter_mut().zip([reset::SPI2, reset::SPI3]) {
            if resets(bit) {
                spi.reset();
                self.outputs.release(now, spi.lines());
            }
        }
    }

    /// What DPORT's PERI_RST_EN resets.
    fn reset_accelerators(&mut self, bits: u32) {
        if bits >> reset::AES & 1 == 1 {
            self.aes = Aes::default();
        }
        if bits >> reset::SHA & 1 == 1 {
            self.sha = Sha::default();
        }
        if bits >> reset::RSA & 1 == 1 {
            self.rsa = Rsa::default();
        }
    }

    /// Puts a device onto the bus of SPI `controller`, 2 or 3.
    pub fn attach_spi(&mut self, controller: usize, select: Select, device: Box<dyn SpiDevice>) {
        self.spi[controller - 2].attach(select, device);
    }

    /// Whether a peripheral waits for [`Self::serve`].
    pub fn waits_for_memory(&self) -> bool {
        self.spi.iter().any(SpiMaster::waits_for_memory) || self.rtc_cntl.wants_checksum().is_some()
    }

    /// Lets peripherals have DRAM and RTC fast memory.
    pub fn serve(&mut self, dram: &mut Ram, rtc_fast: &Ram) {
        let apb = self.apb_cycle();
        for spi in &mut self.spi {
            spi.serve(dram, apb, &self.pins, &mut self.outputs);
        }
        if let Some((first, words)) = self.rtc_cntl.wants_checksum() {
            self.rtc_cntl.set_checksum(rtc_fast.checksum(first, words));
        }
    }

    /// Time until `now` in which only the RTC had its clock.
    pub fn stand_still(&mut self, ticks: Ticks, now: Ticks) {
        for timg in &mut self.timg {
            timg.skip(ticks);
        }
        if self.rtc_cntl.watchdog_pauses() {
            self.rtc_cntl.skip_watchdog(ticks);
        }
        self.drive_pins(now);
    }

    /// Puts a device onto the bus of I2C `controller`, 0 or 1.
    pub fn attach_i2c(&mut self, controller: usize, device: Box<dyn I2cDevice>) {
        self.i2c[controller].attach(device);
    }

    /// Whether SPI1's pins are connected to the flash chip.
    pub fn spi1_attached(&self) -> bool {
        self.spi1.attached
    }

    /// Connects SPI1's pins to the flash chip, or leaves them to themselves.
    pub fn attach_spi1(&mut self, attached: bool) {
        self.spi1.attached = attached;
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

    fn later(&mut self, now: Ticks) -> Ticks {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks) {
        let now = self.later(now);
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
        for (uart, signal) in self.uart.iter_mut().zip(signals::UART_TXD) {
            for frame in uart.take_frames() {
                if self.outputs.wanted {
                    frame.give(signal, &mut self.outputs);
                }
            }
        }
        let apb = self.apb_cycle();
        self.ledc.advance(now, apb, &mut self.outputs);
        self.rmt.advance(now, apb, &mut self.outputs);
        for i2c in &mut self.i2c {
            i2c.advance(now, apb, &mut self.outputs);
        }
        for spi in &mut self.spi {
            spi.advance(now);
        }
        while let Some(edge) = self.outputs.take(now) {
            self.pins.give(edge);
        }
        for edge in self.pins.take_heard() {
            self.rmt.receive(edge);
        }
        self.rmt.advance_receivers(now);
    }

    /// What is at `pin` for the ADCs; `None` for what its level is.
    pub fn set_millivolts(&mut self, pin: usize, millivolts: Option<u16>) {
        self.pins.set_millivolts(pin, millivolts);
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
            .chain(self.ledc.next_event(self.pins.listen()))
            .chain(self.rmt.next_event())
            .chain(self.i2c.iter().filter_map(I2c::next_event))
            .chain(self.spi.iter().filter_map(SpiMaster::next_event))
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
        sources |= SourceBits::from(self.ledc.interrupt()) << source::LEDC;
        sources |= SourceBits::from(self.rsa.interrupt()) << source::RSA;
        sources |= SourceBits::from(self.efuse.interrupt()) << source::EFUSE;
        sources |= SourceBits::from(self.rmt.interrupt()) << source::RMT;
        for (number, i2c) in (source::I2C0..).zip(&self.i2c) {
            sources |= SourceBits::from(i2c.interrupt()) << number;
        }
        for (number, spi) in (0..).zip(&self.spi) {
            sources |= SourceBits::from(spi.interrupt()) << (source::SPI2 + number);
            sources |= SourceBits::from(spi.dma_interrupt()) << (source::SPI2_DMA + number);
        }
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
            Some(ResetRequest::BrownOut) => return Some((None, ResetCause::BrownOut)),
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
        self.other.accesses()
    }

    /// A number of the random number generator: xorshift64* (Marsaglia, Vigna).
    fn random(&mut self) -> u32 {
        self.rng ^= self.rng >> 12;
        self.rng ^= self.rng << 25;
        self.rng ^= self.rng >> 27;
        (self.rng.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }
}

/// SPI0 after a reset, as far as drivers look at it.
fn spi0() -> Registers {
    Registers::new(
        0x400,
        &[
            (0x08, 0x0020_A400),
            (0x18, 0x8000_3043),
            (0x1C, 0x8000_0040),
            (0x20, 0x5C00_0007),
            (0x24, 0x7000_0000),
            (0x34, 6),
            (0x3FC, 0x0160_4270),
        ],
    )
}

#[cfg(test)]
mod tests;
