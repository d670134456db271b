//! A board: the chip, and at its UART 0 a serial adapter with the auto-reset circuit, whose line has time, rates that may differ, and
//! faults on demand. [`simulator`] puts it behind a port of this machine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::Failure;
use crate::chip::{CRYSTAL, Chip};
use crate::clock::{self, Ticks};
use crate::flash::Flash;
use crate::machine::{BootMode, Event, Machine, MachineOptions};
use crate::peripherals::serial_frames::Frame;
use crate::rom::RomImage;

mod circuit;
mod commands;
mod esp_server;
pub mod fault;
mod rate;
pub mod report;
pub mod simulator;
pub mod transport;

use circuit::{Change, Circuit};
use commands::Commands;
use fault::{Direction, Fault, Wire};
use report::Report;

/// From an answer's last bit to the first bit of the host's next command: USB full speed moves data once in a frame of
/// 1 ms (USB 2.0, 5.5 to 5.8), so the answer waits for one frame and the command for another.
const TURN_AROUND: Ticks = 2000 * clock::MICROSECOND;
/// From the rise of EN to the first character of the ROM's greeting.
const START: Ticks = 5000 * clock::MICROSECOND;
/// How long the chip runs before it is looked whether it waits.
const LOOK: Ticks = 200 * clock::MICROSECOND;

/// What the line asks the port to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go away, and come back later.
    Disconnect(Duration),
}

/// What the chip does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing, until something comes from outside.
    Waits,
    /// Something that goes on.
    Goes,
}

/// What is to be simulated.
#[derive(Debug, Clone, Default)]
pub struct BoardOptions {
    /// The chip.
    pub chip: Chip,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// For faults with a rate, and the random number generator.
    pub seed: u64,
    /// A real ROM.
    pub rom: Option<Arc<RomImage>>,
    /// What is printed instead of running what is in flash.
    pub console: Option<Vec<u8>>,
}

/// A board without power until the first reset.
#[derive(Debug)]
pub struct Board {
    machine: Machine,
    /// The host's rate; none where the port cannot tell, and is then taken to be the device's.
    pub host_baud: Option<u32>,
    circuit: Circuit,
    commands: Commands,
    input: Wire,
    output: Wire,
    triggers: Vec<Fault>,
    refused_bauds: Vec<u32>,
    injected: u64,
    silent_until: Option<Option<Instant>>,
    /// EN is low.
    held: bool,
    failed: bool,
    failure: Option<String>,
    resets: u64,
    input_free: Ticks,
    output_end: Ticks,
    answered: bool,
    sent: Vec<Frame>,
    to_host: Vec<u8>,
    actions: Vec<Action>,
}

impl Board {
    /// A board with `flash`.
    pub fn new(options: &BoardOptions, flash: Flash) -> Self {
        let (faults, seed) = (&options.faults, options.seed);
        let machine = MachineOptions {
            chip: options.chip.clone(),
            seed,
            rom: options.rom.clone(),
            ..MachineOptions::default()
        };
        let mut board = Self {
            machine: Machine::new(&machine, flash),
            host_baud: None,
            circuit: Circuit::default(),
            commands: Commands::default(),
            input: Wire::new(faults, Direction::In, seed),
            output: Wire::new(faults, Direction::Out, seed),
            triggers: Vec::new(),
            refused_bauds: Vec::new(),
            injected: 0,
            silent_until: None,
            held: true,
            failed: false,
            failure: None,
            resets: 0,
            input_free: 0,
            output_end: 0,
            answered: false,
            sent: Vec::new(),
            to_host: Vec::new(),
            actions: Vec::new(),
        };
        let script = &mut board.machine.rom().script;
        script.console.clone_from(&options.console);
        for fault in faults {
            match fault {
                Fault::WrongMd5 => script.wrong_md5 = true,
                Fault::RefuseBaud(baud) => {
                    script.refused_bauds.push(*baud);
                    board.refused_bauds.push(*baud);
                }
                Fault::Silence { .. } | Fault::Reset { .. } | Fault::Disconnect { .. } => {
                    board.triggers.push(fault.clone());
                }
                Fault::At { .. } | Fault::Rate { .. } | Fault::MaxBaud(_) => {}
            }
        }
        board
    }

    /// The flash chip.
    pub fn flash(&self) -> &Flash {
        &self.machine.bus().peripherals.flash
    }

    /// The flash chip.
    pub fn flash_mut(&mut self) -> &mut Flash {
        self.machine.flash_mut()
    }

    /// The chip's time.
    pub fn now(&self) -> Ticks {
        self.machine.now()
    }

    /// Whether the chip runs its serial loader, or what that has loaded.
    pub fn in_download_mode(&self) -> bool {
        self.machine.in_download_mode()
    }

    /// Why what runs on the chip cannot go on, once.
    pub fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    /// When the last thing that happened so far ends.
    pub fn clock(&self) -> Duration {
        let line = self.input_free.max(self.output_end).max(self.now());
        clock::duration(line).max(self.flash().ready_at())
    }

    /// What was counted so far.
    pub fn report(&mut self) -> Report {
        let faults = self.injected
            + self.input.injected
            + self.output.injected
            + self.machine.rom().script.faults_injected;
        let flash = self.flash();
        Report {
            seconds: self.clock().as_secs_f64(),
            baud: self.machine.baud(),
            bytes_in: self.input.bytes,
            bytes_out: self.output.bytes,
            resets: self.resets,
            commands: self.commands.counts(),
            sectors_erased: flash.sectors_erased(),
            sectors_written: flash.sectors_written(),
            erase_operations: flash.erase_operations(),
            bytes_programmed: flash.bytes_programmed(),
            faults_injected: faults,
        }
    }

    /// Bytes for the host.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_host)
    }

    /// What the port is to do.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Lets the chip run until it waits, but not for longer than `time`.
    pub fn run(&mut self, time: Ticks) -> Activity {
        let end = self.machine.now() + time;
        let activity = loop {
            if self.held || self.failed || self.machine.waits_for_input() {
                break Activity::Waits;
            }
            let now = self.machine.now();
            if now >= end {
                break Activity::Goes;
            }
            match self.machine.run(end.min(now + LOOK)) {
                Event::Sent { uart: 0, .. } => self.sent.extend(self.machine.sent()),
                Event::Reset(_) => self.resets += 1,
                Event::Time | Event::Sent { .. } | Event::PowerLost | Event::Stopped(_) => {}
                Event::Asleep => break Activity::Waits,
                Event::Failed(failure) => {
                    self.failed = true;
                    self.failure = Some(match failure {
                        Failure::NoRomFunction { address, caller } => format!(
                            "the ROM has no function at {address:#010x}, which {caller:#010x} called"
                        ),
                        Failure::Rom { message } => message,
                    });
                }
            }
        };
        self.collect();
        activity
    }

    /// Lets the chip run until it waits, or for a second where it does not.
    fn settle(&mut self) {
        self.run(1_000_000 * clock::MICROSECOND);
    }

    /// Resets the chip with GPIO 0 as `mode` says.
    pub fn reset(&mut self, mode: BootMode) {
        self.silent_until = None;
        self.held = false;
        self.failed = false;
        self.resets += 1;
        let after = self.input_free.max(self.output_end).max(self.now()) + START;
        self.machine.reset_by_pin(mode, after);
    }

    fn apply(&mut self, change: Option<Change>) {
        match change {
            None => {}
            Some(Change::Hold) => {
                self.silent_until = None;
                self.held = true;
            }
            Some(Change::Release(mode)) => self.reset(mode),
        }
    }

    /// DTR, asserted or not.
    pub fn set_dtr(&mut self, asserted: bool) {
        let change = self.circuit.set_dtr(asserted);
        self.apply(change);
    }

    /// RTS, asserted or not.
    pub fn set_rts(&mut self, asserted: bool) {
        let change = self.circuit.set_rts(asserted);
        self.apply(change);
    }

    /// The host went away: both lines fall back.
    pub fn release_lines(&mut self) {
        let change = self.circuit.set(false, false);
        self.apply(change);
    }

    /// When [`Board::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.circuit.deadline()
    }

    /// Lets EN rise if no second half of a change came.
    pub fn tick(&mut self) {
        let change = self.circuit.tick();
        self.apply(change);
    }

    /// The host sends `bytes`.
    pub fn receive(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        if self.in_download_mode() && self.machine.serial_loader().is_none() {
            for &baud in &self.refused_bauds {
                self.injected += u64::from(commands::spoil_change_of_rate(&mut bytes, baud));
            }
        }
        let mut start = self.input_free.max(self.now());
        if std::mem::take(&mut self.answered) {
            start = start.max(self.output_end + TURN_AROUND);
        }
        let mut arrives = Vec::with_capacity(bytes.len());
        let mut undecided = Vec::new();
        for byte in bytes {
            if self.is_triggered(self.input.bytes) {
                self.input_free = start;
                self.settle();
                let lost = self.trigger(self.input.bytes);
                self.settle();
                if lost {
                    return;
                }
                start = start.max(self.now());
            }
            let device_baud = self.machine.baud();
            let host_baud = self.host_baud.unwrap_or(device_baud);
            self.input.carry(byte, host_baud, &mut arrives);
            start += byte_time(host_baud);
            for byte in std::mem::take(&mut arrives) {
                self.measure(byte);
                if rate::same(host_baud, device_baud) {
                    self.arrive(start, byte);
                } else {
                    undecided.push((byte, host_baud, device_baud));
                }
            }
        }
        // What comes at another rate is sampled as a whole, since bits run from one byte into the next.
        for part in undecided.chunk_by(|one, other| (one.1, one.2) == (other.1, other.2)) {
            let bytes: Vec<u8> = part.iter().map(|part| part.0).collect();
            let rates = (part[0].1, part[0].2);
            if rates.1 != self.machine.baud() {
                // Sent before the rate was measured.
                continue;
            }
            for byte in rate::resample(&bytes, rates.0, rates.1) {
                self.arrive(start, byte);
            }
        }
        self.input_free = start;
    }

    /// The ROM measures the rate of the first bytes.
    fn measure(&mut self, byte: u8) {
        let Some(baud) = self.host_baud else { return };
        if let Some(loader) = self.machine.serial_loader()
            && !loader.measured()
            && loader.measure(byte)
        {
            let divider = (u64::from(CRYSTAL) << 4) / u64::from(baud.max(1));
            self.machine
                .set_divider(divider.clamp(16, 0xFF_FFFF) as u32);
        }
    }

    fn arrive(&mut self, at: Ticks, byte: u8) {
        if self.held || self.silent() {
            return;
        }
        if self.in_download_mode() {
            self.commands.push(byte);
        }
        self.machine.send(at, byte);
    }

    fn silent(&mut self) -> bool {
        match self.silent_until {
            None => false,
            Some(None) => true,
            Some(Some(end)) => {
                let silent = Instant::now() < end;
                if !silent {
                    self.silent_until = None;
                }
                silent
            }
        }
    }

    fn is_triggered(&self, number: u64) -> bool {
        self.triggers.iter().any(|fault| due(fault, number))
    }

    /// Applies what is to happen at the host's byte `number`; whether the bytes from there on are lost.
    fn trigger(&mut self, number: u64) -> bool {
        let mut lost = false;
        let (due, later): (Vec<Fault>, Vec<Fault>) = self
            .triggers
            .drain(..)
            .partition(|fault| due(fault, number));
        self.triggers = later;
        for fault in due {
            self.injected += 1;
            match fault {
                Fault::Silence { time, .. } => {
                    self.silent_until = Some(time.map(|time| Instant::now() + time));
                }
                Fault::Reset { mode, .. } => self.reset(mode),
                Fault::Disconnect { time, .. } => {
                    self.actions.push(Action::Disconnect(time));
                    lost = true;
                }
                _ => {}
            }
        }
        lost
    }

    /// Puts what the chip sent on the wire.
    fn collect(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        for part in sent.chunk_by(|one, other| one.len == other.len) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else {
                continue;
            };
            if self.silent() {
                continue;
            }
            let baud = (byte_time(1) / first.len.max(1)) as u32;
            let host_baud = self.host_baud.unwrap_or(baud);
            let mut arrives = Vec::with_capacity(part.len());
            for frame in part {
                self.output.carry(frame.byte, baud, &mut arrives);
            }
            self.output_end = self.output_end.max(last.end());
            self.answered = true;
            if rate::same(baud, host_baud) {
                self.to_host.extend(arrives);
            } else {
                self.to_host
                    .extend(rate::resample(&arrives, baud, host_baud));
            }
        }
    }
}

/// Whether `fault` is to happen at the host's byte `number`.
fn due(fault: &Fault, number: u64) -> bool {
    match fault {
        Fault::Silence { byte, .. }
        | Fault::Reset { byte, .. }
        | Fault::Disconnect { byte, .. } => *byte <= number,
        _ => false,
    }
}

/// A byte on the line at 8N1, thus 10 bits.
fn byte_time(baud: u32) -> Ticks {
    10_000_000 * clock::MICROSECOND / u64::from(baud.max(1))
}
