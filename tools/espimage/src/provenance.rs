//! Where an image came from: the ELF file and the bill of materials that its application descriptor leads to.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::app_desc::AppDescriptor;
use crate::chip::Chip;
use crate::error::Error;
use crate::image::{self, Image, hex};
use crate::merged::ParseOptions;
use crate::partition::{PartitionTable, TableOptions};
use crate::sbom::{self, Bom};

/// An application in an image.
#[derive(Debug, Clone)]
pub struct Application {
    /// The partition that it is in; `None` for an image that is nothing else.
    pub partition: Option<String>,
    /// Its descriptor.
    pub descriptor: AppDescriptor,
    /// SHA-256 of the application, as app.bin has it.
    pub sha256: String,
}

impl Application {
    /// SHA-256 of the ELF file that it was made from.
    pub fn elf_sha256(&self) -> String {
        hex(&self.descriptor.elf_sha256)
    }
}

/// Finds the applications in a merged image, in what was read back from a device, or in an image that is an application.
/// Partitions that hold none are left out.
pub fn applications(
    bytes: &[u8],
    offset: Option<u32>,
    options: ParseOptions,
) -> Result<Vec<Application>, Error> {
    let ParseOptions {
        chip,
        partition_table_offset,
        ..
    } = options;
    let lone = bytes.first() == Some(&image::MAGIC) && offset != Some(chip.bootloader_offset());
    if lone {
        let application = application(bytes, offset.unwrap_or(0), None, chip)?;
        return Ok(vec![application.ok_or(Error::AppDescriptorMissing)?]);
    }
    let start = offset.unwrap_or(0);
    let from = |at: u32, what: &str| {
        let rest = at.checked_sub(start).map(|at| at as usize);
        rest.and_then(|at| bytes.get(at..))
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| Error::MergedTooShort {
                what: what.to_owned(),
                offset: at,
                start,
                end: u64::from(start) + bytes.len() as u64,
            })
    };
    let table_options = TableOptions {
        chip,
        offset: partition_table_offset,
        flash_size: None,
    };
    let table = from(partition_table_offset, "the partition table")?;
    let table = PartitionTable::from_binary(table, table_options)?;
    let mut found = Vec::new();
    for partition in table.partitions.iter().filter(|p| p.is_app()) {
        let Ok(rest) = from(partition.offset, "the application") else {
            continue;
        };
        let rest = &rest[..rest.len().min(partition.size as usize)];
        let name = Some(partition.name.clone());
        if let Ok(Some(application)) = application(rest, partition.offset, name, chip) {
            found.push(application);
        }
    }
    if found.is_empty() {
        return Err(Error::ProvenanceNoApplication);
    }
    Ok(found)
}

fn application(
    bytes: &[u8],
    offset: u32,
    partition: Option<String>,
    chip: Chip,
) -> Result<Option<Application>, Error> {
    let image = Image::parse(bytes, offset)?;
    Ok(image.app_descriptor(chip).map(|descriptor| Application {
        partition,
        descriptor: AppDescriptor::parse(descriptor),
        sha256: hex(&Sha256::digest(image.bytes)),
    }))
}

/// What was found in files and folders.
#[derive(Debug, Default)]
pub struct Found {
    /// ELF files for the chip, with their SHA-256.
    pub elfs: Vec<(PathBuf, String)>,
    /// Bills of materials.
    pub boms: Vec<(PathBuf, Bom)>,
}

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// ELF files.
    Elfs,
    /// Bills of materials.
    Boms,
    /// Both.
    Both,
}

impl Found {
    /// Looks through files, and folders with all that is below them. What is named itself has to be what is wanted; of what
    /// is in a folder, the rest is passed over, and so are folders that links lead to.
    pub fn look(&mut self, places: &[PathBuf], wanted: Wanted) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for place in places {
            let metadata = fs::metadata(place).map_err(|error| Error::read(place, error))?;
            if metadata.is_dir() {
                self.look_in(place, wanted, &mut seen)?;
            } else if wanted != Wanted::Elfs && is_bom(place) {
                let bom = read(place).and_then(|bytes| Bom::parse(&bytes));
                let bom = bom.map_err(|error| error.in_file(&place.to_string_lossy()))?;
                self.boms.push((place.clone(), bom));
            } else if wanted != Wanted::Boms {
                let bytes = read(place)?;
                check_elf(&bytes).map_err(|error| error.in_file(&place.to_string_lossy()))?;
                self.elfs.push((place.clone(), hex(&Sha256::digest(bytes))));
            } else {
                let error = Error::ProvenanceNotBom.in_file(&place.to_string_lossy());
                return Err(error);
            }
        }
        Ok(())
    }

    fn look_in(
        &mut self,
        folder: &Path,
        wanted: Wanted,
        seen: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Error> {
        let entries = fs::read_dir(folder).map_err(|error| Error::read(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|error| Error::read(folder, error))?.path());
        }
        paths.sort();
        for path in paths {
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                // A folder that may not be read is passed over, too.
                let _ = self.look_in(&path, wanted, seen);
                continue;
            }
            let Ok(file) = fs::canonicalize(&path) else {
                continue;
            };
            if !file.is_file() || !seen.insert(file.clone()) {
                continue;
            }
            if wanted != Wanted::Elfs && is_bom(&path) {
                if let Ok(bom) = read(&file).and_then(|bytes| Bom::parse(&bytes)) {
                    self.boms.push((path, bom));
                }
            } else if wanted != Wanted::Boms
                && starts_like_elf(&file)
                && let Ok(bytes) = read(&file)
            {
                self.elfs.push((path, hex(&Sha256::digest(bytes))));
            }
        }
        Ok(())
    }

    /// The ELF file with this SHA-256.
    pub fn elf(&self, sha256: &str) -> Option<&Path> {
        let mut fitting = self.elfs.iter().filter(|(_, found)| found == sha256);
        fitting.next().map(|(path, _)| path.as_path())
    }

    /// The bill of materials of an image with this ELF file.
    pub fn bom(&self, elf_sha256: &str) -> Option<(&Path, &Bom)> {
        let mut fitting = self
            .boms
            .iter()
            .filter(|(_, bom)| bom.has_output(elf_sha256));
        fitting.next().map(|(path, bom)| (path.as_path(), bom))
    }
}

/// The content hash of a bill of materials that has to be that of an application.
pub fn content_hash<'a>(bom: &'a Bom, application: &Application) -> Result<&'a str, Error> {
    let recorded = bom.recorded_content_hash().unwrap_or_default();
    let computed = bom.content_hash();
    if recorded != computed {
        return Err(Error::ProvenanceContentHash {
            recorded: recorded.to_owned(),
            computed,
        });
    }
    if !bom.has_output(&application.sha256) {
        return Err(Error::ProvenanceOtherApplication {
            sha256: application.sha256.clone(),
            elf: application.elf_sha256(),
        });
    }
    Ok(recorded)
}

fn is_bom(path: &Path) -> bool {
    path.to_string_lossy().ends_with(sbom::EXTENSION)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

fn starts_like_elf(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let file = fs::File::open(path);
    file.is_ok_and(|file| file.take(20).read_to_end(&mut bytes).is_ok())
        && check_elf(&bytes).is_ok()
}

/// A linked program for a chip: 32-bit, little-endian, Xtensa. Enough to pass over all others; the SHA-256 decides.
fn check_elf(bytes: &[u8]) -> Result<(), Error> {
    const LINKED_FOR_XTENSA: [u8; 4] = [2, 0, 94, 0];
    if bytes.starts_with(&[0x7F, b'E', b'L', b'F', 1, 1])
        && bytes.get(16..20) == Some(&LINKED_FOR_XTENSA)
    {
        return Ok(());
    }
    Err(Error::ProvenanceNotElf)
}
