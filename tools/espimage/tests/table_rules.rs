//! We and ESP-IDF make the same bytes of a table. What ESP-IDF does is written down here once more, from the rules of
//! `components/partition_table/gen_esp32part.py`; what we refuse on purpose is in [`ON_PURPOSE`].

use espimage::chip::Chip;
use espimage::partition::{PartitionTable, TableOptions};
use md5::{Digest, Md5};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// What ESP-IDF takes and we refuse: `espimage::csv` says why.
const ON_PURPOSE: [&str; 13] = [
    "partition_app_too_large",
    "partition_beyond_addresses",
    "partition_csv_empty",
    "partition_csv_extra",
    "partition_name_empty",
    "partition_name_too_long",
    "partition_primary",
    "partition_recovery_offset",
    "partition_size_zero",
    "partition_table_empty",
    "partition_twice",
    "partition_type",
    "partition_ends_before_start",
];

/// ESP-IDF's rules.
mod idf {
    use super::{Digest, Md5};

    const TABLE: i64 = 0x8000;
    const BOOTLOADER: i64 = 0x1000;

    struct Row {
        name: Vec<u8>,
        kind: i64,
        subtype: i64,
        offset: Option<i64>,
        size: i64,
        flags: u32,
    }

    /// `parse_int`: a suffix, else Python's `int(text, 0)`, else a name.
    fn int(text: &str, names: &[(&str, i64)]) -> Option<i64> {
        let lower = text.to_lowercase();
        for (suffix, factor) in [('k', 1 << 10), ('m', 1 << 20)] {
            if let Some(rest) = lower.strip_suffix(suffix) {
                return int(rest, names).map(|number| number * factor);
            }
        }
        let plain = lower.trim();
        let (negative, digits) = match plain.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, plain),
        };
        let number = match (digits.strip_prefix("0x"), digits) {
            (Some(hex), _) => i64::from_str_radix(hex, 16).ok(),
            (None, "0") => Some(0),
            (None, digits) if digits.starts_with('0') => None,
            (None, digits) => digits
                .parse()
                .ok()
                .filter(|_| !digits.starts_with(['+', '-'])),
        };
        let number = number.map(|number| if negative { -number } else { number });
        number.or_else(|| {
            names
                .iter()
                .find(|(name, _)| *name == lower)
                .map(|(_, value)| *value)
        })
    }

    fn subtypes(kind: i64) -> Vec<(String, i64)> {
        let plain: &[(&str, i64)] = match kind {
            0 => &[
                ("factory", 0),
                ("test", 0x20),
                ("tee_0", 0x30),
                ("tee_1", 0x31),
            ],
            1 => &[
                ("ota", 0),
                ("phy", 1),
                ("nvs", 2),
                ("coredump", 3),
                ("nvs_keys", 4),
                ("efuse", 5),
                ("undefined", 6),
                ("esphttpd", 0x80),
                ("fat", 0x81),
                ("spiffs", 0x82),
                ("littlefs", 0x83),
                ("tee_ota", 0x90),
            ],
            2 => &[("primary", 0), ("ota", 1), ("recovery", 2)],
            3 => &[("primary", 0), ("ota", 1)],
            _ => &[],
        };
        let slots = (0..16).filter(|_| kind == 0);
        let mut all: Vec<_> = plain
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        all.extend(slots.map(|slot| (format!("ota_{slot}"), 0x10 + slot)));
        all
    }

    fn row(line: &str) -> Option<Row> {
        let padded = format!("{line},,,,");
        let fields: Vec<&str> = padded.split(',').map(str::trim).collect();
        let kinds = [
            ("bootloader", 2),
            ("partition_table", 3),
            ("app", 0),
            ("data", 1),
        ];
        let kind = int(fields[1], &kinds).filter(|_| !fields[1].is_empty())?;
        let names = subtypes(kind);
        let names: Vec<_> = names
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        let subtype = match fields[2] {
            "" if kind == 0 => return None,
            "" => 6,
            text => int(text, &names)?,
        };
        let offset = match (kind, subtype, fields[3]) {
            (2, 0, _) => Some(BOOTLOADER),
            (2, 2, _) => return None,
            (3, 0, _) => Some(TABLE),
            (_, _, "") => None,
            (_, _, text) => Some(int(text, &[])?),
        };
        let size = match (kind, fields[4]) {
            (2, _) => TABLE - BOOTLOADER,
            (3, _) => 0x1000,
            (_, text) => int(text, &[])?,
        };
        let mut flags = 0;
        for flag in fields.get(5).copied().unwrap_or_default().split(':') {
            flags |= match flag {
                "encrypted" => 1,
                "readonly" => 2,
                "" => 0,
                _ => return None,
            };
        }
        Some(Row {
            name: fields[0].as_bytes().to_vec(),
            kind,
            subtype,
            offset,
            size,
            flags,
        })
    }

    fn primary(row: &Row) -> bool {
        matches!(row.kind, 2 | 3) && row.subtype == 0
    }

    /// The binary table, if ESP-IDF makes one for this flash.
    pub fn table(csv: &str, flash_size: i64) -> Option<Vec<u8>> {
        let lines = csv.lines().map(str::trim);
        let mut rows: Vec<Row> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(row)
            .collect::<Option<_>>()?;
        let mut free = TABLE + 0x1000;
        for row in rows.iter_mut().filter(|row| !primary(row)) {
            let align = if row.kind == 0 { 0x1_0000 } else { 0x1000 };
            let offset = match row.offset {
                Some(offset) if offset < free => return None,
                Some(offset) => offset,
                None => (free + align - 1) / align * align,
            };
            row.offset = Some(offset);
            if row.size < 0 {
                row.size = -row.size - offset;
            }
            free = offset + row.size;
        }
        let of = |row: &Row| row.offset.expect("filled in");
        for (index, row) in rows.iter().enumerate() {
            let align = if row.kind == 0 { 0x1_0000 } else { 0x1000 };
            let wrong = of(row) % align != 0
                || (row.kind == 0 && row.size % 0x1000 != 0)
                || (row.kind == 1 && matches!(row.subtype, 0 | 3) && row.flags & 2 != 0)
                || (row.kind == 1 && row.subtype == 2 && row.size < 0x3000 && row.flags & 2 == 0)
                || (row.kind == 1 && matches!(row.subtype, 0 | 0x90) && row.size != 0x2000)
                || (of(row) < TABLE + 0x1000 && !primary(row))
                || rows[..index].iter().any(|other| {
                    let otadata = row.kind == 1 && matches!(row.subtype, 0 | 0x90);
                    other.name == row.name
                        || (otadata && (other.kind, other.subtype) == (row.kind, row.subtype))
                });
            if wrong {
                return None;
            }
        }
        let mut sorted: Vec<_> = rows.iter().collect();
        sorted.sort_by_key(|row| of(row));
        let overlaps = |pair: &[&Row]| of(pair[1]) < of(pair[0]) + pair[0].size;
        if sorted.windows(2).any(overlaps) {
            return None;
        }
        if sorted
            .last()
            .is_some_and(|last| of(last) + last.size > flash_size)
        {
            return None;
        }
        let mut bytes = Vec::new();
        for row in &rows {
            bytes.extend([
                0xAA,
                0x50,
                u8::try_from(row.kind).ok()?,
                u8::try_from(row.subtype).ok()?,
            ]);
            bytes.extend(u32::try_from(of(row)).ok()?.to_le_bytes());
            bytes.extend(u32::try_from(row.size).ok()?.to_le_bytes());
            let mut name = row.name.clone();
            name.resize(16, 0);
            bytes.extend(name);
            bytes.extend(row.flags.to_le_bytes());
        }
        let md5 = Md5::digest(&bytes);
        bytes.extend([0xEB, 0xEB]);
        bytes.extend([0xFF; 14]);
        bytes.extend(md5);
        if bytes.len() >= 0xC00 {
            return None;
        }
        bytes.resize(0xC00, 0xFF);
        Some(bytes)
    }
}

fn field(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(choices).prop_map(str::to_owned)
}

/// A line that is right more often than not.
fn line() -> impl Strategy<Value = String> {
    let name = prop_oneof![8 => "[a-z_0-9]{1,16}", 1 => field(&["", "sixteen__letters", "seventeen__letter", "ä"])];
    let place = |offset, size, flags| (field(offset), field(size), field(flags));
    const OFFSETS: &[&str] = &[
        "", "", "", "", "", "", "0x9000", "0x10000", "0x20000", "65536", "0x9100", "N/A", "1M",
    ];
    const SIZES: &[&str] = &[
        "0x1000", "4096", "4K", "24k", "0x6000", "64K", "1M", " 1 M ", "0x2000", "8K", "0x3000",
        "0x1234", "-2M", "0", "", "17M", "0x10800",
    ];
    const FLAGS: &[&str] = &[
        "",
        "",
        ",encrypted",
        ",readonly",
        ",encrypted:readonly",
        ",",
        ",,",
        ",, # why, not",
        ",crypted",
        ",encrypted,readonly",
    ];
    let types = prop_oneof![
        6 => select(vec![("app", &["factory", "ota_0", "ota_1", "ota_15", "test", "0x10", "255", "tee_1", ""][..])]),
        6 => select(vec![("data", &["nvs", "phy", "ota", "coredump", "nvs_keys", "0xff", "0x99", "", "fat", "tee_ota", "256"][..])]),
        1 => select(vec![("bootloader", &["primary", "ota", "recovery", "", "7"][..])]),
        1 => select(vec![("partition_table", &["primary", "ota", "", "3"][..])]),
        2 => select(vec![("0x40", &["0", "0xFF", "nvs", ""][..]), ("DATA", &["NVS"][..]), ("0xff", &["1"][..]), ("x", &["1"][..]), ("", &[""][..])]),
    ];
    let kind = types.prop_flat_map(|(kind, subtypes)| (Just(kind), select(subtypes)));
    let row = (name, kind, place(OFFSETS, SIZES, FLAGS));
    prop_oneof![
        12 => row.prop_map(|(name, (kind, subtype), (offset, size, flags))| {
            format!("{name},{kind}, {subtype},{offset} ,{size}{flags}")
        }),
        1 => field(&["# a comment", "", "  ", "a,app,factory", "b,bootloader,primary", "t,partition_table,primary", "n"]),
    ]
}

#[test]
fn tables_are_esp_idfs_byte_for_byte() {
    const FLASH: u32 = 32 << 20;
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[0; 32]);
    let config = Config {
        cases: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    let options = TableOptions {
        chip: Chip::Esp32,
        offset: 0x8000,
        flash_size: Some(espimage::flash::FlashSize::Mb32),
    };
    let seen = std::cell::Cell::new((0, 0));
    let strategy = (prop::collection::vec(line(), 0..6), field(&["\n", "\r\n"]));
    TestRunner::new_with_rng(config, random)
        .run(&strategy, |(lines, ending)| {
            let csv = lines.join(&ending);
            let idf = idf::table(&csv, FLASH.into());
            let ours = PartitionTable::from_csv(csv.as_bytes(), options);
            let ours = ours.and_then(|table| table.to_binary());
            let (same, refused) = seen.get();
            match (ours, idf) {
                (Ok(ours), Some(idf)) => {
                    prop_assert_eq!(ours, idf, "{}", csv);
                    seen.set((same + 1, refused));
                }
                (Ok(_), None) => prop_assert!(false, "ESP-IDF refuses: {}", csv),
                (Err(error), Some(_)) => {
                    let code = error.code().trim_start_matches("espimage::");
                    prop_assert!(ON_PURPOSE.contains(&code), "{}: {}", error, csv);
                    seen.set((same, refused + 1));
                }
                (Err(_), None) => {}
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let (same, refused) = seen.get();
    assert!(
        same > 500 && refused > 500,
        "{same} were the same, {refused} refused"
    );
}
