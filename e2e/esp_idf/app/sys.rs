//! `app_main` on a crate that binds ESP-IDF as esp-idf-sys does.

#![no_std]
#![no_main]

use on_top::sys;

/// What the tree's start code calls.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let line = match (on_top::HAS_CRYPTO, on_top::IS_AT_LEAST_5_3) {
        (true, true) => c"esp-idf-sys: crypto, 5.3 or later",
        (true, false) => c"esp-idf-sys: crypto",
        (false, _) => c"esp-idf-sys: no crypto",
    };
    // SAFETY: strings that end with a NUL, and a function that only computes
    unsafe {
        sys::puts(line.as_ptr());
        if sys::CHIP == "esp32" && sys::checksum(c"ESP32".as_ptr()) == 0x7fc {
            sys::puts(c"esp-idf-sys: bindings".as_ptr());
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
