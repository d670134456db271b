//! What can go wrong, and what to do about it.

/// All errors of the crate. [`Error::code`] is stable; [`Error::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant says what it and its fields are.
pub enum Error {
    #[error("{path}: cannot be read: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{path}: cannot be written: {error}")]
    Write { path: String, error: std::io::Error },
    #[error("{path} {problem}")]
    Rom { path: String, problem: String },
    #[error("no revision: {text:?}")]
    Revision { text: String },
    #[error("no MAC address: {text:?}")]
    Mac { text: String },
    #[error("no eFuse with a value that it can have: {text:?}")]
    Efuse { text: String },
    #[error("no fault: {text:?}")]
    Fault { text: String },
    #[error("no flash size: {text:?}")]
    FlashSize { text: String },
    #[error("{path} has {len} bytes, the flash chip only {size}")]
    FlashContent { path: String, len: u64, size: u64 },
    #[error("{address}: cannot be listened on: {error}")]
    Listen {
        address: String,
        error: std::io::Error,
    },
    #[error("a pseudo-terminal cannot be made: {error}")]
    Pty { error: std::io::Error },
    #[error("the serial line: {error}")]
    Line { error: std::io::Error },
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "espsim::read",
            Self::Write { .. } => "espsim::write",
            Self::Rom { .. } => "espsim::rom",
            Self::Revision { .. } => "espsim::revision",
            Self::Mac { .. } => "espsim::mac",
            Self::Efuse { .. } => "espsim::efuse",
            Self::Fault { .. } => "espsim::fault",
            Self::FlashSize { .. } => "espsim::flash_size",
            Self::FlashContent { .. } => "espsim::flash_content",
            Self::Listen { .. } => "espsim::listen",
            Self::Pty { .. } => "espsim::pty",
            Self::Line { .. } => "espsim::line",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Read { .. } => "give the path of a file that can be read".into(),
            Self::Write { .. } => "give a path in a folder that can be written to".into(),
            Self::Rom { .. } => {
                "give the ELF file of the ESP32's ROM, or leave the option out".into()
            }
            Self::Revision { .. } => "major 0 to 3, minor 0 to 3, as in --revision 3.1".into(),
            Self::Mac { .. } => "six bytes, as in --mac 24:0a:c4:12:34:56".into(),
            Self::Efuse { .. } => format!(
                "NAME=VALUE with one of the names {}",
                crate::chip::Efuse::names().collect::<Vec<_>>().join(", ")
            ),
            Self::Fault { .. } => "see FAULTS in espsim --help".into(),
            Self::FlashSize { .. } => "one of 1MB, 2MB, 4MB, 8MB, 16MB".into(),
            Self::FlashContent { .. } => "give the chip a larger --flash-size".into(),
            Self::Listen { .. } => "HOST:PORT of this machine, 127.0.0.1:0 for a free port".into(),
            Self::Pty { .. } => "is /dev/pts mounted?".into(),
            Self::Line { .. } => "start the simulator again".into(),
        }
    }
}
