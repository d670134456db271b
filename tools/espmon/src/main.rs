//! `espmon`: the console of an ESP32.

use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anstream::AutoStream;
use clap::{Parser, ValueEnum};
use espline::NamedPort;
use espmon::Error;
use espmon::config::Config;
use espmon::console::{Console, Options, Sequences};
use espmon::decode::Program;
use espmon::filter::Filter;
use espmon::messages::Messages;
use espmon::monitor::{self, Ending, Input, Monitor, Settings};
use espmon::style::Styles;
use espmon::terminal::KeyTerminal;
use regex::Regex;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

const AFTER_HELP: &str = r#"Keys, when standard input is a terminal (as in idf.py monitor):
  Ctrl-]           exit
  Ctrl-T           menu, followed by:
    Ctrl-H (or ?)  all keys
    Ctrl-R         reset the chip
    Ctrl-P         reset the chip into the boot loader of its ROM
    Ctrl-Y         stop or continue showing the console
    Ctrl-L         stop or start writing the console to a file
    Ctrl-I (or I)  stop or start showing the time of each line
All other keys, Ctrl-C too, go to the device. When standard input is no terminal, its bytes go to the device as they are, and its
end does not end the monitor.

Below a line of the console, lines that begin with --- say what it means: functions, files and lines at the addresses of a
backtrace or register dump, and the fields of protobuf messages. Notes about the monitor itself go to standard error.

In a script:
  espmon --until 'Rust: I, live' --timeout 20 --log console.txt

A log that somebody sent:
  espmon --elf firmware.elf --decode < log.txt

The firmware comes from the file that the environment variable ESP32_MONITOR names; relative paths start at the current directory:
  {
    "elf": "firmware.elf",                                decodes addresses
    "baud": 115200,
    "port": null,
    "descriptor_sets": ["heartbeat.bin"],                 FileDescriptorSets of protobuf messages
    "messages": {"heartbeat": "firmware.v1.Heartbeat"}    log tags whose text is a message in hexadecimal digits
  }

Exit codes:
  0      ended by a key, by a line that matches --until, or by --timeout without --until
  1      something else failed
  2      the command line or the configuration is wrong
  3      no device: none is found, several are, or the port cannot be opened
  5      the line was lost
  7      no line matched --until within --timeout
  128+N  ended by signal N; 130 is Ctrl-C when standard input is no terminal"#;

/// Shows the console of an ESP32: coloured, with addresses and messages decoded
#[derive(Parser)]
#[command(name = "espmon", version, after_help = AFTER_HELP)]
struct Cli {
    /// Serial port: a device, socket://HOST:PORT or rfc2217://HOST:PORT
    ///
    /// Else the environment variable ESPFLASH_PORT or ESPPORT, else the configuration's, else the only board that is found.
    #[arg(short, long)]
    port: Option<String>,
    /// Baud rate of the console
    ///
    /// Else the environment variable IDF_MONITOR_BAUD or MONITORBAUD, else the configuration's, else 115200.
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// The program that runs on the device, if it is not the configuration's
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// The chip's ROM as an ELF file, such as esp32_rev300_rom.elf of Espressif's esp-rom-elfs: names addresses in the ROM
    #[arg(long, value_name = "FILE")]
    rom_elf: Option<PathBuf>,
    /// Show the console that standard input has, such as a log that somebody sent, instead of a device's
    #[arg(long, conflicts_with_all = ["port", "baud", "no_reset", "until", "timeout", "reconnect", "timestamps"])]
    decode: bool,
    /// Do not reset the chip first
    #[arg(long)]
    no_reset: bool,
    /// Show the time (UTC) before each line
    #[arg(long)]
    timestamps: bool,
    /// Append the console to a file, too: the device's bytes as they come, and what they mean, without our colours
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// End when a line matches; one without a line end counts when nothing follows for 0.1 s
    #[arg(long, value_name = "REGEX")]
    until: Option<Regex>,
    /// End after so many seconds: with exit code 7 if --until was not seen
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Which lines are shown, as in idf.py monitor: 'wifi:W app *:E'; the log and --until have all
    #[arg(long, value_name = "FILTER")]
    print_filter: Option<Filter>,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// The same as --color never
    #[arg(long, conflicts_with = "color")]
    no_color: bool,
    /// When to wait for a port that is gone, instead of ending with code 5; auto: on a terminal without --until and --timeout
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    reconnect: When,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    match run(Cli::parse_from(
        std::env::args_os().map(espline::hyphenated),
    )) {
        Ok(code) => code,
        // As if it were ended by the signal that a closed pipe sends.
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            const SIGPIPE: u8 = 13;
            ExitCode::from(128 + SIGPIPE)
        }
        Err(error) => {
            eprintln!("error: {error}\n  code: {}", error.code());
            if let Some(help) = error.help() {
                eprintln!("  help: {help}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Error> {
    let config = match std::env::var_os("ESP32_MONITOR") {
        Some(path) => Config::read(Path::new(&path), &runfiles())?,
        None => Config::default(),
    };
    let user_folder = user_folder();
    let elf = cli.elf.map(|path| user_folder.join(path)).or(config.elf);
    let program = elf.as_deref().map(Program::read).transpose()?;
    let rom = cli.rom_elf.map(|path| user_folder.join(path));
    let rom = rom.as_deref().map(Program::read).transpose()?;
    let messages = Messages::read(&config.descriptor_sets, &config.messages)?;
    let color = if cli.no_color { When::Never } else { cli.color };
    let coloured = use_colours(color, &io::stdout());
    let options = Options {
        styles: Styles::new(coloured),
        note_styles: Styles::new(use_colours(color, &io::stderr())),
        sequences: match (coloured, io::stdout().is_terminal()) {
            (true, _) => Sequences::All,
            (false, true) => Sequences::NoColours,
            (false, false) => Sequences::None,
        },
        timestamps: cli.timestamps,
        filter: cli.print_filter.unwrap_or_default(),
        until: cli.until.clone(),
        program,
        rom,
        messages,
    };
    let (mut screen, mut notes) = (io::stdout(), io::stderr());
    let mut console = Console::new(&mut screen, &mut notes, options);
    let log = cli.log.map(|path| user_folder.join(path));
    if let Some(path) = &log {
        console.start_log(path)?;
    }

    if cli.decode {
        decode(&mut console)?;
        return Ok(ExitCode::SUCCESS);
    }
    let baud = match cli.baud {
        Some(baud) => baud,
        None => baud_from_env()?.unwrap_or(config.baud),
    };
    let env = |name: &str| std::env::var(name).ok();
    let wanted = NamedPort::find(cli.port, &env, config.port);
    let port = match &wanted {
        Some(wanted) => wanted.open(Ok)?,
        None => espline::choose()?,
    };
    let line = match &wanted {
        Some(wanted) => wanted.open(|port| monitor::open(&port, baud))?,
        None => monitor::open(&port, baud)?,
    };
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize).map_err(
            |source| Error::Io {
                what: "handle signals",
                source,
            },
        )?;
    }
    // Restored when it is dropped, after the last line is printed.
    let terminal = KeyTerminal::new(io::stdin()).map_err(|source| Error::Io {
        what: "set up the terminal",
        source,
    })?;
    let input = if terminal.is_some() {
        Input::Keys(monitor::read_standard_input())
    } else if io::stdin().is_terminal() {
        Input::None
    } else {
        Input::Bytes(monitor::read_standard_input())
    };
    let settings = Settings {
        reset: !cli.no_reset,
        reconnect: match cli.reconnect {
            When::Auto => terminal.is_some() && cli.until.is_none() && cli.timeout.is_none(),
            When::Always => true,
            When::Never => false,
        },
        timeout: cli.timeout,
        log,
        log_folder: user_folder,
    };
    match Monitor::new(line, &mut console, input, &signal, settings).run()? {
        Ending::Exit | Ending::Seen => Ok(ExitCode::SUCCESS),
        Ending::Signal(number) => Ok(ExitCode::from(128 + number as u8)),
        Ending::TimeUp => match (cli.until, cli.timeout) {
            (Some(until), Some(timeout)) => Err(Error::NotSeen {
                pattern: until.to_string(),
                timeout,
            }),
            _ => Ok(ExitCode::SUCCESS),
        },
    }
}

/// Shows what standard input has.
fn decode(console: &mut Console<'_>) -> Result<(), Error> {
    let mut buffer = [0; 4096];
    loop {
        let read = io::stdin().lock().read(&mut buffer);
        let len = read.map_err(|source| Error::Io {
            what: "read standard input",
            source,
        })?;
        if len == 0 {
            return console.finish();
        }
        console.push(&buffer[..len])?;
    }
}

fn use_colours(when: When, stream: &dyn RawStream) -> bool {
    match when {
        When::Auto => stream.has_colours(),
        When::Always => true,
        When::Never => false,
    }
}

/// What a stream says for itself and by the environment: NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM.
trait RawStream {
    fn has_colours(&self) -> bool;
}

impl<S: anstream::stream::RawStream> RawStream for S {
    fn has_colours(&self) -> bool {
        AutoStream::choice(self) != anstream::ColorChoice::Never
    }
}

/// Where paths of the command line start: under `bazel run`, where it was called.
fn user_folder() -> PathBuf {
    std::env::var_os("BUILD_WORKING_DIRECTORY").map_or_else(PathBuf::new, PathBuf::from)
}

/// Where the configuration may be.
fn runfiles() -> Vec<PathBuf> {
    let runfiles = ["TEST_SRCDIR", "RUNFILES_DIR"]
        .into_iter()
        .filter_map(std::env::var_os);
    [PathBuf::new()]
        .into_iter()
        .chain(runfiles.map(PathBuf::from))
        .collect()
}

/// The baud rate as the environment of idf.py's users says it. That of flashing, ESPBAUD, is another one.
fn baud_from_env() -> Result<Option<u32>, Error> {
    for variable in ["IDF_MONITOR_BAUD", "MONITORBAUD"] {
        let Ok(value) = std::env::var(variable) else {
            continue;
        };
        return match value.parse() {
            Ok(baud) if baud > 0 => Ok(Some(baud)),
            _ => Err(Error::Line(espline::Error::BaudSyntax {
                variable: variable.to_owned(),
                value,
            })),
        };
    }
    Ok(None)
}
