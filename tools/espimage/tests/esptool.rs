//! Compares `espimage` with the real esptool. The environment variable ESPTOOL names its executable, and ESPIMAGE_ELFS the
//! linked programs to compare besides those made here, separated by spaces.

#[path = "integration/common.rs"]
mod common;

use std::process::Command;

use espimage::flasher_args::FlasherArgs;
use espimage::image::Image;

use common::{DRAM, Elf, FLASH_CODE, FLASH_DATA, Folder, IRAM, Section, memory_of, pattern, text};

/// Runs esptool; words that start with `@` are files of `folder`.
#[track_caller]
fn esptool(folder: &Folder, line: &str) -> String {
    let esptool =
        std::env::var_os("ESPTOOL").expect("set ESPTOOL to the esptool executable, version 5");
    let args = line
        .split_whitespace()
        .map(|word| match word.strip_prefix('@') {
            Some(name) => text(&folder.path(name)),
            None => word.to_owned(),
        });
    let output = Command::new(esptool)
        .args(["--chip", "esp32"])
        .args(args)
        .output()
        .expect("esptool runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{stdout}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

/// Converts app.elf with both, and compares header, memory and what esptool says about ours.
#[track_caller]
fn compare(name: &str, elf: &[u8]) {
    for (flags, esptool_flags) in [
        (
            "",
            "--flash-mode dio --flash-freq 40m --flash-size 4MB --max-rev-full 399",
        ),
        (
            "--flash-mode qio --flash-freq 80m --flash-size 16MB --min-chip-rev 1.1 --max-chip-rev 3.1",
            "--flash-mode qio --flash-freq 80m --flash-size 16MB --min-rev 1 --min-rev-full 101 --max-rev-full 301",
        ),
    ] {
        let folder = Folder::new();
        folder.write("app.elf", elf);
        folder
            .run(&format!(
                "convert --elf @app.elf --output @ours.bin {flags}"
            ))
            .ok();
        esptool(
            &folder,
            &format!("elf2image --elf-sha256-offset 0xb0 {esptool_flags} -o @theirs.bin @app.elf"),
        );
        let (ours, theirs) = (folder.read("ours.bin"), folder.read("theirs.bin"));

        let header = |bytes| Image::parse(bytes, 0).expect("an image").header;
        let (mut our_header, their_header) = (header(&ours), header(&theirs));
        // Both join what adjoins, but esptool goes by section order; the memory is compared below.
        our_header.segment_count = their_header.segment_count;
        assert_eq!(our_header, their_header, "{name}");

        let (our_memory, their_memory) = (memory_of(&ours), memory_of(&theirs));
        assert_eq!(our_memory.len(), their_memory.len(), "{name}");
        for ((our_start, ours), (their_start, theirs)) in our_memory.iter().zip(&their_memory) {
            assert_eq!(our_start, their_start, "{name}");
            // Both pad to multiples of 4 bytes, esptool before it joins neighbours and espflash after that.
            let (common, rest) = (ours.len().min(theirs.len()), [&ours[..], &theirs[..]]);
            assert!(ours[..common] == theirs[..common], "{name}: {our_start:#x}");
            for rest in rest.map(|data| &data[common..]) {
                assert!(
                    rest.len() < 4 && rest.iter().all(|&byte| byte == 0),
                    "{name}: {rest:?}"
                );
            }
        }

        let info = esptool(&folder, "image-info @ours.bin");
        assert!(
            info.contains("(valid)") && !info.contains("invalid"),
            "{name}: {info}"
        );
        assert_eq!(
            info.matches("(valid)").count(),
            2,
            "checksum and hash of {name}: {info}"
        );
    }
}

#[test]
fn application_with_something_in_every_region() {
    compare("app", &Elf::app().build());
}

#[test]
fn code_and_data_in_one_page() {
    compare("one page", &Elf::app_in_one_page().build());
}

#[test]
fn lengths_that_are_no_multiple_of_4() {
    for len in 1..=4 {
        let elf = Elf::app()
            .with_data(".dram0.data", pattern(len, 1))
            .with_data(".flash.text", pattern(100 + len, 2));
        compare("odd lengths", &elf.build());
    }
}

#[test]
fn sections_that_adjoin_at_an_odd_address() {
    let elf = Elf::app()
        .with_data(".iram0.vectors", pattern(0x403, 1))
        .with_address(".iram0.text", IRAM + 0x403);
    compare("odd address", &elf.build());
}

#[test]
fn segments_around_a_page_boundary() {
    // The bootloader's bug that both tools pad for: a mapped segment that ends less than 0x24 bytes behind a page.
    for len in [0xFFC0, 0xFFDC, 0xFFE0, 0xFFE4, 0x1_0000, 0x1_0010] {
        let elf = Elf::app()
            .with_data(".flash.text", pattern(len, 2))
            .with_data(".flash.rodata", pattern(len - 0x100, 1));
        let elf = elf.with_address(".flash.text", 0x400E_0020);
        compare("page boundary", &elf.build());
    }
}

#[test]
fn programs_of_many_pages() {
    let elf = Elf::app()
        .with_data(".flash.rodata", pattern(0x4_5678, 1))
        .with_data(".flash.text", pattern(0x6_789A, 2))
        .with_data(".iram0.text", pattern(0x1_8000, 3))
        .with_data(".dram0.data", pattern(0x1_0000, 4))
        .without(".dram0.bss");
    compare("large", &elf.build());
}

#[test]
fn hardly_any_ram_to_fill_gaps_with() {
    let elf = Elf::app()
        .without(".dram0.data")
        .without(".dram0.bss")
        .without(".iram0.vectors");
    compare(
        "little ram",
        &elf.with_data(".iram0.text", pattern(8, 1)).build(),
    );
}

#[test]
fn islands_in_ram_and_rtc_memory() {
    let elf = Elf::app()
        .with(Section::new(".island1", DRAM + 0x4000, pattern(12, 1)))
        .with(Section::new(".island2", DRAM + 0x5000, pattern(7, 2)))
        .with(Section::new(".rtc.text", 0x400C_0000, pattern(64, 3)))
        .with(Section::new(".rtc.data", 0x5000_0000, pattern(64, 4)))
        .with(Section::new(".far", IRAM + 0x1_0000, pattern(256, 5)));
    compare("islands", &elf.build());
}

#[test]
fn constructors_and_destructors() {
    let at = FLASH_DATA + 0x100 + 0x1234;
    let elf = Elf::app()
        .with(Section::new(".init_array", at, pattern(8, 1)).of_kind(14))
        .with(Section::new(".fini_array", at + 8, pattern(8, 2)).of_kind(15))
        .with(Section::new(
            ".more.text",
            FLASH_CODE + 0x5004,
            pattern(8, 3),
        ));
    // esptool joins neighbours in the order of the section headers, which linkers sort by address.
    compare("arrays", &elf.sorted().build());
}

#[test]
fn given_elf_files() {
    let paths = std::env::var("ESPIMAGE_ELFS").expect("set ESPIMAGE_ELFS to linked programs");
    assert!(!paths.trim().is_empty(), "ESPIMAGE_ELFS names no file");
    for path in paths.split_whitespace() {
        let elf = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        compare(path, &elf);
    }
}

#[test]
fn merged_image_and_bootloader() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    let merge = "merge-bin -o @theirs.bin --flash-mode keep --flash-freq keep --flash-size keep \
         0x1000 @bootloader.bin 0x8000 @partition-table.bin 0x10000 @app.bin";
    esptool(&folder, merge);
    assert!(folder.read("image.bin") == folder.read("theirs.bin"));

    let set = "merge-bin -o @theirs.bin --flash-mode dout --flash-freq 20m --flash-size 16MB 0x1000 @bootloader.bin";
    esptool(&folder, set);
    let flags = "--flash-mode dout --flash-freq 20m --flash-size 16MB";
    folder
        .run(&format!("bootloader {flags} --output @ours.bin"))
        .ok();
    assert!(folder.read("theirs.bin")[0x1000..] == folder.read("ours.bin"));
    assert_eq!(
        esptool(&folder, "image-info @ours.bin")
            .matches("(valid)")
            .count(),
        2
    );
}

#[test]
fn flasher_args_are_words_that_esptool_takes() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    let args: FlasherArgs =
        serde_json::from_slice(&folder.read("flasher_args.json")).expect("flasher_args.json");
    let files = args
        .flash_files
        .0
        .iter()
        .map(|(offset, file)| format!("{offset} @{file}"));
    let settings = args.write_flash_args.join(" ").replace('_', "-");
    esptool(
        &folder,
        &format!(
            "merge-bin -o @theirs.bin {settings} {}",
            files.collect::<Vec<_>>().join(" ")
        ),
    );
    assert!(folder.read("image.bin") == folder.read("theirs.bin"));
}
