//! Recursion without end: the watchpoint at the end of the stack catches it.

#![no_std]
#![no_main]

use core::hint::black_box;

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "recursion");
    let sum = recurse(black_box(1));
    info!(c"test", "FAIL: returned {sum}");
}

#[inline(never)]
fn recurse(depth: u32) -> u32 {
    let below = if black_box(depth) == 0 {
        0
    } else {
        recurse(depth + 1)
    };
    black_box(below) + depth
}
