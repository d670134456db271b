//! Runs a test.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use espimage::Chip;
use espsim::peripherals::rtc_cntl::ResetCause;

use crate::boot::FlashImage;
use crate::checker::Checker;
use crate::console::{Console, TAIL_LINES};
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment};
use crate::error::{Error, FailedTest, Failure, RegisterDifference};
use crate::limit;
use crate::power_cuts::power_cuts;
use crate::spec::{ExpectedExit, Spec};
use crate::stimulus::{Action, Scenario};
use crate::symbols::Symbols;
use crate::waveform::WaveformChecker;

/// UARTs that lines can come from.
const UARTS: usize = 3;

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
    let start = Instant::now();
    let mut run = Run::start(spec, environment, &image)?;
    let result = run.watch(output, stop).and_then(|()| run.check());
    if let Err(stop) = result {
        return Err(run.fail(stop, symbols.as_ref(), output)?);
    }
    let writes = run
        .execution
        .simulated()
        .map_or(0, |chip| chip.flash_writes());
    if spec
        .simulation()
        .is_some_and(|simulation| simulation.power_cuts)
    {
        power_cuts(writes, output, |write, output| {
            let mut run = Run::start(spec, environment, &image)?;
            run.lose_power_at(write);
            let result = run.watch(output, stop).and_then(|()| run.check());
            let place = run.power_lost_at.take();
            match result {
                Ok(()) => Ok((place, None)),
                Err(stop) => match run.fail(stop, symbols.as_ref(), output)? {
                    Error::Failed(test) => Ok((place, Some(test))),
                    error => Err(error),
                },
            }
        })?;
    }
    Ok(Summary {
        lines: run.consoles.iter().map(Console::lines).sum(),
        registers: spec.registers.len(),
        duration: start.elapsed(),
    })
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
    started: Instant,
    /// What is still expected.
    progress: Progress<'s>,
    consoles: [Console; UARTS],
    has_reset: bool,
    /// What the flash did when power was lost.
    power_lost_at: Option<String>,
}

/// What was seen of what is expected, since the chip's start or since a power cut that the test made.
struct Progress<'s> {
    /// When the chip was started.
    start: Duration,
    checkers: [Checker<'s>; UARTS],
    scenario: Scenario<'s>,
    waveforms: Vec<WaveformChecker<'s>>,
    resets: &'s [ResetCause],
}

impl<'s> Progress<'s> {
    fn new(spec: &'s Spec, start: Duration) -> Self {
        let simulation = spec.simulation();
        let waveforms = simulation.map_or(&[][..], |simulation| &simulation.waveforms);
        let waveforms = waveforms.iter().enumerate();
        Self {
            start,
            checkers: [0, 1, 2].map(|uart| Checker::new(&spec.expect, &spec.forbid, uart)),
            scenario: Scenario::new(
                simulation.map_or(&[], |simulation| &simulation.stimuli),
                start,
            ),
            waveforms: waveforms
                .map(|(index, waveform)| WaveformChecker::new(index, waveform, start))
                .collect(),
            resets: simulation.map_or(&[], |simulation| &simulation.resets),
        }
    }

    fn line(&mut self, uart: usize, line: &str, now: Duration) -> Result<(), Failure> {
        self.checkers[uart].line(line)?;
        self.scenario.line(line, now);
        for waveform in &mut self.waveforms {
            waveform.line(line, now);
        }
        Ok(())
    }

    fn missing(&self) -> Vec<String> {
        let lines = self.checkers.iter().flat_map(Checker::missing);
        let stimuli = self.scenario.missing();
        let waveforms = self
            .waveforms
            .iter()
            .filter_map(|waveform| waveform.missing());
        let resets = self
            .resets
            .iter()
            .map(|cause| format!("a reset by {}", cause.name()));
        lines
            .chain(stimuli)
            .chain(waveforms)
            .chain(resets)
            .collect()
    }
}

impl<'s> Run<'s> {
    fn start(
        spec: &'s Spec,
        environment: &dyn ExecutionEnvironment,
        image: &FlashImage,
    ) -> Result<Self, Error> {
        let mut execution = environment.start(image)?;
        if let Some(chip) = execution.simulated() {
            let simulation = spec.simulation();
            chip.watch_pins(simulation.is_some_and(|simulation| !simulation.waveforms.is_empty()));
        }
        Ok(Self {
            spec,
            execution,
            started: Instant::now(),
            progress: Progress::new(spec, Duration::ZERO),
            consoles: Default::default(),
            has_reset: false,
            power_lost_at: None,
        })
    }

    fn lose_power_at(&mut self, write: u64) {
        if let Some(chip) = self.execution.simulated() {
            chip.lose_power_at(write);
        }
    }

    /// The time since the first start: the chip's if it is simulated.
    fn now(&self) -> Duration {
        self.execution
            .elapsed()
            .unwrap_or_else(|| self.started.elapsed())
    }

    /// Watches the program until it did everything that is expected.
    fn watch(&mut self, output: &mut dyn Write, stop: &AtomicBool) -> Result<(), Stop> {
        while !self.is_done() {
            if stop.load(Ordering::Relaxed) {
                return Err(Failure::Stopped.into());
            }
            let now = self.now();
            let start = self.progress.start;
            let left = self.spec.timeout.saturating_sub(now - start);
            if left.is_zero() {
                return Err(Failure::Timeout {
                    timeout: self.spec.timeout,
                }
                .into());
            }
            if let Some(action) = self.progress.scenario.take(start, now) {
                if let Some(chip) = self.execution.simulated() {
                    chip.act(action);
                }
                continue;
            }
            let wait = match self.progress.scenario.due(start) {
                Some(due) => left.min(due - now),
                None => left,
            };
            if let Some(ending) = self.next_event(wait.min(POLL_INTERVAL), output)? {
                let now = self.now();
                self.consoles[0].finish(|line| self.progress.line(0, line, now))?;
                self.end(ending)?;
                return Ok(());
            }
        }
        Ok(self.execution.stop()?)
    }

    /// The next thing that happens; an ending is passed on.
    fn next_event(
        &mut self,
        wait: Duration,
        output: &mut dyn Write,
    ) -> Result<Option<Ending>, Stop> {
        match self.execution.next_event(wait)? {
            Event::Quiet => {}
            Event::Console(bytes) => {
                show(output, &bytes)?;
                self.lines(0, &bytes)?;
            }
            Event::Sent { uart, bytes } => self.lines(uart, &bytes)?,
            Event::Edge { pin, at, level } => {
                for waveform in &mut self.progress.waveforms {
                    waveform.edge(pin, at, level)?;
                }
            }
            Event::Reset(cause) => return self.reset(cause),
            Event::PowerLost => {
                if let Some(chip) = self.execution.simulated() {
                    self.power_lost_at = Some(chip.last_flash_write());
                    chip.act(&Action::PowerCut);
                }
                self.progress = Progress::new(self.spec, self.now());
            }
            Event::Ended(ending) => return Ok(Some(ending)),
        }
        Ok(None)
    }

    fn lines(&mut self, uart: usize, bytes: &[u8]) -> Result<(), Failure> {
        let now = self.now();
        self.consoles[uart].push(bytes, |line| self.progress.line(uart, line, now))
    }

    /// The simulated chip was reset.
    fn reset(&mut self, cause: ResetCause) -> Result<Option<Ending>, Stop> {
        if let Some((_, rest)) = self
            .progress
            .resets
            .split_first()
            .filter(|&(&next, _)| next == cause)
        {
            self.progress.resets = rest;
            return Ok(None);
        }
        if cause.is_software() && self.progress.resets.is_empty() {
            return Ok(Some(Ending::Reset));
        }
        Err(Failure::UnexpectedReset {
            cause: cause.name(),
            expected: self
                .progress
                .resets
                .first()
                .map_or(String::new(), |cause| cause.name().to_owned()),
            report: self
                .execution
                .simulated()
                .map_or(String::new(), |chip| chip.report()),
        }
        .into())
    }

    /// What is left to be looked at when all has happened.
    fn check(&mut self) -> Result<(), Stop> {
        self.check_registers()?;
        self.check_limits()
    }

    /// The error of a test that did not pass.
    fn fail(
        mut self,
        stop: Stop,
        symbols: Option<&Symbols>,
        output: &mut dyn Write,
    ) -> Result<Error, Error> {
        let failure = match stop {
            Stop::Error(error) => return Ok(error),
            Stop::Failure(failure) => failure,
        };
        let report = match (&failure, self.execution.simulated()) {
            (Failure::Died { .. } | Failure::UnexpectedReset { .. }, _) | (_, None) => {
                String::new()
            }
            (_, Some(chip)) => chip.report(),
        };
        if matches!(failure, Failure::Forbidden { .. }) {
            self.show_report(output)?;
        }
        let mut console = self.consoles[0].tail();
        for (uart, other) in self.consoles.iter().enumerate().skip(1) {
            let lines = other.tail().into_iter();
            console.extend(lines.map(|line| format!("UART {uart}: {line}")));
        }
        let functions = symbols
            .map(|symbols| symbols.name_addresses(&console))
            .unwrap_or_default();
        Ok(Error::Failed(Box::new(FailedTest {
            failure,
            missing: self.missing(),
            console,
            functions,
            report,
        })))
    }

    /// Shows what follows a forbidden line, which may be a register dump and a backtrace.
    fn show_report(&mut self, output: &mut dyn Write) -> Result<(), Error> {
        let (start, last_line) = (Instant::now(), self.consoles[0].lines() + TAIL_LINES - 1);
        while start.elapsed() < REPORT_TIME && self.consoles[0].lines() < last_line {
            match self.execution.next_event(REPORT_PAUSE)? {
                Event::Console(bytes) => {
                    show(output, &bytes)?;
                    self.consoles[0].push(&bytes, |_| Ok::<(), Error>(()))?;
                }
                Event::Sent { .. } | Event::Edge { .. } => {}
                _ => break,
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.progress.missing().is_empty() && self.spec.exit.is_none()
    }

    fn end(&mut self, ending: Ending) -> Result<(), Failure> {
        match (ending, self.spec.exit) {
            (Ending::Reset, Some(ExpectedExit::Reset)) => {
                self.has_reset = true;
                if self.progress.missing().is_empty() {
                    Ok(())
                } else {
                    Err(Failure::Reset { expected: true })
                }
            }
            // The last line had no end until the program ended.
            (Ending::Reset, None) if self.progress.missing().is_empty() => Ok(()),
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
        let mut missing = self.progress.missing();
        if self.spec.exit == Some(ExpectedExit::Reset) && !self.has_reset {
            missing.push("the reset at the end".to_owned());
        }
        missing
    }

    fn check_limits(&mut self) -> Result<(), Stop> {
        let Some(simulation) = self.spec.simulation() else {
            return Ok(());
        };
        let Some(elf) = self
            .spec
            .elf
            .as_deref()
            .filter(|_| !simulation.limits.is_empty())
        else {
            return Ok(());
        };
        let mut over = Vec::new();
        for (limit, region) in simulation
            .limits
            .iter()
            .zip(limit::regions(&simulation.limits, elf)?)
        {
            let words = region.clone().step_by(4);
            let words = words
                .map(|address| self.execution.read_register(address))
                .collect::<Result<Vec<_>, _>>()?;
            let used = limit.grows.used(&words);
            if used > limit.most {
                over.push(format!(
                    "{} used {used} of {} bytes, more than {}",
                    limit.name,
                    region.len(),
                    limit.most
                ));
            }
        }
        if over.is_empty() {
            Ok(())
        } else {
            Err(Failure::Limits(over).into())
        }
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
