//! Partition tables, with the rules of ESP-IDF's `components/partition_table/gen_esp32part.py`.

use std::fmt;
use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::chip::Chip;
use crate::error::Error;
use crate::flash::{FlashSize, check_sector_offset};
use crate::image::{MAX_LEN, hex, u32_at};
use crate::level::{Findings, Level};

/// Flash offset of the table unless the project says otherwise.
pub const DEFAULT_OFFSET: u32 = 0x8000;
/// Length of the binary table in bytes.
pub const BINARY_LEN: usize = 0xC00;
/// Flash that the table occupies: one sector.
pub const SECTOR_LEN: u32 = 0x1000;
/// Number of partitions that fit: the table has 96 entries, of which the MD5 and the end marker take one each
/// (`ESP_PARTITION_TABLE_MAX_ENTRIES` counts the end marker; `gen_esp32part.py` refuses a table that leaves no room for it).
pub const MAX_PARTITIONS: usize = BINARY_LEN / ENTRY_LEN - 2;
/// Longest name in bytes, which leaves no room for a NUL.
pub const MAX_NAME_LEN: usize = 16;

const ENTRY_LEN: usize = 32;
const ENTRY_MAGIC: [u8; 2] = [0xAA, 0x50];
const MD5_MAGIC: [u8; 2] = [0xEB, 0xEB];
const END_MARKER: [u8; ENTRY_LEN] = [0xFF; ENTRY_LEN];
/// Length of OTA data in bytes: two sectors.
pub const OTADATA_SIZE: u32 = 2 * SECTOR_LEN;
const NVS_MIN_SIZE: u32 = 0x3000;

/// Partition types with a name.
pub(crate) const TYPES: [(&str, u8); 4] = [
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
pub(crate) const TYPE_BOOTLOADER: u8 = 0x02;
pub(crate) const TYPE_PARTITION_TABLE: u8 = 0x03;
const APP_FACTORY: u8 = 0x00;
const APP_OTA_0: u8 = 0x10;
const APP_TEST: u8 = 0x20;
pub(crate) const DATA_OTA: u8 = 0x00;
const DATA_NVS: u8 = 0x02;
const DATA_COREDUMP: u8 = 0x03;
const DATA_TEE_OTA: u8 = 0x90;
pub(crate) const DATA_UNDEFINED: u8 = 0x06;
const SUBTYPE_PRIMARY: u8 = 0x00;
pub(crate) const SUBTYPE_RECOVERY: u8 = 0x02;
/// `ESP_PARTITION_TYPE_ANY`: no partition of this type could be found.
const TYPE_ANY: u8 = 0xFF;

pub(crate) fn subtypes(kind: u8) -> &'static [(&'static str, u8)] {
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
    pub(crate) fn is_primary(&self) -> bool {
        matches!(self.kind, TYPE_BOOTLOADER | TYPE_PARTITION_TABLE)
            && self.subtype == SUBTYPE_PRIMARY
    }

    pub(crate) fn alignment(&self) -> u32 {
        if self.is_app() { 0x1_0000 } else { 0x1000 }
    }

    pub(crate) fn at_line(&self, error: Error) -> Error {
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

pub(crate) fn name_of(names: &[(&str, u8)], value: u8) -> String {
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
    /// [`PartitionTable::read`] at the level of a build.
    pub fn from_binary(bytes: &[u8], options: TableOptions) -> Result<Self, Error> {
        Self::read(bytes, options, &mut Findings::new(Level::Build))
    }

    /// Reads a binary table, as flash holds it. `bytes` may be longer than the table. The bootloader asks for entries inside of the
    /// flash, an MD5 that is right if there is one, and an end marker, of which it looks at the first four bytes
    /// (`esp_partition_table_verify`, ESP-IDF `components/bootloader_support/src/flash_partitions.c`).
    pub fn read(
        bytes: &[u8],
        options: TableOptions,
        findings: &mut Findings,
    ) -> Result<Self, Error> {
        check_sector_offset(options.offset)?;
        let mut entries: Vec<(u32, &[u8])> = Vec::new();
        let mut md5_found = false;
        for (index, entry) in bytes
            .as_chunks::<ENTRY_LEN>()
            .0
            .iter()
            .map(|entry| &entry[..])
            .take(BINARY_LEN / ENTRY_LEN)
            .enumerate()
        {
            let at = index * ENTRY_LEN;
            let offset = options.offset + at as u32;
            if entry.starts_with(&END_MARKER[..4]) && index > 0 {
                if entry != END_MARKER {
                    findings.stricter(Err(Error::PartitionEntryMagic {
                        offset,
                        found: hex(&entry[..2]),
                    }))?;
                }
                // The bootloader counts the entries, less the MD5, from the start.
                let count = entries.len() - usize::from(md5_found);
                let mut partitions = Vec::new();
                for &(offset, entry) in &entries[..count] {
                    if entry.starts_with(&ENTRY_MAGIC) {
                        partitions.push(parse_entry(entry, offset, findings)?);
                    }
                }
                let table = Self { partitions };
                table.check(options, findings)?;
                return Ok(table);
            }
            if entry.starts_with(&MD5_MAGIC) && !md5_found {
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
            } else if entry.starts_with(&ENTRY_MAGIC) {
                // Also of an entry that it does not count in the end.
                let mut unsaid = Findings::new(Level::Bootloader);
                check_in_flash(&parse_entry(entry, offset, &mut unsaid)?, options)?;
                if md5_found {
                    findings.stricter(Err(Error::PartitionEntryMagic {
                        offset,
                        found: hex(&entry[..2]),
                    }))?;
                }
            } else if index == 0 && entry == END_MARKER {
                return Err(Error::PartitionTableEmpty);
            } else {
                return Err(Error::PartitionEntryMagic {
                    offset,
                    found: hex(&entry[..2]),
                });
            }
            entries.push((offset, entry));
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

    /// Checks that [`PartitionTable::to_csv`] writes what can be read back.
    pub fn check_csv(&self) -> Result<(), Error> {
        let plain = |name: &str| {
            name.trim() == name
                && !name.starts_with('#')
                && !name.contains(|c: char| c == ',' || c == '$' || c.is_control())
        };
        match self.partitions.iter().find(|p| !plain(&p.name)) {
            Some(partition) => Err(Error::PartitionNameNotCsv {
                name: partition.name.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The partition with this name.
    pub fn find(&self, name: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.name == name)
    }

    /// The partition from which the bootloader starts a freshly flashed chip: the first of [`PartitionTable::boot_order`].
    pub fn boot_partition(&self) -> Option<&Partition> {
        self.boot_order(None).first().copied()
    }

    /// The partitions that the bootloader tries, one after another: the slot that the OTA data select, those below it, the factory
    /// application, the other OTA slots, the test application. Of two of the same kind it knows the last. It counts the slots and
    /// tries as many from ota_0 on (`bootloader_utility_load_boot_image`, ESP-IDF
    /// `components/bootloader_support/src/bootloader_utility.c`).
    pub fn boot_order(&self, selected: Option<u8>) -> Vec<&Partition> {
        let last = |subtype: u8| {
            let mut all = self.partitions.iter().rev();
            all.find(|p| p.is_app() && p.subtype == subtype)
                .filter(|p| p.size > 0)
        };
        let first = selected.map_or(0, |slot| slot + 1);
        let slot = |slot: u8| last(APP_OTA_0 + slot);
        let mut order: Vec<_> = (0..first).rev().map(slot).collect();
        order.push(last(APP_FACTORY));
        order.extend((first..self.slot_count()).map(slot));
        order.push(last(APP_TEST));
        order.into_iter().flatten().collect()
    }

    /// The number of OTA slots.
    pub(crate) fn slot_count(&self) -> u8 {
        let is_slot = |p: &&Partition| p.is_app() && (APP_OTA_0..APP_TEST).contains(&p.subtype);
        self.partitions.iter().filter(is_slot).count().min(16) as u8
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

    pub(crate) fn check(
        &self,
        options: TableOptions,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        findings.stricter(self.check_count())?;
        for (index, partition) in self.partitions.iter().enumerate() {
            check_in_flash(partition, options).map_err(|error| partition.at_line(error))?;
            let at_line = |result: Result<(), Error>| result.map_err(|e| partition.at_line(e));
            findings.stricter(at_line(check_partition(partition, options)))?;
            for other in &self.partitions[..index] {
                findings.stricter(at_line(check_pair(other, partition)))?;
            }
        }
        Ok(())
    }
}

/// Whether `bytes` start like a binary table.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(&ENTRY_MAGIC)
}

fn parse_entry(entry: &[u8], offset: u32, findings: &mut Findings) -> Result<Partition, Error> {
    let name = &entry[12..28];
    let name = &name[..name
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(name.len())];
    findings.stricter(match std::str::from_utf8(name) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::PartitionNameNotText {
            offset: offset + 12,
        }),
    })?;
    let name = String::from_utf8_lossy(name);
    let flags = u32_at(entry, 28);
    Ok(Partition {
        name: name.into_owned(),
        kind: entry[2],
        subtype: entry[3],
        offset: u32_at(entry, 4),
        size: u32_at(entry, 8),
        encrypted: flags & 1 != 0,
        readonly: flags & 2 != 0,
        line: None,
    })
}

/// Checks what the bootloader checks, too.
fn check_in_flash(p: &Partition, options: TableOptions) -> Result<(), Error> {
    match options.flash_size {
        Some(flash_size) if p.end() > u64::from(flash_size.bytes()) => {
            Err(Error::PartitionBeyondFlash {
                name: p.name.clone(),
                end: p.end(),
                flash_size,
                over: p.end() - u64::from(flash_size.bytes()),
            })
        }
        _ => Ok(()),
    }
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
    if p.kind == TYPE_ANY {
        return Err(Error::PartitionType {
            value: p.kind_name(),
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
    if matches!(p.kind, TYPE_BOOTLOADER | TYPE_PARTITION_TABLE) {
        let (_, size) = primary_place(p.kind, options);
        if p.size != size {
            return Err(Error::PartitionPrimary {
                name: name(),
                kind: p.kind_name(),
                offset: p.offset,
                size,
            });
        }
    }
    let first_free = options.offset + SECTOR_LEN;
    if p.offset < first_free {
        let (offset, table) = (p.offset, options.offset);
        if p.end() <= u64::from(table) {
            return Err(Error::PartitionBelowTable {
                name: name(),
                offset,
                end: p.end(),
                table,
                first_free,
            });
        }
        return Err(Error::PartitionOverTable {
            name: name(),
            offset,
            table,
            first_free,
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
        TYPE_BOOTLOADER if second.subtype == SUBTYPE_RECOVERY => true,
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

pub(crate) fn primary_place(kind: u8, options: TableOptions) -> (u32, u32) {
    let bootloader = options.chip.bootloader_offset();
    match kind {
        TYPE_BOOTLOADER => (bootloader, options.offset.saturating_sub(bootloader)),
        _ => (options.offset, SECTOR_LEN),
    }
}
