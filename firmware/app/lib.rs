//! What the application decides, apart from the chip it runs on: the same code is tested on the build machine.

#![cfg_attr(not(test), no_std)]
#![deny(missing_docs)]

pub mod heartbeat;
pub mod schedule;
