//! What editors have to know of a firmware's sources: rust-project.json for rust-analyzer, and compile_commands.json for clangd.
//!
//! [`bazel`] asks Bazel what is compiled, and how. [`rust_project`] and [`compile_commands`] turn the answers into what the two read.

#![deny(missing_docs)]

pub mod bazel;
pub mod compile_commands;
mod error;
pub mod rust_project;

pub use error::{Error, Result};
