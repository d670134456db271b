//! Partition tables, with the rules of ESP-IDF's `components/partition_table/gen_esp32part.py`.

use std::fmt;
use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::chip::Chip;
use crate::error::Error;
use crate::flash::{FlashSize, check_offset};
use crate::image::{MAX_LEN, hex, u32_at};

/// Flash offset of the table unless the project says otherwise.
pub const DEFAULT_OFFSET: u32 = 0x8000;
/// Length of the binary table in bytes.
pub const BINARY_LEN: usize = 0xC00;
/// Flash that the table occupies: one sector.
pub const SECTOR_LEN: u32 = 0x1000;
/// Number of partitions that fit: the table has 96 entries, of which the MD5 and the end marker take one each
/// (`ESP_PARTITION_TABLE_MAX_ENTRIES` counts the end marker; `gen_esp32part.py` refuses a table that leaves no room for it).
pub const MAX_PARTITIONS: usize = BINARY_LEN / ENTRY_LEN - 2;
/// Longest name in bytes; a NUL follows.
pub const MAX_NAME_LEN: usize = 15;

const ENTRY_LEN: usize = 32;
const ENTRY_MAGIC: [u8; 2] = [0xAA, 0x50];
const MD5_MAGIC: [u8; 2] = [0xEB, 0xEB];
const END_MARKER: [u8; ENTRY_LEN] = [0xFF; ENTRY_LEN];
const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";
const OTADATA_SIZE: u32 = 0x2000;
const NVS_MIN_SIZE: u32 = 0x3000;

/// Partition types with a name.
const TYPES: [(&str, u8); 4] = [
    ("app", 0x00),
    ("data", 0x01),
    ("bootloader", 0x02),
    ("partition_table", 0x03),
];
const APP_SUBTYPES: [(&str, u8); 20] = [
    ("factory", 0x00),
    ("ota_0", 0x10),
    ("ota_1", 0x11),
    ("ota_2", 0x12),
    ("ota_3", 0x13),
    ("ota_4", 0x14),
    ("ota_5", 0x15),
    ("ota_6", 0x16),
    ("ota_7", 0x17),
    ("ota_8", 0x18),
    ("ota_9", 0x19),
    ("ota_10", 0x1A),
    ("ota_11", 0x1B),
    ("ota_12", 0x1C),
    ("ota_13", 0x1D),
    ("ota_14", 0x1E),
    ("ota_15", 0x1F),
    ("test", 0x20),
    ("tee_0", 0x30),
    ("tee_1", 0x31),
];
const DATA_SUBTYPES: [(&str, u8); 12] = [
    ("ota", 0x00),
    ("phy", 0x01),
    ("nvs", 0x02),
    ("coredump", 0x03),
    ("nvs_keys", 0x04),
    ("efuse", 0x05),
    ("undefined", 0x06),
    ("esphttpd", 0x80),
    ("fat", 0x81),
    ("spiffs", 0x82),
    ("littlefs", 0x83),
    ("tee_ota", 0x90),
];
const BOOTLOADER_SUBTYPES: [(&str, u8); 3] = [("primary", 0x00), ("ota", 0x01), ("recovery", 0x02)];
const PARTITION_TABLE_SUBTYPES: [(&str, u8); 2] = [("primary", 0x00), ("ota", 0x01)];

/// Type of an application partition.
pub const TYPE_APP: u8 = 0x00;
/// Type of a data partition.
pub const TYPE_DATA: u8 = 0x01;
const TYPE_BOOTLOADER: u8 = 0x02;
const TYPE_PARTITION_TABLE: u8 = 0x03;
const APP_FACTORY: u8 = 0x00;
const APP_OTA_0: u8 = 0x10;
const APP_TEST: u8 = 0x20;
const DATA_OTA: u8 = 0x00;
const DATA_NVS: u8 = 0x02;
const DATA_COREDUMP: u8 = 0x03;
const DATA_TEE_OTA: u8 = 0x90;
const DATA_UNDEFINED: u8 = 0x06;
const SUBTYPE_PRIMARY: u8 = 0x00;

fn subtypes(kind: u8) -> &'static [(&'static str, u8)] {
    match kind {
        TYPE_APP => &APP_SUBTYPES,
        TYPE_DATA => &DATA_SUBTYPES,
        TYPE_BOOTLOADER => &BOOTLOADER_SUBTYPES,
        TYPE_PARTITION_TABLE => &PARTITION_TABLE_SUBTYPES,
        _ => &[],
    }
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Name, at most 15 bytes.
    pub name: String,
    /// Type: 0 is an application, 1 is data, 0x40 to 0xFE are free for projects.
    pub kind: u8,
    /// Subtype; what it means depends on the type.
    pub subtype: u8,
    /// Flash offset of the first byte.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// Encrypted when flash encryption is enabled.
    pub encrypted: bool,
    /// Not written by the application.
    pub readonly: bool,
    /// Line of the CSV file that the partition came from.
    pub line: Option<usize>,
}

impl Partition {
    /// First flash offset after the partition.
    pub fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.size)
    }

    /// Whether it is for an application.
    pub fn is_app(&self) -> bool {
        self.kind == TYPE_APP
    }

    /// Whether it is the factory application, which the bootloader starts when no OTA data says otherwise.
    pub fn is_factory(&self) -> bool {
        self.is_app() && self.subtype == APP_FACTORY
    }

    /// Name of the type, or its number.
    pub fn kind_name(&self) -> String {
        name_of(&TYPES, self.kind)
    }

    /// Name of the subtype, or its number.
    pub fn subtype_name(&self) -> String {
        name_of(subtypes(self.kind), self.subtype)
    }

    fn is_data(&self, subtype: u8) -> bool {
        self.kind == TYPE_DATA && self.subtype == subtype
    }

    /// Whether the entry names the bootloader or the table itself, which lie below all other partitions.
    fn is_primary(&self) -> bool {
        matches!(self.kind, TYPE_BOOTLOADER | TYPE_PARTITION_TABLE)
            && self.subtype == SUBTYPE_PRIMARY
    }

    fn alignment(&self) -> u32 {
        if self.is_app() { 0x1_0000 } else { 0x1000 }
    }

    fn at_line(&self, error: Error) -> Error {
        match self.line {
            Some(line) => error.at_line(line),
            None => error,
        }
    }

    fn to_idf_part(&self) -> esp_idf_part::Partition {
        let mut flags = esp_idf_part::Flags::empty();
        flags.set(esp_idf_part::Flags::ENCRYPTED, self.encrypted);
        flags.set(esp_idf_part::Flags::READONLY, self.readonly);
        let (kind, subtype) = (self.kind.into(), self.subtype.into());
        esp_idf_part::Partition::new(&self.name, kind, subtype, self.offset, self.size, flags)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' {:#x}..{:#x}", self.name, self.offset, self.end())?;
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

fn name_of(names: &[(&str, u8)], value: u8) -> String {
    match names.iter().find(|(_, v)| *v == value) {
        Some((name, _)) => (*name).to_owned(),
        None => format!("{value:#04x}"),
    }
}

/// What a table is checked against.
#[derive(Debug, Clone, Copy)]
pub struct TableOptions {
    /// The chip.
    pub chip: Chip,
    /// Flash offset of the table.
    pub offset: u32,
    /// Size of the flash, where known.
    pub flash_size: Option<FlashSize>,
}

/// A partition table that passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    /// The partitions in the order of the table.
    pub partitions: Vec<Partition>,
}

impl PartitionTable {
    /// Reads a table, CSV or binary, whichever it is.
    pub fn parse(bytes: &[u8], options: TableOptions) -> Result<Self, Error> {
        if is_binary(bytes) {
            Self::from_binary(bytes, options)
        } else {
            Self::from_csv(bytes, options)
        }
    }

    /// Reads IDF's CSV format.
    pub fn from_csv(bytes: &[u8], options: TableOptions) -> Result<Self, Error> {
        check_table_offset(options.offset)?;
        let bytes = bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| Error::PartitionCsvNotText {
            at: e.valid_up_to(),
        })?;
        if let Some(at) = text.find(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Error::PartitionCsvNotText { at });
        }
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rows.push(Row::parse(line, index + 1).map_err(|error| error.at_line(index + 1))?);
            }
        }
        let table = Self {
            partitions: place(rows, options)?,
        };
        table.check(options)?;
        Ok(table)
    }

    /// Reads a binary table, as flash holds it. `bytes` may be longer than the table.
    pub fn from_binary(bytes: &[u8], options: TableOptions) -> Result<Self, Error> {
        check_table_offset(options.offset)?;
        let mut partitions = Vec::new();
        let mut md5_found = false;
        for (index, entry) in bytes
            .chunks(ENTRY_LEN)
            .take(BINARY_LEN / ENTRY_LEN)
            .enumerate()
        {
            let at = index * ENTRY_LEN;
            let offset = options.offset + at as u32;
            if entry == END_MARKER {
                let table = Self { partitions };
                table.check(options)?;
                return Ok(table);
            }
            if entry.len() < ENTRY_LEN {
                break;
            }
            if entry.starts_with(&MD5_MAGIC) {
                let computed = Md5::digest(&bytes[..at]);
                if entry[16..] != computed[..] {
                    let (found, computed) = (hex(&entry[16..]), hex(&computed));
                    return Err(Error::PartitionMd5 {
                        offset: offset + 16,
                        found,
                        computed,
                    });
                }
                md5_found = true;
            } else if entry.starts_with(&ENTRY_MAGIC) && !md5_found {
                partitions.push(parse_entry(entry, offset)?);
            } else {
                return Err(Error::PartitionEntryMagic {
                    offset,
                    found: hex(&entry[..2]),
                });
            }
        }
        Err(Error::PartitionTableUnterminated {
            offset: options.offset,
        })
    }

    /// The binary table: entries, MD5, and 0xFF up to 0xC00 bytes.
    pub fn to_binary(&self) -> Result<Vec<u8>, Error> {
        self.check_count()?;
        let partitions = self.partitions.iter().map(Partition::to_idf_part).collect();
        esp_idf_part::PartitionTable::new(partitions)
            .to_bin()
            .map_err(|e| Error::EspIdfPart(e.to_string()))
    }

    /// The table in IDF's CSV format.
    pub fn to_csv(&self) -> String {
        let mut csv =
            "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n".to_owned();
        for p in &self.partitions {
            let size = match p.size {
                size if size % (1 << 20) == 0 => format!("{}M", size >> 20),
                size if size % (1 << 10) == 0 => format!("{}K", size >> 10),
                size => format!("{size:#x}"),
            };
            let flags = [(p.encrypted, "encrypted"), (p.readonly, "readonly")];
            let flags: Vec<_> = flags
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, name)| *name)
                .collect();
            let (name, kind, subtype) = (&p.name, p.kind_name(), p.subtype_name());
            writeln!(
                csv,
                "{name},{kind},{subtype},{:#x},{size},{}",
                p.offset,
                flags.join(":")
            )
            .expect("writing to a String cannot fail");
        }
        csv
    }

    /// The partition with this name.
    pub fn find(&self, name: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.name == name)
    }

    /// The partition from which the bootloader starts a freshly flashed chip: the factory application, or else the first OTA
    /// slot.
    pub fn boot_partition(&self) -> Option<&Partition> {
        let ota = |p: &&Partition| p.is_app() && (APP_OTA_0..APP_TEST).contains(&p.subtype);
        let factory = self
            .partitions
            .iter()
            .find(|partition| partition.is_factory());
        factory.or_else(|| {
            self.partitions
                .iter()
                .filter(ota)
                .min_by_key(|partition| partition.subtype)
        })
    }

    fn check_count(&self) -> Result<(), Error> {
        match self.partitions.len() {
            0 => Err(Error::PartitionTableEmpty),
            count if count > MAX_PARTITIONS => Err(Error::PartitionTooMany {
                count,
                max: MAX_PARTITIONS,
            }),
            _ => Ok(()),
        }
    }

    fn check(&self, options: TableOptions) -> Result<(), Error> {
        self.check_count()?;
        for (index, partition) in self.partitions.iter().enumerate() {
            check_partition(partition, options).map_err(|error| partition.at_line(error))?;
            for other in &self.partitions[..index] {
                check_pair(other, partition).map_err(|error| partition.at_line(error))?;
            }
        }
        Ok(())
    }
}

/// Whether `bytes` start like a binary table.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(&ENTRY_MAGIC)
}

fn check_table_offset(offset: u32) -> Result<(), Error> {
    check_offset(offset)?;
    if !offset.is_multiple_of(SECTOR_LEN) {
        return Err(Error::PartitionTableOffset { offset });
    }
    Ok(())
}

fn parse_entry(entry: &[u8], offset: u32) -> Result<Partition, Error> {
    let name = &entry[12..28];
    let name = &name[..name
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(name.len())];
    let name = std::str::from_utf8(name).map_err(|_| Error::PartitionNameNotText {
        offset: offset + 12,
    })?;
    let flags = u32_at(entry, 28);
    Ok(Partition {
        name: name.to_owned(),
        kind: entry[2],
        subtype: entry[3],
        offset: u32_at(entry, 4),
        size: u32_at(entry, 8),
        encrypted: flags & 1 != 0,
        readonly: flags & 2 != 0,
        line: None,
    })
}

/// Checks a partition by itself.
fn check_partition(p: &Partition, options: TableOptions) -> Result<(), Error> {
    let name = || p.name.clone();
    if p.name.is_empty() {
        return Err(Error::PartitionNameEmpty);
    }
    if p.name.len() > MAX_NAME_LEN {
        return Err(Error::PartitionNameTooLong {
            name: name(),
            len: p.name.len(),
            max: MAX_NAME_LEN,
        });
    }
    if p.size == 0 {
        return Err(Error::PartitionSizeZero { name: name() });
    }
    if !p.offset.is_multiple_of(p.alignment()) {
        return Err(Error::PartitionMisaligned {
            name: name(),
            kind: p.kind_name(),
            offset: p.offset,
            alignment: p.alignment(),
            next: u64::from(p.offset).next_multiple_of(p.alignment().into()),
        });
    }
    if p.is_primary() {
        let (offset, size) = primary_place(p.kind, options);
        if (p.offset, p.size) != (offset, size) {
            return Err(Error::PartitionPrimary {
                name: name(),
                kind: p.kind_name(),
                offset,
                size,
            });
        }
        return Ok(());
    }
    let first_free = options.offset + SECTOR_LEN;
    if p.offset < first_free {
        let (offset, table) = (p.offset, options.offset);
        return Err(Error::PartitionOverTable {
            name: name(),
            offset,
            table,
            first_free,
        });
    }
    if let Some(flash_size) = options.flash_size
        && p.end() > u64::from(flash_size.bytes())
    {
        let over = p.end() - u64::from(flash_size.bytes());
        return Err(Error::PartitionBeyondFlash {
            name: name(),
            end: p.end(),
            flash_size,
            over,
        });
    }
    if p.is_app() && p.size > MAX_LEN {
        return Err(Error::PartitionAppTooLarge {
            name: name(),
            size: p.size,
        });
    }
    if p.is_app() && !p.size.is_multiple_of(SECTOR_LEN) {
        return Err(Error::PartitionAppSize {
            name: name(),
            size: p.size,
        });
    }
    if (p.is_data(DATA_OTA) || p.is_data(DATA_TEE_OTA)) && p.size != OTADATA_SIZE {
        return Err(Error::PartitionOtadataSize {
            name: name(),
            size: p.size,
        });
    }
    if p.readonly && (p.is_data(DATA_OTA) || p.is_data(DATA_COREDUMP)) {
        return Err(Error::PartitionNeverReadonly {
            name: name(),
            subtype: p.subtype_name(),
        });
    }
    if p.is_data(DATA_NVS) && p.size < NVS_MIN_SIZE && !p.readonly {
        return Err(Error::PartitionNvsSize {
            name: name(),
            size: p.size,
        });
    }
    Ok(())
}

/// Checks a partition against one before it.
fn check_pair(first: &Partition, second: &Partition) -> Result<(), Error> {
    if first.name == second.name {
        return Err(Error::PartitionDuplicate {
            name: second.name.clone(),
            first: first.to_string(),
        });
    }
    if first.end() > u64::from(second.offset) && second.end() > u64::from(first.offset) {
        let over = first.end().min(second.end()) - u64::from(first.offset.max(second.offset));
        return Err(Error::PartitionOverlap {
            first: first.to_string(),
            second: second.to_string(),
            over,
        });
    }
    let single = match second.kind {
        TYPE_APP => second.subtype <= APP_TEST,
        TYPE_DATA => matches!(second.subtype, DATA_OTA | DATA_TEE_OTA),
        _ => second.is_primary(),
    };
    if single && (first.kind, first.subtype) == (second.kind, second.subtype) {
        let subtype = format!("{},{}", second.kind_name(), second.subtype_name());
        return Err(Error::PartitionTwice {
            subtype,
            first: first.to_string(),
            second: second.to_string(),
        });
    }
    Ok(())
}

fn primary_place(kind: u8, options: TableOptions) -> (u32, u32) {
    let bootloader = options.chip.bootloader_offset();
    match kind {
        TYPE_BOOTLOADER => (bootloader, options.offset.saturating_sub(bootloader)),
        _ => (options.offset, SECTOR_LEN),
    }
}

/// A line of the CSV file, before missing offsets are filled in.
struct Row {
    partition: Partition,
    offset: Option<u32>,
    size: Option<Size>,
}

/// A size, or with a minus sign the flash offset at which the partition ends.
enum Size {
    Bytes(u32),
    EndsAt(u32),
}

impl Row {
    fn parse(line: &str, number: usize) -> Result<Self, Error> {
        if let Some(at) = line.find('$') {
            return Err(Error::PartitionCsvVariable {
                value: line[at..].to_owned(),
            });
        }
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        if fields.len() < 5 {
            return Err(Error::PartitionCsvShort {
                line: line.to_owned(),
                fields: fields.len(),
            });
        }
        if let Some(extra) = fields[5..].iter().skip(1).find(|field| !field.is_empty()) {
            return Err(Error::PartitionCsvExtra {
                value: (*extra).to_owned(),
            });
        }
        if fields[1].is_empty() {
            return Err(Error::PartitionCsvEmpty {
                field: "type",
                example: "app or data",
            });
        }
        let kind = lookup(fields[1], &TYPES).ok_or_else(|| Error::PartitionType {
            value: fields[1].to_owned(),
        })?;
        let subtype = parse_subtype(kind, fields[2])?;
        let size = match fields[4] {
            "" => None,
            value => Some(match value.strip_prefix('-') {
                Some(end) => Size::EndsAt(parse_number(end, "size", value)?),
                None => Size::Bytes(parse_number(value, "size", value)?),
            }),
        };
        let offset = match fields[3] {
            "" => None,
            value => Some(parse_number(value, "offset", value)?),
        };
        let mut partition = Partition {
            name: fields[0].to_owned(),
            kind,
            subtype,
            offset: 0,
            size: 0,
            encrypted: false,
            readonly: false,
            line: Some(number),
        };
        if size.is_none() && !matches!(kind, TYPE_BOOTLOADER | TYPE_PARTITION_TABLE) {
            return Err(Error::PartitionCsvEmpty {
                field: "size",
                example: "0x6000, 24K or 1M",
            });
        }
        for flag in fields
            .get(5)
            .into_iter()
            .flat_map(|flags| flags.split(':'))
            .map(str::trim)
        {
            match flag {
                "encrypted" => partition.encrypted = true,
                "readonly" => partition.readonly = true,
                "" => {}
                _ => {
                    return Err(Error::PartitionFlag {
                        value: flag.to_owned(),
                    });
                }
            }
        }
        Ok(Self {
            partition,
            offset,
            size,
        })
    }
}

fn parse_subtype(kind: u8, value: &str) -> Result<u8, Error> {
    if value.is_empty() {
        return match kind {
            TYPE_APP => Err(Error::PartitionCsvEmpty {
                field: "subtype",
                example: "factory",
            }),
            TYPE_BOOTLOADER | TYPE_PARTITION_TABLE => Err(Error::PartitionCsvEmpty {
                field: "subtype",
                example: "primary",
            }),
            _ => Ok(DATA_UNDEFINED),
        };
    }
    let names = subtypes(kind);
    lookup(value, names).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        Error::PartitionSubtype {
            value: value.to_owned(),
            kind: name_of(&TYPES, kind),
            known: known.join(", "),
        }
    })
}

/// A name of the list, or a number up to 0xFE; 0xFF means "any" in IDF's API.
fn lookup(value: &str, names: &[(&str, u8)]) -> Option<u8> {
    let lower = value.to_lowercase();
    let named = names
        .iter()
        .find(|(name, _)| *name == lower)
        .map(|(_, value)| *value);
    named.or_else(|| {
        number(&lower)
            .and_then(|n| u8::try_from(n).ok())
            .filter(|&n| n != 0xFF)
    })
}

/// Fills in missing offsets and sizes, line by line.
fn place(rows: Vec<Row>, options: TableOptions) -> Result<Vec<Partition>, Error> {
    let mut partitions: Vec<Partition> = Vec::with_capacity(rows.len());
    let mut free = u64::from(options.offset) + u64::from(SECTOR_LEN);
    for Row {
        mut partition,
        offset,
        size,
    } in rows
    {
        if partition.is_primary() {
            let (primary_offset, primary_size) = primary_place(partition.kind, options);
            partition.offset = offset.unwrap_or(primary_offset);
            partition.size = match size {
                Some(Size::Bytes(size)) => size,
                _ => primary_size,
            };
            partitions.push(partition);
            continue;
        }
        let start = match offset {
            Some(offset) => u64::from(offset),
            None => free.next_multiple_of(partition.alignment().into()),
        };
        let size = match size {
            Some(Size::EndsAt(end)) => match u64::from(end).checked_sub(start) {
                Some(size) => size,
                None => {
                    let name = partition.name.clone();
                    return Err(partition.at_line(Error::PartitionEndsBeforeStart {
                        name,
                        end,
                        start,
                    }));
                }
            },
            Some(Size::Bytes(size)) => size.into(),
            None => primary_place(partition.kind, options).1.into(),
        };
        let (Ok(offset), Ok(size)) = (u32::try_from(start), u32::try_from(size)) else {
            let name = partition.name.clone();
            return Err(partition.at_line(Error::PartitionBeyondAddresses {
                name,
                end: start + size,
            }));
        };
        (partition.offset, partition.size) = (offset, size);
        // IDF wants ascending offsets. An overlap is reported as such by the checks that follow.
        if start < free
            && partitions
                .iter()
                .all(|other| other.end() <= start || partition.end() <= other.offset.into())
            && let Some(previous) = partitions.last()
            && start >= u64::from(options.offset + SECTOR_LEN)
        {
            let (name, previous) = (partition.name.clone(), previous.to_string());
            return Err(partition.at_line(Error::PartitionOrder {
                name,
                offset,
                previous,
            }));
        }
        free = partition.end();
        partitions.push(partition);
    }
    Ok(partitions)
}

fn parse_number(value: &str, field: &'static str, whole: &str) -> Result<u32, Error> {
    number(&value.to_lowercase())
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(|| Error::PartitionNumber {
            field,
            value: whole.to_owned(),
        })
}

/// A number as in C or Python, with an optional `k` or `m` behind it. `lower` is in lower case.
pub(crate) fn number(lower: &str) -> Option<u64> {
    let (digits, unit) = match lower.as_bytes().last()? {
        b'k' => (&lower[..lower.len() - 1], 1 << 10),
        b'm' => (&lower[..lower.len() - 1], 1 << 20),
        _ => (lower, 1),
    };
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ if digits.len() > 1 && digits.starts_with('0') => return None,
        _ => (digits, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()?.checked_mul(unit)
}
