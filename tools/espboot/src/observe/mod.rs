//! What is written down of a run on the simulated chip: which lines were executed, where time went, each step, waveforms.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use espsim::clock::Ticks;
use espsim::machine::Machine;
use espsim::observe::profile::Stack;
use espsim::observe::{self, Counts, Observer, Profile, Trace};
use espsym::Program;

use crate::error::Error;

mod arguments;
mod coverage;
pub(crate) mod failure;
mod profile;
mod trace;
mod waveform;

pub use arguments::Arguments;
use waveform::Waveform;

/// Bytes at a program's entry by which it is told from what was there before.
const ENTRY_LEN: usize = 16;

/// What is to be written.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The lines that were executed, as LCOV tracefile; needs the ELF file.
    pub coverage: Option<PathBuf>,
    /// Whether sources outside of the workspace count, too.
    pub all_sources: bool,
    /// Call stacks and how many samples they had, as folded stacks.
    pub profile: Option<PathBuf>,
    /// CPU cycles between two samples.
    pub profile_interval: u64,
    /// Each step, a line for each.
    pub trace: Option<PathBuf>,
    /// The times of the steps: of the first, and of the one behind the last.
    pub trace_times: Range<Ticks>,
    /// Pins and UARTs, as value change dump.
    pub vcd: Option<PathBuf>,
    /// Whether a debugger stops at breakpoints.
    pub breakpoints: bool,
}

impl Wanted {
    /// What `bazel coverage` wants: tracefiles in the folder that COVERAGE_DIR names.
    pub fn of_environment() -> Self {
        Self {
            coverage: std::env::var_os("COVERAGE_DIR")
                .map(|folder| PathBuf::from(folder).join("espboot.dat")),
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        let files = [&self.coverage, &self.profile, &self.trace, &self.vcd];
        files.iter().all(|file| file.is_none()) && !self.breakpoints
    }
}

/// What was seen of one run or more.
pub struct Observation {
    wanted: Wanted,
    program: Option<Rc<Program>>,
    sources: Option<espsym::lines::Sources>,
    trace: Option<Rc<RefCell<trace::Output>>>,
    waveform: RefCell<Option<Waveform>>,
    counts: RefCell<BTreeMap<u32, u64>>,
    samples: RefCell<BTreeMap<Stack, u64>>,
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

impl Observation {
    /// Prepares it; the ELF file of the application says what is at its addresses.
    ///
    /// # Errors
    /// An ELF file that cannot be used, or files that cannot be written.
    pub fn new(wanted: Wanted, elf: Option<&Path>) -> Result<Self, Error> {
        let program = match elf {
            Some(elf) => Some(Rc::new(Program::read(elf)?)),
            None => None,
        };
        let sources = match elf.filter(|_| wanted.coverage.is_some()) {
            Some(elf) => Some(espsym::lines::Sources::read(elf)?),
            None => None,
        };
        let trace = match &wanted.trace {
            Some(path) => {
                let output = trace::Output::new(create(path)?, program.clone());
                Some(Rc::new(RefCell::new(output)))
            }
            None => None,
        };
        let waveform = match &wanted.vcd {
            Some(path) => Some(Waveform::new(create(path)?).map_err(unwritable(path))?),
            None => None,
        };
        Ok(Self {
            wanted,
            program,
            sources,
            trace,
            waveform: RefCell::new(waveform),
            counts: RefCell::default(),
            samples: RefCell::default(),
        })
    }

    /// The application's names, if its ELF file is known.
    pub(crate) fn program(&self) -> Option<&Program> {
        self.program.as_deref()
    }

    /// Makes the machine say what is wanted of it.
    pub(crate) fn attach(&self, machine: &mut Machine) {
        machine.watch_pins(self.wants_edges());
        if self.wanted.is_empty() {
            return;
        }
        let program = self.program.as_deref().map(|program| observe::Program {
            entry: program.entry(),
            code: program.bytes(program.entry(), ENTRY_LEN).to_vec(),
        });
        let mut observer = Observer::new(program);
        if self.sources.is_some() {
            observer.counts = Some(Counts::default());
        }
        if self.wanted.profile.is_some() {
            observer.profile = Some(Profile::new(self.wanted.profile_interval));
        }
        if let Some(output) = &self.trace {
            let output = Rc::clone(output);
            let Range { start, end } = self.wanted.trace_times;
            observer.trace = Some(Trace::new(
                start,
                end,
                Box::new(move |step| output.borrow_mut().step(step)),
            ));
        }
        machine.observer = Some(Box::new(observer));
    }

    /// Whether it has to be told what pins do.
    pub(crate) fn wants_edges(&self) -> bool {
        self.wanted.vcd.is_some()
    }

    /// A pin changed.
    pub(crate) fn edge(&self, pin: usize, at: Ticks, level: bool) {
        if let Some(waveform) = &mut *self.waveform.borrow_mut() {
            waveform.edge(pin, at, level);
        }
    }

    /// Takes what the machine has seen.
    pub(crate) fn collect(&self, machine: &mut Machine) {
        let Some(observer) = machine.observer.take() else {
            return;
        };
        if let Some(counts) = &observer.counts {
            let mut all = self.counts.borrow_mut();
            for (address, count) in counts.by_address() {
                *all.entry(address).or_default() += count;
            }
        }
        if let Some(profile) = &observer.profile {
            let mut all = self.samples.borrow_mut();
            for (stack, &samples) in profile.samples() {
                *all.entry(stack.clone()).or_default() += samples;
            }
        }
    }

    /// Writes what was seen of runs that ended with `result`, which is given back. Where there was no run, nothing is left.
    ///
    /// # Errors
    /// That of the runs; files that cannot be written.
    pub fn finish<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Ok(_) | Err(Error::Failed(_))) {
            self.write().and(result)
        } else {
            for path in [&self.wanted.trace, &self.wanted.vcd].into_iter().flatten() {
                // The error of the runs is the one to be told.
                let _ = fs::remove_file(path);
            }
            result
        }
    }

    fn write(&self) -> Result<(), Error> {
        if let Some((path, sources)) = self.wanted.coverage.as_ref().zip(self.sources.as_ref()) {
            let report = coverage::report(sources, &self.counts.borrow(), self.wanted.all_sources);
            espcov::write(report, path)?;
        }
        if let Some(path) = &self.wanted.profile {
            let folded = profile::folded(&self.samples.borrow(), self.program.as_deref());
            fs::write(path, folded).map_err(unwritable(path))?;
        }
        if let Some((path, output)) = self.wanted.trace.as_ref().zip(self.trace.as_ref()) {
            output.borrow_mut().finish().map_err(unwritable(path))?;
        }
        if let Some((path, waveform)) = self
            .wanted
            .vcd
            .as_ref()
            .zip(self.waveform.borrow_mut().as_mut())
        {
            waveform.finish().map_err(unwritable(path))?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> Result<Box<dyn Write>, Error> {
    let file = File::create(path).map_err(unwritable(path))?;
    Ok(Box::new(BufWriter::new(file)))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Unwritable { path, source }
}
