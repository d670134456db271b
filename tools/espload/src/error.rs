//! What can go wrong, and what to do about it.

/// How a run ends, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Written and verified, or as asked.
    Done = 0,
    /// A file cannot be read or is wrong, or something else failed.
    Other = 1,
    /// The command line or the environment is wrong.
    Usage = 2,
    /// No device: none found, several, cannot be opened, in use, no answer.
    NoDevice = 3,
    /// Refused, and nothing was written.
    Refused = 4,
    /// The transfer failed.
    Transfer = 5,
    /// The device's content is not what was written.
    Verification = 6,
    /// Interrupted by a signal.
    Interrupted = 130,
}

/// A refusal that `--force` overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Force {
    /// The chip's revision is outside of the image's range.
    Revision,
    /// The flash is smaller than the image's header says.
    FlashSize,
    /// Flash encryption is on: the files are written as they are, so they have to be encrypted already.
    FlashEncryption,
    /// Secure boot is on: the files have to be signed with the device's key.
    SecureBoot,
    /// ROM or bootloader would refuse the image.
    Image,
    /// The device's partition table is another than the image's, with `--app-only`.
    PartitionTable,
}

impl Force {
    /// The value of `--force`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::FlashSize => "flash-size",
            Self::FlashEncryption => "flash-encryption",
            Self::SecureBoot => "secure-boot",
            Self::Image => "image",
            Self::PartitionTable => "partition-table",
        }
    }
}

/// All errors of the crate. [`Error::code`] is stable; [`Error::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant says what it and its fields are.
pub enum Error {
    // Files
    #[error("{path}: cannot be read: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{path}: {error}")]
    Json {
        path: String,
        error: serde_json::Error,
    },
    #[error("{path}: it is UTF-16")]
    Utf16 { path: String },
    #[error("{path}: {key} is '{value}': {problem}")]
    FlasherArgs {
        path: String,
        key: String,
        value: String,
        problem: String,
    },
    #[error("{path}: '{value}' is not a flash offset")]
    Offset { path: String, value: String },
    #[error("{path}: there are no files in flash_files")]
    NoFiles { path: String },
    #[error("{path}: there is no entry 'app'")]
    NoApp { path: String },
    #[error("{path}: the file is empty")]
    EmptyFile { path: String },
    #[error("{path}: it is marked as encrypted")]
    EncryptedFile { path: String },
    #[error("{file} is to go to {offset:#x}, which is not the start of a 4 KB sector")]
    Unaligned { file: String, offset: u32 },
    #[error("{second} at {second_offset:#x} overlaps {first}, which ends at {first_end:#x}")]
    Overlap {
        first: String,
        first_end: u64,
        second: String,
        second_offset: u32,
    },
    #[error("the image is for '{chip}'; only the ESP32 is supported")]
    UnknownChip { chip: String },
    #[error("the image would not start: {error}")]
    Image { error: espimage::Error },

    // Usage
    #[error("{0}")]
    Usage(String),
    #[error("--erase needs a yes, and there is no terminal to ask on")]
    EraseNeedsYes,
    #[error("nothing was erased or written")]
    EraseDeclined,
    #[error("{program}: the monitor cannot be started: {error}")]
    Monitor {
        program: String,
        error: std::io::Error,
    },

    // Device
    #[error(transparent)]
    Line(#[from] espline::Error),
    #[error("{port}: the chip does not answer{seen}")]
    NoAnswer { port: String, seen: String },
    #[error("{port}: the chip started its application instead of the serial loader ({boot})")]
    WrongBootMode { port: String, boot: String },

    // Refused
    #[error("the device is an {found}, the image is for the {wanted}")]
    ChipMismatch { found: String, wanted: String },
    #[error("the chip's revision is v{found}, {file} is for {range}")]
    Revision {
        found: String,
        file: String,
        range: String,
    },
    #[error("the flash has {found}, {file}'s header says {wanted}")]
    FlashSize {
        found: String,
        file: String,
        wanted: String,
    },
    #[error("flash_size is 'detect': the flash has {found}, {file}'s header says {header}")]
    DetectedSize {
        found: String,
        file: String,
        header: String,
    },
    #[error("{file} ends at {end:#x}, the flash at {size:#x}")]
    BeyondFlash { file: String, end: u64, size: u32 },
    #[error("the flash chip does not answer (id {id:#08x})")]
    NoFlash { id: u32 },
    #[error(
        "flash encryption is on (FLASH_CRYPT_CNT {count:#04x}): what is written in plain would not start"
    )]
    FlashEncryption { count: u32 },
    #[error("secure boot {version} is on: an image without the right signature would not start")]
    SecureBoot { version: &'static str },
    #[error("the chip is in secure download mode: its flash cannot be compared or verified")]
    SecureDownloadMode,
    #[error("the partition table on the device is not the image's")]
    PartitionTableDiffers,

    // Transfer
    #[error("interrupted{}", if *.written { "; what was written so far stays, and the next run goes on from there" } else { "; nothing was written" })]
    Interrupted { written: bool },
    #[error("{attempts} attempts failed, the last at {baud} baud: {what}: {reason}")]
    Transfer {
        attempts: u32,
        baud: u32,
        what: String,
        reason: String,
    },
    #[error("not done after {seconds} seconds: {what}")]
    TimeUp { seconds: u64, what: String },
    #[error(
        "{file}: the device's MD5 is {found}, the file's {wanted}, after writing it {rounds} times"
    )]
    Verification {
        file: String,
        found: String,
        wanted: String,
        rounds: u32,
    },
}

impl Error {
    /// A name for the kind of error that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "espload::read",
            Self::Json { .. } => "espload::json",
            Self::Utf16 { .. } => "espload::utf16",
            Self::FlasherArgs { .. } => "espload::flasher_args",
            Self::Offset { .. } => "espload::offset",
            Self::NoFiles { .. } => "espload::no_files",
            Self::NoApp { .. } => "espload::no_app",
            Self::EmptyFile { .. } => "espload::empty_file",
            Self::EncryptedFile { .. } => "espload::encrypted_file",
            Self::Unaligned { .. } => "espload::unaligned",
            Self::Overlap { .. } => "espload::overlap",
            Self::UnknownChip { .. } => "espload::unknown_chip",
            Self::Image { error } => error.code(),
            Self::Usage(_) => "espload::usage",
            Self::EraseNeedsYes => "espload::erase_needs_yes",
            Self::EraseDeclined => "espload::erase_declined",
            Self::Monitor { .. } => "espload::monitor",
            Self::Line(error) => error.code(),
            Self::NoAnswer { .. } => "espload::no_answer",
            Self::WrongBootMode { .. } => "espload::wrong_boot_mode",
            Self::ChipMismatch { .. } => "espload::chip_mismatch",
            Self::Revision { .. } => "espload::revision",
            Self::FlashSize { .. } => "espload::flash_size",
            Self::DetectedSize { .. } => "espload::detected_size",
            Self::BeyondFlash { .. } => "espload::beyond_flash",
            Self::NoFlash { .. } => "espload::no_flash",
            Self::FlashEncryption { .. } => "espload::flash_encryption",
            Self::SecureBoot { .. } => "espload::secure_boot",
            Self::SecureDownloadMode => "espload::secure_download_mode",
            Self::PartitionTableDiffers => "espload::partition_table_differs",
            Self::Interrupted { .. } => "espload::interrupted",
            Self::Transfer { .. } => "espload::transfer",
            Self::TimeUp { .. } => "espload::time_up",
            Self::Verification { .. } => "espload::verification",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        if let Some(force) = self.force() {
            return format!("{}; --force {} overrides this", self.advice(), force.name());
        }
        self.advice()
    }

    fn advice(&self) -> String {
        let text = match self {
            Self::Read { .. } => "check the path; `bazel build` makes the files anew",
            Self::Json { .. } | Self::NoFiles { .. } | Self::Offset { .. } => {
                "pass the flasher_args.json of an image target or of idf.py"
            }
            Self::Utf16 { .. } => "save it as UTF-8",
            Self::FlasherArgs { .. } => {
                "correct it, or flash with esptool: what it asks for would not be done here"
            }
            Self::NoApp { .. } => "leave --app-only away",
            Self::EmptyFile { .. } => "make the file anew",
            Self::EncryptedFile { .. } => "flash it with esptool, which knows the key handling",
            Self::Unaligned { .. } | Self::Overlap { .. } => {
                "correct the partition table, and make the image anew"
            }
            Self::UnknownChip { .. } => "flash it with esptool",
            Self::Image { error } => return error.help(),
            Self::Usage(_) => "see --help",
            Self::EraseNeedsYes => "pass --yes too",
            Self::EraseDeclined => "leave --erase away to keep what is not in the image",
            Self::Monitor { .. } => "leave --monitor away, and start the monitor by itself",
            Self::Line(error) => return error.help(),
            Self::NoAnswer { .. } => {
                "check that it is the right port and an ESP32; hold BOOT, press EN, release BOOT, and try again, \
                 with --before no-reset if the board has no automatic reset"
            }
            Self::WrongBootMode { .. } => {
                "hold BOOT while this starts, or hold BOOT, press EN, release BOOT and pass --before no-reset"
            }
            Self::ChipMismatch { .. } => "connect the right board, or build for this chip",
            Self::Revision { .. } => "build for this revision",
            Self::FlashSize { .. } => "build with the flash size of this board",
            Self::DetectedSize { .. } => {
                "write the size of this board's flash into flash_settings.flash_size"
            }
            Self::BeyondFlash { .. } => "build with a partition table for the flash of this board",
            Self::NoFlash { .. } => {
                "check the flash chip's supply and wiring; GPIO6 to GPIO11 have to be free"
            }
            Self::FlashEncryption { .. } => "encrypt the files for the device",
            Self::SecureBoot { .. } => "sign the files with the device's key",
            Self::SecureDownloadMode => "flash it with esptool --no-stub, which writes unverified",
            Self::PartitionTableDiffers => {
                "leave --app-only away, so that the table is written too"
            }
            Self::Interrupted { .. } => "run it again",
            Self::Transfer { .. } | Self::TimeUp { .. } => {
                "check cable, hub and supply, or pass a lower --baud; then run it again: it goes on with what is missing"
            }
            Self::Verification { .. } => {
                "run it again with --all; if it fails in the same place, the flash chip is worn out or write-protected"
            }
        };
        text.to_owned()
    }

    /// The option that overrides the refusal.
    pub fn force(&self) -> Option<Force> {
        match self {
            Self::Revision { .. } => Some(Force::Revision),
            Self::FlashSize { .. } | Self::DetectedSize { .. } => Some(Force::FlashSize),
            Self::FlashEncryption { .. } => Some(Force::FlashEncryption),
            Self::SecureBoot { .. } => Some(Force::SecureBoot),
            Self::Image { .. } => Some(Force::Image),
            Self::PartitionTableDiffers => Some(Force::PartitionTable),
            _ => None,
        }
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read { .. }
            | Self::Json { .. }
            | Self::Utf16 { .. }
            | Self::Offset { .. }
            | Self::NoFiles { .. }
            | Self::NoApp { .. }
            | Self::EmptyFile { .. }
            | Self::EraseDeclined
            | Self::Monitor { .. } => Exit::Other,
            Self::Usage(_) | Self::EraseNeedsYes => Exit::Usage,
            Self::Line(error) if error.is_usage() => Exit::Usage,
            Self::Line(error) if error.is_no_device() => Exit::NoDevice,
            Self::NoAnswer { .. } | Self::WrongBootMode { .. } => Exit::NoDevice,
            Self::EncryptedFile { .. }
            | Self::FlasherArgs { .. }
            | Self::DetectedSize { .. }
            | Self::Unaligned { .. }
            | Self::Overlap { .. }
            | Self::UnknownChip { .. }
            | Self::Image { .. }
            | Self::ChipMismatch { .. }
            | Self::Revision { .. }
            | Self::FlashSize { .. }
            | Self::BeyondFlash { .. }
            | Self::NoFlash { .. }
            | Self::FlashEncryption { .. }
            | Self::SecureBoot { .. }
            | Self::SecureDownloadMode
            | Self::PartitionTableDiffers => Exit::Refused,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Line(_) | Self::Transfer { .. } | Self::TimeUp { .. } => Exit::Transfer,
            Self::Verification { .. } => Exit::Verification,
        }
    }
}
