//! ELF files, section by section.

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::ElfFile;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::Difference;
use crate::bytes::{self, first_difference, values};

type Elf32<'a> = ElfFile<'a, FileHeader32<Endianness>>;
type Elf64<'a> = ElfFile<'a, FileHeader64<Endianness>>;

/// The differences between two ELF files; none where one cannot be read.
pub(crate) fn explain(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    if let (Ok(a), Ok(b)) = (Elf32::parse(first), Elf32::parse(second)) {
        sections(place, offset, (first, &a), (second, &b))
    } else if let (Ok(a), Ok(b)) = (Elf64::parse(first), Elf64::parse(second)) {
        sections(place, offset, (first, &a), (second, &b))
    } else {
        Vec::new()
    }
}

struct Section<'a> {
    name: String,
    address: u64,
    offset: usize,
    data: &'a [u8],
}

fn read<'a>(object: &impl Object<'a>) -> Vec<Section<'a>> {
    object
        .sections()
        .map(|section| Section {
            name: section.name().unwrap_or("?").to_owned(),
            address: section.address(),
            offset: section
                .file_range()
                .map_or(0, |(offset, _)| offset as usize),
            data: section.data().unwrap_or_default(),
        })
        .collect()
}

fn sections<'a>(
    place: &str,
    offset: u64,
    (first, a): (&[u8], &impl Object<'a>),
    (second, b): (&[u8], &impl Object<'a>),
) -> Vec<Difference> {
    let (in_first, in_second) = (read(a), read(b));
    let names = |sections: &[Section<'_>]| {
        sections
            .iter()
            .map(|section| section.name.clone())
            .collect::<Vec<_>>()
    };
    let (names_a, names_b) = (names(&in_first), names(&in_second));
    if names_a != names_b {
        let only = |of: &[String], not: &[String]| {
            let list: Vec<_> = of
                .iter()
                .filter(|name| !not.contains(name))
                .cloned()
                .collect();
            if list.is_empty() {
                format!("{} sections", of.len())
            } else {
                list.join(" ")
            }
        };
        return vec![Difference {
            place: format!("{place}the list of sections"),
            offset: None,
            first: only(&names_a, &names_b),
            second: only(&names_b, &names_a),
        }];
    }
    let mut found = Vec::new();
    for (s, t) in in_first.iter().zip(&in_second) {
        let what = format!("{place}section {}", s.name);
        if s.address != t.address {
            found.push(Difference {
                place: format!("{what}, address"),
                offset: None,
                first: format!("{:#x}", s.address),
                second: format!("{:#x}", t.address),
            });
        }
        let Some(at) = first_difference(s.data, t.data) else {
            continue;
        };
        let mut what = format!("{what} + {at:#x}");
        if s.address != 0 {
            what += &format!(" = {:#x}", s.address + at as u64);
            if let Some(symbol) = symbol_at(a, s.address + at as u64) {
                what += &format!(" in {symbol}");
            }
        }
        found.extend(bytes::explain(
            &what,
            offset + s.offset as u64,
            s.data,
            t.data,
        ));
    }
    if found.is_empty() {
        // headers, and what fills the space between sections
        if let Some(at) = first_difference(first, second) {
            let (a, b) = values(first, second, at);
            found.push(Difference {
                place: format!(
                    "{place}{}",
                    if at < 64 {
                        "the ELF header"
                    } else {
                        "outside of all sections"
                    }
                ),
                offset: Some(offset + at as u64),
                first: a,
                second: b,
            });
        }
    }
    found
}

/// The function or variable that an address is in.
fn symbol_at<'a>(object: &impl Object<'a>, address: u64) -> Option<String> {
    object
        .symbols()
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data))
        .find(|symbol| (symbol.address()..symbol.address() + symbol.size()).contains(&address))
        .and_then(|symbol| symbol.name().ok().map(str::to_owned))
}
