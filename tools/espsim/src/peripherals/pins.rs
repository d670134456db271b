//! The pins: what GPIO, IO_MUX and RTC_IO, peripherals by the matrix, and the world outside make of their levels (ESP32 Technical
//! Reference Manual, "IO_MUX and GPIO Matrix").
//!
//! What the chip drives wins over the world outside, but for an open drain, which a low level from outside pulls down, too. A pin that
//! nobody drives has the level of its resistors, and without them is low.

use super::gpio::{Gpio, Input};
use super::io_mux::{Function, IoMux, PINS};
use super::rtc_io::RtcIo;
use super::signals::{self, Signal, SignalEdge};
use crate::clock::Ticks;

/// Pins that have an input only.
const INPUT_ONLY: std::ops::RangeInclusive<usize> = 34..=39;

/// Millivolts of the supply.
const SUPPLY: u32 = 3300;

/// A change of a pin that the chip drives; the first level that it drives is one, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// When.
    pub at: Ticks,
    /// GPIO's number.
    pub pin: u8,
    /// What it is from then on.
    pub level: bool,
}

/// How the chip drives a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drive {
    Off,
    PushPull(bool),
    OpenDrain(bool),
}

/// All of them.
#[derive(Debug)]
pub struct Pins {
    /// GPIO.
    pub gpio: Gpio,
    io_mux: IoMux,
    rtc_io: RtcIo,
    outside: [Option<bool>; PINS],
    /// What is at a pin for the ADCs.
    millivolts: [Option<u16>; PINS],
    /// The signals that peripherals give.
    given: [bool; 256],
    levels: u64,
    /// How often each level has changed.
    changes: [u64; PINS],
    /// What each pin was driven to last; `None` before it was.
    driven: [Option<bool>; PINS],
    watching: bool,
    edges: Vec<Edge>,
    /// Peripherals' inputs that are listened to, and their levels.
    heard: Vec<(Signal, bool)>,
    heard_edges: Vec<SignalEdge>,
    /// The last change: what a core does that is behind the other one is not before it.
    last: Ticks,
}

impl Pins {
    /// After power-on, with the strapping pins' levels.
    pub fn new(strapping: u32) -> Self {
        let mut pins = Self {
            gpio: Gpio::new(strapping),
            io_mux: IoMux::default(),
            rtc_io: RtcIo::default(),
            outside: [None; PINS],
            millivolts: [None; PINS],
            given: std::array::from_fn(|signal| signals::idle_is_high(signal as Signal)),
            levels: 0,
            changes: [0; PINS],
            driven: [None; PINS],
            watching: false,
            edges: Vec::new(),
            heard: Vec::new(),
            heard_edges: Vec::new(),
            last: 0,
        };
        pins.update(ALL, 0);
        pins
    }

    /// A reset of the digital core: RTC_IO stays, and the world outside.
    pub fn reset_digital(&mut self, strapping: u32, now: Ticks) {
        self.gpio = Gpio::new(strapping);
        self.io_mux = IoMux::default();
        self.given = std::array::from_fn(|signal| signals::idle_is_high(signal as Signal));
        self.heard.clear();
        self.heard_edges.clear();
        self.update(ALL, now);
    }

    /// Power-on in the world that `before` was in, and with the same onlookers.
    pub fn take_over(&mut self, before: &Self) {
        self.outside = before.outside;
        self.millivolts = before.millivolts;
        self.watching = before.watching;
        self.update(ALL, 0);
    }

    /// The RTC is reset, too.
    pub fn reset_rtc(&mut self, now: Ticks) {
        self.rtc_io = RtcIo::default();
        self.update(ALL, now);
    }

    /// What the world outside drives `pin` with; `None` where it does not.
    pub fn set_outside(&mut self, pin: usize, level: Option<bool>, now: Ticks) {
        self.outside[pin] = level;
        self.update(1 << pin, now);
    }

    /// What is at `pin` for the ADCs; `None` for what its level is.
    pub fn set_millivolts(&mut self, pin: usize, millivolts: Option<u16>) {
        self.millivolts[pin] = millivolts;
    }

    /// What the ADCs find at `pin`.
    pub fn millivolts(&self, pin: usize) -> u32 {
        let level = if self.levels >> pin & 1 == 1 {
            SUPPLY
        } else {
            0
        };
        self.millivolts[pin].map_or(level, u32::from)
    }

    /// Whether edges are kept.
    pub fn watch(&mut self, on: bool) {
        self.watching = on;
    }

    /// Whether somebody sees each change of a signal that peripherals give: edges are kept, or changes of a pin make interrupts.
    pub fn want_signals(&self) -> bool {
        self.watching || self.listen()
    }

    /// Whether a change of a pin can be noticed by a core or a peripheral.
    pub fn listen(&self) -> bool {
        !self.heard.is_empty() || self.gpio.listening() != 0
    }

    /// What was kept since the last call, in the order of time.
    pub fn take_edges(&mut self) -> Vec<Edge> {
        std::mem::take(&mut self.edges)
    }

    /// The level of each pin, a bit for each.
    pub fn levels(&self) -> u64 {
        self.levels
    }

    /// How often the level of `pin` has changed.
    pub fn changes(&self, pin: usize) -> u64 {
        self.changes[pin]
    }

    /// Whether the output `given` and the input `taken` are the same pin.
    pub fn connects(&self, given: Signal, taken: Signal) -> bool {
        let pin = match self.gpio.input_of(taken) {
            Input::Pin(pin, _) => Some(pin),
            Input::Constant(_) => None,
            Input::Direct => self.io_mux.direct_input(taken),
        };
        pin.is_some_and(|pin| match self.io_mux.function(pin) {
            Function::Gpio => self.gpio.output(pin).signal == Some(given),
            Function::Output(direct) => direct == given,
            Function::Other => false,
        })
    }

    /// The pin that wakes the chip by EXT_WAKEUP0.
    pub fn ext0_pin(&self) -> Option<usize> {
        self.rtc_io.ext0_pin()
    }

    /// Whether a peripheral's signal leaves the chip anywhere.
    pub fn is_routed(&self, signal: Signal) -> bool {
        (0..PINS).any(|pin| match self.io_mux.function(pin) {
            Function::Gpio => self.gpio.output(pin).signal == Some(signal),
            Function::Output(direct) => direct == signal,
            Function::Other => false,
        })
    }

    /// The level of a peripheral's input.
    pub fn input(&self, signal: Signal) -> bool {
        match self.gpio.input_of(signal) {
            Input::Constant(level) => level,
            Input::Pin(pin, inverted) => (self.seen() >> pin & 1 == 1) != inverted,
            Input::Direct => self
                .io_mux
                .direct_input(signal)
                .is_some_and(|pin| self.seen() >> pin & 1 == 1),
        }
    }

    /// The inputs that are listened to from now on.
    pub fn set_heard(&mut self, signals: &[Signal]) {
        let heard = signals.iter().map(|&signal| (signal, self.input(signal)));
        self.heard = heard.collect();
    }

    /// Changes of inputs that are listened to, since the last call.
    pub fn take_heard(&mut self) -> Vec<SignalEdge> {
        std::mem::take(&mut self.heard_edges)
    }

    /// A peripheral changes a signal.
    pub fn give(&mut self, edge: SignalEdge) {
        if std::mem::replace(&mut self.given[usize::from(edge.signal)], edge.level) == edge.level {
            return;
        }
        let pins = (0..PINS)
            .filter(|&pin| match self.io_mux.function(pin) {
                Function::Gpio => self.gpio.output(pin).signal == Some(edge.signal),
                Function::Output(direct) => direct == edge.signal,
                Function::Other => false,
            })
            .fold(0, |pins, pin| pins | 1 << pin);
        self.update(pins, edge.at);
    }

    /// Writes GPIO's register at `offset`.
    pub fn write_gpio(&mut self, offset: u32, value: u32, now: Ticks) {
        self.gpio.write(offset, value);
        self.update(Gpio::affected(offset), now);
    }

    /// Reads IO_MUX' register at `offset`.
    pub fn read_io_mux(&self, offset: u32) -> u32 {
        self.io_mux.read(offset)
    }

    /// Writes IO_MUX' register at `offset`.
    pub fn write_io_mux(&mut self, offset: u32, value: u32, now: Ticks) {
        self.io_mux.write(offset, value);
        self.update(ALL, now);
    }

    /// Reads RTC_IO's register at `offset`.
    pub fn read_rtc_io(&self, offset: u32) -> u32 {
        self.rtc_io.read(offset, self.levels)
    }

    /// Writes RTC_IO's register at `offset`.
    pub fn write_rtc_io(&mut self, offset: u32, value: u32, now: Ticks) {
        self.rtc_io.write(offset, value);
        self.update(ALL, now);
    }

    fn drive(&self, pin: usize) -> Drive {
        if INPUT_ONLY.contains(&pin) {
            return Drive::Off;
        }
        if self.rtc_io.has(pin) {
            return self.rtc_io.drives(pin).map_or(Drive::Off, Drive::PushPull);
        }
        match self.io_mux.function(pin) {
            Function::Other => Drive::Off,
            Function::Output(signal) => Drive::PushPull(self.given[usize::from(signal)]),
            Function::Gpio => {
                let output = self.gpio.output(pin);
                let level = match output.signal {
                    Some(signal) => self.given[usize::from(signal)],
                    None => self.gpio.out(pin),
                } != output.inverted;
                match (output.enabled, output.open_drain) {
                    (false, _) => Drive::Off,
                    (true, false) => Drive::PushPull(level),
                    (true, true) => Drive::OpenDrain(level),
                }
            }
        }
    }

    /// The level of `pin` without the chip.
    fn undriven(&self, pin: usize) -> bool {
        let pull = || match self.rtc_io.pull(pin) {
            Some(pull) => pull,
            None => self.io_mux.pull(pin),
        };
        self.outside[pin].or_else(pull).unwrap_or(false)
    }

    /// The levels that the digital core sees.
    fn seen(&self) -> u64 {
        (0..PINS)
            .filter(|&pin| self.io_mux.has_input(pin) && !self.rtc_io.has(pin))
            .fold(0, |pins, pin| pins | self.levels & 1 << pin)
    }

    /// Works out the levels of `pins` at `now`.
    fn update(&mut self, pins: u64, now: Ticks) {
        let at = now.max(self.last);
        let mut rest = pins & ALL;
        if rest == 0 {
            return;
        }
        while rest != 0 {
            let pin = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let drive = self.drive(pin);
            let level = match drive {
                Drive::Off | Drive::OpenDrain(true) => self.undriven(pin),
                Drive::PushPull(level) => level,
                Drive::OpenDrain(false) => false,
            };
            if self.levels >> pin & 1 != u64::from(level) {
                self.levels ^= 1 << pin;
                self.changes[pin] += 1;
            }
            if drive != Drive::Off && self.driven[pin] != Some(level) {
                self.driven[pin] = Some(level);
                self.last = at;
                if self.watching {
                    let pin = pin as u8;
                    self.edges.push(Edge { at, pin, level });
                }
            }
        }
        let seen = self.seen();
        self.gpio.set_input(seen);
        for index in 0..self.heard.len() {
            let (signal, before) = self.heard[index];
            let level = self.input(signal);
            if level != before {
                self.heard[index].1 = level;
                self.last = at;
                self.heard_edges.push(SignalEdge { at, signal, level });
            }
        }
    }
}

const ALL: u64 = u64::MAX >> (64 - PINS);

#[cfg(test)]
mod tests;
