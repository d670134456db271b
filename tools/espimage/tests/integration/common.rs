//! Builds ELF files, and runs `espimage` in-process in a folder of its own.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Address of flash data behind the headers of image and segment.
pub const FLASH_DATA: u32 = 0x3F40_0020;
/// Address of flash code.
pub const FLASH_CODE: u32 = 0x400D_0020;
/// Address of IRAM.
pub const IRAM: u32 = 0x4008_0000;
/// Address of DRAM that applications use.
pub const DRAM: u32 = 0x3FFB_0000;

const ALLOC: u32 = 2;
const EXEC: u32 = 4;
const WRITE: u32 = 1;
const PROGBITS: u32 = 1;
const NOBITS: u32 = 8;

/// A section of an ELF file.
#[derive(Clone)]
pub struct Section {
    pub name: &'static str,
    pub kind: u32,
    pub flags: u32,
    pub address: u32,
    pub size: u32,
    pub data: Vec<u8>,
}

impl Section {
    pub fn new(name: &'static str, address: u32, data: Vec<u8>) -> Self {
        let flags = ALLOC | if address >= 0x4000_0000 { EXEC } else { WRITE };
        Self {
            name,
            kind: PROGBITS,
            flags,
            address,
            size: data.len() as u32,
            data,
        }
    }

    pub fn bss(name: &'static str, address: u32, size: u32) -> Self {
        Self {
            kind: NOBITS,
            size,
            ..Self::new(name, address, Vec::new())
        }
    }

    pub fn of_kind(self, kind: u32) -> Self {
        Self { kind, ..self }
    }
}

/// An ELF file to be.
#[derive(Clone)]
pub struct Elf {
    pub class: u8,
    pub endian: u8,
    pub kind: u16,
    pub machine: u16,
    pub entry: u32,
    pub sections: Vec<Section>,
    /// Name, address, size.
    pub symbols: Vec<(&'static str, u32, u32)>,
}

/// Bytes that differ from place to place, and from `seed` to `seed`.
pub fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) ^ (i >> 8) as u8)
        .collect()
}

/// An application descriptor as a compiler leaves it.
pub fn descriptor() -> Vec<u8> {
    let mut bytes = vec![0; 256];
    bytes[..4].copy_from_slice(&0xABCD_5432_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&7_u32.to_le_bytes());
    bytes[16..20].copy_from_slice(b"1.2\0");
    bytes[48..52].copy_from_slice(b"app\0");
    bytes[112..117].copy_from_slice(b"v5.5\0");
    bytes
}

impl Elf {
    /// An application with something in every region.
    pub fn app() -> Self {
        Self {
            class: 1,
            endian: 1,
            kind: 2,
            machine: 94,
            entry: IRAM + 0x404,
            sections: vec![
                Section::new(".flash.appdesc", FLASH_DATA, descriptor()),
                Section::new(".flash.rodata", FLASH_DATA + 0x100, pattern(0x1234, 1)),
                Section::new(".dram0.data", DRAM, pattern(0x333, 2)),
                Section::bss(".dram0.bss", DRAM + 0x400, 0x2000),
                Section::new(".iram0.vectors", IRAM, pattern(0x404, 3)),
                Section::new(".iram0.text", IRAM + 0x404, pattern(0x1500, 4)),
                Section::new(".flash.text", FLASH_CODE, pattern(0x5001, 5)),
            ],
            symbols: vec![
                ("call_start_cpu0", IRAM + 0x404, 0x1000),
                ("_ZN4core3fmt5write17h0123456789abcdefE", FLASH_CODE, 0x4000),
                ("small", FLASH_CODE + 0x4000, 0x10),
                ("table", FLASH_DATA + 0x100, 0x1000),
                ("heap", DRAM + 0x400, 0x1F00),
            ],
        }
    }

    /// An application whose code shares a page of flash with its data: it is linked to where it ends up in the image.
    pub fn app_in_one_page() -> Self {
        const SEGMENT_HEADER_LEN: u32 = 8;
        let data_end = 0x120 + 0x1234;
        Self::app().with_address(".flash.text", 0x400D_0000 + data_end + SEGMENT_HEADER_LEN)
    }

    /// The section with this name.
    pub fn section(&mut self, name: &str) -> &mut Section {
        self.sections
            .iter_mut()
            .find(|section| section.name == name)
            .expect("a section of the app")
    }

    /// Replaces the contents of a section.
    pub fn with_data(mut self, name: &str, data: Vec<u8>) -> Self {
        let section = self.section(name);
        (section.size, section.data) = (data.len() as u32, data);
        self
    }

    /// Moves a section.
    pub fn with_address(mut self, name: &str, address: u32) -> Self {
        self.section(name).address = address;
        self
    }

    /// Adds a section.
    pub fn with(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// Removes a section.
    pub fn without(mut self, name: &str) -> Self {
        self.sections.retain(|section| section.name != name);
        self
    }

    /// Sorts the sections by address.
    pub fn sorted(mut self) -> Self {
        self.sections.sort_by_key(|section| section.address);
        self
    }

    /// The bytes of the file.
    pub fn build(&self) -> Vec<u8> {
        let loaded: Vec<_> = self
            .sections
            .iter()
            .filter(|section| section.flags & ALLOC != 0)
            .collect();
        let mut bytes = vec![0; 52 + 32 * loaded.len()];
        let mut names = vec![0];
        let mut headers = vec![[0_u32; 10]];
        let mut segments = Vec::new();
        for section in &self.sections {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            let offset = bytes.len() as u32;
            bytes.extend(&section.data);
            headers.push([
                add_name(&mut names, section.name),
                section.kind,
                section.flags,
                section.address,
                offset,
                section.size,
                0,
                0,
                4,
                0,
            ]);
            if section.flags & ALLOC != 0 {
                let flags = 4 | if section.flags & EXEC != 0 { 1 } else { 2 };
                let (address, len) = (section.address, section.data.len() as u32);
                segments.push([1, offset, address, address, len, section.size, flags, 4]);
            }
        }

        let mut strings = vec![0];
        let mut symbols = vec![0; 16];
        for &(name, address, size) in &self.symbols {
            let holds =
                |s: &Section| (s.address..s.address.saturating_add(s.size)).contains(&address);
            let section = self
                .sections
                .iter()
                .position(holds)
                .map_or(0xFFF1, |index| index + 1);
            let kind = if address >= 0x4000_0000 { 2 } else { 1 };
            symbols.extend(add_name(&mut strings, name).to_le_bytes());
            symbols.extend(address.to_le_bytes());
            symbols.extend(size.to_le_bytes());
            symbols.extend([0x10 | kind, 0]);
            symbols.extend((section as u16).to_le_bytes());
        }
        let strings_index = headers.len() as u32 + 1;
        let symtab_name = add_name(&mut names, ".symtab");
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        headers.push([
            symtab_name,
            2,
            0,
            0,
            bytes.len() as u32,
            symbols.len() as u32,
            strings_index,
            1,
            4,
            16,
        ]);
        bytes.extend(&symbols);
        let strtab_name = add_name(&mut names, ".strtab");
        headers.push([
            strtab_name,
            3,
            0,
            0,
            bytes.len() as u32,
            strings.len() as u32,
            0,
            0,
            1,
            0,
        ]);
        bytes.extend(&strings);
        let shstrtab_name = add_name(&mut names, ".shstrtab");
        headers.push([
            shstrtab_name,
            3,
            0,
            0,
            bytes.len() as u32,
            names.len() as u32,
            0,
            0,
            1,
            0,
        ]);
        bytes.extend(&names);

        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let section_table = bytes.len() as u32;
        let section_count = headers.len() as u16;
        bytes.extend(headers.iter().flatten().flat_map(|word| word.to_le_bytes()));
        for (index, segment) in segments.iter().enumerate() {
            let at = 52 + 32 * index;
            let words: Vec<u8> = segment
                .iter()
                .flat_map(|word: &u32| word.to_le_bytes())
                .collect();
            bytes[at..at + 32].copy_from_slice(&words);
        }

        bytes[..7].copy_from_slice(&[0x7F, b'E', b'L', b'F', self.class, self.endian, 1]);
        bytes[16..18].copy_from_slice(&self.kind.to_le_bytes());
        bytes[18..20].copy_from_slice(&self.machine.to_le_bytes());
        bytes[20] = 1;
        bytes[24..28].copy_from_slice(&self.entry.to_le_bytes());
        bytes[28..32].copy_from_slice(&52_u32.to_le_bytes());
        bytes[32..36].copy_from_slice(&section_table.to_le_bytes());
        for (at, value) in [
            (40, 52),
            (42, 32),
            (44, segments.len() as u16),
            (46, 40),
            (48, section_count),
            (50, section_count - 1),
        ] {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    /// What memory holds when the program starts: each loaded byte by address.
    pub fn memory(&self) -> Vec<(u32, Vec<u8>)> {
        let loaded = self
            .sections
            .iter()
            .filter(|s| s.flags & ALLOC != 0 && !s.data.is_empty());
        loaded.map(|s| (s.address, s.data.clone())).collect()
    }
}

fn add_name(table: &mut Vec<u8>, name: &str) -> u32 {
    let at = table.len() as u32;
    table.extend(name.as_bytes());
    table.push(0);
    at
}

/// Exit code and what was printed.
#[derive(Debug)]
pub struct Outcome {
    pub code: u8,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Expects success, and gives what was printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        assert_eq!(self.stderr, "");
        self.stdout
    }

    /// Expects a refusal with this code, whose message has all of `parts`, and a help.
    #[track_caller]
    pub fn refused(self, code: &str, parts: &[&str]) {
        assert_eq!(self.code, 1, "{self:?}");
        let stderr = &self.stderr;
        assert!(
            stderr.contains(&format!("code: espimage::{code}\n")),
            "{stderr}"
        );
        for part in parts {
            assert!(stderr.contains(part), "no '{part}' in: {stderr}");
        }
        let help = stderr
            .lines()
            .find_map(|line| line.strip_prefix("  help: "));
        assert!(help.is_some_and(|help| help.len() > 10), "{stderr}");
    }
}

/// A folder that goes away with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let parent = std::env::var_os("TEST_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("espimage-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), bytes).expect("a file for the test");
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder of the test");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        names
    }

    /// Runs `espimage`. Words that start with `@` are files of the folder, also behind `=` and before another `@`.
    pub fn run(&self, line: &str) -> Outcome {
        let resolve = |word: &str| word.replacen('@', &format!("{}/", self.0.display()), 1);
        let args =
            std::iter::once("espimage".to_owned()).chain(line.split_whitespace().map(resolve));
        self.run_args(args.collect())
    }

    /// Runs `espimage` with `args`, of which the first is the program.
    pub fn run_args(&self, args: Vec<String>) -> Outcome {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let code = espimage::cli::run(args, &mut stdout, &mut stderr);
        Outcome {
            code,
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    /// Writes bootloader.bin, partition-table.bin and app.bin of [`Elf::app`] with an NVS partition.
    pub fn with_parts(self) -> Self {
        self.write(
            "partitions.csv",
            "nvs,data,nvs,0x9000,24K\nfactory,app,factory,0x10000,1M\n",
        );
        self.write("app.elf", Elf::app().build());
        self.run("bootloader --output @bootloader.bin").ok();
        self.run("partition-table --input @partitions.csv --output @partition-table.bin")
            .ok();
        self.run("convert --elf @app.elf --output @app.bin").ok();
        self
    }

    /// Merges what [`Folder::with_parts`] wrote.
    pub fn merge(&self, more: &str) -> Outcome {
        self.run(&format!("{MERGE} {more}"))
    }
}

/// Command line that merges the files of [`Folder::with_parts`].
pub const MERGE: &str = "merge --bootloader @bootloader.bin --partition-table @partition-table.bin --app @app.bin \
     --output @image.bin --flasher-args @flasher_args.json";

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Address and contents of all memory that an image fills, with neighbours joined. A loader goes through the segments in
/// their order, so of two for the same byte the later one counts.
pub fn memory_of(image: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let image = espimage::image::Image::parse(image, 0x1_0000).expect("an image");
    let mut bytes = BTreeMap::new();
    for segment in image.memory() {
        bytes.extend((segment.address..).zip(segment.data.iter().copied()));
    }
    let mut joined: Vec<(u32, Vec<u8>)> = Vec::new();
    for (address, byte) in bytes {
        match joined.last_mut() {
            Some((start, before)) if *start + before.len() as u32 == address => before.push(byte),
            _ => joined.push((address, vec![byte])),
        }
    }
    joined
}

/// The folder's path as text.
pub fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
