//! NVS images: key-value pairs, as `nvs_flash` reads them, of the CSV that ESP-IDF's `nvs_partition_gen.py` takes.
//!
//! The crate esp-nvs-partition-tool writes the pages (format version 2, of ESP-IDF 4.0 and later); the CSV is read here, so that what
//! is wrong in it is said with line and column.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use esp_nvs_partition_tool::{DataValue, MAX_KEY_LENGTH, NvsEntry, NvsPartition};

use crate::error::Error;
use crate::space::{Kind, SECTOR_LEN, Space};

/// What the image is for.
pub const KIND: Kind = Kind {
    image: "an NVS image",
    subtype: Some(2),
    wanted: "type data, subtype nvs",
    least: 3 * SECTOR_LEN,
};

const COLUMNS: [&str; 4] = ["key", "type", "encoding", "value"];
const KEY: usize = 0;
const TYPE: usize = 1;
const ENCODING: usize = 2;
const VALUE: usize = 3;

/// Longest string in bytes with the NUL at its end: what a page has room for.
const MAX_STRING_LEN: usize = 4000;
/// Longest blob in bytes: 127 chunks of a page each.
const MAX_BLOB_LEN: usize = 127 * 4000 - 1;
/// Namespaces have numbers of 8 bits, of which 0 and 255 have another meaning.
const MAX_NAMESPACES: usize = 254;

/// An image with the pairs of a CSV file, which fills `space`. `name` is the file's, for messages. `read` is given paths as the CSV
/// has them, and returns the bytes of a file, or why there are none.
pub fn image(
    csv: &[u8],
    name: &str,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
    space: &Space,
) -> Result<Vec<u8>, Error> {
    let partition = NvsPartition {
        entries: parse(csv, name, read)?,
    };
    let what = match partition.entries.len() {
        1 => format!("1 value of {name}"),
        count => format!("{count} values of {name}"),
    };
    space.fill(&what, |len| {
        use esp_nvs_partition_tool::Error as ToolError;
        match partition.generate_partition(len as usize) {
            Ok(image) => Ok(Some(image)),
            // Lengths are checked: a blob can only be too long for the pages that there are.
            Err(ToolError::NvsError(error))
                if ["flash full", "value too long"].contains(&&*error.to_string()) =>
            {
                Ok(None)
            }
            Err(error) => Err(Error::Failed {
                what: "writing NVS",
                message: error.to_string(),
            }),
        }
    })
}

/// The pairs of a CSV file, as [`image`] has them.
fn parse(
    csv: &[u8],
    name: &str,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<NvsEntry>, Error> {
    let fail = |line, column, (problem, fix): Problem| Error::Csv {
        file: name.to_owned(),
        line,
        column,
        problem,
        fix,
    };
    let text = std::str::from_utf8(csv).map_err(|error| {
        let line = csv[..error.valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        fail(line, 1, problem("not UTF-8", "save the file as UTF-8"))
    })?;
    let mut rows = rows(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    let header = rows.next().map(|row| (row.line, row.fields()));
    match header {
        Some((_, fields)) if fields == COLUMNS => (),
        Some((line, _)) => {
            let fix = "start the file with the line key,type,encoding,value";
            return Err(fail(line, 1, problem("the columns are not named", fix)));
        }
        None => {
            let fix = "start it with the line key,type,encoding,value";
            return Err(fail(1, 1, problem("the file is empty", fix)));
        }
    }

    let mut entries = Vec::new();
    let mut namespace: Option<String> = None;
    let mut namespaces: Vec<String> = Vec::new();
    let mut lines: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        let mut fields = row.fields();
        let fail = |column: usize, problem| fail(row.line, row.column(column), problem);
        if fields.len() > COLUMNS.len() {
            let fix = "put a value that has commas into double quotes";
            return Err(fail(
                COLUMNS.len(),
                problem("there are more than 4 columns", fix),
            ));
        }
        fields.resize(COLUMNS.len(), String::new());
        let [key, kind, encoding, value] = [KEY, TYPE, ENCODING, VALUE].map(|i| fields[i].as_str());
        check_key(key).map_err(|problem| fail(KEY, problem))?;
        let (kind, encoding) = (kind.trim(), encoding.trim().to_ascii_lowercase());
        if kind == "namespace" {
            if !encoding.is_empty() || !value.is_empty() {
                let column = if encoding.is_empty() { VALUE } else { ENCODING };
                let wrong = format!("the namespace '{key}' has an encoding or a value");
                return Err(fail(
                    column,
                    problem(wrong, format!("write {key},namespace,,")),
                ));
            }
            if !namespaces.iter().any(|other| other == key) {
                namespaces.push(key.to_owned());
            }
            if namespaces.len() > MAX_NAMESPACES {
                let wrong = format!("more than {MAX_NAMESPACES} namespaces");
                return Err(fail(
                    KEY,
                    problem(wrong, "put keys into one of those before"),
                ));
            }
            namespace = Some(key.to_owned());
            continue;
        }
        let Some(namespace) = namespace.clone() else {
            let wrong = format!("the key '{key}' is in no namespace");
            let fix = "put a line such as storage,namespace,, before it";
            return Err(fail(KEY, problem(wrong, fix)));
        };
        if let Some(first) = lines.insert((namespace.clone(), key.to_owned()), row.line) {
            let wrong = format!("the key '{key}' is in '{namespace}' already, from line {first}");
            return Err(fail(
                KEY,
                problem(wrong, "leave one of them out, or rename it"),
            ));
        }
        let value = match kind {
            "data" => data(&encoding, value),
            "file" if !ENCODINGS_OF_FILES.contains(&&*encoding) => {
                let wrong = format!("the encoding '{encoding}' is none of a file");
                Err((ENCODING, problem(wrong, one_of(&ENCODINGS_OF_FILES))))
            }
            "file" => match read(value) {
                Ok(bytes) => file(&encoding, value, bytes),
                Err(fix) => Err((VALUE, problem(format!("there is no file '{value}'"), fix))),
            },
            _ => {
                let wrong = format!("the type '{kind}' is unknown");
                Err((TYPE, problem(wrong, one_of(&["data", "file", "namespace"]))))
            }
        };
        let value = value.map_err(|(column, problem)| fail(column, problem))?;
        entries.push(NvsEntry::new_data(namespace, key.to_owned(), value));
    }
    Ok(entries)
}

const ENCODINGS: [&str; 12] = [
    "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "string", "hex2bin", "base64", "binary",
];
const ENCODINGS_OF_FILES: [&str; 4] = ["string", "hex2bin", "base64", "binary"];

/// What is wrong, and how to mend it.
type Problem = (String, String);

fn problem(problem: impl Into<String>, fix: impl Into<String>) -> Problem {
    (problem.into(), fix.into())
}

fn one_of(names: &[&str]) -> String {
    format!("take one of {}", names.join(", "))
}

fn check_key(key: &str) -> Result<(), Problem> {
    if key.is_empty() {
        return Err(problem("the key is empty", "name it"));
    }
    if key.len() > MAX_KEY_LENGTH {
        let wrong = format!("the key '{key}' has {} bytes", key.len());
        return Err(problem(
            wrong,
            format!("keys and namespaces have at most {MAX_KEY_LENGTH}"),
        ));
    }
    if !key.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        let wrong = format!("the key {key:?} has other characters than ASCII");
        return Err(problem(wrong, "rename it"));
    }
    Ok(())
}

/// The value of a line of type data, or the column that is wrong.
fn data(encoding: &str, value: &str) -> Result<DataValue, (usize, Problem)> {
    macro_rules! number {
        ($kind:ty, $variant:ident) => {
            value.trim().parse().map(DataValue::$variant).map_err(|_| {
                let wrong = format!("'{value}' is no {encoding}");
                let fix = format!(
                    "write a decimal number from {} to {}",
                    <$kind>::MIN,
                    <$kind>::MAX
                );
                (VALUE, problem(wrong, fix))
            })
        };
    }
    match encoding {
        "u8" => number!(u8, U8),
        "i8" => number!(i8, I8),
        "u16" => number!(u16, U16),
        "i16" => number!(i16, I16),
        "u32" => number!(u32, U32),
        "i32" => number!(i32, I32),
        "u64" => number!(u64, U64),
        "i64" => number!(i64, I64),
        _ if ENCODINGS_OF_FILES.contains(&encoding) => {
            bytes(encoding, "the value", value.as_bytes().to_vec())
        }
        _ => {
            let wrong = format!("the encoding '{encoding}' is unknown");
            Err((ENCODING, problem(wrong, one_of(&ENCODINGS))))
        }
    }
}

fn file(encoding: &str, path: &str, contents: Vec<u8>) -> Result<DataValue, (usize, Problem)> {
    bytes(encoding, &format!("the file '{path}'"), contents)
}

fn bytes(encoding: &str, what: &str, contents: Vec<u8>) -> Result<DataValue, (usize, Problem)> {
    let fail = |wrong: String, fix: &str| Err((VALUE, problem(wrong, fix)));
    if encoding == "string" {
        return match String::from_utf8(contents) {
            Err(_) => fail(format!("{what} is not UTF-8"), "take the encoding binary"),
            Ok(text) if text.contains('\0') => fail(
                format!("{what} has a NUL, which ends a string"),
                "take the encoding binary",
            ),
            Ok(text) if text.len() >= MAX_STRING_LEN => fail(
                format!(
                    "{what} has {} bytes, and a string at most {}",
                    text.len(),
                    MAX_STRING_LEN - 1
                ),
                "take the encoding binary, and nvs_get_blob()",
            ),
            Ok(text) => Ok(DataValue::String(text)),
        };
    }
    let blob = match encoding {
        "hex2bin" => match from_hex(contents.trim_ascii()) {
            Some(blob) => blob,
            None => {
                return fail(
                    format!("{what} is not hexadecimal"),
                    "write two digits for each byte",
                );
            }
        },
        "base64" => {
            let text: Vec<u8> = contents
                .into_iter()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            match STANDARD.decode(text) {
                Ok(blob) => blob,
                Err(error) => {
                    return fail(
                        format!("{what} is not base64: {error}"),
                        "encode it anew, with padding",
                    );
                }
            }
        }
        _ => contents,
    };
    if blob.len() > MAX_BLOB_LEN {
        let wrong = format!(
            "{what} has {} bytes, and a blob at most {MAX_BLOB_LEN}",
            blob.len()
        );
        return fail(wrong, "put it into a file system");
    }
    Ok(DataValue::Binary(blob))
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8));
    rest.is_empty().then(|| bytes.collect())?
}

/// A record of the CSV: more than one line where a quoted value has line breaks.
struct Row<'t> {
    /// Of its start, from 1.
    line: usize,
    text: &'t str,
}

/// The records, without comments and empty lines.
fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    let (mut rest, mut next_line) = (text, 1);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, mut quoted) = (next_line, false);
            let comment = rest.starts_with('#');
            let end = rest.bytes().position(|byte| {
                quoted ^= byte == b'"' && !comment;
                next_line += usize::from(byte == b'\n');
                byte == b'\n' && !quoted
            });
            let (text, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = after;
            let text = text.trim_end_matches(['\r', '\n']);
            if !comment && !text.trim().is_empty() {
                return Some(Row { line, text });
            }
        }
        None
    })
}

impl Row<'_> {
    fn fields(&self) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.as_bytes());
        // UTF-8 in memory: there is nothing that the reader could refuse.
        let record = reader.records().next().and_then(Result::ok);
        record
            .unwrap_or_default()
            .iter()
            .map(str::to_owned)
            .collect()
    }

    /// Where a field starts, in characters from 1; the end of the record where it has fewer fields.
    fn column(&self, field: usize) -> usize {
        let mut quoted = false;
        let commas = self.text.chars().enumerate().filter(|(_, character)| {
            quoted ^= *character == '"';
            *character == ',' && !quoted
        });
        match field.checked_sub(1) {
            None => 1,
            Some(before) => commas
                .map(|(index, _)| index + 2)
                .nth(before)
                .unwrap_or(self.text.chars().count() + 1),
        }
    }
}
