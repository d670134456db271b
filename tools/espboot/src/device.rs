//! What is connected to a simulated chip: devices on its buses.

use espsim::machine::Machine;
use espsim::peripherals::{i2c, spi_master};
use serde::Deserialize;

use crate::pattern::{Problem, problem};
use crate::stimulus::pin;

/// A device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A memory of the 24C series on an I2C bus, erased.
    I2cMemory {
        /// The controller, 0 or 1.
        controller: usize,
        /// Its address of 7 bits.
        address: u8,
        /// Its size.
        len_bytes: usize,
    },
    /// A device on an I2C bus that gives back what was written to it.
    I2cLoopback {
        /// The controller, 0 or 1.
        controller: usize,
        /// Its address of 7 bits.
        address: u8,
    },
    /// A device on an SPI bus that gives back each byte with the next one.
    SpiLoopback {
        /// The controller, 2 or 3.
        controller: usize,
        /// The GPIO that selects it; `None`: the controller's first chip select.
        select: Option<u8>,
    },
}

/// A device as a test has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDevice {
    i2c: Option<usize>,
    address: Option<u8>,
    memory_bytes: Option<usize>,
    spi: Option<usize>,
    select_gpio: Option<u8>,
    #[serde(default)]
    loopback: bool,
}

impl RawDevice {
    pub(crate) fn check(self, field: &str) -> Result<Device, Problem> {
        match (self.i2c, self.spi) {
            (Some(controller @ 0..=1), None) if self.select_gpio.is_none() => {
                let Some(address @ 0..=0x7F) = self.address else {
                    let field = format!("{field}.address");
                    return Err(problem(field, "is to be a number from 0 to 127"));
                };
                match (self.memory_bytes, self.loopback) {
                    (Some(len_bytes @ 1..=0x1_0000), false) => Ok(Device::I2cMemory {
                        controller,
                        address,
                        len_bytes,
                    }),
                    (None, true) => Ok(Device::I2cLoopback {
                        controller,
                        address,
                    }),
                    _ => Err(problem(
                        field,
                        "needs \"memory_bytes\", 1 to 65536, or \"loopback\": true",
                    )),
                }
            }
            (None, Some(controller @ 2..=3))
                if self.loopback && self.address.is_none() && self.memory_bytes.is_none() =>
            {
                let select = self.select_gpio;
                let select = select.map(|number| pin(&format!("{field}.select_gpio"), number));
                Ok(Device::SpiLoopback {
                    controller,
                    select: select.transpose()?,
                })
            }
            _ => Err(problem(
                field,
                "needs \"i2c\": 0 or 1, with \"address\" and \"memory_bytes\" or \"loopback\", or \"spi\": 2 or 3, with \"loopback\"",
            )),
        }
    }
}

impl Device {
    /// Connects it.
    pub(crate) fn attach(self, machine: &mut Machine) {
        match self {
            Self::I2cMemory {
                controller,
                address,
                len_bytes,
            } => {
                let memory = i2c::devices::Memory::new(address, vec![0xFF; len_bytes]);
                machine.attach_i2c(controller, Box::new(memory));
            }
            Self::I2cLoopback {
                controller,
                address,
            } => {
                let device = i2c::devices::Loopback::new(address);
                machine.attach_i2c(controller, Box::new(device));
            }
            Self::SpiLoopback { controller, select } => {
                let select = select.map_or(
                    spi_master::devices::Select::Line(0),
                    spi_master::devices::Select::Pin,
                );
                let device = spi_master::devices::Loopback::default();
                machine.attach_spi(controller, select, Box::new(device));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Device, Problem> {
        let raw: RawDevice = serde_json::from_str(json).unwrap();
        raw.check("devices[0]")
    }

    #[test]
    fn devices_are_on_buses_that_there_are() {
        assert_eq!(
            parse(r#"{"i2c": 1, "address": 80, "memory_bytes": 256}"#),
            Ok(Device::I2cMemory {
                controller: 1,
                address: 0x50,
                len_bytes: 256
            })
        );
        assert_eq!(
            parse(r#"{"spi": 3, "loopback": true, "select_gpio": 5}"#),
            Ok(Device::SpiLoopback {
                controller: 3,
                select: Some(5)
            })
        );
        for (wrong, words) in [
            ("{}", "needs \"i2c\""),
            (r#"{"i2c": 2, "address": 1, "loopback": true}"#, "0 or 1"),
            (r#"{"i2c": 0, "loopback": true}"#, "from 0 to 127"),
            (
                r#"{"i2c": 0, "address": 128, "loopback": true}"#,
                "from 0 to 127",
            ),
            (r#"{"i2c": 0, "address": 1}"#, "memory_bytes"),
            (
                r#"{"i2c": 0, "address": 1, "memory_bytes": 0}"#,
                "1 to 65536",
            ),
            (r#"{"spi": 1, "loopback": true}"#, "2 or 3"),
            (r#"{"spi": 2}"#, "loopback"),
            (
                r#"{"spi": 2, "loopback": true, "select_gpio": 40}"#,
                "GPIO 0 to 39",
            ),
        ] {
            let (_, text) = parse(wrong).unwrap_err();
            assert!(text.contains(words), "{text}, for {wrong}");
        }
    }
}
