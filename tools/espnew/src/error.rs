//! What can keep a repository from being laid.

use std::path::PathBuf;

use thiserror::Error;

/// What is wrong, and what to do about it.
#[derive(Debug, Error)]
pub enum Error {
    /// A name that Cargo, Bazel or the application's descriptor does not take.
    #[error(
        "'{name}' cannot be the firmware's name: {why}: name it with --name, such as --name my_firmware"
    )]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// The folder has no name of its own, such as `..`.
    #[error("{}: the folder's name is not known: name the firmware with --name", path.display())]
    NoName {
        /// The folder.
        path: PathBuf,
    },
    /// There is something already.
    #[error("{} is there already, and is not overwritten: choose another folder, or move it away", path.display())]
    Exists {
        /// What would be overwritten.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {why}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written: {why}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Something that is to be replaced in an example is not there.
    #[error("{file} of the example {example} has no {what}: this is a mistake in rules_esp32")]
    Example {
        /// The example's folder.
        example: String,
        /// The file in it.
        file: String,
        /// What is missing.
        what: String,
    },
    /// `--rules` names neither rules_esp32 nor an archive of it.
    #[error(
        "--rules {value}: {why}: give the folder of a checkout of rules_esp32, or the https:// URL of an archive (.tar.gz, .zip)"
    )]
    Rules {
        /// The value.
        value: String,
        /// Why not.
        why: String,
    },
    /// An archive without a checksum.
    #[error(
        "--rules {url}: an archive wants its checksum: add --sha256 with what `sha256sum` says of it"
    )]
    NoChecksum {
        /// The archive.
        url: String,
    },
    /// Not a checksum.
    #[error(
        "--sha256 {value}: is not a SHA-256 in 64 hexadecimal digits, as `sha256sum` writes it"
    )]
    Checksum {
        /// The value.
        value: String,
    },
    /// A template does not render.
    #[error("{0:#}: this is a mistake in rules_esp32")]
    Template(#[from] minijinja::Error),
}
