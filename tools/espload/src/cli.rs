//! The command line.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use espline::{Candidate, Choice, Line, NamedPort, PortSpec};
use serde::{Deserialize, Serialize};

use crate::files::Role;
use crate::screen::Screen;
use crate::{After, Before, Cancel, Error, Exit, FlashImage, Force, Request, Summary, load};

/// How long a server may take to accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_BAUD: u32 = 460_800;

/// Writes an ESP32's flash: only the 4 KB sectors that differ, compressed, and verified with the device's own MD5.
///
/// Exit codes: 0 done and verified; 1 a file is missing or wrong; 2 wrong use; 3 no device (none, several, in use, no answer);
/// 4 refused, nothing was written; 5 transfer failed; 6 verification failed; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "espload", version, max_term_width = 120)]
pub struct Options {
    /// `flasher_args.json` of an image target or of idf.py; its files are next to it. Default: the one of the target that this
    /// was started from (environment variable ESP32_FLASH).
    #[arg(value_name = "FLASHER_ARGS.json")]
    flasher_args: Option<PathBuf>,
    /// Serial port: a device, socket://HOST:PORT or rfc2217://HOST:PORT. Default: ESPFLASH_PORT, ESPPORT, else the only USB
    /// serial port there is.
    #[arg(short, long)]
    port: Option<String>,
    /// Baud rate for the transfer; falls back to lower ones if the line does not hold. Default: ESPFLASH_BAUD, ESPBAUD, else
    /// 460800.
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(9600..=5_000_000))]
    baud: Option<u32>,
    /// The chip, as esptool takes it. Only the ESP32 is supported.
    #[arg(long, value_enum, value_name = "CHIP", default_value = "auto")]
    chip: ChipName,
    /// How the chip gets into its serial loader. Default: as FLASHER_ARGS.json says, else default-reset.
    #[arg(long, value_enum)]
    before: Option<Before>,
    /// What becomes of the chip when all is done. Default: as FLASHER_ARGS.json says, else hard-reset.
    #[arg(long, value_enum)]
    after: Option<After>,
    /// Write every sector, whether it differs or not.
    #[arg(long)]
    all: bool,
    /// Write the application only.
    #[arg(long)]
    app_only: bool,
    /// Erase the whole flash first, with all that the application stored there. Asks.
    #[arg(long)]
    erase: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Have the device's MD5 of every file compared at the end (the default).
    #[arg(long, overrides_with = "no_verify")]
    verify: bool,
    /// Do not verify what was written.
    #[arg(long)]
    no_verify: bool,
    /// Only show what would be written.
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print one JSON object on standard output at the end, and everything else on standard error.
    #[arg(long)]
    json: bool,
    /// Start the monitor afterwards. Its own options go behind `--`: `--monitor -- --timestamps`.
    #[arg(short = 'm', long)]
    monitor: bool,
    #[arg(last = true, requires = "monitor", value_name = "MONITOR OPTIONS")]
    monitor_options: Vec<OsString>,
    /// Write with the ROM's loader only.
    #[arg(long)]
    no_stub: bool,
    /// Override a refusal. Each refusal names what overrides it.
    #[arg(long, value_enum, value_name = "REFUSAL", value_delimiter = ',')]
    force: Vec<Force>,
    /// List the USB serial ports, and do nothing else.
    #[arg(long)]
    list_ports: bool,
    /// Tell more.
    #[arg(short, long)]
    verbose: bool,
}

/// What `--chip` takes. Which chip it is, is read from it in any case.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ChipName {
    Auto,
    Esp32,
}

/// What a flash target tells the tool: the JSON file that the environment variable ESP32_FLASH names.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Config {
    /// `flasher_args.json`, relative to the current folder.
    pub flasher_args: PathBuf,
    /// The linked program, for the monitor.
    #[serde(default)]
    pub elf: Option<PathBuf>,
    /// Baud rate, when neither the command line nor the environment has one.
    #[serde(default)]
    pub baud: Option<u32>,
    /// Port, likewise.
    #[serde(default)]
    pub port: Option<String>,
    /// What `--monitor` starts.
    #[serde(default)]
    pub monitor: Option<MonitorConfig>,
}

/// The monitor of a flash target.
#[derive(Debug, Clone, Deserialize)]
pub struct MonitorConfig {
    /// The program.
    pub program: PathBuf,
    /// The file that its environment variable ESP32_MONITOR is to name.
    pub config: PathBuf,
}

/// What the command line finds around it; tests have their own.
pub struct Surroundings<'a> {
    /// Environment variables.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The USB serial ports.
    pub candidates: &'a dyn Fn() -> Result<Vec<Candidate>, espline::Error>,
    /// Asks which port to take; see [`espline::choose_from`].
    pub ask_port: &'a mut dyn FnMut(&[Candidate]) -> Choice,
    /// Asks a question; `None` where there is nobody to ask.
    pub confirm: &'a mut dyn FnMut(&str) -> Option<bool>,
    /// Whether to draw a progress bar on standard error.
    pub bar: bool,
    /// Called before the port is opened: from then on, signals end the run by this flag.
    pub on_start: &'a mut dyn FnMut(&Cancel),
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Outcome<'a> {
    Done(&'a Summary),
    Written(&'a Summary),
    DryRun(&'a Summary),
    Ports {
        ports: Vec<PortOutcome<'a>>,
    },
    Error {
        code: &'a str,
        message: String,
        help: String,
        force: Option<&'static str>,
        exit: u8,
    },
}

#[derive(Serialize)]
struct PortOutcome<'a> {
    path: &'a str,
    vid: u16,
    pid: u16,
    description: String,
    serial_number: Option<&'a str>,
    known: bool,
}

/// Runs with the real surroundings.
pub fn main() -> u8 {
    let env = |name: &str| std::env::var(name).ok();
    let mut surroundings = Surroundings {
        env: &env,
        candidates: &espline::candidates,
        ask_port: &mut espline::ask_on_terminal,
        confirm: &mut |question| {
            let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
            interactive
                .then(|| ask_yes(question, &mut io::stdin().lock(), &mut io::stderr().lock()))
        },
        bar: io::stderr().is_terminal(),
        on_start: &mut |cancel| {
            for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
                // It fails for signals that cannot be caught only.
                let _ = signal_hook::flag::register(signal, cancel.flag());
            }
        },
    };
    run(
        std::env::args_os(),
        &mut surroundings,
        &mut io::stdout(),
        &mut io::stderr(),
    )
}

/// Runs a command line; the exit code.
pub fn run<I, T>(
    args: I,
    surroundings: &mut Surroundings<'_>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args
        .into_iter()
        .map(Into::into)
        .map(espline::hyphenated)
        .collect();
    let options = match Options::try_parse_from(&args) {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => {
            let _ = write!(stdout, "{error}");
            return Exit::Done as u8;
        }
        Err(error) => {
            let _ = write!(stderr, "{error}");
            if args.iter().any(|arg| arg == "--json") {
                let message = error.to_string();
                let message = message
                    .trim_start_matches("error: ")
                    .lines()
                    .next()
                    .unwrap_or_default();
                print_error(stdout, &Error::Usage(message.to_owned()));
            }
            return Exit::Usage as u8;
        }
    };
    let json = options.json;
    let result = {
        let out: &mut dyn Write = if json { &mut *stderr } else { &mut *stdout };
        execute(&options, surroundings, out)
    };
    let exec = match result {
        Ok(Finished::Ports(ports)) => {
            if json {
                let ports = ports
                    .iter()
                    .map(|port| PortOutcome {
                        path: &port.path,
                        vid: port.vid,
                        pid: port.pid,
                        description: port.description(),
                        serial_number: port.serial_number.as_deref(),
                        known: port.known,
                    })
                    .collect();
                print_json(stdout, &Outcome::Ports { ports });
            }
            return Exit::Done as u8;
        }
        Ok(Finished::Loaded(summary, exec)) => {
            if json {
                let outcome = match &*summary {
                    summary if summary.dry_run => Outcome::DryRun(summary),
                    summary if summary.verified => Outcome::Done(summary),
                    summary => Outcome::Written(summary),
                };
                print_json(stdout, &outcome);
            }
            exec
        }
        Err(error) => {
            report(stderr, &error);
            if json {
                print_error(stdout, &error);
            }
            return error.exit() as u8;
        }
    };
    if let Some(mut monitor) = exec {
        let program = monitor.get_program().to_string_lossy().into_owned();
        let _ = (stdout.flush(), stderr.flush());
        let error = Error::Monitor {
            program,
            error: monitor.exec(),
        };
        report(stderr, &error);
        return error.exit() as u8;
    }
    Exit::Done as u8
}

fn report(stderr: &mut dyn Write, error: &Error) {
    let _ = writeln!(
        stderr,
        "error: {error}\n  code: {}\n  help: {}",
        error.code(),
        error.help()
    );
}

fn print_error(stdout: &mut dyn Write, error: &Error) {
    print_json(
        stdout,
        &Outcome::Error {
            code: error.code(),
            message: error.to_string(),
            help: error.help(),
            force: error.force().map(Force::name),
            exit: error.exit() as u8,
        },
    );
}

fn print_json(stdout: &mut dyn Write, outcome: &Outcome<'_>) {
    let text = serde_json::to_string(outcome).expect("plain data always serialises");
    let _ = writeln!(stdout, "{text}");
    let _ = stdout.flush();
}

enum Finished {
    Ports(Vec<Candidate>),
    Loaded(Box<Summary>, Option<Command>),
}

fn execute(
    options: &Options,
    around: &mut Surroundings<'_>,
    out: &mut dyn Write,
) -> Result<Finished, Error> {
    if options.list_ports {
        let ports = (around.candidates)()?;
        for port in &ports {
            let mark = if port.known {
                ""
            } else {
                "  (not known as an ESP32 board's)"
            };
            let _ = writeln!(out, "{port}{mark}");
        }
        if ports.is_empty() {
            let _ = writeln!(out, "no USB serial ports");
        }
        return Ok(Finished::Ports(ports));
    }

    let config = config(options, around)?;
    let monitor = match (&config.monitor, options.monitor) {
        (_, false) => None,
        (Some(monitor), true) => Some(monitor),
        (None, true) => {
            return Err(Error::Usage(
                "--monitor: there is no monitor here, only in flash targets that have an ELF file"
                    .to_owned(),
            ));
        }
    };
    let baud = match options.baud {
        Some(baud) => Some(baud),
        None => espline::baud_from_env(around.env)?.or(config.baud),
    };

    let image = FlashImage::read(&config.flasher_args)?;
    let mut request = Request::new(image);
    if !options.force.contains(&Force::Image) {
        request.image.verify()?;
    }
    if options.app_only {
        let path = config.flasher_args.display().to_string();
        let app = request.image.app_only().ok_or(Error::NoApp { path })?;
        let table = request
            .image
            .files
            .into_iter()
            .find(|file| file.role == Role::PartitionTable);
        // Erasing takes the table away anyway.
        request.partition_table = table.filter(|_| !options.erase);
        request.image = app;
    }
    request.baud = baud.unwrap_or(DEFAULT_BAUD);
    request.before = options.before.unwrap_or(request.before);
    request.after = match monitor {
        Some(_) => After::NoReset,
        None => options.after.unwrap_or(request.after),
    };
    request.all = options.all;
    request.erase = options.erase;
    request.verify = !options.no_verify;
    request.dry_run = options.dry_run;
    request.stub &= !options.no_stub;
    request.force.clone_from(&options.force);

    let wanted = NamedPort::find(options.port.clone(), around.env, config.port);
    let port = match &wanted {
        Some(wanted) => wanted.open(Ok)?,
        None => espline::choose_from(&(around.candidates)()?, around.ask_port)?,
    };
    if options.erase && !options.yes && !options.dry_run {
        let question =
            format!("Erase the whole flash of the board on {port}, with all that is stored there?");
        match (around.confirm)(&question) {
            Some(true) => {}
            Some(false) => return Err(Error::EraseDeclined),
            None => return Err(Error::EraseNeedsYes),
        }
    }

    let cancel = Cancel::default();
    (around.on_start)(&cancel);
    let open = |port: PortSpec| Line::open(&port, crate::device::ROM_BAUD, CONNECT_TIMEOUT);
    let line = match &wanted {
        Some(wanted) => wanted.open(open)?,
        None => open(port.clone())?,
    };
    let names = request
        .image
        .files
        .iter()
        .map(|file| file.name.len())
        .max()
        .unwrap_or(0);
    let mut screen = Screen::new(out, around.bar, options.verbose, names);
    for note in &request.image.notes {
        screen.line(note);
    }
    let (summary, line) = load(line, &request, &mut screen, &cancel)?;
    drop(line);
    screen.line(&summary.line());
    let command = monitor.map(|monitor| {
        let mut command = Command::new(&monitor.program);
        command
            .env("ESP32_MONITOR", &monitor.config)
            .arg("--port")
            .arg(port.to_string())
            .args(&options.monitor_options);
        command
    });
    Ok(Finished::Loaded(Box::new(summary), command))
}

/// The target's configuration, with what the command line says instead.
fn config(options: &Options, around: &Surroundings<'_>) -> Result<Config, Error> {
    let mut config = match (around.env)("ESP32_FLASH").filter(|path| !path.is_empty()) {
        Some(path) => {
            let bytes = std::fs::read(&path).map_err(|error| {
                let path = path.clone();
                Error::Read { path, error }
            })?;
            serde_json::from_slice(&bytes).map_err(|error| Error::Json { path, error })?
        }
        None => Config::default(),
    };
    if let Some(path) = &options.flasher_args {
        // `bazel run` starts programs elsewhere than the user stands.
        let folder = (around.env)("BUILD_WORKING_DIRECTORY");
        config.flasher_args =
            folder.map_or_else(|| path.clone(), |folder| Path::new(&folder).join(path));
    }
    if config.flasher_args.as_os_str().is_empty() {
        return Err(Error::Usage("FLASHER_ARGS.json is missing".to_owned()));
    }
    Ok(config)
}

fn ask_yes(question: &str, input: &mut dyn BufRead, output: &mut dyn Write) -> bool {
    let _ = write!(output, "{question} [y/N] ");
    let _ = output.flush();
    let mut answer = String::new();
    let _ = input.read_line(&mut answer);
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn only_yes_is_yes() {
        for (answer, yes) in [
            ("y\n", true),
            ("YES\n", true),
            ("\n", false),
            ("no\n", false),
            ("", false),
        ] {
            let mut screen = Vec::new();
            assert_eq!(ask_yes("Really?", &mut answer.as_bytes(), &mut screen), yes);
            assert_eq!(screen, b"Really? [y/N] ");
        }
    }
}
