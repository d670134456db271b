//! Recursion whose only stores are those of the window overflow handlers: one of them hits the watchpoint.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "recursion");
    // SAFETY: the exception handler does not return.
    unsafe { faults_sys::recursion_without_end() };
    info!(c"test", "FAIL: still running");
}
