//! Prints a message with the shared number, and what C makes of it.

#![no_std]
#![no_main]

use esp::info;
use greeting_proto::guest::Greeting;
use prost::Message;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let number = shared::number();
    // SAFETY: the function takes any number.
    let next = unsafe { lamp_sys::lamp_next(number as i32) };
    let mut message = [0; 2];
    Greeting { number }
        .encode(&mut message.as_mut_slice())
        .unwrap();
    info!(c"guest", "{:02x?} lamp {}", message, next);
}
