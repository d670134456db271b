//! A simulated ESP32, for tests.
//!
//! [`machine::Machine`] is the chip that executes programs: [`cpu`], [`bus`], [`peripherals`], [`rom`], in virtual time ([`clock`]);
//! [`observe`] sees what it does.
//!
//! The other half is a chip without CPU behind a serial line, for tools that flash: [`Simulator::start`] opens a port and runs a
//! device behind it: the ROM's serial loader, the flasher stub that tools upload, a flash chip, the auto-reset circuit, and faults
//! on demand. The clock is the device's own: it is charged for each byte on the line and for the work of CPU and flash chip
//! ([`timing`]), and does not wait in real time.

pub mod bus;
pub mod chip;
pub mod clock;
pub mod cpu;
pub mod device;
pub mod error;
mod esp_server;
pub mod fault;
pub mod flash;
pub mod line;
pub mod machine;
pub mod memory;
pub mod observe;
pub mod peripherals;
pub mod report;
pub mod rom;
pub mod simulator;
pub mod slip;
pub mod stub;
pub mod timing;
pub mod transport;

pub use chip::{Chip, Efuse, Mac, Revision};
pub use device::BootMode;
pub use error::Error;
pub use fault::Fault;
pub use report::Report;
pub use simulator::{Application, Options, Pace, Running, Simulator};
pub use transport::Port;
