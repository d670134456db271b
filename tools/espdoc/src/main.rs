//! `espdoc`: pages of documentation of Starlark files.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(espdoc::cli::run(
        std::env::args_os(),
        &mut std::io::stderr().lock(),
    ))
}
