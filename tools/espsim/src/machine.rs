//! The chip as a whole: two cores on one bus, and time.
//!
//! Time is virtual, and a run depends on nothing but the flash content, the options and what comes in. The cores take turns of
//! [`QUANTUM`] cycles while both run; the second core follows the first. Where both wait for an interrupt, time goes on to the next
//! event.

use std::sync::Arc;

use crate::bus::{Failure, SystemBus, Untouched};
use crate::chip::Chip;
use crate::clock::{self, MICROSECOND, Ticks};
use crate::cpu::{Cpu, PRIDS, Stop};
use crate::flash::Flash;
use crate::peripherals::Peripherals;
use crate::peripherals::i2c::I2cDevice;
use crate::peripherals::pins::Edge;
use crate::peripherals::rtc_cntl::ResetCause;
use crate::peripherals::serial_frames::Frame;
use crate::peripherals::spi_master::{Select, SpiDevice};
use crate::rom::{self, RomImage};

mod idle;
mod serial;

pub use serial::BootMode;

/// Cycles that a core runs before the other one follows.
const QUANTUM: u64 = 128;
/// How long cores run at most where no event is near.
const LOOK: Ticks = 1000 * MICROSECOND;

/// What a machine is made of.
#[derive(Debug, Clone, Default)]
pub struct MachineOptions {
    /// Revision, MAC address, eFuses.
    pub chip: Chip,
    /// The random number generator's seed.
    pub seed: u64,
    /// A real ROM, in the place of the functions that are done natively.
    pub rom: Option<Arc<RomImage>>,
    /// Memory whose use is measured.
    pub untouched: Option<Untouched>,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The time is over.
    Time,
    /// A UART has sent bytes.
    Sent {
        /// Its number, 0 to 2.
        uart: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The chip, or its first core, is to be reset; the next [`Machine::run`] does that and goes on.
    Reset(ResetCause),
    /// Power was lost at the flash operation that [`Flash::lose_power_at`] names. The machine is over, or goes on by
    /// [`Machine::power_cycle`].
    PowerLost,
    /// Both cores wait, and nothing will ever happen.
    Asleep,
    /// The run cannot go on.
    Failed(Failure),
}

/// An ESP32 with its flash chip.
#[derive(Debug)]
pub struct Machine {
    bus: SystemBus,
    cpus: [Cpu; 2],
    /// Whether each core executes instructions.
    runs: [bool; 2],
    now: Ticks,
    /// The reset that was told and not done yet.
    reset: Option<(Option<usize>, ResetCause)>,
    options: MachineOptions,
    /// What GPIO_STRAP says.
    strapping: u32,
    /// What UART 0 sent with the last [`Event::Sent`] of it.
    sent: Vec<Frame>,
}

impl Machine {
    /// Powers it on.
    pub fn new(options: &MachineOptions, flash: Flash) -> Self {
        let strapping = BootMode::Run.strapping();
        let peripherals = Peripherals::new(&options.chip, flash, strapping, options.seed);
        let mut machine = Self {
            bus: SystemBus::new(peripherals),
            cpus: PRIDS.map(|prid| Cpu::new(prid, rom::RESET_VECTOR)),
            runs: [true, false],
            now: 0,
            reset: None,
            options: options.clone(),
            strapping,
            sent: Vec::new(),
        };
        machine.bus.rom_image.clone_from(&options.rom);
        machine.bus.set_untouched(options.untouched.clone());
        for core in 0..2 {
            machine
                .bus
                .peripherals
                .rtc_cntl
                .set_reset_cause(core, ResetCause::PowerOn);
        }
        machine
    }

    /// Takes its power away and gives it back: time, and all but the flash, starts again. A flash operation that is under way is
    /// cut in half.
    pub fn power_cycle(&mut self) {
        let mut flash = std::mem::replace(&mut self.bus.peripherals.flash, Flash::new(1));
        flash.power_cycle(clock::duration(self.now));
        *self = Self::new(&self.options, flash);
    }

    /// Pulls EN low for a moment: as [`Self::power_cycle`], but the flash chip keeps its power.
    pub fn reset_by_en(&mut self) {
        let mut flash = std::mem::replace(&mut self.bus.peripherals.flash, Flash::new(1));
        flash.restart_clock(clock::duration(self.now));
        *self = Self::new(&self.options, flash);
    }

    /// The time since power-on.
    pub fn now(&self) -> Ticks {
        self.now
    }

    /// A core.
    pub fn cpu(&self, core: usize) -> &Cpu {
        &self.cpus[core]
    }

    /// Instructions that both cores have executed, and cycles that they have waited.
    pub fn cycles(&self) -> u64 {
        self.cpus.iter().map(|cpu| cpu.cycles).sum()
    }

    /// The flash chip.
    pub fn flash_mut(&mut self) -> &mut Flash {
        &mut self.bus.peripherals.flash
    }

    /// Memory and peripherals.
    pub fn bus(&self) -> &SystemBus {
        &self.bus
    }

    /// Reads the word at `address` as the first core would.
    pub fn read_word(&mut self, address: u32) -> Option<u32> {
        use crate::cpu::{Bus, Origin};
        self.bus.set_core(0);
        let origin = Origin {
            cycles: self.cpus[0].cycles,
            pc: self.cpus[0].pc,
        };
        self.bus.load32(origin, address).ok()
    }

    /// A byte arrives at UART `uart`, 0 to 2.
    pub fn receive(&mut self, uart: usize, byte: u8) {
        self.bus.peripherals.uart[uart].receive(self.now, byte);
        self.bus.request_attention();
    }

    /// The world outside drives `pin` (GPIO's number) with `level` from now on, or lets it float.
    ///
    /// # Panics
    ///
    /// Where `pin` is above 39.
    pub fn set_pin(&mut self, pin: u8, level: Option<bool>) {
        let peripherals = &mut self.bus.peripherals;
        peripherals.set_pin(pin.into(), level, self.now);
        self.bus.request_attention();
    }

    /// Whether [`Self::take_edges`] gets what pins do from now on.
    pub fn watch_pins(&mut self, on: bool) {
        self.bus.peripherals.pins.watch(on);
    }

    /// Each change of a pin that the chip drives since the last call, in the order of time.
    pub fn take_edges(&mut self) -> Vec<Edge> {
        self.bus.peripherals.pins.take_edges()
    }

    /// Puts a device onto the bus of I2C `controller`, 0 or 1.
    ///
    /// # Panics
    ///
    /// Where there is no such controller.
    pub fn attach_i2c(&mut self, controller: usize, device: Box<dyn I2cDevice>) {
        self.bus.peripherals.attach_i2c(controller, device);
    }

    /// Puts a device onto the bus of SPI `controller`, 2 or 3.
    ///
    /// # Panics
    ///
    /// Where there is no such controller.
    pub fn attach_spi(&mut self, controller: usize, select: Select, device: Box<dyn SpiDevice>) {
        let peripherals = &mut self.bus.peripherals;
        peripherals.attach_spi(controller, select, device);
    }

    /// Runs until `until`, or until something happens.
    pub fn run(&mut self, until: Ticks) -> Event {
        if let Some((core, cause)) = self.reset.take() {
            self.reset(core, cause);
        }
        loop {
            self.bus.peripherals.advance(self.now);
            for (uart, sender) in self.bus.peripherals.uart.iter_mut().enumerate() {
                let frames = sender.take_sent();
                if !frames.is_empty() {
                    let bytes = frames.iter().map(|frame| frame.byte).collect();
                    if uart == 0 {
                        self.sent = frames;
                    }
                    return Event::Sent { uart, bytes };
                }
            }
            if self.bus.peripherals.flash.power_is_lost() {
                return Event::PowerLost;
            }
            if let Some((core, cause)) = self.bus.peripherals.take_reset() {
                if core != Some(1) {
                    self.reset = Some((core, cause));
                    return Event::Reset(cause);
                }
                self.reset(core, cause);
            }
            if let Some(failure) = self.bus.failure() {
                let failure = failure.clone();
                // The UARTs send on what they have.
                if let Some(at) = self.next_sent() {
                    self.now = self.now.max(at);
                    continue;
                }
                return Event::Failed(failure);
            }
            if self.now >= until {
                return Event::Time;
            }
            self.refresh();
            let event = self.bus.peripherals.next_event(self.now);
            let line = self.next_sent();
            let mut end = until
                .min(event.unwrap_or(Ticks::MAX))
                .min(line.unwrap_or(Ticks::MAX));
            if self.sleeps(event.or(line)) {
                return Event::Asleep;
            }
            if event.is_none() {
                // For it to be seen that nobody will wake a core that waits.
                end = end.min(self.now + LOOK);
            }
            if self.runs[1] && self.runs[0] && !self.cpus.iter().any(|cpu| cpu.waiting) {
                end = end.min(self.bus.time_of(0, self.cpus[0].cycles + QUANTUM));
            }
            self.now = self.advance_to(end.max(self.now + 1));
        }
    }

    /// When a UART will have sent its next byte.
    fn next_sent(&self) -> Option<Ticks> {
        let uarts = self.bus.peripherals.uart.iter();
        uarts.filter_map(|uart| uart.next_sent()).min()
    }

    /// Whether nothing will happen any more.
    fn sleeps(&self, event: Option<Ticks>) -> bool {
        event.is_none()
            && (0..2).all(|core| {
                !self.runs[core] || self.cpus[core].waiting && !self.cpus[core].expects_interrupt()
            })
    }

    /// Runs both cores to `end`, or as far as the first comes.
    fn advance_to(&mut self, end: Ticks) -> Ticks {
        let mut end = end;
        for core in 0..2 {
            let until = self.bus.cycles_at(core, end);
            let cpu = &mut self.cpus[core];
            if !self.runs[core] {
                cpu.cycles = cpu.cycles.max(until);
                continue;
            }
            self.bus.set_core(core);
            if idle::skip(cpu, &mut self.bus, until) {
                continue;
            }
            match cpu.run(&mut self.bus, until) {
                Stop::Time | Stop::Waiting => {}
                Stop::Attention => {
                    end = end.min(self.bus.time_of(core, cpu.cycles)).max(self.now);
                }
            }
        }
        end
    }

    /// Tells the cores what changed: code, interrupt lines, the clock, which of them run.
    fn refresh(&mut self) {
        let changes = self.bus.take_changes();
        for cpu in &mut self.cpus {
            for &address in &changes.code {
                cpu.forget_code(Some(address));
            }
            if changes.flash {
                cpu.forget_code(None);
            }
        }
        let mhz = self.bus.peripherals.cpu_mhz();
        for (core, cpu) in self.cpus.iter().enumerate() {
            // A core may be ahead of the time by a part of its turn.
            let at = self.bus.time_of(core, cpu.cycles).max(self.now);
            self.bus.set_core_clock(core, at, cpu.cycles);
        }
        self.bus.set_cycle(clock::cycle(mhz));

        let sources = self.bus.peripherals.sources(self.now);
        let lines = self.bus.peripherals.dport.route(sources);
        for (cpu, lines) in self.cpus.iter_mut().zip(lines) {
            cpu.set_lines(lines);
        }

        let second = self.bus.peripherals.dport.app_cpu_runs();
        if self.bus.peripherals.dport.app_cpu_is_reset()
            && (self.runs[1] || self.cpus[1].pc != rom::RESET_VECTOR)
        {
            self.cpus[1].reset(rom::RESET_VECTOR);
            let rtc_cntl = &mut self.bus.peripherals.rtc_cntl;
            rtc_cntl.set_reset_cause(1, ResetCause::AppCpu);
        }
        let stalls = [0, 1].map(|core| self.bus.peripherals.rtc_cntl.stalls(core));
        self.runs = [!stalls[0], second && !stalls[1]];
    }

    /// Resets a core, or the digital core.
    fn reset(&mut self, core: Option<usize>, cause: ResetCause) {
        let cores = match core {
            Some(core) => core..core + 1,
            None => {
                self.bus.peripherals.reset_digital(self.strapping, self.now);
                self.bus.remap();
                0..2
            }
        };
        self.bus.rom.reset();
        for core in cores {
            self.cpus[core].reset(rom::RESET_VECTOR);
            self.bus.peripherals.rtc_cntl.set_reset_cause(core, cause);
        }
    }
}
