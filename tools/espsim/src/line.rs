//! The serial line between host and device: time on the wire, rates that differ, modem lines, faults.

use std::time::{Duration, Instant};

use crate::device::{BootMode, Device};
use crate::fault::{Direction, Fault, Wire};
use crate::timing;

/// What the line asks the port to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go away, and come back later.
    Disconnect(Duration),
}

/// How long a bridge waits for the other half of a change of both modem lines: RFC 2217 carries one line a message, and what
/// is in between would release EN while IO0 is high.
const EXCHANGE: Duration = Duration::from_millis(300);

/// The line with the device at its end.
#[derive(Debug)]
pub struct Line {
    /// The device.
    pub device: Device,
    /// The host's rate; none where the port cannot tell, and is then taken to be the device's.
    pub host_baud: Option<u32>,
    input: Wire,
    output: Wire,
    triggers: Vec<Fault>,
    injected: u64,
    silent_until: Option<Option<Instant>>,
    dtr: bool,
    rts: bool,
    released_at: Option<Instant>,
    input_free: Duration,
    output_end: Duration,
    answered: bool,
    to_host: Vec<u8>,
    actions: Vec<Action>,
}

impl Line {
    /// A line to `device` with `faults`.
    pub fn new(device: Device, faults: &[Fault], seed: u64) -> Self {
        let mut line = Self {
            device,
            host_baud: None,
            input: Wire::new(faults, Direction::In, seed),
            output: Wire::new(faults, Direction::Out, seed),
            triggers: Vec::new(),
            injected: 0,
            silent_until: None,
            dtr: false,
            rts: false,
            released_at: None,
            input_free: Duration::ZERO,
            output_end: Duration::ZERO,
            answered: false,
            to_host: Vec::new(),
            actions: Vec::new(),
        };
        for fault in faults {
            match fault {
                Fault::WrongMd5 => line.device.hardware.wrong_md5 = true,
                Fault::RefuseBaud(baud) => line.device.hardware.refused_bauds.push(*baud),
                Fault::Silence { .. } | Fault::Reset { .. } | Fault::Disconnect { .. } => {
                    line.triggers.push(fault.clone());
                }
                Fault::At { .. } | Fault::Rate { .. } | Fault::MaxBaud(_) => {}
            }
        }
        line
    }

    /// The clock: when the last thing that happened so far ends.
    pub fn clock(&self) -> Duration {
        self.input_free
            .max(self.output_end)
            .max(self.device.hardware.now)
            .max(self.device.hardware.flash.ready_at())
    }

    /// Bytes that the host sent.
    pub fn bytes_in(&self) -> u64 {
        self.input.bytes
    }

    /// Bytes that the device sent.
    pub fn bytes_out(&self) -> u64 {
        self.output.bytes
    }

    /// Faults injected so far.
    pub fn faults_injected(&self) -> u64 {
        self.injected
            + self.input.injected
            + self.output.injected
            + self.device.hardware.faults_injected
    }

    /// Bytes for the host.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.collect();
        std::mem::take(&mut self.to_host)
    }

    /// What the port is to do.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Resets the device with IO0 as `mode` says.
    pub fn reset(&mut self, mode: BootMode) {
        self.silent_until = None;
        self.released_at = None;
        let now = self.clock();
        self.device.release(now, mode);
        self.collect();
    }

    /// The host sends `bytes`.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.collect();
        let mut start = self.input_free;
        if std::mem::take(&mut self.answered) {
            start = start.max(self.output_end + timing::TURN_AROUND);
        }
        let mut arrives = Vec::with_capacity(bytes.len());
        let mut undecided = Vec::new();
        for &byte in bytes {
            if self.trigger(self.input.bytes) {
                return;
            }
            let device_baud = self.device.hardware.baud();
            let host_baud = self.host_baud.unwrap_or(device_baud);
            self.input.carry(byte, host_baud, &mut arrives);
            start += timing::on_line(1, host_baud);
            for byte in arrives.drain(..) {
                if self.host_baud.is_some() && self.device.measures_baud() {
                    self.device.measure_baud(byte, host_baud);
                }
                if same_rate(host_baud, device_baud) {
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
            if rates.1 != self.device.hardware.baud() {
                // Sent before the rate was measured.
                continue;
            }
            for byte in resample(&bytes, rates.0, rates.1) {
                self.arrive(start, byte);
            }
        }
        if !self.silent() {
            self.device.idle();
        }
        self.input_free = start;
        self.collect();
    }

    fn arrive(&mut self, at: Duration, byte: u8) {
        if !self.silent() {
            self.device.receive(at, byte);
        }
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

    /// Applies what is to happen at the host's byte `number`; whether the bytes from there on are lost.
    fn trigger(&mut self, number: u64) -> bool {
        let mut lost = false;
        let (due, later): (Vec<Fault>, Vec<Fault>) =
            self.triggers.drain(..).partition(|fault| match fault {
                Fault::Silence { byte, .. }
                | Fault::Reset { byte, .. }
                | Fault::Disconnect { byte, .. } => *byte <= number,
                _ => true,
            });
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

    /// Puts what the device sent on the wire.
    fn collect(&mut self) {
        for sent in self.device.take_output() {
            if self.silent() {
                continue;
            }
            let host_baud = self.host_baud.unwrap_or(sent.baud);
            let mut arrives = Vec::with_capacity(sent.bytes.len());
            for &byte in &sent.bytes {
                self.output.carry(byte, sent.baud, &mut arrives);
            }
            self.output_end = self.output_end.max(sent.end);
            self.answered = true;
            if same_rate(sent.baud, host_baud) {
                self.to_host.extend(arrives);
            } else {
                self.to_host
                    .extend(resample(&arrives, sent.baud, host_baud));
            }
        }
    }

    /// DTR, asserted or not.
    pub fn set_dtr(&mut self, asserted: bool) {
        self.set_lines(asserted, self.rts);
    }

    /// RTS, asserted or not.
    pub fn set_rts(&mut self, asserted: bool) {
        self.set_lines(self.dtr, asserted);
    }

    /// The host went away: both lines fall back.
    pub fn release_lines(&mut self) {
        self.set_lines(false, false);
    }

    /// The two transistors of the auto-reset circuit (ESP32-DevKitC schematic): RTS alone pulls EN low, DTR alone IO0.
    fn set_lines(&mut self, dtr: bool, rts: bool) {
        let held = |dtr: bool, rts: bool| rts && !dtr;
        let was_held = held(self.dtr, self.rts);
        (self.dtr, self.rts) = (dtr, rts);
        if held(dtr, rts) {
            self.released_at = None;
            self.silent_until = None;
            self.device.hold();
        } else if dtr && rts && was_held {
            self.released_at = Some(Instant::now());
        } else if was_held || self.released_at.is_some() {
            self.reset(if dtr && !rts {
                BootMode::Download
            } else {
                BootMode::Run
            });
        }
    }

    /// When [`Line::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.released_at.map(|at| at + EXCHANGE)
    }

    /// Lets EN rise if no second half of a change came.
    pub fn tick(&mut self) {
        if self.deadline().is_some_and(|end| Instant::now() >= end) {
            self.reset(BootMode::Run);
        }
    }
}

/// Whether a receiver at the one rate samples all bits of the other right.
fn same_rate(one: u32, other: u32) -> bool {
    one.abs_diff(other) <= one / 50
}

/// What a receiver at `receiver` baud makes of `bytes` that are sent without a gap at `sender` baud: it waits for the edge
/// of a start bit, and samples in the middle of what it takes for the bits.
pub fn resample(bytes: &[u8], sender: u32, receiver: u32) -> Vec<u8> {
    let level = |index: usize| match (bytes.get(index / 10), index % 10) {
        (None, _) | (_, 9) => true,
        (_, 0) => false,
        (Some(byte), bit) => byte >> (bit - 1) & 1 == 1,
    };
    let ratio = f64::from(sender) / f64::from(receiver.max(1));
    let end = bytes.len() * 10;
    let mut received = Vec::new();
    let mut at = 0;
    while at < end {
        if level(at) || (at > 0 && !level(at - 1)) {
            at += 1;
            continue;
        }
        let sample = |bit: f64| level((at as f64 + (bit + 0.5) * ratio) as usize);
        let byte = (0..8).fold(0, |byte, bit| {
            byte | u8::from(sample(f64::from(bit) + 1.0)) << bit
        });
        received.push(byte);
        at = (at as f64 + 9.5 * ratio).ceil().max(at as f64 + 1.0) as usize;
    }
    received
}
