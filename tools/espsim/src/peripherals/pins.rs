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
    /// The signals that peripherals give.
    given: [bool; 256],
    levels: u64,
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
            given: std::array::from_fn(|signal| signals::idle_is_high(signal as Signal)),
            levels: 0,
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
            self.levels = self.levels & !(1 << pin) | u64::from(level) << pin;
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
mod tests {
    use super::super::gpio::Destination;
    use super::*;

    const OUT_W1TS: u32 = 0x08;
    const OUT_W1TC: u32 = 0x0C;
    const ENABLE_W1TS: u32 = 0x24;
    const ENABLE1_W1TS: u32 = 0x30;
    const IN: u32 = 0x3C;
    const IN1: u32 = 0x40;
    const STATUS: u32 = 0x44;
    const STATUS_W1TC: u32 = 0x4C;
    const PCPU_INT: u32 = 0x68;
    const ACPU_INT: u32 = 0x60;
    const PCPU_INT1: u32 = 0x7C;
    const IO_MUX_GPIO18: u32 = 0x70;
    const IO_MUX_GPIO34: u32 = 0x14;

    fn pin_register(pin: u32) -> u32 {
        0x88 + 4 * pin
    }

    fn out_sel(pin: u32) -> u32 {
        0x530 + 4 * pin
    }

    fn pins() -> Pins {
        let mut pins = Pins::new(0x13);
        pins.watch(true);
        pins
    }

    fn reads(pins: &Pins, pin: u32) -> bool {
        match pin {
            0..32 => pins.gpio.read(IN) >> pin & 1 == 1,
            _ => pins.gpio.read(IN1) >> (pin - 32) & 1 == 1,
        }
    }

    fn edges(pins: &mut Pins) -> Vec<(Ticks, u8, bool)> {
        let edges = pins.take_edges().into_iter();
        edges.map(|edge| (edge.at, edge.pin, edge.level)).collect()
    }

    #[test]
    fn an_output_drives_its_pin_and_its_changes_are_kept() {
        let mut pins = pins();
        pins.write_gpio(OUT_W1TS, 1 << 18, 5);
        assert_eq!(edges(&mut pins), []);
        pins.write_gpio(ENABLE_W1TS, 1 << 18, 10);
        pins.write_gpio(OUT_W1TS, 1 << 18, 20);
        pins.write_gpio(OUT_W1TC, 1 << 18, 30);
        assert_eq!(edges(&mut pins), [(10, 18, true), (30, 18, false)]);
        pins.watch(false);
        pins.write_gpio(OUT_W1TS, 1 << 18, 40);
        assert_eq!(edges(&mut pins), []);
        assert!(reads(&pins, 18));
    }

    #[test]
    fn a_core_that_is_behind_makes_no_edge_before_the_last_one() {
        let mut pins = pins();
        pins.write_gpio(ENABLE_W1TS, 1 << 18, 100);
        pins.write_gpio(OUT_W1TS, 1 << 18, 90);
        assert_eq!(edges(&mut pins), [(100, 18, false), (100, 18, true)]);
    }

    #[test]
    fn the_world_outside_then_the_resistors_decide_what_an_input_reads() {
        let mut pins = pins();
        assert!(!reads(&pins, 18));
        pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 8, 0);
        assert!(reads(&pins, 18));
        pins.set_outside(18, Some(false), 0);
        assert!(!reads(&pins, 18));
        pins.set_outside(18, None, 0);
        assert!(reads(&pins, 18));
        pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 7, 0);
        assert!(!reads(&pins, 18));
        pins.set_outside(18, Some(true), 0);
        assert!(reads(&pins, 18));
        // Without its input enabled.
        pins.write_io_mux(IO_MUX_GPIO18, 1 << 7, 0);
        assert!(!reads(&pins, 18));
        assert_eq!(edges(&mut pins), []);
    }

    #[test]
    fn an_rtc_pin_has_its_resistors_in_rtc_io() {
        let mut pins = pins();
        // TOUCH_PAD1, GPIO0: pulled up after power-on; TOUCH_PAD0, GPIO4: down.
        assert!(reads(&pins, 0) && !reads(&pins, 4));
        pins.write_rtc_io(0x98, 1 << 28, 0);
        pins.write_rtc_io(0x94, 1 << 27, 0);
        assert!(!reads(&pins, 0) && reads(&pins, 4));
        // RTCIO_RTC_GPIO_IN: GPIO4 is 10, GPIO0 11.
        assert_eq!(pins.read_rtc_io(0x24) >> 24 & 3, 1);
        // IO_MUX' resistors are not there.
        pins.write_io_mux(0x48, 1 << 9 | 1 << 7, 0);
        assert!(reads(&pins, 4));
    }

    #[test]
    fn the_rtc_drives_a_pin_that_it_has() {
        let mut pins = pins();
        pins.write_rtc_io(0x10, 1 << 24, 0);
        pins.write_rtc_io(0x04, 1 << 24, 0);
        assert_eq!(edges(&mut pins), []);
        pins.write_rtc_io(0x94, 1 << 19, 7);
        assert_eq!(edges(&mut pins), [(7, 4, true)]);
    }

    #[test]
    fn an_open_drain_only_pulls_down() {
        let mut pins = pins();
        pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 8, 0);
        pins.write_gpio(pin_register(18), 1 << 2, 0);
        pins.write_gpio(OUT_W1TS, 1 << 18, 0);
        pins.write_gpio(ENABLE_W1TS, 1 << 18, 1);
        assert!(reads(&pins, 18));
        pins.set_outside(18, Some(false), 2);
        assert!(!reads(&pins, 18));
        pins.set_outside(18, None, 3);
        pins.write_gpio(OUT_W1TC, 1 << 18, 4);
        pins.set_outside(18, Some(true), 5);
        assert!(!reads(&pins, 18));
        assert_eq!(
            edges(&mut pins),
            [(1, 18, true), (2, 18, false), (3, 18, true), (4, 18, false)]
        );
    }

    #[test]
    fn a_push_pull_output_wins_over_the_world_outside() {
        let mut pins = pins();
        pins.write_gpio(ENABLE_W1TS, 1 << 18, 0);
        pins.set_outside(18, Some(true), 1);
        assert!(!reads(&pins, 18));
    }

    #[test]
    fn pins_34_to_39_have_no_output() {
        let mut pins = pins();
        pins.write_gpio(0x14, 1 << 2, 0);
        pins.write_gpio(ENABLE1_W1TS, 1 << 2, 0);
        pins.write_io_mux(IO_MUX_GPIO34, 1 << 9, 0);
        assert!(!reads(&pins, 34));
        pins.set_outside(34, Some(true), 0);
        assert!(reads(&pins, 34));
        assert_eq!(edges(&mut pins), []);
    }

    #[test]
    fn a_signal_reaches_the_pins_that_select_it() {
        let mut pins = pins();
        let give = |pins: &mut Pins, at, level| {
            let signal = signals::LEDC;
            pins.give(SignalEdge { at, signal, level });
        };
        pins.write_gpio(out_sel(18), signals::LEDC.into(), 0);
        // Inverted, and by ENABLE, which is off.
        pins.write_gpio(out_sel(19), u32::from(signals::LEDC) | 1 << 9 | 1 << 10, 0);
        give(&mut pins, 10, true);
        give(&mut pins, 11, true);
        pins.write_gpio(ENABLE_W1TS, 1 << 19, 20);
        give(&mut pins, 30, false);
        assert_eq!(
            edges(&mut pins),
            [
                (0, 18, false),
                (10, 18, true),
                (20, 19, false),
                (30, 18, false),
                (30, 19, true)
            ]
        );
        assert!(pins.is_routed(signals::LEDC) && !pins.is_routed(signals::LEDC + 1));
    }

    #[test]
    fn io_mux_gives_a_signal_without_the_matrix() {
        let mut pins = pins();
        // U0TXD is high where it sends nothing.
        assert!(reads(&pins, 1));
        pins.give(SignalEdge {
            at: 9,
            signal: signals::UART_TXD[0],
            level: false,
        });
        assert_eq!(edges(&mut pins), [(9, 1, false)]);
        // As GPIO the pin is not driven, and pulled up.
        pins.write_io_mux(0x88, 2 << 12 | 1 << 9 | 1 << 8, 10);
        assert!(reads(&pins, 1));
        assert_eq!(edges(&mut pins), []);
    }

    #[test]
    fn an_input_signal_is_a_pin_a_level_or_what_io_mux_has_for_it() {
        let mut pins = pins();
        let signal = signals::UART_RXD[0];
        assert!(pins.input(signal));
        pins.set_outside(3, Some(false), 0);
        assert!(!pins.input(signal));
        let in_sel = 0x130 + 4 * u32::from(signal);
        pins.write_gpio(in_sel, 1 << 7 | 18, 0);
        assert!(!pins.input(signal));
        pins.set_heard(&[signal]);
        pins.set_outside(18, Some(true), 40);
        pins.set_outside(18, Some(true), 41);
        let heard = pins.take_heard();
        assert_eq!(heard.len(), 1);
        assert_eq!((heard[0].at, heard[0].level), (40, true));
        pins.write_gpio(in_sel, 1 << 7 | 1 << 6 | 18, 0);
        assert!(!pins.input(signal));
        pins.write_gpio(in_sel, 1 << 7 | 0x38, 0);
        assert!(pins.input(signal));
        pins.write_gpio(in_sel, 1 << 7 | 0x30, 0);
        assert!(!pins.input(signal));
    }

    #[test]
    fn interrupts_of_all_types() {
        // Type, then whether it comes with: rise, fall, while low, while high.
        let expected = [
            (0, [false, false, false, false]),
            (1, [true, false, false, false]),
            (2, [false, true, false, false]),
            (3, [true, true, false, false]),
            (4, [false, true, true, false]),
            (5, [true, false, false, true]),
        ];
        for (kind, [rise, fall, low, high]) in expected {
            let mut pins = pins();
            let pending = |pins: &mut Pins| {
                let pending = pins.gpio.read(STATUS) >> 18 & 1 == 1;
                pins.write_gpio(STATUS_W1TC, 1 << 18, 0);
                pending
            };
            pins.write_gpio(pin_register(18), kind << 7 | 1 << 15, 0);
            pending(&mut pins);
            pins.set_outside(18, Some(true), 0);
            // What the low level had left.
            if kind == 4 {
                pending(&mut pins);
            }
            assert_eq!(pending(&mut pins), rise, "type {kind} with a rise");
            assert_eq!(pending(&mut pins), high, "type {kind} while high");
            pins.set_outside(18, Some(false), 0);
            if kind == 5 {
                pending(&mut pins);
            }
            assert_eq!(pending(&mut pins), fall, "type {kind} with a fall");
            assert_eq!(pending(&mut pins), low, "type {kind} while low");
        }
    }

    #[test]
    fn interrupts_go_where_int_ena_says() {
        let mut pins = pins();
        for (bit, destination) in (0..).zip([
            Destination::AppCpu,
            Destination::AppCpuNmi,
            Destination::ProCpu,
            Destination::ProCpuNmi,
        ]) {
            pins.write_gpio(pin_register(34), 1 << 7 | 1 << (13 + bit), 0);
            pins.write_io_mux(IO_MUX_GPIO34, 1 << 9, 0);
            assert!(pins.listen());
            assert!(!pins.gpio.interrupt(destination));
            pins.set_outside(34, Some(true), 0);
            for other in [
                Destination::AppCpu,
                Destination::AppCpuNmi,
                Destination::ProCpu,
                Destination::ProCpuNmi,
            ] {
                assert_eq!(pins.gpio.interrupt(other), other == destination);
            }
            assert_eq!(pins.gpio.read(PCPU_INT1) == 1 << 2, bit == 2);
            assert_eq!(pins.gpio.read(PCPU_INT), 0);
            assert_eq!(pins.gpio.read(ACPU_INT), 0);
            pins.set_outside(34, Some(false), 0);
            // STATUS1_W1TC
            pins.write_gpio(0x58, 1 << 2, 0);
            assert!(!pins.gpio.interrupt(destination));
        }
    }

    #[test]
    fn a_reset_lets_go_of_the_pins_and_keeps_the_world_outside_and_the_rtcs_resistors() {
        let mut pins = pins();
        pins.write_gpio(ENABLE_W1TS, 1 << 18, 0);
        pins.write_rtc_io(0x98, 1 << 28, 0);
        pins.set_outside(18, Some(true), 0);
        assert!(!reads(&pins, 18));
        pins.reset_digital(0x13, 5);
        assert!(reads(&pins, 18) && !reads(&pins, 0));
        pins.reset_rtc(6);
        assert!(reads(&pins, 0));
    }
}
