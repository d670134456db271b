//! Digital pins.

use esp_sys::{
    ESP_OK, gpio_mode_t_GPIO_MODE_OUTPUT, gpio_num_t, gpio_reset_pin, gpio_set_direction,
    gpio_set_level,
};

/// The pin does not exist, or is an input only (GPIO 34 to 39).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnOutput(pub gpio_num_t);

/// A pin that drives.
#[derive(Debug)]
pub struct Output {
    gpio_num: gpio_num_t,
}

impl Output {
    /// Makes GPIO `gpio_num` an output.
    pub fn new(gpio_num: gpio_num_t) -> Result<Self, NotAnOutput> {
        // SAFETY: both functions check the number.
        let done = unsafe {
            gpio_reset_pin(gpio_num) == ESP_OK as i32
                && gpio_set_direction(gpio_num, gpio_mode_t_GPIO_MODE_OUTPUT) == ESP_OK as i32
        };
        done.then_some(Self { gpio_num })
            .ok_or(NotAnOutput(gpio_num))
    }

    /// Drives the pin high or low.
    pub fn set_level(&mut self, high: bool) {
        // SAFETY: the number is that of an output, so the function cannot fail.
        unsafe { gpio_set_level(self.gpio_num, high.into()) };
    }
}
