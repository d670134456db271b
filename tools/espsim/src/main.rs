//! `espsim`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};

use espsim::rom::RomImage;
use espsim::{
    Application, BootMode, Chip, Efuse, Error, Fault, Mac, Options, Pace, Port, Report, Revision,
    Simulator,
};

/// A simulated ESP32 behind a serial line, for tests.
///
/// The first line on stdout is the port as tools take it. On SIGTERM, SIGINT or SIGHUP the flash content is saved, the report
/// written, and the exit code is 0.
#[derive(Debug, Parser)]
#[command(name = "espsim", after_help = espsim::fault::HELP)]
struct Cli {
    #[command(flatten)]
    port: PortArgs,
    /// The flash chip's content: loaded if the file exists, saved when it changed and at the end.
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,
    /// Size of the flash chip.
    #[arg(long, value_name = "SIZE", default_value = "4MB", value_parser = flash_size)]
    flash_size: usize,
    /// The chip.
    #[arg(long, value_enum, default_value = "esp32")]
    chip: ChipName,
    /// Silicon revision.
    #[arg(long, default_value = "3.1")]
    revision: Revision,
    /// Base MAC address.
    #[arg(long, default_value = "24:0a:c4:12:34:56")]
    mac: Mac,
    /// A field of eFuse block 0, such as flash-crypt-cnt=1 or abs-done-0=1.
    #[arg(long, value_name = "NAME=VALUE")]
    efuse: Vec<Efuse>,
    /// The ELF file of a real ROM, in the place of the functions that are done natively. Its serial loader is not supported: it measures
    /// the host's rate, which is not simulated.
    #[arg(long, value_name = "FILE")]
    rom: Option<PathBuf>,
    /// What goes wrong; see below.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// For faults that have a rate.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write the report to, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What is printed after a reset into run mode, instead of running what is in flash.
    #[arg(long, value_name = "FILE")]
    console: Option<PathBuf>,
    /// How the chip starts.
    #[arg(long, value_enum, default_value = "download")]
    start: Start,
    /// Whether what takes the device a second takes a second.
    #[arg(long, value_enum, default_value = "none")]
    pace: PaceName,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PortArgs {
    /// A pseudo-terminal, and a symbolic link to it.
    #[arg(long, value_name = "LINK", num_args = 0..=1)]
    pty: Option<Option<PathBuf>>,
    /// A TCP socket that carries bytes only.
    #[arg(long, value_name = "HOST:PORT")]
    tcp: Option<String>,
    /// RFC 2217, with baud rate and modem lines.
    #[arg(long, value_name = "HOST:PORT")]
    rfc2217: Option<String>,
    /// RFC 2217 as Espressif's esp_rfc2217_server has it: DTR on is a whole reset into the loader, RTS off one into the
    /// application, and neither is answered.
    #[arg(long, value_name = "HOST:PORT")]
    esp_rfc2217: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ChipName {
    Esp32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Start {
    Download,
    Run,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PaceName {
    None,
    Real,
}

fn flash_size(text: &str) -> Result<usize, Error> {
    match text {
        "1MB" => Ok(1 << 20),
        "2MB" => Ok(2 << 20),
        "4MB" => Ok(4 << 20),
        "8MB" => Ok(8 << 20),
        "16MB" => Ok(16 << 20),
        _ => Err(Error::FlashSize { text: text.into() }),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "error: {error}\n  code: {}\n  help: {}",
                error.code(),
                error.help()
            );
            ExitCode::FAILURE
        }
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Read {
        path: path.display().to_string(),
        error,
    })
}

fn options(cli: &Cli) -> Result<Options, Error> {
    let port = if let Some(address) = &cli.port.tcp {
        Port::Tcp(address.clone())
    } else if let Some(address) = &cli.port.rfc2217 {
        Port::Rfc2217(address.clone())
    } else if let Some(address) = &cli.port.esp_rfc2217 {
        Port::EspRfc2217(address.clone())
    } else {
        Port::Pty {
            link: cli.port.pty.clone().flatten(),
        }
    };
    let flash = match &cli.flash {
        Some(path) if path.exists() => read(path)?,
        _ => Vec::new(),
    };
    if let Some(path) = &cli.flash
        && flash.len() > cli.flash_size
    {
        return Err(Error::FlashContent {
            path: path.display().to_string(),
            len: flash.len() as u64,
            size: cli.flash_size as u64,
        });
    }
    let ChipName::Esp32 = cli.chip;
    Ok(Options {
        flash_size: cli.flash_size,
        flash,
        save: cli.flash.clone(),
        chip: Chip {
            revision: cli.revision,
            mac: cli.mac,
            efuses: cli.efuse.clone(),
        },
        rom: match &cli.rom {
            Some(path) => Some(Arc::new(RomImage::read(path)?)),
            None => None,
        },
        faults: cli.fault.clone(),
        seed: cli.seed,
        application: match &cli.console {
            Some(path) => Application::Prints(read(path)?),
            None => Application::Runs,
        },
        start: match cli.start {
            Start::Download => BootMode::Download,
            Start::Run => BootMode::Run,
        },
        pace: match cli.pace {
            PaceName::None => Pace::None,
            PaceName::Real => Pace::Real,
        },
        ..Options::new(port)
    })
}

fn run(cli: Cli) -> Result<(), Error> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, Arc::clone(&ended))
            .map_err(|error| Error::Line { error })?;
    }
    let running = Simulator::start(options(&cli)?)?;
    println!("{}", running.port());
    std::io::stdout().flush().ok();
    while !ended.load(Ordering::Relaxed) && !running.has_ended() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let (report, _) = running.stop()?;
    match &cli.report {
        Some(path) => write_report(path, &report),
        None => Ok(()),
    }
}

fn write_report(path: &PathBuf, report: &Report) -> Result<(), Error> {
    let failed = |error| Error::Write {
        path: path.display().to_string(),
        error,
    };
    let mut text = serde_json::to_string_pretty(report).map_err(|error| failed(error.into()))?;
    text.push('\n');
    std::fs::write(path, text).map_err(failed)
}
