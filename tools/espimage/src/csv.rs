//! Partition tables as text, with the rules of ESP-IDF's `components/partition_table/gen_esp32part.py`.
//!
//! A table that both take gives the same bytes. On purpose we refuse what that tool takes, and what it makes no sense of:
//! an empty table, a partition without a name or of no size, names above 16 bytes (it cuts them), two partitions of the same application
//! subtype (the bootloader knows the last alone) or of type 0xff (nothing finds it), an application partition above 16 MB (the bootloader
//! refuses it), an empty subtype of a bootloader or table, an offset for the primary bootloader or table that it would ignore, text behind
//! the flags that is no comment (it ignores a second flag there), `$` (a table must not depend on the environment), control characters,
//! and a table that ends beyond 4 GB.

use crate::error::Error;
use crate::flash::check_sector_offset;
use crate::level::{Findings, Level};
use crate::partition::{
    DATA_UNDEFINED, Partition, PartitionTable, SECTOR_LEN, SUBTYPE_RECOVERY, TYPE_APP,
    TYPE_BOOTLOADER, TYPE_PARTITION_TABLE, TYPES, TableOptions, is_binary, name_of, primary_place,
    subtypes,
};

/// What a project can say of its table besides.
#[derive(Debug, Clone, Default)]
pub struct CsvOptions {
    /// Flash offset of the recovery bootloader (CONFIG_BOOTLOADER_RECOVERY_OFFSET).
    pub recovery_bootloader_offset: Option<u32>,
    /// More names of subtypes.
    pub extra_subtypes: Vec<ExtraSubtype>,
}

/// A name that a project gives a subtype (`--extra-partition-subtypes`, EXTRA_PARTITION_SUBTYPES).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraSubtype {
    /// Type: 0 is an application, 1 is data.
    pub kind: u8,
    /// Name, in lower case.
    pub name: String,
    /// Subtype.
    pub value: u8,
}

impl std::str::FromStr for ExtraSubtype {
    type Err = String;

    /// Reads `TYPE, NAME, VALUE`, of which the value is hexadecimal with or without 0x in front.
    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<_> = text.split(',').map(str::trim).collect();
        let &[kind, name, value] = &fields[..] else {
            return Err("expected TYPE, NAME, VALUE, for example: data, settings, 0x40".to_owned());
        };
        let kind = TYPES.iter().find(|(known, _)| *known == kind);
        let kind = kind
            .ok_or_else(|| format!("'{}' is none of the types", fields[0]))?
            .1;
        let digits = value.to_lowercase();
        let digits = digits.strip_prefix("0x").unwrap_or(&digits);
        let value = u8::from_str_radix(digits, 16)
            .map_err(|_| format!("'{value}' is not a hexadecimal number up to ff"))?;
        let taken = |(known, number): &&(&str, u8)| *known == name || *number == value;
        if let Some((known, number)) = subtypes(kind).iter().find(taken) {
            return Err(format!("{known} is {number:#04x} already"));
        }
        if name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        Ok(Self {
            kind,
            name: name.to_lowercase(),
            value,
        })
    }
}

impl PartitionTable {
    /// Reads a table, CSV or binary, whichever it is.
    pub fn parse(bytes: &[u8], options: TableOptions, csv: &CsvOptions) -> Result<Self, Error> {
        if is_binary(bytes) {
            Self::from_binary(bytes, options)
        } else {
            Self::from_csv_with(bytes, options, csv)
        }
    }

    /// Reads IDF's CSV format.
    pub fn from_csv(bytes: &[u8], options: TableOptions) -> Result<Self, Error> {
        Self::from_csv_with(bytes, options, &CsvOptions::default())
    }

    /// [`PartitionTable::from_csv`], with what a project can say besides.
    pub fn from_csv_with(
        bytes: &[u8],
        options: TableOptions,
        csv: &CsvOptions,
    ) -> Result<Self, Error> {
        check_sector_offset(options.offset)?;
        let text = decode(bytes)?;
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if let Some(found) = text.chars().find(|&c| control(c)) {
            let before = text.split(found).next().unwrap_or_default();
            let error = Error::PartitionCsvControl {
                found: found.into(),
            };
            return Err(error.at_line(lines(before).count()));
        }
        let mut rows = Vec::new();
        for (index, line) in lines(&text).enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let row = Row::parse(line, index + 1, options, csv);
                rows.push(row.map_err(|error| error.at_line(index + 1))?);
            }
        }
        let table = Self {
            partitions: place(rows, options)?,
        };
        table.check(options, &mut Findings::new(Level::Build))?;
        Ok(table)
    }
}

/// Lines that end with \n, \r\n or \r.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r')
    })
}

/// The text: UTF-8, or UTF-16 or UTF-32 that a byte order mark starts.
fn decode(bytes: &[u8]) -> Result<String, Error> {
    const UTF8: &[u8] = b"\xEF\xBB\xBF";
    const UTF32_LE: &[u8] = b"\xFF\xFE\0\0";
    const UTF32_BE: &[u8] = b"\0\0\xFE\xFF";
    const UTF16_LE: &[u8] = b"\xFF\xFE";
    const UTF16_BE: &[u8] = b"\xFE\xFF";
    type Wide = fn(&[u8]) -> u32;
    let wide: Option<(&[u8], usize, Wide, &str)> = [
        (
            UTF32_LE,
            4,
            (|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])) as Wide,
            "UTF-32",
        ),
        (
            UTF32_BE,
            4,
            |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]),
            "UTF-32",
        ),
        (
            UTF16_LE,
            2,
            |b| u16::from_le_bytes([b[0], b[1]]).into(),
            "UTF-16",
        ),
        (
            UTF16_BE,
            2,
            |b| u16::from_be_bytes([b[0], b[1]]).into(),
            "UTF-16",
        ),
    ]
    .into_iter()
    .find_map(|(mark, width, read, name)| Some((bytes.strip_prefix(mark)?, width, read, name)));
    let Some((rest, width, read, encoding)) = wide else {
        let bytes = bytes.strip_prefix(UTF8).unwrap_or(bytes);
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(Error::PartitionCsvNotText {
                at: error.valid_up_to(),
                encoding: "UTF-8",
            }),
        };
    };
    let not_text = |index: usize| Error::PartitionCsvNotText {
        at: bytes.len() - rest.len() + index * width,
        encoding,
    };
    let (units, odd) = rest.split_at(rest.len() / width * width);
    let units: Vec<u32> = units.chunks_exact(width).map(read).collect();
    if !odd.is_empty() {
        return Err(not_text(units.len()));
    }
    if width == 4 {
        let chars = units.iter().enumerate();
        return chars
            .map(|(index, &unit)| char::from_u32(unit).ok_or_else(|| not_text(index)))
            .collect();
    }
    let mut index = 0;
    char::decode_utf16(units.iter().map(|&unit| unit as u16))
        .map(|decoded| {
            let at = index;
            index += decoded.as_ref().map_or(1, |c| c.len_utf16());
            decoded.map_err(|_| not_text(at))
        })
        .collect()
}

/// A line of the CSV file, before missing offsets are filled in.
struct Row {
    partition: Partition,
    offset: Option<u32>,
    size: Size,
}

/// A size, or with a minus sign the flash offset at which the partition ends.
enum Size {
    Bytes(u32),
    EndsAt(u32),
}

impl Row {
    fn parse(
        line: &str,
        number: usize,
        options: TableOptions,
        csv: &CsvOptions,
    ) -> Result<Self, Error> {
        if let Some(at) = line.find('$') {
            return Err(Error::PartitionCsvVariable {
                value: line[at..].to_owned(),
            });
        }
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        // What follows a comment belongs to it.
        let rest = fields
            .iter()
            .skip(6)
            .take_while(|field| !field.starts_with('#'));
        if let Some(extra) = rest.into_iter().find(|field| !field.is_empty()) {
            return Err(Error::PartitionCsvExtra {
                value: (*extra).to_owned(),
            });
        }
        if field(1).is_empty() {
            return Err(Error::PartitionCsvEmpty {
                field: "type",
                example: "app or data",
            });
        }
        let kind = lookup(field(1), &TYPES).ok_or_else(|| Error::PartitionType {
            value: field(1).to_owned(),
        })?;
        let mut partition = Partition {
            name: field(0).to_owned(),
            kind,
            subtype: parse_subtype(kind, field(2), csv)?,
            offset: 0,
            size: 0,
            encrypted: false,
            readonly: false,
            line: Some(number),
        };
        let (offset, size) = places(&partition, field(3), field(4), options, csv)?;
        for flag in field(5).split(':').map(str::trim) {
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

/// Offset and size of a line. Those of bootloaders and tables do not depend on what it says, which may be `N/A`.
fn places(
    partition: &Partition,
    offset: &str,
    size: &str,
    options: TableOptions,
    csv: &CsvOptions,
) -> Result<(Option<u32>, Size), Error> {
    let recovery = (partition.kind, partition.subtype) == (TYPE_BOOTLOADER, SUBTYPE_RECOVERY);
    let written = match offset {
        "" => None,
        _ if recovery => None,
        "N/A" if partition.is_primary() => None,
        value => Some(parse_number(value, "offset", value)?),
    };
    let fixed = match partition.kind {
        TYPE_BOOTLOADER | TYPE_PARTITION_TABLE => Some(primary_place(partition.kind, options)),
        _ => None,
    };
    if let Some((primary, len)) = fixed {
        if partition.is_primary() {
            if written.is_some_and(|written| written != primary) {
                return Err(Error::PartitionPrimary {
                    name: partition.name.clone(),
                    kind: partition.kind_name(),
                    offset: primary,
                    size: len,
                });
            }
            return Ok((Some(primary), Size::Bytes(len)));
        }
        if recovery {
            let offset = csv.recovery_bootloader_offset;
            let offset = offset.ok_or(Error::PartitionRecoveryOffset)?;
            return Ok((Some(offset), Size::Bytes(len)));
        }
        return Ok((written, Size::Bytes(len)));
    }
    let size = match size {
        "" => {
            return Err(Error::PartitionCsvEmpty {
                field: "size",
                example: "0x6000, 24K or 1M",
            });
        }
        value => match value.strip_prefix('-') {
            Some(end) => Size::EndsAt(parse_number(end, "size", value)?),
            None => Size::Bytes(parse_number(value, "size", value)?),
        },
    };
    Ok((written, size))
}

fn parse_subtype(kind: u8, value: &str, csv: &CsvOptions) -> Result<u8, Error> {
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
    let extra = csv.extra_subtypes.iter().filter(|extra| extra.kind == kind);
    let mut names = subtypes(kind).to_vec();
    names.extend(extra.map(|extra| (extra.name.as_str(), extra.value)));
    lookup(value, &names).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        Error::PartitionSubtype {
            value: value.to_owned(),
            kind: name_of(&TYPES, kind),
            known: known.join(", "),
        }
    })
}

/// A name of the list, or a number.
fn lookup(value: &str, names: &[(&str, u8)]) -> Option<u8> {
    let lower = value.to_lowercase();
    let named = names
        .iter()
        .find(|(name, _)| *name == lower)
        .map(|(_, value)| *value);
    named.or_else(|| number(&lower).and_then(|n| u8::try_from(n).ok()))
}

/// Fills in missing offsets, line by line.
fn place(rows: Vec<Row>, options: TableOptions) -> Result<Vec<Partition>, Error> {
    let mut partitions: Vec<Partition> = Vec::with_capacity(rows.len());
    let mut free = u64::from(options.offset) + u64::from(SECTOR_LEN);
    for Row {
        mut partition,
        offset,
        size,
    } in rows
    {
        let start = match offset {
            Some(offset) => u64::from(offset),
            None => free.next_multiple_of(partition.alignment().into()),
        };
        let size = match size {
            Size::Bytes(size) => size.into(),
            Size::EndsAt(end) => match u64::from(end).checked_sub(start) {
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
        };
        let (Ok(offset), Ok(size)) = (u32::try_from(start), u32::try_from(size)) else {
            let name = partition.name.clone();
            return Err(partition.at_line(Error::PartitionBeyondAddresses {
                name,
                end: start + size,
            }));
        };
        (partition.offset, partition.size) = (offset, size);
        if partition.is_primary() {
            partitions.push(partition);
            continue;
        }
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

/// A number as Python's `int(text, 0)` reads it, with an optional `k` or `m` behind it. `lower` is in lower case.
pub(crate) fn number(lower: &str) -> Option<u64> {
    let (digits, unit) = match lower.as_bytes().last()? {
        b'k' => (&lower[..lower.len() - 1], 1 << 10),
        b'm' => (&lower[..lower.len() - 1], 1 << 20),
        _ => (lower, 1),
    };
    let digits = digits.trim();
    let (prefixed, radix) = match digits.get(..2) {
        Some("0x") => (Some(&digits[2..]), 16),
        Some("0o") => (Some(&digits[2..]), 8),
        Some("0b") => (Some(&digits[2..]), 2),
        _ => (None, 10),
    };
    // One underscore may stand between digits, and behind the prefix.
    let digits = match prefixed {
        Some(digits) => digits.strip_prefix('_').unwrap_or(digits),
        None => digits,
    };
    let lone = |part: &str| part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric());
    if digits.split('_').any(lone) {
        return None;
    }
    let digits = digits.replace('_', "");
    let zeros = digits.bytes().all(|digit| digit == b'0');
    if prefixed.is_none() && digits.len() > 1 && digits.starts_with('0') && !zeros {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()?.checked_mul(unit)
}
