//! Rust on FreeRTOS: a task on each core, which prints the tick and waits.
#![no_std]
#![no_main]

use core::ffi::{CStr, c_void};
use core::ptr::null_mut;

const STACK_BYTES: u32 = 4096;
const PRIORITY: u32 = 5;
const TICKS_BETWEEN_LINES: u32 = 50;

unsafe extern "C" fn say_ticks(core: *mut c_void) {
    loop {
        unsafe {
            idf_sys::printf(
                c"rust: core %u (task for %u), tick %u\n".as_ptr(),
                idf_sys::xTaskGetCoreID(null_mut()),
                core as u32,
                idf_sys::xTaskGetTickCount(),
            );
            idf_sys::vTaskDelay(TICKS_BETWEEN_LINES);
        }
    }
}

fn start(name: &CStr, core: i32) {
    let created = unsafe {
        idf_sys::xTaskCreatePinnedToCore(
            Some(say_ticks),
            name.as_ptr(),
            STACK_BYTES,
            core as *mut c_void,
            PRIORITY,
            null_mut(),
            core,
        )
    };
    assert!(created == 1, "there is no memory for a task");
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let half = (0..10).map(|n| n as f32 / 2.0).sum::<f32>();
    assert!(half == 22.5);
    for core in 0..2 {
        start(c"ticks", core);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { idf_sys::abort() }
}
