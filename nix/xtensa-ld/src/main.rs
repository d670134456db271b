//! `xtensa-ld`: see `--help`.

use std::{env, fs, os::unix::process::CommandExt, path::PathBuf, process};

use xtensa_ld::{
    command::{Command, HELP, Refusal, Tools},
    native::Maker,
};

fn main() {
    // where the Nix package has them
    let tools = Tools {
        llc: option_env!("LLC").unwrap_or("llc").into(),
        binutils: option_env!("BINUTILS")
            .unwrap_or("xtensa-esp32-elf-")
            .into(),
    };
    match Command::parse(env::args_os().skip(1), tools) {
        Err(Refusal::Help) => print!("{HELP}"),
        Err(Refusal::Usage(why)) => {
            eprintln!("xtensa-ld: {why}\nTry --help.");
            process::exit(2);
        }
        Ok(command) => {
            if let Err(why) = run(command) {
                eprintln!("xtensa-ld: {why}");
                process::exit(1);
            }
        }
    }
}

fn run(command: Command) -> Result<(), String> {
    let maker = Maker::new(&command.tools, &command.code, &command.folder);
    if let Some((to, from)) = command.native {
        let made = maker.file(&from)?;
        let made: Vec<PathBuf> = made.unwrap_or_else(|| vec![from.clone()]);
        let [made] = &made[..] else {
            return Err(format!(
                "{}: has assembly of its own, so one object does not do: link it",
                from.display()
            ));
        };
        fs::copy(made, &to)
            .map_err(|error| format!("{}: cannot be written: {error}", to.display()))?;
        let _ = fs::remove_dir_all(&command.folder);
        return Ok(());
    }
    let program = command.tools.gnu("ld");
    let error = process::Command::new(&program)
        .args(maker.arguments(command.ld)?)
        .exec();
    Err(format!("{} does not start: {error}", program.display()))
}
