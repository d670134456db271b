//! The chip: what its eFuses say, its registers and its RAM.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;
use crate::flash::Flash;

/// The crystal's frequency in Hz.
pub const CRYSTAL: u32 = 40_000_000;

/// Silicon revision, as in "v3.1".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// Wafer version major, 0 to 3.
    pub major: u8,
    /// Wafer version minor, 0 to 3.
    pub minor: u8,
}

impl FromStr for Revision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text
            .split_once('.')
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match parts {
            Some((major @ 0..=3, minor @ 0..=3)) => Ok(Self { major, minor }),
            _ => Err(Error::Revision { text: text.into() }),
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The base MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl FromStr for Mac {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Mac { text: text.into() };
        let mut mac = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut mac {
            let part = parts
                .next()
                .filter(|part| part.len() == 2)
                .ok_or_else(error)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| error())?;
        }
        match parts.next() {
            None => Ok(Self(mac)),
            Some(_) => Err(error()),
        }
    }
}

/// A field of eFuse block 0 that tests set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EfuseField {
    name: &'static str,
    word: usize,
    shift: u32,
    bits: u32,
}

/// Fields of eFuse block 0 (ESP32 Technical Reference Manual, eFuse Controller, Register Summary).
const FIELDS: [EfuseField; 17] = [
    field("rd-dis", 0, 16, 4),
    field("flash-crypt-cnt", 0, 20, 7),
    field("uart-download-dis", 0, 27, 1),
    field("disable-app-cpu", 3, 0, 1),
    field("disable-bt", 3, 1, 1),
    field("package", 3, 9, 3),
    field("ck8m-freq", 4, 0, 8),
    field("adc-vref", 4, 8, 5),
    field("flash-crypt-config", 5, 28, 4),
    field("coding-scheme", 6, 0, 2),
    field("console-debug-disable", 6, 2, 1),
    field("abs-done-0", 6, 4, 1),
    field("abs-done-1", 6, 5, 1),
    field("jtag-disable", 6, 6, 1),
    field("disable-dl-encrypt", 6, 7, 1),
    field("disable-dl-decrypt", 6, 8, 1),
    field("disable-dl-cache", 6, 9, 1),
];

const fn field(name: &'static str, word: usize, shift: u32, bits: u32) -> EfuseField {
    EfuseField {
        name,
        word,
        shift,
        bits,
    }
}

/// `flash-crypt-cnt=1`: a field of eFuse block 0 and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Efuse {
    field: EfuseField,
    value: u32,
}

impl Efuse {
    /// The names of all fields.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|field| field.name)
    }
}

impl FromStr for Efuse {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Efuse { text: text.into() };
        let (name, value) = text.split_once('=').ok_or_else(error)?;
        let field = *FIELDS
            .iter()
            .find(|field| field.name == name)
            .ok_or_else(error)?;
        let value = match value.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => value.parse(),
        };
        let value = value.map_err(|_| error())?;
        if value >> field.bits != 0 {
            return Err(error());
        }
        Ok(Self { field, value })
    }
}

/// What a chip has from its maker and its first owner.
#[derive(Debug, Clone)]
pub struct Chip {
    /// Silicon revision.
    pub revision: Revision,
    /// Base MAC address.
    pub mac: Mac,
    /// Further eFuses.
    pub efuses: Vec<Efuse>,
}

impl Default for Chip {
    /// An ESP32-D0WD-V3, v3.1.
    fn default() -> Self {
        Self {
            revision: Revision { major: 3, minor: 1 },
            mac: Mac([0x24, 0x0A, 0xC4, 0x12, 0x34, 0x56]),
            efuses: Vec::new(),
        }
    }
}

/// CK8M_FREQ that with RTC_CALI_VALUE below makes the ROM measure a crystal of exactly 40 MHz: it takes value * 15625 *
/// CK8M_FREQ / 40 (esptool's get_rom_cal_crystal_freq, which repeats the ROM's calculation).
const CK8M_FREQ: u32 = 128;
const RTC_CALI_VALUE: u32 = 800;

impl Chip {
    /// The seven words of eFuse block 0.
    pub(crate) fn efuse_words(&self) -> [u32; 7] {
        let [a, b, c, d, e, f] = self.mac.0;
        // The revision's three bits, as esptool and IDF's efuse_hal_chip_revision read them; the third is in APB_CTRL_DATE.
        let revision = self.revision.thermometer();
        let mut words = [
            0,
            u32::from_be_bytes([c, d, e, f]),
            u32::from_be_bytes([0, crc8(&self.mac.0), a, b]),
            1 << 9 | 1 << 13 | (revision & 1) << 15,
            CK8M_FREQ,
            (revision >> 1 & 1) << 20 | u32::from(self.revision.minor) << 24,
            0,
        ];
        for Efuse { field, value } in &self.efuses {
            let mask = ((1 << field.bits) - 1) << field.shift;
            words[field.word] = words[field.word] & !mask | value << field.shift;
        }
        words
    }

    /// APB_CTRL_DATE: its highest bit is the third of the revision.
    pub(crate) fn apb_ctrl_date(&self) -> u32 {
        0x1604_2000 | (self.revision.thermometer() >> 2 & 1) << 31
    }
}

impl Revision {
    /// The major version as a thermometer code.
    fn thermometer(self) -> u32 {
        [0, 1, 3, 7][usize::from(self.major & 3)]
    }
}

/// CRC-8 of the MAC address in eFuse: polynomial 0x31, reflected (IDF, esp_rom_efuse_mac_address_crc8).
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0x8C } else { 0 }
        })
    })
}

/// The word that tells ESP32s from other chips: it is ROM code (esptool's CHIP_DETECT_MAGIC_REG_ADDR).
const CHIP_MAGIC: (u32, u32) = (0x4000_1000, 0x00F0_1D83);
const EFUSE: u32 = 0x3FF5_A000;
const UART0_CLKDIV: u32 = 0x3FF4_0014;
const UART0_DATE: u32 = 0x3FF4_0078;
const GPIO_STRAP: u32 = 0x3FF4_4038;
const APB_CTRL_DATE: u32 = 0x3FF6_607C;
const RTC_CALI_CFG1: u32 = 0x3FF5_F06C;
const SPI1: u32 = 0x3FF4_2000;

const SPI_CMD: u32 = 0x00;
const SPI_ADDR: u32 = 0x04;
const SPI_USER: u32 = 0x1C;
const SPI_USER1: u32 = 0x20;
const SPI_USER2: u32 = 0x24;
const SPI_MOSI_DLEN: u32 = 0x28;
const SPI_MISO_DLEN: u32 = 0x2C;
const SPI_W0: u32 = 0x80;
const SPI_W15: u32 = 0xBC;
const SPI_CMD_USR: u32 = 1 << 18;
const SPI_CMD_RDID: u32 = 1 << 28;

/// RAM (ESP32 Technical Reference Manual, System and Memory): addresses, end excluded.
const RAM: [(u32, u32); 5] = [
    (0x3FF8_0000, 0x3FF8_2000),
    (0x3FFA_E000, 0x4000_0000),
    (0x4007_0000, 0x400A_0000),
    (0x400C_0000, 0x400C_2000),
    (0x5000_0000, 0x5000_2000),
];
/// SRAM 1 on the instruction bus, and where its last word is on the data bus: the words are in reverse order there.
const SRAM1_INSTRUCTIONS: (u32, u32) = (0x400A_0000, 0x400C_0000);
const SRAM1_LAST_WORD: u32 = 0x3FFF_FFFC;

/// What is on the chip's buses: registers, eFuses and RAM. Everything else reads as 0 and ignores writes.
#[derive(Debug)]
pub struct Buses {
    efuse: [u32; 7],
    apb_ctrl_date: u32,
    /// UART0's divider, with its fraction.
    pub uart_clkdiv: u32,
    /// Strapping pins as they were when EN rose.
    pub strapping: u32,
    /// Whether the SPI pins are connected to the flash chip.
    pub spi_attached: bool,
    spi: HashMap<u32, u32>,
    ram: HashMap<u32, u32>,
}

impl Buses {
    /// After power-on.
    pub fn new(chip: &Chip) -> Self {
        Self {
            efuse: chip.efuse_words(),
            apb_ctrl_date: chip.apb_ctrl_date(),
            uart_clkdiv: 0,
            strapping: 0x13,
            spi_attached: false,
            spi: HashMap::new(),
            ram: HashMap::new(),
        }
    }

    /// A chip reset: RAM keeps its content, as it does in practice, and the peripherals do not.
    pub fn reset(&mut self) {
        self.spi.clear();
        self.spi_attached = false;
    }

    /// The word of RAM that `address` is in, on the data bus where both buses have it.
    fn ram_word(address: u32) -> Option<u32> {
        let word = address & !3;
        if (SRAM1_INSTRUCTIONS.0..SRAM1_INSTRUCTIONS.1).contains(&word) {
            return Some(SRAM1_LAST_WORD - (word - SRAM1_INSTRUCTIONS.0));
        }
        RAM.iter()
            .any(|&(start, end)| (start..end).contains(&word))
            .then_some(word)
    }

    /// Reads the word at `address`.
    pub fn read(&self, address: u32) -> u32 {
        let address = address & !3;
        if let Some(word) = Self::ram_word(address) {
            return self.ram.get(&word).copied().unwrap_or(0);
        }
        match address {
            EFUSE..=0x3FF5_A018 => self.efuse[((address - EFUSE) / 4) as usize],
            UART0_CLKDIV => self.uart_clkdiv,
            UART0_DATE => 0x1512_2500,
            GPIO_STRAP => self.strapping,
            APB_CTRL_DATE => self.apb_ctrl_date,
            RTC_CALI_CFG1 => RTC_CALI_VALUE << 7,
            _ if address == CHIP_MAGIC.0 => CHIP_MAGIC.1,
            _ if address & !0xFFF == SPI1 => self.spi(address - SPI1),
            _ => 0,
        }
    }

    fn spi(&self, offset: u32) -> u32 {
        self.spi.get(&offset).copied().unwrap_or(0)
    }

    /// Writes the word at `address`. A write to SPI1's command register starts a transaction with `flash`.
    pub fn write(&mut self, now: Duration, flash: &mut Flash, address: u32, value: u32) {
        let address = address & !3;
        if let Some(word) = Self::ram_word(address) {
            self.ram.insert(word, value);
        } else if address == UART0_CLKDIV {
            self.uart_clkdiv = value;
        } else if address & !0xFFF == SPI1 {
            match address - SPI1 {
                SPI_CMD => self.spi_command(now, flash, value),
                offset => {
                    self.spi.insert(offset, value);
                }
            }
        }
    }

    fn spi_command(&mut self, now: Duration, flash: &mut Flash, value: u32) {
        let answer = if value & SPI_CMD_USR != 0 {
            let user = self.spi(SPI_USER);
            let has = |bit: u32| user >> bit & 1 == 1;
            let bytes = |register: u32| ((self.spi(register) & 0x1FF) as usize + 8) / 8;
            let address = match (has(30), self.spi(SPI_USER1) >> 26) {
                (true, bits) => self
                    .spi(SPI_ADDR)
                    .checked_shr(31 - bits.min(31))
                    .unwrap_or(0),
                (false, _) => 0,
            };
            let output: Vec<u8> = if has(27) {
                (SPI_W0..=SPI_W15)
                    .step_by(4)
                    .flat_map(|offset| self.spi(offset).to_le_bytes())
                    .take(bytes(SPI_MOSI_DLEN))
                    .collect()
            } else {
                Vec::new()
            };
            let input = if has(28) { bytes(SPI_MISO_DLEN) } else { 0 };
            let command = self.spi(SPI_USER2) as u8;
            if self.spi_attached {
                flash.transaction(now, command, address, &output, input)
            } else {
                vec![0; input]
            }
        } else if value & SPI_CMD_RDID != 0 && self.spi_attached {
            flash.jedec_id().to_vec()
        } else {
            Vec::new()
        };
        for (index, part) in answer.chunks(4).enumerate() {
            let mut word = [0; 4];
            word[..part.len()].copy_from_slice(part);
            self.spi
                .insert(SPI_W0 + index as u32 * 4, u32::from_le_bytes(word));
        }
    }

    /// Copies `bytes` to `address` on; what is not RAM stays as it is.
    pub fn write_bytes(&mut self, address: u32, bytes: &[u8]) {
        for (index, &byte) in bytes.iter().enumerate() {
            let address = address.wrapping_add(index as u32);
            if let Some(word) = Self::ram_word(address) {
                let value = self.ram.entry(word).or_default();
                let shift = address % 4 * 8;
                *value = *value & !(0xFF << shift) | u32::from(byte) << shift;
            }
        }
    }

    /// The `len` bytes at `address`.
    pub fn read_bytes(&self, address: u32, len: usize) -> Vec<u8> {
        (0..len as u32)
            .map(|index| {
                let address = address.wrapping_add(index);
                (self.read(address) >> (address % 4 * 8)) as u8
            })
            .collect()
    }

    /// Sets UART0's divider for `baud` from a clock of `clock` Hz as the ROM's uart_div_modify does, in 1/16; the baud rate
    /// that results.
    pub fn set_baud(&mut self, clock: u32, baud: u32) -> u32 {
        self.set_divider(
            clock,
            ((u64::from(clock) << 4) / u64::from(baud.max(1))) as u32,
        )
    }

    /// Sets UART0's divider, in 1/16, of a clock of `clock` Hz; the baud rate that results.
    pub fn set_divider(&mut self, clock: u32, divider: u32) -> u32 {
        let divider = divider.clamp(16, 0xFF_FFFF);
        self.uart_clkdiv = divider >> 4 | (divider & 0xF) << 20;
        ((u64::from(clock) << 4) / u64::from(divider)) as u32
    }
}
