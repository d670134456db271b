//! The least firmware with Rust, crates and components. It is linked and looked at, not run.

#![no_std]
#![no_main]

mod score;

use core::panic::PanicInfo;

#[unsafe(no_mangle)]
extern "C" fn app_main() -> ! {
    loop {
        score::keep(ball::play(3));
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
