//! `espimage bootloader`.

use espimage::chip::Chip;
use espimage::image::Image;

use crate::common::{Elf, Folder};

fn shipped(flags: &str) -> Vec<u8> {
    let folder = Folder::new();
    folder
        .run(&format!("bootloader --output @b.bin {flags}"))
        .ok();
    folder.read("b.bin")
}

/// Expects that the bootloader is refused and that nothing is written.
#[track_caller]
fn refused(bytes: &[u8], code: &str, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("in.bin", bytes);
    folder
        .run("bootloader --input @in.bin --output @out.bin")
        .refused(code, &[&["in.bin: "], parts].concat());
    assert_eq!(folder.names(), ["in.bin"]);
}

#[test]
fn shipped_bootloader_has_the_settings_and_is_valid() {
    let bytes = shipped("--flash-mode dout --flash-freq 80m --flash-size 16MB");
    let image = Image::parse(&bytes, 0x1000).unwrap();
    assert_eq!(image.header.flash, [3, 0x4F]);
    image.verify_bootloader(Chip::Esp32).unwrap();
    assert!(bytes.len() <= 0x7000);
    assert_eq!(bytes.len(), image.bytes.len());
}

#[test]
fn settings_change_nothing_but_header_and_hash() {
    let (a, b) = (shipped("--flash-size 2MB"), shipped("--flash-size 4MB"));
    let differing: Vec<_> = (0..a.len()).filter(|&i| a[i] != b[i]).collect();
    assert!(
        differing.iter().all(|&i| i == 3 || i >= a.len() - 32),
        "{differing:?}"
    );
    assert_eq!((a[3], b[3]), (0x10, 0x20));
}

#[test]
fn quad_mode_takes_the_quad_bootloader_and_marks_it_dual() {
    let (dio, qio) = (shipped("--flash-mode dio"), shipped("--flash-mode qio"));
    assert_ne!(dio, qio);
    assert_eq!(qio[2], 2);
}

#[test]
fn given_bootloader_is_patched_like_the_shipped_one() {
    let folder = Folder::new();
    folder.write("in.bin", shipped("--flash-size 2MB"));
    folder
        .run("bootloader --input @in.bin --flash-size 8MB --output @out.bin")
        .ok();
    assert_eq!(folder.read("out.bin"), shipped("--flash-size 8MB"));
}

#[test]
fn bootloader_for_another_chip() {
    let mut bytes = shipped("");
    bytes[12] = 9;
    refused(&bytes, "image_chip", &["ESP32-S3", "esp32"]);
}

#[test]
fn bootloader_with_a_broken_checksum() {
    let mut bytes = shipped("");
    let at = bytes.len() - 33;
    bytes[at] ^= 1;
    refused(&bytes, "image_checksum", &["offset 0x", "checksum"]);
}

#[test]
fn bootloader_with_a_broken_hash() {
    let mut bytes = shipped("");
    bytes[9] ^= 1;
    refused(&bytes, "image_sha256", &["SHA-256"]);
}

#[test]
fn bootloader_that_is_too_large() {
    let mut bytes = shipped("");
    bytes.resize(0x7001, 0xFF);
    refused(
        &bytes,
        "bootloader_too_large",
        &["1 bytes too large for 0x1000..0x8000"],
    );
    let folder = Folder::new();
    folder
        .run("bootloader --partition-table-offset 0x5000 --output @out.bin")
        .refused("bootloader_table_offset", &["at 0x8000", "at 0x5000"]);
    assert_eq!(folder.names(), [""; 0]);
    folder.write("in.bin", shipped(""));
    let own = "bootloader --input @in.bin --output @out.bin --partition-table-offset";
    folder
        .run(&format!(
            "{own} 0x5000 --made-for-partition-table-offset 0x5000"
        ))
        .refused("bootloader_too_large", &["0x1000..0x5000"]);
    folder
        .run(&format!("{own} 0x10000"))
        .refused("bootloader_table_offset", &["at 0x8000", "at 0x10000"]);
    assert_eq!(folder.names(), ["in.bin"]);
    folder
        .run(&format!(
            "{own} 0x10000 --made-for-partition-table-offset 0x10000"
        ))
        .ok();
}

#[test]
fn the_shipped_bootloader_is_for_either_crystal() {
    let fast = shipped("--xtal-freq 40m");
    assert_eq!(fast, shipped(""));
    assert_ne!(fast, shipped("--xtal-freq 26m"));
}

#[test]
fn something_that_is_no_bootloader() {
    refused(b"", "image_truncated", &["header"]);
    refused(b"\x7FELF", "image_magic", &["0x7f"]);
    refused(
        &shipped("")[..1000],
        "image_truncated",
        &["bytes are missing"],
    );
    let folder = Folder::new();
    folder.write("app.elf", Elf::app().build());
    folder.run("convert --elf @app.elf --output @app.bin").ok();
    refused(
        &folder.read("app.bin"),
        "bootloader_is_app",
        &["0x3f400020"],
    );
}
