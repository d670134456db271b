//! `espimage verify`, `espimage info`, and reading merged images.

use espimage::chip::Chip;
use espimage::image;
use espimage::merged;

use crate::common::{DRAM, Elf, FLASH_CODE, FLASH_DATA, Folder, IRAM, Outcome, memory_of, pattern};

fn merged_image() -> Vec<u8> {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    folder.read("image.bin")
}

fn app() -> Vec<u8> {
    Folder::new().with_parts().read("app.bin")
}

fn verify(bytes: &[u8], more: &str) -> Outcome {
    let folder = Folder::new();
    folder.write("image.bin", bytes);
    folder.run(&format!("verify @image.bin {more}"))
}

#[track_caller]
fn refused(bytes: &[u8], code: &str, parts: &[&str]) {
    for level in ["", "--level build"] {
        verify(bytes, level).refused(code, &[&["image.bin: "], parts].concat());
    }
}

/// What the bootloader starts, and a build must not have.
#[track_caller]
fn warned(bytes: &[u8], code: &str, parts: &[&str]) {
    verify(bytes, "--level build").refused(code, &[&["error: ", "image.bin: "], parts].concat());
    let outcome = verify(bytes, "");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let code = format!("  code: espimage::{code}\n");
    for part in [&["warning: ", "image.bin: ", &code], parts].concat() {
        assert!(outcome.stderr.contains(part), "{outcome:?} has no {part}");
    }
}

/// A small image: header, then segments of address and data, then checksum and SHA-256.
fn handmade(segments: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    bytes[..4].copy_from_slice(&[0xE9, segments.len() as u8, 2, 0x20]);
    bytes[4..8].copy_from_slice(&IRAM.to_le_bytes());
    bytes[8] = 0xEE;
    bytes[23] = 1;
    for (address, data) in segments {
        bytes.extend(address.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
    }
    bytes.resize((bytes.len() + 1).next_multiple_of(16) + 32, 0);
    image::seal(&mut bytes).unwrap();
    bytes
}

/// The segments that [`handmade`] needs for an image that starts; more can follow.
fn good() -> Vec<(u32, Vec<u8>)> {
    let data = pattern(0x100, 1);
    let text_at = 0x1_0000 - 24 - 8 - data.len() - 8 - 8 + 0x20;
    vec![
        (FLASH_DATA, data),
        (0, vec![0; text_at]),
        (FLASH_CODE, pattern(0x40, 2)),
        (IRAM, pattern(0x40, 3)),
    ]
}

#[test]
fn good_images_pass() {
    let report = verify(&merged_image(), "").ok();
    assert!(
        report.contains("ok: bootloader, 2 partitions, application in 'factory' at 0x10000"),
        "{report}"
    );
    assert!(verify(&app(), "").ok().contains("ok: application"));
    verify(&handmade(&good()), "").ok();
}

#[test]
fn parse_gives_what_the_bootloader_would_put_into_memory() {
    let bytes = merged_image();
    let image = merged::parse(&bytes).unwrap();
    assert_eq!(image.app.header.entry, IRAM + 0x404);
    assert_eq!(image.app_partition.name, "factory");
    assert_eq!(image.partitions.partitions.len(), 2);
    assert_eq!(image.bootloader.flash_offset, 0x1000);
    let memory = memory_of(&bytes[0x1_0000..]);
    for (start, data) in Elf::app().memory() {
        let whole = memory
            .iter()
            .find(|(at, part)| (*at..*at + part.len() as u32).contains(&start))
            .unwrap();
        let part = &whole.1[(start - whole.0) as usize..][..data.len()];
        assert!(start == FLASH_DATA || part == data, "{start:#x}");
    }
}

#[test]
fn elf_file_has_to_be_the_one() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    folder.write(
        "other.elf",
        Elf::app().with_data(".dram0.data", pattern(4, 9)).build(),
    );
    assert!(
        folder
            .run("verify @image.bin --elf @app.elf")
            .ok()
            .contains("made from")
    );
    folder.run("verify @app.bin --elf @app.elf").ok();
    folder
        .run("verify @image.bin --elf @other.elf")
        .refused("app_descriptor_elf", &["image.bin: "]);
    folder.write("bare.bin", handmade(&good()));
    folder
        .run("verify @bare.bin --elf @app.elf")
        .refused("app_descriptor_missing", &["bare.bin: "]);
}

#[test]
fn the_seeds_boot_loop() {
    let mut image = vec![0xFF; 0x1000];
    image.extend(app());
    refused(
        &image,
        "bootloader_is_app",
        &["bootloader: offset 0x1000", "0x3f400020"],
    );
}

#[test]
fn nothing_at_the_bootloaders_offset() {
    refused(
        &[0xFF; 0x2000],
        "image_magic",
        &["bootloader: offset 0x1000", "0xff"],
    );
    refused(
        &[0xFF; 0x100],
        "merged_too_short",
        &["the bootloader", "0x1000"],
    );
    refused(&[], "merged_too_short", &["the bootloader"]);
}

#[test]
fn broken_merged_images() {
    let good = merged_image();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    refused(
        &with(0x1000, 0),
        "image_magic",
        &["bootloader: offset 0x1000"],
    );
    refused(
        &with(0x100C, 2),
        "image_chip",
        &["bootloader: offset 0x100c", "ESP32-S2"],
    );
    refused(
        &with(0x2000, good[0x2000] ^ 1),
        "image_checksum",
        &["bootloader: "],
    );
    refused(
        &with(0x8000, 0),
        "partition_entry_magic",
        &["partition table: offset 0x8000"],
    );
    refused(
        &with(0x8008, 1),
        "partition_md5",
        &["partition table: offset 0x8050"],
    );
    refused(
        &with(0x1_0000, 0xFF),
        "image_magic",
        &["application in partition 'factory': offset 0x10000"],
    );
    refused(
        &with(0x1_0001, 0),
        "image_segment_count",
        &["offset 0x10001", "0 segments"],
    );
    refused(&with(0x1_0001, 17), "image_segment_count", &["17 segments"]);
    refused(&with(0x1_0003, 0x2F), "image_sha256", &["SHA-256"]);
    refused(
        &with(0x1_000C, 5),
        "image_chip",
        &["offset 0x1000c", "ESP32-C3"],
    );
    refused(
        &with(0x1_001C, 1),
        "image_segment_length",
        &["offset 0x1001c", "segment 0"],
    );
    refused(
        &good[..0x9000],
        "merged_too_short",
        &["partition 'factory'", "0x10000"],
    );
    refused(
        &good[..0x8000],
        "merged_too_short",
        &["the partition table"],
    );
    refused(
        &good[..good.len() - 1],
        "image_truncated",
        &["1 bytes are missing"],
    );
}

#[test]
fn application_that_reaches_over_its_partition() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    folder.write("p.csv", "factory,app,factory,0x10000,4K\n");
    folder
        .run("partition-table --input @p.csv --output @p.bin")
        .ok();
    let mut image = folder.read("image.bin");
    image[0x8000..0x8C00].copy_from_slice(&folder.read("p.bin"));
    refused(&image, "over_partition", &["'factory'", "bytes too large"]);
}

#[test]
fn partition_beyond_the_flash_that_the_bootloader_was_told() {
    let folder = Folder::new().with_parts();
    folder
        .run("bootloader --flash-size 1MB --output @b.bin")
        .ok();
    folder.merge("").ok();
    let (mut image, bootloader) = (folder.read("image.bin"), folder.read("b.bin"));
    image[0x1000..0x1000 + bootloader.len()].copy_from_slice(&bootloader);
    refused(
        &image,
        "partition_beyond_flash",
        &["partition table: ", "'factory'", "1MB"],
    );
}

#[test]
fn table_without_an_application() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    folder.write("p.csv", "nvs,data,nvs,,24K\n");
    folder
        .run("partition-table --input @p.csv --output @p.bin")
        .ok();
    let mut image = folder.read("image.bin");
    image[0x8000..0x8C00].copy_from_slice(&folder.read("p.bin"));
    refused(&image, "no_app_partition", &["factory"]);
}

#[test]
fn every_application_of_the_image_is_checked() {
    let folder = Folder::new().with_parts();
    folder.write("p.csv", "f,app,factory,,1M\no,app,ota_0,,1M\n");
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    folder.write("second.bin", folder.read("app.bin"));
    folder.merge("--data o=@second.bin").ok();
    folder.run("verify @image.bin").ok();
    let mut image = folder.read("image.bin");
    image[0x11_0200] ^= 1;
    warned(&image, "image_checksum", &["application in partition 'o'"]);
    image[0x11_0000..0x11_1000].fill(0xFF);
    verify(&image, "").ok();
}

#[test]
fn segments_that_the_bootloader_refuses() {
    let with = |segment: (u32, Vec<u8>)| {
        let mut segments = good();
        segments.push(segment);
        handmade(&segments)
    };
    refused(
        &with((0x2000_0000, pattern(16, 1))),
        "image_segment_outside",
        &["segment 4", "0x20000000"],
    );
    refused(
        &with((0x400A_9FFC, pattern(16, 1))),
        "image_segment_outside",
        &["0x400a9ffc..0x400aa00c"],
    );
    refused(
        &with((0x3F80_0000, pattern(16, 1))),
        "image_segment_outside",
        &["0x3f800000"],
    );
    refused(
        &with((0x3FFE_0000, pattern(16, 1))),
        "image_over_bootloader_ram",
        &["0x3ffe0000"],
    );
    // The instruction bus does not have it where instructions are loaded.
    refused(
        &with((0x3FFF_5FF8, pattern(16, 1))),
        "image_segment_outside",
        &["0x3fff5ff8"],
    );
    warned(
        &with((IRAM + 0x20, pattern(64, 1))),
        "image_segment_overlap",
        &["segment 4", "0x40080020"],
    );
    refused(
        &with((0x400E_0020, pattern(16, 1))),
        "image_segment_mapping",
        &["segment 4", "0x400e0020"],
    );
    for (address, len) in [
        (0x5000_0000, 0x2000),
        (0x400C_0000, 16),
        (0x3FF8_0000, 16),
        (DRAM, 64),
        (0, 16),
        (0x4009_FFFC, 16),
        (0x400A_0000, 0xA000),
        (0x3FFF_6000, 0xA000),
        (0x2000_0000, 0),
    ] {
        verify(&with((address, pattern(len, 1))), "").ok();
    }
}

#[test]
fn mapped_segments_at_another_place_in_their_page() {
    verify(&app(), "--offset 0x110000").ok();
    verify(&app(), "--offset 0x11000")
        .refused("image_segment_mapping", &["offset 0x11020", "0x3f400020"]);
}

#[test]
fn offsets_that_no_flash_has() {
    verify(&app(), "--offset 0xFFFF0000").refused("flash_offset", &["0xffff0000", "256 MB"]);
    verify(&merged_image(), "--partition-table-offset 0xFFFFF000")
        .refused("merged_too_short", &["0xfffff000"]);
}

#[test]
fn images_that_map_nothing_or_too_much() {
    let text =
        |segments: &mut Vec<(u32, Vec<u8>)>| segments.retain(|(address, _)| *address != FLASH_CODE);
    let mut segments = good();
    text(&mut segments);
    refused(
        &handmade(&segments),
        "image_not_mapped",
        &["no flash code segment"],
    );
    refused(
        &handmade(&[(IRAM, pattern(16, 1))]),
        "image_not_mapped",
        &["no flash data segment"],
    );

    let mut segments = good();
    let used: usize = 24
        + segments
            .iter()
            .map(|(_, data)| 8 + data.len())
            .sum::<usize>();
    let address = 0x3F41_0000 + (used as u32 + 8) % 0x1_0000;
    segments.push((address, pattern(16, 1)));
    warned(
        &handmade(&segments),
        "image_mapped_twice",
        &["second flash data", "0x3f400020"],
    );
}

#[test]
fn entry_outside_of_the_code() {
    for entry in [0, DRAM, IRAM + 0x40, FLASH_DATA] {
        let mut bytes = handmade(&good());
        bytes[4..8].copy_from_slice(&u32::to_le_bytes(entry));
        image::seal(&mut bytes).unwrap();
        refused(&bytes, "image_entry", &["offset 0x10004"]);
    }
}

#[test]
fn chip_revisions_that_no_chip_has() {
    let mut bytes = handmade(&good());
    bytes[15..19].copy_from_slice(&[44, 1, 200, 0]);
    image::seal(&mut bytes).unwrap();
    refused(&bytes, "chip_revision_range", &["300", "200"]);
}

#[test]
fn image_that_starts_at_the_bootloader() {
    verify(&merged_image()[0x1000..], "--offset 0x1000").ok();
}

#[test]
fn no_byte_of_an_image_can_change_unnoticed() {
    let good = handmade(&good());
    let chip = Chip::Esp32;
    let unnoticed = |at: &usize| {
        let mut bytes = good.clone();
        bytes[*at] ^= 0x10;
        let parsed = image::Image::parse(&bytes, 0x1_0000);
        parsed.is_ok_and(|image| image.verify_app(chip, &[]).is_ok())
    };
    let sampled = (0..64)
        .chain((64..good.len() - 64).step_by(257))
        .chain(good.len() - 64..good.len());
    let missed: Vec<_> = sampled.filter(unnoticed).collect();
    assert_eq!(missed, [0; 0]);
}

#[test]
fn sram1_is_one_memory_at_two_addresses() {
    let with = |more: &[(u32, Vec<u8>)]| handmade(&[&good()[..], more].concat());
    let data = (0x3FFF_FFF0, pattern(16, 1));
    warned(
        &with(&[data.clone(), (0x400A_0000, pattern(4, 2))]),
        "image_segment_overlap",
        &["segment 5", "segment 4"],
    );
    verify(
        &with(&[data, (0x400A_0010, pattern(4, 2))]),
        "--level build",
    )
    .ok();
    let bytes = with(&[(0x400A_8000, pattern(16, 1))]);
    let image = image::Image::parse(&bytes, 0x1_0000).unwrap();
    let (taken, beside) = (0x3FFF_7FF0..0x3FFF_7FF4, 0x3FFF_8000..0x3FFF_8010);
    let error = image.verify_app(Chip::Esp32, &[taken]).unwrap_err();
    assert_eq!(error.code(), "espimage::image_over_bootloader_ram");
    image
        .verify_app(Chip::Esp32, std::slice::from_ref(&beside))
        .unwrap();
}

/// A merged image with another partition table, which has an MD5.
fn with_table(entries: &[(u8, u8, u32, u32, &str)]) -> Vec<u8> {
    use md5::{Digest, Md5};
    let mut table = Vec::new();
    for (kind, subtype, offset, size, name) in entries {
        table.extend([0xAA, 0x50, *kind, *subtype]);
        table.extend(offset.to_le_bytes());
        table.extend(size.to_le_bytes());
        table.extend(name.as_bytes());
        table.resize(table.len().next_multiple_of(32), 0);
    }
    let md5 = Md5::digest(&table);
    table.extend([0xEB; 2]);
    table.extend([0xFF; 14]);
    table.extend(md5);
    table.resize(0xC00, 0xFF);
    let mut image = merged_image();
    image[0x8000..0x8C00].copy_from_slice(&table);
    image
}

#[test]
fn tables_that_the_bootloader_takes_and_a_build_does_not() {
    let app = 0x1_0000;
    warned(
        &with_table(&[(0, 0, app, 0xF_F801, "factory")]),
        "partition_app_size",
        &["partition table: ", "0xff801"],
    );
    warned(
        &with_table(&[
            (1, 2, 0x9000, 0x1000, "nvs"),
            (0, 0, app, 0x10_0000, "factory"),
        ]),
        "partition_nvs_size",
        &["0x3000"],
    );
    let two = with_table(&[
        (0, 0, 0x20_0000, 0x1_0000, "old"),
        (0, 0, app, 0x10_0000, "new"),
    ]);
    warned(&two, "partition_twice", &["app,factory"]);
    assert!(verify(&two, "").stdout.contains("application in 'new'"));
    let test = with_table(&[(0, 0x20, app, 0x10_0000, "test")]);
    assert!(
        verify(&test, "--level build")
            .ok()
            .contains("application in 'test'")
    );
    // The bootloader counts one slot, and tries ota_0.
    refused(
        &with_table(&[(0, 0x11, app, 0x10_0000, "ota_1")]),
        "no_app_partition",
        &["ota_0"],
    );
}

#[test]
fn an_image_that_starts_from_the_next_partition() {
    let image = with_table(&[
        (0, 0, 0x20_0000, 0x10_0000, "factory"),
        (0, 0x10, 0x1_0000, 0x10_0000, "ota_0"),
    ]);
    warned(
        &image,
        "merged_too_short",
        &["application in partition 'factory'"],
    );
    assert!(verify(&image, "").stdout.contains("application in 'ota_0'"));
}

#[test]
fn files_are_called_by_their_names() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    let bootloader = folder.read("bootloader.bin");
    let report = verify(&bootloader, "").ok();
    assert!(
        report.contains("second-stage bootloader of ESP-IDF v"),
        "{report}"
    );
    assert!(report.contains("belongs to 0x1000"), "{report}");
    refused(
        &folder.read("app.elf"),
        "known_kind",
        &["an ELF file", "espimage convert"],
    );
    refused(b"\x1F\x8B\x08\0", "known_kind", &["gzip", "unpack"]);
    refused(b"UF2\nWQ]\x9E", "known_kind", &["a UF2 file"]);
    refused(b":020000040800F2\n", "known_kind", &["an Intel HEX file"]);
    let mut esp8266 = vec![0xE9, 1, 0, 0];
    esp8266.extend(
        [0x40_10_00_00_u32, 0x40_10_00_00, 16]
            .map(u32::to_le_bytes)
            .concat(),
    );
    refused(&esp8266, "known_kind", &["ESP8266"]);
    // A file that was merged for 0x1000 is one.
    let image = folder.read("image.bin");
    assert!(
        verify(&image[0x1000..], "")
            .ok()
            .contains("ok: bootloader, 2 partitions")
    );
    let mut h4 = folder.read("app.bin");
    h4[12] = 28;
    refused(&h4, "image_chip", &["ESP32-H4"]);
}

#[test]
fn a_bootloader_whose_header_an_old_esptool_has_patched() {
    let mut image = merged_image();
    image[0x1003] ^= 0x10;
    warned(&image, "image_sha256", &["bootloader: "]);
}

#[test]
fn info_describes_every_kind_of_file() {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    let info = folder.run("info @image.bin").ok();
    for part in [
        "bootloader at 0x1000",
        "factory,app,factory,0x10000,1M",
        "project app, version 1.2",
        "0x3f400020  flash_data",
    ] {
        assert!(info.contains(part), "{info}");
    }
    assert!(
        folder
            .run("info @app.bin")
            .ok()
            .contains("revisions 0.0 to 3.99, flash dio 40m 4MB")
    );
    assert!(folder.run("info @bootloader.bin").ok().contains("0x3fff"));
    assert!(
        folder
            .run("info @partition-table.bin")
            .ok()
            .contains("nvs,data,nvs,0x9000,24K")
    );
    folder
        .run("info @partitions.csv")
        .refused("merged_too_short", &["partitions.csv"]);
    let whole = folder.run("info @image.bin").ok();
    folder.write("from_1000.bin", &folder.read("image.bin")[0x1000..]);
    assert_eq!(folder.run("info @from_1000.bin").ok(), whole);
    assert_eq!(
        folder.run("info @from_1000.bin --offset 0x1000").ok(),
        whole
    );
}

#[test]
fn info_shows_what_verify_refuses() {
    let folder = Folder::new();
    let mut image = with_table(&[
        (1, 2, 0x9000, 0x1000, "nvs"),
        (0, 0, 0x1_0000, 0x10_0000, "factory"),
    ]);
    folder.write("image.bin", &image);
    let info = folder.run("info @image.bin").ok();
    for part in [
        "nvs,data,nvs,0x9000,4K",
        "# NVS partition 'nvs' is",
        "application in 'factory'",
    ] {
        assert!(info.contains(part), "{info}");
    }
    image[0x8002] = 9;
    folder.write("image.bin", &image);
    let info = folder.run("info @image.bin").ok();
    for part in [
        "bootloader at 0x1000\n  2",
        "partition table at 0x8000\n  offset 0x8050: the partition table's MD5",
    ] {
        assert!(info.contains(part), "{info}");
    }
}

#[test]
fn info_knows_the_memory_of_other_chips() {
    let folder = Folder::new();
    for (id, chip, data, code) in [
        (2, "ESP32-S2", 0x3F00_0020, 0x4008_0020),
        (5, "ESP32-C3", 0x3C00_0020, 0x4200_0020),
        (9, "ESP32-S3", 0x3C00_0020, 0x4200_0020),
    ] {
        let mut image = handmade(&[(data, pattern(16, 1)), (code, pattern(16, 2))]);
        image[12] = id;
        folder.write("image.bin", &image);
        let info = folder.run("info @image.bin").ok();
        for part in [chip, "flash_data\n", "flash_code\n"] {
            assert!(info.contains(part), "{info}");
        }
    }
}
