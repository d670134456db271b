//! ESP-IDF's menuconfig and save-defconfig, which write into the source tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::defaults::{Options, changes, rewrite};

/// How often options are added that have to be said, before it is given up.
const ATTEMPTS: usize = 4;

/// A configured project: what its repository says of it, in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The name in `esp_idf.config`.
    name: String,
    /// Python, with esp-idf-kconfig.
    python: PathBuf,
    /// The tree's Kconfig.
    kconfig: PathBuf,
    /// The tree's sdkconfig.rename.
    rename: PathBuf,
    /// config.env: the environment in which Kconfig files are read, in JSON.
    environment: PathBuf,
    /// The sdkconfig as it is.
    sdkconfig: PathBuf,
    /// The files of defaults, in the order in which they are read.
    defaults: Vec<Defaults>,
}

/// One file of defaults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    /// Where it is.
    path: PathBuf,
    /// Where it is in the main repository; none where it is in another.
    source: Option<PathBuf>,
}

/// What is run on the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// The menu, and [`Self::SaveDefconfig`] afterwards.
    Menuconfig,
    /// The file of defaults is made as short as it can be.
    SaveDefconfig,
}

impl Project {
    /// Reads the description of a project.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is none of that kind.
    pub fn read(file: &Path) -> Result<Self, String> {
        serde_json::from_str(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Runs a task, and writes the last file of defaults below `workspace` where it changes. What changed is printed.
    ///
    /// # Errors
    ///
    /// There is no file to write, no terminal for the menu, one of ESP-IDF's programs failed, or the options cannot be written as
    /// defaults. Nothing is written then.
    pub fn run(&self, task: Task, workspace: &Path) -> Result<(), String> {
        let (last, earlier) = self.defaults.split_last().ok_or_else(|| {
            format!(
                "esp_idf.config(name = \"{}\") has no `sdkconfig_defaults`, which is what is written: make an empty file sdkconfig.defaults, \
                 and add sdkconfig_defaults = [\"//:sdkconfig.defaults\"]",
                self.name
            )
        })?;
        let source = last.source.as_ref().ok_or_else(|| {
            format!(
                "{} is in another repository than the one that you are in: add a file of your own as the last of `sdkconfig_defaults` in \
                 esp_idf.config(name = \"{}\")",
                last.path.display(),
                self.name
            )
        })?;
        let destination = workspace.join(source);
        let text = read(&destination)?;
        let earlier = earlier
            .iter()
            .map(|file| read(&file.path))
            .collect::<Result<Vec<_>, _>>()?;
        let folder =
            tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
        let kconfig = Kconfig::new(self, folder.path())?;

        if task == Task::Menuconfig {
            let stdio = [
                std::io::stdin().is_terminal(),
                std::io::stdout().is_terminal(),
            ];
            if stdio.contains(&false) || std::env::var_os("TERM").is_none_or(|term| term == "dumb")
            {
                return Err(format!(
                    "menuconfig wants a terminal, and there is none: start it in one, or edit {}",
                    source.display()
                ));
            }
            kconfig.menu(workspace)?;
        }
        let (all, minimal) = kconfig.write()?;

        let options = Options {
            earlier: &earlier,
            minimal: &minimal,
            all: &all,
        };
        let mut said_anyway = BTreeSet::new();
        let mut wrong = Vec::new();
        for _ in 0..ATTEMPTS {
            let rewritten = rewrite(&text, options, &said_anyway);
            let becomes = kconfig.configure(&self.defaults, &rewritten)?;
            wrong = changes(&all, &becomes);
            if wrong.is_empty() {
                return report(source, &destination, &text, &rewritten);
            }
            said_anyway.extend(wrong.iter().map(|change| change.name.clone()));
        }
        let lines: Vec<String> = wrong.iter().map(|change| format!("\n  {change}")).collect();
        Err(format!(
            "{} cannot say all of these options, and is left as it is. It would change:{}",
            source.display(),
            lines.concat()
        ))
    }
}

fn report(source: &Path, destination: &Path, before: &str, after: &str) -> Result<(), String> {
    let changed = changes(before, after);
    if changed.is_empty() {
        println!("{}: nothing changed", source.display());
        return Ok(());
    }
    fs::write(destination, after)
        .map_err(|error| format!("cannot write {}: {error}", destination.display()))?;
    println!("{}:", source.display());
    for change in changed {
        println!("  {change}");
    }
    Ok(())
}

/// ESP-IDF's programs for options, on an sdkconfig of its own.
struct Kconfig<'a> {
    project: &'a Project,
    environment: BTreeMap<String, String>,
    folder: &'a Path,
    sdkconfig: PathBuf,
}

impl<'a> Kconfig<'a> {
    fn new(project: &'a Project, folder: &'a Path) -> Result<Self, String> {
        let text = read(&project.environment)?;
        let mut environment: BTreeMap<String, String> = serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", project.environment.display()))?;
        // as tools/cmake/kconfig.cmake adds them
        if let Some(version) = environment.get("IDF_VERSION") {
            environment.insert("IDF_INIT_VERSION".to_owned(), version.clone());
        }
        environment.insert("IDF_MINIMAL_BUILD".to_owned(), "n".to_owned());
        let sdkconfig = folder.join("sdkconfig");
        fs::write(&sdkconfig, read(&project.sdkconfig)?)
            .map_err(|error| format!("cannot write {}: {error}", sdkconfig.display()))?;
        Ok(Self {
            project,
            environment,
            folder,
            sdkconfig,
        })
    }

    fn python(&self, module: &str) -> Command {
        let mut command = Command::new(&self.project.python);
        command
            .args(["-m", module])
            .envs(&self.environment)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Runs kconfgen, with what it always gets.
    fn kconfgen(&self, sdkconfig: &Path, arguments: &[OsString]) -> Result<(), String> {
        let output = self
            .python("kconfgen")
            .arg("--list-separator=semicolon")
            .arg("--kconfig")
            .arg(&self.project.kconfig)
            .arg("--sdkconfig-rename")
            .arg(&self.project.rename)
            .arg("--env-file")
            .arg(&self.project.environment)
            .arg("--config")
            .arg(sdkconfig)
            .args(arguments)
            .output()
            .map_err(|error| format!("cannot run {}: {error}", self.project.python.display()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "ESP-IDF's kconfgen failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    fn menu(&self, workspace: &Path) -> Result<(), String> {
        let output = [
            "--dont-write-deprecated".into(),
            "--output".into(),
            "config".into(),
            self.sdkconfig.clone().into(),
        ];
        self.kconfgen(&self.sdkconfig, &output)?;
        let status = self
            .python("menuconfig")
            .arg(&self.project.kconfig)
            .env("KCONFIG_CONFIG", &self.sdkconfig)
            .current_dir(workspace)
            .status()
            .map_err(|error| format!("cannot run {}: {error}", self.project.python.display()))?;
        if status.success() {
            return Ok(());
        }
        Err(format!("ESP-IDF's menuconfig failed ({status})"))
    }

    /// All options, and those that differ from what Kconfig says.
    fn write(&self) -> Result<(String, String), String> {
        let minimal = self.folder.join("minimal");
        let all = self.folder.join("all");
        let outputs = [
            "--output".into(),
            "config".into(),
            all.clone().into(),
            "--output".into(),
            "savedefconfig".into(),
            minimal.clone().into(),
        ];
        self.kconfgen(&self.sdkconfig, &outputs)?;
        Ok((read(&all)?, read(&minimal)?))
    }

    /// All options as defaults make them, of which the last file has another text.
    fn configure(&self, defaults: &[Defaults], last: &str) -> Result<String, String> {
        let changed = self.folder.join("sdkconfig.defaults");
        fs::write(&changed, last)
            .map_err(|error| format!("cannot write {}: {error}", changed.display()))?;
        let output = self.folder.join("becomes");
        let mut arguments: Vec<OsString> =
            vec!["--output".into(), "config".into(), output.clone().into()];
        let earlier = &defaults[..defaults.len() - 1];
        for file in earlier.iter().map(|file| &file.path).chain([&changed]) {
            arguments.push("--defaults".into());
            arguments.push(file.into());
        }
        self.kconfgen(&self.folder.join("no-sdkconfig"), &arguments)?;
        read(&output)
    }
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
