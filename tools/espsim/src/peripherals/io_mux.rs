//! IO_MUX: which function a pin has, and its input (ESP32 Technical Reference Manual, "IO_MUX and GPIO Matrix", the table "IO_MUX Pad
//! Summary").

use super::registers::Registers;
use super::signals::{self, Signal};

/// Pins, of which 20, 24 and 28 to 31 are not bonded out, and 34 to 39 have no output.
pub const PINS: usize = 40;

/// The offset of each pin's register; 0 where there is none.
pub const OFFSETS: [u32; PINS] = [
    0x44, 0x88, 0x40, 0x84, 0x48, 0x6C, 0x60, 0x64, 0x68, 0x54, 0x58, 0x5C, 0x34, 0x38, 0x30, 0x3C,
    0x4C, 0x50, 0x70, 0x74, 0x78, 0x7C, 0x80, 0x8C, 0x90, 0x24, 0x28, 0x2C, 0, 0, 0, 0, 0x1C, 0x20,
    0x14, 0x18, 0x04, 0x08, 0x0C, 0x10,
];

/// Bits of a pin's register.
const FUN_WPD: u32 = 7;
const FUN_WPU: u32 = 8;
const FUN_IE: u32 = 9;
const FUN_DRV: u32 = 10;
const MCU_SEL: u32 = 12;

/// Pins whose input is off after a reset, and those that are pulled up then and are not the RTC's.
const NO_INPUT: std::ops::RangeInclusive<usize> = 25..=39;
const PULLED_UP: [usize; 9] = [1, 3, 5, 6, 7, 8, 9, 10, 11];
/// Pins whose function 0 is not GPIO.
const OTHER_FIRST: [usize; 12] = [1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Pins that have a function which gives a signal directly: pin, function, signal.
const DIRECT_OUTPUTS: [(usize, u32, Signal); 11] = [
    (1, 0, signals::UART_TXD[0]),
    (10, 4, signals::UART_TXD[1]),
    (17, 4, signals::UART_TXD[2]),
    (14, 1, signals::SPI[0][0]),
    (12, 1, signals::SPI[0][1]),
    (13, 1, signals::SPI[0][2]),
    (15, 1, signals::SPI[0][3]),
    (18, 1, signals::SPI[1][0]),
    (19, 1, signals::SPI[1][1]),
    (23, 1, signals::SPI[1][2]),
    (5, 1, signals::SPI[1][3]),
];
/// Pins that have a function which takes a signal directly.
const DIRECT_INPUTS: [(usize, u32, Signal); 7] = [
    (3, 0, signals::UART_RXD[0]),
    (9, 4, signals::UART_RXD[1]),
    (16, 4, signals::UART_RXD[2]),
    (12, 1, signals::SPI[0][1]),
    (13, 1, signals::SPI[0][2]),
    (19, 1, signals::SPI[1][1]),
    (23, 1, signals::SPI[1][2]),
];

/// What a pin is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The GPIO matrix.
    Gpio,
    /// A peripheral's output.
    Output(Signal),
    /// A peripheral's input, or a peripheral that is not modelled.
    Other,
}

/// The peripheral.
#[derive(Debug)]
pub struct IoMux {
    registers: Registers,
}

impl Default for IoMux {
    fn default() -> Self {
        let mut registers = Registers::new(0x100, &[]);
        for (pin, &offset) in OFFSETS
            .iter()
            .enumerate()
            .filter(|(_, offset)| **offset != 0)
        {
            let input = !NO_INPUT.contains(&pin);
            let pulled_up = PULLED_UP.contains(&pin);
            registers.set(
                offset,
                2 << FUN_DRV | u32::from(input) << FUN_IE | u32::from(pulled_up) << FUN_WPU,
            );
        }
        Self { registers }
    }
}

impl IoMux {
    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        self.registers.get(offset)
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        self.registers.set(offset, value);
    }

    fn pin(&self, pin: usize) -> u32 {
        match OFFSETS[pin] {
            0 => 0,
            offset => self.registers.get(offset),
        }
    }

    /// What `pin` is connected to.
    pub fn function(&self, pin: usize) -> Function {
        let selected = self.pin(pin) >> MCU_SEL & 7;
        if let Some(&(.., signal)) = DIRECT_OUTPUTS
            .iter()
            .find(|direct| (direct.0, direct.1) == (pin, selected))
        {
            return Function::Output(signal);
        }
        match selected {
            2 => Function::Gpio,
            0 if !OTHER_FIRST.contains(&pin) => Function::Gpio,
            _ => Function::Other,
        }
    }

    /// The pin that is the input `signal` without the matrix.
    pub fn direct_input(&self, signal: Signal) -> Option<usize> {
        DIRECT_INPUTS
            .iter()
            .find(|&&(pin, function, taken)| {
                taken == signal && self.pin(pin) >> MCU_SEL & 7 == function
            })
            .map(|&(pin, ..)| pin)
    }

    /// Whether the input of `pin` is on.
    pub fn has_input(&self, pin: usize) -> bool {
        self.pin(pin) >> FUN_IE & 1 == 1
    }

    /// The level that `pin` is pulled to; the RTC's pins have their resistors in RTC_IO.
    pub fn pull(&self, pin: usize) -> Option<bool> {
        pull(
            self.pin(pin) >> FUN_WPU & 1 == 1,
            self.pin(pin) >> FUN_WPD & 1 == 1,
        )
    }
}

/// The level of a pin with these resistors; both at once leave it where nobody knows.
pub(super) fn pull(up: bool, down: bool) -> Option<bool> {
    (up != down).then_some(up)
}
