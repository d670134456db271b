//! The command line of `espdoc`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use prost::Message;
use thiserror::Error;

use crate::module_info::ModuleInfo;
use crate::page;

/// Exit code when it is done.
pub const EXIT_OK: u8 = 0;
/// Exit code when a file cannot be read or written.
pub const EXIT_FAILED: u8 = 1;
/// Exit code when the command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Pages of documentation of Starlark files
#[derive(Parser)]
#[command(name = "espdoc", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a page of what `starlark_doc_extract` has written
    Page {
        /// The page's title
        title: String,
        /// NAME.binaryproto
        input: PathBuf,
        /// The page, in Markdown
        output: PathBuf,
    },
    /// Copies pages into a folder of the workspace that `bazel run` runs in
    Update {
        /// The folder
        folder: PathBuf,
        /// The pages
        pages: Vec<PathBuf>,
    },
}

/// What can go wrong.
#[derive(Debug, Error)]
enum Error {
    #[error("{}: cannot be read: {why}", path.display())]
    Read { path: PathBuf, why: io::Error },
    #[error("{}: cannot be written: {why}", path.display())]
    Write { path: PathBuf, why: io::Error },
    #[error("{}: is not what starlark_doc_extract writes: {why}", path.display())]
    Decode {
        path: PathBuf,
        why: prost::DecodeError,
    },
    #[error("{0:#}")]
    Template(#[from] minijinja::Error),
    #[error("BUILD_WORKSPACE_DIRECTORY is not set: start it by `bazel run //docs:update`")]
    NoWorkspace,
}

/// Runs `espdoc` and returns its exit code. `args` starts with the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>, stderr: &mut dyn Write) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = write!(stderr, "{error}");
            return if error.use_stderr() {
                EXIT_USAGE
            } else {
                EXIT_OK
            };
        }
    };
    let done = match &cli.command {
        Command::Page {
            title,
            input,
            output,
        } => make_page(title, input, output),
        Command::Update { folder, pages } => update(folder, pages),
    };
    match done {
        Ok(()) => EXIT_OK,
        Err(error) => {
            let _ = writeln!(stderr, "error: {error}");
            EXIT_FAILED
        }
    }
}

fn make_page(title: &str, input: &Path, output: &Path) -> Result<(), Error> {
    let module = ModuleInfo::decode(read(input)?.as_slice()).map_err(|why| Error::Decode {
        path: input.to_owned(),
        why,
    })?;
    write(output, page::render(title, &module)?.as_bytes())
}

fn update(folder: &Path, pages: &[PathBuf]) -> Result<(), Error> {
    let workspace = env::var_os("BUILD_WORKSPACE_DIRECTORY").ok_or(Error::NoWorkspace)?;
    let folder = Path::new(&workspace).join(folder);
    for page in pages {
        write(
            &folder.join(page.file_name().unwrap_or_default()),
            &read(page)?,
        )?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|why| Error::Read {
        path: path.to_owned(),
        why,
    })
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    fs::write(path, contents).map_err(|why| Error::Write {
        path: path.to_owned(),
        why,
    })
}
