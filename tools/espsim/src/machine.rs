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
use crate::observe::{self, Observed, Observer};
use crate::peripherals::Peripherals;
use crate::peripherals::i2c::I2cDevice;
use crate::peripherals::pins::Edge;
use crate::peripherals::rtc_cntl::ResetCause;
use crate::peripherals::serial_frames::Frame;
use crate::peripherals::spi_master::{Select, SpiDevice};
use crate::rom::{self, RomImage};

mod idle;
mod serial;
mod sleep;

pub use serial::BootMode;

/// Cycles that a core runs before the other one follows.
const QUANTUM: u64 = 128;
/// How long cores run at most where no event is near.
const LOOK: Ticks = 20_000 * MICROSECOND;

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
    /// Loops that wait are executed instruction by instruction; what a program does is the same.
    pub execute_polls: bool,
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
    /// The observer stopped a core.
    Stopped(observe::Stop),
}

/// An ESP32 with its flash chip.
#[derive(Debug)]
pub struct Machine {
    bus: SystemBus,
    cpus: [Cpu; 2],
    /// Whether each core executes instructions.
    runs: [bool; 2],
    now: Ticks,
    /// What is seen of the run.
    pub observer: Option<Box<Observer>>,
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
            observer: None,
            reset: None,
            options: options.clone(),
            strapping,
            sent: Vec::new(),
        };
        machine.bus.rom_image.clone_from(&options.rom);
        machine.bus.set_untouched(options.untouched.clone());
        if options.execute_polls {
            machine.cpus.iter_mut().for_each(Cpu::execute_polls);
        }
        for core in 0..2 {
            machine
                .bus
                .peripherals
                .rtc_cntl
                .set_reset_cause(core, ResetCause::PowerOn);
        }
        machine
    }

    /// Takes its power away and gives it back: time, and all but the flash, eFuses and what is attached, starts again. A flash operation
    /// that is under way is cut in half.
    pub fn power_cycle(&mut self) {
        let mut flash = std::mem::replace(&mut self.bus.peripherals.flash, Flash::new(1));
        flash.power_cycle(clock::duration(self.now));
        let before = std::mem::replace(self, Self::new(&self.options, flash));
        self.observer = before.observer;
        self.bus.peripherals.take_over(before.bus.peripherals);
    }

    /// The time since power-on.
    pub fn now(&self) -> Ticks {
        self.now
    }

    /// A core.
    pub fn cpu(&self, core: usize) -> &Cpu {
        &self.cpus[core]
    }

    /// A core, to change its registers while nothing runs.
    pub fn cpu_mut(&mut self, core: usize) -> &mut Cpu {
        &mut self.cpus[core]
    }

    /// Writes memory or registers as the first core would, code included; whether all could be written.
    pub fn write_memory(&mut self, address: u32, bytes: &[u8]) -> bool {
        self.bus.set_core(0);
        let origin = crate::cpu::Origin {
            cycles: self.cpus[0].cycles,
            pc: self.cpus[0].pc,
        };
        self.bus.write_bytes(origin, address, bytes).is_ok()
    }

    /// Whether a core executes instructions, or waits for an interrupt: the second one has to be started.
    pub fn runs(&self, core: usize) -> bool {
        self.runs[core]
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

    /// What is at `pin` (GPIO's number) for the ADCs from now on; `None` for 0 V or 3.3 V as its level is.
    ///
    /// # Panics
    ///
    /// Where `pin` is above 39.
    pub fn set_millivolts(&mut self, pin: u8, millivolts: Option<u16>) {
        let peripherals = &mut self.bus.peripherals;
        peripherals.set_millivolts(pin.into(), millivolts);
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
            if let Some(event) = self.doze(until) {
                return event;
            }
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
            if self.runs[1] && self.runs[0] {
                end = end.min(self.turn());
            }
            self.now = self.advance_to(end.max(self.now + 1));
            let observer = self.observer.as_deref_mut();
            if let Some(stop) = observer.and_then(|observer| observer.breakpoints.take_stop()) {
                return Event::Stopped(stop);
            }
        }
    }

    /// When a UART will have sent its next byte.
    fn next_sent(&self) -> Option<Ticks> {
        let uarts = self.bus.peripherals.uart.iter();
        uarts.filter_map(|uart| uart.next_sent()).min()
    }

    /// Until when a core may run while the other one stands still: both take turns of [`QUANTUM`], and one that waits sleeps until its next
    /// timer.
    fn turn(&self) -> Ticks {
        let short = self.bus.time_of(0, self.cpus[0].cycles + QUANTUM);
        (0..2)
            .filter(|&core| self.cpus[core].waiting)
            .map(|core| {
                let cpu = &self.cpus[core];
                self.bus.time_of(core, cpu.timer_at().max(cpu.cycles))
            })
            .min()
            .map_or(short, |wakes| if wakes > self.now { wakes } else { short })
    }

    /// Whether nothing will happen any more, whatever comes at the pins.
    fn sleeps(&self, event: Option<Ticks>) -> bool {
        event.is_none()
            && !self.bus.peripherals.pins.listen()
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
            if self.bus.peripherals.rtc_cntl.sleep().is_some() {
                // Its cycles stand still.
                continue;
            }
            if !self.runs[core] {
                cpu.cycles = cpu.cycles.max(until);
                continue;
            }
            self.bus.set_core(core);
            let bus = &mut self.bus;
            let stop = match self.observer.as_deref_mut() {
                None => cpu.run(bus, until),
                Some(observer) => cpu.run(&mut Observed { bus, observer }, until),
            };
            match stop {
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
                if matches!(cause, ResetCause::RtcWatchdogRtc | ResetCause::BrownOut) {
                    self.bus.peripherals.reset_rtc(self.now);
                }
                self.bus.peripherals.reset_digital(self.strapping, self.now);
                self.bus.remap();
                0..2
            }
        };
        if cause == ResetCause::DeepSleep {
            self.bus.lose_memory();
        }
        self.bus.rom.reset();
        for core in cores {
            self.cpus[core].reset(rom::RESET_VECTOR);
            self.bus.peripherals.rtc_cntl.set_reset_cause(core, cause);
        }
    }
}
