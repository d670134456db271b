//! A task on the second core counts, through a queue; `app_main`, on the first, switches the LED.

#![no_std]
#![no_main]

use core::ffi::{CStr, c_void};
use core::fmt::{self, Write};
use core::ptr;

use idf_sys as idf;

/// What `xQueueReceive` and the like return for success (pdTRUE).
const TRUE: idf::BaseType_t = 1;
/// Wait without an end (portMAX_DELAY).
const FOREVER: idf::TickType_t = idf::TickType_t::MAX;

const STACK_BYTES: u32 = 4096;

/// A line for ESP-IDF's console.
struct Line {
    text: [u8; 80],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        // the last byte stays 0
        let room = self.text.get_mut(self.len..end).filter(|_| end < 80);
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

fn print(arguments: fmt::Arguments) {
    let mut line = Line {
        text: [0; 80],
        len: 0,
    };
    // what is too long for a line is cut
    let _ = line.write_fmt(arguments);
    // SAFETY: the text ends with a NUL
    unsafe { idf::puts(line.text.as_ptr().cast()) };
}

/// Sends a number twice a second.
extern "C" fn count(queue: *mut c_void) {
    for number in 1u32.. {
        // SAFETY: the queue lives for ever, and takes items of this size
        unsafe {
            idf::xQueueGenericSend(queue.cast(), ptr::from_ref(&number).cast(), FOREVER, 0);
            idf::vTaskDelay(idf::CONFIG_FREERTOS_HZ / 2);
        }
    }
}

fn start(name: &CStr, task: extern "C" fn(*mut c_void), argument: *mut c_void, core: i32) {
    // SAFETY: the task never returns, and what it is given lives for ever
    let started = unsafe {
        idf::xTaskCreatePinnedToCore(
            Some(task),
            name.as_ptr(),
            STACK_BYTES,
            argument,
            5,
            ptr::null_mut(),
            core,
        )
    };
    assert_eq!(started, TRUE, "no memory for the task");
}

/// What ESP-IDF calls when FreeRTOS runs.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    // SAFETY: functions that are called from a task
    let queue = unsafe {
        idf::led_init();
        idf::xQueueGenericCreate(4, size_of::<u32>() as u32, 0)
    };
    assert!(!queue.is_null(), "no memory for the queue");
    start(c"count", count, queue.cast(), 1);
    let mut number = 0u32;
    // SAFETY: the queue has items of this size
    while unsafe { idf::xQueueReceive(queue, ptr::from_mut(&mut number).cast(), FOREVER) } == TRUE {
        let on = number % 2 == 1;
        // SAFETY: the pin was set up
        unsafe { idf::led_set(on) };
        let state = if on { "on" } else { "off" };
        print(format_args!("Rust: {number}, LED {state}"));
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    print(format_args!("panic: {}", info.message()));
    loop {
        // SAFETY: a task may sleep
        unsafe { idf::vTaskDelay(idf::CONFIG_FREERTOS_HZ) };
    }
}
