//! The second-stage bootloader.

use espflash::flasher::FlashData;
use espflash::image_format::idf::IdfBootloaderFormat;
use espflash::target::XtalFrequency;

use crate::chip::Chip;
use crate::error::Error;
use crate::flash::FlashSettings;
use crate::image::{self, Image, Segment};

/// The board's crystal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Crystal {
    /// 26 MHz.
    #[value(name = "26m")]
    Mhz26,
    /// 40 MHz.
    #[value(name = "40m")]
    Mhz40,
}

/// [`shipped_for`] a crystal of 40 MHz.
pub fn shipped(chip: Chip, flash: FlashSettings) -> Result<Vec<u8>, Error> {
    shipped_for(chip, flash, Crystal::Mhz40)
}

/// The bootloader of ESP-IDF that the espflash crate ships, for `crystal`, with `flash` in its header. Quad I/O
/// (`qio`) gets the variant that enables it in the flash chip. It reads the partition table at
/// [`DEFAULT_OFFSET`](crate::partition::DEFAULT_OFFSET).
pub fn shipped_for(chip: Chip, flash: FlashSettings, crystal: Crystal) -> Result<Vec<u8>, Error> {
    // espflash gives out its bootloaders only together with an application.
    let elf = empty_elf();
    let flash_data = FlashData::new(
        flash.to_espflash(),
        0,
        None,
        chip.to_espflash(),
        match crystal {
            Crystal::Mhz26 => XtalFrequency::_26Mhz,
            Crystal::Mhz40 => XtalFrequency::_40Mhz,
        },
    );
    let format = IdfBootloaderFormat::new(&elf, &flash_data, None, None, None, None)
        .map_err(|error| Error::Espflash(error.to_string()))?;
    let bootloader = format
        .flash_segments()
        .find(|segment| segment.addr == chip.bootloader_offset());
    let bootloader =
        bootloader.ok_or_else(|| Error::Espflash(format!("no bootloader for {chip}")))?;
    with_settings(&bootloader.data, chip, flash)
}

/// Checks `bootloader`, then writes `flash` into its header and computes its SHA-256 anew, as `esptool write-flash` does.
pub fn with_settings(
    bootloader: &[u8],
    chip: Chip,
    flash: FlashSettings,
) -> Result<Vec<u8>, Error> {
    Image::parse(bootloader, chip.bootloader_offset())?.verify_bootloader(chip)?;
    let mut bytes = bootloader.to_vec();
    bytes[2..4].copy_from_slice(&flash.of_bootloader().encode(chip));
    image::seal(&mut bytes)?;
    Ok(bytes)
}

/// Whether an image is a second-stage bootloader: nothing of it is mapped from flash, and it has its data where the chip's has it.
pub fn is_bootloader(image: &Image<'_>, chip: Chip) -> bool {
    let mapped = |s: &Segment<'_>| chip.region(s.address).is_some_and(|r| r.kind.is_mapped());
    let data = chip.bootloader_data();
    !image.memory().any(mapped)
        && image
            .memory()
            .any(|s| (data..data + 0x6000).contains(&s.address))
}

/// The version of ESP-IDF in a bootloader's descriptor (`esp_bootloader_desc_t`, ESP-IDF
/// `components/esp_bootloader_format/include/esp_bootloader_desc.h`), which is at the start of its first segment. Bootloaders
/// older than ESP-IDF 5.2 have none.
pub fn idf_version(bootloader: &Image<'_>) -> Option<String> {
    const MAGIC: u8 = 0x50;
    const IDF_VERSION: std::ops::Range<usize> = 8..40;
    let data = bootloader.segments.first()?.data;
    if data.first() != Some(&MAGIC) {
        return None;
    }
    let field = data.get(IDF_VERSION)?;
    let text = field.split(|&byte| byte == 0).next()?;
    let text = std::str::from_utf8(text).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Checks that a bootloader that was compiled for a partition table at `made_for` finds the one at `partition_table_offset`.
pub fn check_table_offset(made_for: u32, partition_table_offset: u32) -> Result<(), Error> {
    if made_for == partition_table_offset {
        return Ok(());
    }
    Err(Error::BootloaderTableOffset {
        made_for,
        partition_table_offset,
    })
}

/// Checks that a bootloader of `len` bytes ends below the partition table.
pub fn check_size(len: usize, chip: Chip, partition_table_offset: u32) -> Result<(), Error> {
    let room = partition_table_offset.saturating_sub(chip.bootloader_offset());
    if len as u64 > u64::from(room) {
        return Err(Error::BootloaderTooLarge {
            len: len as u64,
            start: chip.bootloader_offset(),
            partition_table_offset,
            over: len as u64 - u64::from(room),
        });
    }
    Ok(())
}

fn empty_elf() -> Vec<u8> {
    let mut elf = vec![0; 52];
    elf[..7].copy_from_slice(&[0x7F, b'E', b'L', b'F', 1, 1, 1]);
    elf[16..20].copy_from_slice(&[2, 0, 94, 0]);
    elf[20] = 1;
    elf[40] = 52;
    elf
}
