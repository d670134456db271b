//! RTC_IO: the pins that the RTC can have, and their resistors (ESP32 Technical Reference Manual, "IO_MUX and GPIO Matrix", the table
//! "RTC_MUX Pin Summary").
//!
//! Not modelled: hold, and what ADC, DAC, touch sensor and ULP do with the pins.

use super::io_mux::pull;
use super::registers::Registers;

const OUT: u32 = 0x00;
const ENABLE: u32 = 0x0C;
const STATUS: u32 = 0x18;
const IN: u32 = 0x24;
const SENSOR_PADS: u32 = 0x7C;
const ADC_PAD: u32 = 0x80;
const PAD_DAC1: u32 = 0x84;
const PAD_DAC2: u32 = 0x88;
const XTAL_32K_PAD: u32 = 0x8C;
const TOUCH_PAD0: u32 = 0x94;
const EXT_WAKEUP0: u32 = 0xBC;
/// The first bit of OUT, ENABLE, STATUS and IN.
const FIRST: u32 = 14;

/// A pin of the RTC.
struct Pin {
    gpio: usize,
    register: u32,
    mux_sel: u32,
    /// Bits of the resistors up and down.
    pulls: Option<(u32, u32)>,
}

const fn pin(gpio: usize, register: u32, mux_sel: u32, pulls: Option<(u32, u32)>) -> Pin {
    Pin {
        gpio,
        register,
        mux_sel,
        pulls,
    }
}

const fn touch(gpio: usize, index: u32) -> Pin {
    pin(gpio, TOUCH_PAD0 + 4 * index, 19, Some((27, 28)))
}

/// By the RTC's numbers.
const RTC_PINS: [Pin; 18] = [
    pin(36, SENSOR_PADS, 27, None),
    pin(37, SENSOR_PADS, 26, None),
    pin(38, SENSOR_PADS, 25, None),
    pin(39, SENSOR_PADS, 24, None),
    pin(34, ADC_PAD, 29, None),
    pin(35, ADC_PAD, 28, None),
    pin(25, PAD_DAC1, 17, Some((27, 28))),
    pin(26, PAD_DAC2, 17, Some((27, 28))),
    pin(33, XTAL_32K_PAD, 18, Some((27, 28))),
    pin(32, XTAL_32K_PAD, 17, Some((22, 23))),
    touch(4, 0),
    touch(0, 1),
    touch(2, 2),
    touch(15, 3),
    touch(13, 4),
    touch(12, 5),
    touch(14, 6),
    touch(27, 7),
];

/// Touch pads that are pulled up, and down, after power-on.
const PULLED_UP: [u32; 3] = [1, 3, 6];
const PULLED_DOWN: [u32; 4] = [0, 2, 4, 5];

/// The peripheral.
#[derive(Debug)]
pub struct RtcIo {
    registers: Registers,
}

impl Default for RtcIo {
    fn default() -> Self {
        let mut registers = Registers::new(0x100, &[]);
        for (pads, bit) in [(&PULLED_UP[..], 27), (&PULLED_DOWN[..], 28)] {
            for pad in pads {
                registers.set(TOUCH_PAD0 + 4 * pad, 1 << bit | 2 << 29);
            }
        }
        Self { registers }
    }
}

impl RtcIo {
    /// The number that the RTC has for `gpio`.
    fn number(gpio: usize) -> Option<usize> {
        RTC_PINS.iter().position(|pin| pin.gpio == gpio)
    }

    /// Reads the register at `offset`, where the pins' levels are `levels`.
    pub fn read(&self, offset: u32, levels: u64) -> u32 {
        match offset {
            IN => (0..).zip(&RTC_PINS).fold(0, |word, (number, pin)| {
                word | ((levels >> pin.gpio & 1) as u32) << (FIRST + number)
            }),
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        for register in [OUT, ENABLE, STATUS] {
            let old = self.registers.get(register);
            if offset == register + 4 {
                self.registers.set(register, old | value);
                return;
            }
            if offset == register + 8 {
                self.registers.set(register, old & !value);
                return;
            }
        }
        if offset != IN {
            self.registers.set(offset, value);
        }
    }

    /// Whether the RTC has the pin, and IO_MUX does not.
    pub fn has(&self, gpio: usize) -> bool {
        Self::number(gpio).is_some_and(|number| {
            let pin = &RTC_PINS[number];
            self.registers.bit(pin.register, pin.mux_sel)
        })
    }

    /// What the RTC drives the pin with.
    pub fn drives(&self, gpio: usize) -> Option<bool> {
        let bit = FIRST + Self::number(gpio)? as u32;
        self.registers
            .bit(ENABLE, bit)
            .then(|| self.registers.bit(OUT, bit))
    }

    /// The level that the pin is pulled to; the outer `None` where the resistors are not here.
    pub fn pull(&self, gpio: usize) -> Option<Option<bool>> {
        let pin = &RTC_PINS[Self::number(gpio)?];
        Some(pin.pulls.and_then(|(up, down)| {
            pull(
                self.registers.bit(pin.register, up),
                self.registers.bit(pin.register, down),
            )
        }))
    }

    /// The pin that EXT_WAKEUP0 has selected.
    pub fn ext0_pin(&self) -> Option<usize> {
        let number = self.registers.field(EXT_WAKEUP0, 27, 5);
        RTC_PINS.get(number as usize).map(|pin| pin.gpio)
    }

    /// The pins of `numbers`, a bit for each of the RTC's numbers, as a bit for each pin.
    pub fn pins(numbers: u32) -> u64 {
        (0..)
            .zip(&RTC_PINS)
            .filter(|(number, _)| numbers >> number & 1 == 1)
            .fold(0, |pins, (_, pin)| pins | 1 << pin.gpio)
    }
}
