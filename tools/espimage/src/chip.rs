//! Chips and their memory maps.

use std::fmt;

/// A chip of the ESP32 family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
#[non_exhaustive]
pub enum Chip {
    /// ESP32 (Xtensa LX6).
    Esp32,
}

/// What a range of addresses is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionKind {
    /// Flash, mapped by the cache as read-only data (DROM).
    FlashData,
    /// Flash, mapped by the cache as code (IROM).
    FlashCode,
    /// Internal RAM on the data bus.
    Dram,
    /// Internal RAM on the instruction bus.
    Iram,
    /// RTC fast memory on the data bus.
    RtcFastData,
    /// RTC fast memory on the instruction bus.
    RtcFastCode,
    /// RTC slow memory.
    RtcSlow,
    /// SPI RAM. It can hold zero-initialised data only: the bootloader does not enable it.
    ExternalRam,
}

impl RegionKind {
    /// Whether the second-stage bootloader maps the region from flash instead of copying to it.
    pub fn is_mapped(self) -> bool {
        matches!(self, Self::FlashData | Self::FlashCode)
    }

    /// Whether the CPU can fetch instructions from the region.
    pub fn is_code(self) -> bool {
        matches!(self, Self::FlashCode | Self::Iram | Self::RtcFastCode)
    }
}

/// A range of addresses that a program can occupy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Name, as `espimage size` prints it.
    pub name: &'static str,
    /// What the range is.
    pub kind: RegionKind,
    /// First address.
    pub start: u32,
    /// First address after the range.
    pub end: u32,
    /// What a linked program can fill, in bytes: less than `end - start` where ROM or bootloader keep a part.
    pub capacity: u32,
}

impl Region {
    /// Whether `address` lies in the region.
    pub fn contains(&self, address: u32) -> bool {
        (self.start..self.end).contains(&address)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:#010x}..{:#010x}", self.name, self.start, self.end)
    }
}

/// ESP32 Technical Reference Manual, section 1.3 "Address Mapping"; the bounds that the bootloader uses are those of
/// ESP-IDF's `components/soc/esp32/include/soc/soc.h`. Capacities are those of `components/esp_system/ld/esp32/memory.ld.in`.
const ESP32_MEMORY_MAP: &[Region] = &[
    Region {
        name: "flash_data",
        kind: RegionKind::FlashData,
        start: 0x3F40_0000,
        end: 0x3F80_0000,
        capacity: 0x40_0000 - 0x20,
    },
    Region {
        name: "external_ram",
        kind: RegionKind::ExternalRam,
        start: 0x3F80_0000,
        end: 0x3FC0_0000,
        capacity: 0x40_0000,
    },
    Region {
        name: "rtc_fast_data",
        kind: RegionKind::RtcFastData,
        start: 0x3FF8_0000,
        end: 0x3FF8_2000,
        capacity: 0x2000,
    },
    Region {
        name: "dram",
        kind: RegionKind::Dram,
        start: 0x3FFA_E000,
        end: 0x4000_0000,
        capacity: 0x2_C200,
    },
    Region {
        name: "iram",
        kind: RegionKind::Iram,
        start: 0x4008_0000,
        end: 0x400A_0000,
        capacity: 0x2_0000,
    },
    Region {
        name: "rtc_fast_code",
        kind: RegionKind::RtcFastCode,
        start: 0x400C_0000,
        end: 0x400C_2000,
        capacity: 0x2000,
    },
    Region {
        name: "flash_code",
        kind: RegionKind::FlashCode,
        start: 0x400D_0000,
        end: 0x4040_0000,
        capacity: 0x33_0000 - 0x20,
    },
    Region {
        name: "rtc_slow",
        kind: RegionKind::RtcSlow,
        start: 0x5000_0000,
        end: 0x5000_2000,
        capacity: 0x2000,
    },
];

impl Chip {
    /// Name, as esptool and `flasher_args.json` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Esp32 => "esp32",
        }
    }

    /// Chip id in the extended image header (`esp_chip_id_t`).
    pub fn id(self) -> u16 {
        match self {
            Self::Esp32 => 0,
        }
    }

    /// Flash offset from which the ROM loads the second-stage bootloader.
    pub fn bootloader_offset(self) -> u32 {
        match self {
            Self::Esp32 => 0x1000,
        }
    }

    /// Size in bytes of the pages that the cache maps; a mapped segment sits at the same offset modulo this size in flash and
    /// in memory.
    pub fn mmu_page_size(self) -> u32 {
        match self {
            Self::Esp32 => 0x1_0000,
        }
    }

    /// All regions that a program can occupy, by ascending address.
    pub fn memory_map(self) -> &'static [Region] {
        match self {
            Self::Esp32 => ESP32_MEMORY_MAP,
        }
    }

    /// The region in which `address` lies.
    pub fn region(self, address: u32) -> Option<&'static Region> {
        self.memory_map()
            .iter()
            .find(|region| region.contains(address))
    }

    /// The region that holds all of `start..end`.
    pub fn region_of_range(self, start: u32, end: u64) -> Option<&'static Region> {
        self.region(start)
            .filter(|region| end <= u64::from(region.end))
    }

    /// DRAM that the second-stage bootloader's stack occupies while it loads the application, at the least: it
    /// refuses segments from 32 KB (`STACK_LOAD_HEADROOM`) below its stack pointer up to `SOC_ROM_STACK_START`.
    pub fn bootloader_stack(self) -> std::ops::Range<u32> {
        match self {
            Self::Esp32 => 0x3FFE_3F20 - 0x8000..0x3FFE_3F20,
        }
    }

    /// Where the static data of the second-stage bootloader starts, zero-initialised data first
    /// (ESP-IDF, `components/bootloader/subproject/main/ld/esp32/bootloader.memory.ld.in`, `dram_seg`).
    pub fn bootloader_data(self) -> u32 {
        match self {
            Self::Esp32 => 0x3FFF_0000,
        }
    }

    /// The chip in espflash's terms.
    pub(crate) fn to_espflash(self) -> espflash::target::Chip {
        match self {
            Self::Esp32 => espflash::target::Chip::Esp32,
        }
    }

    /// Name of a chip id in an image header, for messages.
    pub(crate) fn name_of_id(id: u16) -> &'static str {
        match id {
            0 => "ESP32",
            2 => "ESP32-S2",
            5 => "ESP32-C3",
            9 => "ESP32-S3",
            12 => "ESP32-C2",
            13 => "ESP32-C6",
            16 => "ESP32-H2",
            18 => "ESP32-P4",
            20 => "ESP32-C61",
            23 => "ESP32-C5",
            _ => "unknown chip",
        }
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_map_is_ascending_and_free_of_overlap() {
        for pair in Chip::Esp32.memory_map().windows(2) {
            assert!(pair[0].end <= pair[1].start, "{} and {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn a_range_over_the_end_of_a_region_is_in_none() {
        let chip = Chip::Esp32;
        assert_eq!(
            chip.region_of_range(0x4009_FFFC, 0x400A_0000).unwrap().name,
            "iram"
        );
        assert_eq!(chip.region_of_range(0x4009_FFFC, 0x400A_0001), None);
        assert_eq!(chip.region(0x4007_FFFF), None);
    }
}
