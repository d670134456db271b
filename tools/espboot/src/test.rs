//! Runs a test.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use espimage::Chip;

use crate::boot::FlashImage;
use crate::checker::Checker;
use crate::console::{Console, TAIL_LINES};
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment};
use crate::error::{Error, FailedTest, Failure, RegisterDifference};
use crate::spec::{ExpectedExit, Spec};
use crate::symbols::Symbols;

/// How often a signal is looked for when nothing happens.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// After a forbidden line, the report that may follow is waited for: no longer than this in all, and than
/// [`REPORT_PAUSE`] for the next character.
const REPORT_TIME: Duration = Duration::from_secs(3);
const REPORT_PAUSE: Duration = Duration::from_millis(500);

/// A test that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Number of lines on the console.
    pub lines: usize,
    /// Number of registers compared.
    pub registers: usize,
    /// Wall-clock time from the chip's start.
    pub duration: Duration,
}

/// Runs a test in an environment. All that the console shows goes to `output` as it arrives. When `stop` becomes true,
/// the test fails.
pub fn test(
    spec: &Spec,
    environment: &dyn ExecutionEnvironment,
    output: &mut dyn Write,
    stop: &AtomicBool,
) -> Result<Summary, Error> {
    let image = FlashImage::read(&spec.image, Chip::Esp32, spec.partition_table_offset)?;
    let symbols = spec
        .elf
        .as_deref()
        .map(|elf| read_symbols(elf, spec, &image))
        .transpose()?;
    let execution = environment.start(&image)?;
    let start = Instant::now();
    let mut run = Run {
        spec,
        execution,
        checker: Checker::new(&spec.expect, &spec.forbid),
        console: Console::default(),
        has_reset: false,
    };
    let result = run
        .watch(output, start, stop)
        .and_then(|()| run.check_registers());
    match result {
        Ok(()) => Ok(Summary {
            lines: run.console.lines(),
            registers: spec.registers.len(),
            duration: start.elapsed(),
        }),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::Failure(failure)) => {
            if matches!(failure, Failure::Forbidden { .. }) {
                run.show_report(output)?;
            }
            let console = run.console.tail();
            let functions = symbols
                .map(|symbols| symbols.name_addresses(&console))
                .unwrap_or_default();
            Err(Error::Failed(Box::new(FailedTest {
                failure,
                missing: run.missing(),
                console,
                functions,
            })))
        }
    }
}

fn read_symbols(elf: &Path, spec: &Spec, image: &FlashImage) -> Result<Symbols, Error> {
    let symbols = Symbols::read(elf, Chip::Esp32)?;
    if let Some(descriptor) = &image.boot.descriptor {
        descriptor
            .verify_elf(symbols.elf_sha256())
            .map_err(|source| Error::ElfOfOtherImage {
                elf: elf.to_owned(),
                image: spec.image.clone(),
                source: Box::new(source),
            })?;
    }
    Ok(symbols)
}

/// Why a test ends early.
enum Stop {
    /// The program fails the test.
    Failure(Failure),
    /// The test cannot go on.
    Error(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

struct Run<'s> {
    spec: &'s Spec,
    execution: Box<dyn Execution>,
    checker: Checker<'s>,
    console: Console,
    has_reset: bool,
}

impl Run<'_> {
    /// Watches the program until it did everything that is expected.
    fn watch(
        &mut self,
        output: &mut dyn Write,
        start: Instant,
        stop: &AtomicBool,
    ) -> Result<(), Stop> {
        while !self.is_done() {
            if stop.load(Ordering::Relaxed) {
                return Err(Failure::Stopped.into());
            }
            let elapsed = self.execution.elapsed().unwrap_or_else(|| start.elapsed());
            let left = self.spec.timeout.saturating_sub(elapsed);
            if left.is_zero() {
                return Err(Failure::Timeout {
                    timeout: self.spec.timeout,
                }
                .into());
            }
            match self.execution.next_event(left.min(POLL_INTERVAL))? {
                Event::Quiet => {}
                Event::Console(bytes) => {
                    show(output, &bytes)?;
                    self.console.push(&bytes, |line| self.checker.line(line))?;
                }
                Event::Ended(ending) => {
                    self.console.finish(|line| self.checker.line(line))?;
                    self.end(ending)?;
                    return Ok(());
                }
            }
        }
        Ok(self.execution.stop()?)
    }

    /// Shows what follows a forbidden line, which may be a register dump and a backtrace.
    fn show_report(&mut self, output: &mut dyn Write) -> Result<(), Error> {
        let (start, last_line) = (Instant::now(), self.console.lines() + TAIL_LINES - 1);
        while start.elapsed() < REPORT_TIME && self.console.lines() < last_line {
            let Event::Console(bytes) = self.execution.next_event(REPORT_PAUSE)? else {
                break;
            };
            show(output, &bytes)?;
            self.console.push(&bytes, |_| Ok::<(), Error>(()))?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.checker.is_satisfied() && self.spec.exit.is_none()
    }

    fn end(&mut self, ending: Ending) -> Result<(), Failure> {
        match (ending, self.spec.exit) {
            (Ending::Reset, Some(ExpectedExit::Reset)) => {
                self.has_reset = true;
                if self.checker.is_satisfied() {
                    Ok(())
                } else {
                    Err(Failure::Reset { expected: true })
                }
            }
            // The last line had no end until the program ended.
            (Ending::Reset, None) if self.checker.is_satisfied() => Ok(()),
            (Ending::Reset, None) => Err(Failure::Reset { expected: false }),
            (
                Ending::Died {
                    status,
                    diagnostics,
                },
                _,
            ) => Err(Failure::Died {
                status,
                diagnostics,
            }),
        }
    }

    fn missing(&self) -> Vec<String> {
        let mut missing = self.checker.missing();
        if self.spec.exit == Some(ExpectedExit::Reset) && !self.has_reset {
            missing.push("the reset at the end".to_owned());
        }
        missing
    }

    fn check_registers(&mut self) -> Result<(), Stop> {
        let mut differences = Vec::new();
        for check in &self.spec.registers {
            let found = self.execution.read_register(check.address)?;
            if (found ^ check.value) & check.mask != 0 {
                differences.push(RegisterDifference {
                    check: check.clone(),
                    found,
                });
            }
        }
        if differences.is_empty() {
            Ok(())
        } else {
            Err(Failure::Registers(differences).into())
        }
    }
}

fn show(output: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    let written = output.write_all(bytes).and_then(|()| output.flush());
    written.map_err(|source: io::Error| Error::Io {
        what: "pass the console on",
        source,
    })
}
