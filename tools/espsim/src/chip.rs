//! The chip: what its eFuses say.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

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

/// CK8M_FREQ that with the value that the ROM's calibration has (rom/boot.rs) is a crystal of exactly 40 MHz.
const CK8M_FREQ: u32 = 128;

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
