//! Which sectors differ, what to write in one go, and whether the stub is worth its upload.

use std::ops::Range;

use md5::{Digest, Md5};

use crate::device::Fault;
use crate::files::{FlashFile, SECTOR};

/// MD5 as a number, first byte highest, as espflash has it.
pub(crate) fn md5(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(Md5::digest(bytes).into())
}

/// Up to this many sectors, asking for each is quicker than halving: several questions go out in one go, and more changes than
/// one make halving ask for everything twice.
const ASK_EACH: usize = 8;

/// The device's MD5s of regions, each an offset and a length.
pub(crate) type AskMd5s<'a> = &'a mut dyn FnMut(&[(u32, usize)]) -> Result<Vec<u128>, Fault>;

/// Finds the sectors of `file` in which the device differs, given that the file as a whole does, and its last sector if
/// `last_differs`.
pub(crate) fn differing_sectors(
    file: &FlashFile,
    last_differs: bool,
    ask: AskMd5s<'_>,
) -> Result<Vec<usize>, Fault> {
    let mut search = Search {
        file,
        known: last_differs.then(|| file.sectors() - 1),
        ask,
        found: Vec::new(),
    };
    search.differs(0..file.sectors())?;
    Ok(search.found)
}

struct Search<'a> {
    file: &'a FlashFile,
    /// A sector that is known to differ.
    known: Option<usize>,
    ask: AskMd5s<'a>,
    found: Vec<usize>,
}

impl Search<'_> {
    /// Whether each of the regions is the same.
    fn same(&mut self, regions: &[Range<usize>]) -> Result<Vec<bool>, Fault> {
        if regions.is_empty() {
            return Ok(Vec::new());
        }
        let bytes = |sectors: &Range<usize>| {
            &self.file.bytes
                [sectors.start * SECTOR..(sectors.end * SECTOR).min(self.file.bytes.len())]
        };
        let questions: Vec<_> = regions
            .iter()
            .map(|sectors| {
                (
                    self.file.offset + (sectors.start * SECTOR) as u32,
                    bytes(sectors).len(),
                )
            })
            .collect();
        let wanted: Vec<_> = regions.iter().map(|sectors| md5(bytes(sectors))).collect();
        let found = (self.ask)(&questions)?;
        Ok(wanted
            .iter()
            .zip(found)
            .map(|(wanted, found)| *wanted == found)
            .collect())
    }

    /// Searches sectors of which at least one differs.
    fn differs(&mut self, sectors: Range<usize>) -> Result<(), Fault> {
        if sectors.len() <= ASK_EACH {
            return self.each(sectors);
        }
        let middle = sectors.start + sectors.len() / 2;
        let (left, right) = (sectors.start..middle, middle..sectors.end);
        if self.same(std::slice::from_ref(&left))?[0] {
            return self.differs(right);
        }
        self.differs(left)?;
        let known = self.known.is_some_and(|known| right.contains(&known));
        if known || !self.same(std::slice::from_ref(&right))?[0] {
            return self.differs(right);
        }
        Ok(())
    }

    /// Asks for each sector, but not for the last if all others being the same tells that it differs.
    fn each(&mut self, sectors: Range<usize>) -> Result<(), Fault> {
        let known = self.known.filter(|known| sectors.contains(known));
        let last = sectors.end - 1;
        let open: Vec<usize> = sectors
            .filter(|sector| *sector != last && known != Some(*sector))
            .collect();
        let regions: Vec<_> = open.iter().map(|&sector| sector..sector + 1).collect();
        let same = self.same(&regions)?;
        let changed = open
            .iter()
            .zip(same)
            .filter(|(_, same)| !same)
            .map(|(sector, _)| *sector);
        let before = self.found.len();
        self.found.extend(changed);
        let alone = self.found.len() == before;
        if known == Some(last) || alone || !self.same(std::slice::from_ref(&(last..last + 1)))?[0] {
            self.found.push(last);
        }
        Ok(())
    }
}

/// Neighbouring sectors, to be written together.
pub(crate) fn runs(sectors: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &sector in sectors {
        match runs.last_mut() {
            Some(run) if run.end == sector => run.end += 1,
            _ => runs.push(sector..sector + 1),
        }
    }
    runs
}

/// Rough costs in microseconds. They only decide which loader writes; either way the content is the same.
struct Costs {
    /// One command and its answer.
    command: u64,
    /// MD5 of a sector.
    md5: u64,
    /// What erasing and programming a sector adds to receiving it.
    program: u64,
    /// Bytes that a sector of code takes on the line.
    sector_bytes: u64,
    /// Bytes of a block.
    block: u64,
}

const ROM: Costs = Costs {
    command: 3_000,
    md5: 5_600,
    program: 58_000,
    sector_bytes: 4_096,
    block: 0x400,
};
const STUB: Costs = Costs {
    command: 3_000,
    md5: 2_200,
    // It erases and programs while it receives.
    program: 15_000,
    sector_bytes: 2_500,
    block: 0x4000,
};
/// Bytes of the stub.
const STUB_BYTES: u64 = 6_900;
/// Its start, and the commands of its upload, some of them at 115200 baud.
const STUB_START: u64 = 30_000 + 20_000;

/// Whether uploading the stub makes the rest of the run shorter: `suspects` are the sectors of files that differ, `verify` all
/// that are to be verified at the end.
pub(crate) fn stub_pays(suspects: usize, all_differ: bool, verify: usize, baud: u32) -> bool {
    let line = |bytes: u64| bytes * 10_000_000 / u64::from(baud.max(1));
    let suspects = suspects as u64;
    let search = if all_differ { 0 } else { suspects };
    // A change of one function moves what follows it.
    let write = if all_differ {
        suspects
    } else {
        (suspects * 3).div_ceil(5)
    };
    let total = |costs: &Costs| {
        search * (costs.command + line(60) + costs.md5)
            + write * (costs.program + line(costs.sector_bytes))
            + write * costs.sector_bytes.div_ceil(costs.block) * costs.command
            + verify as u64 * costs.md5
    };
    let upload = line(STUB_BYTES) + STUB_START;
    upload + total(&STUB) < total(&ROM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Role;

    fn file(sectors: usize) -> FlashFile {
        FlashFile {
            name: "app.bin".to_owned(),
            offset: 0x10000,
            bytes: (0..sectors * SECTOR - 100)
                .map(|i| (i / 7 % 251) as u8)
                .collect(),
            role: Role::App,
        }
    }

    /// Searches a device that has the file with `changed` sectors; returns what was found, how often the device was asked,
    /// and for how many bytes.
    fn search(sectors: usize, changed: &[usize]) -> (Vec<usize>, usize, usize) {
        let file = file(sectors);
        let mut device = file.bytes.clone();
        for sector in changed {
            device[sector * SECTOR] ^= 1;
        }
        let last_differs = changed.len() > 1 && changed.contains(&(sectors - 1));
        let (mut questions, mut bytes) = (0, 0);
        let found = differing_sectors(&file, last_differs, &mut |regions| {
            questions += 1;
            Ok(regions
                .iter()
                .map(|(offset, len)| {
                    bytes += len;
                    md5(&device[(offset - file.offset) as usize..][..*len])
                })
                .collect())
        });
        (found.unwrap(), questions, bytes)
    }

    #[test]
    fn every_changed_sector_is_found() {
        for sectors in [1, 2, 5, 8, 9, 33, 64] {
            for changed in [
                vec![0],
                vec![sectors - 1],
                (0..sectors).collect(),
                vec![sectors / 2],
            ] {
                assert_eq!(search(sectors, &changed).0, changed, "{sectors}");
            }
            let scattered: Vec<_> = (0..sectors).step_by(3).collect();
            assert_eq!(search(sectors, &scattered).0, scattered);
        }
    }

    #[test]
    fn few_questions_find_one_change() {
        // 256 sectors, one changed: halving asks for no more than two regions a level.
        let (_, questions, bytes) = search(256, &[200]);
        assert!(questions <= 2 * 7 + 4, "{questions}");
        assert!(bytes <= 2 * 256 * SECTOR, "{bytes}");
        // A single sector needs no question at all: the file is known to differ.
        assert_eq!(search(1, &[0]).1, 0);
        assert_eq!(search(5, &[4]).1, 1);
    }

    #[test]
    fn neighbours_are_written_together() {
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[0, 1, 2, 4, 7, 8]), [0..3, 4..5, 7..9]);
    }

    #[test]
    fn the_stub_is_for_more_than_a_few_sectors() {
        for baud in [115_200, 460_800, 921_600] {
            assert!(!stub_pays(1, false, 13, baud));
            assert!(stub_pays(200, true, 220, baud));
            assert!(stub_pays(60, false, 80, baud));
        }
    }
}
