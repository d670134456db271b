//! Pins over time, as value change dump (IEEE 1364, "Value change dump files").

use std::collections::BTreeMap;
use std::io::{self, Write};

use espsim::clock::Ticks;
use vcd::{IdCode, TimescaleUnit, Value, Writer};

/// Nanoseconds of a tick: 480 MHz.
fn nanoseconds(ticks: Ticks) -> u64 {
    ticks * 1000 / espsim::clock::MICROSECOND
}

/// Pins of the chip, GPIO0 to GPIO39.
const PINS: usize = 40;
/// Pins that UART 0 is at after a reset: what a viewer looks for first.
const NAMES: [(usize, &str); 2] = [(1, "gpio1_u0txd"), (3, "gpio3_u0rxd")];

/// The file that is written.
pub(super) struct Waveform {
    writer: Writer<Box<dyn Write>>,
    pins: BTreeMap<usize, IdCode>,
    last: u64,
    /// The first error; nothing is written behind it.
    error: Option<io::Error>,
}

impl Waveform {
    pub(super) fn new(file: Box<dyn Write>) -> io::Result<Self> {
        let mut writer = Writer::new(file);
        writer.timescale(1, TimescaleUnit::NS)?;
        writer.add_module("esp32")?;
        let mut pins = BTreeMap::new();
        for pin in 0..PINS {
            let name = NAMES.iter().find(|(number, _)| *number == pin);
            let name = name.map_or_else(|| format!("gpio{pin}"), |(_, name)| (*name).to_owned());
            pins.insert(pin, writer.add_wire(1, &name)?);
        }
        writer.upscope()?;
        writer.enddefinitions()?;
        writer.timestamp(0)?;
        for &id in pins.values() {
            writer.change_scalar(id, Value::X)?;
        }
        Ok(Self {
            writer,
            pins,
            last: 0,
            error: None,
        })
    }

    pub(super) fn edge(&mut self, pin: usize, at: Ticks, level: bool) {
        if self.error.is_none() {
            self.error = self.write(pin, nanoseconds(at), level).err();
        }
    }

    fn write(&mut self, pin: usize, at: u64, level: bool) -> io::Result<()> {
        let Some(&id) = self.pins.get(&pin) else {
            return Ok(());
        };
        if at > self.last {
            self.writer.timestamp(at)?;
            self.last = at;
        }
        self.writer.change_scalar(id, level)
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)?;
        self.writer.flush()
    }
}
