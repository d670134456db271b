//! What an image runs on: the simulated chip, an emulator, a board.

use std::time::Duration;

use crate::boot::FlashImage;
use crate::error::Error;

/// Something that can run a flash image.
pub trait ExecutionEnvironment {
    /// Puts the image in place and starts the chip from reset.
    fn start(&self, image: &FlashImage) -> Result<Box<dyn Execution>, Error>;
}

/// A running image. Dropping it ends the run.
pub trait Execution {
    /// The next thing that happens, waiting for it no longer than `wait`.
    ///
    /// An environment that emulates the chip does not let it run ahead of the console that was read by more than a
    /// character or so, for what is read from registers afterwards to belong to that place.
    fn next_event(&mut self, wait: Duration) -> Result<Event, Error>;

    /// Stops the chip. Registers keep their values.
    fn stop(&mut self) -> Result<(), Error>;

    /// Reads a memory-mapped register; `address` is a multiple of 4.
    fn read_register(&mut self, address: u32) -> Result<u32, Error>;

    /// The chip's time since its start, where it is not the machine's.
    fn elapsed(&self) -> Option<Duration> {
        None
    }
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The console printed these bytes.
    Console(Vec<u8>),
    /// Nothing happened.
    Quiet,
    /// The run is over; every further event is this one.
    Ended(Ending),
}

/// How a run ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The program reset the chip.
    Reset,
    /// The environment failed.
    Died {
        /// How it ended, such as "exit status: 1".
        status: String,
        /// What it said about that.
        diagnostics: String,
    },
}
