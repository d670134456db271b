//! The command line: GNU ld's own, of which the options for LLVM's plug-in say how code is made of bitcode.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What `--help` prints.
pub const HELP: &str = "\
usage: xtensa-ld [OPTION | GNU ld's options and files]...
       xtensa-ld --native OUTPUT [OPTION]... FILE

GNU ld for Rust on Xtensa. Files with LLVM's bitcode, and archives that have some, are made native first: LLVM makes the code, GNU
as what is in assembly. With --native, one file is, and nothing is linked.

  --llc PATH              llc of the LLVM that makes the code
  --binutils PREFIX       how the names of GNU as, ld, ar and objcopy begin: /bin/xtensa-esp32-elf-
  -plugin-opt=mcpu=CPU    the CPU (default: esp32)
  -plugin-opt=-mattr=...  its features, as llc takes them
  -plugin-opt=O0 ... O3   how much to optimise the code (default: O2)
  -plugin-opt=obj-path=D  folder for what is made of bitcode (default: the output's name with .lto behind it)

Other options for LLVM's plug-in (-plugin, -plugin-opt=...) mean nothing here: what the linker gets is optimised. What rustc says to
a linker that is GCC (-Wl,OPTION,..., -Xlinker OPTION, -nostartfiles, -nodefaultlibs) is understood, too.
Exit status: 0 done, 1 an error in a file, 2 wrong usage, and GNU ld's own.
";

/// Where the programs are that do the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    /// llc.
    pub llc: PathBuf,
    /// How the names of GNU as, ld, ar and objcopy begin.
    pub binutils: OsString,
}

impl Tools {
    /// The path of one of the GNU programs.
    pub fn gnu(&self, name: &str) -> PathBuf {
        let mut path = self.binutils.clone();
        path.push(name);
        path.into()
    }
}

/// How code is made of bitcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// LLVM's name of the CPU.
    pub cpu: String,
    /// Features of the CPU, as llc's `-mattr` takes them.
    pub features: Vec<String>,
    /// llc's `-O`.
    pub level: String,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// The programs that do it.
    pub tools: Tools,
    /// How.
    pub code: Code,
    /// Folder for native files.
    pub folder: PathBuf,
    /// The one file to make, and its source, if nothing is linked.
    pub native: Option<(PathBuf, PathBuf)>,
    /// The arguments for GNU ld.
    pub ld: Vec<OsString>,
}

/// What there is to say instead of doing anything.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The user asks for help.
    Help,
    /// The command line is wrong.
    Usage(String),
}

impl Command {
    /// Parses the arguments, without the program's name. `tools` are used where no option names others.
    pub fn parse(
        args: impl IntoIterator<Item = OsString>,
        mut tools: Tools,
    ) -> Result<Self, Refusal> {
        let mut code = Code {
            cpu: "esp32".into(),
            features: Vec::new(),
            level: "2".into(),
        };
        let mut folder = None;
        let mut native = None;
        let mut ld = Vec::new();
        let mut output = None;
        let mut args = expanded(args)?.into_iter().flat_map(of_gcc);
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy().into_owned();
            let mut value = || {
                args.next()
                    .ok_or_else(|| Refusal::Usage(format!("{text} needs a value")))
            };
            match &*text {
                "--help" => return Err(Refusal::Help),
                "--llc" => tools.llc = value()?.into(),
                "--binutils" => tools.binutils = value()?,
                "--native" => native = Some(PathBuf::from(value()?)),
                "-plugin" | "--plugin" => drop(value()?),
                "-o" => {
                    let name = value()?;
                    output = Some(name.clone());
                    ld.extend([arg, name]);
                }
                _ => match text
                    .strip_prefix("-plugin-opt=")
                    .or_else(|| text.strip_prefix("--plugin-opt="))
                {
                    None => ld.push(arg),
                    Some(option) => {
                        if let Some(cpu) = option.strip_prefix("mcpu=") {
                            code.cpu = cpu.into();
                        } else if let Some(features) = option.strip_prefix("-mattr=") {
                            code.features.push(features.into());
                        } else if let Some(path) = option.strip_prefix("obj-path=") {
                            folder = Some(PathBuf::from(path));
                        } else if let Some(level @ ("0" | "1" | "2" | "3")) =
                            option.strip_prefix('O')
                        {
                            code.level = level.into();
                        }
                    }
                },
            }
        }
        let native = match native {
            None => None,
            Some(to) => match &*ld {
                [from] => Some((to, PathBuf::from(from))),
                _ => {
                    return Err(Refusal::Usage(format!(
                        "--native takes one FILE, not {}",
                        ld.len()
                    )));
                }
            },
        };
        let folder = folder.unwrap_or_else(|| {
            let mut name = native
                .as_ref()
                .map_or(output.unwrap_or("a.out".into()), |(to, _)| {
                    to.clone().into_os_string()
                });
            name.push(".lto");
            name.into()
        });
        Ok(Self {
            tools,
            code,
            folder,
            native,
            ld,
        })
    }
}

/// The arguments with the contents of `@FILE`s in their place.
fn expanded(args: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, Refusal> {
    let mut result = Vec::new();
    for arg in args {
        match arg.to_string_lossy().strip_prefix('@').map(Path::new) {
            Some(path) if path.exists() => {
                let text = fs::read_to_string(path).map_err(|error| {
                    Refusal::Usage(format!("{}: cannot be read: {error}", path.display()))
                })?;
                result.extend(expanded(words(&text))?);
            }
            _ => result.push(arg),
        }
    }
    Ok(result)
}

/// The arguments of ld in one of GCC's.
fn of_gcc(arg: OsString) -> Vec<OsString> {
    let text = arg.to_string_lossy();
    if let Some(options) = text.strip_prefix("-Wl,") {
        return options.split(',').map(Into::into).collect();
    }
    match &*text {
        // GCC adds what these leave out, and ld does not
        "-Xlinker" | "-nostartfiles" | "-nodefaultlibs" => vec![],
        _ => vec![arg],
    }
}

/// Splits text at white space, with quotes and backslashes as libiberty's `expandargv` has them.
fn words(text: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            _ if quote.is_none() && c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Tools {
        Tools {
            llc: "/llc".into(),
            binutils: "/xtensa-".into(),
        }
    }

    fn parse(args: &[&str]) -> Result<Command, Refusal> {
        Command::parse(args.iter().map(Into::into), tools())
    }

    #[test]
    fn takes_what_is_for_llvm() {
        let command = parse(&[
            "-plugin",
            "gold.so",
            "-plugin-opt=mcpu=esp32s3",
            "-plugin-opt=-mattr=-fp",
            "-plugin-opt=O3",
            "-plugin-opt=jobs=all",
            "-T",
            "a.ld",
            "a.o",
            "-o",
            "a.elf",
            "--binutils",
            "/y-",
        ])
        .expect("is right");
        assert_eq!(
            command.code,
            Code {
                cpu: "esp32s3".into(),
                features: vec!["-fp".into()],
                level: "3".into()
            }
        );
        assert_eq!(command.ld, ["-T", "a.ld", "a.o", "-o", "a.elf"]);
        assert_eq!(command.folder, Path::new("a.elf.lto"));
        assert_eq!(command.tools.gnu("as"), Path::new("/y-as"));
        assert_eq!(command.native, None);
    }

    #[test]
    fn makes_one_file_native() {
        let command =
            parse(&["--native", "b.o", "-plugin-opt=obj-path=x", "b.bc"]).expect("is right");
        assert_eq!(command.native, Some(("b.o".into(), "b.bc".into())));
        assert_eq!(command.folder, Path::new("x"));
    }

    #[test]
    fn understands_what_is_for_gcc() {
        let command = parse(&[
            "-nostartfiles",
            "-Wl,--as-needed,-T,a.ld",
            "-Wl,-plugin-opt=O1",
            "-Xlinker",
            "--gc-sections",
            "-nodefaultlibs",
        ])
        .expect("is right");
        assert_eq!(command.ld, ["--as-needed", "-T", "a.ld", "--gc-sections"]);
        assert_eq!(command.code.level, "1");
    }

    #[test]
    fn refuses_wrong_usage() {
        for (args, why) in [
            (&["-o"][..], "-o needs a value"),
            (&["--native", "b.o"], "--native takes one FILE, not 0"),
            (
                &["--native", "b.o", "a", "b"],
                "--native takes one FILE, not 2",
            ),
        ] {
            assert_eq!(parse(args), Err(Refusal::Usage(why.into())));
        }
        assert_eq!(parse(&["a.o", "--help"]), Err(Refusal::Help));
    }

    #[test]
    fn splits_response_files() {
        assert_eq!(
            words("-o 'a b'\n\"c\\\"d\" e\\ f ''\n"),
            ["-o", "a b", "c\"d", "e f", ""]
        );
    }
}
