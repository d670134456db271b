//! `esplink`: see `--help`.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use esplink::error::{Error, help_on};
use esplink::plan::{Manifest, plan};

/// Links firmware: GNU ld, and what build scripts of crates say as its arguments
#[derive(Parser)]
#[command(name = "esplink", version)]
struct Cli {
    /// Description of the link, which `esp32_firmware` writes
    manifest: PathBuf,
    /// The linker
    ld: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    match link(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}\nhelp: {}", error.help());
            ExitCode::FAILURE
        }
    }
}

/// Runs the linker, and adds to what it says what to do about it.
fn link(cli: &Cli) -> Result<ExitCode, Error> {
    let plan = plan(&read(cli)?)?;
    let failed = |why: std::io::Error| Error::Start {
        ld: cli.ld.display().to_string(),
        why: why.to_string(),
    };
    let mut ld = Command::new(&cli.ld)
        .args(plan.before)
        .args(&cli.arguments)
        .args(plan.after)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut help = None;
    for line in BufReader::new(ld.stderr.take().expect("it is piped")).split(b'\n') {
        let mut line = line.map_err(failed)?;
        help = help.or(help_on(&String::from_utf8_lossy(&line)));
        line.push(b'\n');
        let _ = std::io::stderr().write_all(&line);
    }
    let status = ld.wait().map_err(failed)?;
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(help) = help {
        eprintln!("help: {help}");
    }
    Ok(ExitCode::FAILURE)
}

fn read(cli: &Cli) -> Result<Manifest, Error> {
    let path = cli.manifest.display().to_string();
    let text = std::fs::read(&cli.manifest).map_err(|error| Error::Read {
        path: path.clone(),
        why: error.to_string(),
    })?;
    serde_json::from_slice(&text).map_err(|error| Error::Manifest {
        path,
        why: error.to_string(),
    })
}
