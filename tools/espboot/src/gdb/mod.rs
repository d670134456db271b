//! A debugger's access to the simulated chip, by gdb's remote protocol: both cores as threads, breakpoints, steps, memory.

use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use espsim::clock::{self, MICROSECOND, Ticks};
use espsim::machine::{Event, Machine};
use espsim::observe;
use gdbstub::common::{Signal, Tid};
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{self, BlockingEventLoop, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use gdbstub::target::ext::breakpoints::WatchKind;

use crate::error::Error;
use crate::simulator::{Pace, words};

mod registers;
mod target;

use target::thread;

/// How long the chip runs until gdb is looked for.
const TURN: Ticks = 10_000 * MICROSECOND;
/// How often it is looked for where the chip does nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The chip and who looks at it.
pub struct Debugged {
    machine: Machine,
    pace: Pace,
    started: Instant,
    console: Box<dyn Write>,
    stop: Arc<AtomicBool>,
}

impl Debugged {
    /// The chip in front of a debugger. What it prints goes to `console`; when `stop` becomes true, it ends.
    pub fn new(
        machine: Machine,
        pace: Pace,
        console: Box<dyn Write>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            machine,
            pace,
            started: Instant::now(),
            console,
            stop,
        }
    }

    /// Runs to the first instruction of the program that the observer knows. Without one, the chip stays at its reset vector.
    ///
    /// # Errors
    /// A console that cannot be written.
    pub fn run_to_entry(&mut self) -> Result<(), Error> {
        let observer = self.machine.observer.as_deref_mut();
        let Some(program) = observer.and_then(|observer| observer.program.clone()) else {
            return Ok(());
        };
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(observer) = self.machine.observer.as_deref_mut() {
                observer.breakpoints.set(program.entry);
            }
            match self.machine.run(self.machine.now() + TURN) {
                Event::Sent { uart: 0, bytes } => self.show(&bytes)?,
                Event::Stopped(_) if program.is_in(self.machine.bus()) => break,
                Event::Stopped(_) => self.pass_breakpoint(),
                Event::Failed(_) | Event::Asleep | Event::PowerLost => break,
                _ => {}
            }
        }
        if let Some(observer) = self.machine.observer.as_deref_mut() {
            observer.breakpoints.clear(program.entry);
        }
        Ok(())
    }

    fn pass_breakpoint(&mut self) {
        let pcs = [0, 1].map(|core| self.machine.cpu(core).pc);
        if let Some(observer) = self.machine.observer.as_deref_mut() {
            observer.breakpoints.resume(pcs);
        }
    }

    /// Serves the first debugger that connects, until it leaves.
    ///
    /// # Errors
    /// A socket that does not work, or a debugger that does not keep to the protocol.
    pub fn serve(&mut self, listener: &TcpListener) -> Result<(), Error> {
        let io = |source| Error::Io {
            what: "talk to gdb",
            source,
        };
        listener.set_nonblocking(true).map_err(io)?;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    std::thread::sleep(POLL_INTERVAL);
                }
                Err(error) => return Err(io(error)),
            }
        };
        stream.set_nonblocking(false).map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        self.started = Instant::now()
            .checked_sub(clock::duration(self.machine.now()))
            .unwrap_or_else(Instant::now);
        let connection: Box<dyn ConnectionExt<Error = io::Error>> = Box::new(stream);
        match GdbStub::new(connection).run_blocking::<Loop>(self) {
            Ok(DisconnectReason::Disconnect) => self.run_on(),
            Ok(_) => Ok(()),
            // It went without a word.
            Err(error) if error.is_connection_error() => Ok(()),
            Err(error) => Err(Error::Gdb {
                problem: error.to_string(),
            }),
        }
    }

    /// gdb has detached: the chip goes on alone.
    fn run_on(&mut self) -> Result<(), Error> {
        if let Some(observer) = self.machine.observer.as_deref_mut() {
            observer.breakpoints = Default::default();
        }
        while !self.stop.load(Ordering::Relaxed) {
            match self.turn()? {
                Event::Failed(failure) => {
                    return self.show(format!("--- {}\n", words(&failure)).as_bytes());
                }
                Event::Asleep => std::thread::sleep(POLL_INTERVAL),
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets the chip run for a moment.
    fn turn(&mut self) -> Result<Event, Error> {
        let event = self.machine.run(self.machine.now() + TURN);
        if let Event::Sent { uart: 0, bytes } = &event {
            self.show(bytes)?;
        }
        if self.pace == Pace::Real {
            let ahead = clock::duration(self.machine.now()).saturating_sub(self.started.elapsed());
            std::thread::sleep(ahead);
        }
        Ok(event)
    }

    fn show(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self
            .console
            .write_all(bytes)
            .and_then(|()| self.console.flush());
        written.map_err(|source| Error::Io {
            what: "show the console",
            source,
        })
    }
}

/// How gdb and the chip take turns.
enum Loop {}

type Reason = MultiThreadStopReason<u32>;

impl BlockingEventLoop for Loop {
    type Target = Debugged;
    type Connection = Box<dyn ConnectionExt<Error = io::Error>>;
    type StopReason = Reason;

    fn wait_for_stop_reason(
        chip: &mut Debugged,
        connection: &mut Self::Connection,
    ) -> Result<run_blocking::Event<Reason>, WaitForStopReasonError<String, io::Error>> {
        let broken = WaitForStopReasonError::Connection;
        loop {
            if connection.peek().map_err(broken)?.is_some() {
                let byte = connection.read().map_err(broken)?;
                return Ok(run_blocking::Event::IncomingData(byte));
            }
            if chip.stop.load(Ordering::Relaxed) {
                return Ok(run_blocking::Event::TargetStopped(Reason::Exited(0)));
            }
            let event = chip
                .turn()
                .map_err(|error| WaitForStopReasonError::Target(error.to_string()))?;
            let reason = match event {
                Event::Stopped(stop) => reason(stop),
                Event::Failed(failure) => {
                    let text = format!("--- {}\n", words(&failure));
                    chip.show(text.as_bytes())
                        .map_err(|error| WaitForStopReasonError::Target(error.to_string()))?;
                    signal(thread(0), Signal::SIGABRT)
                }
                Event::Asleep => {
                    std::thread::sleep(POLL_INTERVAL);
                    continue;
                }
                _ => continue,
            };
            return Ok(run_blocking::Event::TargetStopped(reason));
        }
    }

    fn on_interrupt(_: &mut Debugged) -> Result<Option<Reason>, String> {
        Ok(Some(signal(thread(0), Signal::SIGINT)))
    }
}

fn signal(tid: Tid, signal: Signal) -> Reason {
    Reason::SignalWithThread { tid, signal }
}

fn reason(stop: observe::Stop) -> Reason {
    match stop {
        observe::Stop::Breakpoint(core) => Reason::SwBreak(thread(core)),
        observe::Stop::Step(core) => signal(thread(core), Signal::SIGTRAP),
        observe::Stop::Watch {
            core,
            address,
            watch,
        } => Reason::Watch {
            tid: thread(core),
            kind: match (watch.reads, watch.writes) {
                (true, true) => WatchKind::ReadWrite,
                (true, false) => WatchKind::Read,
                _ => WatchKind::Write,
            },
            addr: address,
        },
    }
}

/// Listens for gdb: at a port of this machine (`3333`, `:0` for a free one), or at `HOST:PORT`.
///
/// # Errors
/// An address that cannot be listened at.
pub fn listen(address: &str) -> Result<TcpListener, Error> {
    let full = match address.strip_prefix(':').unwrap_or(address) {
        port if !port.contains(':') => format!("127.0.0.1:{port}"),
        _ => address.to_owned(),
    };
    TcpListener::bind(&full).map_err(|source| Error::Listen {
        address: address.to_owned(),
        source,
    })
}
