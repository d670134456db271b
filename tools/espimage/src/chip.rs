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
        // With the part of SRAM1 that the bootloader loads instructions to (SOC_IRAM_HIGH).
        end: 0x400A_A000,
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

    /// SRAM1 on the data bus. The instruction bus has the same words in reverse order from [`Chip::sram1_code`] on
    /// (ESP32 Technical Reference Manual, section "Internal SRAM 1"; `SOC_DIRAM_DRAM_LOW`).
    pub fn sram1_data(self) -> std::ops::Range<u32> {
        match self {
            Self::Esp32 => 0x3FFE_0000..0x4000_0000,
        }
    }

    /// SRAM1 on the instruction bus (`SOC_DIRAM_IRAM_LOW`).
    pub fn sram1_code(self) -> std::ops::Range<u32> {
        match self {
            Self::Esp32 => 0x400A_0000..0x400C_0000,
        }
    }

    /// The data addresses of what of `start..end` is SRAM1 on the instruction bus. The last word of the one is the first of the other.
    pub fn sram1_data_of_code(self, start: u32, end: u64) -> Option<std::ops::Range<u32>> {
        let (code, data) = (self.sram1_code(), self.sram1_data());
        let start = start.max(code.start);
        let end = end.min(code.end.into()) as u32;
        (start < end).then(|| data.end - (end - code.start)..data.end - (start - code.start))
    }

    /// The instruction addresses of what of `start..end` is SRAM1 on the data bus.
    pub fn sram1_code_of_data(self, start: u32, end: u64) -> Option<std::ops::Range<u32>> {
        let (code, data) = (self.sram1_code(), self.sram1_data());
        let start = start.max(data.start);
        let end = end.min(data.end.into()) as u32;
        (start < end).then(|| code.start + (data.end - end)..code.start + (data.end - start))
    }

    /// Whether the ROM can load `start..end` of a second-stage bootloader: to internal RAM and RTC memory, and to that of the flash caches,
    /// which are off then (ESP32 Technical Reference Manual, section "Internal SRAM 0").
    pub fn is_bootloader_memory(self, start: u32, end: u64) -> bool {
        const CACHES: std::ops::Range<u32> = 0x4007_0000..0x4008_0000;
        let plain =
            |region: &&Region| !region.kind.is_mapped() && region.kind != RegionKind::ExternalRam;
        (start >= CACHES.start && end <= self.sram1_code().end.into())
            || self.region_of_range(start, end).filter(plain).is_some()
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
            25 => "ESP32-H21",
            28 => "ESP32-H4",
            32 => "ESP32-S31",
            _ => "unknown chip",
        }
    }
}

/// What a chip id's memory map calls `address`, for messages: also of chips that we make nothing for (ESP-IDF,
/// `components/soc/*/include/soc/soc.h`).
pub(crate) fn region_name_of_id(id: u16, address: u32) -> &'static str {
    type Names = [(&'static str, std::ops::Range<u32>)];
    const S2: &Names = &[
        ("flash_data", 0x3F00_0000..0x3FF8_0000),
        ("rtc_fast_data", 0x3FF9_E000..0x3FFA_0000),
        ("dram", 0x3FFB_0000..0x4000_0000),
        ("iram", 0x4002_0000..0x4007_0000),
        ("rtc_fast_code", 0x4007_0000..0x4007_2000),
        ("flash_code", 0x4008_0000..0x4080_0000),
        ("rtc_slow", 0x5000_0000..0x5000_2000),
    ];
    const C3: &Names = &[
        ("flash_data", 0x3C00_0000..0x3C80_0000),
        ("dram", 0x3FC8_0000..0x3FCE_0000),
        ("iram", 0x4037_C000..0x403E_0000),
        ("flash_code", 0x4200_0000..0x4280_0000),
        ("rtc_fast", 0x5000_0000..0x5000_2000),
    ];
    const S3: &Names = &[
        ("flash_data", 0x3C00_0000..0x3E00_0000),
        ("dram", 0x3FC8_8000..0x3FD0_0000),
        ("iram", 0x4037_0000..0x403E_0000),
        ("flash_code", 0x4200_0000..0x4400_0000),
        ("rtc_slow", 0x5000_0000..0x5000_2000),
        ("rtc_fast", 0x600F_E000..0x6010_0000),
    ];
    let names = match id {
        0 => {
            return Chip::Esp32
                .region(address)
                .map_or("-", |region| region.name);
        }
        2 => S2,
        5 => C3,
        9 => S3,
        _ => return "-",
    };
    let found = names.iter().find(|(_, range)| range.contains(&address));
    found.map_or("-", |(name, _)| name)
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
            chip.region_of_range(0x400A_9FFC, 0x400A_A000).unwrap().name,
            "iram"
        );
        assert_eq!(chip.region_of_range(0x400A_9FFC, 0x400A_A001), None);
        assert_eq!(chip.region(0x4007_FFFF), None);
    }

    #[test]
    fn sram1_is_in_reverse_order_on_the_instruction_bus() {
        let chip = Chip::Esp32;
        let data_of = |start, end| chip.sram1_data_of_code(start, end);
        assert_eq!(data_of(0x4008_0000, 0x400A_0000), None);
        assert_eq!(
            data_of(0x4009_0000, 0x400A_0010),
            Some(0x3FFF_FFF0..0x4000_0000)
        );
        assert_eq!(
            data_of(0x400A_9FFC, 0x400A_A000),
            Some(0x3FFF_6000..0x3FFF_6004)
        );
        let code_of = |start, end| chip.sram1_code_of_data(start, end);
        assert_eq!(
            code_of(0x3FFF_6000, 0x3FFF_6004),
            Some(0x400A_9FFC..0x400A_A000)
        );
        assert_eq!(code_of(0x3FFB_0000, 0x3FFE_0000), None);
    }
}
