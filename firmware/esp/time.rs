//! Time since the start.

use core::time::Duration;

/// Time since the application started, in steps of a microsecond.
pub fn uptime() -> Duration {
    // SAFETY: always.
    let us = unsafe { esp_sys::esp_timer_get_time() };
    Duration::from_micros(us as u64)
}

/// Sleeps until the uptime is `at`, to the next tick of the timer: 10 ms late at most.
pub fn sleep_until(at: Duration) {
    while uptime() < at {
        // SAFETY: always.
        unsafe { esp_sys::esp_cpu_wait_for_intr() };
    }
}
