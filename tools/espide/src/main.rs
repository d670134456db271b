//! `espide`: writes rust-project.json and compile_commands.json.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use espide::bazel::{self, Bazel};
use espide::compile_commands::{self, RealCompilers};
use espide::rust_project::{self, CrateSpec};
use espide::{Error, Result};

/// What is said of crates, and by what: esp32/private/rust_project.bzl.
const ASPECT: &str = concat!(
    env!("RULES_ESP32"),
    "//esp32/private:rust_project.bzl%rust_project_aspect"
);
const OUTPUT_GROUPS: &str = "esp32_rust_project,esp32_generated";

/// Writes rust-project.json and compile_commands.json to the workspace, for rust-analyzer and clangd
///
/// It builds what is generated of the targets' sources, and nothing else.
#[derive(Parser)]
#[command(
    name = "espide",
    version,
    after_help = "Example:\n  bazel run @rules_esp32//ide -- //firmware/...\n\n\
        Exit codes:\n  0  written\n  1  Bazel fails, or there is nothing to write"
)]
struct Cli {
    /// The workspace
    #[arg(long, value_name = "FOLDER", env = "BUILD_WORKSPACE_DIRECTORY")]
    workspace: PathBuf,
    /// Bazel; default: the workspace's bazelw, else the one on PATH
    #[arg(long, value_name = "FILE")]
    bazel: Option<PathBuf>,
    /// A clang that knows the chip
    #[arg(long, value_name = "FILE")]
    clang: PathBuf,
    /// rustc
    #[arg(long, value_name = "FILE")]
    rustc: PathBuf,
    /// core's lib.rs
    #[arg(long, value_name = "FILE")]
    rust_source: PathBuf,
    /// Patterns of targets
    #[arg(default_value = "//...")]
    targets: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "error: neither Rust nor C for a chip is in what these targets are made of: name others"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<bool> {
    let program = cli
        .bazel
        .clone()
        .unwrap_or_else(|| bazel::find(&cli.workspace));
    let bazel = Bazel::new(program, &cli.workspace)?;
    let folder = tempfile::tempdir().map_err(|source| Error::Unwritable {
        path: std::env::temp_dir(),
        source,
    })?;

    let files = bazel.build(
        ASPECT,
        OUTPUT_GROUPS,
        &cli.targets,
        &folder.path().join("events.json"),
    )?;
    let specs = files
        .iter()
        .map(|file| CrateSpec::read(file, &bazel.execution_root, &bazel.output_base))
        .collect::<Result<_>>()?;
    // bin/rustc, and library/core/src/lib.rs
    let project =
        rust_project::project(specs, &above(&cli.rustc, 2)?, &above(&cli.rust_source, 3)?)?;
    if !project.is_empty() {
        write(
            &cli.workspace.join("rust-project.json"),
            &project,
            project.len(),
            "crates",
        )?;
    }

    let compilations = bazel.compilations(&cli.targets)?;
    let mut compilers = RealCompilers::new(real(&cli.clang)?, bazel.execution_root.clone());
    let entries = compile_commands::entries(&bazel, &compilations, &mut compilers)?;
    if !entries.is_empty() {
        write(
            &cli.workspace.join("compile_commands.json"),
            &entries,
            entries.len(),
            "sources",
        )?;
    }
    Ok(!project.is_empty() || !entries.is_empty())
}

fn real(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// The folder so many components above a file, where it really is.
fn above(file: &Path, components: usize) -> Result<PathBuf> {
    let file = real(file)?;
    Ok(file.ancestors().nth(components).unwrap_or(&file).to_owned())
}

fn write(path: &Path, content: &impl serde::Serialize, count: usize, what: &str) -> Result<()> {
    let text = serde_json::to_string_pretty(content).map_err(|source| Error::Syntax {
        what: path.display().to_string(),
        source,
    })?;
    std::fs::write(path, text + "\n").map_err(|source| Error::Unwritable {
        path: path.to_owned(),
        source,
    })?;
    eprintln!("{}: {count} {what}", path.display());
    Ok(())
}
