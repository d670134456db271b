//! What an image runs on: the simulated chip, an emulator, a board.

use std::time::Duration;

use espsim::peripherals::rtc_cntl::ResetCause;

use crate::boot::FlashImage;
use crate::error::Error;
use crate::stimulus::Action;

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

    /// What only a simulated chip can do.
    fn simulated(&mut self) -> Option<&mut dyn Simulated> {
        None
    }
}

/// A run of a simulated chip.
pub trait Simulated {
    /// Does something from outside.
    fn act(&mut self, action: &Action);

    /// Says whether edges of pins are wanted.
    fn watch_pins(&mut self, watch: bool);

    /// Power is lost in the middle of the `write`th program or erase of the flash, counted from 0.
    fn lose_power_at(&mut self, write: u64);

    /// Programs and erases of the flash so far.
    fn flash_writes(&self) -> u64;

    /// What the last of them was, in words.
    fn last_flash_write(&self) -> String;

    /// Where the cores are, and what was accessed that is not modelled.
    fn report(&self) -> String;
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The console, which is UART 0, printed these bytes.
    Console(Vec<u8>),
    /// Another UART sent bytes.
    Sent {
        /// Its number.
        uart: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A pin that is watched changed.
    Edge {
        /// The GPIO.
        pin: u8,
        /// The chip's time.
        at: Duration,
        /// The level behind it.
        level: bool,
    },
    /// The chip is to be reset; the run goes on behind that.
    Reset(ResetCause),
    /// Power was lost as [`Simulated::lose_power_at`] asked; it is there again after a power cut.
    PowerLost,
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
