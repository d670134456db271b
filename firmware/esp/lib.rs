//! Safe Rust over the firmware's components, whose C functions `esp_sys` binds.

#![no_std]
#![deny(missing_docs)]

pub mod gpio;
mod heap;
pub mod log;
mod panic;
pub mod system;
pub mod time;
