//! The linked program: an ELF file for the chip, checked before anything is made of it.

use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSymbol, SymbolKind, elf};
use sha2::{Digest, Sha256};

use crate::chip::{Chip, Region, RegionKind};
use crate::error::Error;
use crate::image::u32_at;

const FILE_HEADER_LEN: usize = 52;
const PROGRAM_HEADER_LEN: usize = 32;
const SECTION_HEADER_LEN: usize = 40;
const SH_TYPE: usize = 4;
const P_VADDR: usize = 8;
const P_PADDR: usize = 12;

/// A section that occupies memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// Name.
    pub name: String,
    /// Address of the first byte.
    pub address: u32,
    /// Size in bytes.
    pub size: u32,
    /// Contents; `None` where the program's start code clears the memory (`.bss`) or leaves it alone.
    pub data: Option<&'a [u8]>,
    /// The region that the section lies in.
    pub region: &'static Region,
    header_at: usize,
}

impl Section<'_> {
    /// First address after the section.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + u64::from(self.size)
    }
}

/// A function or object of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Name, demangled where it is one of Rust's.
    pub name: String,
    /// Address.
    pub address: u32,
    /// Size in bytes.
    pub size: u32,
}

/// A linked program. [`Elf::parse`] refuses files of which no image can be made.
#[derive(Debug)]
pub struct Elf<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// Address of the first instruction.
    pub entry: u32,
    /// The sections that occupy memory, by ascending address.
    pub sections: Vec<Section<'a>>,
}

impl<'a> Elf<'a> {
    /// Parses and checks an ELF file for `chip`.
    pub fn parse(bytes: &'a [u8], chip: Chip) -> Result<Self, Error> {
        if bytes.get(..4) != Some(&elf::ELFMAG) {
            return Err(Error::ElfMagic {
                found: bytes.iter().copied().take(4).collect(),
            });
        }
        need(bytes, 0, FILE_HEADER_LEN as u64, "file header")?;
        if bytes[4] != elf::ELFCLASS32.0 {
            return Err(Error::ElfClass { class: bytes[4] });
        }
        if bytes[5] != elf::ELFDATA2LSB.0 {
            return Err(Error::ElfEndian);
        }
        let machine = u16_at(bytes, 18);
        if machine != elf::EM_XTENSA.0 {
            return Err(Error::ElfMachine {
                machine,
                name: machine_name(machine),
                chip,
            });
        }
        let kind = u16_at(bytes, 16);
        if kind != elf::ET_EXEC.0 {
            return Err(Error::ElfNotLinked { kind });
        }
        let (program_len, section_len) = (u16_at(bytes, 42), u16_at(bytes, 46));
        let plain = |len: u16, expected: usize| len == 0 || usize::from(len) == expected;
        if !plain(program_len, PROGRAM_HEADER_LEN) || !plain(section_len, SECTION_HEADER_LEN) {
            let lens =
                format!("headers of {program_len} and {section_len} bytes instead of 32 and 40");
            return Err(Error::ElfBroken(lens));
        }
        let entry = u32_at(bytes, 24);
        if entry == 0 {
            return Err(Error::ElfNoEntry);
        }
        check_segments(bytes, chip)?;
        let sections = read_sections(bytes, chip)?;
        let elf = Self {
            bytes,
            entry,
            sections,
        };
        elf.check_overlaps()?;
        elf.check_entry()?;
        Ok(elf)
    }

    /// SHA-256 of the whole file.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.bytes).into()
    }

    /// The functions and objects that have a size. Two names for the same bytes count once.
    pub fn symbols(&self) -> Result<Vec<Symbol>, Error> {
        let file = ElfFile32::<Endianness>::parse(self.bytes)
            .map_err(|e| Error::ElfBroken(e.to_string()))?;
        let mut symbols: Vec<_> = file
            .symbols()
            .filter(|symbol| {
                matches!(
                    symbol.kind(),
                    SymbolKind::Text | SymbolKind::Data | SymbolKind::Unknown
                )
            })
            .filter(|symbol| symbol.size() > 0)
            .map(|symbol| Symbol {
                name: format!(
                    "{:#}",
                    rustc_demangle::demangle(symbol.name().unwrap_or("?"))
                ),
                address: symbol.address() as u32,
                size: symbol.size() as u32,
            })
            .collect();
        symbols.sort_by(|a, b| (a.address, b.size, &a.name).cmp(&(b.address, a.size, &b.name)));
        symbols.dedup_by_key(|symbol| (symbol.address, symbol.size));
        Ok(symbols)
    }

    /// The address of the symbol `name`, also of one that a linker script defines.
    pub fn address_of(&self, name: &str) -> Option<u32> {
        let file = ElfFile32::<Endianness>::parse(self.bytes).ok()?;
        let symbol = file.symbol_by_name(name)?;
        (!symbol.is_undefined()).then(|| symbol.address() as u32)
    }

    /// The file as espflash needs it. espflash goes by section types alone and would leave out `.fini_array` and notes: here
    /// a section has the type of program data just when it is loaded. Names are gone, so that espflash leaves the application
    /// descriptor to us, and load addresses are run addresses, as for esptool; [`Elf::parse`] refused those that matter.
    pub(crate) fn for_espflash(&self) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        let (table, count) = program_headers(&bytes);
        for at in (0..count).map(|index| table + index * PROGRAM_HEADER_LEN) {
            bytes.copy_within(at + P_VADDR..at + P_VADDR + 4, at + P_PADDR);
        }
        let mut set =
            |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let (table, count) = section_headers(self.bytes);
        for at in (0..count).map(|index| table + index * SECTION_HEADER_LEN) {
            set(at, 0);
            let kind = u32_at(self.bytes, at + SH_TYPE);
            if self
                .sections
                .iter()
                .any(|s| s.header_at == at && s.data.is_some())
            {
                set(at + SH_TYPE, elf::SHT_PROGBITS.0);
            } else if kind == elf::SHT_PROGBITS.0 || kind == elf::SHT_INIT_ARRAY.0 {
                set(at + SH_TYPE, elf::SHT_NOTE.0);
            }
        }
        bytes
    }

    fn check_overlaps(&self) -> Result<(), Error> {
        for pair in self.sections.windows(2) {
            if pair[0].end() > u64::from(pair[1].address) {
                return Err(Error::ElfOverlap {
                    first: pair[0].name.clone(),
                    first_end: pair[0].end(),
                    second: pair[1].name.clone(),
                    second_start: pair[1].address,
                });
            }
        }
        Ok(())
    }

    fn check_entry(&self) -> Result<(), Error> {
        let entry = u64::from(self.entry);
        let holds_entry = |s: &&Section<'_>| {
            s.data.is_some()
                && s.region.kind.is_code()
                && (u64::from(s.address)..s.end()).contains(&entry)
        };
        match self.sections.iter().find(holds_entry) {
            Some(_) => Ok(()),
            None => Err(Error::ElfEntryOutside { entry: self.entry }),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Offset of the program header table, and number of its entries.
fn program_headers(bytes: &[u8]) -> (usize, usize) {
    (u32_at(bytes, 28) as usize, usize::from(u16_at(bytes, 44)))
}

/// Offset of the section header table, and number of its entries.
fn section_headers(bytes: &[u8]) -> (usize, usize) {
    (u32_at(bytes, 32) as usize, usize::from(u16_at(bytes, 48)))
}

fn need(bytes: &[u8], at: u64, len: u64, what: &str) -> Result<(), Error> {
    let end = at + len;
    if end > bytes.len() as u64 {
        return Err(Error::ElfTruncated {
            what: what.to_owned(),
            end,
            len: bytes.len() as u64,
        });
    }
    Ok(())
}

/// Checks the loadable segments: inside the file, inside memory, free of overlap, and at the address that they run at.
fn check_segments(bytes: &[u8], chip: Chip) -> Result<(), Error> {
    let (table, count) = program_headers(bytes);
    need(
        bytes,
        table as u64,
        (count * PROGRAM_HEADER_LEN) as u64,
        "program header table",
    )?;
    let mut placed: Vec<(u64, u64, usize)> = Vec::new();
    for index in 0..count {
        let at = table + index * PROGRAM_HEADER_LEN;
        let field = |n: usize| u32_at(bytes, at + 4 * n);
        let (kind, offset, run, load, file_len, len) =
            (field(0), field(1), field(2), field(3), field(4), field(5));
        if kind != elf::PT_LOAD.0 || len == 0 {
            continue;
        }
        need(
            bytes,
            u64::from(offset),
            u64::from(file_len),
            &format!("segment {index}"),
        )?;
        let end = u64::from(run) + u64::from(len);
        // Linker scripts start a segment with the ELF headers when those fit below the first section.
        let headers_only = offset == 0 && chip.region(run).is_none();
        if !headers_only && chip.region_of_range(run, end).is_none() {
            return Err(Error::ElfOutside {
                what: format!("segment {index}"),
                start: run,
                end,
            });
        }
        let copied = chip
            .region(load)
            .is_some_and(|region| !region.kind.is_mapped());
        if file_len > 0 && load != run && copied {
            return Err(Error::ElfLoadAddress { index, load, run });
        }
        placed.push((u64::from(run), end, index));
    }
    placed.sort_unstable();
    for pair in placed.windows(2) {
        if pair[0].1 > pair[1].0 {
            return Err(Error::ElfOverlap {
                first: format!("segment {}", pair[0].2),
                first_end: pair[0].1,
                second: format!("segment {}", pair[1].2),
                second_start: pair[1].0 as u32,
            });
        }
    }
    Ok(())
}

fn read_sections<'a>(bytes: &'a [u8], chip: Chip) -> Result<Vec<Section<'a>>, Error> {
    let (table, count) = section_headers(bytes);
    let names_index = usize::from(u16_at(bytes, 50));
    if count == 0 {
        return Err(Error::ElfNoSections);
    }
    need(
        bytes,
        table as u64,
        (count * SECTION_HEADER_LEN) as u64,
        "section header table",
    )?;
    let header = |index: usize, n: usize| u32_at(bytes, table + index * SECTION_HEADER_LEN + 4 * n);
    if names_index >= count {
        return Err(Error::ElfBroken(format!(
            "no section {names_index}, which should hold the section names"
        )));
    }
    let (names_at, names_len) = (header(names_index, 4), header(names_index, 5));
    need(
        bytes,
        names_at.into(),
        names_len.into(),
        "table of section names",
    )?;
    let names = &bytes[names_at as usize..][..names_len as usize];

    let mut sections = Vec::new();
    for index in 0..count {
        let (kind, flags, address) = (header(index, 1), header(index, 2), header(index, 3));
        let (offset, size) = (header(index, 4), header(index, 5));
        let header_at = table + index * SECTION_HEADER_LEN;
        if u64::from(flags) & elf::SHF_ALLOC.0 == 0 || size == 0 {
            continue;
        }
        let name = names.get(header(index, 0) as usize..).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        let data = if kind == elf::SHT_NOBITS.0 {
            None
        } else {
            need(
                bytes,
                offset.into(),
                size.into(),
                &format!("section {name}"),
            )?;
            Some(&bytes[offset as usize..][..size as usize])
        };
        let end = u64::from(address) + u64::from(size);
        let region = chip
            .region_of_range(address, end)
            .filter(|region| data.is_none() || region.kind != RegionKind::ExternalRam)
            .ok_or_else(|| Error::ElfOutside {
                what: format!("section {name}"),
                start: address,
                end,
            })?;
        sections.push(Section {
            name,
            address,
            size,
            data,
            region,
            header_at,
        });
    }
    sections.sort_by_key(|section| section.address);
    if sections.iter().all(|section| section.data.is_none()) {
        return Err(Error::ElfNoSections);
    }
    Ok(sections)
}

fn machine_name(machine: u16) -> &'static str {
    match machine {
        3 => "x86",
        40 => "Arm",
        62 => "x86-64",
        83 => "AVR",
        94 => "Xtensa",
        183 => "AArch64",
        243 => "RISC-V",
        _ => "another machine",
    }
}
