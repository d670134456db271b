//! Deep call chains: register windows are spilled to the stack and come back, also while timer interrupts do the same.

#![no_std]
#![no_main]

use core::{hint::black_box, time::Duration};

use esp::{info, time};

const DEPTH: u32 = 150;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "windows");
    let mut rounds = 0u32;
    let end = Duration::from_secs(1);
    while time::uptime() < end {
        for depth in [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, DEPTH] {
            let expected = (1..=u64::from(depth)).map(|n| n * n).sum();
            let sum = descend(black_box(depth), 1, 2, 3, 4);
            assert_eq!(sum, expected, "depth {depth}, round {rounds}");
        }
        // SAFETY: always.
        let sum = unsafe { windows_sys::sum_with_variable_frames(60) };
        assert_eq!(sum, 60 * 61 / 2, "round {rounds}");
        rounds += 1;
    }
    assert!(rounds > 10, "only {rounds} rounds in a second");
    info!(c"test", "PASS: windows");
}

/// 1 + 4 + 9 + ... + depth², with many values alive across the call.
#[inline(never)]
fn descend(depth: u32, a: u64, b: u64, c: u64, d: u64) -> u64 {
    if depth == 0 {
        return 0;
    }
    let square = u64::from(depth) * u64::from(depth);
    let deeper = descend(black_box(depth - 1), b, c, d, a);
    assert_eq!(a + b + c + d, 10);
    black_box(deeper) + square
}
