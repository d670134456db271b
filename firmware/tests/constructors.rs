//! Constructors of C and functions of Rust in .init_array ran before `app_main`, in the order of their priorities.

#![no_std]
#![no_main]

use core::ffi::CStr;

use constructors_sys::{constructors_note, constructors_order};
use esp::info;

#[used]
#[unsafe(link_section = ".init_array.00200")]
static SECOND: extern "C" fn() = second;

extern "C" fn second() {
    // SAFETY: nothing else runs.
    unsafe { constructors_note(b'2' as _) };
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    // SAFETY: the letters end with NUL, and there are no more.
    let order = unsafe { CStr::from_ptr((&raw const constructors_order).cast()) };
    assert_eq!(order, c"1234");
    info!(c"test", "PASS: constructors");
}
