//! `espnew`: lays a repository with firmware.

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr().lock());
    ExitCode::from(espnew::cli::run(
        std::env::args_os(),
        &mut stdout,
        &mut stderr,
    ))
}
