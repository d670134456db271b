//! Prints a message with the shared number, and what C makes of it.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use esp::info;
use greeting_proto::guest::Greeting;
use prost::Message;

/// The bytes in hexadecimal digits.
struct Hex(Vec<u8>);

impl core::fmt::Display for Hex {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let number = shared::number();
    // SAFETY: the function takes any number.
    let next = unsafe { lamp_sys::lamp_next(number as i32) };
    info!(c"guest", "{} lamp {}", Hex(Greeting { number }.encode_to_vec()), next);
}
