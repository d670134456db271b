//! `esplink`: see `--help`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Parser;
use esplink::error::Error;
use esplink::plan::{Manifest, plan};

/// Links firmware: GNU ld, and what build scripts of crates say as its arguments
#[derive(Parser)]
#[command(name = "esplink", version)]
struct Cli {
    /// Description of the link, which `esp32_firmware` writes
    manifest: PathBuf,
    /// The linker, which takes the place of this program
    ld: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let error = link(&Cli::parse());
    eprintln!("error: {error}\nhelp: {}", error.help());
    ExitCode::FAILURE
}

/// Starts the linker, or says why not.
fn link(cli: &Cli) -> Error {
    let manifest = match read(cli) {
        Ok(manifest) => manifest,
        Err(error) => return error,
    };
    match plan(&manifest) {
        Ok(plan) => {
            let error = Command::new(&cli.ld)
                .args(plan.before)
                .args(&cli.arguments)
                .args(plan.after)
                .exec();
            Error::Start {
                ld: cli.ld.display().to_string(),
                why: error.to_string(),
            }
        }
        Err(error) => error,
    }
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
