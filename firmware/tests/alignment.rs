//! Code and data that are aligned more than sections are by themselves, in C and Rust: the image is one piece of flash's data and
//! one of code, and everything is where it should be.

#![no_std]
#![no_main]

use core::hint::black_box;

use esp::info;

#[cfg(alignment = "64")]
mod aligned {
    pub use alignment_64_sys::*;
    pub const ALIGNMENT: usize = 64;
    #[repr(C, align(64))]
    pub struct Aligned(pub [u8; 3]);
}
#[cfg(alignment = "4096")]
mod aligned {
    pub use alignment_4096_sys::*;
    pub const ALIGNMENT: usize = 4096;
    #[repr(C, align(4096))]
    pub struct Aligned(pub [u8; 3]);
}
use aligned::*;

static RODATA: Aligned = Aligned([1, 2, 3]);
static mut DATA: Aligned = Aligned([4, 5, 6]);
static mut BSS: Aligned = Aligned([0, 0, 0]);

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let check = |start: *const u8, holds: [u8; 3]| {
        assert_eq!(start as usize % ALIGNMENT, 0, "{start:?}");
        // SAFETY: all are three bytes that nothing else writes.
        let found = unsafe { black_box(start).cast::<[u8; 3]>().read_volatile() };
        assert_eq!(found, holds, "{start:?}");
    };
    check((&raw const RODATA).cast(), [1, 2, 3]);
    check((&raw const DATA).cast(), [4, 5, 6]);
    check((&raw const BSS).cast(), [0, 0, 0]);
    check((&raw const alignment_rodata).cast(), [1, 2, 3]);
    check((&raw const alignment_data).cast(), [4, 5, 6]);
    check((&raw const alignment_bss).cast(), [0, 0, 0]);
    check((&raw const alignment_rtc_data).cast(), [7, 8, 9]);
    assert_eq!((&raw const alignment_noinit) as usize % ALIGNMENT, 0);
    for (function, result) in [
        (
            alignment_text as unsafe extern "C" fn(u32) -> u32,
            0x1234_5678,
        ),
        (
            alignment_iram as unsafe extern "C" fn(u32) -> u32,
            0x8765_4321,
        ),
    ] {
        assert_eq!(function as *const () as usize % ALIGNMENT, 0);
        // SAFETY: it only computes.
        assert_eq!(unsafe { black_box(function)(0) }, result);
    }
    info!(c"test", "PASS: alignment");
}
