//! An illegal instruction in C: cause, registers and backtrace are printed, then the chip resets.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "illegal instruction");
    // SAFETY: the exception handler does not return.
    unsafe { faults_sys::fault_illegal_instruction() };
    info!(c"test", "FAIL: still running");
}
