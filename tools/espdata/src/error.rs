//! What can go wrong, and what to do about it.

use std::path::Path;

/// All errors of the crate. Each message says where, what, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant says what it and its fields are.
pub enum Error {
    #[error("{path}: cannot be read: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{0}")]
    Espimage(#[from] espimage::Error),

    // Space
    #[error(
        "the size {size:#x} is not a multiple of the flash's sectors of 0x1000: take {:#x}", size.next_multiple_of(0x1000).max(0x1000)
    )]
    SizeUnaligned { size: u32 },
    #[error("{table}: there is no partition '{name}': name one of {}", names.join(", "))]
    NoPartition {
        table: String,
        name: String,
        names: Vec<String>,
    },
    #[error(
        "{table}: {image} is for a partition of {wanted}, and '{name}' is one of {found}: change its line in the CSV, or name another"
    )]
    PartitionKind {
        table: String,
        image: &'static str,
        name: String,
        wanted: &'static str,
        found: String,
    },
    #[error("{place} has {size:#x} bytes, and {image} needs at least {least:#x}: make it larger")]
    TooSmall {
        place: String,
        size: u32,
        image: &'static str,
        least: u32,
    },
    #[error(
        "{place} has {size:#x} bytes, too few for {what}{}: make it larger, or leave something out",
        needed.map(|needed| format!(", which take {needed:#x}")).unwrap_or_default()
    )]
    DoesNotFit {
        what: String,
        place: String,
        size: u32,
        needed: Option<u32>,
    },

    // Files
    #[error(
        "{file} is not under '{prefix}', which strip_prefix takes off: leave it out, or change strip_prefix"
    )]
    NotUnderPrefix { file: String, prefix: String },
    #[error(
        "{first} and {second} would both be '{path}' in the image: leave one of them out, or rename it"
    )]
    SamePath {
        first: String,
        second: String,
        path: String,
    },
    #[error("{file}: {problem}: {fix}")]
    FileName {
        file: String,
        problem: String,
        fix: String,
    },

    // CSV
    #[error("{file}:{line}:{column}: {problem}: {fix}")]
    Csv {
        file: String,
        line: usize,
        column: usize,
        problem: String,
        fix: String,
    },

    // SPIFFS
    #[error("{what} of {value} bytes: {fix}")]
    SpiffsSetting {
        what: &'static str,
        value: u32,
        fix: String,
    },

    // Tools and crates
    #[error("{what} failed: {message}")]
    Failed { what: &'static str, message: String },

    // OTA data
    #[error("{table}: there is no partition of type app and subtype ota_{slot}: {}", match count {
        0 => "add OTA partitions to the CSV".to_owned(),
        1 => "the only slot is 0".to_owned(),
        count => format!("the slots are 0 to {}", count - 1),
    })]
    NoSlot {
        table: String,
        slot: u8,
        count: usize,
    },
}

impl Error {
    pub(crate) fn read(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_string_lossy().into_owned();
        Self::Read { path, error }
    }
}
