//! What a Rust panic does: the report of the component `esp_system`, with the message and its place, then a reset.

use core::{
    fmt::{self, Write},
    panic::PanicInfo,
};

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the function reads `len` bytes.
        unsafe { esp_sys::panic_print(text.as_ptr().cast(), text.len()) };
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // SAFETY: the string ends with NUL.
    unsafe { esp_sys::panic_begin(c"Rust panic".as_ptr()) };
    let _ = write!(Console, "{info}");
    // SAFETY: always.
    unsafe { esp_sys::panic_end() }
}
