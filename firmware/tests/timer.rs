//! Timer interrupts, and the clock that is built on them.

#![no_std]
#![no_main]

use core::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use esp::{info, time};
use esp_sys::{
    XT_SOFTWARE0_INTNUM, esp_cpu_wait_for_intr, xt_ints_off, xt_ints_on, xt_set_interrupt_handler,
    xt_set_intset,
};

const TICK_US: u128 = 10_000;

static SOFTWARE_INTERRUPTS: AtomicU32 = AtomicU32::new(0);

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "timer");
    ticks_come_every_10_ms();
    clock_never_goes_back();
    software_interrupts_come_when_raised();
    clock_counts_for_months();
    info!(c"test", "PASS: timer");
}

fn ticks_come_every_10_ms() {
    const TICKS: u128 = 50;
    // SAFETY: always.
    unsafe { esp_cpu_wait_for_intr() };
    let start = time::uptime();
    for _ in 0..TICKS {
        // SAFETY: always.
        unsafe { esp_cpu_wait_for_intr() };
    }
    let took = (time::uptime() - start).as_micros();
    // A busy build machine may hold the emulator up, but not make it fast.
    assert!(
        took >= (TICKS - 1) * TICK_US,
        "{TICKS} ticks took {took} us"
    );
    info!(c"test", "{TICKS} ticks in {took} us");
}

fn clock_never_goes_back() {
    let mut last = time::uptime();
    for _ in 0..100_000 {
        let now = time::uptime();
        assert!(now >= last, "{now:?} after {last:?}");
        last = now;
    }
}

extern "C" fn count(arg: *mut core::ffi::c_void) {
    SOFTWARE_INTERRUPTS.fetch_add(arg as u32, Ordering::Relaxed);
}

fn software_interrupts_come_when_raised() {
    const BIT: u32 = 1 << XT_SOFTWARE0_INTNUM;
    // SAFETY: the handler is a function that may run at any time.
    unsafe {
        xt_set_interrupt_handler(XT_SOFTWARE0_INTNUM as i32, Some(count), 3 as *mut _);
        xt_set_intset(BIT);
        assert_eq!(
            SOFTWARE_INTERRUPTS.load(Ordering::Relaxed),
            0,
            "before it is enabled"
        );
        xt_ints_on(BIT);
        assert_eq!(SOFTWARE_INTERRUPTS.load(Ordering::Relaxed), 3);
        xt_set_intset(BIT);
        assert_eq!(SOFTWARE_INTERRUPTS.load(Ordering::Relaxed), 6);
        xt_ints_off(BIT);
        xt_set_intset(BIT);
        assert_eq!(
            SOFTWARE_INTERRUPTS.load(Ordering::Relaxed),
            6,
            "after it is disabled"
        );
    }
}

/// 32 bits of clocks end after 53.7 seconds, 32 bits of milliseconds after 49.7 days.
fn clock_counts_for_months() {
    const SKIP: Duration = Duration::from_secs(50);
    const SKIPS: u32 = 200_000;
    let start = time::uptime();
    for n in 1..=SKIPS {
        // SAFETY: the clock and its next interrupt move together.
        unsafe { clock_sys::clock_skip(SKIP.as_micros() as u32) };
        assert!(time::uptime() - start >= SKIP * n, "after {n} skips");
    }
    let extra = time::uptime() - start - SKIP * SKIPS;
    assert!(extra < Duration::from_secs(30), "{extra:?} too late");
    info!(c"test", "{} days later", (SKIP * SKIPS).as_secs() / 86400);
}
