//! A Rust panic some calls deep: its message, its place, and a backtrace are printed, then the chip resets.

#![no_std]
#![no_main]

use core::hint::black_box;

use esp::{info, time};

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "panic in {} calls", 3);
    outer(black_box(3));
}

#[inline(never)]
fn outer(depth: u32) {
    if depth > 0 {
        outer(black_box(depth - 1));
    } else {
        panic!("deliberate, after {} s", time::uptime().as_secs());
    }
    black_box(());
}
