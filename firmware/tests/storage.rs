//! A counter in flash that no power cut loses: the new value goes to another sector than the old one. With `--cfg=in_place` it goes to
//! the same one, and a cut loses it.

#![no_std]
#![no_main]

use esp::info;
use flash_sys::{flash_erase_sector, flash_read, flash_write};

/// Two sectors of the partition `nvs`.
const SECTORS: [u32; 2] = [0x9000, if cfg!(in_place) { 0x9000 } else { 0xA000 }];
const ERASED: [u32; 3] = [u32::MAX; 3];
const END: u32 = 5;

fn seal(value: u32) -> [u32; 3] {
    [value, value.wrapping_mul(0x9E37_79B9), !value]
}

/// The sector with the latest value, and the value.
fn find() -> (usize, u32) {
    let mut found = (0, 0);
    for (index, &sector) in SECTORS.iter().enumerate() {
        let mut words = [0; 3];
        // SAFETY: three words are read into three words.
        unsafe { flash_read(sector, words.as_mut_ptr()) };
        if words == seal(words[0]) {
            if words[0] > found.1 {
                found = (index, words[0]);
            }
        } else if words != ERASED && cfg!(in_place) {
            info!(c"storage", "FAIL: the record is torn");
        }
    }
    found
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    loop {
        let (index, value) = find();
        info!(c"storage", "found {value}");
        if value >= END {
            break;
        }
        let sector = SECTORS[(index + 1) % SECTORS.len()];
        let words = seal(value + 1);
        // SAFETY: the sector is of a partition that nobody else uses.
        unsafe {
            flash_erase_sector(sector);
            flash_write(sector, words.as_ptr());
        }
    }
    info!(c"storage", "PASS: storage");
}
