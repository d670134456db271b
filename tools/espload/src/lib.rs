//! Writes flash images to the ESP32: only what differs, and verified.
//!
//! [`load`](load()) does a whole run over an open [`espline::Line`]: it enters the serial loader, refuses devices that the
//! image is not for, has the device compute MD5s to find the 4 KB sectors that differ, erases and writes those, and has the
//! device compute the MD5 of every file once more. [`cli`] is the command line, which can be run in-process.

#![deny(missing_docs)]

pub mod cli;
mod device;
mod error;
mod files;
mod flasher_args;
mod load;
mod plan;
mod progress;
mod report;
mod resets;
mod screen;
mod slip;
mod stub;

pub use device::{DeviceInfo, Timing};
pub use error::{Error, Exit, Force};
pub use files::{FlashFile, FlashImage, HeaderClaims, Role, SECTOR};
pub use flasher_args::ToolArgs;
pub use load::{Cancel, Request, load};
pub use progress::{FileState, Progress, Silent};
pub use report::{FileSummary, Summary, grouped};
pub use resets::{After, Before};
