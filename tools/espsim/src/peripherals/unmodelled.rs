//! What programs access that is not modelled: it holds what was written to it, and is named in a report.

use std::collections::BTreeMap;

/// The accesses of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmodelled {
    /// Whether the first one was a write.
    pub write: bool,
    /// The program's address at the first one.
    pub pc: u32,
    /// How many there were.
    pub times: u64,
    /// Whether it was read before anything was written: the program has got a zero that the chip may not have.
    pub guessed: bool,
}

/// Where peripherals are, and their names (ESP32 Technical Reference Manual, "Peripheral Address Mapping"; ESP-IDF's
/// soc/esp32/register/soc/reg_base.h has those that the manual leaves out).
const PERIPHERALS: [(u32, &str); 59] = [
    (0x3FF0_0000, "DPORT"),
    (0x3FF0_1000, "AES"),
    (0x3FF0_2000, "RSA"),
    (0x3FF0_3000, "SHA"),
    (0x3FF0_4000, "SECURE_BOOT"),
    (0x3FF0_5000, ""),
    (0x3FF1_0000, "MMU of the first core"),
    (0x3FF1_2000, "MMU of the second core"),
    (0x3FF1_4000, ""),
    (0x3FF1_F000, "PID"),
    (0x3FF2_0000, ""),
    (0x3FF4_0000, "UART0"),
    (0x3FF4_1000, ""),
    (0x3FF4_2000, "SPI1"),
    (0x3FF4_3000, "SPI0"),
    (0x3FF4_4000, "GPIO"),
    (0x3FF4_4F00, "GPIO_SD"),
    (0x3FF4_5000, "FE2"),
    (0x3FF4_6000, "FE"),
    (0x3FF4_7000, "FRC_TIMER"),
    (0x3FF4_8000, "RTC_CNTL"),
    (0x3FF4_8400, "RTC_IO"),
    (0x3FF4_8800, "SENS"),
    (0x3FF4_8C00, "RTC_I2C"),
    (0x3FF4_9000, "IO_MUX"),
    (0x3FF4_B000, "SDIO slave"),
    (0x3FF4_C000, "UHCI1"),
    (0x3FF4_D000, ""),
    (0x3FF4_E000, "analog parts"),
    (0x3FF4_F000, "I2S0"),
    (0x3FF5_0000, "UART1"),
    (0x3FF5_1000, "BT"),
    (0x3FF5_3000, "I2C0"),
    (0x3FF5_4000, "UHCI0"),
    (0x3FF5_5000, "SDIO slave"),
    (0x3FF5_6000, "RMT"),
    (0x3FF5_7000, "PCNT"),
    (0x3FF5_8000, "SDIO slave"),
    (0x3FF5_9000, "LEDC"),
    (0x3FF5_A000, "EFUSE"),
    (0x3FF5_B000, "flash encryption"),
    (0x3FF5_C000, "NRX"),
    (0x3FF5_D000, "BB"),
    (0x3FF5_E000, "MCPWM0"),
    (0x3FF5_F000, "TIMG0"),
    (0x3FF6_0000, "TIMG1"),
    (0x3FF6_1000, ""),
    (0x3FF6_4000, "SPI2"),
    (0x3FF6_5000, "SPI3"),
    (0x3FF6_6000, "APB_CTRL"),
    (0x3FF6_7000, "I2C1"),
    (0x3FF6_8000, "SDMMC"),
    (0x3FF6_9000, "EMAC"),
    (0x3FF6_B000, "TWAI"),
    (0x3FF6_C000, "MCPWM1"),
    (0x3FF6_D000, "I2S1"),
    (0x3FF6_E000, "UART2"),
    (0x3FF6_F000, ""),
    (0x3FF7_3000, "Wi-Fi"),
];

/// The peripheral at `address` and the offset in it, such as `TWAI+0x010`; `None` where there is none.
pub fn name(address: u32) -> Option<String> {
    let index = PERIPHERALS.partition_point(|&(start, _)| start <= address);
    let (start, name) = PERIPHERALS[index.checked_sub(1)?];
    (!name.is_empty() && address < 0x3FF8_0000).then(|| format!("{name}+{:#05x}", address - start))
}

/// Registers that are not modelled.
#[derive(Debug, Default)]
pub struct Others {
    values: BTreeMap<u32, u32>,
    accesses: BTreeMap<u32, Unmodelled>,
}

impl Others {
    /// All accesses, by address.
    pub fn accesses(&self) -> &BTreeMap<u32, Unmodelled> {
        &self.accesses
    }

    /// Notes an access by the program at `pc`.
    pub fn note(&mut self, address: u32, write: bool, pc: u32) {
        let written = self.values.contains_key(&address);
        let access = self.accesses.entry(address).or_insert(Unmodelled {
            write,
            pc,
            times: 0,
            guessed: false,
        });
        access.times += 1;
        access.guessed |= !write && !written;
    }

    /// Reads the word at `address`: what was written to it.
    pub fn read(&mut self, address: u32, pc: u32) -> u32 {
        self.note(address, false, pc);
        self.values.get(&address).copied().unwrap_or(0)
    }

    /// Writes the word at `address`.
    pub fn write(&mut self, address: u32, value: u32, pc: u32) {
        self.note(address, true, pc);
        self.values.insert(address, value);
    }

    /// A reset: nothing is written any more. What was accessed stays known.
    pub fn reset(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_named_by_peripheral_and_offset() {
        for (address, expected) in [
            (0x3FF6_B010, Some("TWAI+0x010")),
            (0x3FF4_8854, Some("SENS+0x054")),
            (0x3FF6_AFFC, Some("EMAC+0x1ffc")),
            (0x3FF4_1000, None),
            (0x3FEF_FFFC, None),
            (0x3FF8_0000, None),
        ] {
            assert_eq!(name(address).as_deref(), expected, "{address:#x}");
        }
        assert!(PERIPHERALS.is_sorted_by_key(|peripheral| peripheral.0));
    }

    #[test]
    fn the_first_access_is_kept_and_all_are_counted() {
        let mut others = Others::default();
        others.write(0x3FF6_B000, 7, 0x4008_0000);
        assert_eq!(others.read(0x3FF6_B000, 0x4008_0003), 7);
        let access = others.accesses()[&0x3FF6_B000];
        assert!(access.write && !access.guessed);
        assert_eq!((access.pc, access.times), (0x4008_0000, 2));
    }

    #[test]
    fn a_zero_that_nobody_wrote_is_a_guess() {
        let mut others = Others::default();
        assert_eq!(others.read(0x3FF6_B004, 0x4008_0000), 0);
        others.write(0x3FF6_B004, 1, 0x4008_0003);
        assert!(others.accesses()[&0x3FF6_B004].guessed);
        others.write(0x3FF6_B008, 1, 0x4008_0006);
        others.reset();
        assert_eq!(others.read(0x3FF6_B008, 0x4008_0009), 0);
        assert!(others.accesses()[&0x3FF6_B008].guessed);
    }
}
