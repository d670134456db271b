//! A real ROM, from its ELF file, in the place of the functions that are done natively.

use std::ops::Range;
use std::path::Path;

use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, elf};

use super::{ADDRESSES, RESET_VECTOR};
use crate::error::Error;

/// Where the ROM's data is (ESP32 Technical Reference Manual, "Embedded Memory": internal ROM 1).
const DATA: Range<u32> = 0x3FF9_0000..0x3FFA_0000;

/// The ROM's content.
#[derive(Clone, PartialEq, Eq)]
pub struct RomImage {
    code: Vec<u8>,
    data: Vec<u8>,
}

impl std::fmt::Debug for RomImage {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("RomImage").finish_non_exhaustive()
    }
}

impl RomImage {
    /// Reads the ELF file at `path`, of which what is loaded to the ROM's addresses counts. It is refused where it is no ELF file for
    /// Xtensa, or has nothing at the reset vector.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| Error::Read {
            path: path.display().to_string(),
            error,
        })?;
        Self::parse(&bytes).map_err(|problem| Error::Rom {
            path: path.display().to_string(),
            problem,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let header = elf::FileHeader32::<Endianness>::parse(bytes)
            .map_err(|error| format!("is no 32-bit ELF file ({error})"))?;
        let endian = header.endian().map_err(|error| error.to_string())?;
        let machine = header.e_machine(endian);
        if machine != elf::EM_XTENSA || endian != Endianness::Little {
            return Err(format!(
                "is an ELF file for machine {machine}, not for little-endian Xtensa ({})",
                elf::EM_XTENSA
            ));
        }
        let mut image = Self {
            code: vec![0; ADDRESSES.len()],
            data: vec![0; DATA.len()],
        };
        let mut starts = false;
        let segments = header
            .program_headers(endian, bytes)
            .map_err(|error| error.to_string())?;
        for segment in segments {
            if segment.p_type(endian) != elf::PT_LOAD {
                continue;
            }
            let content = segment
                .data(endian, bytes)
                .map_err(|()| "has a segment behind its end".to_owned())?;
            let address = segment.p_paddr(endian);
            let (memory, start) = match address {
                _ if ADDRESSES.contains(&address) => (&mut image.code, ADDRESSES.start),
                _ if DATA.contains(&address) => (&mut image.data, DATA.start),
                // RAM, which the ROM sets up itself.
                _ => continue,
            };
            let at = (address - start) as usize;
            let Some(place) = memory.get_mut(at..at + content.len()) else {
                return Err(format!(
                    "has {} bytes for {address:#010x}, which is behind the ROM's end",
                    content.len()
                ));
            };
            place.copy_from_slice(content);
            let end = u64::from(address) + content.len() as u64;
            starts |= (u64::from(address)..end).contains(&RESET_VECTOR.into());
        }
        if !starts {
            return Err(format!(
                "has nothing at the reset vector {RESET_VECTOR:#010x}"
            ));
        }
        Ok(image)
    }

    /// The `N` bytes at `address`, if the ROM has them.
    pub fn bytes<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let (memory, start) = if DATA.contains(&address) {
            (&self.data, DATA.start)
        } else {
            (&self.code, ADDRESSES.start)
        };
        let at = address.checked_sub(start)? as usize;
        memory.get(at..at + N)?.try_into().ok()
    }

    /// What is executed at `pc`: up to four bytes.
    pub fn code(&self, pc: u32) -> u32 {
        let at = pc.wrapping_sub(ADDRESSES.start) as usize;
        let bytes = self.code.iter().skip(at).take(4);
        bytes
            .rev()
            .fold(0, |word, &byte| word << 8 | u32::from(byte))
    }
}
