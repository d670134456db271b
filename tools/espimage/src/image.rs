//! The image format that ROM and second-stage bootloader load.
//!
//! A header of 24 bytes, up to 16 segments of 8 bytes header and data each, a checksum in the last byte of a block of 16
//! bytes, and the SHA-256 of everything before it (ESP-IDF Programming Guide, "App Image Format";
//! `components/bootloader_support/src/esp_image_format.c`).

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::chip::{Chip, Region, RegionKind};
use crate::error::Error;
use crate::flash::{FlashSettings, FlashSize, check_offset};
use crate::level::{Findings, Level};

/// First byte of every image.
pub const MAGIC: u8 = 0xE9;
/// Length of the header in bytes, the extended header included.
pub const HEADER_LEN: usize = 24;
/// Length of a segment's header in bytes.
pub const SEGMENT_HEADER_LEN: usize = 8;
/// Number of segments that the bootloader has room for (`ESP_IMAGE_MAX_SEGMENTS`).
pub const MAX_SEGMENTS: usize = 16;
/// Segments and app partitions have to be smaller than this many bytes.
pub const MAX_LEN: u32 = 16 << 20;

const CHECKSUM_SEED: u8 = 0xEF;
const SHA256_LEN: usize = 32;

/// Header of an image (`esp_image_header_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Number of segments.
    pub segment_count: u8,
    /// Bytes 2 and 3: flash mode, then flash size and frequency; see [`FlashSettings::decode`].
    pub flash: [u8; 2],
    /// Address to which the loader jumps.
    pub entry: u32,
    /// WP pin; 0xEE leaves it alone.
    pub wp_pin: u8,
    /// Drive strengths of the SPI pins.
    pub spi_pin_drive: [u8; 3],
    /// Chip id; see [`Chip::id`].
    pub chip_id: u16,
    /// Lowest major chip revision, for bootloaders older than ESP-IDF 5.
    pub min_chip_rev_legacy: u8,
    /// Lowest chip revision, major * 100 + minor.
    pub min_chip_rev: u16,
    /// Highest chip revision, major * 100 + minor; 0 and 65535 mean any.
    pub max_chip_rev: u16,
    /// Whether a SHA-256 follows the checksum.
    pub hash_appended: bool,
}

impl Header {
    fn parse(bytes: &[u8; HEADER_LEN]) -> Self {
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Self {
            segment_count: bytes[1],
            flash: [bytes[2], bytes[3]],
            entry: u32_at(bytes, 4),
            wp_pin: bytes[8],
            spi_pin_drive: [bytes[9], bytes[10], bytes[11]],
            chip_id: u16_at(12),
            min_chip_rev_legacy: bytes[14],
            min_chip_rev: u16_at(15),
            max_chip_rev: u16_at(17),
            hash_appended: bytes[23] != 0,
        }
    }

    /// The flash size that the ESP32's bootloader works with: 2 MB where it does not know the one in the header (`update_flash_config`,
    /// ESP-IDF `components/bootloader_support/bootloader_flash/src/bootloader_flash_config_esp32.c`).
    pub fn flash_size_in_bootloader(&self) -> FlashSize {
        FlashSize::decode(self.flash[1] >> 4).unwrap_or(FlashSize::Mb2)
    }

    /// The flash settings in the header.
    pub fn flash_settings(&self, chip: Chip) -> Result<FlashSettings, Error> {
        FlashSettings::decode(chip, self.flash)
    }
}

/// A segment of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Place in the image, from 0.
    pub index: usize,
    /// Address of the first byte in memory. Addresses below 0x1000_0000 mean padding, which is not loaded.
    pub address: u32,
    /// Offset of the first data byte from the start of the image.
    pub offset: u32,
    /// The data.
    pub data: &'a [u8],
}

impl Segment<'_> {
    /// Whether the segment only fills space in flash.
    pub fn is_padding(&self) -> bool {
        self.address < 0x1000_0000
    }

    /// First address after the segment.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + self.data.len() as u64
    }
}

/// A parsed image. Parsing reads the structure only; [`Image::verify_app`] and [`Image::verify_bootloader`] judge it.
#[derive(Debug, Clone)]
pub struct Image<'a> {
    /// The header.
    pub header: Header,
    /// The segments in the order of the file.
    pub segments: Vec<Segment<'a>>,
    /// The image itself, checksum and SHA-256 included, without what follows it.
    pub bytes: &'a [u8],
    /// Flash offset at which the image was found; offsets in errors count from offset 0 of the flash.
    pub flash_offset: u32,
}

impl<'a> Image<'a> {
    /// Reads the image at the start of `bytes`, which may be longer. `flash_offset` is where in flash `bytes` starts.
    pub fn parse(bytes: &'a [u8], flash_offset: u32) -> Result<Self, Error> {
        let truncated = |at: usize, wanted: usize, what: &'static str| Error::ImageTruncated {
            offset: flash_offset.saturating_add(at as u32),
            what,
            missing: wanted - bytes.len(),
        };
        check_offset(flash_offset)?;
        match bytes.first() {
            None => return Err(truncated(0, HEADER_LEN, "the header")),
            Some(&MAGIC) => {}
            Some(&found) => {
                return Err(Error::ImageMagic {
                    offset: flash_offset,
                    found,
                });
            }
        }
        let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(truncated(0, HEADER_LEN, "the header"));
        };
        let header = Header::parse(header);
        let count = usize::from(header.segment_count);
        if count == 0 || count > MAX_SEGMENTS {
            return Err(Error::ImageSegmentCount {
                offset: flash_offset + 1,
                count,
            });
        }
        let mut at = HEADER_LEN;
        let mut segments = Vec::with_capacity(count);
        for index in 0..count {
            if bytes.len() < at + SEGMENT_HEADER_LEN {
                return Err(truncated(at, at + SEGMENT_HEADER_LEN, "a segment header"));
            }
            let (address, len) = (u32_at(bytes, at), u32_at(bytes, at + 4));
            if len % 4 != 0 || len >= MAX_LEN {
                let offset = flash_offset + at as u32 + 4;
                return Err(Error::ImageSegmentLength { offset, index, len });
            }
            at += SEGMENT_HEADER_LEN;
            let Some(data) = bytes.get(at..at + len as usize) else {
                return Err(truncated(at, at + len as usize, "a segment's data"));
            };
            segments.push(Segment {
                index,
                address,
                offset: at as u32,
                data,
            });
            at += len as usize;
        }
        let mut end = (at + 1).next_multiple_of(16);
        if header.hash_appended {
            end += SHA256_LEN;
        }
        if bytes.len() < end {
            return Err(truncated(at, end, "checksum and SHA-256"));
        }
        Ok(Self {
            header,
            segments,
            bytes: &bytes[..end],
            flash_offset,
        })
    }

    /// Length in bytes, checksum and SHA-256 included.
    pub fn len_bytes(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// The segments that occupy memory when the program starts, whether copied or mapped: what an execution environment
    /// without a bootloader has to place.
    pub fn memory(&self) -> impl Iterator<Item = &Segment<'a>> {
        self.segments
            .iter()
            .filter(|segment| !segment.is_padding() && !segment.data.is_empty())
    }

    /// The checksum in the file.
    pub fn checksum(&self) -> u8 {
        self.bytes[self.checksum_at()]
    }

    /// The SHA-256 in the file.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.header
            .hash_appended
            .then(|| *self.bytes.last_chunk().expect("parse checked the length"))
    }

    /// The 256 bytes at the start of the first flash-data segment, where the application descriptor is.
    pub fn app_descriptor(&self, chip: Chip) -> Option<&'a [u8; 256]> {
        self.memory()
            .find(|s| {
                chip.region(s.address)
                    .is_some_and(|r| r.kind == RegionKind::FlashData)
            })
            .and_then(|s| s.data.first_chunk())
            .filter(|bytes| crate::app_desc::has_magic(&bytes[..]))
    }

    /// Checks what both loaders check in the header.
    fn verify_header(&self, chip: Chip) -> Result<(), Error> {
        if self.header.chip_id != chip.id() {
            return Err(Error::ImageChip {
                offset: self.flash_offset + 12,
                found: self.header.chip_id,
                name: Chip::name_of_id(self.header.chip_id),
                chip,
            });
        }
        let (min, max) = (self.header.min_chip_rev, self.header.max_chip_rev);
        if max != 0 && min > max {
            return Err(Error::ChipRevisionRange { min, max });
        }
        Ok(())
    }

    fn verify_checksum(&self) -> Result<(), Error> {
        let (found, computed) = (self.checksum(), self.computed_checksum());
        if found != computed {
            let offset = self.flash_offset + self.checksum_at() as u32;
            return Err(Error::ImageChecksum {
                offset,
                found,
                computed,
            });
        }
        Ok(())
    }

    fn verify_sha256(&self) -> Result<(), Error> {
        if let Some(found) = self.sha256() {
            let hashed = self.bytes.len() - SHA256_LEN;
            let computed: [u8; 32] = Sha256::digest(&self.bytes[..hashed]).into();
            if found != computed {
                return Err(Error::ImageSha256 {
                    offset: self.flash_offset + hashed as u32,
                    found: hex(&found),
                    computed: hex(&computed),
                });
            }
        }
        Ok(())
    }

    /// [`Image::check_bootloader`] at the level of a build.
    pub fn verify_bootloader(&self, chip: Chip) -> Result<(), Error> {
        self.check_bootloader(chip, &mut Findings::new(Level::Build))
    }

    /// Checks all that the ROM and ESP-IDF ask of a second-stage bootloader. The ROM does not look at its SHA-256, which is wrong
    /// where an old esptool has patched the header.
    pub fn check_bootloader(&self, chip: Chip, findings: &mut Findings) -> Result<(), Error> {
        self.verify_header(chip)?;
        let mapped = |s: &&Segment<'_>| chip.region(s.address).is_some_and(|r| r.kind.is_mapped());
        if let Some(segment) = self.memory().find(mapped) {
            return Err(Error::BootloaderIsApp {
                offset: self.flash_offset,
                address: segment.address,
            });
        }
        for segment in self.memory() {
            if !chip.is_bootloader_memory(segment.address, segment.end()) {
                return Err(self.outside(segment));
            }
        }
        self.verify_checksum()?;
        findings.stricter(self.verify_sha256())?;
        self.verify_entry(chip)
    }

    /// [`Image::check_app`] at the level of a build.
    pub fn verify_app(&self, chip: Chip, reserved: &[Range<u32>]) -> Result<(), Error> {
        self.check_app(chip, reserved, &mut Findings::new(Level::Build))
    }

    /// Checks all that the second-stage bootloader asks of an application before it jumps to it, in its order:
    /// `esp_image_format.c`, then the mapping of `bootloader_utility.c`. The image has to lie where it will lie in flash
    /// (`flash_offset`). `reserved` are memory ranges of the bootloader itself that the application must not be loaded over.
    pub fn check_app(
        &self,
        chip: Chip,
        reserved: &[Range<u32>],
        findings: &mut Findings,
    ) -> Result<(), Error> {
        self.verify_header(chip)?;
        let page = chip.mmu_page_size();
        for segment in self.segments.iter().filter(|segment| !segment.is_padding()) {
            let offset = self.flash_offset + segment.offset;
            // The bootloader does not look where nothing goes.
            if segment.data.is_empty()
                && chip
                    .region(segment.address)
                    .is_none_or(|r| !r.kind.is_mapped())
            {
                continue;
            }
            let Some(region) = chip.region(segment.address) else {
                return Err(self.outside(segment));
            };
            if region.kind.is_mapped() && offset % page != segment.address % page {
                let Segment { index, address, .. } = *segment;
                return Err(Error::ImageSegmentMapping {
                    offset,
                    index,
                    address,
                    page,
                });
            }
            let region = self.region_of(segment, chip)?;
            if region.kind == RegionKind::ExternalRam {
                return Err(self.outside(segment));
            }
            let data = match region.kind {
                RegionKind::Dram => Some((segment.address, segment.end())),
                RegionKind::Iram => chip
                    .sram1_data_of_code(segment.address, segment.end())
                    .map(|data| (data.start, data.end.into())),
                _ => None,
            };
            if let Some((start, end)) = data {
                let stack = chip.bootloader_stack();
                for taken in reserved.iter().chain([&stack]) {
                    if u64::from(start) < u64::from(taken.end) && u64::from(taken.start) < end {
                        return Err(Error::ImageOverBootloaderRam {
                            offset: offset - SEGMENT_HEADER_LEN as u32,
                            index: segment.index,
                            address: segment.address,
                            end: segment.end(),
                            taken_start: taken.start,
                            taken_end: taken.end,
                        });
                    }
                }
            }
            // Of data in SRAM1 the bootloader wants that the instruction bus has it where it would load instructions.
            if region.kind == RegionKind::Dram
                && let Some(code) = chip.sram1_code_of_data(segment.address, segment.end())
                && chip.region_of_range(code.start, code.end.into()).is_none()
            {
                return Err(self.outside(segment));
            }
        }
        self.verify_checksum()?;
        self.verify_sha256()?;
        findings.stricter(self.verify_overlaps(chip))?;
        for (kind, name) in [
            (RegionKind::FlashData, "flash data"),
            (RegionKind::FlashCode, "flash code"),
        ] {
            let mut mapped = self.memory().filter(|s| {
                chip.region(s.address)
                    .is_some_and(|region| region.kind == kind)
            });
            match (mapped.next(), mapped.next()) {
                (None, _) => {
                    return Err(Error::ImageNotMapped {
                        offset: self.flash_offset,
                        name,
                    });
                }
                (Some(_), None) => {}
                (Some(first), Some(second)) => findings.stricter(Err(Error::ImageMappedTwice {
                    offset: self.flash_offset + second.offset - SEGMENT_HEADER_LEN as u32,
                    name,
                    first: first.address,
                    second: second.address,
                }))?,
            }
        }
        self.verify_entry(chip)
    }

    /// Segments must not share memory, nor SRAM1 at its two addresses.
    fn verify_overlaps(&self, chip: Chip) -> Result<(), Error> {
        let mut sorted: Vec<(u64, u64, &Segment<'_>)> = Vec::new();
        for segment in self.memory() {
            sorted.push((segment.address.into(), segment.end(), segment));
            if let Some(data) = chip.sram1_data_of_code(segment.address, segment.end()) {
                sorted.push((data.start.into(), data.end.into(), segment));
            }
        }
        sorted.sort_by_key(|(start, _, segment)| (*start, segment.index));
        for pair in sorted.windows(2) {
            let ((_, first_end, first), (start, _, second)) = (pair[0], pair[1]);
            if first_end > start {
                return Err(Error::ImageSegmentOverlap {
                    offset: self.flash_offset + second.offset - SEGMENT_HEADER_LEN as u32,
                    first: first.index,
                    first_end,
                    second: second.index,
                    second_start: start as u32,
                });
            }
        }
        Ok(())
    }

    fn verify_entry(&self, chip: Chip) -> Result<(), Error> {
        let entry = self.header.entry;
        let in_segment = self
            .memory()
            .any(|s| (u64::from(s.address)..s.end()).contains(&u64::from(entry)));
        // The ESP32's bootloader runs from the APP CPU's cache memory at 0x40078000, which no application can use.
        let is_code = chip
            .region(entry)
            .is_none_or(|region| region.kind.is_code());
        if in_segment && is_code {
            Ok(())
        } else {
            Err(Error::ImageEntry {
                offset: self.flash_offset + 4,
                entry,
            })
        }
    }

    fn region_of(&self, segment: &Segment<'_>, chip: Chip) -> Result<&'static Region, Error> {
        chip.region_of_range(segment.address, segment.end())
            .ok_or_else(|| self.outside(segment))
    }

    fn outside(&self, segment: &Segment<'_>) -> Error {
        Error::ImageSegmentOutside {
            offset: self.flash_offset + segment.offset - SEGMENT_HEADER_LEN as u32,
            index: segment.index,
            address: segment.address,
            end: segment.end(),
        }
    }

    fn checksum_at(&self) -> usize {
        self.bytes.len()
            - 1
            - if self.header.hash_appended {
                SHA256_LEN
            } else {
                0
            }
    }

    fn computed_checksum(&self) -> u8 {
        self.segments
            .iter()
            .flat_map(|segment| segment.data)
            .fold(CHECKSUM_SEED, |sum, byte| sum ^ byte)
    }
}

/// Computes checksum and SHA-256 of the image at the start of `bytes` anew, after its header or data were changed.
pub fn seal(bytes: &mut [u8]) -> Result<(), Error> {
    let image = Image::parse(bytes, 0)?;
    let (checksum, at) = (image.computed_checksum(), image.checksum_at());
    let (len, hash_appended) = (image.bytes.len(), image.header.hash_appended);
    bytes[at] = checksum;
    if hash_appended {
        let hash = Sha256::digest(&bytes[..len - SHA256_LEN]);
        bytes[len - SHA256_LEN..len].copy_from_slice(&hash);
    }
    Ok(())
}

/// Little-endian word at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
