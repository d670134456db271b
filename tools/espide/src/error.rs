//! Everything that can go wrong.

use std::io;
use std::path::PathBuf;

/// An error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program does not start.
    #[error("{}: cannot start it: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Bazel failed, and has said why.
    #[error("{} {command} failed ({status}): see above", program.display())]
    Bazel {
        /// Bazel.
        program: PathBuf,
        /// What it was to do.
        command: &'static str,
        /// How it ended.
        status: String,
    },
    /// A file cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// What Bazel, or a rule, says is not what is expected of it.
    #[error("{what}: {source}")]
    Syntax {
        /// The file, or the command.
        what: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Something that Bazel refers to is not there.
    #[error("{what} refers to {name}, and does not say what it is")]
    Dangling {
        /// The file, or the command.
        what: String,
        /// What is referred to.
        name: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// The result of what can go wrong here.
pub type Result<T> = std::result::Result<T, Error>;
