//! What is in the files that the rules make of the fixture: main.rs, ball.rs and components/.

use std::collections::BTreeSet;
use std::fs;

use object::{File, Object, ObjectSection, ObjectSymbol};

/// Of the partition `table` in partitions.csv.
const TABLE_OFFSET: usize = 0x30000;

fn read(variable: &str) -> Vec<u8> {
    let path = std::env::var(variable).expect("the BUILD file sets it");
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn address(elf: &File<'_>, name: &str) -> u64 {
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name));
    symbol
        .unwrap_or_else(|| panic!("no symbol {name}"))
        .address()
}

fn memory<'e>(elf: &File<'e>, address: u64, len: u64) -> &'e [u8] {
    elf.sections()
        .find_map(|section| {
            section
                .data_range(address, len)
                .expect("sections have contents")
        })
        .unwrap_or_else(|| panic!("nothing at {address:#x}"))
}

fn word(elf: &File<'_>, name: &str) -> u64 {
    let bytes = memory(elf, address(elf, name), 4);
    u64::from(u32::from_le_bytes(bytes.try_into().expect("four bytes")))
}

#[test]
fn embedded_file_is_in_flash_data() {
    let (elf, table) = (read("ELF"), read("TABLE"));
    let elf = File::parse(&*elf).expect("an ELF file");
    let start = address(&elf, "_binary_table_bin_start");
    assert_eq!(address(&elf, "table_bin"), start);
    assert_eq!(
        address(&elf, "_binary_table_bin_end") - start,
        table.len() as u64
    );
    assert_eq!(word(&elf, "table_bin_length"), table.len() as u64);
    assert_eq!(memory(&elf, start, table.len() as u64), table);
    assert!((0x3F40_0020..0x3F80_0000).contains(&start), "{start:#x}");
}

#[test]
fn embedded_text_ends_with_nul() {
    let (elf, mut text) = (read("ELF"), read("TEXT"));
    let elf = File::parse(&*elf).expect("an ELF file");
    let start = address(&elf, "_binary_1st_text_txt_start");
    assert_eq!(
        word(&elf, "_1st_text_txt_length"),
        text.len() as u64,
        "without the NUL"
    );
    text.push(0);
    assert_eq!(
        address(&elf, "_binary_1st_text_txt_end") - start,
        text.len() as u64
    );
    assert_eq!(memory(&elf, start, text.len() as u64), text);
}

#[test]
fn components_that_need_each_other_are_linked() {
    let elf = read("ELF");
    let elf = File::parse(&*elf).expect("an ELF file");
    for function in ["_start", "app_main", "ping", "pong"] {
        assert_ne!(address(&elf, function), 0, "{function}");
    }
    assert_eq!(address(&elf, "linked_with_the_extra_script"), 1);
    assert_eq!(elf.entry(), address(&elf, "_start"));
}

#[test]
fn no_path_of_the_machine_is_in_the_elf() {
    let elf = read("ELF");
    let elf = File::parse(&*elf).expect("an ELF file");
    let mut absolute = BTreeSet::new();
    let mut sources = 0;
    for name in [".debug_str", ".debug_line_str", ".debug_line", ".rodata"] {
        let data = elf
            .section_by_name(name)
            .map(|s| s.data().expect("sections have contents"));
        for text in data.unwrap_or_default().split(|byte| *byte < b' ') {
            let text = String::from_utf8_lossy(text);
            sources += usize::from(text.ends_with("ping.c"));
            // rustc's name for its own sources
            if text.starts_with('/') && text.len() > 1 && !text.starts_with("/rustc/") {
                absolute.insert(text.into_owned());
            }
        }
    }
    assert_ne!(sources, 0, "there is debug information");
    assert_eq!(absolute, BTreeSet::new());
}

#[test]
fn no_path_of_the_machine_is_in_the_map() {
    let map = String::from_utf8(read("MAP")).expect("a text");
    assert!(map.contains("ping.o"));
    let absolute: Vec<_> = map
        .split_whitespace()
        .filter(|word| word.starts_with('/') && word.len() > 1)
        .collect();
    assert!(
        absolute.iter().all(|word| *word == "/DISCARD/"),
        "{absolute:?}"
    );
    assert!(
        !map.contains("/tmp/"),
        "temporary names differ from build to build"
    );
}

#[test]
fn data_is_in_its_partition() {
    let (image, table) = (read("IMAGE"), read("TABLE"));
    assert_eq!(&image[TABLE_OFFSET..][..table.len()], table);
}

#[test]
fn each_data_image_is_in_its_partition() {
    let image = read("DATA_IMAGE");
    let folder = std::env::var("DATA").expect("the BUILD file sets it");
    // As in data/partitions.csv.
    for (name, offset, len) in [
        ("nvs", 0x9000, 0x4000),
        ("otadata", 0xD000, 0x2000),
        ("www", 0x50000, 0x10000),
        ("files", 0x60000, 0x20000),
        ("assets", 0x80000, 0x10000),
        ("settings", 0x90000, 0x10000),
    ] {
        let path = format!("{folder}/{name}.bin");
        let data = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(data.len(), len, "{name}");
        // The merged image ends with what is not erased flash.
        let end = image.len().min(offset + len);
        assert!(data.starts_with(&image[offset..end]), "{name}");
        assert!(
            data[end - offset..].iter().all(|byte| *byte == 0xFF),
            "{name}"
        );
    }
    assert_eq!(image[0x30000], 0xE9, "the application is in ota_1");
    assert_eq!(
        image[0xD000..0xD004],
        2_u32.to_le_bytes(),
        "which the OTA data name"
    );
}

#[test]
fn data_images_have_the_paths_of_the_package() {
    let folder = std::env::var("DATA").expect("the BUILD file sets it");
    let has = |file: &str, text: &str| {
        let path = format!("{folder}/{file}.bin");
        let image = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let found = image
            .windows(text.len())
            .any(|window| window == text.as_bytes());
        assert!(found, "{file}: {text:?}");
    };
    for path in [
        "/data/www/index.htm\0",
        "/data/www/css/a.css\0",
        "/generated/a.txt\0",
        "/generated/b/c.txt\0",
    ] {
        has("www", path);
    }
    for text in [
        "INDEX   HTM",
        "CSS        ",
        "A       CSS",
        "<p>hello</p>\n",
    ] {
        has("files", text);
    }
    for text in ["A       TXT", "B          ", "C       TXT"] {
        has("assets", text);
    }
    has("settings", "index.htm");
    has("nvs", "p { color: red }\n");
}
