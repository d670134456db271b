//! Serial lines to the ESP32.
//!
//! - [`PortSpec`]: what a port can be: a terminal device, `socket://host:port` or `rfc2217://host:port`.
//! - [`candidates`] and [`choose`]: the USB serial ports of this machine, and which of them to take.
//! - [`Line`]: an open port, locked against others, with resets through DTR and RTS.
//! - [`Wire`]: carries bytes between a [`Line`] and the pseudo-terminal that espflash's
//!   [`Connection`](espflash::connection::Connection) works on, until a deadline or until it is cancelled.

#![deny(missing_docs)]

mod arguments;
mod choose;
mod error;
mod line;
mod port;
mod rfc2217;
mod wire;

pub use arguments::hyphenated;
pub use choose::{
    Candidate, Choice, NamedPort, ask_on_terminal, baud_from_env, candidates, choose, choose_from,
};
pub use error::Error;
pub use line::{Line, Reset, ResetTiming};
pub use port::{PortSpec, RemoteOptions};
pub use wire::{Counters, Ended, Wire};
