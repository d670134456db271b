//! Sends Morse code by an LED at GPIO 2; which signals, a driver in C says.

#![no_std]
#![no_main]

use esp_backtrace as _;
use esp_hal::{
    delay::Delay,
    gpio::{Level, Output, OutputConfig},
    main,
};
use esp_println::{print, println};
use morse_sys::{morse_next, morse_signal_t, morse_t};

esp_bootloader_esp_idf::esp_app_desc!();

const UNIT_MS: u32 = 100;

/// The signals of a text, out of the driver.
struct Signals(morse_t);

impl Signals {
    fn of(text: &'static core::ffi::CStr) -> Self {
        Self(morse_t {
            text: text.as_ptr(),
            signals: core::ptr::null(),
            gap: false,
        })
    }
}

impl Iterator for Signals {
    type Item = morse_signal_t;

    fn next(&mut self) -> Option<morse_signal_t> {
        let mut signal = morse_signal_t {
            down: false,
            units: 0,
        };
        // SAFETY: both are valid for the call, and the text lives forever.
        unsafe { morse_next(&mut self.0, &mut signal) }.then_some(signal)
    }
}

#[main]
fn main() -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let mut led = Output::new(peripherals.GPIO2, Level::Low, OutputConfig::default());
    let delay = Delay::new();

    loop {
        for signal in Signals::of(c"HELLO FROM C") {
            led.set_level(signal.down.into());
            match (signal.down, signal.units) {
                (true, 1) => print!("."),
                (true, _) => print!("-"),
                (false, 1) => {}
                (false, _) => print!(" "),
            }
            delay.delay_millis(UNIT_MS * u32::from(signal.units));
        }
        println!();
        delay.delay_millis(7 * UNIT_MS);
    }
}
