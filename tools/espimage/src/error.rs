//! What can go wrong, and what to do about it.

use std::path::Path;

use crate::chip::Chip;
use crate::flash::{FlashSettings, FlashSize};

/// All errors of the crate. [`Error::code`] is stable; [`Error::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant says what it and its fields are.
pub enum Error {
    // Where
    #[error("{file}:{}{error}", if error.line().is_some() { "" } else { " " })]
    InFile { file: String, error: Box<Error> },
    #[error("{line}: {error}")]
    AtLine { line: usize, error: Box<Error> },
    #[error("{part}: {error}")]
    InPart { part: String, error: Box<Error> },

    // Files
    #[error("{path}: cannot be read: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{path}: cannot be written: {error}")]
    Write { path: String, error: std::io::Error },

    // ELF
    #[error("not an ELF file: it starts with {found:02x?} instead of 7f 45 4c 46")]
    ElfMagic { found: Vec<u8> },
    #[error("not a 32-bit ELF file (class {class}{})", if *class == 2 { ", 64-bit" } else { "" })]
    ElfClass { class: u8 },
    #[error("a big-endian ELF file; the chip is little-endian")]
    ElfEndian,
    #[error(
        "an ELF file for {name} (machine {machine}), not for Xtensa (machine 94), the {chip}'s CPU"
    )]
    ElfMachine {
        machine: u16,
        name: &'static str,
        chip: Chip,
    },
    #[error("an ELF file of type {kind}, not a linked program (type 2)")]
    ElfNotLinked { kind: u16 },
    #[error("the ELF file has no entry address")]
    ElfNoEntry,
    #[error("the entry address {entry:#010x} is not in any section with code")]
    ElfEntryOutside { entry: u32 },
    #[error("the ELF file is truncated: {what} ends at byte {end}, the file at byte {len}")]
    ElfTruncated { what: String, end: u64, len: u64 },
    #[error("the ELF file has no section with contents to load")]
    ElfNoSections,
    #[error(
        "{what} at {start:#010x}..{end:#010x} is outside of every memory region that can be loaded"
    )]
    ElfOutside { what: String, start: u32, end: u64 },
    #[error("{second} at {second_start:#010x} overlaps {first}, which ends at {first_end:#010x}")]
    ElfOverlap {
        first: String,
        first_end: u64,
        second: String,
        second_start: u32,
    },
    #[error("segment {index} is to be loaded to {load:#010x} but to run at {run:#010x}")]
    ElfLoadAddress { index: usize, load: u32, run: u32 },
    #[error(
        "the program has nothing in {name}: the second-stage bootloader aborts on such an image"
    )]
    ElfNotMapped { name: &'static str },
    #[error(
        "{second} at {second_start:#010x} does not follow {first}, which ends at {first_end:#010x}: the bootloader maps only \
         one contiguous segment of flash data and one of flash code"
    )]
    ElfFlashGap {
        first: String,
        first_end: u64,
        second: String,
        second_start: u32,
    },
    #[error("the ELF file is broken: {0}")]
    ElfBroken(String),

    // Application descriptor
    #[error("there is no application descriptor (magic 0xabcd5432) at the start of flash data")]
    AppDescriptorMissing,
    #[error(
        "section {section} ({size} bytes) does not hold an application descriptor (256 bytes, magic 0xabcd5432)"
    )]
    AppDescriptorInvalid { section: String, size: u32 },
    #[error("section {section} is not at the start of flash data; section {first} is")]
    AppDescriptorNotFirst { section: String, first: String },
    #[error(
        "section {section} with the application descriptor is at {address:#010x}; its offset in the 64 KB page has to be 0x20"
    )]
    AppDescriptorPlace { section: String, address: u32 },
    #[error(
        "the {field} '{value}' is {len} bytes long or holds a NUL; the application descriptor has room for 31 bytes"
    )]
    AppDescriptorText {
        field: &'static str,
        value: String,
        len: usize,
    },
    #[error(
        "the application was made from an ELF file with SHA-256 {found}, not from this one ({elf})"
    )]
    AppDescriptorElf { found: String, elf: String },

    // Conversion
    #[error("the lowest chip revision {min} is above the highest {max} (major * 100 + minor)")]
    ChipRevisionRange { min: u16, max: u16 },
    #[error(
        "the image's lowest chip revision is to be {image}, and esp-hal in the program is configured for {program}"
    )]
    ChipRevisionDiffers { image: String, program: String },
    #[error("the application of {len} bytes does not fit a flash of {flash_size}")]
    AppOverFlash { len: u32, flash_size: FlashSize },
    #[error("espflash: {0}")]
    Espflash(String),
    #[error("esp-idf-part: {0}")]
    EspIdfPart(String),

    // Image
    #[error("offset {offset:#x}: an image starts with 0xe9, here is {found:#04x}")]
    ImageMagic { offset: u32, found: u8 },
    #[error("offset {offset:#x}: {count} segments; an image has 1 to 16")]
    ImageSegmentCount { offset: u32, count: usize },
    #[error(
        "offset {offset:#x}: segment {index} has length {len:#x}; it has to be a multiple of 4 below 16 MB"
    )]
    ImageSegmentLength { offset: u32, index: usize, len: u32 },
    #[error("offset {offset:#x}: {what} is cut off, {missing} bytes are missing")]
    ImageTruncated {
        offset: u32,
        what: &'static str,
        missing: usize,
    },
    #[error("offset {offset:#x}: the image is for chip id {found} ({name}), not for the {chip}")]
    ImageChip {
        offset: u32,
        found: u16,
        name: &'static str,
        chip: Chip,
    },
    #[error(
        "offset {offset:#x}: segment {index} is mapped to {address:#010x}, which is not at the same offset in its page of \
         {page:#x} bytes"
    )]
    ImageSegmentMapping {
        offset: u32,
        index: usize,
        address: u32,
        page: u32,
    },
    #[error(
        "offset {offset:#x}: segment {index} at {address:#010x}..{end:#010x} is outside of the memory that can be loaded"
    )]
    ImageSegmentOutside {
        offset: u32,
        index: usize,
        address: u32,
        end: u64,
    },
    #[error(
        "offset {offset:#x}: segment {index} at {address:#010x}..{end:#010x} overwrites the bootloader's own memory \
         {taken_start:#010x}..{taken_end:#010x}"
    )]
    ImageOverBootloaderRam {
        offset: u32,
        index: usize,
        address: u32,
        end: u64,
        taken_start: u32,
        taken_end: u32,
    },
    #[error(
        "offset {offset:#x}: segment {second} at {second_start:#010x} overlaps segment {first}, which ends at {first_end:#010x}"
    )]
    ImageSegmentOverlap {
        offset: u32,
        first: usize,
        first_end: u64,
        second: usize,
        second_start: u32,
    },
    #[error("offset {offset:#x}: the image has no {name} segment; the bootloader aborts on it")]
    ImageNotMapped { offset: u32, name: &'static str },
    #[error(
        "offset {offset:#x}: a second {name} segment at {second:#010x}; the bootloader maps only the last one and would leave \
         {first:#010x} out"
    )]
    ImageMappedTwice {
        offset: u32,
        name: &'static str,
        first: u32,
        second: u32,
    },
    #[error("offset {offset:#x}: the entry address {entry:#010x} is not in any segment with code")]
    ImageEntry { offset: u32, entry: u32 },
    #[error("offset {offset:#x}: the checksum is {found:#04x}, the segments give {computed:#04x}")]
    ImageChecksum {
        offset: u32,
        found: u8,
        computed: u8,
    },
    #[error("offset {offset:#x}: the SHA-256 is {found}, the image gives {computed}")]
    ImageSha256 {
        offset: u32,
        found: String,
        computed: String,
    },
    #[error(
        "flash mode {mode:#04x} or flash size and frequency {config:#04x} in the header is unknown"
    )]
    FlashSettingsUnknown { mode: u8, config: u8 },

    #[error("flash offset {offset:#x} is beyond the largest flash of 256 MB")]
    FlashOffset { offset: u32 },

    // Bootloader
    #[error(
        "offset {offset:#x}: an application, not a bootloader: it has a segment mapped from flash to {address:#010x}"
    )]
    BootloaderIsApp { offset: u32, address: u32 },
    #[error(
        "the bootloader of {len} bytes is {over} bytes too large for {start:#x}..{partition_table_offset:#x}, below the \
         partition table"
    )]
    BootloaderTooLarge {
        len: u64,
        start: u32,
        partition_table_offset: u32,
        over: u64,
    },
    #[error(
        "the bootloader is to go to {offset:#x}, but the {chip}'s ROM loads it from {expected:#x}"
    )]
    BootloaderOffset {
        offset: u32,
        expected: u32,
        chip: Chip,
    },
    #[error(
        "the bootloader was compiled to look for the partition table at {made_for:#x}, and the table is at \
         {partition_table_offset:#x}"
    )]
    BootloaderTableOffset {
        made_for: u32,
        partition_table_offset: u32,
    },
    #[error("the bootloader's header says '{found}', the image is for '{expected}'")]
    BootloaderSettings {
        found: String,
        expected: FlashSettings,
    },

    // Partition table, CSV
    #[error("not a text file: byte {at} is not {encoding} text")]
    PartitionCsvNotText { at: usize, encoding: &'static str },
    #[error("the control character {found:#04x} is no part of a table")]
    PartitionCsvControl { found: u32 },
    #[error("the recovery bootloader has no offset")]
    PartitionRecoveryOffset,
    #[error("unexpected field '{value}' after the flags")]
    PartitionCsvExtra { value: String },
    #[error("the {field} is empty")]
    PartitionCsvEmpty {
        field: &'static str,
        example: &'static str,
    },
    #[error("variable '{value}' is not expanded")]
    PartitionCsvVariable { value: String },
    #[error("unknown partition type '{value}'")]
    PartitionType { value: String },
    #[error("unknown subtype '{value}' for type {kind}")]
    PartitionSubtype {
        value: String,
        kind: String,
        known: String,
    },
    #[error("the {field} '{value}' is not a number")]
    PartitionNumber { field: &'static str, value: String },
    #[error("unknown flag '{value}'")]
    PartitionFlag { value: String },
    #[error("partition '{name}' has size 0")]
    PartitionSizeZero { name: String },
    #[error("partition '{name}' is to end at {end:#x}, below its start at {start:#x}")]
    PartitionEndsBeforeStart { name: String, end: u32, start: u64 },
    #[error("partition '{name}' ends at {end:#x}, beyond 32-bit offsets")]
    PartitionBeyondAddresses { name: String, end: u64 },
    #[error("partition '{name}' at {offset:#x} comes after {previous}")]
    PartitionOrder {
        name: String,
        offset: u32,
        previous: String,
    },

    // Partition table
    #[error("the partition table is empty")]
    PartitionTableEmpty,
    #[error("{count} partitions; the table has room for {max}")]
    PartitionTooMany { count: usize, max: usize },
    #[error("the partition table's offset {offset:#x} is not a multiple of 0x1000")]
    PartitionTableOffset { offset: u32 },
    #[error("a partition has no name")]
    PartitionNameEmpty,
    #[error("the partition name '{name}' is {len} bytes long; the limit is {max}")]
    PartitionNameTooLong {
        name: String,
        len: usize,
        max: usize,
    },
    #[error(
        "the offset {offset:#x} of partition '{name}' (type {kind}) is not a multiple of {alignment:#x}"
    )]
    PartitionMisaligned {
        name: String,
        kind: String,
        offset: u32,
        alignment: u32,
        next: u64,
    },
    #[error(
        "partition '{name}' at {offset:#x} overlaps the partition table at {table:#x}..{first_free:#x}"
    )]
    PartitionOverTable {
        name: String,
        offset: u32,
        table: u32,
        first_free: u32,
    },
    #[error(
        "partition '{name}' at {offset:#x}..{end:#x} is below the partition table at {table:#x}..{first_free:#x}"
    )]
    PartitionBelowTable {
        name: String,
        offset: u32,
        end: u64,
        table: u32,
        first_free: u32,
    },
    #[error("the name '{name}' cannot be written as CSV")]
    PartitionNameNotCsv { name: String },
    #[error("this is {what}, not {wanted}")]
    KnownKind {
        what: &'static str,
        wanted: &'static str,
    },
    #[error("partition '{name}' ends at {end:#x}, {over} bytes beyond the flash of {flash_size}")]
    PartitionBeyondFlash {
        name: String,
        end: u64,
        flash_size: FlashSize,
        over: u64,
    },
    #[error("app partition '{name}' is {size:#x} bytes; the bootloader refuses more than 16 MB")]
    PartitionAppTooLarge { name: String, size: u32 },
    #[error("OTA data partition '{name}' is {size:#x} bytes; it has to be 0x2000")]
    PartitionOtadataSize { name: String, size: u32 },
    #[error("partition '{name}' of subtype {subtype} cannot be readonly: the system writes to it")]
    PartitionNeverReadonly { name: String, subtype: String },
    #[error("NVS partition '{name}' is {size:#x} bytes; one that is written needs 0x3000")]
    PartitionNvsSize { name: String, size: u32 },
    #[error("entry '{name}' of type {kind} has to be at {offset:#x} with size {size:#x}")]
    PartitionPrimary {
        name: String,
        kind: String,
        offset: u32,
        size: u32,
    },
    #[error("the name '{name}' is taken already by {first}")]
    PartitionDuplicate { name: String, first: String },
    #[error("partition {second} overlaps partition {first} by {over} bytes")]
    PartitionOverlap {
        first: String,
        second: String,
        over: u64,
    },
    #[error("only one partition can be {subtype}: there are {first} and {second}")]
    PartitionTwice {
        subtype: String,
        first: String,
        second: String,
    },
    #[error("offset {offset:#x}: the name of the partition is not text")]
    PartitionNameNotText { offset: u32 },
    #[error(
        "offset {offset:#x}: a partition table entry starts with aa50 or ebeb, here is {found}"
    )]
    PartitionEntryMagic { offset: u32, found: String },
    #[error(
        "offset {offset:#x}: the partition table's MD5 is {found}, the entries give {computed}"
    )]
    PartitionMd5 {
        offset: u32,
        found: String,
        computed: String,
    },
    #[error("the size {size:#x} of app partition '{name}' is not a multiple of 0x1000")]
    PartitionAppSize { name: String, size: u32 },
    #[error("offset {offset:#x}: the partition table has no end marker")]
    PartitionTableUnterminated { offset: u32 },
    #[error("not a binary partition table")]
    PartitionTableNotBinary,
    #[error("a binary partition table of {len} bytes; it has to be 3072")]
    PartitionTableLen { len: usize },

    // Merging
    #[error(
        "there is no app partition that the bootloader would start (factory, ota_0 and on, or test)"
    )]
    NoAppPartition,
    #[error("partition '{name}' is of type {kind}, not app")]
    NotAnAppPartition { name: String, kind: String },
    #[error("there is no partition '{name}'")]
    PartitionUnknown { name: String, known: String },
    #[error(
        "{file} of {len} bytes is {over} bytes too large for partition '{partition}' of {size} bytes"
    )]
    OverPartition {
        file: String,
        len: u64,
        partition: String,
        size: u64,
        over: u64,
    },
    #[error("{second} at {second_start:#x} overlaps {first} at {first_start:#x}..{first_end:#x}")]
    FilesCollide {
        first: String,
        first_start: u32,
        first_end: u64,
        second: String,
        second_start: u32,
    },
    #[error("two files are called {name}")]
    FileNameTwice { name: String },
    #[error("two entries of flasher_args.json would be called '{name}'")]
    EntryNameTwice { name: String },
    #[error("{what} should be at offset {offset:#x}, but the file covers {start:#x}..{end:#x}")]
    MergedTooShort {
        what: String,
        offset: u32,
        start: u32,
        end: u64,
    },

    // Size
    #[error("over budget: {over}")]
    OverBudget { over: String },
    #[error("there is no region or image '{name}' to set a budget for")]
    BudgetUnknown { name: String, known: String },
    #[error("'{name}' is given twice")]
    SizeNameTwice { name: String },

    // Bills of materials and provenance
    #[error("not a description of an image's inputs: {0}")]
    SbomInputs(String),
    #[error("not a component of CycloneDX 1.6: {0}")]
    SbomComponent(String),
    #[error("not a bill of materials as `espimage sbom` writes it: {0}")]
    SbomJson(String),
    #[error("no app partition holds an application with a descriptor")]
    ProvenanceNoApplication,
    #[error("not a linked program for Xtensa (ELF)")]
    ProvenanceNotElf,
    #[error("not a bill of materials: its name does not end in .cdx.json")]
    ProvenanceNotBom,
    #[error(
        "{what} was made from the ELF file with SHA-256 {sha256}, which is none of the {count} {kind} in {places}"
    )]
    ProvenanceNotFound {
        what: String,
        sha256: String,
        count: usize,
        kind: &'static str,
        places: String,
    },
    #[error("the content hash is {recorded}, but what the file lists gives {computed}")]
    ProvenanceContentHash { recorded: String, computed: String },
    #[error(
        "it is of an image from the same ELF file (SHA-256 {elf}), but no file of that image is the application with SHA-256 \
         {sha256}"
    )]
    ProvenanceOtherApplication { sha256: String, elf: String },
}

/// What to do with a file of another kind.
fn kind_help(what: &str) -> String {
    match what {
        "an ELF file" => {
            "make an image of it: `espimage convert`, or an esp32_image in Bazel".to_owned()
        }
        "an image for the ESP8266" => "take an image for the ESP32".to_owned(),
        "an Intel HEX file" | "a UF2 file" => {
            "convert it to a plain binary, or take the .bin file that it was made from".to_owned()
        }
        "an archive of objects" => "pass the linked and converted program".to_owned(),
        _ => "unpack it first".to_owned(),
    }
}

impl Error {
    pub(crate) fn read(path: &Path, error: std::io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            error,
        }
    }

    pub(crate) fn write(path: &Path, error: std::io::Error) -> Self {
        Self::Write {
            path: path.display().to_string(),
            error,
        }
    }

    pub(crate) fn in_file(self, file: &str) -> Self {
        Self::InFile {
            file: file.to_owned(),
            error: Box::new(self),
        }
    }

    pub(crate) fn in_part(self, part: &str) -> Self {
        Self::InPart {
            part: part.to_owned(),
            error: Box::new(self),
        }
    }

    pub(crate) fn at_line(self, line: usize) -> Self {
        Self::AtLine {
            line,
            error: Box::new(self),
        }
    }

    /// The line of the file that the error is about.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::AtLine { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// The error without the place that it was found at.
    pub fn cause(&self) -> &Self {
        match self {
            Self::InFile { error, .. }
            | Self::AtLine { error, .. }
            | Self::InPart { error, .. } => error.cause(),
            error => error,
        }
    }

    /// A name for the kind of error that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InFile { error, .. }
            | Self::AtLine { error, .. }
            | Self::InPart { error, .. } => error.code(),
            Self::Read { .. } => "espimage::read",
            Self::Write { .. } => "espimage::write",
            Self::ElfMagic { .. } => "espimage::elf_magic",
            Self::ElfClass { .. } => "espimage::elf_class",
            Self::ElfEndian => "espimage::elf_endian",
            Self::ElfMachine { .. } => "espimage::elf_machine",
            Self::ElfNotLinked { .. } => "espimage::elf_not_linked",
            Self::ElfNoEntry => "espimage::elf_no_entry",
            Self::ElfEntryOutside { .. } => "espimage::elf_entry_outside",
            Self::ElfTruncated { .. } => "espimage::elf_truncated",
            Self::ElfNoSections => "espimage::elf_no_sections",
            Self::ElfOutside { .. } => "espimage::elf_outside",
            Self::ElfOverlap { .. } => "espimage::elf_overlap",
            Self::ElfLoadAddress { .. } => "espimage::elf_load_address",
            Self::ElfNotMapped { .. } => "espimage::elf_not_mapped",
            Self::ElfFlashGap { .. } => "espimage::elf_flash_gap",
            Self::ElfBroken(_) => "espimage::elf_broken",
            Self::AppDescriptorMissing => "espimage::app_descriptor_missing",
            Self::AppDescriptorInvalid { .. } => "espimage::app_descriptor_invalid",
            Self::AppDescriptorNotFirst { .. } => "espimage::app_descriptor_not_first",
            Self::AppDescriptorPlace { .. } => "espimage::app_descriptor_place",
            Self::AppDescriptorText { .. } => "espimage::app_descriptor_text",
            Self::AppDescriptorElf { .. } => "espimage::app_descriptor_elf",
            Self::ChipRevisionRange { .. } => "espimage::chip_revision_range",
            Self::ChipRevisionDiffers { .. } => "espimage::chip_revision_differs",
            Self::AppOverFlash { .. } => "espimage::app_over_flash",
            Self::Espflash(_) => "espimage::espflash",
            Self::EspIdfPart(_) => "espimage::esp_idf_part",
            Self::ImageMagic { .. } => "espimage::image_magic",
            Self::ImageSegmentCount { .. } => "espimage::image_segment_count",
            Self::ImageSegmentLength { .. } => "espimage::image_segment_length",
            Self::ImageTruncated { .. } => "espimage::image_truncated",
            Self::ImageChip { .. } => "espimage::image_chip",
            Self::ImageSegmentMapping { .. } => "espimage::image_segment_mapping",
            Self::ImageSegmentOutside { .. } => "espimage::image_segment_outside",
            Self::ImageOverBootloaderRam { .. } => "espimage::image_over_bootloader_ram",
            Self::ImageSegmentOverlap { .. } => "espimage::image_segment_overlap",
            Self::ImageNotMapped { .. } => "espimage::image_not_mapped",
            Self::ImageMappedTwice { .. } => "espimage::image_mapped_twice",
            Self::ImageEntry { .. } => "espimage::image_entry",
            Self::ImageChecksum { .. } => "espimage::image_checksum",
            Self::ImageSha256 { .. } => "espimage::image_sha256",
            Self::FlashOffset { .. } => "espimage::flash_offset",
            Self::FlashSettingsUnknown { .. } => "espimage::flash_settings_unknown",
            Self::BootloaderIsApp { .. } => "espimage::bootloader_is_app",
            Self::BootloaderTooLarge { .. } => "espimage::bootloader_too_large",
            Self::BootloaderOffset { .. } => "espimage::bootloader_offset",
            Self::BootloaderTableOffset { .. } => "espimage::bootloader_table_offset",
            Self::BootloaderSettings { .. } => "espimage::bootloader_settings",
            Self::PartitionCsvNotText { .. } => "espimage::partition_csv_not_text",
            Self::PartitionCsvControl { .. } => "espimage::partition_csv_control",
            Self::PartitionRecoveryOffset => "espimage::partition_recovery_offset",
            Self::PartitionBelowTable { .. } => "espimage::partition_below_table",
            Self::KnownKind { .. } => "espimage::known_kind",
            Self::PartitionNameNotCsv { .. } => "espimage::partition_name_not_csv",
            Self::PartitionCsvExtra { .. } => "espimage::partition_csv_extra",
            Self::PartitionCsvEmpty { .. } => "espimage::partition_csv_empty",
            Self::PartitionCsvVariable { .. } => "espimage::partition_csv_variable",
            Self::PartitionType { .. } => "espimage::partition_type",
            Self::PartitionSubtype { .. } => "espimage::partition_subtype",
            Self::PartitionNumber { .. } => "espimage::partition_number",
            Self::PartitionFlag { .. } => "espimage::partition_flag",
            Self::PartitionSizeZero { .. } => "espimage::partition_size_zero",
            Self::PartitionEndsBeforeStart { .. } => "espimage::partition_ends_before_start",
            Self::PartitionBeyondAddresses { .. } => "espimage::partition_beyond_addresses",
            Self::PartitionOrder { .. } => "espimage::partition_order",
            Self::PartitionTableEmpty => "espimage::partition_table_empty",
            Self::PartitionTooMany { .. } => "espimage::partition_too_many",
            Self::PartitionTableOffset { .. } => "espimage::partition_table_offset",
            Self::PartitionNameEmpty => "espimage::partition_name_empty",
            Self::PartitionNameTooLong { .. } => "espimage::partition_name_too_long",
            Self::PartitionMisaligned { .. } => "espimage::partition_misaligned",
            Self::PartitionOverTable { .. } => "espimage::partition_over_table",
            Self::PartitionBeyondFlash { .. } => "espimage::partition_beyond_flash",
            Self::PartitionAppTooLarge { .. } => "espimage::partition_app_too_large",
            Self::PartitionOtadataSize { .. } => "espimage::partition_otadata_size",
            Self::PartitionNeverReadonly { .. } => "espimage::partition_never_readonly",
            Self::PartitionNvsSize { .. } => "espimage::partition_nvs_size",
            Self::PartitionPrimary { .. } => "espimage::partition_primary",
            Self::PartitionDuplicate { .. } => "espimage::partition_duplicate",
            Self::PartitionOverlap { .. } => "espimage::partition_overlap",
            Self::PartitionTwice { .. } => "espimage::partition_twice",
            Self::PartitionNameNotText { .. } => "espimage::partition_name_not_text",
            Self::PartitionEntryMagic { .. } => "espimage::partition_entry_magic",
            Self::PartitionMd5 { .. } => "espimage::partition_md5",
            Self::PartitionAppSize { .. } => "espimage::partition_app_size",
            Self::PartitionTableUnterminated { .. } => "espimage::partition_table_unterminated",
            Self::PartitionTableNotBinary => "espimage::partition_table_not_binary",
            Self::PartitionTableLen { .. } => "espimage::partition_table_len",
            Self::NoAppPartition => "espimage::no_app_partition",
            Self::NotAnAppPartition { .. } => "espimage::not_an_app_partition",
            Self::PartitionUnknown { .. } => "espimage::partition_unknown",
            Self::OverPartition { .. } => "espimage::over_partition",
            Self::FilesCollide { .. } => "espimage::files_collide",
            Self::FileNameTwice { .. } => "espimage::file_name_twice",
            Self::EntryNameTwice { .. } => "espimage::entry_name_twice",
            Self::MergedTooShort { .. } => "espimage::merged_too_short",
            Self::OverBudget { .. } => "espimage::over_budget",
            Self::BudgetUnknown { .. } => "espimage::budget_unknown",
            Self::SizeNameTwice { .. } => "espimage::size_name_twice",
            Self::SbomInputs(_) => "espimage::sbom_inputs",
            Self::SbomComponent(_) => "espimage::sbom_component",
            Self::SbomJson(_) => "espimage::sbom_json",
            Self::ProvenanceNoApplication => "espimage::provenance_no_application",
            Self::ProvenanceNotElf => "espimage::provenance_not_elf",
            Self::ProvenanceNotBom => "espimage::provenance_not_bom",
            Self::ProvenanceNotFound { .. } => "espimage::provenance_not_found",
            Self::ProvenanceContentHash { .. } => "espimage::provenance_content_hash",
            Self::ProvenanceOtherApplication { .. } => "espimage::provenance_other_application",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        let text: &str = match self {
            Self::InFile { error, .. }
            | Self::AtLine { error, .. }
            | Self::InPart { error, .. } => return error.help(),
            Self::Read { .. } => "check the path and its permissions",
            Self::Write { .. } => "check that the folder exists, is writable and has space",
            Self::ElfMagic { .. } => {
                "pass the program as the linker wrote it, not an image or an archive"
            }
            Self::ElfClass { .. } | Self::ElfEndian | Self::ElfMachine { .. } => {
                "build the program for the chip: in Bazel, with --platforms=//platforms:esp32 or through esp32_firmware"
            }
            Self::ElfNotLinked { .. } => {
                "link it: an object file or shared library has no final addresses"
            }
            Self::ElfNoEntry => {
                "name the start symbol with ENTRY(...) in the linker script or -e on the linker's command line"
            }
            Self::ElfEntryOutside { .. } => {
                "check ENTRY(...) in the linker script; the start code belongs into IRAM"
            }
            Self::ElfTruncated { .. } => {
                "link the program again, and check that the disk is not full"
            }
            Self::ElfNoSections => {
                "keep the section headers when stripping (strip -s keeps them, sstrip does not)"
            }
            Self::ElfOutside { .. } => {
                "place it in one of the regions of the linker script: IRAM 0x40080000 (128 KB), DRAM 0x3ffae000 to 0x40000000, \
                 flash code 0x400d0000, flash data 0x3f400000"
            }
            Self::ElfOverlap { .. } => "give each section of the linker script a range of its own",
            Self::ElfLoadAddress { .. } => {
                "remove AT(...) or AT> from the linker script: the bootloader copies a segment to where it runs"
            }
            Self::ElfNotMapped { .. } => {
                "place .text in flash code (0x400d0020) and .rodata in flash data (0x3f400020), and start code in IRAM"
            }
            Self::ElfFlashGap { .. } => {
                "put both into one output section of the linker script, or let the first one end where the second one starts: with \
                 `. = ALIGN(ALIGNOF(SECOND));` as its last line"
            }
            Self::ElfBroken(_) => "link the program again",
            Self::AppDescriptorMissing
            | Self::AppDescriptorInvalid { .. }
            | Self::AppDescriptorNotFirst { .. } => {
                "add the component that defines esp_app_desc (esp_app_desc_t, section .rodata_desc or .flash.appdesc), and place \
                 that section with KEEP first in flash data"
            }
            Self::AppDescriptorPlace { .. } => {
                "start flash data at 0x3f400020 in the linker script"
            }
            Self::AppDescriptorText { .. } => "shorten it to 31 bytes",
            Self::AppDescriptorElf { .. } => {
                "convert this ELF file again, or pass the ELF file that the image was made from"
            }
            Self::ChipRevisionRange { .. } => "swap or correct --min-chip-rev and --max-chip-rev",
            Self::ChipRevisionDiffers { .. } => {
                "leave --min-chip-rev (min_chip_rev of esp32_image) out, or configure esp-hal for the same: \
                 ESP_HAL_CONFIG_MIN_CHIP_REVISION, major * 100 + minor, in `env` of esp32_firmware"
            }
            Self::AppOverFlash { .. } => "make the program smaller, or pass the real --flash-size",
            Self::Espflash(_) | Self::EspIdfPart(_) => {
                "report this with the input file: espimage should have explained it better"
            }
            Self::ImageMagic { .. } => {
                "check that the file is an image for this offset; 0xff means that nothing was written there"
            }
            Self::ImageSegmentCount { .. } => {
                "merge sections in the linker script so that at most 16 segments remain; else the image is damaged"
            }
            Self::ImageSegmentLength { .. }
            | Self::ImageChecksum { .. }
            | Self::ImageSha256 { .. } => "the image is damaged or was edited: make it again",
            Self::ImageTruncated { .. } => "the file is incomplete: make or copy it again",
            Self::ImageChip { .. } => "take an image for this chip",
            Self::ImageSegmentMapping { .. } => {
                "write the image to a flash offset that is a multiple of 0x10000, and convert it with espimage or esptool"
            }
            Self::ImageSegmentOutside { .. } => "correct the memory regions of the linker script",
            Self::ImageOverBootloaderRam { .. } => {
                "keep initialised data in 0x3ffb0000..0x3ffdc200, where the bootloader is not"
            }
            Self::ImageSegmentOverlap { .. } => {
                "give each section of the linker script a range of its own"
            }
            Self::ImageNotMapped { .. } => {
                "place .text in flash code (0x400d0020) and .rodata in flash data (0x3f400020); if this is a bootloader, it is not \
                 an application"
            }
            Self::ImageMappedTwice { .. } => {
                "make the sections of one kind contiguous in the linker script"
            }
            Self::ImageEntry { .. } => "check ENTRY(...) in the linker script",
            Self::FlashOffset { .. } => {
                "pass an offset from the start of the flash, not an address in memory"
            }
            Self::FlashSettingsUnknown { .. } => {
                "write a known flash mode, size and frequency with `espimage bootloader`"
            }
            Self::BootloaderIsApp { .. } => {
                "pass the application with --app, and a second-stage bootloader here"
            }
            Self::BootloaderTooLarge { .. } => {
                "lower the bootloader's log level or optimise it for size, or move the partition table up (--partition-table-offset, \
                 and the same offset in the bootloader's configuration)"
            }
            Self::BootloaderOffset { expected, .. } => {
                return format!("remove the offset behind '@', or write {expected:#x}");
            }
            Self::BootloaderTableOffset { .. } => {
                "put the table where the bootloader looks, or compile a bootloader of ESP-IDF with another CONFIG_PARTITION_TABLE_OFFSET \
                 and pass it with --input and --made-for-partition-table-offset"
            }
            Self::BootloaderSettings { .. } => {
                "run `espimage bootloader` with the same --flash-mode, --flash-freq and --flash-size as `espimage merge`"
            }
            Self::PartitionCsvNotText { .. } => {
                "pass IDF's CSV format as UTF-8 text, or a binary table as espimage writes it"
            }
            Self::PartitionCsvControl { found: 0 } => {
                "save the file as UTF-8, or as UTF-16 with a byte order mark; or pass a binary table whole, which starts with aa50"
            }
            Self::PartitionCsvControl { .. } => "remove it",
            Self::PartitionRecoveryOffset => {
                "pass --recovery-bootloader-offset (CONFIG_BOOTLOADER_RECOVERY_OFFSET): what the line says does not count"
            }
            Self::PartitionBelowTable { first_free, .. } => {
                return format!(
                    "below the table is the bootloader's place: move the partition to {first_free:#x} or above, or leave the offset \
                     empty"
                );
            }
            Self::KnownKind { what, .. } => {
                return kind_help(what);
            }
            Self::PartitionNameNotCsv { .. } => {
                "rename it in the CSV file that the table was made from: a comma, a '$' or a space at its ends cannot be read back"
            }
            Self::PartitionCsvExtra { .. } => {
                "separate flags by ':', and start a comment behind them with '#'"
            }
            Self::PartitionCsvEmpty { example, .. } => {
                return format!("write, for example, {example}");
            }
            Self::PartitionCsvVariable { .. } => {
                "write the value: a table must not depend on the environment"
            }
            Self::PartitionType { .. } => {
                "use app, data, bootloader, partition_table, or a number from 0x40 to 0xfe of your own; 0xff means any type"
            }
            Self::PartitionSubtype { known, .. } if known.is_empty() => {
                "use a number from 0x00 to 0xff"
            }
            Self::PartitionSubtype { known, .. } => {
                return format!("use one of {known}, or a number from 0x00 to 0xff");
            }
            Self::PartitionNumber { .. } => {
                "write a number below 4 GB such as 0x6000, 24576, 24K or 1M"
            }
            Self::PartitionFlag { .. } => "use encrypted, readonly, or encrypted:readonly",
            Self::PartitionSizeZero { .. } => "give it a size, or remove the line",
            Self::PartitionEndsBeforeStart { .. } => {
                "a negative size is the offset at which the partition ends: raise it"
            }
            Self::PartitionBeyondAddresses { .. } => "lower its offset or size",
            Self::PartitionOrder { .. } => "sort the lines by offset",
            Self::PartitionTableEmpty => {
                "add at least an app partition: factory, app, factory, 0x10000, 1M"
            }
            Self::PartitionTooMany { max, .. } => {
                return format!("join or remove partitions until {max} are left");
            }
            Self::PartitionTableOffset { .. } => {
                "the table fills one flash sector: use a multiple of 0x1000, such as 0x8000"
            }
            Self::PartitionNameEmpty => "give it a name of at most 16 bytes",
            Self::PartitionNameTooLong { .. } => {
                "shorten it; umlauts and the like count as two bytes or more"
            }
            Self::PartitionMisaligned { next, .. } => {
                return format!(
                    "use {next:#x}, or leave the offset empty to get the next free one"
                );
            }
            Self::PartitionOverTable { first_free, .. } => {
                return format!("move it to {first_free:#x} or above, or leave the offset empty");
            }
            Self::PartitionBeyondFlash { .. } => {
                "make it smaller, or set the real flash size if the chip has more"
            }
            Self::PartitionAppTooLarge { .. } => "make it at most 16M",
            Self::PartitionAppSize { .. } => "round it up to flash sectors of 4K",
            Self::PartitionOtadataSize { .. } => "write 0x2000 or 8K as its size",
            Self::PartitionNeverReadonly { .. } => "remove the flag readonly",
            Self::PartitionNvsSize { .. } => "make it at least 0x3000, or add the flag readonly",
            Self::PartitionPrimary { .. } => "leave its offset and size empty",
            Self::PartitionDuplicate { .. } => "rename one of them",
            Self::PartitionOverlap { .. } => {
                "move or shrink one of them, or leave the offset empty to get the next free one"
            }
            Self::PartitionTwice { .. } => {
                "remove one of them, or give it another subtype: of two, the bootloader sees the last alone, and the other one is dead flash"
            }
            Self::PartitionNameNotText { .. }
            | Self::PartitionEntryMagic { .. }
            | Self::PartitionMd5 { .. }
            | Self::PartitionTableUnterminated { .. } => {
                "make the table again from its CSV file with `espimage partition-table`, and check its flash offset"
            }
            Self::PartitionTableNotBinary | Self::PartitionTableLen { .. } => {
                "make it from the CSV file with `espimage partition-table`"
            }
            Self::NoAppPartition => "add the line: factory, app, factory, , 1M",
            Self::NotAnAppPartition { .. } => "name a partition of type app with --app-partition",
            Self::PartitionUnknown { known, .. } => {
                return format!("use one of {known}, or add it to the partition table");
            }
            Self::OverPartition { .. } => {
                "enlarge the partition in the partition table, or make the file smaller"
            }
            Self::FilesCollide { .. } => {
                "the ESP32's bootloader belongs to 0x1000, the partition table to 0x8000, the application into an app partition from \
                 0x10000 on"
            }
            Self::FileNameTwice { .. } => {
                "rename one of them: flasher_args.json names files by their base names"
            }
            Self::EntryNameTwice { .. } => "rename the partition",
            Self::MergedTooShort { .. } => {
                "pass the whole merged image, or with --offset where in flash the file starts; for a table elsewhere, \
                 --partition-table-offset"
            }
            Self::OverBudget { .. } => {
                "make the symbols in the table smaller or remove them, or raise the budget"
            }
            Self::BudgetUnknown { known, .. } => {
                return format!("use one of {known}; name images with --image NAME=FILE");
            }
            Self::SizeNameTwice { .. } => "give each name once",
            Self::SbomInputs(_) => {
                "build the output group `sbom` of an esp32_image, which writes the description: docs/provenance.md"
            }
            Self::SbomComponent(_) => {
                "write it as CycloneDX has it: an object with at least `type`, `name` and `bom-ref`"
            }
            Self::SbomJson(_) | Self::ProvenanceNotBom => {
                "pass the file NAME.cdx.json of the output group `sbom`, or a folder"
            }
            Self::ProvenanceNoApplication => {
                "read the whole flash back, and check --offset and --partition-table-offset"
            }
            Self::ProvenanceNotElf => {
                "pass the ELF file as the linker wrote it, or a folder, such as bazel-out"
            }
            Self::ProvenanceNotFound { .. } => {
                "name with --elf or --sbom where the build that made it is kept, or build what may be its source again: the same \
                 source gives the same ELF file"
            }
            Self::ProvenanceContentHash { .. } => {
                "the file was edited: build the output group `sbom` again"
            }
            Self::ProvenanceOtherApplication { .. } => {
                "pass the bill of materials of this very image: another had other flash settings or versions, or the application \
                 was changed after it was built"
            }
        };
        text.to_owned()
    }
}
