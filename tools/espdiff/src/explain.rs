use std::fmt;

use crate::{archive, bytes, elf, image};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is, from the outside in: `member main.o, section .debug_str`.
    pub place: String,
    /// Offset of the first byte that differs, from the start of the first file; `None` where there are no bytes to compare.
    pub offset: Option<u64>,
    /// What the first file has.
    pub first: String,
    /// What the second file has.
    pub second: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(offset) = self.offset {
            write!(f, ", offset {offset:#x} in the file")?;
        }
        write!(f, ": {} / {}", self.first, self.second)
    }
}

/// What the contents of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Archive,
    Elf,
    Image,
    Text,
    Bytes,
}

impl Kind {
    fn of(data: &[u8]) -> Self {
        if data.starts_with(b"\x7fELF") {
            Self::Elf
        } else if data.starts_with(b"!<arch>\n") {
            Self::Archive
        } else if image::is_image(data) {
            Self::Image
        } else if !data.contains(&0) && std::str::from_utf8(data).is_ok() {
            Self::Text
        } else {
            Self::Bytes
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Archive => "an archive",
            Self::Elf => "an ELF file",
            Self::Image => "a flash image",
            Self::Text => "text",
            Self::Bytes => "other bytes",
        }
    }
}

/// The differences between two files, in the order of the first; none only if they have the same bytes.
pub fn explain(first: &[u8], second: &[u8]) -> Vec<Difference> {
    explain_at("", 0, first, second)
}

/// [`explain()`], of a part of a file: `place` is what to put before each place, `offset` where the part starts.
pub(crate) fn explain_at(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    if first == second {
        return Vec::new();
    }
    let kinds = (Kind::of(first), Kind::of(second));
    let found = match kinds {
        (Kind::Elf, Kind::Elf) => elf::explain(place, offset, first, second),
        (Kind::Archive, Kind::Archive) => archive::explain(place, offset, first, second),
        (Kind::Image, Kind::Image) => image::explain(place, offset, first, second),
        (Kind::Text, Kind::Text) => bytes::text(place, offset, first, second),
        (a, b) if a != b => {
            return vec![Difference {
                place: format!("{place}contents"),
                offset: None,
                first: format!("{}, {} bytes", a.name(), first.len()),
                second: format!("{}, {} bytes", b.name(), second.len()),
            }];
        }
        _ => Vec::new(),
    };
    // what is malformed, and what is in none of the parts
    if found.is_empty() {
        bytes::explain(&format!("{place}bytes"), offset, first, second)
    } else {
        found
    }
}
