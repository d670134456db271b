//! Code and data are where esp_attr.h's macros, and in Rust the sections that they name, put them, and hold what they should.

#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use esp::info;
use sections_sys::*;

#[unsafe(link_section = ".rtc.data.rust")]
static RTC_DATA: AtomicU32 = AtomicU32::new(7);
#[unsafe(link_section = ".rtc.bss.rust")]
static RTC_BSS: AtomicU32 = AtomicU32::new(0);
#[unsafe(link_section = ".rtc.force_fast.rust")]
static RTC_FAST: AtomicU32 = AtomicU32::new(8);
#[unsafe(link_section = ".rtc_noinit.rust")]
static RTC_NOINIT: AtomicU32 = AtomicU32::new(0);
#[unsafe(link_section = ".noinit.rust")]
static NOINIT: AtomicU32 = AtomicU32::new(0);
#[unsafe(link_section = ".coredump.rust")]
static COREDUMP: AtomicU32 = AtomicU32::new(9);

#[unsafe(link_section = ".rtc.text.rust")]
#[inline(never)]
extern "C" fn in_rtc(a: u32) -> u32 {
    a ^ 0x1234_5678
}

#[unsafe(link_section = ".iram1.rust")]
#[inline(never)]
extern "C" fn in_iram(a: u32) -> u32 {
    a ^ 0x8765_4321
}

const IRAM: core::ops::Range<u32> = 0x4008_0000..0x400A_0000;
const DRAM: core::ops::Range<u32> = 0x3FFB_0000..0x3FFD_C200;
const RTC_SLOW: core::ops::Range<u32> = 0x5000_0000..0x5000_2000;
const RTC_FAST_DATA: core::ops::Range<u32> = 0x3FF8_0000..0x3FF8_2000;
const RTC_FAST_CODE: core::ops::Range<u32> = 0x400C_0000..0x400C_2000;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let value = |address: *const u32| {
        // SAFETY: all are words that nothing else writes.
        unsafe { address.read_volatile() }
    };
    for (address, region, holds) in [
        (&raw const sections_rtc_data, RTC_SLOW, Some(1)),
        (&raw const sections_rtc_slow, RTC_SLOW, Some(2)),
        (&raw const sections_rtc_fast, RTC_FAST_DATA, Some(3)),
        (&raw const sections_rtc_rodata, RTC_SLOW, Some(4)),
        (&raw const sections_ext_ram_bss, DRAM, Some(0)),
        (&raw const sections_noinit, DRAM, None),
        (&raw const sections_rtc_noinit, RTC_SLOW, None),
        (&raw const sections_ext_ram_noinit, DRAM, None),
        (&raw const sections_dram, DRAM, Some(5)),
        (&raw const sections_dma, DRAM, Some(6)),
        (RTC_DATA.as_ptr().cast_const(), RTC_SLOW, Some(7)),
        (RTC_BSS.as_ptr().cast_const(), RTC_SLOW, Some(0)),
        (RTC_FAST.as_ptr().cast_const(), RTC_FAST_DATA, Some(8)),
        (RTC_NOINIT.as_ptr().cast_const(), RTC_SLOW, None),
        (NOINIT.as_ptr().cast_const(), DRAM, None),
        (COREDUMP.as_ptr().cast_const(), DRAM, Some(9)),
        // the project's own descriptor
        (
            0x3F40_0120 as *const u32,
            0x3F40_0120..0x3F40_0128,
            Some(0xC0FFEE),
        ),
    ] {
        assert!(
            region.contains(&(address as u32)),
            "{address:?} is not in {region:x?}"
        );
        assert!(
            holds.is_none_or(|word| value(address) == word),
            "{:#x} at {address:?}, not {holds:?}",
            value(address)
        );
    }
    // RTC fast memory is one, at two addresses.
    let code = in_rtc as *const () as u32;
    assert!(RTC_FAST_CODE.contains(&code));
    assert!(RTC_FAST_CODE.contains(&(sections_rtc_multiply as *const () as u32)));
    assert!(RTC_FAST.as_ptr() as u32 - RTC_FAST_DATA.start > code - RTC_FAST_CODE.start);
    assert!(IRAM.contains(&(in_iram as *const () as u32)));
    assert!(IRAM.contains(&(sections_iram_multiply as *const () as u32)));
    RTC_BSS.fetch_add(1, Relaxed);
    // SAFETY: they only compute.
    let (product, rtc) = unsafe { (sections_iram_multiply(6, 7), sections_rtc_multiply(2)) };
    assert_eq!((product, rtc), (42, 0x2468A));
    assert_eq!(in_rtc(1), 0x1234_5679);
    assert_eq!(in_iram(0), 0x8765_4321);
    info!(c"test", "PASS: sections");
}
