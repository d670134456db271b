//! What is debugged, and with what: the file that `esp32_debug` writes.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

/// What is debugged, and with what. Paths start at the current directory, which is that of the runfiles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The program, with its debug information.
    pub elf: PathBuf,
    /// gdb.
    pub gdb: PathBuf,
    /// The core that the program was built for, as gdb has it.
    pub core: String,
    /// Where to stop first, such as `app_main`. None: at the first instruction.
    pub stop_at: Option<String>,
    /// What the program runs in, where the command line does not say.
    pub environment: Environment,
}

/// What a program runs in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Environment {
    /// The simulated chip.
    Simulator {
        /// The merged flash image.
        image: PathBuf,
        /// Where the partition table is in it, in bytes.
        partition_table_offset: u32,
    },
    /// Stock QEMU.
    Qemu {
        /// `qemu-system-xtensa`.
        emulator: PathBuf,
        /// ELF file that stands in for the ROM's functions.
        rom: PathBuf,
        /// The merged flash image.
        image: PathBuf,
        /// Where the partition table is in it, in bytes.
        partition_table_offset: u32,
    },
    /// A board, by OpenOCD.
    Board {
        /// OpenOCD.
        openocd: PathBuf,
        /// OpenOCD's configuration file of the board or adapter, from its own folder of scripts or by an absolute path.
        config: String,
    },
}

impl Session {
    /// Reads the file.
    ///
    /// # Errors
    /// A file that is not there, and one that says something else.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|source| Error::SessionUnreadable {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| Error::SessionSyntax {
            path: path.to_owned(),
            source,
        })
    }
}
