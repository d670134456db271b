//! `espboot`: runs a flash image in an execution environment and checks what it does.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use espboot::board::Board;
use espboot::boot::FlashImage;
use espboot::environment::ExecutionEnvironment;
use espboot::gdb::{self, Debugged};
use espboot::observe::{self, Observation, Wanted};
use espboot::pattern::Pattern;
use espboot::qemu::{Clock, Qemu};
use espboot::simulator::{Pace, Simulator};
use espboot::spec::{Environment, Expectation, ExpectedExit, Spec};
use espboot::watch::{standard_input, watch};
use espboot::{Error, Failure};
use espimage::Chip;
use espload::Cancel;
use regex::Regex;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

const AFTER_HELP: &str = r#"A test is a JSON file; paths in it start at the current directory:
  {
    "image": "image.bin",                  merged flash image
    "elf": "firmware.elf",                 optional: names the functions at printed addresses
    "emulator": "qemu-system-xtensa",
    "rom": "rom.elf",                      stand-in for the ROM's functions
    "timeout_seconds": 30,                 from the chip's start: its time if simulated, else the machine's
    "expect": [                            lines in this order, others may come between
      {"contains": "text"},
      {"regex": "\\((?P<ms>\\d+)\\) live", "times": 3, "rising": "ms", "step": [1900, 2100]}
    ],
    "forbid": [{"regex": "(?i)panic"}],    lines that fail the test at once
    "registers": [                         compared after the last expected line
      {"name": "RTC_CNTL_WDTCONFIG0_REG", "address": "0x3FF4808C", "mask": "0x80000000", "value": "0"}
    ],
    "exit": null                           or "reset": the program ends with a reset of the chip
  }
For a test on the simulated chip, in the place of "emulator" and "rom", with what of this is wanted:
    "simulator": {
      "stimuli": [                            one after the other: when, and what
        {"at_ms": 100, "gpio": 0, "level": 0},  level 0, 1 or "float"
        {"after": {"contains": "ready"}, "delay_ms": 5, "uart": 1, "send": "text"},
        {"after": {"regex": "..."}, "reset": true},
        {"gpio": 34, "millivolts": 1650},
        {"delay_ms": 70, "power_cut": true}   and "brown_out": true
      ],
      "devices": [                            on buses; or "loopback": true, on "spi": 2 and 3, too
        {"i2c": 0, "address": 80, "memory_bytes": 256}
      ],
      "worn_sectors": ["0x9000"],             flash that does not erase any more
      "waveforms": [                          edges of a pin, and [least, most] ms since the one before
        {"gpio": 5, "after": {"contains": "ready"}, "edges": [{"level": 1}, {"level": 0, "ms": [9, 11]}], "times": 3}
      ],
      "resets": ["TG0WDT_SYS_RESET"],         resets behind which the run goes on, in this order
      "limits": [                             memory that may be used, by symbols or addresses
        {"name": "stack", "from": "_stack_bottom", "to": "_stack_top", "grows": "down", "most": "2K"}
      ],
      "power_cuts": "each_flash_write",       again for each write, with a cut in its middle: the test must pass behind it
      "chip_revision": "v3.1",
      "seed": 7                               of the random number generator
    }
  and a line in "expect" can have "uart": 1 or 2
For a test on a board, in their place, and without "registers":
    "board": {
      "boards": "/dev/ttyUSB0,/dev/ttyUSB1",  ports, or the path of a file with one in each line
      "flasher_args": "flasher_args.json",    what is flashed; the files beside it
      "baud": 460800
    }

Under `bazel test`, the console also goes to the file console.log of the test's undeclared outputs.

Exit codes:
  0  passed
  1  the program failed the test, or ROM or bootloader would refuse the image
  2  the command line or the test is wrong, or a file cannot be read
  3  the execution environment does not start or work"#;

/// Runs a flash image of the ESP32 and checks what it does
#[derive(Parser)]
#[command(name = "espboot", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    /// The test
    ///
    /// Without it, the environment variable ESP32_BOOT_TEST names it, from the current directory or from the runfiles.
    test: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Runs an image until Ctrl-C and shows its console
    ///
    /// It runs on the simulated chip, from reset, in real time; with `--emulator` and `--rom` in stock QEMU, whose core counts
    /// 40 million cycles a second: a program that takes them for 80 MHz shows one second for every two.
    Run(Run),
}

#[derive(Args)]
struct Run {
    /// Merged flash image
    image: PathBuf,
    /// Flash offset of the partition table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = espboot::parse_u32)]
    partition_table_offset: u32,
    /// qemu-system-xtensa
    #[arg(long, value_name = "FILE", requires = "rom")]
    emulator: Option<PathBuf>,
    /// With `--emulator` the ELF file that stands in for the ROM's functions; without it that of a real ROM, which the simulated
    /// chip executes in the place of its own
    #[arg(long, value_name = "FILE")]
    rom: Option<PathBuf>,
    /// ELF file of the application, to name the functions at printed addresses
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// End successfully after the first line that matches
    #[arg(long, value_name = "REGEX")]
    until: Option<String>,
    /// Fail after so many seconds
    #[arg(long, value_name = "SECONDS", requires = "until", value_parser = seconds)]
    timeout: Option<Duration>,
    #[command(flatten)]
    seen: observe::Arguments,
}

impl Run {
    /// The simulated chip, and what is written down of it.
    fn simulator(&self) -> Result<(Simulator, Rc<Observation>), Error> {
        let observation = Rc::new(Observation::new(self.seen.wanted(), self.elf.as_deref())?);
        let pace = if self.seen.fast {
            Pace::Fast
        } else {
            Pace::Real
        };
        let simulator = Simulator {
            observation: Some(Rc::clone(&observation)),
            ..Simulator::with_rom(self.rom.as_deref(), pace)?
        };
        Ok((simulator, observation))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let result = arguments().and_then(|arguments| {
        let cli = Cli::parse_from(arguments);
        match cli.command {
            Some(Subcommands::Run(arguments)) => run(&arguments),
            None => test(cli.test),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n  code: {}", error.code());
            if let Some(help) = error.help() {
                eprintln!("  help: {help}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// The command line; where the environment variable ESP32_SIMULATE names a file, the arguments in it, a list in JSON, are first.
fn arguments() -> Result<Vec<OsString>, Error> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if let Some(path) = std::env::var_os("ESP32_SIMULATE").map(PathBuf::from) {
        let text = fs::read(&path).map_err(|source| Error::FileUnreadable {
            what: "the arguments",
            path: path.clone(),
            source,
        })?;
        let first: Vec<OsString> = serde_json::from_slice::<Vec<String>>(&text)
            .map_err(|source| Error::SpecSyntax { path, source })?
            .into_iter()
            .map(OsString::from)
            .collect();
        arguments.splice(1..1, first);
    }
    Ok(arguments)
}

fn test(argument: Option<PathBuf>) -> Result<(), Error> {
    let Some(path) = argument.or_else(test_of_environment) else {
        let error = Cli::command().error(
            ErrorKind::MissingRequiredArgument,
            "no test is given, and ESP32_BOOT_TEST is not set",
        );
        error.exit();
    };
    let spec = Spec::read(&path)?;
    let mut output = Output::new()?;
    let cancel = cancel_by_signals()?;
    let mut observation = None;
    let environment: Box<dyn ExecutionEnvironment> = match spec.environment.clone() {
        Environment::Qemu { emulator, rom } => Box::new(Qemu {
            emulator,
            rom,
            clock: Clock::Instructions,
            gdb: None,
        }),
        Environment::Simulator(simulation) => {
            let seen = Observation::new(Wanted::of_environment(), spec.elf.as_deref())?;
            let seen = observation.insert(Rc::new(seen));
            let mut simulator = Simulator::of(&spec, &simulation)?;
            simulator.observation = Some(Rc::clone(seen));
            Box::new(simulator)
        }
        Environment::Board(board) => Box::new(Board::new(&board, cancel.clone())?),
    };
    let result = espboot::test::test(&spec, environment.as_ref(), &mut output, &cancel.flag());
    let summary = match observation {
        Some(observation) => observation.finish(result)?,
        None => result?,
    };
    eprintln!(
        "passed: {} lines on the console, {} registers compared, {:.1} s",
        summary.lines,
        summary.registers,
        summary.duration.as_secs_f64()
    );
    Ok(())
}

fn run(arguments: &Run) -> Result<(), Error> {
    let until = arguments.until.as_deref().map(|pattern| {
        Regex::new(pattern).map_err(|source| Error::Until {
            pattern: pattern.to_owned(),
            source,
        })
    });
    let until = until.transpose()?;
    let watched = until.is_none();
    let stop = cancel_by_signals()?.flag();
    if watched && arguments.emulator.is_none() {
        let image = FlashImage::read(
            &arguments.image,
            Chip::Esp32,
            arguments.partition_table_offset,
        )?;
        let (simulator, observation) = arguments.simulator()?;
        if let Some(address) = &arguments.seen.gdb {
            let result = debug(address, &simulator, &image, &stop);
            return observation.finish(result);
        }
        let result = watch(
            simulator.start(&image)?,
            &standard_input(),
            &mut io::stdout().lock(),
            &stop,
        );
        return observation.finish(result);
    }
    let mut observation = None;
    let (kind, environment): (Environment, Box<dyn ExecutionEnvironment>) =
        match (arguments.emulator.clone(), arguments.rom.clone()) {
            (Some(emulator), Some(rom)) => (
                Environment::Qemu {
                    emulator: emulator.clone(),
                    rom: rom.clone(),
                },
                Box::new(Qemu {
                    emulator,
                    rom,
                    clock: Clock::Real,
                    gdb: None,
                }),
            ),
            _ => {
                let (simulator, seen) = arguments.simulator()?;
                observation = Some(seen);
                (Environment::Simulator(Box::default()), Box::new(simulator))
            }
        };
    let spec = Spec {
        image: arguments.image.clone(),
        partition_table_offset: arguments.partition_table_offset,
        elf: arguments.elf.clone(),
        environment: kind,
        timeout: arguments.timeout.unwrap_or(Duration::MAX),
        exit: watched.then_some(ExpectedExit::Reset),
        expect: until
            .map(|regex| Expectation::once(Pattern::Regex(regex)))
            .into_iter()
            .collect(),
        forbid: Vec::new(),
        registers: Vec::new(),
    };
    let result = espboot::test::test(&spec, environment.as_ref(), &mut io::stdout().lock(), &stop);
    let result = match observation {
        Some(observation) => observation.finish(result),
        None => result,
    };
    match result {
        Ok(_) if watched => eprintln!("the program reset the chip"),
        Err(Error::Failed(test)) if watched && matches!(test.failure, Failure::Stopped) => {}
        result => drop(result?),
    }
    Ok(())
}

fn debug(
    address: &str,
    simulator: &Simulator,
    image: &FlashImage,
    stop: &Arc<AtomicBool>,
) -> Result<(), Error> {
    let listener = gdb::listen(address)?;
    let machine = simulator.machine(image);
    let console = Box::new(io::stdout());
    let mut chip = Debugged::new(machine, simulator.pace, console, Arc::clone(stop));
    chip.run_to_entry()?;
    let address = listener.local_addr().map_err(|source| Error::Io {
        what: "listen for gdb",
        source,
    })?;
    eprintln!("--- gdb: target remote {address}");
    chip.serve(&listener)
}

fn test_of_environment() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("ESP32_BOOT_TEST")?);
    if path.exists() {
        return Some(path);
    }
    let runfiles = ["TEST_SRCDIR", "RUNFILES_DIR"]
        .into_iter()
        .filter_map(std::env::var_os);
    let found = runfiles
        .map(|directory| Path::new(&directory).join(&path))
        .find(|path| path.exists());
    Some(found.unwrap_or(path))
}

/// What the signals cancel that ask a program to end.
fn cancel_by_signals() -> Result<Cancel, Error> {
    let cancel = Cancel::default();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, cancel.flag()).map_err(|source| Error::Io {
            what: "handle signals",
            source,
        })?;
    }
    Ok(cancel)
}

/// Standard output, and the file among the undeclared outputs of a Bazel test.
struct Output {
    file: Option<File>,
}

impl Output {
    fn new() -> Result<Self, Error> {
        let file = std::env::var_os("TEST_UNDECLARED_OUTPUTS_DIR")
            .filter(|_| outputs_can_be_kept())
            .map(|directory| {
                fs::create_dir_all(&directory)
                    .and_then(|()| File::create(Path::new(&directory).join("console.log")))
            });
        let file = file.transpose().map_err(|source| Error::Io {
            what: "write console.log",
            source,
        })?;
        Ok(Self { file })
    }
}

/// Bazel 7 zips the undeclared outputs (`--zip_undeclared_test_outputs`), and fails the test if it has some and no `zip`.
fn outputs_can_be_kept() -> bool {
    std::env::var_os("TEST_UNDECLARED_OUTPUTS_ZIP").is_none()
        || std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join("zip").is_file())
        })
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
        }
        io::stdout().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
