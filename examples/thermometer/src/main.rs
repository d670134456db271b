//! Prints what the sensor measures, ten times a second.

#![no_std]
#![no_main]

use core::time::Duration;
use esp::{info, time};
use sensor_sys::{ESP_OK, sensor_centi_celsius};

const PERIOD: Duration = Duration::from_millis(100);

/// What the converter would give: a slow rise, and a broken wire now and then.
fn converter(n: u32) -> u32 {
    if n % 5 == 4 { u32::MAX } else { 1400 + 8 * n }
}

/// Where the start code goes when the chip is ready.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    for n in 0.. {
        time::sleep_until(PERIOD * n);
        let mut centi_celsius = 0;
        // SAFETY: the function writes to the variable before it returns.
        let result = unsafe { sensor_centi_celsius(converter(n), &mut centi_celsius) };
        if result == ESP_OK as i32 {
            let (degrees, centi) = (centi_celsius / 100, centi_celsius % 100);
            info!(c"sensor", "{degrees}.{centi:02} degrees");
        }
    }
}
