//! A division by zero in C.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "division by zero");
    // SAFETY: the exception handler does not return.
    let quotient = unsafe { faults_sys::fault_divide_by_zero(7) };
    info!(c"test", "FAIL: 7 / 0 = {quotient}");
}
