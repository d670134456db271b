//! Blinks an LED at GPIO 2, and says so.

#![no_std]
#![no_main]

use esp_backtrace as _;
use esp_hal::{
    delay::Delay,
    gpio::{Level, Output, OutputConfig},
    main,
    time::Instant,
};
use esp_println::println;

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let mut led = Output::new(peripherals.GPIO2, Level::Low, OutputConfig::default());
    let delay = Delay::new();

    loop {
        led.toggle();
        println!(
            "{:>6} ms: the LED is {:?}",
            Instant::now().duration_since_epoch().as_millis(),
            led.output_level()
        );
        delay.delay_millis(500);
    }
}
