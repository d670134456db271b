//! GPIO: outputs, inputs, the matrix' selections, and interrupts (ESP32 Technical Reference Manual, "IO_MUX and GPIO Matrix"). The pins'
//! levels are worked out in [`super::pins`].

use super::io_mux::PINS;
use super::registers::Registers;
use super::signals::Signal;

/// OUT and ENABLE of pins 0 to 31, then of 32 to 39; the registers that set and clear their bits follow each.
const OUT: u32 = 0x04;
const OUT1: u32 = 0x10;
const ENABLE: u32 = 0x20;
const ENABLE1: u32 = 0x2C;
const STRAP: u32 = 0x38;
const IN: u32 = 0x3C;
const IN1: u32 = 0x40;
const STATUS: u32 = 0x44;
const STATUS1: u32 = 0x50;
/// ACPU_INT, ACPU_NMI_INT, PCPU_INT, PCPU_NMI_INT, CPUSDIO_INT: the interrupts that go there, of pins 0 to 31; then of 32 to 39.
const ACPU_INT: u32 = 0x60;
const ACPU_INT1: u32 = 0x74;
const PIN0: u32 = 0x88;
const FUNC0_IN_SEL_CFG: u32 = 0x130;
const FUNC0_OUT_SEL_CFG: u32 = 0x530;

/// Registers with one that sets bits and one that clears them behind.
const WITH_SET_AND_CLEAR: [u32; 6] = [OUT, OUT1, ENABLE, ENABLE1, STATUS, STATUS1];
/// Bits of OUT1 and its kin.
const UPPER: u32 = 0xFF;

/// Fields of PINn.
const PAD_DRIVER: u32 = 2;
const INT_TYPE: u32 = 7;
const WAKEUP_ENABLE: u32 = 10;
const INT_ENA: u32 = 13;

/// OUT_SEL that gives the bit of OUT.
const SIG_GPIO_OUT: u32 = 256;
/// IN_SEL that is always low, or high.
const IN_LOW: u32 = 0x30;
const IN_HIGH: u32 = 0x38;

/// Where interrupts of pins go: bits of PINn's INT_ENA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The second core.
    AppCpu = 0,
    /// The second core's non-maskable interrupt.
    AppCpuNmi = 1,
    /// The first core.
    ProCpu = 2,
    /// The first core's non-maskable interrupt.
    ProCpuNmi = 3,
}

/// What is given to a pin that the matrix has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// The peripheral's signal; `None` for the pin's bit of OUT.
    pub signal: Option<Signal>,
    /// Whether its level is inverted.
    pub inverted: bool,
    /// Whether the pin's output is on.
    pub enabled: bool,
    /// Whether it only pulls down.
    pub open_drain: bool,
}

/// Where a peripheral's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A pin, perhaps inverted.
    Pin(usize, bool),
    /// A level.
    Constant(bool),
    /// The pin that IO_MUX has for it.
    Direct,
}

/// The peripheral.
#[derive(Debug)]
pub struct Gpio {
    registers: Registers,
    /// What IN shows, a bit for each pin.
    input: u64,
    /// The pins whose changes can make interrupts, a bit for each.
    listening: u64,
}

impl Gpio {
    /// After a reset, with the strapping pins' levels.
    pub fn new(strapping: u32) -> Self {
        let selections = (0..PINS as u32).map(|pin| (FUNC0_OUT_SEL_CFG + 4 * pin, SIG_GPIO_OUT));
        let initial: Vec<_> = selections.chain([(STRAP, strapping)]).collect();
        Self {
            registers: Registers::new(0x1000, &initial),
            input: 0,
            listening: 0,
        }
    }

    fn wide(&self, low: u32, high: u32) -> u64 {
        u64::from(self.registers.get(low)) | u64::from(self.registers.get(high) & UPPER) << 32
    }

    fn set_wide(&mut self, low: u32, high: u32, value: u64) {
        self.registers.set(low, value as u32);
        self.registers.set(high, (value >> 32) as u32);
    }

    fn pin(&self, pin: usize) -> u32 {
        self.registers.get(PIN0 + 4 * pin as u32)
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            IN => self.input as u32,
            IN1 => (self.input >> 32) as u32,
            ACPU_INT..ACPU_INT1 => self.pending((offset - ACPU_INT) / 4) as u32,
            ACPU_INT1..PIN0 => (self.pending((offset - ACPU_INT1) / 4) >> 32) as u32,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        let mut target = (offset, value);
        for register in WITH_SET_AND_CLEAR {
            let old = self.registers.get(register);
            if offset == register + 4 {
                target = (register, old | value);
            } else if offset == register + 8 {
                target = (register, old & !value);
            }
        }
        if !matches!(target.0, STRAP | IN | IN1 | ACPU_INT..PIN0) {
            self.registers.set(target.0, target.1);
        }
        if (PIN0..FUNC0_IN_SEL_CFG).contains(&offset) {
            self.listening = (0..PINS).fold(0, |pins, pin| {
                let word = self.pin(pin);
                let listens = word >> INT_TYPE & 7 != 0 && word >> INT_ENA & 0xF != 0;
                pins | u64::from(listens) << pin
            });
        }
        self.note_levels();
    }

    /// The pins whose levels may be others when the register at `offset` is written: a bit for each.
    pub fn affected(offset: u32) -> u64 {
        match offset {
            OUT..STRAP => u64::MAX >> (64 - PINS),
            PIN0..FUNC0_IN_SEL_CFG => 1 << ((offset - PIN0) / 4),
            // No level, but what inputs of peripherals see.
            FUNC0_IN_SEL_CFG..FUNC0_OUT_SEL_CFG => 1,
            FUNC0_OUT_SEL_CFG..0x5D0 => 1 << ((offset - FUNC0_OUT_SEL_CFG) / 4),
            _ => 0,
        }
    }

    /// The bit of OUT of `pin`.
    pub fn out(&self, pin: usize) -> bool {
        self.wide(OUT, OUT1) >> pin & 1 == 1
    }

    /// What the matrix gives to `pin`.
    pub fn output(&self, pin: usize) -> Output {
        let selection = FUNC0_OUT_SEL_CFG + 4 * pin as u32;
        let signal = self.registers.field(selection, 0, 9);
        let signal = (signal < SIG_GPIO_OUT).then_some(signal as Signal);
        let enabled = self.wide(ENABLE, ENABLE1) >> pin & 1 == 1;
        // OEN_SEL: the bit of ENABLE, not the peripheral, whose output is always on.
        let by_peripheral = signal.is_some() && !self.registers.bit(selection, 10);
        let enabled = by_peripheral || enabled;
        Output {
            signal,
            inverted: self.registers.bit(selection, 9),
            enabled: enabled != self.registers.bit(selection, 11),
            open_drain: self.pin(pin) >> PAD_DRIVER & 1 == 1,
        }
    }

    /// Where the peripheral's input `signal` comes from.
    pub fn input_of(&self, signal: Signal) -> Input {
        let selection = FUNC0_IN_SEL_CFG + 4 * u32::from(signal);
        let inverted = self.registers.bit(selection, 6);
        if !self.registers.bit(selection, 7) {
            return Input::Direct;
        }
        match self.registers.field(selection, 0, 6) {
            IN_LOW => Input::Constant(inverted),
            IN_HIGH => Input::Constant(!inverted),
            pin if (pin as usize) < PINS => Input::Pin(pin as usize, inverted),
            _ => Input::Constant(inverted),
        }
    }

    /// The pins' inputs are `levels` from now on, a bit for each: interrupts may come.
    pub fn set_input(&mut self, levels: u64) {
        let before = self.input;
        let mut changed = before ^ levels;
        self.input = levels;
        let mut status = self.wide(STATUS, STATUS1);
        while changed != 0 {
            let pin = changed.trailing_zeros();
            changed &= changed - 1;
            let rises = levels >> pin & 1 == 1;
            let wanted = match self.pin(pin as usize) >> INT_TYPE & 7 {
                1 => rises,
                2 => !rises,
                3 => true,
                _ => false,
            };
            status |= u64::from(wanted) << pin;
        }
        self.set_wide(STATUS, STATUS1, status);
        self.note_levels();
    }

    /// Interrupts of levels stay as long as the level does.
    fn note_levels(&mut self) {
        let mut status = self.wide(STATUS, STATUS1);
        for pin in 0..PINS {
            let level = self.input >> pin & 1 == 1;
            match self.pin(pin) >> INT_TYPE & 7 {
                4 if !level => status |= 1 << pin,
                5 if level => status |= 1 << pin,
                _ => {}
            }
        }
        self.set_wide(STATUS, STATUS1, status);
    }

    /// The interrupts that go to the destination with this bit of INT_ENA, a bit for each pin.
    fn pending(&self, destination: u32) -> u64 {
        let mut status = self.wide(STATUS, STATUS1);
        let mut pending = 0;
        while status != 0 {
            let pin = status.trailing_zeros();
            status &= status - 1;
            let enabled = self.pin(pin as usize) >> (INT_ENA + destination) & 1 == 1;
            pending |= u64::from(enabled) << pin;
        }
        pending
    }

    /// Whether a level ends light sleep.
    pub fn wakes(&self) -> bool {
        (0..PINS).any(|pin| {
            let (word, level) = (self.pin(pin), self.input >> pin & 1 == 1);
            let wanted = match word >> INT_TYPE & 7 {
                4 => Some(false),
                5 => Some(true),
                _ => None,
            };
            word >> WAKEUP_ENABLE & 1 == 1 && wanted == Some(level)
        })
    }

    /// Whether an interrupt is high there.
    pub fn interrupt(&self, destination: Destination) -> bool {
        self.pending(destination as u32) != 0
    }

    /// The pins whose changes can make interrupts, a bit for each.
    pub fn listening(&self) -> u64 {
        self.listening
    }
}
