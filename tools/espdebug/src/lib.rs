//! Starts gdb on a firmware, in the emulator or on a board.
//!
//! A [`Session`] says what is debugged and where it runs. [`Target`] is what gdb talks to: QEMU with the image loaded, OpenOCD, or
//! whatever else speaks gdb's remote protocol. [`gdb::arguments`] are those with which gdb finds the sources and stops at the first
//! line of the program.

#![deny(missing_docs)]

mod error;
pub mod gdb;
pub mod session;
pub mod target;

pub use error::{Error, Result};
pub use session::Session;
pub use target::Target;
