//! Pins that cannot drive are refused; one that can is driven.

#![no_std]
#![no_main]

use esp::{
    gpio::{NotAnOutput, Output},
    info,
};

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "gpio");
    for gpio_num in [-1, 24, 28, 34, 39, 40, i32::MAX] {
        assert_eq!(Output::new(gpio_num).err(), Some(NotAnOutput(gpio_num)));
    }
    for gpio_num in [2, 33] {
        let mut output = Output::new(gpio_num).expect("the pin can drive");
        output.set_level(true);
        output.set_level(false);
    }
    info!(c"test", "PASS: gpio");
}
