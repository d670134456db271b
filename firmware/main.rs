//! Blinks an LED, greets on the console, and says how it is.

#![no_std]
#![no_main]

use app::{
    heartbeat::{self, Heartbeat},
    schedule,
};
use esp::{gpio::Output, info, system, time};

/// GPIO of the LED.
const LED: i32 = 5;

/// Where the start code of the component `esp_system` goes when the chip is ready.
#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let mut led = Output::new(LED).expect("the LED's pin can drive");
    let mut heartbeats = 0;

    for step in schedule::steps() {
        time::sleep_until(step.at);
        led.set_level(step.led_on);
        if step.greets {
            info!(c"Rust", "I, live, again!.");
        }
        if step.sends_heartbeat {
            heartbeats += 1;
            let message = Heartbeat {
                uptime_ms: time::uptime().as_millis() as u64,
                count: heartbeats,
                reset_reason: system::reset_reason() as i32,
            };
            info!(c"heartbeat", "{}", heartbeat::encode(&message));
        }
    }
}
