//! Descriptions of images and the files that they name, of which any may come.

#[path = "../../fuzz.rs"]
mod fuzz;
mod support;

use std::fs;

use espload::FlashImage;
use support::Files;

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "null",
    "true",
    "false",
    "-1",
    "1e400",
    "0x",
    "\"0x1000\"",
    "\"0xFFFFFFFF\"",
    "\"file\"",
    "\"offset\"",
    "\"encrypted\"",
    "\"app\":",
    "\"bootloader\":",
    "\"flash_files\":",
    "\"flash_settings\":",
    "\"write_flash_args\":",
    "\"extra_esptool_args\":",
    "\"detect\"",
    "\"keep\"",
    "\"qio\"",
    "\"80m\"",
    "\"16MB\"",
    "\"--flash_mode\"",
    "\"before\":",
    "\"no_reset\"",
    "\"app.bin\"",
    "\"/dev/zero\"",
    "\"..\"",
    "\u{FEFF}",
    "\\ud800",
];

fn read(files: &Files) {
    match FlashImage::read(&files.args()) {
        Ok(image) => {
            let verified = image.verify();
            let app = image.app_only().map(|app| app.verify());
            drop((verified, app));
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
}

#[test]
fn descriptions() {
    let files = Files::new();
    let text = fs::read(files.args()).unwrap();
    fuzz::fuzz(fuzz::changes(WORDS), |changes| {
        fs::write(files.args(), fuzz::apply(text.clone(), &changes)).unwrap();
        read(&files);
    });
}

#[test]
fn bootloaders() {
    let files = Files::new();
    // Some of them have their header changed.
    let text = fs::read_to_string(files.args()).unwrap();
    fs::write(files.args(), text.replace("\"40m\"", "\"80m\"")).unwrap();
    let path = files.folder.path().join("bootloader.bin");
    fuzz::fuzz(fuzz::changes(&["\u{e9}", "\0", "\x7F"]), |changes| {
        fs::write(&path, fuzz::apply(files.bootloader.clone(), &changes)).unwrap();
        read(&files);
    });
}
