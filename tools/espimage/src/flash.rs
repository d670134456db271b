//! Settings of the SPI flash, as the first bytes of an image header encode them.

use std::fmt;

use crate::chip::Chip;
use crate::error::Error;

/// Flash offsets are below this many bytes: the image header knows no larger flash.
pub const MAX_FLASH_LEN: u32 = 256 << 20;

/// Checks that `offset` can be one of a flash.
pub(crate) fn check_offset(offset: u32) -> Result<(), Error> {
    if offset < MAX_FLASH_LEN {
        Ok(())
    } else {
        Err(Error::FlashOffset { offset })
    }
}

/// Checks that `offset` can be one of a partition table, which fills a sector.
pub(crate) fn check_sector_offset(offset: u32) -> Result<(), Error> {
    check_offset(offset)?;
    if !offset.is_multiple_of(0x1000) {
        return Err(Error::PartitionTableOffset { offset });
    }
    Ok(())
}

/// How many data lines the flash uses for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum FlashMode {
    /// Four lines for address and data.
    Qio,
    /// Four lines for data.
    Qout,
    /// Two lines for address and data.
    Dio,
    /// Two lines for data.
    Dout,
}

impl FlashMode {
    /// Byte 2 of the image header (`esp_image_spi_mode_t`).
    pub fn encode(self) -> u8 {
        match self {
            Self::Qio => 0,
            Self::Qout => 1,
            Self::Dio => 2,
            Self::Dout => 3,
        }
    }

    /// The mode of byte 2 of an image header.
    pub fn decode(byte: u8) -> Option<Self> {
        [Self::Qio, Self::Qout, Self::Dio, Self::Dout]
            .into_iter()
            .find(|mode| mode.encode() == byte)
    }

    /// The mode that the bootloader's own header takes. The ROM reads a bootloader in dual mode; a bootloader built for
    /// quad mode switches by itself (ESP-IDF, `components/esptool_py/Kconfig.projbuild`, `ESPTOOLPY_FLASHMODE`).
    pub fn of_bootloader(self) -> Self {
        match self {
            Self::Qio | Self::Qout => Self::Dio,
            mode => mode,
        }
    }
}

impl fmt::Display for FlashMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qio => "qio",
            Self::Qout => "qout",
            Self::Dio => "dio",
            Self::Dout => "dout",
        })
    }
}

/// SPI clock of the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum FlashFrequency {
    /// 80 MHz.
    #[value(name = "80m")]
    Mhz80,
    /// 40 MHz.
    #[value(name = "40m")]
    Mhz40,
    /// 26.67 MHz.
    #[value(name = "26m")]
    Mhz26,
    /// 20 MHz.
    #[value(name = "20m")]
    Mhz20,
}

impl FlashFrequency {
    const ALL: [Self; 4] = [Self::Mhz80, Self::Mhz40, Self::Mhz26, Self::Mhz20];

    /// Low half of byte 3 of the image header (`esp_image_spi_freq_t`).
    pub fn encode(self, chip: Chip) -> u8 {
        match chip {
            Chip::Esp32 => match self {
                Self::Mhz80 => 0xF,
                Self::Mhz40 => 0x0,
                Self::Mhz26 => 0x1,
                Self::Mhz20 => 0x2,
            },
        }
    }

    /// The frequency of the low half of byte 3 of an image header.
    pub fn decode(chip: Chip, nibble: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|freq| freq.encode(chip) == nibble)
    }

    pub(crate) fn to_espflash(self) -> espflash::flasher::FlashFrequency {
        use espflash::flasher::FlashFrequency as F;
        match self {
            Self::Mhz80 => F::_80Mhz,
            Self::Mhz40 => F::_40Mhz,
            Self::Mhz26 => F::_26Mhz,
            Self::Mhz20 => F::_20Mhz,
        }
    }
}

impl fmt::Display for FlashFrequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mhz80 => "80m",
            Self::Mhz40 => "40m",
            Self::Mhz26 => "26m",
            Self::Mhz20 => "20m",
        })
    }
}

/// Size of the flash chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
pub enum FlashSize {
    /// 1 MiB.
    #[value(name = "1MB")]
    Mb1,
    /// 2 MiB.
    #[value(name = "2MB")]
    Mb2,
    /// 4 MiB.
    #[value(name = "4MB")]
    Mb4,
    /// 8 MiB.
    #[value(name = "8MB")]
    Mb8,
    /// 16 MiB.
    #[value(name = "16MB")]
    Mb16,
    /// 32 MiB.
    #[value(name = "32MB")]
    Mb32,
    /// 64 MiB.
    #[value(name = "64MB")]
    Mb64,
    /// 128 MiB.
    #[value(name = "128MB")]
    Mb128,
}

impl FlashSize {
    const ALL: [Self; 8] = [
        Self::Mb1,
        Self::Mb2,
        Self::Mb4,
        Self::Mb8,
        Self::Mb16,
        Self::Mb32,
        Self::Mb64,
        Self::Mb128,
    ];

    /// High half of byte 3 of the image header (`esp_image_flash_size_t`).
    pub fn encode(self) -> u8 {
        self as u8
    }

    /// The size of the high half of byte 3 of an image header.
    pub fn decode(nibble: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.encode() == nibble)
    }

    /// The size in bytes.
    pub fn bytes(self) -> u32 {
        0x10_0000 << self.encode()
    }

    pub(crate) fn to_espflash(self) -> espflash::flasher::FlashSize {
        use espflash::flasher::FlashSize as S;
        match self {
            Self::Mb1 => S::_1Mb,
            Self::Mb2 => S::_2Mb,
            Self::Mb4 => S::_4Mb,
            Self::Mb8 => S::_8Mb,
            Self::Mb16 => S::_16Mb,
            Self::Mb32 => S::_32Mb,
            Self::Mb64 => S::_64Mb,
            Self::Mb128 => S::_128Mb,
        }
    }
}

impl fmt::Display for FlashSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}MB", self.bytes() >> 20)
    }
}

/// Mode, frequency and size of the flash chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::Args)]
pub struct FlashSettings {
    /// Flash mode.
    #[arg(
        long = "flash-mode",
        value_enum,
        default_value = "dio",
        value_name = "MODE"
    )]
    pub mode: FlashMode,
    /// Flash frequency.
    #[arg(
        long = "flash-freq",
        value_enum,
        default_value = "40m",
        value_name = "FREQ"
    )]
    pub frequency: FlashFrequency,
    /// Flash size.
    #[arg(
        long = "flash-size",
        value_enum,
        default_value = "4MB",
        value_name = "SIZE"
    )]
    pub size: FlashSize,
}

impl FlashSettings {
    /// The settings for the header of the bootloader (see [`FlashMode::of_bootloader`]).
    pub fn of_bootloader(self) -> Self {
        Self {
            mode: self.mode.of_bootloader(),
            ..self
        }
    }

    /// Writes bytes 2 and 3 of an image header.
    pub fn encode(self, chip: Chip) -> [u8; 2] {
        [
            self.mode.encode(),
            self.size.encode() << 4 | self.frequency.encode(chip),
        ]
    }

    /// Reads bytes 2 and 3 of an image header.
    pub fn decode(chip: Chip, bytes: [u8; 2]) -> Result<Self, Error> {
        match (
            FlashMode::decode(bytes[0]),
            FlashFrequency::decode(chip, bytes[1] & 0xF),
            FlashSize::decode(bytes[1] >> 4),
        ) {
            (Some(mode), Some(frequency), Some(size)) => Ok(Self {
                mode,
                frequency,
                size,
            }),
            _ => Err(Error::FlashSettingsUnknown {
                mode: bytes[0],
                config: bytes[1],
            }),
        }
    }

    pub(crate) fn to_espflash(self) -> espflash::flasher::FlashSettings {
        use espflash::flasher::FlashMode as M;
        let mode = match self.mode {
            FlashMode::Qio => M::Qio,
            FlashMode::Qout => M::Qout,
            FlashMode::Dio => M::Dio,
            FlashMode::Dout => M::Dout,
        };
        espflash::flasher::FlashSettings::new(
            Some(mode),
            Some(self.size.to_espflash()),
            Some(self.frequency.to_espflash()),
        )
    }
}

impl fmt::Display for FlashSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.mode, self.frequency, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_header() {
        for mode in [
            FlashMode::Qio,
            FlashMode::Qout,
            FlashMode::Dio,
            FlashMode::Dout,
        ] {
            for frequency in FlashFrequency::ALL {
                for size in FlashSize::ALL {
                    let settings = FlashSettings {
                        mode,
                        frequency,
                        size,
                    };
                    let bytes = settings.encode(Chip::Esp32);
                    assert_eq!(FlashSettings::decode(Chip::Esp32, bytes).unwrap(), settings);
                }
            }
        }
    }

    #[test]
    fn encodings_are_those_of_esptool() {
        let settings = |mode, frequency, size| {
            FlashSettings {
                mode,
                frequency,
                size,
            }
            .encode(Chip::Esp32)
        };
        assert_eq!(
            settings(FlashMode::Dio, FlashFrequency::Mhz40, FlashSize::Mb4),
            [2, 0x20]
        );
        assert_eq!(
            settings(FlashMode::Qio, FlashFrequency::Mhz80, FlashSize::Mb16),
            [0, 0x4F]
        );
        assert_eq!(
            settings(FlashMode::Dout, FlashFrequency::Mhz26, FlashSize::Mb1),
            [3, 0x01]
        );
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert_eq!(
            FlashSettings::decode(Chip::Esp32, [9, 0x20])
                .unwrap_err()
                .code(),
            "espimage::flash_settings_unknown"
        );
    }

    #[test]
    fn the_bootloader_is_never_marked_quad() {
        assert_eq!(FlashMode::Qio.of_bootloader(), FlashMode::Dio);
        assert_eq!(FlashMode::Qout.of_bootloader(), FlashMode::Dio);
        assert_eq!(FlashMode::Dout.of_bootloader(), FlashMode::Dout);
    }
}
