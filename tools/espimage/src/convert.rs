//! From a linked program to the image of an application.

use espflash::flasher::FlashData;
use espflash::image_format::{Metadata, idf::IdfBootloaderFormat};
use espflash::target::XtalFrequency;

use crate::app_desc::{self, Text};
use crate::chip::{Chip, RegionKind};
use crate::elf::{Elf, Section};
use crate::error::Error;
use crate::flash::FlashSettings;
use crate::image::{self, Image};

/// Flash offset that images are checked at: any multiple of the 64 KB page gives the same result.
const PAGE_ALIGNED_OFFSET: u32 = 0x1_0000;
const MIN_REV_LEGACY_AT: usize = 14;
const MIN_REV_AT: usize = 15;
const MAX_REV_AT: usize = 17;

/// A chip revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChipRevision {
    /// Major number.
    pub major: u16,
    /// Minor number, at most 99.
    pub minor: u16,
}

impl ChipRevision {
    /// As image headers write it, major * 100 + minor.
    pub fn full(self) -> u16 {
        self.major * 100 + self.minor
    }
}

impl std::fmt::Display for ChipRevision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl std::str::FromStr for ChipRevision {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let parsed = s.split_once('.').and_then(|(major, minor)| {
            let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
            (major <= 99 && minor <= 99).then_some(Self { major, minor })
        });
        parsed.ok_or_else(|| "a chip revision is written MAJOR.MINOR, for example 3.1".to_owned())
    }
}

/// What an image says besides the program.
#[derive(Debug, Clone)]
pub struct ConvertOptions<'a> {
    /// The chip.
    pub chip: Chip,
    /// Flash settings for the header.
    pub flash: FlashSettings,
    /// Lowest chip revision that the program runs on; `None` is what the ELF file says (esp-hal's MIN_CHIP_REVISION), else 0.0.
    pub min_chip_rev: Option<ChipRevision>,
    /// Highest chip revision that the program runs on.
    pub max_chip_rev: ChipRevision,
    /// Project name for the application descriptor, at most 31 bytes.
    pub project_name: Text<'a>,
    /// Version for the application descriptor, at most 31 bytes.
    pub project_version: Text<'a>,
}

/// Makes the image of an application, and checks that the second-stage bootloader would start it. The same input gives
/// the same bytes.
pub fn convert(elf: &Elf<'_>, options: &ConvertOptions<'_>) -> Result<Vec<u8>, Error> {
    let min_chip_rev = min_chip_rev(elf, options.min_chip_rev)?;
    let (min, max) = (min_chip_rev.full(), options.max_chip_rev.full());
    if min > max {
        return Err(Error::ChipRevisionRange { min, max });
    }
    for kind in [RegionKind::FlashData, RegionKind::FlashCode] {
        check_contiguous(elf, kind)?;
    }
    check_descriptor(elf)?;

    let elf_bytes = elf.for_espflash();
    let flash_data = FlashData::new(
        options.flash.to_espflash(),
        min,
        None,
        options.chip.to_espflash(),
        XtalFrequency::_40Mhz,
    );
    let format = IdfBootloaderFormat::new(&elf_bytes, &flash_data, None, None, None, None)
        .map_err(|error| from_espflash(error, options.flash))?;
    let mut bytes = format
        .ota_segments()
        .map(|segment| segment.data.into_owned())
        .next()
        .unwrap_or_default();

    // For bootloaders older than ESP-IDF 5, as IDF's elf2image arguments do it for the ESP32.
    bytes[MIN_REV_LEGACY_AT] = min_chip_rev.major as u8;
    bytes[MIN_REV_AT..MIN_REV_AT + 2].copy_from_slice(&min.to_le_bytes());
    bytes[MAX_REV_AT..MAX_REV_AT + 2].copy_from_slice(&max.to_le_bytes());
    let descriptor = bytes
        .get_mut(app_desc::IMAGE_OFFSET..app_desc::IMAGE_OFFSET + app_desc::LEN)
        .filter(|descriptor| app_desc::has_magic(descriptor))
        .ok_or(Error::AppDescriptorMissing)?;
    app_desc::fill(
        descriptor,
        options.project_name,
        options.project_version,
        elf.sha256(),
    )?;
    image::seal(&mut bytes)?;

    Image::parse(&bytes, PAGE_ALIGNED_OFFSET)?.verify_app(options.chip, &[])?;
    Ok(bytes)
}

/// esp-hal checks the revision that it is configured for when it starts; the bootloader and espload check the image's, earlier.
fn min_chip_rev(elf: &Elf<'_>, wanted: Option<ChipRevision>) -> Result<ChipRevision, Error> {
    let configured = Metadata::from_bytes(Some(elf.bytes))
        .min_chip_revision()
        .map(|full| ChipRevision {
            major: full / 100,
            minor: full % 100,
        });
    match (wanted, configured) {
        (Some(image), Some(program)) if image != program => Err(Error::ChipRevisionDiffers {
            image: image.to_string(),
            program: program.to_string(),
        }),
        (wanted, configured) => Ok(wanted
            .or(configured)
            .unwrap_or(ChipRevision { major: 0, minor: 0 })),
    }
}

/// The bootloader maps one segment of each kind, so all sections of a kind have to follow each other; up to three bytes
/// between them are filled.
fn check_contiguous(elf: &Elf<'_>, kind: RegionKind) -> Result<(), Error> {
    let sections: Vec<&Section<'_>> = elf
        .sections
        .iter()
        .filter(|s| s.region.kind == kind && s.data.is_some())
        .collect();
    if sections.is_empty() {
        let name = if kind == RegionKind::FlashData {
            "flash data"
        } else {
            "flash code"
        };
        return Err(Error::ElfNotMapped { name });
    }
    for pair in sections.windows(2) {
        if pair[0].end().next_multiple_of(4) < u64::from(pair[1].address) {
            return Err(Error::ElfFlashGap {
                first: pair[0].name.clone(),
                first_end: pair[0].end(),
                second: pair[1].name.clone(),
                second_start: pair[1].address,
            });
        }
    }
    Ok(())
}

/// IDF's tools and ours read the descriptor at offset 0x20 of the image, which is where the first bytes of flash data end
/// up if their address has the same offset in its page.
fn check_descriptor(elf: &Elf<'_>) -> Result<(), Error> {
    let first = elf
        .sections
        .iter()
        .find(|s| s.region.kind == RegionKind::FlashData && s.data.is_some());
    let named = elf
        .sections
        .iter()
        .find(|s| app_desc::SECTIONS.contains(&s.name.as_str()));
    match (first, named) {
        (Some(first), None) if first.data.is_some_and(app_desc::has_magic) => check_place(first),
        (_, None) => Err(Error::AppDescriptorMissing),
        (_, Some(named)) if !named.data.is_some_and(app_desc::has_magic) => {
            Err(Error::AppDescriptorInvalid {
                section: named.name.clone(),
                size: named.size,
            })
        }
        (Some(first), Some(named)) if first.address != named.address => {
            Err(Error::AppDescriptorNotFirst {
                section: named.name.clone(),
                first: first.name.clone(),
            })
        }
        (_, Some(named)) => check_place(named),
    }
}

fn check_place(section: &Section<'_>) -> Result<(), Error> {
    if section.address % 0x1_0000 == app_desc::IMAGE_OFFSET as u32 {
        return Ok(());
    }
    Err(Error::AppDescriptorPlace {
        section: section.name.clone(),
        address: section.address,
    })
}

fn from_espflash(error: espflash::Error, flash: FlashSettings) -> Error {
    match error {
        espflash::Error::ElfTooBig(len, _) => Error::AppOverFlash {
            len,
            flash_size: flash.size,
        },
        error => Error::Espflash(error.to_string()),
    }
}
