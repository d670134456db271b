//! Timer interrupts that compute with floats, in Rust and in C, leave the floats of the interrupted program alone.

#![no_std]
#![no_main]

use core::{
    ffi::c_void,
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use esp::{info, time};
use esp_sys::{XT_TIMER0_INTNUM, xt_handler, xt_ints_off, xt_ints_on, xt_set_interrupt_handler};
use floats_sys::{floats_changed, floats_harmonic, floats_spoil};

/// 1 + 1/2 + ... + 1/1000, added in single precision in this order.
const HARMONIC_1000: u32 = 0x40EF_890A;

static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
/// The timer's own handler.
static mut TICK: xt_handler = None;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "floats");
    assert_eq!(harmonic(1000).to_bits(), HARMONIC_1000);
    // SAFETY: the handler may run at any time from then.
    unsafe {
        xt_ints_off(1 << XT_TIMER0_INTNUM);
        TICK = xt_set_interrupt_handler(
            XT_TIMER0_INTNUM as i32,
            Some(compute),
            core::ptr::null_mut(),
        );
        xt_ints_on(1 << XT_TIMER0_INTNUM);
    }
    for round in 0..20 {
        // SAFETY: the function only reads the word.
        let changed = unsafe { floats_changed(INTERRUPTS.as_ptr()) };
        assert_eq!(
            changed, 0,
            "registers changed in round {round}: {changed:#x}"
        );
    }
    let mut rounds = 0;
    let end = time::uptime() + Duration::from_millis(500);
    while time::uptime() < end {
        assert_eq!(
            harmonic(black_box(1000)).to_bits(),
            HARMONIC_1000,
            "round {rounds}"
        );
        // SAFETY: always.
        assert_eq!(
            unsafe { floats_harmonic(1000) }.to_bits(),
            HARMONIC_1000,
            "round {rounds}"
        );
        rounds += 1;
    }
    let interrupts = INTERRUPTS.load(Ordering::Relaxed);
    assert!(interrupts >= 20 + 40, "only {interrupts} interrupts");
    info!(c"test", "PASS: floats");
}

fn harmonic(count: u32) -> f32 {
    (1..=count).fold(0.0, |sum, n| sum + 1.0 / n as f32)
}

extern "C" fn compute(_: *mut c_void) {
    // SAFETY: set before, and never again; the timer's handler takes no argument.
    unsafe {
        if let Some(tick) = TICK {
            tick(core::ptr::null_mut());
        }
        floats_spoil();
    }
    INTERRUPTS.fetch_add(1, Ordering::Relaxed);
}
