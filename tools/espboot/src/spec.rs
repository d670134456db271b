//! What a test runs and what it expects, as read from JSON.
//!
//! ```json
//! {
//!   "image": "firmware/image.bin",
//!   "partition_table_offset": 32768,
//!   "elf": "firmware/firmware.elf",
//!   "emulator": "external/qemu_xtensa/bin/qemu-system-xtensa",
//!   "rom": "toolchains/emulator/rom.elf",
//!   "timeout_seconds": 30,
//!   "expect": [
//!     {"contains": "Rust: I, live, again!."},
//!     {"regex": "^ \\((?P<ms>\\d+)\\) Rust: I, live", "times": 3, "rising": "ms", "step": [1900, 2100]}
//!   ],
//!   "forbid": [{"regex": "(?i)panic"}],
//!   "registers": [
//!     {"name": "RTC_CNTL_WDTCONFIG0_REG", "address": "0x3FF4808C", "mask": "0x80000000", "value": "0"}
//!   ],
//!   "exit": null
//! }
//! ```
//!
//! For a test on a board, these take the place of `emulator` and `rom`:
//!
//! ```json
//!   "board": {"boards": "/dev/ttyUSB0,/dev/ttyUSB1", "flasher_args": "firmware/image/flasher_args.json", "baud": 460800}
//! ```
//!
//! and for one on the simulated chip, this, of which all can be left out:
//!
//! ```json
//!   "simulator": {
//!     "stimuli": [
//!       {"at_ms": 100, "gpio": 0, "level": 1},
//!       {"after": {"contains": "ready"}, "delay_ms": 5, "gpio": 0, "level": 0},
//!       {"after": {"contains": "command:"}, "uart": 1, "send": "AT\r\n"},
//!       {"at_ms": 5000, "reset": true}
//!     ],
//!     "waveforms": [{"gpio": 5, "edges": [{"level": 1}, {"level": 0, "ms": [995, 1005]}], "times": 3}],
//!     "resets": ["TG0WDT_SYS_RESET"],
//!     "limits": [{"name": "main stack", "from": "_stack_end", "to": "_stack_start", "grows": "down", "most": 2048}],
//!     "power_cuts": "each_flash_write",
//!     "chip_revision": "v3.1",
//!     "seed": 7
//!   }
//! ```
//!
//! Paths are relative to the current directory or absolute.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::pattern::{Pattern, Problem, RawPattern, pattern, problem};
use crate::register::RegisterCheck;
use crate::simulation::{RawSimulation, SimulationSpec};

/// A test.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The merged flash image.
    pub image: PathBuf,
    /// Flash offset of the partition table.
    pub partition_table_offset: u32,
    /// The ELF file that the application was made from, to name the functions of a backtrace.
    pub elf: Option<PathBuf>,
    /// What it runs in.
    pub environment: Environment,
    /// Time from the chip's start after which the test fails: the simulated chip's, with others the machine's.
    pub timeout: Duration,
    /// Lines that the console has to show, in this order; other lines may come between.
    pub expect: Vec<Expectation>,
    /// Lines that fail the test at once; the report of up to 39 lines that follows is still shown.
    pub forbid: Vec<Pattern>,
    /// What registers have to hold after the last expected line, or after the end when one is expected.
    pub registers: Vec<RegisterCheck>,
    /// How the program has to end; `None` when it is to be stopped after the last expected line.
    pub exit: Option<ExpectedExit>,
}

/// What a test runs in.
#[derive(Debug, Clone)]
pub enum Environment {
    /// Stock QEMU.
    Qemu {
        /// `qemu-system-xtensa`.
        emulator: PathBuf,
        /// ELF file that stands in for the ROM's functions.
        rom: PathBuf,
    },
    /// One of several boards.
    Board(BoardSpec),
    /// The simulated chip.
    Simulator(Box<SimulationSpec>),
}

/// The boards of a test, and what is flashed to the one that is free.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardSpec {
    /// Ports, separated by commas, or the path of a file that lists them.
    pub boards: String,
    /// `flasher_args.json` of the image.
    pub flasher_args: PathBuf,
    /// Baud rate for flashing.
    pub baud: u32,
}

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedExit {
    /// It resets the chip (`software_reset` of the ROM).
    Reset,
}

/// A line that has to appear.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What the line looks like.
    pub pattern: Pattern,
    /// The UART whose console it is, 0 to 2. Lines of different UARTs have no order.
    pub uart: usize,
    /// How many lines have to match, at least 1.
    pub times: u32,
    /// A number in the line that has to rise from match to match.
    pub rising: Option<Rising>,
}

impl Expectation {
    /// One line that matches `pattern`.
    pub fn once(pattern: Pattern) -> Self {
        Self {
            pattern,
            uart: 0,
            times: 1,
            rising: None,
        }
    }
}

/// A number that has to rise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rising {
    /// Name of the capture group of the regular expression.
    pub capture: String,
    /// Smallest and largest step from one match to the next, both allowed.
    pub step: Option<(u64, u64)>,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pattern)?;
        if self.uart != 0 {
            write!(f, " on UART {}", self.uart)?;
        }
        if self.times > 1 {
            write!(f, " {} times", self.times)?;
        }
        if let Some(rising) = &self.rising {
            write!(f, " with rising '{}'", rising.capture)?;
            if let Some((least, most)) = rising.step {
                write!(f, " in steps of {least} to {most}")?;
            }
        }
        Ok(())
    }
}

fn default_table_offset() -> u32 {
    espimage::partition::DEFAULT_OFFSET
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    image: PathBuf,
    #[serde(default = "default_table_offset")]
    partition_table_offset: u32,
    #[serde(default)]
    elf: Option<PathBuf>,
    #[serde(default)]
    emulator: Option<PathBuf>,
    #[serde(default)]
    rom: Option<PathBuf>,
    #[serde(default)]
    board: Option<BoardSpec>,
    #[serde(default)]
    simulator: Option<RawSimulation>,
    timeout_seconds: f64,
    #[serde(default)]
    expect: Vec<RawExpectation>,
    #[serde(default)]
    forbid: Vec<RawPattern>,
    #[serde(default)]
    registers: Vec<RegisterCheck>,
    #[serde(default)]
    exit: Option<ExpectedExit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpectation {
    contains: Option<String>,
    regex: Option<String>,
    times: Option<u32>,
    rising: Option<String>,
    step: Option<(u64, u64)>,
    uart: Option<usize>,
}

impl Spec {
    /// What it has for the simulated chip.
    pub fn simulation(&self) -> Option<&SimulationSpec> {
        match &self.environment {
            Environment::Simulator(simulation) => Some(simulation),
            _ => None,
        }
    }

    /// Reads a test from a JSON file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::FileUnreadable {
            what: "the test",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads a test from JSON; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let raw: RawSpec = serde_json::from_str(text).map_err(|source| Error::SpecSyntax {
            path: path.to_owned(),
            source,
        })?;
        raw.check().map_err(|(field, problem)| Error::SpecValue {
            path: path.to_owned(),
            field,
            problem,
        })
    }
}

impl RawSpec {
    fn check(self) -> Result<Spec, Problem> {
        let timeout = Duration::try_from_secs_f64(self.timeout_seconds)
            .ok()
            .filter(|timeout| !timeout.is_zero())
            .ok_or_else(|| {
                problem(
                    "timeout_seconds",
                    format!("{} is not a time", self.timeout_seconds),
                )
            })?;
        let environment = match (self.emulator, self.rom, self.board, self.simulator) {
            (Some(emulator), Some(rom), None, None) => Environment::Qemu { emulator, rom },
            (None, None, None, Some(simulation)) => {
                Environment::Simulator(Box::new(simulation.check()?))
            }
            (None, None, Some(_), None) if !self.registers.is_empty() => {
                return Err(problem(
                    "registers",
                    "cannot be read on a board while it runs",
                ));
            }
            (None, None, Some(board), None) => Environment::Board(board),
            _ => {
                return Err(problem(
                    "emulator",
                    "and \"rom\" are needed, or \"simulator\" or \"board\" instead of both",
                ));
            }
        };
        let expect = self.expect.into_iter().enumerate();
        let expect = expect
            .map(|(index, raw)| raw.check(&format!("expect[{index}]")))
            .collect::<Result<Vec<_>, _>>()?;
        let forbid = self.forbid.into_iter().enumerate();
        let forbid = forbid
            .map(|(index, raw)| raw.check(&format!("forbid[{index}]")))
            .collect::<Result<Vec<_>, _>>()?;
        for (index, expectation) in expect.iter().enumerate() {
            let uarts = match environment {
                Environment::Simulator(_) => 3,
                _ => 1,
            };
            if expectation.uart >= uarts {
                let field = format!("expect[{index}].uart");
                return Err(problem(
                    field,
                    format!(
                        "is {}: the simulated chip has UART 0 to 2, others show UART 0 alone",
                        expectation.uart
                    ),
                ));
            }
        }
        for (index, register) in self.registers.iter().enumerate() {
            register.check(&format!("registers[{index}]"))?;
        }
        if matches!(&environment, Environment::Simulator(simulation) if !simulation.limits.is_empty())
            && self.elf.is_none()
        {
            return Err(problem("elf", "is needed for the symbols of \"limits\""));
        }
        let checks_more =
            matches!(&environment, Environment::Simulator(simulation) if simulation.checks());
        if expect.is_empty() && self.exit.is_none() && !checks_more {
            return Err(problem(
                "expect",
                "is empty and no exit is expected: the test could not fail",
            ));
        }
        Ok(Spec {
            image: self.image,
            partition_table_offset: self.partition_table_offset,
            elf: self.elf,
            environment,
            timeout,
            expect,
            forbid,
            registers: self.registers,
            exit: self.exit,
        })
    }
}

impl RawExpectation {
    fn check(self, field: &str) -> Result<Expectation, Problem> {
        let pattern = pattern(field, self.contains, self.regex)?;
        let times = self.times.unwrap_or(1);
        if times == 0 {
            return Err(problem(
                format!("{field}.times"),
                "is 0; a line that must not appear belongs into \"forbid\"",
            ));
        }
        let rising = match (self.rising, self.step) {
            (None, None) => None,
            (None, Some(_)) => return Err(problem(format!("{field}.step"), "needs \"rising\"")),
            (Some(capture), step) => {
                let Pattern::Regex(regex) = &pattern else {
                    return Err(problem(format!("{field}.rising"), "needs \"regex\""));
                };
                if !regex.capture_names().flatten().any(|name| name == capture) {
                    let problem_text =
                        format!("the regular expression has no group (?P<{capture}>...)");
                    return Err(problem(format!("{field}.rising"), problem_text));
                }
                if times < 2 {
                    return Err(problem(
                        format!("{field}.rising"),
                        "needs \"times\" of 2 or more",
                    ));
                }
                if let Some((least, most)) = step.filter(|(least, most)| least > most) {
                    return Err(problem(
                        format!("{field}.step"),
                        format!("{least} is more than {most}"),
                    ));
                }
                Some(Rising { capture, step })
            }
        };
        Ok(Expectation {
            pattern,
            uart: self.uart.unwrap_or(0),
            times,
            rising,
        })
    }
}
