//! `espcov`: merges what tests covered, for `bazel coverage`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use espcov::{Result, Wanted};
use regex::RegexSet;

/// Merges what tests covered
///
/// In the place of Bazel's own program, which wants Java: bazel coverage --combined_report=lcov
/// --coverage_output_generator=@rules_esp32//tools/espcov --coverage_report_generator=@rules_esp32//tools/espcov //...
#[derive(Parser)]
#[command(name = "espcov", version, rename_all = "snake_case", group(ArgGroup::new("input").required(true)))]
struct Cli {
    /// Merge the tracefiles in this folder, *.dat
    #[arg(long, value_name = "FOLDER", group = "input")]
    coverage_dir: Option<PathBuf>,
    /// Merge the tracefiles that this file names, one a line
    #[arg(long, value_name = "FILE", group = "input")]
    reports_file: Option<PathBuf>,
    /// What is written
    #[arg(long, value_name = "FILE")]
    output_file: PathBuf,
    /// Leave out sources that match; more than once
    #[arg(long, value_name = "REGEX")]
    filter_sources: Vec<String>,
    /// Leave out sources that this file does not name, one a line
    #[arg(long, value_name = "FILE")]
    source_file_manifest: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let except = match RegexSet::new(&cli.filter_sources) {
        Ok(except) => except,
        Err(error) => {
            eprintln!("error: --filter_sources: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&cli, except) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, except: RegexSet) -> Result<()> {
    let mut wanted = Wanted {
        except,
        ..Wanted::default()
    };
    if let Some(manifest) = &cli.source_file_manifest {
        wanted.read_manifest(manifest)?;
    }
    let files = match (&cli.coverage_dir, &cli.reports_file) {
        (Some(folder), _) => espcov::in_folder(folder)?,
        (None, Some(list)) => espcov::in_list(list)?,
        (None, None) => vec![],
    };
    espcov::write(espcov::merge(&files, &wanted)?, &cli.output_file)
}
