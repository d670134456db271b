//! `espdebug`: gdb on a firmware, in the emulator or on a board.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use espdebug::session::Environment;
use espdebug::{Error, Result, Session, Target, gdb};
use signal_hook::consts::SIGINT;

/// Debugs a firmware: starts the emulator, or OpenOCD for a board, and gdb, which stops at the program's first line
#[derive(Parser)]
#[command(
    name = "espdebug",
    version,
    after_help = "Examples:\n  bazel run //firmware:debug\n  bazel run //firmware:debug -- -batch -x script.gdb\n  \
        bazel run //firmware:debug -- --remote localhost:3333\n\n\
        gdb runs in the folder that `bazel run` was called in. Exit code: gdb's; 2 where gdb is not started."
)]
struct Cli {
    /// Talk to what listens there, such as OpenOCD on another machine, and start nothing else
    #[arg(long, value_name = "HOST:PORT")]
    remote: Option<String>,
    /// OpenOCD's configuration file, in the place of that of the target; for targets with `environment = "board"`
    #[arg(long, value_name = "FILE")]
    openocd: Option<String>,
    /// Where to stop first, in the place of that of the target
    #[arg(long, value_name = "FUNCTION")]
    stop_at: Option<String>,
    /// Arguments of gdb
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "GDB_ARGUMENTS"
    )]
    gdb: Vec<String>,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(help) = error.help() {
                eprintln!("  help: {help}");
            }
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let path = std::env::var_os("ESP32_DEBUG")
        .map(PathBuf::from)
        .unwrap_or_default();
    let mut session = Session::read(&path)?;
    if let (Some(file), Environment::Board { config, .. }) = (cli.openocd, &mut session.environment)
    {
        *config = file;
    }
    let target = match &cli.remote {
        Some(remote) => Target::elsewhere(remote),
        None => Target::start(&session.environment, &session.elf)?,
    };
    // gdb runs elsewhere.
    let here = std::env::current_dir().map_err(|source| Error::Io {
        what: "find the current folder",
        source,
    })?;
    let folder = |name| std::env::var_os(name).map_or_else(|| here.clone(), PathBuf::from);
    let program = here.join(&session.gdb);
    let stop_at = cli.stop_at.or(session.stop_at);
    let arguments = gdb::arguments(
        &here.join(&session.elf),
        &gdb::source_folders(&folder("BUILD_WORKSPACE_DIRECTORY")),
        &target.remote,
        target.is_board,
        stop_at.as_deref(),
        &cli.gdb,
    );
    // Ctrl-C is for gdb, which stops the program.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false))).map_err(|source| {
        Error::Io {
            what: "handle signals",
            source,
        }
    })?;
    let status = Command::new(&program)
        .args(arguments)
        .env("XTENSA_GNU_CONFIG", &session.core)
        .current_dir(folder("BUILD_WORKING_DIRECTORY"))
        .status()
        .map_err(|source| Error::Start {
            what: "gdb",
            path: program,
            source,
        })?;
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
