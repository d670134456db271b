//! Prints a reading of the thermometer ten times a second.

#![no_std]
#![no_main]

use core::time::Duration;
use esp::{error, info, time};
use reading::{Reading, Status, frame};
use thermometer_sys::{ESP_OK, thermometer_centi_celsius};

const PERIOD: Duration = Duration::from_millis(100);

/// What the converter would give: a slow rise, and a broken wire now and then.
fn converter(n: u32) -> u32 {
    if n % 5 == 4 { u32::MAX } else { 1000 + 8 * n }
}

/// Where the start code of the component `esp_system` goes when the chip is ready.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    for n in 0.. {
        time::sleep_until(PERIOD * n);
        let mut centi_celsius = 0;
        // SAFETY: the function writes to the variable before it returns.
        let result = unsafe { thermometer_centi_celsius(converter(n), &mut centi_celsius) };
        if result != ESP_OK as i32 {
            error!(c"thermometer", "wire broken");
            continue;
        }
        let reading = Reading {
            uptime_ms: time::uptime().as_millis() as u64,
            centi_celsius,
            status: Status::new()
                .with_warm(centi_celsius > 2000)
                .into_bits()
                .into(),
        };
        info!(c"reading", "{}", frame(&reading));
    }
}
