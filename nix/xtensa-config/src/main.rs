//! `xtensa-config CORE_FILE ISA_FOLDER OUTPUT`: see README.md.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [core, isa, output] = &arguments[..] else {
        eprintln!(
            "usage: xtensa-config CORE_FILE ISA_FOLDER OUTPUT\n\nWrites the plug-in's C source for CORE_FILE's core to OUTPUT."
        );
        return ExitCode::from(2);
    };
    let result = xtensa_config::read(Path::new(core), Path::new(isa))
        .map_err(|e| e.to_string())
        .and_then(|model| {
            std::fs::write(output, xtensa_config::write(&model))
                .map_err(|e| format!("{}: {e}", Path::new(output).display()))
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtensa-config: {message}");
            ExitCode::FAILURE
        }
    }
}
