//! `espconfig`: see `--help`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser};
use espconfig::{
    Names, choose,
    menu::{Project, Task},
};

/// Options of an ESP-IDF project: which a component sees, and ESP-IDF's menu to change them
///
/// Arguments may be in a file, one in a line: `@FILE`.
#[derive(Parser)]
#[command(name = "espconfig", version)]
enum Cli {
    /// Lists the options that files mention
    Names(ListNames),
    /// Makes an sdkconfig.h with the options that are in lists
    Header(MakeHeader),
    /// Shows ESP-IDF's menu, and writes what is changed in it into the last file of sdkconfig_defaults
    Menuconfig(Change),
    /// Makes the last file of sdkconfig_defaults as short as it can be
    SaveDefconfig(Change),
}

#[derive(Args)]
struct ListNames {
    /// The list that is made
    #[arg(long)]
    output: PathBuf,
    /// C, C++ and assembly
    files: Vec<PathBuf>,
}

#[derive(Args)]
struct MakeHeader {
    /// The sdkconfig.h with all options
    #[arg(long)]
    sdkconfig: PathBuf,
    /// The sdkconfig.h that is made
    #[arg(long)]
    output: PathBuf,
    /// Text that mentions options, such as a preprocessor definition
    #[arg(long, allow_hyphen_values = true)]
    mentioned_in: Vec<String>,
    /// C, C++ and assembly that mentions options
    #[arg(long)]
    source: Vec<PathBuf>,
    /// Lists that `espconfig names` made
    lists: Vec<PathBuf>,
}

#[derive(Args)]
struct Change {
    /// What the repository says of the project
    #[arg(long, env = "ESPCONFIG_PROJECT")]
    project: PathBuf,
    /// The source tree that is written into; `bazel run` says it
    #[arg(long, env = "BUILD_WORKSPACE_DIRECTORY")]
    workspace: PathBuf,
}

impl Change {
    fn run(&self, task: Task) -> Result<(), String> {
        Project::read(&self.project)?.run(task, &self.workspace)
    }
}

fn main() -> ExitCode {
    let run = match Cli::parse_from(with_arguments_of_files()) {
        Cli::Names(names) => list_names(&names),
        Cli::Header(header) => make_header(&header),
        Cli::Menuconfig(change) => change.run(Task::Menuconfig),
        Cli::SaveDefconfig(change) => change.run(Task::SaveDefconfig),
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn with_arguments_of_files() -> Vec<String> {
    let mut arguments = Vec::new();
    for argument in std::env::args() {
        match argument.strip_prefix('@').map(fs::read_to_string) {
            Some(Ok(text)) => arguments.extend(text.lines().map(str::to_owned)),
            _ => arguments.push(argument),
        }
    }
    arguments
}

fn list_names(cli: &ListNames) -> Result<(), String> {
    let mut names = Names::default();
    for file in &cli.files {
        names.mention(&fs::read(file).map_err(|error| cannot("read", file, &error))?);
    }
    write(&cli.output, &names.to_list())
}

fn make_header(cli: &MakeHeader) -> Result<(), String> {
    let mut names = Names::default();
    for text in &cli.mentioned_in {
        names.mention(text.as_bytes());
    }
    for file in &cli.source {
        names.mention(&fs::read(file).map_err(|error| cannot("read", file, &error))?);
    }
    for list in &cli.lists {
        names.add_list(&read(list)?);
    }
    write(&cli.output, &choose(&read(&cli.sdkconfig)?, &names))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| cannot("read", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| cannot("write", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
