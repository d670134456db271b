//! compile_commands.json: clang's "JSON Compilation Database Format Specification".
//!
//! Editors ask clang, and firmware is compiled by GCC: what clang does not know is left out, and what GCC knows of the chip is defined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::bazel::{Bazel, Compilation};
use crate::error::{Error, Result};

/// How the names of the chip's compilers start.
const CHIP_COMPILER: &str = "xtensa-";
/// The core that QEMU has: what is compiled for it, is for the chip, too.
const EMULATORS_CORE: &str = "de233";
/// Options of GCC that take a path behind them, or in the same argument.
const PATHS: [&str; 6] = [
    "-I",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-include",
    "-imacros",
];
/// Options that are about what is written, with how many arguments follow.
const OUTPUT: [(&str, usize); 6] = [
    ("-o", 1),
    ("-MF", 1),
    ("-MT", 1),
    ("-MQ", 1),
    ("-MD", 0),
    ("-MMD", 0),
];

/// An entry of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    directory: String,
    file: String,
    arguments: Vec<String>,
}

/// Says what a compiler and clang know.
pub trait Compilers {
    /// Macros that the compiler of an action has of itself, and clang has not: `NAME=VALUE`.
    fn macros(&mut self, compilation: &Compilation) -> Result<Vec<String>>;
    /// Whether clang for the chip knows an option.
    fn clang_knows(&mut self, option: &str) -> Result<bool>;
}

/// The entries for what is compiled for a chip: each source once, as it is for the chip rather than for an emulator's core.
///
/// # Errors
/// Compilers that do not start.
pub fn entries(
    bazel: &Bazel,
    compilations: &[Compilation],
    compilers: &mut dyn Compilers,
) -> Result<Vec<Entry>> {
    let mut chosen: BTreeMap<&str, (bool, &Compilation)> = BTreeMap::new();
    for compilation in compilations {
        let Some(source) = source(compilation) else {
            continue;
        };
        if !is_for_a_chip(compilation) || source.ends_with(".S") {
            continue;
        }
        let is_emulators = compilation
            .environment_variables
            .iter()
            .any(|v| v.key == "XTENSA_GNU_CONFIG" && v.value.contains(EMULATORS_CORE));
        match chosen.get(source) {
            Some((false, _)) => {}
            Some(_) if is_emulators => {}
            _ => drop(chosen.insert(source, (is_emulators, compilation))),
        }
    }
    chosen
        .into_iter()
        .map(|(source, (_, compilation))| entry(bazel, source, compilation, compilers))
        .collect()
}

fn compiler_name(compilation: &Compilation) -> &str {
    compilation
        .arguments
        .first()
        .map_or("", |program| program.rsplit('/').next().unwrap_or(program))
}

fn is_for_a_chip(compilation: &Compilation) -> bool {
    compiler_name(compilation).starts_with(CHIP_COMPILER)
        || compilation
            .arguments
            .iter()
            .any(|a| a.starts_with("--target=xtensa"))
}

/// What stands behind `-c`.
fn source(compilation: &Compilation) -> Option<&str> {
    let at = compilation
        .arguments
        .iter()
        .position(|argument| argument == "-c")?;
    compilation.arguments.get(at + 1).map(String::as_str)
}

fn entry(
    bazel: &Bazel,
    source: &str,
    compilation: &Compilation,
    compilers: &mut dyn Compilers,
) -> Result<Entry> {
    let is_cxx = !source.ends_with(".c");
    let mut arguments = vec![if is_cxx { "clang++" } else { "clang" }.to_owned()];
    if !compilation
        .arguments
        .iter()
        .any(|a| a.starts_with("--target="))
    {
        arguments.push("--target=xtensa-esp-elf".to_owned());
        arguments.extend(
            compilers
                .macros(compilation)?
                .into_iter()
                .map(|m| format!("-D{m}")),
        );
    }
    let given = expanded(bazel, compilation.arguments.get(1..).unwrap_or_default())?;
    let mut given = given.iter();
    while let Some(argument) = given.next() {
        if let Some((_, count)) = OUTPUT.iter().find(|(option, _)| option == argument) {
            for _ in 0..*count {
                given.next();
            }
        } else if let Some(option) = PATHS.iter().find(|option| argument == **option) {
            arguments.push((*option).to_owned());
            arguments.extend(given.next().map(|path| place(bazel, path)));
        } else if let Some((option, path)) = PATHS
            .iter()
            .find_map(|option| Some((option, argument.strip_prefix(option)?)))
        {
            arguments.push(format!("{option}{}", place(bazel, path)));
        } else if argument == "-c" || argument == "-pipe" || argument.starts_with("-Werror") {
            // What editors do is not compiling, and clang warns of other things than GCC.
        } else if argument == source {
            arguments.extend(["-c".to_owned(), place(bazel, source)]);
        } else if !argument.starts_with("-D")
            && !argument.starts_with("-U")
            && argument.starts_with('-')
            && !compilers.clang_knows(argument)?
        {
            // of GCC alone
        } else {
            arguments.push(argument.clone());
        }
    }
    Ok(Entry {
        directory: bazel.workspace.display().to_string(),
        file: place(bazel, source),
        arguments,
    })
}

/// Arguments, with those that files have of which an argument is the name: `@FILE`.
fn expanded(bazel: &Bazel, arguments: &[String]) -> Result<Vec<String>> {
    let mut all = vec![];
    for argument in arguments {
        match argument.strip_prefix('@') {
            None => all.push(argument.clone()),
            Some(file) => {
                let path = bazel.execution_root.join(file);
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| Error::Unreadable { path, source })?;
                all.extend(
                    text.split_whitespace()
                        .map(|word| word.trim_matches(['\'', '"']).to_owned()),
                );
            }
        }
    }
    Ok(all)
}

/// A path of an action, from the workspace on, where an editor opens it.
fn place(bazel: &Bazel, path: &str) -> String {
    let at = if path.starts_with("external/") {
        bazel.output_base.join(path)
    } else if path.starts_with("bazel-out/") {
        bazel.execution_root.join(path)
    } else if Path::new(path).is_absolute() {
        path.into()
    } else {
        bazel.workspace.join(path)
    };
    at.display().to_string()
}

/// The compilers of the actions, and a clang.
#[derive(Debug)]
pub struct RealCompilers {
    clang: PathBuf,
    execution_root: PathBuf,
    known: BTreeMap<String, bool>,
    macros: BTreeMap<(String, Vec<String>), Vec<String>>,
}

impl RealCompilers {
    /// With the clang that says what it knows; actions' paths start at `execution_root`.
    pub fn new(clang: PathBuf, execution_root: PathBuf) -> Self {
        Self {
            clang,
            execution_root,
            known: BTreeMap::new(),
            macros: BTreeMap::new(),
        }
    }
}

impl Compilers for RealCompilers {
    fn macros(&mut self, compilation: &Compilation) -> Result<Vec<String>> {
        let program = compilation.arguments.first().cloned().unwrap_or_default();
        let environment: Vec<_> = compilation
            .environment_variables
            .iter()
            .map(|v| format!("{}={}", v.key, v.value))
            .collect();
        let key = (program.clone(), environment);
        if let Some(macros) = self.macros.get(&key) {
            return Ok(macros.clone());
        }
        let path = self.execution_root.join(&program);
        let output = Command::new(&path)
            .args(["-dM", "-E", "-x", "c", "/dev/null"])
            .current_dir(&self.execution_root)
            .envs(
                compilation
                    .environment_variables
                    .iter()
                    .map(|v| (&v.key, &v.value)),
            )
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| Error::Start {
                program: path,
                source,
            })?;
        let macros = of_the_core(&String::from_utf8_lossy(&output.stdout));
        self.macros.insert(key, macros.clone());
        Ok(macros)
    }

    fn clang_knows(&mut self, option: &str) -> Result<bool> {
        if let Some(known) = self.known.get(option) {
            return Ok(*known);
        }
        let status = Command::new(&self.clang)
            .args([
                "--target=xtensa-esp-elf",
                "-fsyntax-only",
                "-Werror",
                option,
                "-x",
                "c",
                "/dev/null",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|source| Error::Start {
                program: self.clang.clone(),
                source,
            })?;
        // What is for C++ alone is an error with C.
        let known = status.success() || option.starts_with("-std=");
        self.known.insert(option.to_owned(), known);
        Ok(known)
    }
}

/// The macros about the core, out of `gcc -dM -E`.
fn of_the_core(definitions: &str) -> Vec<String> {
    let macros = definitions.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
        (name.starts_with("__XCHAL_") || name.starts_with("__XTENSA_"))
            .then(|| format!("{name}={value}"))
    });
    let mut macros: Vec<_> = macros.collect();
    macros.sort();
    macros
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bazel::Variable;

    struct Known;
    impl Compilers for Known {
        fn macros(&mut self, _: &Compilation) -> Result<Vec<String>> {
            Ok(vec!["__XCHAL_HAVE_LOOPS=1".into()])
        }
        fn clang_knows(&mut self, option: &str) -> Result<bool> {
            Ok(option != "-mlongcalls")
        }
    }

    fn bazel() -> Bazel {
        Bazel {
            program: "bazel".into(),
            workspace: "/ws".into(),
            output_base: "/base".into(),
            execution_root: "/base/execroot/_main".into(),
        }
    }

    fn compilation(core: &str, arguments: &[&str]) -> Compilation {
        Compilation {
            arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
            environment_variables: vec![Variable {
                key: "XTENSA_GNU_CONFIG".into(),
                value: format!("external/gcc/lib/{core}.so"),
            }],
        }
    }

    #[test]
    fn what_is_compiled_for_a_chip_is_an_entry() {
        let gcc = "external/gcc/bin/xtensa-lx106-elf-gcc";
        let host = compilation("esp32", &["external/llvm/bin/clang", "-c", "tool.c"]);
        let assembly = compilation("esp32", &[gcc, "-c", "app/start.S"]);
        let emulators = compilation(
            "de233_fpu",
            &[gcc, "-DEMULATORS", "-c", "app/main.c", "-o", "x.o"],
        );
        let chips = compilation(
            "esp32",
            &[
                gcc,
                "-mlongcalls",
                "-Wall",
                "-Iapp/include",
                "-iquote",
                "bazel-out/x/bin",
                "-idirafter",
                "external/newlib/include",
                "-MD",
                "-MF",
                "x.d",
                "-pipe",
                "-DA=1",
                "-c",
                "app/main.c",
                "-o",
                "bazel-out/x.o",
            ],
        );
        for order in [[&chips, &emulators], [&emulators, &chips]] {
            let all = [&[&host, &assembly][..], &order]
                .concat()
                .into_iter()
                .cloned()
                .collect::<Vec<_>>();
            let entries = entries(&bazel(), &all, &mut Known).unwrap();
            let arguments = [
                "clang",
                "--target=xtensa-esp-elf",
                "-D__XCHAL_HAVE_LOOPS=1",
                "-Wall",
                "-I/ws/app/include",
                "-iquote",
                "/base/execroot/_main/bazel-out/x/bin",
                "-idirafter",
                "/base/external/newlib/include",
                "-DA=1",
                "-c",
                "/ws/app/main.c",
            ];
            let arguments = arguments.map(str::to_owned).to_vec();
            assert_eq!(
                entries,
                [Entry {
                    directory: "/ws".into(),
                    file: "/ws/app/main.c".into(),
                    arguments
                }]
            );
        }
    }

    #[test]
    fn clang_for_the_chip_stays_what_it_is() {
        let clang = compilation(
            "esp32",
            &[
                "external/llvm/bin/clang",
                "--target=xtensa",
                "-c",
                "external/x/a.cc",
                "-o",
                "a.o",
            ],
        );
        let entries = entries(&bazel(), &[clang], &mut Known).unwrap();
        assert_eq!(
            entries[0].arguments,
            ["clang++", "--target=xtensa", "-c", "/base/external/x/a.cc"]
        );
    }

    #[test]
    fn files_with_arguments_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flags"), "-Wall '-DX=1'\n-mlongcalls\n").unwrap();
        let bazel = Bazel {
            execution_root: folder.path().into(),
            ..bazel()
        };
        let clang = compilation(
            "esp32",
            &["clang", "--target=xtensa", "@flags", "-c", "a.c"],
        );
        let entries_of = |compilation: &Compilation| {
            entries(&bazel, std::slice::from_ref(compilation), &mut Known)
        };
        assert_eq!(
            entries_of(&clang).unwrap()[0].arguments,
            [
                "clang",
                "--target=xtensa",
                "-Wall",
                "-DX=1",
                "-c",
                "/ws/a.c"
            ]
        );
        let gone = compilation("esp32", &["clang", "--target=xtensa", "@gone", "-c", "a.c"]);
        assert!(
            entries_of(&gone)
                .unwrap_err()
                .to_string()
                .contains("gone: cannot read it")
        );
    }

    #[test]
    fn a_core_is_known_by_its_macros() {
        let text = "#define __XCHAL_HAVE_LOOPS 1\n#define __INT_MAX__ 7\n#define __XTENSA_EL__ 1\n";
        assert_eq!(
            of_the_core(text),
            ["__XCHAL_HAVE_LOOPS=1", "__XTENSA_EL__=1"]
        );
    }
}
