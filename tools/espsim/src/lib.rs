//! A simulated ESP32, for tests.
//!
//! [`machine::Machine`] is the chip: two cores ([`cpu`]) on a [`bus`] with memory, [`peripherals`] (a file each; `peripherals/uart.rs`
//! is the UART), a [`flash`] chip and the [`rom`], whose functions are done natively at their addresses. Its time ([`clock`]) is virtual.
//! [`observe`] sees what it does.
//!
//! [`board`] is what is around it when a host is connected: a serial adapter with the auto-reset circuit, a port of this machine, faults
//! on demand. [`Simulator::start`] runs a board behind a port on a thread. The ROM's serial loader, the flasher stub that tools upload
//! and the image that they flash are executed by the machine.

pub mod board;
pub mod bus;
pub mod chip;
pub mod clock;
pub mod cpu;
pub mod error;
pub mod flash;
pub mod machine;
pub mod memory;
pub mod observe;
pub mod peripherals;
pub mod rom;

pub use board::fault::{self, Fault};
pub use board::report::Report;
pub use board::simulator::{Application, Options, Pace, Running, Simulator};
pub use board::transport::Port;
pub use chip::{Chip, Efuse, Mac, Revision};
pub use error::Error;
pub use machine::BootMode;
pub use rom::slip;
