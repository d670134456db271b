//! The kinds of firmware, each an example of rules_esp32.

use clap::ValueEnum;

/// What firmware stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Rust on esp-hal from crates.io, blocking
    EspHal,
    /// Rust on esp-hal and embassy: tasks, timers, interrupts
    Embassy,
    /// Rust and C on components of rules_esp32: a driver in C, its bindings, a test that boots the image
    Components,
    /// Rust and C on ESP-IDF and FreeRTOS; wants an ESP-IDF
    EspIdf,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Kind] = &[Kind::EspHal, Kind::Embassy, Kind::Components, Kind::EspIdf];

    /// The example's folder below examples/.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::EspHal => "blinky",
            Kind::Embassy => "embassy",
            Kind::Components => "thermometer",
            Kind::EspIdf => "esp_idf",
        }
    }

    /// The name that the example's firmware and package have.
    pub fn firmware(self) -> &'static str {
        match self {
            Kind::EspHal | Kind::EspIdf => "blinky",
            Kind::Embassy => "embassy",
            Kind::Components => "thermometer",
        }
    }

    /// The name of the example's module.
    pub fn module(self) -> &'static str {
        match self {
            Kind::EspIdf => "esp_idf_example",
            Kind::EspHal | Kind::Embassy | Kind::Components => self.firmware(),
        }
    }

    /// What `--kind` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::EspHal => "esp-hal",
            Kind::Embassy => "embassy",
            Kind::Components => "components",
            Kind::EspIdf => "esp-idf",
        }
    }
}
