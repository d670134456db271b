//! How much of a region of memory a program may use at most: high-water marks of stacks and heaps.

use std::fs;
use std::ops::Range;
use std::path::Path;

use espimage::Chip;
use espimage::elf::Elf;
use serde::Deserialize;

use crate::error::Error;
use crate::pattern::{Problem, problem};

/// The word that a region holds where nothing was written: what FreeRTOS fills stacks with, too (tskSTACK_FILL_BYTE).
const UNTOUCHED: u32 = u32::from_le_bytes([espsim::bus::UNDEFINED; 4]);

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Name, for messages.
    pub name: String,
    /// The first address: a symbol of the application's ELF, or a number.
    pub from: String,
    /// The address behind the last, in the same form.
    pub to: String,
    /// Which way it is used up.
    pub grows: Growth,
    /// How many bytes may be used.
    pub most: u32,
}

/// Which way a region is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Growth {
    /// From its end, as a stack.
    Down,
    /// From its start, as a heap.
    Up,
}

/// A limit as a test has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimit {
    name: String,
    from: String,
    to: String,
    grows: Growth,
    most: RawSize,
}

/// A number, or one with a unit: `"2K"`, `"0x9000"`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum RawSize {
    Bytes(u32),
    Text(String),
}

impl RawSize {
    pub(crate) fn check(self, field: &str) -> Result<u32, Problem> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Text(text) => {
                espimage::cli::parse_u32(&text).map_err(|error| problem(field, error.to_string()))
            }
        }
    }
}

impl RawLimit {
    pub(crate) fn check(self, field: &str) -> Result<Limit, Problem> {
        let most = self.most.check(&format!("{field}.most"))?;
        Ok(Limit {
            name: self.name,
            from: self.from,
            to: self.to,
            grows: self.grows,
            most,
        })
    }
}

impl Limit {
    /// The region's addresses, by the symbols of the application.
    pub(crate) fn region(&self, path: &Path, elf: &Elf) -> Result<Range<u32>, Error> {
        let address = |text: &str| {
            let number = espimage::cli::parse_u32(text).ok();
            number
                .or_else(|| elf.address_of(text))
                .ok_or_else(|| Error::NoSymbol {
                    elf: path.to_owned(),
                    limit: self.name.clone(),
                    symbol: text.to_owned(),
                })
        };
        let region = address(&self.from)?..address(&self.to)?;
        let memory = espsim::bus::DRAM..espsim::bus::DRAM_END;
        let is_memory = region.start < region.end
            && [region.start, region.end - 1]
                .iter()
                .all(|address| memory.contains(address));
        if is_memory && region.start.is_multiple_of(4) {
            Ok(region)
        } else {
            Err(Error::NoRegion {
                limit: self.name.clone(),
                from: region.start,
                to: region.end,
            })
        }
    }
}

/// The regions of `limits`, by the symbols of the ELF file.
pub(crate) fn regions(limits: &[Limit], path: &Path) -> Result<Vec<Range<u32>>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::FileUnreadable {
        what: "the ELF file",
        path: path.to_owned(),
        source,
    })?;
    let elf = Elf::parse(&bytes, Chip::Esp32).map_err(|source| Error::ElfRefused {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    limits
        .iter()
        .map(|limit| limit.region(path, &elf))
        .collect()
}

impl Growth {
    /// Bytes of a region that were used, of its words in order.
    pub(crate) fn used(self, words: &[u32]) -> u32 {
        let touched = |word: &u32| *word != UNTOUCHED;
        let words = match self {
            Self::Down => words
                .iter()
                .position(touched)
                .map(|first| words.len() - first),
            Self::Up => words.iter().rposition(touched).map(|last| last + 1),
        };
        4 * words.unwrap_or(0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_is_counted_from_the_end_that_grows() {
        let words = [UNTOUCHED, 1, UNTOUCHED, 2, UNTOUCHED, UNTOUCHED];
        assert_eq!(Growth::Down.used(&words), 20);
        assert_eq!(Growth::Up.used(&words), 16);
        assert_eq!(Growth::Down.used(&[UNTOUCHED; 3]), 0);
        assert_eq!(Growth::Up.used(&[]), 0);
    }

    #[test]
    fn sizes_have_units() {
        let parse = |most: &str| {
            let json = format!(
                r#"{{"name": "s", "from": "a", "to": "0x3FFE0000", "grows": "down", "most": {most}}}"#
            );
            serde_json::from_str::<RawLimit>(&json)
                .unwrap()
                .check("limits[0]")
        };
        assert_eq!(parse("\"2K\"").unwrap().most, 2048);
        assert_eq!(parse("100").unwrap().most, 100);
        assert_eq!(parse("\"2L\"").unwrap_err().0, "limits[0].most");
    }
}
