//! Blinks an LED at GPIO 2, and computes with floats.

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
    let mut average = 0.0f32;
    loop {
        led.toggle();
        let ms = Instant::now().duration_since_epoch().as_millis() as f32;
        average += (ms - average) / 8.0;
        println!(
            "{:?} at {ms} ms, {average} ms on average",
            led.output_level()
        );
        Delay::new().delay_millis(500);
    }
}
