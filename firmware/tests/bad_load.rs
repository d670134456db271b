//! A load where there is no memory. The chip says LoadProhibited; the emulator's bus says LoadStorePIFAddrError.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "load from 0xfffffff0");
    // SAFETY: the exception handler does not return.
    let word = unsafe { faults_sys::fault_load(0xFFFF_FFF0) };
    info!(c"test", "FAIL: read {word:#x}");
}
