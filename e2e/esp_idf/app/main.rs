//! `app_main` in Rust, on components in C.

#![no_std]
#![no_main]

use core::ffi::CStr;
use core::fmt::{self, Write};

/// A line for the C library's console.
struct Line {
    text: [u8; 80],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        // the last byte stays 0
        let room = self.text.get_mut(self.len..end).filter(|_| end < 80);
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

fn print(arguments: fmt::Arguments) {
    let mut line = Line {
        text: [0; 80],
        len: 0,
    };
    if line.write_fmt(arguments).is_ok() {
        // SAFETY: the text ends with a NUL
        unsafe { idf_sys::puts(line.text.as_ptr().cast()) };
    }
}

/// What the tree's start code calls.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    // SAFETY: the component returns a string that stays
    let name = unsafe { CStr::from_ptr(idf_sys::greeter_name()) };
    print(format_args!(
        "Rust: hello, {}",
        name.to_str().unwrap_or("?")
    ));
    // SAFETY: a string that ends with a NUL, and functions that only compute
    let (sum, period, in_iram) = unsafe {
        (
            idf_sys::checksum(c"ESP32".as_ptr()),
            idf_sys::beacon_period(),
            idf_sys::beacon_in_iram(),
        )
    };
    print(format_args!("checksum: {sum:04x}"));
    let place = if in_iram != 0 { "IRAM" } else { "flash" };
    print(format_args!("beacon: every {period} s, in {place}"));
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    print(format_args!("panic: {}", info.message()));
    loop {}
}
