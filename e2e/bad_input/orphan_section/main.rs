//! A section that no linker script names.

#![no_std]
#![no_main]

use esp as _;

#[used]
#[unsafe(link_section = ".my_settings")]
static SETTINGS: [u32; 2] = [1, 2];

#[unsafe(no_mangle)]
extern "C" fn app_main() {}
