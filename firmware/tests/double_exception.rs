//! A stack pointer where there is no memory: storing a register window fails within the window handler.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "wild stack pointer");
    // SAFETY: the exception handler does not return.
    unsafe { faults_sys::fault_wild_stack_pointer() };
    info!(c"test", "FAIL: still running");
}
