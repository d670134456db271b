//! The console of an ESP32.
//!
//! [`Console`](console::Console) shows what a device prints: coloured by log level, with functions and lines below the
//! addresses of a crash ([`Program`](decode::Program)) and the fields of protobuf messages below the log lines that carry
//! them ([`Messages`](messages::Messages)). [`Monitor`](monitor::Monitor) connects it with a serial line and the user's
//! [`keys`].

#![deny(missing_docs)]

pub mod config;
pub mod console;
pub mod decode;
mod error;
pub mod filter;
pub mod keys;
pub mod log_line;
pub mod messages;
pub mod monitor;
pub mod style;
pub mod terminal;
pub mod text;
pub mod timestamp;

pub use error::{EXIT_LINE_LOST, EXIT_NO_DEVICE, EXIT_NOT_SEEN, EXIT_OTHER, EXIT_USAGE, Error};
