//! `espload`: see [`espload::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(espload::cli::main())
}
