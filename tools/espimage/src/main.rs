//! `espimage`: makes, merges, checks and measures flash images of the ESP32.

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr().lock());
    ExitCode::from(espimage::cli::run(
        std::env::args_os(),
        &mut stdout,
        &mut stderr,
    ))
}
