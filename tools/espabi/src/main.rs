//! `espabi OUTPUT CLANG ARGUMENT...`: refuses C whose calls clang compiles wrong for Xtensa, by a run of clang that compiles nothing.
//! OUTPUT is an empty file that says that nothing is wrong. Exit status: 0, 1 something is wrong, 2 wrong usage; or clang's own.

use std::{
    env, fs,
    process::{Command, ExitCode, Stdio},
    thread,
};

/// The tree is as deep as the source's expressions.
const STACK_BYTES: usize = 1 << 30;

fn main() -> ExitCode {
    thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(run)
        .expect("a thread can be had")
        .join()
        .unwrap_or(ExitCode::from(2))
}

fn run() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let (Some(output), Some(clang)) = (args.next(), args.next()) else {
        eprintln!("usage: espabi OUTPUT CLANG ARGUMENT...");
        return ExitCode::from(2);
    };
    let ran = Command::new(&clang)
        .args(args)
        .args(["-fsyntax-only", "-w", "-Xclang", "-ast-dump=json"])
        .stderr(Stdio::inherit())
        .output();
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => {
            eprintln!("{}: cannot be run: {error}", clang.display());
            return ExitCode::from(2);
        }
    };
    if !ran.status.success() {
        return ExitCode::from(
            ran.status
                .code()
                .and_then(|code| code.try_into().ok())
                .unwrap_or(2),
        );
    }
    let findings = match espabi::check(&ran.stdout) {
        Ok(findings) => findings,
        Err(error) => {
            eprintln!(
                "{}: its syntax tree cannot be read: {error}",
                clang.display()
            );
            return ExitCode::from(2);
        }
    };
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        eprintln!(
            "clang compiles that wrong for Xtensa: use GCC, which is the default (--@rules_esp32//esp32:cc=gcc)"
        );
        return ExitCode::FAILURE;
    }
    if let Err(error) = fs::write(&output, "") {
        eprintln!("{}: cannot be written: {error}", output.display());
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
