//! SENS: single conversions of both ADCs (ESP32 Technical Reference Manual, "On-Chip Sensors and Analog Signal Processing").
//!
//! A conversion is exact, and done at once. Not modelled: the touch sensor, the Hall sensor, the temperature sensor, DACs, ULP, and
//! conversions by I2S.

use super::registers::Registers;

const SAR_READ_CTRL: u32 = 0x00;
const SAR_MEAS_WAIT1: u32 = 0x08;
const SAR_MEAS_WAIT2: u32 = 0x0C;
const SAR_MEAS_CTRL: u32 = 0x10;
const SAR_START_FORCE: u32 = 0x2C;
const SAR_ATTEN1: u32 = 0x34;
const SAR_ATTEN2: u32 = 0x38;
/// MEAS_STATUS: 0 where nothing is measured.
const SAR_SLAVE_ADDR1: u32 = 0x3C;
const SAR_MEAS_START1: u32 = 0x54;
const SAR_READ_CTRL2: u32 = 0x90;
const SAR_MEAS_START2: u32 = 0x94;

/// Fields of SAR_MEAS_STARTn: the result is the first 16 bits.
const DONE: u32 = 16;
const START: u32 = 17;
const EN_PAD: u32 = 19;
/// The highest bit of the selected pads.
const PADS: u32 = 12;

/// What an ADC has.
struct Adc {
    start: u32,
    attenuation: u32,
    /// The register with the bit that inverts the result.
    read_ctrl: u32,
    data_inv: u32,
    /// Where SAR_START_FORCE has the width.
    width: u32,
    pins: &'static [usize],
}

const ADCS: [Adc; 2] = [
    Adc {
        start: SAR_MEAS_START1,
        attenuation: SAR_ATTEN1,
        read_ctrl: SAR_READ_CTRL,
        data_inv: 28,
        width: 0,
        pins: &[36, 37, 38, 39, 32, 33, 34, 35],
    },
    Adc {
        start: SAR_MEAS_START2,
        attenuation: SAR_ATTEN2,
        read_ctrl: SAR_READ_CTRL2,
        data_inv: 29,
        width: 2,
        pins: &[4, 0, 2, 15, 13, 12, 14, 27, 25, 26],
    },
];

/// Millivolts of the largest result: the reference of 1.1 V, and what 2.5, 6 and 11 dB make of it.
const FULL_SCALE: [u32; 4] = [1100, 1467, 2195, 3903];
const LARGEST: u32 = 0xFFF;

/// The peripheral.
#[derive(Debug)]
pub struct Sens {
    registers: Registers,
}

impl Default for Sens {
    fn default() -> Self {
        Self {
            registers: Registers::new(
                0x100,
                &[
                    (SAR_READ_CTRL, 0x0007_0902),
                    (SAR_START_FORCE, 0xF),
                    (SAR_ATTEN1, u32::MAX),
                    (SAR_ATTEN2, u32::MAX),
                    (SAR_READ_CTRL2, 0x0007_0902),
                ],
            ),
        }
    }
}

impl Sens {
    /// Whether the register at `offset` has to do with the ADCs.
    pub fn has(offset: u32) -> bool {
        matches!(
            offset,
            SAR_READ_CTRL
                | SAR_MEAS_WAIT1
                | SAR_MEAS_WAIT2
                | SAR_MEAS_CTRL
                | SAR_START_FORCE
                | SAR_ATTEN1
                | SAR_ATTEN2
                | SAR_SLAVE_ADDR1
                | SAR_MEAS_START1
                | SAR_READ_CTRL2
                | SAR_MEAS_START2
        )
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        self.registers.get(offset)
    }

    /// Writes the register at `offset`; `millivolts` gives what is at a pin.
    pub fn write(&mut self, offset: u32, value: u32, millivolts: impl Fn(usize) -> u32) {
        let Some(adc) = ADCS.iter().find(|adc| adc.start == offset) else {
            self.registers.set(offset, value);
            return;
        };
        const ANSWER: u32 = (1 << (DONE + 1)) - 1;
        let before = self.registers.get(offset);
        let starts = value >> START & 1 == 1 && before >> START & 1 == 0;
        let answer = match (starts, value >> START & 1) {
            (true, _) => 1 << DONE | self.convert(adc, value, millivolts),
            (false, 1) => before & ANSWER,
            _ => before & ANSWER & !(1 << DONE),
        };
        self.registers.set(offset, value & !ANSWER | answer);
    }

    fn convert(&self, adc: &Adc, start: u32, millivolts: impl Fn(usize) -> u32) -> u32 {
        let pads = start >> EN_PAD & ((1 << PADS) - 1);
        let channel = pads.trailing_zeros();
        let result = adc.pins.get(channel as usize).map_or(0, |&pin| {
            let attenuation = self.registers.field(adc.attenuation, 2 * channel, 2);
            let full_scale = FULL_SCALE[attenuation as usize];
            (millivolts(pin) * LARGEST / full_scale).min(LARGEST)
        });
        // The converter's bits are the other way round, unless they are inverted again.
        let inverted = self.registers.bit(adc.read_ctrl, adc.data_inv);
        let result = if inverted { result } else { LARGEST - result };
        result >> (3 - self.registers.field(SAR_START_FORCE, adc.width, 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(sens: &mut Sens, start: u32, channel: u32) -> u32 {
        let force = 1 << 31 | 1 << 18;
        let millivolts = |pin: usize| match pin {
            34 => 1650,
            4 => 500,
            _ => 0,
        };
        sens.write(start, force | 1 << (EN_PAD + channel), millivolts);
        assert_eq!(sens.read(start) >> DONE & 1, 0);
        sens.write(
            start,
            force | 1 << (EN_PAD + channel) | 1 << START,
            millivolts,
        );
        assert_eq!(sens.read(start) >> DONE & 1, 1);
        sens.read(start) & 0xFFFF
    }

    #[test]
    fn a_conversion_is_the_voltage_in_its_scale() {
        let mut sens = Sens::default();
        sens.write(SAR_READ_CTRL, 1 << 28, |_| 0);
        sens.write(SAR_READ_CTRL2, 1 << 29, |_| 0);
        // 11 dB after power-on.
        assert_eq!(convert(&mut sens, SAR_MEAS_START1, 6), 1650 * 4095 / 3903);
        assert_eq!(convert(&mut sens, SAR_MEAS_START1, 0), 0);
        sens.write(SAR_ATTEN1, 0, |_| 0);
        assert_eq!(convert(&mut sens, SAR_MEAS_START1, 6), 4095);
        sens.write(SAR_ATTEN2, 0, |_| 0);
        assert_eq!(convert(&mut sens, SAR_MEAS_START2, 0), 500 * 4095 / 1100);
    }

    #[test]
    fn results_have_as_many_bits_as_are_asked_for_and_may_be_inverted() {
        let mut sens = Sens::default();
        assert_eq!(convert(&mut sens, SAR_MEAS_START1, 0), 4095);
        sens.write(SAR_READ_CTRL, 1 << 28, |_| 0);
        sens.write(SAR_START_FORCE, 0, |_| 0);
        assert_eq!(
            convert(&mut sens, SAR_MEAS_START1, 6),
            (1650 * 4095 / 3903) >> 3
        );
    }

    #[test]
    fn other_sensors_are_not_here() {
        assert!(Sens::has(SAR_MEAS_START2));
        assert!(!Sens::has(0x58));
    }
}
