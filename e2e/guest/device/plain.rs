//! Prints the shared number.

#![no_std]
#![no_main]

use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"guest", "{}", shared::number());
}
