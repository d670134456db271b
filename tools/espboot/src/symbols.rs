//! Names for the code addresses that a program prints.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use espimage::Chip;
use espimage::elf::{Elf, Symbol};
use regex::Regex;

use crate::error::Error;

/// The functions of a program.
#[derive(Debug)]
pub(crate) struct Symbols {
    chip: Chip,
    /// By ascending address.
    functions: Vec<Symbol>,
    elf_sha256: [u8; 32],
}

impl Symbols {
    pub(crate) fn read(path: &Path, chip: Chip) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::FileUnreadable {
            what: "the ELF file",
            path: path.to_owned(),
            source,
        })?;
        let elf = Elf::parse(&bytes, chip)
            .and_then(|elf| Ok(Self::new(elf.symbols()?, elf.sha256(), chip)));
        elf.map_err(|source| Error::ElfRefused {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    fn new(mut functions: Vec<Symbol>, elf_sha256: [u8; 32], chip: Chip) -> Self {
        functions.retain(|symbol| is_code(chip, symbol.address));
        functions.sort_by_key(|symbol| symbol.address);
        Self {
            chip,
            functions,
            elf_sha256,
        }
    }

    /// SHA-256 of the ELF file.
    pub(crate) fn elf_sha256(&self) -> [u8; 32] {
        self.elf_sha256
    }

    /// Address, function and offset of each code address in the lines, in order and each once.
    pub(crate) fn name_addresses(&self, lines: &[String]) -> Vec<String> {
        let number = Regex::new("0x[0-9a-fA-F]{8}").expect("a regular expression");
        let mut named = BTreeSet::new();
        lines
            .iter()
            .flat_map(|line| number.find_iter(line))
            .filter_map(|text| u32::from_str_radix(&text.as_str()[2..], 16).ok())
            .filter(|&address| named.insert(address))
            .filter_map(|address| self.name(address))
            .collect()
    }

    fn name(&self, address: u32) -> Option<String> {
        if !is_code(self.chip, address) {
            return None;
        }
        let after = self
            .functions
            .partition_point(|function| function.address <= address);
        let Symbol {
            name,
            address: start,
            size,
        } = self.functions[..after].last()?;
        let offset = address - start;
        // The address after a call at the very end of a function is a return address, too.
        (offset <= *size).then(|| format!("{address:#010x} {name}+{offset:#x}"))
    }
}

fn is_code(chip: Chip, address: u32) -> bool {
    chip.region(address)
        .is_some_and(|region| region.kind.is_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_functions_are_named() {
        let symbol = |name: &str, address, size| Symbol {
            name: name.to_owned(),
            address,
            size,
        };
        let symbols = vec![
            symbol("app::main", 0x400D_0100, 0x40),
            symbol("DATA", 0x3FFB_0000, 4),
            symbol("_start", 0x4008_0400, 0x20),
        ];
        let symbols = Symbols::new(symbols, [0; 32], Chip::Esp32);
        let lines = [
            "Backtrace: 0x400d0113:0x3ffb0000 0x40080404:0x3ffb0010".to_owned(),
            "pc 0x400D0113, gap 0x400d0200, ROM 0x40009200".to_owned(),
        ];
        assert_eq!(
            symbols.name_addresses(&lines),
            ["0x400d0113 app::main+0x13", "0x40080404 _start+0x4"]
        );
    }
}
