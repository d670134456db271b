//! Everything that can go wrong, with what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::register::RegisterCheck;

/// Exit code of a test that ran and failed, and of an image that ROM or bootloader would refuse.
pub const EXIT_FAILED: u8 = 1;
/// Exit code of wrong arguments, a wrong test, or a file that cannot be read.
pub const EXIT_USAGE: u8 = 2;
/// Exit code of an execution environment that did not start or does not work.
pub const EXIT_ENVIRONMENT: u8 = 3;

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

    /// The test is not JSON, or has fields that are unknown, missing, or of the wrong type.
    #[error("{}: {source}", path.display())]
    SpecSyntax {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },

    /// A field of the test has a value that makes no sense.
    #[error("{}: {field} {problem}", path.display())]
    SpecValue {
        /// The file.
        path: PathBuf,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },

    /// The ROM for the simulated chip is none.
    #[error(transparent)]
    Rom(#[from] espsim::Error),

    /// A pattern of the command line is not a regular expression.
    #[error("--until '{pattern}': {source}")]
    Until {
        /// The pattern.
        pattern: String,
        /// The reason.
        source: regex::Error,
    },

    /// ROM or bootloader would refuse the image.
    #[error("{}: {source}", path.display())]
    ImageRefused {
        /// The image.
        path: PathBuf,
        /// What they would refuse.
        source: Box<espimage::Error>,
    },

    /// The ELF file is none of a program for the chip.
    #[error("{}: {source}", path.display())]
    ElfRefused {
        /// The ELF file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<espimage::Error>,
    },

    /// The image was not made from the ELF file.
    #[error("{}: the image {} was not made from this ELF file: {source}", elf.display(), image.display())]
    ElfOfOtherImage {
        /// The ELF file.
        elf: PathBuf,
        /// The image.
        image: PathBuf,
        /// The difference.
        source: Box<espimage::Error>,
    },

    /// A limit names a symbol that the ELF file has not.
    #[error("{}: there is no symbol '{symbol}', which the limit '{limit}' names", elf.display())]
    NoSymbol {
        /// The ELF file.
        elf: PathBuf,
        /// The limit.
        limit: String,
        /// The symbol.
        symbol: String,
    },

    /// A limit is on something that is no data memory.
    #[error(
        "the limit '{limit}' is on {from:#010X} to {to:#010X}, which is no data memory of the chip"
    )]
    NoRegion {
        /// The limit.
        limit: String,
        /// The first address.
        from: u32,
        /// The address behind the last.
        to: u32,
    },

    /// The ELF file's debug information cannot be used.
    #[error(transparent)]
    Program(#[from] espsym::Error),

    /// What was covered cannot be written.
    #[error(transparent)]
    Coverage(#[from] espcov::Error),

    /// gdb cannot be listened for.
    #[error("--gdb {address}: cannot listen there: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The reason.
        source: io::Error,
    },

    /// gdb says what cannot be understood.
    #[error("gdb: {problem}")]
    Gdb {
        /// What is wrong.
        problem: String,
    },

    /// A file that was asked for cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The emulator cannot be started.
    #[error("{}: cannot start the emulator: {source}", path.display())]
    EmulatorStart {
        /// The emulator.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The emulator gave up before the program did anything.
    #[error("{}: the emulator refused to start ({status})\n{}", path.display(), indent(diagnostics))]
    EmulatorRefused {
        /// The emulator.
        path: PathBuf,
        /// How it ended.
        status: String,
        /// What it printed.
        diagnostics: String,
    },

    /// Something on the way to or from the execution environment does not work.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The reason.
        source: io::Error,
    },

    /// A register does not exist in the execution environment.
    #[error(
        "register {address:#010X} is outside the memory of the emulated chip, which ends at {end:#010X}"
    )]
    RegisterOutside {
        /// Address of the register.
        address: u32,
        /// First address that does not exist.
        end: u32,
    },

    /// A register does not exist in the simulated chip.
    #[error("nothing is at {address:#010X} in the simulated chip")]
    NothingThere {
        /// Address of the register.
        address: u32,
    },

    /// The list of boards has something else in it than ports.
    #[error("boards '{boards}': {problem}")]
    Boards {
        /// The list, or the path of its file.
        boards: String,
        /// What is wrong with it.
        problem: String,
    },

    /// The file that says that a board is taken cannot be opened or locked.
    #[error("{}: cannot lock the board: {source}", path.display())]
    BoardLock {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The test was stopped while it waited.
    #[error("no board was free: {boards} in use by other tests, until this one was stopped")]
    NoFreeBoard {
        /// Number of boards.
        boards: usize,
    },

    /// The board cannot be flashed.
    #[error("{source}")]
    Flash {
        /// The reason.
        source: Box<espload::Error>,
    },

    /// The line to the board does not work.
    #[error("{source}")]
    Line {
        /// The reason.
        source: Box<espline::Error>,
    },

    /// A board shows its registers to a debugger only.
    #[error("register {address:#010X} cannot be read on a board while it runs")]
    NoRegisters {
        /// Address of the register.
        address: u32,
    },

    /// The program did not do what the test expects.
    #[error(transparent)]
    Failed(Box<FailedTest>),
}

/// A test that failed.
#[derive(Debug, thiserror::Error)]
#[error("{failure}{}", if has_details(failure) { details(missing, console, functions, report) } else { String::new() })]
pub struct FailedTest {
    /// What happened.
    pub failure: Failure,
    /// What was still expected.
    pub missing: Vec<String>,
    /// The last lines of the console.
    pub console: Vec<String>,
    /// The functions at the addresses in these lines.
    pub functions: Vec<String>,
    /// Where the simulated chip is, in lines; empty where the failure has that, and elsewhere.
    pub report: String,
}

/// How a program can fail a test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Time is up.
    #[error("after {} s something was still missing", timeout.as_secs_f64())]
    Timeout {
        /// The time that it had.
        timeout: Duration,
    },

    /// A signal asked the test to stop.
    #[error("the test was stopped from outside while something was still missing")]
    Stopped,

    /// A forbidden line appeared.
    #[error("forbidden {pattern} in the line\n    {line}")]
    Forbidden {
        /// What is forbidden.
        pattern: String,
        /// The line.
        line: String,
    },

    /// What should be a rising number is none.
    #[error("'{capture}' is '{text}' and not a decimal number in the line\n    {line}")]
    NotANumber {
        /// The capture group.
        capture: String,
        /// What it captured.
        text: String,
        /// The line.
        line: String,
    },

    /// A number does not rise.
    #[error("'{capture}' does not rise: {value} after {last} in the line\n    {line}")]
    NotRising {
        /// The capture group.
        capture: String,
        /// The number in the matching line before.
        last: u64,
        /// The number in this line.
        value: u64,
        /// The line.
        line: String,
    },

    /// A number rises by too little or too much.
    #[error(
        "'{capture}' rises by {step} (from {last} to {value}), expected {least} to {most}, in the line\n    {line}"
    )]
    Step {
        /// The capture group.
        capture: String,
        /// How much it rose.
        step: u64,
        /// The number in the matching line before.
        last: u64,
        /// The number in this line.
        value: u64,
        /// Smallest step that is expected.
        least: u64,
        /// Largest step that is expected.
        most: u64,
        /// The line.
        line: String,
    },

    /// Registers hold other values than expected.
    #[error("{}", registers(.0))]
    Registers(Vec<RegisterDifference>),

    /// The program reset the chip too early, or although no reset was expected.
    #[error("the program reset the chip{}", if *.expected { " too early" } else { ", which the test does not expect" })]
    Reset {
        /// Whether the test expects a reset at the end.
        expected: bool,
    },

    /// The chip was reset, which the test does not expect.
    #[error("{cause} reset the chip{}{}", if expected.is_empty() { String::new() } else { format!(", expected {expected}") }, if report.is_empty() { String::new() } else { format!("\n{}", indent(report)) })]
    UnexpectedReset {
        /// Its cause, as the ROM prints it.
        cause: &'static str,
        /// The cause of the reset that is expected next, if any.
        expected: String,
        /// Where the cores are.
        report: String,
    },

    /// A pin did something else than expected.
    #[error("{what}: {found}, expected: {expected}")]
    Waveform {
        /// Which edge of which waveform.
        what: String,
        /// What the pin did.
        found: String,
        /// What it should have done.
        expected: String,
    },

    /// More memory was used than allowed.
    #[error("{}", .0.join("\n    "))]
    Limits(Vec<String>),

    /// There is nothing in whose middle power could be cut.
    #[error(
        "power cuts at each flash write are asked for, and the program writes nothing to flash"
    )]
    NoFlashWrites,

    /// The program did not come up again after power cuts.
    #[error("{failed} of {all} power cuts, each in the middle of a flash write, are not survived:\n    {}\n  the first: {first}", places.join("\n    "))]
    PowerCuts {
        /// Number of cuts that were not survived.
        failed: usize,
        /// Number of cuts.
        all: u64,
        /// Where they were.
        places: Vec<String>,
        /// What happened after the first of them.
        first: Box<FailedTest>,
    },

    /// The execution environment ended by itself.
    #[error("the execution environment ended unexpectedly ({status}){}", if diagnostics.is_empty() { String::new() } else { format!("\n{}", indent(diagnostics)) })]
    Died {
        /// How it ended.
        status: String,
        /// What it printed.
        diagnostics: String,
    },
}

/// A register that holds another value than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterDifference {
    /// What was expected.
    pub check: RegisterCheck,
    /// What it holds.
    pub found: u32,
}

impl fmt::Display for RegisterDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RegisterCheck {
            name,
            address,
            mask,
            value,
        } = &self.check;
        let found = self.found;
        write!(
            f,
            "{name} ({address:#010X}) is {found:#010X}, expected {value:#010X}"
        )?;
        if *mask != u32::MAX {
            write!(f, " under mask {mask:#010X}")?;
        }
        write!(f, "; wrong bits: {:#010X}", (found ^ value) & mask)
    }
}

impl Error {
    /// A name for the kind of error that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FileUnreadable { .. } => "espboot::file_unreadable",
            Self::SpecSyntax { .. } => "espboot::spec_syntax",
            Self::SpecValue { .. } => "espboot::spec_value",
            Self::Rom(_) => "espboot::rom",
            Self::Until { .. } => "espboot::until",
            Self::ImageRefused { .. } => "espboot::image_refused",
            Self::ElfRefused { .. } => "espboot::elf_refused",
            Self::ElfOfOtherImage { .. } => "espboot::elf_of_other_image",
            Self::Program(_) => "espboot::program",
            Self::Coverage(_) => "espboot::coverage",
            Self::Unwritable { .. } => "espboot::unwritable",
            Self::Listen { .. } => "espboot::listen",
            Self::Gdb { .. } => "espboot::gdb",
            Self::NoSymbol { .. } => "espboot::no_symbol",
            Self::NoRegion { .. } => "espboot::no_region",
            Self::EmulatorStart { .. } => "espboot::emulator_start",
            Self::EmulatorRefused { .. } => "espboot::emulator_refused",
            Self::Io { .. } => "espboot::io",
            Self::RegisterOutside { .. } => "espboot::register_outside",
            Self::NothingThere { .. } => "espboot::nothing_there",
            Self::Boards { .. } => "espboot::boards",
            Self::BoardLock { .. } => "espboot::board_lock",
            Self::NoFreeBoard { .. } => "espboot::no_free_board",
            Self::Flash { source } => source.code(),
            Self::Line { source } => source.code(),
            Self::NoRegisters { .. } => "espboot::no_registers",
            Self::Failed(test) => test.failure.code(),
        }
    }

    /// What to do about it, where there is something general to say.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Rom(error) => return Some(error.help()),
            Self::FileUnreadable { path, .. } if path.is_relative() => {
                "relative paths start at the current directory; under `bazel test` the file has to be in the test's `data`".into()
            }
            Self::SpecSyntax { .. } | Self::SpecValue { .. } => {
                "`espboot --help` names the fields of a test".into()
            }
            Self::ImageRefused { source, .. } | Self::ElfRefused { source, .. } | Self::ElfOfOtherImage { source, .. } => {
                source.help()
            }
            Self::EmulatorStart { .. } | Self::EmulatorRefused { .. } => {
                "the emulator has to be QEMU's qemu-system-xtensa with the CPU `de233_fpu` and the option `-run-with exit-with-parent`; QEMU 11.1 is".into()
            }
            Self::NoSymbol { .. } => "`xtensa-esp32-elf-nm` lists the symbols; a limit can have addresses (0x3FFB0000) in their place".into(),
            Self::Listen { .. } => "give a port that is free: `:0` takes one, and says which".into(),
            Self::NoRegion { .. } => "correct the limit's \"from\" and \"to\"".into(),
            Self::RegisterOutside { .. } | Self::NothingThere { .. } => "correct the register's address in the test".into(),
            Self::Boards { .. } => {
                "give ports, separated by commas (/dev/ttyUSB0,socket://192.168.0.7:3333), or the absolute path of a file with one in each line".into()
            }
            Self::BoardLock { .. } => "remove the file, or let everybody read it".into(),
            Self::NoFreeBoard { .. } => "add boards, run fewer tests at once (--local_test_jobs), or raise the test's `timeout`".into(),
            Self::Flash { source } => source.help(),
            Self::Line { source } => source.help(),
            Self::NoRegisters { .. } => "take the registers out of the test, or run it in the emulator".into(),
            Self::Failed(test) => match test.failure {
                Failure::Timeout { .. } => {
                    "when the console looks right so far, raise the test's timeout; else look at the last lines above".into()
                }
                Failure::Reset { expected: false } => {
                    "when the reset is meant, say so with \"exit\": \"reset\"".into()
                }
                Failure::UnexpectedReset { .. } => {
                    "when the reset is meant, name it in \"resets\" of the simulator".into()
                }
                Failure::Step { .. } => {
                    "the emulated clock does not depend on the machine's load: the program's own timing is off".into()
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ImageRefused { .. } | Self::Failed(_) => EXIT_FAILED,
            Self::FileUnreadable { .. }
            | Self::SpecSyntax { .. }
            | Self::SpecValue { .. }
            | Self::Rom(_)
            | Self::Until { .. }
            | Self::ElfRefused { .. }
            | Self::Program(_)
            | Self::Coverage(_)
            | Self::Unwritable { .. }
            | Self::Listen { .. }
            | Self::NoSymbol { .. }
            | Self::NoRegion { .. }
            | Self::ElfOfOtherImage { .. }
            | Self::Boards { .. }
            | Self::NoRegisters { .. }
            | Self::NothingThere { .. }
            | Self::RegisterOutside { .. } => EXIT_USAGE,
            Self::EmulatorStart { .. }
            | Self::Gdb { .. }
            | Self::EmulatorRefused { .. }
            | Self::BoardLock { .. }
            | Self::NoFreeBoard { .. }
            | Self::Flash { .. }
            | Self::Line { .. }
            | Self::Io { .. } => EXIT_ENVIRONMENT,
        }
    }
}

impl Failure {
    /// A name for the kind of failure that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "espboot::timeout",
            Self::Stopped => "espboot::stopped",
            Self::Forbidden { .. } => "espboot::forbidden",
            Self::NotANumber { .. } => "espboot::not_a_number",
            Self::NotRising { .. } => "espboot::not_rising",
            Self::Step { .. } => "espboot::step",
            Self::Registers(_) => "espboot::registers",
            Self::Reset { .. } => "espboot::reset",
            Self::UnexpectedReset { .. } => "espboot::unexpected_reset",
            Self::Waveform { .. } => "espboot::waveform",
            Self::Limits(_) => "espboot::limits",
            Self::NoFlashWrites => "espboot::no_flash_writes",
            Self::PowerCuts { .. } => "espboot::power_cuts",
            Self::Died { .. } => "espboot::died",
        }
    }
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether what is missing and the console belong to the failure, and not to one that is in it.
fn has_details(failure: &Failure) -> bool {
    !matches!(failure, Failure::NoFlashWrites | Failure::PowerCuts { .. })
}

fn details(missing: &[String], console: &[String], functions: &[String], report: &str) -> String {
    let mut text = String::new();
    if !missing.is_empty() {
        text += "\n  still missing:";
        for item in missing {
            text += &format!("\n    {item}");
        }
    }
    if console.is_empty() {
        text += "\n  the console is empty";
    } else {
        text += &format!("\n  the last {} lines of the console:", console.len());
        for line in console {
            text += &format!("\n    | {line}");
        }
    }
    if !report.is_empty() {
        text += "\n  the chip:";
        for line in report.lines() {
            text += &format!("\n    {line}");
        }
    }
    if !functions.is_empty() {
        text += "\n  addresses in these lines:";
        for function in functions {
            text += &format!("\n    {function}");
        }
    }
    text
}

fn registers(differences: &[RegisterDifference]) -> String {
    let lines: Vec<_> = differences
        .iter()
        .map(|difference| format!("\n    {difference}"))
        .collect();
    format!(
        "registers do not hold what the test expects:{}",
        lines.concat()
    )
}
