//! `xtensa-ld` as BUILD.bazel gives it, in a folder of the test's own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What stands above every module.
const HEADER: &str = "target datalayout = \"e-m:e-p:32:32-i8:8:32-i16:16:32-i64:64-n32\"\n\
                      target triple = \"xtensa-unknown-none-elf\"\n";

/// A folder, and the program that runs in it.
pub struct Bench(PathBuf);

impl Bench {
    /// A folder of this name, empty.
    pub fn new(name: &str) -> Self {
        let folder = PathBuf::from(env::var_os("TEST_TMPDIR").expect("Bazel sets it")).join(name);
        fs::create_dir_all(&folder).expect("is new");
        Self(folder)
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes bitcode of IR.
    pub fn bitcode(&self, name: &str, ir: &str) {
        let text = self.path("text.ll");
        fs::write(&text, format!("{HEADER}{ir}")).expect("is a file");
        let made = run(Command::new(program("LLVM_AS"))
            .arg(text)
            .arg("-o")
            .arg(self.path(name)));
        assert!(made.status.success(), "{}", said(&made));
    }

    /// Runs the program.
    pub fn xtensa_ld(&self, args: &[&str]) -> Output {
        run(Command::new(program("XTENSA_LD"))
            .args(args)
            .current_dir(&self.0))
    }

    /// Runs the program, which has to succeed.
    pub fn links(&self, args: &[&str]) {
        let output = self.xtensa_ld(args);
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }

    /// Runs the program, which has to fail with this status, say this, and leave no output.
    pub fn fails(&self, args: &[&str], status: i32, says: &str) {
        let output = self.xtensa_ld(args);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{args:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(says), "{args:?}: {}", said(&output));
        for out in ["out", "out.o"] {
            assert!(!self.path(out).exists(), "{args:?} leaves {out}");
        }
    }

    /// What objdump shows of a file.
    pub fn objdump(&self, flag: &str, name: &str) -> String {
        let output = run(Command::new(program("OBJDUMP"))
            .arg(flag)
            .arg(self.path(name)));
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).expect("is text")
    }
}

/// What a program has said.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()))
}

fn program(name: &str) -> PathBuf {
    let at = env::var(name).unwrap_or_else(|_| panic!("BUILD.bazel sets {name}"));
    Path::new(&env::var_os("TEST_SRCDIR").expect("Bazel sets it")).join(at)
}
