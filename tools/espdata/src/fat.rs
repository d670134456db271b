//! FAT images, as ESP-IDF's FatFs mounts them: with wear levelling, or without for partitions that are only read.
//!
//! The crate fatfs writes the file system, FAT12 or FAT16 by the number of clusters.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use fatfs::{Date, DateTime, FileSystem, FormatVolumeOptions, FsOptions, Time, TimeProvider};

use crate::error::Error;
use crate::files::Files;
use crate::space::{Kind, SECTOR_LEN, Space};
use crate::wear_levelling;

/// What the image is for.
pub const KIND: Kind = Kind {
    image: "a FAT image",
    subtype: None,
    wanted: "type data",
    least: 5 * SECTOR_LEN,
};

/// Where FatFs (MAX_FAT12, MAX_FAT16 in ff.c) and Microsoft's specification, which the crate follows, do not agree on the type.
const AMBIGUOUS_CLUSTERS: [u32; 2] = [4085, 65525];

/// What ESP-IDF's FatFs and wear levelling are configured to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether wear levelling lies below.
    pub wear_levelling: bool,
    /// Bytes of the file system's sectors: CONFIG_WL_SECTOR_SIZE with wear levelling, else CONFIG_FATFS_SECTOR_SIZE; 512 or 4096.
    pub sector_len: u16,
    /// CONFIG_WL_SECTOR_MODE_SAFE, of sectors of 512 bytes.
    pub safe: bool,
    /// Sectors of an allocation unit: a power of two up to 128 of at most 32 KB.
    pub sectors_per_cluster: u8,
    /// Tables: 1 or 2.
    pub fats: u8,
    /// Whether FatFs is configured for long names (CONFIG_FATFS_LFN_HEAP or _STACK).
    pub long_names: bool,
}

/// An image with these files, which fills `space`.
pub fn image(files: &Files, settings: Settings, space: &Space) -> Result<Vec<u8>, Error> {
    check_names(files, settings.long_names)?;
    space.fill(&files.describe(), |len| {
        if !settings.wear_levelling {
            return file_system(files, settings, len);
        }
        let contents_len = wear_levelling::contents_len(len, settings.safe);
        let contents = file_system(files, settings, contents_len)?;
        Ok(contents.map(|contents| wear_levelling::image(&contents, len, settings.safe)))
    })
}

/// The file system, or nothing where the files do not fit.
fn file_system(files: &Files, settings: Settings, len: u32) -> Result<Option<Vec<u8>>, Error> {
    let sector_len = u32::from(settings.sector_len);
    let cluster_len = sector_len * u32::from(settings.sectors_per_cluster);
    let formatted = |len: u32| {
        let mut volume = Cursor::new(vec![0xFF; len as usize]);
        let options = FormatVolumeOptions::new()
            .bytes_per_sector(settings.sector_len)
            .bytes_per_cluster(cluster_len)
            .total_sectors(len / sector_len)
            // As FatFs itself formats, and fatfsparse.py asks for: a hard disk.
            .drive_num(0x80)
            .fats(settings.fats);
        // The only reason not to format is the size: the crate wants more than 8 sectors for files.
        fatfs::format_volume(&mut volume, options).ok()?;
        let fs = FileSystem::new(&mut volume, FsOptions::new()).ok()?;
        let clusters = fs.stats().ok()?.total_clusters();
        drop(fs);
        Some((volume, clusters))
    };
    if len < SECTOR_LEN {
        return Ok(None);
    }
    let Some((mut volume, clusters)) = formatted(len) else {
        return Ok(None);
    };
    if AMBIGUOUS_CLUSTERS.contains(&clusters) {
        match formatted(len - cluster_len) {
            Some((smaller, _)) => volume = smaller,
            None => return Ok(None),
        }
    }
    volume.set_position(0);
    let fs = FileSystem::new(&mut volume, FsOptions::new().time_provider(&Epoch));
    let written = fs.and_then(|fs| {
        let root = fs.root_dir();
        for folder in files.folders() {
            root.create_dir(folder)?;
        }
        for (path, file) in files.iter() {
            root.create_file(path)?.write_all(&file.contents)?;
        }
        drop(root);
        fs.unmount()
    });
    // Names are checked and the disk is memory: it can only be full.
    if written.is_err() {
        return Ok(None);
    }
    let mut image = volume.into_inner();
    image.resize(len as usize, 0xFF);
    Ok(Some(image))
}

fn check_names(files: &Files, long_names: bool) -> Result<(), Error> {
    let mut names: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for (path, file) in files.iter() {
        let wrong = |problem: String, fix: &str| {
            let (file, fix) = (file.source.clone(), fix.to_owned());
            Err(Error::FileName { file, problem, fix })
        };
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let whole = &path[..end];
            let name = whole.rsplit('/').next().unwrap_or(whole);
            if let Some(character) = name.chars().find(|c| !is_allowed(*c)) {
                let problem = format!("'{name}' has {character:?}, which names in FAT cannot have");
                return wrong(problem, "rename it");
            }
            if name.encode_utf16().count() > 255 || name.ends_with(['.', ' ']) {
                let problem = format!(
                    "'{name}' ends with a dot or a space, or is longer than 255 characters"
                );
                return wrong(problem, "rename it");
            }
            if !long_names && !is_short(name) {
                let problem = format!("'{name}' is no name of 8 and 3 characters");
                return wrong(
                    problem,
                    "rename it, or set `long_names = True`, and FATFS_LFN_HEAP or FATFS_LFN_STACK in sdkconfig",
                );
            }
            let other = *names
                .entry(whole.to_uppercase())
                .or_insert((whole, &file.source));
            if other.0 != whole {
                let problem = format!("FAT takes '{whole}' for '{}' of {}", other.0, other.1);
                return wrong(problem, "rename one of them");
            }
        }
    }
    Ok(())
}

fn is_allowed(character: char) -> bool {
    !character.is_control() && !"\"*/:<>?\\|\u{7F}".contains(character) && character <= '\u{FFFF}'
}

fn is_short(name: &str) -> bool {
    let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_part = |part: &str| {
        part.chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'()-@^_`{}~".contains(c))
    };
    (1..=8).contains(&base.len())
        && extension.len() <= 3
        && is_part(base)
        && is_part(extension)
        && (name.contains('.') == !extension.is_empty())
}

/// 1 January 1980, FAT's first day.
#[derive(Debug)]
struct Epoch;

impl TimeProvider for Epoch {
    fn get_current_date(&self) -> Date {
        Date {
            year: 1980,
            month: 1,
            day: 1,
        }
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime {
            date: self.get_current_date(),
            time: Time {
                hour: 0,
                min: 0,
                sec: 0,
                millis: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_known() {
        for name in ["A", "config.txt", "12345678.123", "a-b_c~1.x"] {
            assert!(is_short(name), "{name}");
        }
        for name in [
            "123456789",
            "a.html",
            "a.b.c",
            "a b",
            "a.",
            ".a",
            "ä",
            "a+b",
        ] {
            assert!(!is_short(name), "{name}");
        }
    }
}
