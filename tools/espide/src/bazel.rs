//! Asks Bazel.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::{Error, Result};

/// Of a file that says what a crate is, as the aspect of rules_rust writes it.
const CRATE_SPEC: &str = ".rust_analyzer_crate_spec.json";
/// Bazel's exit code where some targets could not be built, with --keep_going.
const SOME_FAILED: i32 = 1;

/// A workspace, and the Bazel that builds it.
#[derive(Debug, Clone)]
pub struct Bazel {
    /// The program.
    pub program: PathBuf,
    /// The folder with MODULE.bazel.
    pub workspace: PathBuf,
    /// Where external repositories are, in `external`.
    pub output_base: PathBuf,
    /// The folder that actions' paths start at.
    pub execution_root: PathBuf,
}

/// An action that compiles C, C++ or assembly.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Compilation {
    /// The compiler and its arguments; paths start at the execution root.
    pub arguments: Vec<String>,
    /// The compiler's environment.
    #[serde(default)]
    pub environment_variables: Vec<Variable>,
}

/// A variable of an action's environment.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
}

/// The Bazel of a workspace: its own script `bazelw`, or else what PATH has.
pub fn find(workspace: &Path) -> PathBuf {
    let own = workspace.join("bazelw");
    if own.is_file() { own } else { "bazel".into() }
}

fn command(program: &Path, workspace: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(workspace)
        // Those of the `bazel run` that this is in.
        .env_remove("BAZELISK_SKIP_WRAPPER")
        .env_remove("BUILD_WORKING_DIRECTORY")
        .env_remove("BUILD_WORKSPACE_DIRECTORY")
        .stdin(Stdio::null());
    command
}

impl Bazel {
    /// Asks Bazel where it has what.
    ///
    /// # Errors
    /// A Bazel that does not start, or fails.
    pub fn new(program: PathBuf, workspace: &Path) -> Result<Self> {
        let mut info = command(&program, workspace);
        info.args(["info", "output_base", "execution_root"]);
        let text = output(info, &program, "info")?;
        let value = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            line.map(PathBuf::from).ok_or_else(|| Error::Dangling {
                what: "bazel info".into(),
                name: key.into(),
            })
        };
        Ok(Self {
            output_base: value("output_base")?,
            execution_root: value("execution_root")?,
            workspace: workspace.to_owned(),
            program,
        })
    }

    /// Builds the output groups of `aspect`: generated sources, and what is said of crates. Returns the files with that.
    /// Targets that cannot be built are left out, and Bazel says which.
    ///
    /// # Errors
    /// A Bazel that does not start, or builds nothing.
    pub fn build(
        &self,
        aspect: &str,
        output_groups: &str,
        targets: &[String],
        events: &Path,
    ) -> Result<BTreeSet<PathBuf>> {
        let status = command(&self.program, &self.workspace)
            .args(["build", "--keep_going", "--norun_validations"])
            .arg(format!("--aspects={aspect}"))
            .arg(format!("--output_groups={output_groups}"))
            .arg(format!("--build_event_json_file={}", events.display()))
            .arg("--")
            .args(targets)
            .status()
            .map_err(|source| Error::Start {
                program: self.program.clone(),
                source,
            })?;
        if !status.success() && status.code() != Some(SOME_FAILED) {
            return Err(self.failed("build", status));
        }
        let text = std::fs::read_to_string(events).map_err(|source| Error::Unreadable {
            path: events.to_owned(),
            source,
        })?;
        let files = crate_specs(&text)?;
        Ok(files
            .into_iter()
            .map(|file| self.execution_root.join(file))
            .filter(|file| file.exists())
            .collect())
    }

    /// What compiles C, C++ and assembly for the targets, and for what they are made of.
    ///
    /// # Errors
    /// A Bazel that does not start, or fails.
    pub fn compilations(&self, targets: &[String]) -> Result<Vec<Compilation>> {
        let mut aquery = command(&self.program, &self.workspace);
        aquery.args(["aquery", "--keep_going", "--output=jsonproto"]);
        aquery.arg(format!(
            "mnemonic(\"CppCompile\", deps({}))",
            targets.join(" + ")
        ));
        let output = aquery
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| Error::Start {
                program: self.program.clone(),
                source,
            })?;
        // Where it could not analyse all of them, it says so, and goes on with the others.
        if !output.status.success() && output.stdout.is_empty() {
            return Err(self.failed("aquery", output.status));
        }
        compilations(&String::from_utf8_lossy(&output.stdout))
    }

    fn failed(&self, command: &'static str, status: std::process::ExitStatus) -> Error {
        Error::Bazel {
            program: self.program.clone(),
            command,
            status: status.to_string(),
        }
    }
}

fn output(mut command: Command, program: &Path, name: &'static str) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Start {
            program: program.to_owned(),
            source,
        })?;
    if !output.status.success() {
        return Err(Error::Bazel {
            program: program.to_owned(),
            command: name,
            status: output.status.to_string(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The files that say what crates are, from the execution root on, among all files of a build's events.
fn crate_specs(events: &str) -> Result<BTreeSet<PathBuf>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        named_set_of_files: Option<Set>,
    }
    #[derive(Deserialize)]
    struct Set {
        #[serde(default)]
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct File {
        name: String,
        #[serde(default)]
        path_prefix: Vec<String>,
    }
    let mut found = BTreeSet::new();
    for line in events.lines() {
        let event: Event = serde_json::from_str(line).map_err(|source| Error::Syntax {
            what: "events of bazel build".into(),
            source,
        })?;
        for file in event
            .named_set_of_files
            .into_iter()
            .flat_map(|set| set.files)
        {
            if file.name.ends_with(CRATE_SPEC) {
                found.insert(
                    file.path_prefix
                        .iter()
                        .collect::<PathBuf>()
                        .join(&file.name),
                );
            }
        }
    }
    Ok(found)
}

fn compilations(aquery: &str) -> Result<Vec<Compilation>> {
    #[derive(Deserialize)]
    struct Graph {
        #[serde(default)]
        actions: Vec<Compilation>,
    }
    let graph: Graph = serde_json::from_str(aquery).map_err(|source| Error::Syntax {
        what: "bazel aquery".into(),
        source,
    })?;
    Ok(graph.actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_found_among_a_builds_files() {
        let events = r#"{"id":{"started":{}},"started":{"uuid":"1"}}
{"id":{"namedSet":{"id":"0"}},"namedSetOfFiles":{"files":[{"name":"a/lib.rust_analyzer_crate_spec.json","uri":"file:///x","pathPrefix":["bazel-out","k8","bin"]},{"name":"a/lib.elf","pathPrefix":["bazel-out","k8","bin"]}],"fileSets":[{"id":"1"}]}}
{"id":{"namedSet":{"id":"1"}},"namedSetOfFiles":{}}"#;
        let found = crate_specs(events).unwrap();
        assert_eq!(
            Vec::from_iter(found),
            [Path::new(
                "bazel-out/k8/bin/a/lib.rust_analyzer_crate_spec.json"
            )]
        );
        assert!(
            crate_specs("{")
                .unwrap_err()
                .to_string()
                .starts_with("events of bazel build: ")
        );
    }

    #[test]
    fn actions_are_compilations() {
        let aquery = r#"{"artifacts":[{"id":1}],"actions":[{"targetId":1,"mnemonic":"CppCompile","arguments":["gcc","-c","a.c"],
            "environmentVariables":[{"key":"A","value":"b"},{"key":"EMPTY"}]}]}"#;
        let found = compilations(aquery).unwrap();
        assert_eq!(found[0].arguments, ["gcc", "-c", "a.c"]);
        assert_eq!(
            found[0].environment_variables[1],
            Variable {
                key: "EMPTY".into(),
                value: String::new()
            }
        );
        assert_eq!(compilations("{}").unwrap(), []);
        assert!(
            compilations("no")
                .unwrap_err()
                .to_string()
                .starts_with("bazel aquery: ")
        );
    }
}
