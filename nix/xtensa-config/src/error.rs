//! What is wrong with a description.

use std::fmt;

/// A line of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path, as it was given.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a description cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The line that is wrong, or the file where none is.
    pub place: String,
    /// What is wrong, with the value and what to do.
    pub message: String,
}

impl Error {
    /// An error in one line.
    pub fn at(place: &Place, message: impl Into<String>) -> Self {
        Self {
            place: place.to_string(),
            message: message.into(),
        }
    }

    /// An error of a whole file.
    pub fn in_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: file.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Error {}

/// What can fail because of a description.
pub type Result<T> = std::result::Result<T, Error>;
