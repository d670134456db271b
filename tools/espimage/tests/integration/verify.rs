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
    verify(bytes, "").refused(code, &[&["image.bin: "], parts].concat());
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
    refused(&image, "image_checksum", &["application in partition 'o'"]);
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
        &with((0x4009_FFFC, pattern(16, 1))),
        "image_segment_outside",
        &["0x4009fffc..0x400a000c"],
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
    refused(
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
    refused(
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
    // Setting the byte "hash appended" to anything but 1 takes the hash away, as in the bootloader.
    let missed: Vec<_> = sampled.filter(unnoticed).collect();
    assert_eq!(missed, [23]);
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
}
