//! The simulator: a board and its port on a thread of their own.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::fault::Fault;
use super::report::Report;
use super::transport::{FromHost, Port, Transport};
use super::{Action, Activity, Board, BoardOptions};
use crate::chip::Chip;
use crate::clock::{self, MICROSECOND, Ticks};
use crate::error::Error;
use crate::flash::Flash;
use crate::machine::BootMode;
use crate::rom::RomImage;

/// What runs when the chip is reset into run mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Application {
    /// What is in flash.
    #[default]
    Runs,
    /// Something that prints this.
    Prints(Vec<u8>),
}

/// How simulated time relates to real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As fast as it goes in download mode; what runs from flash is not faster than real time.
    #[default]
    None,
    /// What takes the device a second takes a second.
    Real,
}

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port.
    pub port: Port,
    /// Size of the flash chip, a power of two.
    pub flash_size: usize,
    /// What the flash chip contains at the start; erased behind it.
    pub flash: Vec<u8>,
    /// A file that the content of the flash chip is saved to a moment after it changed, and at the end.
    pub save: Option<PathBuf>,
    /// The chip.
    pub chip: Chip,
    /// A real ROM, in the place of the functions that are done natively.
    pub rom: Option<Arc<RomImage>>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// For faults with a rate.
    pub seed: u64,
    /// What runs after a reset into run mode.
    pub application: Application,
    /// How the chip starts.
    pub start: BootMode,
    /// Simulated time in real time.
    pub pace: Pace,
}

impl Options {
    /// A v3.1 chip with 4 MB of erased flash, in the loader, at `port`.
    pub fn new(port: Port) -> Self {
        Self {
            port,
            flash_size: 4 << 20,
            flash: Vec::new(),
            save: None,
            chip: Chip::default(),
            rom: None,
            faults: Vec::new(),
            seed: 0,
            application: Application::Runs,
            start: BootMode::Download,
            pace: Pace::None,
        }
    }
}

enum Request {
    Report(Sender<Report>),
    Flash(Sender<Vec<u8>>),
    Reset(BootMode),
    Disconnect(Duration),
    Stop,
}

/// Starts simulators.
pub struct Simulator;

impl Simulator {
    /// Opens the port and starts the device on a thread.
    pub fn start(options: Options) -> Result<Running, Error> {
        let transport = Transport::open(&options.port)?;
        let port = Arc::new(Mutex::new(transport.name().to_owned()));
        let (sender, receiver) = channel();
        let line_error = |error| Error::Line { error };
        let (wake, woken) = UnixStream::pair().map_err(line_error)?;
        wake.set_nonblocking(true).map_err(line_error)?;
        woken.set_nonblocking(true).map_err(line_error)?;
        let flash = Flash::with_content(options.flash_size, &options.flash);
        let board = BoardOptions {
            chip: options.chip,
            rom: options.rom,
            faults: options.faults,
            seed: options.seed,
            console: match options.application {
                Application::Runs => None,
                Application::Prints(text) => Some(text),
            },
        };
        let (ready, started) = channel();
        let name = Arc::clone(&port);
        // What observes a machine stays on a thread: the board is made there.
        let work = move || {
            let mut worker = Worker {
                board: Board::new(&board, flash),
                transport,
                port: name,
                receiver,
                woken,
                save: options.save,
                pace: options.pace,
                started: Instant::now(),
                unsaved: None,
                running_since: None,
            };
            worker.board.reset(options.start);
            if options.start == BootMode::Download {
                // Who connects finds a chip that waits.
                worker.board.run(GREETING);
                worker.deliver();
            }
            ready.send(()).ok();
            worker.run()
        };
        let thread = std::thread::Builder::new()
            .name("espsim".into())
            .spawn(work)
            .map_err(line_error)?;
        started.recv().ok();
        Ok(Running {
            port,
            sender,
            wake,
            thread: Some(thread),
        })
    }
}

/// What is left of a simulator: counts, and the content of its flash chip.
type End = Result<(Report, Vec<u8>), Error>;

/// A simulator that runs. It ends when this is dropped.
pub struct Running {
    port: Arc<Mutex<String>>,
    sender: Sender<Request>,
    wake: UnixStream,
    thread: Option<JoinHandle<End>>,
}

impl Running {
    /// The port as tools take it: /dev/pts/5, socket://127.0.0.1:4242, rfc2217://127.0.0.1:4242. A pseudo-terminal without a
    /// link has another name after a disconnect.
    pub fn port(&self) -> String {
        self.port.lock().map_or_else(
            |poisoned| poisoned.into_inner().clone(),
            |name| name.clone(),
        )
    }

    fn request(&self, request: Request) {
        self.sender.send(request).ok();
        // A full socket wakes as well.
        (&self.wake).write_all(&[0]).ok();
    }

    /// Counts so far; everything that the host has sent before is in them. None if the simulator has failed.
    pub fn report(&self) -> Option<Report> {
        let (sender, receiver) = channel();
        self.request(Request::Report(sender));
        receiver.recv().ok()
    }

    /// The content of the flash chip. None if the simulator has failed.
    pub fn flash(&self) -> Option<Vec<u8>> {
        let (sender, receiver) = channel();
        self.request(Request::Flash(sender));
        receiver.recv().ok()
    }

    /// Presses the reset button, with IO0 as `mode` says.
    pub fn reset(&self, mode: BootMode) {
        self.request(Request::Reset(mode));
    }

    /// Pulls the cable, and plugs it in again after `time`. The device keeps its state.
    pub fn disconnect(&self, time: Duration) {
        self.request(Request::Disconnect(time));
    }

    /// Ends the simulator.
    pub fn stop(mut self) -> Result<(Report, Vec<u8>), Error> {
        self.request(Request::Stop);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Err(Error::Line {
                error: std::io::ErrorKind::BrokenPipe.into(),
            }),
        }
    }

    /// Whether the simulator's thread has ended, which it does by itself on errors only.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.request(Request::Stop);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Worker {
    board: Board,
    transport: Transport,
    port: Arc<Mutex<String>>,
    receiver: Receiver<Request>,
    woken: UnixStream,
    save: Option<PathBuf>,
    pace: Pace,
    started: Instant,
    /// When the flash content was seen to have changed since it was saved.
    unsaved: Option<Instant>,
    /// What real time it was at a time of the chip, where it runs what is in flash.
    running_since: Option<(Instant, Ticks)>,
}

/// The flash content is saved when it has not changed for so long.
const QUIET: Duration = Duration::from_millis(200);
/// The ROM's greeting has left by then.
const GREETING: Ticks = 100_000 * MICROSECOND;
/// How long the chip runs before the host is looked at.
const SLICE: Ticks = 20_000 * MICROSECOND;
/// How often what runs in real time is continued.
const STEP: Duration = Duration::from_millis(5);
/// A machine that is too slow for real time does not catch up with more.
const LAG: Duration = Duration::from_millis(200);

impl Worker {
    fn run(&mut self) -> End {
        loop {
            let busy = self.go();
            self.wait(busy)?;
            self.take_host();
            self.board.tick();
            self.transport.tick()?;
            if let Ok(mut name) = self.port.lock()
                && *name != self.transport.name()
            {
                self.transport.name().clone_into(&mut name);
            }
            while let Ok(request) = self.receiver.try_recv() {
                // What the host has sent before counts.
                self.take_host();
                match request {
                    Request::Report(sender) => {
                        sender.send(self.board.report()).ok();
                    }
                    Request::Flash(sender) => {
                        sender.send(self.board.flash().data().to_vec()).ok();
                    }
                    Request::Reset(mode) => self.board.reset(mode),
                    Request::Disconnect(time) => self.transport.disconnect(time),
                    Request::Stop => {
                        self.save()?;
                        let flash = self.board.flash().data().to_vec();
                        return Ok((self.board.report(), flash));
                    }
                }
            }
        }
    }

    /// Lets the chip run; how long it can be left alone, if it does not wait.
    fn go(&mut self) -> Option<Duration> {
        let (activity, pause) = if self.board.in_download_mode() {
            self.running_since = None;
            (self.board.run(SLICE), Duration::ZERO)
        } else {
            self.go_in_real_time()
        };
        self.deliver();
        if let Some(failure) = self.board.take_failure() {
            eprintln!("espsim: what runs on the chip cannot go on: {failure}");
        }
        for action in self.board.take_actions() {
            let Action::Disconnect(time) = action;
            self.transport.disconnect(time);
        }
        (activity == Activity::Goes).then_some(pause)
    }

    fn go_in_real_time(&mut self) -> (Activity, Duration) {
        let now = self.board.now();
        let (since, from) = *self.running_since.get_or_insert((Instant::now(), now));
        let due = from + clock::ticks(since.elapsed());
        let behind = due.saturating_sub(now);
        if behind > clock::ticks(LAG) {
            self.running_since = Some((Instant::now(), now));
        }
        match self.board.run(behind.min(SLICE)) {
            Activity::Waits => {
                self.running_since = None;
                (Activity::Waits, Duration::ZERO)
            }
            Activity::Goes if behind > SLICE => (Activity::Goes, Duration::ZERO),
            Activity::Goes => (Activity::Goes, STEP),
        }
    }

    fn save(&mut self) -> Result<(), Error> {
        self.look_at_flash();
        if self.unsaved.take().is_some()
            && let Some(path) = &self.save
        {
            std::fs::write(path, self.board.flash().data()).map_err(|error| Error::Write {
                path: path.display().to_string(),
                error,
            })?;
        }
        Ok(())
    }

    fn look_at_flash(&mut self) {
        if self.board.flash_mut().take_changed() {
            self.unsaved = Some(Instant::now());
        }
    }

    /// Waits until something is to be done, for no longer than `busy`.
    fn wait(&mut self, busy: Option<Duration>) -> Result<(), Error> {
        self.look_at_flash();
        let now = Instant::now();
        let timeout = [
            self.board.deadline(),
            self.transport.deadline(),
            self.unsaved.map(|at| at + QUIET),
            busy.map(|pause| now + pause),
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at.saturating_duration_since(now));
        let timeout = timeout.map(|time| Timespec {
            tv_sec: time.as_secs() as _,
            tv_nsec: time.subsec_nanos() as _,
        });
        let ready = {
            let mut sources: Vec<PollFd> = self
                .transport
                .sources()
                .iter()
                .map(|(source, writes)| {
                    let flags = if *writes {
                        PollFlags::IN | PollFlags::OUT
                    } else {
                        PollFlags::IN
                    };
                    PollFd::from_borrowed_fd(*source, flags)
                })
                .collect();
            sources.push(PollFd::new(&self.woken, PollFlags::IN));
            match poll(&mut sources, timeout.as_ref()) {
                Ok(ready) => ready,
                Err(rustix::io::Errno::INTR) => 1,
                Err(error) => {
                    return Err(Error::Line {
                        error: error.into(),
                    });
                }
            }
        };
        if ready == 0 && self.unsaved.is_some_and(|at| at.elapsed() >= QUIET) {
            self.save()?;
        }
        let mut buffer = [0; 64];
        while let Ok(1..) = self.woken.read(&mut buffer) {}
        self.transport.flush();
        Ok(())
    }

    /// Takes what the host has sent, and lets the chip do what it does about it.
    fn take_host(&mut self) {
        loop {
            let events = self.transport.read();
            if events.is_empty() {
                return;
            }
            for event in events {
                match event {
                    FromHost::Data(bytes, baud) => {
                        if baud.is_some() {
                            self.board.host_baud = baud;
                        }
                        self.board.receive(&bytes);
                        self.deliver();
                    }
                    FromHost::Baud(baud) => self.board.host_baud = Some(baud),
                    FromHost::Dtr(asserted) => self.board.set_dtr(asserted),
                    FromHost::Rts(asserted) => self.board.set_rts(asserted),
                    FromHost::Gone => self.board.release_lines(),
                }
                self.go();
            }
        }
    }

    fn deliver(&mut self) {
        if let Some(baud) = self.transport.baud() {
            self.board.host_baud = Some(baud);
        }
        let bytes = self.board.take_output();
        if !bytes.is_empty() {
            if self.pace == Pace::Real {
                let due = self.started + self.board.clock();
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            self.transport.write(&bytes);
        }
    }
}
