//! Everything that can go wrong, with what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Exit code of an error that has no code of its own.
pub const EXIT_OTHER: u8 = 1;
/// Exit code of wrong arguments or a wrong configuration.
pub const EXIT_USAGE: u8 = 2;
/// Exit code when there is no device: none is connected, several are, or the port cannot be opened.
pub const EXIT_NO_DEVICE: u8 = 3;
/// Exit code when the device is gone.
pub const EXIT_LINE_LOST: u8 = 5;
/// Exit code when the line that was waited for did not come in time.
pub const EXIT_NOT_SEEN: u8 = 7;

/// An error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: cannot read {what}: {source}", path.display())]
    FileUnreadable {
        /// What the file is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The configuration is not JSON, or has fields that are unknown or of the wrong type.
    #[error("{}: {source}", path.display())]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },

    /// A field of the configuration has a value that makes no sense.
    #[error("{}: {field} {problem}", path.display())]
    ConfigValue {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },

    /// The ELF file cannot be read, or is none of a program for the chip.
    #[error(transparent)]
    Program(#[from] espsym::Error),

    /// A file is no descriptor set.
    #[error("{}: {problem}", path.display())]
    DescriptorsRefused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// The descriptor sets do not describe all that they use.
    #[error("descriptor sets {}: {problem}", path_list(paths))]
    DescriptorsIncomplete {
        /// The files.
        paths: Vec<PathBuf>,
        /// What is wrong with them.
        problem: String,
    },

    /// No descriptor set has a message.
    #[error(
        "the message '{name}' of the tag '{tag}' is in no descriptor set; {}",
        known_names(known)
    )]
    MessageUnknown {
        /// The tag.
        tag: String,
        /// The message's name.
        name: String,
        /// The names of all messages.
        known: Vec<String>,
    },

    /// The log file cannot be written.
    #[error("{}: cannot write the log: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// Something on the way to or from the user does not work.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The reason.
        source: io::Error,
    },

    /// The device cannot be opened, or was lost.
    #[error(transparent)]
    Line(#[from] espline::Error),

    /// Time is up, and the line that was waited for did not come.
    #[error("no line matched '{pattern}' within {} s", timeout.as_secs_f64())]
    NotSeen {
        /// The regular expression.
        pattern: String,
        /// The time.
        timeout: Duration,
    },
}

impl Error {
    /// A name for the kind of error that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FileUnreadable { .. } => "espmon::file_unreadable",
            Self::ConfigSyntax { .. } => "espmon::config_syntax",
            Self::ConfigValue { .. } => "espmon::config_value",
            Self::Program(espsym::Error::Unreadable { .. }) => "espmon::file_unreadable",
            Self::Program(_) => "espmon::elf_refused",
            Self::DescriptorsRefused { .. } => "espmon::descriptors_refused",
            Self::DescriptorsIncomplete { .. } => "espmon::descriptors_incomplete",
            Self::MessageUnknown { .. } => "espmon::message_unknown",
            Self::Log { .. } => "espmon::log",
            Self::Io { .. } => "espmon::io",
            Self::Line(error) => error.code(),
            Self::NotSeen { .. } => "espmon::not_seen",
        }
    }

    /// What to do about it, where there is something general to say.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::FileUnreadable { path, .. }
            | Self::Program(espsym::Error::Unreadable { path, .. })
            | Self::Log { path, .. }
                if path.is_relative() =>
            {
                "relative paths start at the current directory".to_owned()
            }
            Self::ConfigSyntax { .. } | Self::ConfigValue { .. } => {
                "`espmon --help` names the fields of a configuration".to_owned()
            }
            Self::Program(espsym::Error::Refused { .. }) => {
                "pass the linked program of the ESP32 that the device runs: the ELF file, not the image made from it"
                    .to_owned()
            }
            Self::DescriptorsRefused { .. } => {
                "`protoc --include_imports --descriptor_set_out=FILE` and Bazel's proto_library write descriptor sets"
                    .to_owned()
            }
            Self::DescriptorsIncomplete { .. } => {
                "list the descriptor sets of all imported .proto files, too".to_owned()
            }
            Self::MessageUnknown { .. } => {
                "write the message with its package, and list the descriptor set that has it".to_owned()
            }
            Self::Line(espline::Error::Gone { .. }) => {
                "check cable and power; with --reconnect always the monitor waits until the port is back".to_owned()
            }
            Self::Line(error) => error.help(),
            Self::NotSeen { .. } => {
                "when the console looks right so far, raise --timeout; when it is empty, check --port and --baud".to_owned()
            }
            _ => return None,
        })
    }

    /// Exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ConfigSyntax { .. } | Self::ConfigValue { .. } => EXIT_USAGE,
            Self::Line(error) if error.is_usage() => EXIT_USAGE,
            Self::Line(error) if error.is_no_device() => EXIT_NO_DEVICE,
            Self::Line(_) => EXIT_LINE_LOST,
            Self::NotSeen { .. } => EXIT_NOT_SEEN,
            _ => EXIT_OTHER,
        }
    }
}

fn path_list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() {
        "there are no messages in them".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    }
}
