//! What a command line wants to be written down.

use std::path::PathBuf;

use clap::Args;
use espsim::clock::{self, Ticks};

use super::Wanted;

/// Options of a run on the simulated chip.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Run as fast as it can be computed, not in real time
    #[arg(long, conflicts_with = "emulator")]
    pub fast: bool,
    /// Wait for gdb at this port, `:0` for a free one; with --elf, in front of the program's first instruction
    #[arg(long, value_name = "PORT", conflicts_with_all = ["emulator", "until"])]
    pub gdb: Option<String>,
    /// Write the lines that were executed, as LCOV tracefile for genhtml
    #[arg(
        long,
        value_name = "FILE",
        requires = "elf",
        conflicts_with = "emulator"
    )]
    coverage: Option<PathBuf>,
    /// With the lines of sources outside of the workspace, and of generated ones
    #[arg(long, requires = "coverage")]
    all_sources: bool,
    /// Write where time goes, as folded stacks for flame graphs
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    profile: Option<PathBuf>,
    /// CPU cycles between two samples of the profile
    #[arg(long, value_name = "CYCLES", requires = "profile", default_value = "1009", value_parser = clap::value_parser!(u64).range(1..))]
    profile_interval: u64,
    /// Write each instruction, a line for each: time, core, address, function, instruction, registers that it changed
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    trace: Option<PathBuf>,
    /// The chip's time at which the trace begins
    #[arg(long, value_name = "SECONDS", requires = "trace", default_value = "0", value_parser = ticks)]
    trace_from: Ticks,
    /// The chip's time at which the trace ends: a second is some ten gigabytes
    #[arg(long, value_name = "SECONDS", requires = "trace", value_parser = ticks)]
    trace_to: Option<Ticks>,
    /// Write what pins do, UARTs among them, as value change dump
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    vcd: Option<PathBuf>,
}

fn ticks(text: &str) -> Result<Ticks, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let duration = std::time::Duration::try_from_secs_f64(seconds);
    duration
        .map(clock::ticks)
        .map_err(|error| error.to_string())
}

impl Arguments {
    /// What is to be written. Paths start where `bazel run` was called.
    pub fn wanted(&self) -> Wanted {
        let here = std::env::var_os("BUILD_WORKING_DIRECTORY").map(PathBuf::from);
        let file = |path: &Option<PathBuf>| match &here {
            Some(here) => path.as_ref().map(|path| here.join(path)),
            None => path.clone(),
        };
        Wanted {
            coverage: file(&self.coverage),
            all_sources: self.all_sources,
            profile: file(&self.profile),
            profile_interval: self.profile_interval,
            trace: file(&self.trace),
            trace_times: self.trace_from..self.trace_to.unwrap_or(Ticks::MAX),
            vcd: file(&self.vcd),
            breakpoints: self.gdb.is_some(),
        }
    }
}
