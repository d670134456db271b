//! What can be wrong with a link.

use thiserror::Error;

/// What is wrong with a link, and what to do about it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// A file cannot be read.
    #[error("{path}: cannot be read: {why}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The description of the link is not what the rule writes.
    #[error("{path}: is not a description of a link: {why}")]
    Manifest {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Nothing says where code and data go.
    #[error(
        "{firmware}: no linker script: no crate brings a linkall.x, and neither a component, nor `linker_scripts`, nor a build script names one"
    )]
    NoScript {
        /// The firmware.
        firmware: String,
    },
    /// A build script names a linker script that nobody has.
    #[error(
        "{crate_}: its build script wants the linker script {script}, which is in none of: {folders}"
    )]
    ScriptNotFound {
        /// The crate.
        crate_: String,
        /// What it names.
        script: String,
        /// Where was looked.
        folders: String,
    },
    /// A build script names a library that nobody has.
    #[error(
        "{crate_}: its build script wants the library {library}, which is in none of: {folders}"
    )]
    LibraryNotFound {
        /// The crate.
        crate_: String,
        /// Its name, as the build script has it.
        library: String,
        /// Where was looked.
        folders: String,
    },
    /// A kind of library that firmware cannot have.
    #[error(
        "{crate_}: its build script wants the library {library} of kind '{kind}', which a chip without an operating system does not have"
    )]
    LibraryKind {
        /// The crate.
        crate_: String,
        /// Its name.
        library: String,
        /// The kind.
        kind: String,
    },
    /// The linker does not start.
    #[error("{ld} does not start: {why}")]
    Start {
        /// The program.
        ld: String,
        /// What the system says.
        why: String,
    },
}

/// What to do about a line that GNU ld prints, where that is not plain from it.
pub fn help_on(line: &str) -> Option<&'static str> {
    line.contains("unplaced orphan section").then_some(
        "the linker script does not say where that section goes. Take one of ESP-IDF's names, which esp_attr.h of \
         //firmware/components/esp_common lists (.iram1.x, .dram1.x, .rtc.data.x, .noinit.x, ...), no name at all for plain code and \
         data, or add the section to a linker script of your own",
    )
}

impl Error {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoScript { .. } => {
                "add esp-hal with its feature `rt` to `deps`, which brings its own; or name a script in `linker_scripts`; or add the \
                 component that has the chip's (esp_system) to `components`; or a cargo_build_script that prints \
                 cargo:rustc-link-arg=-TSCRIPT to `deps`"
            }
            Self::ScriptNotFound { .. } => {
                "let a build script write it to its OUT_DIR and print cargo:rustc-link-search=OUT_DIR; linkall.x is esp-hal's, with \
                 its feature `rt`"
            }
            Self::LibraryNotFound { .. } => {
                "let the build script print cargo:rustc-link-search with the folder that has it: OUT_DIR, or one of the crate's own"
            }
            Self::LibraryKind { .. } => "link it as `static`",
            Self::Read { .. } | Self::Manifest { .. } | Self::Start { .. } => {
                "esp32_firmware runs this program: it is not to be run by hand"
            }
        }
    }
}
