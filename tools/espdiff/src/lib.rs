//! Where two builds of the same thing differ, and in what: for proofs that builds are reproducible.
//!
//! - [`explain()`]: the differences between two files, by what is in them: sections of ELF files, members of archives (static
//!   libraries, `.rlib` files), partitions and segments of flash images, lines of texts; else bytes.
//! - [`tree`]: all files of two folders.
//! - [`cli`]: the command line, which can be run in-process.

#![deny(missing_docs)]

mod archive;
mod bytes;
pub mod cli;
mod elf;
mod explain;
mod image;
pub mod tree;

pub use explain::{Difference, explain};
