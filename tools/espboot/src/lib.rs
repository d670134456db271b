//! Runs a merged flash image in an execution environment and checks what it does.
//!
//! A [`Spec`](spec::Spec) says what the image has to print, what registers have to hold afterwards, and how it ends.
//! [`test`](test::test) runs it in an [`ExecutionEnvironment`](environment::ExecutionEnvironment); [`Simulator`](simulator::Simulator),
//! [`Qemu`](qemu::Qemu) and [`Board`](board::Board) are. The image is the one that is flashed: [`boot`](boot::boot) finds in it what ROM and second-stage bootloader would
//! load.

#![deny(missing_docs)]

pub mod board;
pub mod boot;
pub mod checker;
pub mod console;
pub mod device;
pub mod environment;
mod error;
pub mod gdb;
pub mod limit;
pub mod observe;
pub mod pattern;
pub mod pool;
mod power_cuts;
pub mod qemu;
pub mod register;
pub mod simulation;
pub mod simulator;
pub mod spec;
pub mod stimulus;
mod symbols;
pub mod test;
pub mod watch;
pub mod waveform;

pub use error::{
    EXIT_ENVIRONMENT, EXIT_FAILED, EXIT_USAGE, Error, FailedTest, Failure, RegisterDifference,
};

/// Reads a number of the command line, such as 0x8000 or 32K.
pub use espimage::cli::parse_u32;
