//! Everything that can go wrong, with what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// An error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The session's file cannot be read.
    #[error("{}: cannot read what is to be debugged: {source}", path.display())]
    SessionUnreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The session's file is not JSON, or has fields that are unknown, missing, or of the wrong type.
    #[error("{}: {source}", path.display())]
    SessionSyntax {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },

    /// The emulator does not start, or the image is not one that it can run.
    #[error(transparent)]
    Emulator(#[from] espboot::Error),

    /// A program does not start.
    #[error("{}: cannot start {what}: {source}", path.display())]
    Start {
        /// What it is.
        what: &'static str,
        /// The program.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// OpenOCD ended before it was ready.
    #[error("OpenOCD ended ({status}) before gdb could talk to it")]
    OpenOcdEnded {
        /// How it ended.
        status: String,
    },

    /// OpenOCD did not become ready.
    #[error("OpenOCD is not ready for gdb after {} s", waited.as_secs())]
    OpenOcdSilent {
        /// How long it was waited for.
        waited: Duration,
    },

    /// Something else of the machine does not work.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was to be done.
        what: &'static str,
        /// The reason.
        source: io::Error,
    },
}

/// The result of what can go wrong here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::SessionUnreadable { .. } | Self::SessionSyntax { .. } => {
                Some("run it by `bazel run` of an `esp32_debug` target, which writes the file".into())
            }
            Self::Emulator(error) => error.help(),
            Self::OpenOcdEnded { .. } | Self::OpenOcdSilent { .. } => Some(
                "see what OpenOCD says above: whether the adapter is plugged in and may be opened by you, and whether `openocd_config` is that of \
                 your board (--openocd board/esp32-wrover-kit-3.3v.cfg, board/esp32-bridge.cfg, ...)"
                    .into(),
            ),
            Self::Start { .. } | Self::Io { .. } => None,
        }
    }
}
