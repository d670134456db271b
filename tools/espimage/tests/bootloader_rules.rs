//! `verify` agrees with the bootloader: 2,000 mutants of the example's image, of which a second description of the rules says whether they
//! start, and from where. It is written from ESP-IDF's `components/bootloader_support` (`esp_image_format.c`, `flash_partitions.c`,
//! `bootloader_utility.c`, `bootloader_memory_utils.h`) and `components/soc/esp32/include/soc/soc.h`, and from what the ROM needs.
//!
//! The environment variable ESPIMAGE_IMAGE names the merged image of `//firmware`.

use espimage::level::{Findings, Level};
use espimage::merged::{self, ParseOptions};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sha2::{Digest, Sha256};

const MUTANTS: u32 = 2_000;
const BOOTLOADER: usize = 0x1000;
const TABLE: usize = 0x8000;
const APP: usize = 0x1_0000;

/// What ROM and bootloader do.
mod rules {
    use md5::Md5;
    use sha2::{Digest as _, Sha256};

    use super::{BOOTLOADER, TABLE};

    type Range = std::ops::Range<u64>;

    const DROM: Range = 0x3F40_0000..0x3F80_0000;
    const IROM: Range = 0x400D_0000..0x4040_0000;
    const DRAM: Range = 0x3FFA_E000..0x4000_0000;
    const IRAM: Range = 0x4008_0000..0x400A_A000;
    const DIRAM_DRAM: Range = 0x3FFE_0000..0x4000_0000;
    const DIRAM_IRAM: Range = 0x400A_0000..0x400C_0000;
    const RTC: [Range; 3] = [
        0x400C_0000..0x400C_2000,
        0x3FF8_0000..0x3FF8_2000,
        0x5000_0000..0x5000_2000,
    ];
    /// From `STACK_LOAD_HEADROOM` below the stack pointer, which is at SOC_ROM_STACK_START at the most.
    const STACK: Range = 0x3FFE_3F20 - 32768..0x3FFE_3F20;

    fn word(flash: &[u8], at: usize) -> Result<u64, &'static str> {
        let bytes = flash.get(at..at + 4).ok_or("read beyond the file")?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes")).into())
    }

    struct Image {
        entry: u64,
        /// Address, offset in flash, length.
        segments: Vec<(u64, usize, usize)>,
        len: usize,
        hash: Option<(Vec<u8>, Vec<u8>)>,
    }

    fn inside(range: &Range, start: u64, end: u64) -> bool {
        range.contains(&start) && range.contains(&(end - 1))
    }

    fn overlaps(a: &Range, b: &Range) -> bool {
        a.start < b.end && b.start < a.end
    }

    fn image(flash: &[u8], at: usize, app: bool) -> Result<Image, &'static str> {
        let header = flash.get(at..at + 24).ok_or("no header")?;
        if header[0] != 0xE9 {
            return Err("magic");
        }
        // Of a bootloader, the ROM does not look at the chip; but its instructions are another CPU's then.
        if header[12..14] != [0, 0] {
            return Err("chip");
        }
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let (min, max) = (u16_at(15), u16_at(17));
        if max != 0 && max != 65535 && min > max {
            return Err("no revision is both");
        }
        let count = usize::from(header[1]);
        if count > 16 {
            return Err("segment count");
        }
        let (mut segments, mut next, mut sum) = (Vec::new(), at + 24, 0xEF);
        for _ in 0..count {
            let (address, len) = (word(flash, next)?, word(flash, next + 4)? as usize);
            if len % 4 != 0 || len >= 0x100_0000 {
                return Err("segment length");
            }
            next += 8;
            let data = flash
                .get(next..next + len)
                .ok_or("segment beyond the file")?;
            let mapped = DROM.contains(&address) || IROM.contains(&address);
            if app && mapped && next as u64 % 0x1_0000 != address % 0x1_0000 {
                return Err("segment is not at its place in the page");
            }
            if app && !mapped && address >= 0x1000_0000 && len > 0 {
                load(address, address + len as u64)?;
            }
            sum = data.iter().fold(sum, |sum, byte| sum ^ byte);
            segments.push((address, next, len));
            next += len;
        }
        let end = at + (next - at + 1).next_multiple_of(16);
        if *flash.get(end - 1).ok_or("checksum beyond the file")? != sum {
            return Err("checksum");
        }
        let mut hash = None;
        let mut len = end - at;
        if header[23] != 0 {
            let found = flash.get(end..end + 32).ok_or("hash beyond the file")?;
            hash = Some((found.to_vec(), Sha256::digest(&flash[at..end]).to_vec()));
            len += 32;
        }
        let entry = word(flash, at + 4)?;
        Ok(Image {
            entry,
            segments,
            len,
            hash,
        })
    }

    /// `verify_load_addresses`.
    fn load(start: u64, end: u64) -> Result<(), &'static str> {
        let dram_of = |iram: u64| 0x3FFE_0000 + (0x400C_0000 - iram) - 4;
        let iram_of = |dram: u64| 0x400A_0000 + (0x4000_0000 - dram) - 4;
        if inside(&DRAM, start, end) {
            if overlaps(&STACK, &(start..end)) {
                return Err("over the bootloader's stack");
            }
            if overlaps(&DIRAM_DRAM, &(start..end)) {
                let (from, to) = (iram_of(start.max(DIRAM_DRAM.start)), iram_of(end));
                let alias = from.min(to)..from.max(to);
                if !inside(&IRAM, alias.start.max(IRAM.start), alias.end) {
                    return Err("data has no place for instructions");
                }
            }
            Ok(())
        } else if inside(&IRAM, start, end) {
            if overlaps(&DIRAM_IRAM, &(start..end)) {
                let (from, to) = (dram_of(start.max(DIRAM_IRAM.start)), dram_of(end));
                if overlaps(&STACK, &(from.min(to)..from.max(to))) {
                    return Err("over the bootloader's stack, on the other bus");
                }
            }
            Ok(())
        } else if RTC.iter().any(|range| inside(range, start, end)) {
            Ok(())
        } else {
            Err("bad load address range")
        }
    }

    /// Whether the CPU finds an instruction at the entry.
    fn runs(image: &Image, code: &[Range]) -> Result<(), &'static str> {
        let entry = image.entry;
        let there = image.segments.iter().any(|&(address, _, len)| {
            address >= 0x1000_0000 && (address..address + len as u64).contains(&entry)
        });
        match there && code.iter().any(|range| range.contains(&entry)) {
            true => Ok(()),
            false => Err("no instruction at the entry"),
        }
    }

    fn app(flash: &[u8], at: usize, size: u64, taken: &[Range]) -> Result<(), &'static str> {
        if size > 0x100_0000 {
            return Err("partition above 16 MB");
        }
        let image = image(flash, at, true)?;
        if image
            .hash
            .as_ref()
            .is_some_and(|(found, computed)| found != computed)
        {
            return Err("hash");
        }
        if image.len as u64 > size {
            return Err("larger than its partition");
        }
        for &(address, _, len) in &image.segments {
            let end = address + len as u64;
            let on_data_bus =
                match inside(&IRAM, address, end.max(address + 1)) && end > DIRAM_IRAM.start {
                    true => {
                        0x3FFE_0000 + (0x400C_0000 - end)
                            ..0x3FFE_0000 + (0x400C_0000 - address.max(DIRAM_IRAM.start))
                    }
                    false => address..end,
                };
            if len > 0
                && DRAM.contains(&on_data_bus.start)
                && taken.iter().any(|taken| overlaps(taken, &on_data_bus))
            {
                return Err("over the bootloader's data");
            }
        }
        for region in [DROM, IROM] {
            // Of two, the last one is mapped. With none, or beyond the region, the MMU's function fails.
            let mut of = image
                .segments
                .iter()
                .filter(|(address, _, len)| region.contains(address) && *len > 0);
            if of
                .clone()
                .any(|&(address, _, len)| address + len as u64 > region.end)
                || of.next().is_none()
            {
                return Err("nothing to map");
            }
        }
        runs(&image, &[IROM, IRAM, RTC[0].clone(), DIRAM_IRAM])
    }

    fn bootloader(flash: &[u8]) -> Result<Vec<Range>, &'static str> {
        let image = image(flash, BOOTLOADER, false)?;
        if image.segments.is_empty() || image.len > TABLE - BOOTLOADER {
            return Err("no segment, or over the table");
        }
        let memory = [&[DRAM, 0x4007_0000..0x400C_0000][..], &RTC].concat();
        let mut taken = Vec::new();
        for &(address, _, len) in &image.segments {
            let end = address + len as u64;
            if len == 0 || address < 0x1000_0000 {
                continue;
            }
            if !memory.iter().any(|range| inside(range, address, end)) {
                return Err("the ROM loads to RAM only");
            }
            if DRAM.contains(&address) {
                taken.push(address.min(0x3FFF_0000)..end);
            }
        }
        runs(&image, &[0x4007_0000..0x400A_A000, RTC[0].clone()])?;
        Ok(taken)
    }

    /// `esp_partition_table_verify`, and what `bootloader_utility_load_partition_table` keeps: type, subtype, offset, size.
    fn table(flash: &[u8], flash_size: u64) -> Result<Vec<(u8, u8, u64, u64)>, &'static str> {
        let mut md5_found = false;
        let mut entries = Vec::new();
        for index in 0..96 {
            let at = TABLE + 32 * index;
            let entry = flash.get(at..at + 32).ok_or("table beyond the file")?;
            match entry[..4] {
                [0xAA, 0x50, kind, subtype] => {
                    let (offset, size) = (word(entry, 4)?, word(entry, 8)?);
                    if offset > flash_size || size > flash_size - offset {
                        return Err("partition beyond the flash");
                    }
                    entries.push(Some((kind, subtype, offset, size)));
                }
                [0xEB, 0xEB, ..] => {
                    if md5_found || entry[16..] != Md5::digest(&flash[TABLE..at])[..] {
                        return Err("MD5");
                    }
                    md5_found = true;
                    entries.push(None);
                }
                [0xFF, 0xFF, 0xFF, 0xFF] if index != 0 => {
                    entries.truncate(index - usize::from(md5_found));
                    return Ok(entries.into_iter().flatten().collect());
                }
                _ => return Err("entry magic"),
            }
        }
        Err("no end")
    }

    /// Where the application is that starts.
    pub fn start(flash: &[u8]) -> Result<usize, &'static str> {
        let taken = bootloader(flash)?;
        let flash_size = match flash[BOOTLOADER + 3] >> 4 {
            size @ 0..8 => 0x10_0000 << size,
            _ => 0x20_0000,
        };
        let table = table(flash, flash_size)?;
        let last = |subtype: u8| {
            let of = table
                .iter()
                .rev()
                .find(|(kind, sub, ..)| (*kind, *sub) == (0, subtype));
            of.filter(|(.., size)| *size > 0)
        };
        let slots = table
            .iter()
            .filter(|(kind, subtype, ..)| *kind == 0 && subtype & 0xF0 == 0x10);
        let slots = slots.count().min(16) as u8;
        let mut why = "no app partition";
        for subtype in [0].into_iter().chain(0x10..0x10 + slots).chain([0x20]) {
            if let Some(&(_, _, offset, size)) = last(subtype) {
                match app(flash, offset as usize, size, &taken) {
                    Ok(()) => return Ok(offset as usize),
                    Err(refused) => why = refused,
                }
            }
        }
        Err(why)
    }
}

/// A change of the image.
#[derive(Debug, Clone)]
enum Mutation {
    /// A byte of a header or of the table, by its offset.
    Byte(usize, u8),
    /// A word of the table of segments: of which image, which segment, address or length.
    Segment(bool, Index, bool, u32),
    /// The entry.
    Entry(bool, u32),
    /// A byte anywhere in an image.
    Data(bool, Index, u8),
    /// Checksum or hash of an image, from its end.
    End(bool, usize, u8),
    /// A field of a partition: which one, its type and subtype, offset, size.
    Partition(usize, [u8; 2], u32, u32),
    /// The table ends here.
    TableEnd(usize),
    /// The file is as long as this.
    Cut(Index),
}

/// Addresses at the ends of regions, and lengths.
const WORDS: &[u32] = &[
    0,
    4,
    8,
    0x100,
    0x1000,
    0x2000,
    0xA000,
    0x1_0000,
    0x100_0000,
    0xFFFF_FFFF,
    0x0FFF_FFFC,
    0x1000_0000,
    0x3F3F_FFFC,
    0x3F40_0020,
    0x3F80_0000,
    0x3FF8_0000,
    0x3FF8_1FFC,
    0x3FFA_DFFC,
    0x3FFA_E000,
    0x3FFB_0000,
    0x3FFD_BF1C,
    0x3FFE_3F20,
    0x3FFE_8000,
    0x3FFF_0000,
    0x3FFF_6000,
    0x3FFF_FF00,
    0x4000_0000,
    0x4007_8000,
    0x4008_0000,
    0x4009_FFF0,
    0x400A_0000,
    0x400A_9F00,
    0x400A_A000,
    0x400C_0000,
    0x400C_1F00,
    0x400D_0020,
    0x403F_FFFC,
    0x5000_0000,
    0x5000_1F00,
    0x6000_0000,
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let word = || prop_oneof![4 => select(WORDS), 1 => any::<u32>()];
    let at = prop_oneof![
        BOOTLOADER..BOOTLOADER + 24,
        APP..APP + 24,
        TABLE..TABLE + 160
    ];
    let byte = prop_oneof![any::<u8>(), select(vec![0, 1, 2, 0x10, 0x20, 0xFF])];
    let place = select(vec![
        0,
        0x8000,
        0x9000,
        0x1_0000,
        0x2_0000,
        0x10_0000,
        0x40_0000,
        0xFFFF_F000,
    ]);
    let size = select(vec![
        0, 0x1000, 0x8001, 0x2_0000, 0x10_0000, 0x10_0001, 0x40_0000, 0x110_0000,
    ]);
    let kind = select(vec![
        [0, 0],
        [0, 0x10],
        [0, 0x11],
        [0, 0x20],
        [0, 0x15],
        [1, 0],
        [1, 2],
        [2, 0],
        [0x40, 3],
    ]);
    prop_oneof![
        3 => (at, byte).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        4 => (any::<bool>(), any::<Index>(), any::<bool>(), word()).prop_map(|(a, b, c, d)| Mutation::Segment(a, b, c, d)),
        1 => (any::<bool>(), word()).prop_map(|(a, b)| Mutation::Entry(a, b)),
        1 => (any::<bool>(), any::<Index>(), any::<u8>()).prop_map(|(a, b, c)| Mutation::Data(a, b, c)),
        1 => (any::<bool>(), 1..64_usize, any::<u8>()).prop_map(|(a, b, c)| Mutation::End(a, b, c)),
        3 => (0..5_usize, kind, place, size).prop_map(|(a, b, c, d)| Mutation::Partition(a, b, c, d)),
        1 => (0..6_usize).prop_map(Mutation::TableEnd),
        1 => any::<Index>().prop_map(Mutation::Cut),
    ]
}

fn base(app: bool) -> usize {
    if app { APP } else { BOOTLOADER }
}

/// Offsets of the segments' headers as the image at `at` has them, and its end, as far as they are in the file.
fn layout(flash: &[u8], at: usize) -> (Vec<usize>, usize) {
    let (mut headers, mut next) = (Vec::new(), at + 24);
    for _ in 0..flash.get(at + 1).copied().unwrap_or(0) {
        let Some(len) = flash.get(next + 4..next + 8) else {
            break;
        };
        headers.push(next);
        next += 8 + u32::from_le_bytes(len.try_into().expect("a word")).min(0x100_0000) as usize;
    }
    (headers, at + (next - at + 1).next_multiple_of(16))
}

fn apply(flash: &mut Vec<u8>, mutation: &Mutation) {
    let set = |flash: &mut Vec<u8>, at: usize, bytes: &[u8]| {
        if let Some(place) = flash.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    match mutation {
        Mutation::Byte(at, byte) => set(flash, *at, &[*byte]),
        Mutation::Segment(app, which, address, word) => {
            let headers = layout(flash, base(*app)).0;
            if !headers.is_empty() {
                let at = headers[which.index(headers.len())] + if *address { 0 } else { 4 };
                set(flash, at, &word.to_le_bytes());
            }
        }
        Mutation::Entry(app, word) => set(flash, base(*app) + 4, &word.to_le_bytes()),
        Mutation::Data(app, at, byte) => {
            let (start, end) = (base(*app), layout(flash, base(*app)).1);
            set(flash, start + at.index(end - start), &[*byte]);
        }
        Mutation::End(app, back, byte) => {
            let end = layout(flash, base(*app)).1 + 32;
            set(flash, end - back, &[*byte]);
        }
        Mutation::Partition(index, kind, offset, size) => {
            let at = TABLE + 32 * index;
            set(flash, at, &[0xAA, 0x50, kind[0], kind[1]]);
            set(flash, at + 4, &offset.to_le_bytes());
            set(flash, at + 8, &size.to_le_bytes());
        }
        Mutation::TableEnd(index) => set(flash, TABLE + 32 * index, &[0xFF; 32]),
        Mutation::Cut(at) => flash.truncate(at.index(flash.len())),
    }
}

/// Computes checksum, hash and MD5 anew, so that what is behind these checks is reached.
fn seal(flash: &mut [u8]) {
    for at in [BOOTLOADER, APP] {
        let (headers, end) = layout(flash, at);
        if end + 32 > flash.len() || headers.len() != usize::from(flash[at + 1]) {
            continue;
        }
        let mut sum = 0xEF;
        for (index, header) in headers.iter().enumerate() {
            let next = headers.get(index + 1).copied();
            let data_end = next.unwrap_or_else(|| {
                let len = flash[header + 4..header + 8].try_into().expect("a word");
                header + 8 + u32::from_le_bytes(len) as usize
            });
            sum = flash[header + 8..data_end]
                .iter()
                .fold(sum, |sum, byte| sum ^ byte);
        }
        flash[end - 1] = sum;
        if flash[at + 23] != 0 {
            let hash = Sha256::digest(&flash[at..end]);
            flash[end..end + 32].copy_from_slice(&hash);
        }
    }
    for at in (TABLE..TABLE + 0xC00).step_by(32) {
        if flash.get(at..at + 2) == Some(&[0xEB, 0xEB]) && at + 32 <= flash.len() {
            let md5 = md5::Md5::digest(&flash[TABLE..at]);
            flash[at + 16..at + 32].copy_from_slice(&md5);
        }
    }
}

#[test]
fn verify_agrees_with_the_bootloader() {
    let path =
        std::env::var("ESPIMAGE_IMAGE").expect("set ESPIMAGE_IMAGE as the top of this file says");
    let image = std::fs::read(path).expect("an image");
    assert_eq!(rules::start(&image), Ok(APP));
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[12; 32]);
    let config = Config {
        cases: MUTANTS,
        failure_persistence: None,
        ..Config::default()
    };
    let seen = std::cell::Cell::new((0, std::collections::BTreeMap::new()));
    let strategy = (
        prop::collection::vec(mutation(), 1..4),
        prop::bool::weighted(0.8),
    );
    TestRunner::new_with_rng(config, random)
        .run(&strategy, |(mutations, sealed)| {
            let mut flash = image.clone();
            for mutation in &mutations {
                apply(&mut flash, mutation);
            }
            if sealed {
                seal(&mut flash);
            }
            let mut findings = Findings::new(Level::Bootloader);
            let ours = merged::check(&flash, ParseOptions::default(), &mut findings);
            let ours = ours.map(|merged| merged.app_partition.offset as usize);
            let rules = rules::start(&flash);
            let (mut started, mut refused) = seen.take();
            match &rules {
                Ok(_) => started += 1,
                Err(why) => *refused.entry(*why).or_insert(0) += 1,
            }
            seen.set((started, refused));
            match (&ours, &rules) {
                (Ok(ours), Ok(rules)) => prop_assert_eq!(ours, rules),
                (Err(_), Err(_)) => {}
                _ => prop_assert!(false, "verify: {:?}, the rules: {:?}", ours, rules),
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let (started, refused) = seen.take();
    println!("{started} started, refused: {refused:#?}");
    assert!(
        started > 200 && refused.len() > 15,
        "{started} started, refused: {refused:#?}"
    );
}
