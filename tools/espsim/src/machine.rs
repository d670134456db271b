//! The chip as a whole: two cores on one bus, and time.
//!
//! Time is virtual, and a run depends on nothing but the flash content, the options and what comes in. The cores take turns of
//! [`QUANTUM`] cycles while both run; the second core follows the first. Where both wait for an interrupt, time goes on to the next
//! event.

use crate::bus::{Failure, SystemBus};
use crate::chip::Chip;
use crate::clock::{self, MICROSECOND, Ticks};
use crate::cpu::{Cpu, PRIDS, Stop};
use crate::flash::Flash;
use crate::peripherals::Peripherals;
use crate::peripherals::rtc_cntl::ResetCause;
use crate::rom;

/// Cycles that a core runs before the other one follows.
const QUANTUM: u64 = 128;
/// How long cores run at most where no event is near.
const LOOK: Ticks = 20_000 * MICROSECOND;
/// GPIO_STRAP where the chip boots from flash.
const STRAPPING: u32 = 0x13;

/// What a machine is made of.
#[derive(Debug, Clone, Default)]
pub struct MachineOptions {
    /// Revision, MAC address, eFuses.
    pub chip: Chip,
    /// The random number generator's seed.
    pub seed: u64,
    /// Loops that wait are executed instruction by instruction; what a program does is the same.
    pub execute_polls: bool,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The time is over.
    Time,
    /// UART 0 has sent bytes.
    Console(Vec<u8>),
    /// The chip, or its first core, was reset; it goes on behind the reset.
    Reset(ResetCause),
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
}

impl Machine {
    /// Powers it on.
    pub fn new(options: &MachineOptions, flash: Flash) -> Self {
        let peripherals = Peripherals::new(&options.chip, flash, STRAPPING, options.seed);
        let mut machine = Self {
            bus: SystemBus::new(peripherals),
            cpus: PRIDS.map(|prid| Cpu::new(prid, rom::RESET_VECTOR)),
            runs: [true, false],
            now: 0,
        };
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

    /// A byte arrives at UART 0.
    pub fn receive(&mut self, byte: u8) {
        self.bus.peripherals.uart[0].receive(self.now, byte);
        self.bus.request_attention();
    }

    /// Runs until `until`, or until something happens.
    pub fn run(&mut self, until: Ticks) -> Event {
        loop {
            self.bus.peripherals.advance(self.now);
            let sent = self.bus.peripherals.uart[0].take_sent();
            if !sent.is_empty() {
                return Event::Console(sent);
            }
            if let Some((core, cause)) = self.bus.peripherals.take_reset() {
                self.reset(core, cause);
                if core != Some(1) {
                    return Event::Reset(cause);
                }
            }
            if let Some(failure) = self.bus.failure() {
                let failure = failure.clone();
                // The UART sends on what it has.
                if let Some(at) = self.bus.peripherals.uart[0].next_sent() {
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
            let line = self.bus.peripherals.uart[0].next_sent();
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
        }
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
                self.bus.peripherals.reset_digital(STRAPPING);
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
