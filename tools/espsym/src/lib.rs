//! What a program's debug information says about addresses: functions, files and lines ([`Program`]), and which lines have code
//! ([`lines`]).

#![deny(missing_docs)]

use std::fmt;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use addr2line::Loader;
use object::{Object, ObjectSection, SectionKind};
use sha2::{Digest, Sha256};

pub mod lines;

/// Why an ELF file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be read.
    #[error("{}: cannot read the ELF file: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It is none of a program for the chip, or its debug information is broken.
    #[error("{}: {problem}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A linked program with its debug information.
pub struct Program {
    path: PathBuf,
    loader: Loader,
    code: Vec<Range<u32>>,
    entry: u32,
    contents: Vec<(u32, Vec<u8>)>,
    sha256: String,
}

/// A function at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function, demangled.
    pub function: String,
    /// File and line, as far as the debug information says.
    pub location: Option<Location>,
}

/// A place in the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the compiler was given it.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

impl Program {
    /// Reads an ELF file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let refused = |problem: String| Error::Refused {
            path: path.to_owned(),
            problem,
        };
        let object = object::File::parse(&*bytes).map_err(|error| refused(error.to_string()))?;
        if object.architecture() != object::Architecture::Xtensa {
            return Err(refused(format!(
                "it is a program for {:?}",
                object.architecture()
            )));
        }
        let loader = Loader::new(path).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            loader,
            code: code(&object),
            entry: object.entry() as u32,
            contents: contents(&object),
            sha256: hex(&Sha256::digest(&bytes)),
        })
    }

    /// The ELF file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the ELF file in lower-case digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether an address is in a section that holds code.
    pub fn is_code(&self, address: u32) -> bool {
        self.code.iter().any(|range| range.contains(&address))
    }

    /// The address of the first instruction.
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// Up to `len` bytes of code from `address` on; fewer where the section ends.
    pub fn bytes(&self, address: u32, len: usize) -> &[u8] {
        let found = self.contents.iter().find_map(|(start, bytes)| {
            let rest = bytes.get(address.checked_sub(*start)? as usize..)?;
            (!rest.is_empty()).then_some(rest)
        });
        found.map_or(&[], |rest| &rest[..len.min(rest.len())])
    }

    /// The symbol that an address belongs to, demangled, and where it starts.
    pub fn symbol(&self, address: u32) -> Option<(String, u32)> {
        let symbol = self
            .is_code(address)
            .then(|| self.loader.find_symbol_info(address.into()))??;
        Some((demangle(symbol.name()), symbol.address() as u32))
    }

    /// The function at an address, and the functions that it is inlined in, innermost first; empty if none is known.
    pub fn frames(&self, address: u32) -> Vec<Frame> {
        let address = u64::from(address);
        let symbol = self.loader.find_symbol(address).map(demangle);
        let mut frames = Vec::new();
        // Broken debug information is as good as none.
        if let Ok(mut found) = self.loader.find_frames(address) {
            while let Ok(Some(frame)) = found.next() {
                let name = frame
                    .function
                    .as_ref()
                    .and_then(|name| name.raw_name().ok());
                frames.push(Frame {
                    function: name.map_or_else(String::new, |name| short_name(&name)),
                    location: frame.location.and_then(|location| {
                        Some(Location {
                            file: location.file?.trim_start_matches("./").to_owned(),
                            line: location.line.filter(|&line| line != 0),
                        })
                    }),
                });
            }
        }
        match (frames.last_mut(), symbol) {
            // The debug information may have names without their modules, or none (assembly); the symbol has the whole name.
            (Some(outermost), Some(symbol)) if symbol.contains(&outermost.function) => {
                outermost.function = symbol;
            }
            (None, Some(function)) => frames.push(Frame {
                function,
                location: None,
            }),
            _ => {}
        }
        frames.retain(|frame| !frame.function.is_empty());
        frames
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn code(object: &object::File<'_>) -> Vec<Range<u32>> {
    let sections = object
        .sections()
        .filter(|section| section.kind() == SectionKind::Text);
    sections
        .filter_map(|section| {
            let start = u32::try_from(section.address()).ok()?;
            let end = start.checked_add(u32::try_from(section.size()).ok()?)?;
            Some(start..end)
        })
        .collect()
}

fn contents(object: &object::File<'_>) -> Vec<(u32, Vec<u8>)> {
    let sections = object
        .sections()
        .filter(|section| section.kind() == SectionKind::Text);
    sections
        .filter_map(|section| Some((section.address() as u32, section.data().ok()?.to_vec())))
        .collect()
}

fn demangle(name: &str) -> String {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        // Without the hash.
        return format!("{rust:#}");
    }
    let mut text = Short(String::new());
    let options = cpp_demangle::DemangleOptions::default();
    match cpp_demangle::Symbol::new(name) {
        Ok(symbol) if symbol.structured_demangle(&mut text, &options).is_ok() => text.0,
        _ => name.to_owned(),
    }
}

/// Text up to a length at which a name tells nobody anything: back references can make very long ones of short symbols.
struct Short(String);

impl cpp_demangle::DemangleWrite for Short {
    fn write_string(&mut self, part: &str) -> fmt::Result {
        const LONGEST: usize = 4096;
        if self.0.len() + part.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

/// The name of a function without its type parameters, which may fill a screen.
fn short_name(name: &str) -> String {
    let name = demangle(name);
    match name.find('<') {
        Some(at @ 1..) if name.ends_with('>') && !name.starts_with("operator") => {
            name[..at].to_owned()
        }
        _ => name,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_parameters_are_left_out() {
        for (name, short) in [
            ("fold<u8, core::iter::Map<u8>>", "fold"),
            ("{closure#0}", "{closure#0}"),
            (
                "<app::Led as core::fmt::Debug>::fmt",
                "<app::Led as core::fmt::Debug>::fmt",
            ),
            ("operator<=>", "operator<=>"),
            ("_RNvC5panic5outer", "panic::outer"),
            ("_ZN5panic5outer17h0123456789abcdefE", "panic::outer"),
            ("app_main", "app_main"),
            ("_ZN4Blue5blinkEib", "Blue::blink(int, bool)"),
            ("_ZN4BlueC1Ev", "Blue::Blue()"),
            ("_ZNK4BluegtERKS_", "Blue::operator>(Blue const&) const"),
            ("_Zwhat", "_Zwhat"),
        ] {
            assert_eq!(short_name(name), short);
        }
    }
}
