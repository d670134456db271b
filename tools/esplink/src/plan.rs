//! From what build scripts say to arguments of GNU ld.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::said::Said;

/// The linker script that esp-hal brings, which includes all others of a chip.
const LINKALL: &str = "linkall.x";

/// A link, as `esp32_firmware` describes it. Paths are relative to the folder that the action runs in.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// Label of the firmware.
    pub firmware: String,
    /// Whether the firmware or a component of it names a linker script.
    pub has_script: bool,
    /// The build scripts of all crates, in the order of the linker: a crate is before what it depends on.
    pub build_scripts: Vec<BuildScript>,
}

/// What a build script left.
#[derive(Debug, Deserialize)]
pub struct BuildScript {
    /// Label of its target.
    pub label: String,
    /// Whether it is the program's own, whose rustc-link-arg counts: those of other crates are for their own programs.
    pub own: bool,
    /// The program, for arguments that name it.
    pub executable: Option<String>,
    /// Files with arguments of rustc.
    pub arguments: Vec<String>,
    /// File with metadata for dependents.
    pub metadata: Option<String>,
}

/// Arguments of GNU ld.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Before the objects.
    pub before: Vec<String>,
    /// Behind them.
    pub after: Vec<String>,
}

/// Decides what ld is told.
pub fn plan(manifest: &Manifest) -> Result<Plan, Error> {
    let mut scripts = Vec::new();
    for script in &manifest.build_scripts {
        scripts.push((script, read(script)?));
    }

    let mut folders: Vec<String> = Vec::new();
    for (_, said) in &scripts {
        for folder in &said.search {
            let folder = relative(without_kind(folder));
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let shown = folders.join(", ");
    let find = |name: &str| {
        folders
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .any(|path| path.is_file())
    };

    let mut plan = Plan {
        before: folders.iter().map(|folder| format!("-L{folder}")).collect(),
        after: Vec::new(),
    };
    let mut has_script = manifest.has_script;
    for (script, said) in scripts.iter().filter(|(script, _)| script.own) {
        let mut names_script = false;
        for argument in &said.arguments {
            let joined = argument
                .strip_prefix("-Wl,-T,")
                .or_else(|| argument.strip_prefix("-Wl,-T"))
                .or_else(|| argument.strip_prefix("--script="))
                .or_else(|| argument.strip_prefix("-T"));
            let script_name = match joined {
                _ if names_script => Some(&**argument),
                Some("") => {
                    names_script = true;
                    continue;
                }
                joined => joined,
            };
            names_script = false;
            if let Some(name) = script_name {
                let name = relative(name);
                if !Path::new(&name).is_file() && !find(&name) {
                    return Err(Error::ScriptNotFound {
                        crate_: script.label.clone(),
                        script: name,
                        folders: shown,
                    });
                }
                has_script = true;
                plan.before.push(format!("-T{name}"));
            } else if argument.contains("--error-handling-script=") {
                // It names itself, by a path of the action that it ran in.
                if let Some(program) = &script.executable {
                    plan.before
                        .push(format!("--error-handling-script={program}"));
                }
            } else {
                plan.before.push(argument.clone());
            }
        }
    }
    if !has_script {
        if !find(LINKALL) {
            return Err(Error::NoScript {
                firmware: manifest.firmware.clone(),
            });
        }
        plan.before.push(format!("-T{LINKALL}"));
    }

    for (script, said) in &scripts {
        for library in &said.libraries {
            let (kind, name) = library.split_once('=').unwrap_or(("dylib", library));
            let (kind, modifiers) = kind.split_once(':').unwrap_or((kind, ""));
            // NAME:RENAME
            let name = name.rsplit(':').next().unwrap_or(name);
            let has = |modifier| modifiers.split(',').any(|m| m == modifier);
            if !matches!(kind, "dylib" | "static") {
                return Err(Error::LibraryKind {
                    crate_: script.label.clone(),
                    library: name.to_owned(),
                    kind: kind.to_owned(),
                });
            }
            let whole = has("+whole-archive");
            // rustc has put it into the crate
            if kind == "static" && !has("-bundle") && !whole {
                continue;
            }
            let file = if has("+verbatim") {
                name.to_owned()
            } else {
                format!("lib{name}.a")
            };
            if !find(&file) {
                return Err(Error::LibraryNotFound {
                    crate_: script.label.clone(),
                    library: name.to_owned(),
                    folders: shown,
                });
            }
            if whole {
                plan.before.extend([
                    "--whole-archive".to_owned(),
                    format!("-l:{file}"),
                    "--no-whole-archive".to_owned(),
                ]);
            } else {
                plan.after.push(format!("-l:{file}"));
            }
        }
    }
    // they name each other in any order, as those of Wi-Fi do
    if !plan.after.is_empty() {
        plan.after.insert(0, "--start-group".to_owned());
        plan.after.push("--end-group".to_owned());
    }
    Ok(plan)
}

fn read(script: &BuildScript) -> Result<Said, Error> {
    let text = |path: &String| {
        fs::read_to_string(path).map_err(|error| Error::Read {
            path: path.clone(),
            why: error.to_string(),
        })
    };
    let mut said = Said::default();
    for path in &script.arguments {
        said.take_arguments(&text(path)?);
    }
    if let Some(path) = &script.metadata {
        said.take_metadata(&text(path)?);
    }
    Ok(said)
}

/// The folder of a rustc-link-search without its kind.
fn without_kind(folder: &str) -> &str {
    match folder.split_once('=') {
        Some(("native" | "all" | "dependency" | "crate" | "framework", folder)) => folder,
        _ => folder,
    }
}

/// A path as this action sees it: build scripts name what they have seen in theirs, by the folder that it ran in, and files of their
/// crate among their runfiles, which no other action has.
fn relative(path: &str) -> String {
    let path = match path.split_once("/execroot/") {
        Some((_, inside)) => inside.split_once('/').map_or(".", |(_, path)| path),
        None => path.strip_prefix("${pwd}/").unwrap_or(path),
    };
    let Some((_, file)) = path.split_once(".runfiles/") else {
        return path.to_owned();
    };
    match file.split_once('/') {
        Some(("_main", file)) => file.to_owned(),
        _ => format!("external/{file}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Crate {
        folder: tempfile::TempDir,
    }

    impl Crate {
        fn new(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            for file in files {
                fs::write(folder.path().join(file), "").expect("a file");
            }
            Self { folder }
        }

        fn path(&self) -> String {
            self.folder.path().display().to_string()
        }

        /// A build script that says `arguments` and where its files are.
        fn says(&self, own: bool, arguments: &str) -> BuildScript {
            let file = self.folder.path().join("said");
            fs::write(&file, format!("-L{}\n{arguments}", self.path())).expect("a file");
            BuildScript {
                label: "@crates//:a".into(),
                own,
                executable: Some("bin/a".into()),
                arguments: vec![file.display().to_string()],
                metadata: None,
            }
        }
    }

    fn manifest(has_script: bool, build_scripts: Vec<BuildScript>) -> Manifest {
        Manifest {
            firmware: "//:blinky".into(),
            has_script,
            build_scripts,
        }
    }

    #[test]
    fn finds_linkall() {
        let hal = Crate::new(&["linkall.x"]);
        let plan = plan(&manifest(
            false,
            vec![hal.says(false, "-Clink-arg=-Tother.x")],
        ));
        let before = vec![format!("-L{}", hal.path()), "-Tlinkall.x".into()];
        assert_eq!(
            plan,
            Ok(Plan {
                before,
                after: vec![]
            })
        );
    }

    #[test]
    fn takes_the_own_build_script_at_its_word() {
        let hal = Crate::new(&["linkall.x", "defmt.x"]);
        let said = "-Clink-arg=-Tdefmt.x\n-Clink-arg=-T\n-Clink-arg=linkall.x\n-Clink-arg=-Wl,--error-handling-script=/x/execroot/_main/a";
        let plan = plan(&manifest(false, vec![hal.says(true, said)])).expect("is right");
        assert_eq!(
            plan.before[1..],
            ["-Tdefmt.x", "-Tlinkall.x", "--error-handling-script=bin/a"]
        );
    }

    #[test]
    fn leaves_the_script_to_components() {
        let hal = Crate::new(&["linkall.x"]);
        let plan = plan(&manifest(true, vec![hal.says(false, "")])).expect("is right");
        assert_eq!(plan.before, [format!("-L{}", hal.path())]);
    }

    #[test]
    fn links_libraries() {
        let rom = Crate::new(&["libesp_rom_sys.a", "liball.a", "libloose.a"]);
        let said =
            "-lesp_rom_sys\n-lstatic=bundled\n-lstatic:+whole-archive=all\n-lstatic:-bundle=loose";
        let plan = plan(&manifest(true, vec![rom.says(false, said)])).expect("is right");
        assert_eq!(
            plan.before[1..],
            ["--whole-archive", "-l:liball.a", "--no-whole-archive"]
        );
        assert_eq!(
            plan.after,
            [
                "--start-group",
                "-l:libesp_rom_sys.a",
                "-l:libloose.a",
                "--end-group"
            ]
        );
    }

    #[test]
    fn refuses_what_is_not_there() {
        let none = Crate::new(&[]);
        let fails = |has_script, own, said| {
            plan(&manifest(has_script, vec![none.says(own, said)]))
                .expect_err("is wrong")
                .to_string()
        };
        let folders = none.path();
        assert!(fails(false, false, "").starts_with("//:blinky: no linker script: "));
        assert_eq!(
            fails(false, true, "-Clink-arg=-Tmissing.x"),
            format!(
                "@crates//:a: its build script wants the linker script missing.x, which is in none of: {folders}"
            )
        );
        assert_eq!(
            fails(true, false, "-lphy"),
            format!(
                "@crates//:a: its build script wants the library phy, which is in none of: {folders}"
            )
        );
        assert!(fails(true, false, "-lframework=Metal").contains("of kind 'framework'"));
    }

    #[test]
    fn paths_are_of_this_action() {
        for (path, seen) in [
            ("${pwd}/bazel-out/x/out", "bazel-out/x/out"),
            (
                "/sandbox/7/execroot/_main/bazel-out/x/out",
                "bazel-out/x/out",
            ),
            (
                "${pwd}/bazel-out/x/a.runfiles/fw_crates/vendor/a/libs",
                "external/fw_crates/vendor/a/libs",
            ),
            ("${pwd}/bazel-out/x/a.runfiles/_main/driver", "driver"),
        ] {
            assert_eq!(relative(path), seen);
        }
    }
}
