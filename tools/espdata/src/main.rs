//! `espdata`: makes images of data partitions.

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr().lock());
    ExitCode::from(espdata::cli::run(
        std::env::args_os(),
        &mut stdout,
        &mut stderr,
    ))
}
