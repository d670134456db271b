//! The merged image: all that the flash holds, from offset 0 up to the end of the last file.
//!
//! An execution environment that has no ROM and no bootloader gets from [`parse`] what those would have put into memory:
//!
//! ```no_run
//! # fn place(_address: u32, _data: &[u8]) {}
//! # fn start(_address: u32) {}
//! # fn main() -> Result<(), espimage::Error> {
//! let bytes = std::fs::read("image.bin").expect("a merged image");
//! let image = espimage::merged::parse(&bytes)?;
//! for segment in image.app.memory() {
//!     place(segment.address, segment.data);
//! }
//! start(image.app.header.entry);
//! # Ok(())
//! # }
//! ```

use std::ops::Range;

use crate::bootloader;
use crate::chip::{Chip, RegionKind};
use crate::error::Error;
use crate::flash::FlashSettings;
use crate::flasher_args::FlasherArgs;
use crate::image::{self, Image};
use crate::level::{Findings, Level};
use crate::ota_data;
use crate::partition::{self, Partition, PartitionTable, TableOptions};

/// Value of an erased byte of flash.
pub const ERASED: u8 = 0xFF;

/// A merged image that ROM and bootloader would start.
#[derive(Debug, Clone)]
pub struct MergedImage<'a> {
    /// The second-stage bootloader.
    pub bootloader: Image<'a>,
    /// The partition table.
    pub partitions: PartitionTable,
    /// The partition that the application was started from.
    pub app_partition: Partition,
    /// The application: its segments, and its entry in the header.
    pub app: Image<'a>,
}

/// How to read a merged image.
#[derive(Debug, Clone, Copy)]
pub struct ParseOptions {
    /// The chip.
    pub chip: Chip,
    /// Flash offset of the first byte.
    pub offset: u32,
    /// Flash offset of the partition table.
    pub partition_table_offset: u32,
}

impl Default for ParseOptions {
    /// An ESP32's image from offset 0, with the partition table at 0x8000.
    fn default() -> Self {
        Self {
            chip: Chip::Esp32,
            offset: 0,
            partition_table_offset: partition::DEFAULT_OFFSET,
        }
    }
}

/// Reads a merged image of an ESP32 from flash offset 0 with the partition table at 0x8000, and refuses what ROM or
/// bootloader would refuse. The error is the first thing they would stumble over.
pub fn parse(bytes: &[u8]) -> Result<MergedImage<'_>, Error> {
    parse_with(bytes, ParseOptions::default())
}

/// [`parse`], for other chips and offsets.
pub fn parse_with(bytes: &[u8], options: ParseOptions) -> Result<MergedImage<'_>, Error> {
    check(bytes, options, &mut Findings::new(Level::Build))
}

/// Reads a merged image, or what was read back from a device. At the level of a build each application has to start; at that of the
/// bootloader, which passes over those that do not, one.
pub fn check<'a>(
    bytes: &'a [u8],
    options: ParseOptions,
    findings: &mut Findings,
) -> Result<MergedImage<'a>, Error> {
    let ParseOptions {
        chip,
        offset: base,
        partition_table_offset: table_at,
    } = options;
    let from = |at: u32, what: &str| {
        let start = at.checked_sub(base).map(|start| start as usize);
        start
            .and_then(|start| bytes.get(start..))
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| Error::MergedTooShort {
                what: what.to_owned(),
                offset: at,
                start: base,
                end: u64::from(base) + bytes.len() as u64,
            })
    };

    let at_bootloader = from(chip.bootloader_offset(), "the bootloader")?;
    let bootloader = findings.in_part("bootloader", |findings| {
        let image = Image::parse(at_bootloader, chip.bootloader_offset())?;
        image.check_bootloader(chip, findings)?;
        Ok(image)
    })?;
    bootloader::check_size(bootloader.bytes.len(), chip, table_at)?;

    findings.stricter(bootloader.header.flash_settings(chip).map(drop))?;
    let flash_size = bootloader.header.flash_size_in_bootloader();
    let table_options = TableOptions {
        chip,
        offset: table_at,
        flash_size: Some(flash_size),
    };
    let at_table = from(table_at, "the partition table")?;
    let partitions = findings.in_part("partition table", |findings| {
        PartitionTable::read(at_table, table_options, findings)
    })?;

    let selected = ota_data::selected_slot(&partitions, |at| from(at, "the OTA data").ok());
    let order = partitions.boot_order(selected);
    let order: Vec<Partition> = order.into_iter().cloned().collect();
    let reserved = loaded_dram(&bootloader, chip);
    let part = |partition: &Partition| format!("application in partition '{}'", partition.name);
    let mut started = None;
    let mut refused = None;
    for partition in &order {
        let result = findings.in_part(&part(partition), |findings| {
            let rest = from(partition.offset, &format!("the {}", part(partition)))?;
            check_app(rest, partition, chip, &reserved, findings)
        });
        match result {
            Ok(image) => {
                started = Some((partition, image));
                break;
            }
            Err(error) if findings.level() == Level::Build => return Err(error),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let Some((boot, app)) = started else {
        return Err(refused.unwrap_or(Error::NoAppPartition));
    };
    if let Some(error) = refused {
        findings.stricter(Err(error))?;
    }
    for partition in partitions
        .partitions
        .iter()
        .filter(|p| p.is_app() && *p != boot)
    {
        let rest = from(partition.offset, "an application").unwrap_or_default();
        let inside = &rest[..rest.len().min(partition.size as usize)];
        if inside
            .iter()
            .take(image::HEADER_LEN)
            .all(|&byte| byte == ERASED)
            || order
                .iter()
                .take_while(|tried| *tried != boot)
                .any(|tried| tried == partition)
        {
            continue;
        }
        let result = findings.in_part(&part(partition), |findings| {
            check_app(rest, partition, chip, &reserved, findings).map(drop)
        });
        findings.stricter(result)?;
    }
    Ok(MergedImage {
        bootloader,
        partitions,
        app_partition: boot.clone(),
        app,
    })
}

fn check_app<'a>(
    bytes: &'a [u8],
    partition: &Partition,
    chip: Chip,
    reserved: &[Range<u32>],
    findings: &mut Findings,
) -> Result<Image<'a>, Error> {
    if partition.size > image::MAX_LEN {
        return Err(Error::PartitionAppTooLarge {
            name: partition.name.clone(),
            size: partition.size,
        });
    }
    let image = Image::parse(bytes, partition.offset)?;
    image.check_app(chip, reserved, findings)?;
    check_fits("the application", image.bytes.len(), partition)?;
    Ok(image)
}

/// DRAM that the bootloader's own data occupies while it loads the application.
fn loaded_dram(bootloader: &Image<'_>, chip: Chip) -> Vec<Range<u32>> {
    bootloader
        .memory()
        .filter(|s| {
            chip.region(s.address)
                .is_some_and(|region| region.kind == RegionKind::Dram)
        })
        .map(|s| {
            let end = s.address.saturating_add(s.data.len() as u32);
            s.address.min(chip.bootloader_data())..end
        })
        .collect()
}

fn check_fits(file: &str, len: usize, partition: &Partition) -> Result<(), Error> {
    let (len, size) = (len as u64, u64::from(partition.size));
    if len <= size {
        return Ok(());
    }
    Err(Error::OverPartition {
        file: file.to_owned(),
        len,
        partition: partition.name.clone(),
        size,
        over: len - size,
    })
}

/// A file to be merged.
#[derive(Debug, Clone, Copy)]
pub struct InputFile<'a> {
    /// Name, for messages and `flasher_args.json`.
    pub name: &'a str,
    /// Contents.
    pub bytes: &'a [u8],
}

/// What goes into a merged image.
#[derive(Debug, Clone)]
pub struct MergeInput<'a> {
    /// The chip.
    pub chip: Chip,
    /// Flash settings; the bootloader's header has to say the same.
    pub flash: FlashSettings,
    /// The second-stage bootloader.
    pub bootloader: InputFile<'a>,
    /// Flash offset of the bootloader.
    pub bootloader_offset: u32,
    /// The binary partition table.
    pub partition_table: InputFile<'a>,
    /// Flash offset of the partition table.
    pub partition_table_offset: u32,
    /// The application.
    pub app: InputFile<'a>,
    /// Partition of the application; `None` is the one that the bootloader starts.
    pub app_partition: Option<&'a str>,
    /// Files for other partitions, by the name of the partition.
    pub data: Vec<(&'a str, InputFile<'a>)>,
}

/// A merged image and its description.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The flash from offset 0 up to the end of the last file; 0xFF where there is no file.
    pub image: Vec<u8>,
    /// `flasher_args.json`.
    pub flasher_args: FlasherArgs,
}

/// Puts the files where they belong, and refuses combinations that would not start.
pub fn merge(input: &MergeInput<'_>) -> Result<Merged, Error> {
    let chip = input.chip;
    let in_file = |file: InputFile<'_>, error: Error| error.in_file(file.name);
    let table_options = TableOptions {
        chip,
        offset: input.partition_table_offset,
        flash_size: Some(input.flash.size),
    };
    if !partition::is_binary(input.partition_table.bytes) {
        return Err(in_file(
            input.partition_table,
            Error::PartitionTableNotBinary,
        ));
    }
    let table = PartitionTable::from_binary(input.partition_table.bytes, table_options)
        .map_err(|error| in_file(input.partition_table, error))?;
    if input.partition_table.bytes.len() > partition::BINARY_LEN {
        let len = input.partition_table.bytes.len();
        return Err(in_file(
            input.partition_table,
            Error::PartitionTableLen { len },
        ));
    }

    let app_partition = match input.app_partition {
        Some(name) => find(&table, name)?,
        None => table
            .boot_partition()
            .ok_or_else(|| in_file(input.partition_table, Error::NoAppPartition))?,
    };
    if !app_partition.is_app() {
        let (name, kind) = (app_partition.name.clone(), app_partition.kind_name());
        return Err(in_file(
            input.partition_table,
            Error::NotAnAppPartition { name, kind },
        ));
    }
    check_fits(input.app.name, input.app.bytes.len(), app_partition)?;

    let mut files = vec![
        ("bootloader", input.bootloader_offset, input.bootloader),
        ("app", app_partition.offset, input.app),
        (
            "partition-table",
            input.partition_table_offset,
            input.partition_table,
        ),
    ];
    for &(name, file) in &input.data {
        let partition = find(&table, name)?;
        check_fits(file.name, file.bytes.len(), partition)?;
        files.push((name, partition.offset, file));
    }

    let bootloader = Image::parse(input.bootloader.bytes, input.bootloader_offset)
        .and_then(|image| image.verify_bootloader(chip).map(|()| image))
        .map_err(|error| in_file(input.bootloader, error))?;
    if input.bootloader_offset == chip.bootloader_offset() {
        bootloader::check_size(
            input.bootloader.bytes.len(),
            chip,
            input.partition_table_offset,
        )
        .map_err(|error| in_file(input.bootloader, error))?;
    }
    check_collisions(&files)?;
    check_names(&files)?;
    if input.bootloader_offset != chip.bootloader_offset() {
        let (offset, expected) = (input.bootloader_offset, chip.bootloader_offset());
        return Err(in_file(
            input.bootloader,
            Error::BootloaderOffset {
                offset,
                expected,
                chip,
            },
        ));
    }
    let expected = input.flash.of_bootloader();
    if bootloader.header.flash != expected.encode(chip) {
        let found = bootloader.header.flash_settings(chip);
        let found = found.map_or_else(|error| error.to_string(), |settings| settings.to_string());
        return Err(in_file(
            input.bootloader,
            Error::BootloaderSettings { found, expected },
        ));
    }
    check_app(
        input.app.bytes,
        app_partition,
        chip,
        &loaded_dram(&bootloader, chip),
        &mut Findings::new(Level::Build),
    )
    .map_err(|error| in_file(input.app, error))?;

    let end = files
        .iter()
        .map(|(_, offset, file)| *offset as usize + file.bytes.len())
        .max()
        .unwrap_or(0);
    let mut image = vec![ERASED; end];
    for (_, offset, file) in &files {
        image[*offset as usize..][..file.bytes.len()].copy_from_slice(file.bytes);
    }
    let described: Vec<_> = files
        .iter()
        .map(|(entry, offset, file)| (*entry, *offset, file.name))
        .collect();
    Ok(Merged {
        image,
        flasher_args: FlasherArgs::new(chip, input.flash, &described),
    })
}

fn find<'t>(table: &'t PartitionTable, name: &str) -> Result<&'t Partition, Error> {
    table.find(name).ok_or_else(|| {
        let known: Vec<_> = table
            .partitions
            .iter()
            .map(|partition| partition.name.as_str())
            .collect();
        Error::PartitionUnknown {
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

fn check_collisions(files: &[(&str, u32, InputFile<'_>)]) -> Result<(), Error> {
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by_key(|(_, offset, _)| *offset);
    for pair in sorted.windows(2) {
        let ((_, start, first), (_, second_start, second)) = (pair[0], pair[1]);
        let first_end = u64::from(*start) + first.bytes.len() as u64;
        if first_end > u64::from(*second_start) || start == second_start {
            return Err(Error::FilesCollide {
                first: first.name.to_owned(),
                first_start: *start,
                first_end,
                second: second.name.to_owned(),
                second_start: *second_start,
            });
        }
    }
    Ok(())
}

/// `flasher_args.json` names files by their base names and entries by the partition.
fn check_names(files: &[(&str, u32, InputFile<'_>)]) -> Result<(), Error> {
    for (index, (entry, _, file)) in files.iter().enumerate() {
        for (other_entry, _, other) in &files[..index] {
            if other.name == file.name {
                return Err(Error::FileNameTwice {
                    name: file.name.to_owned(),
                });
            }
            if other_entry == entry {
                return Err(Error::EntryNameTwice {
                    name: (*entry).to_owned(),
                });
            }
        }
    }
    Ok(())
}
