//! The simulator: device, line and port on a thread of their own.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::chip::Chip;
use crate::device::{BootMode, Device, Event};
use crate::error::Error;
use crate::fault::Fault;
use crate::flash::Flash;
use crate::line::{Action, Line};
use crate::report::Report;
use crate::transport::{FromHost, Port, Transport};

/// What runs when the chip is reset into run mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Application {
    /// Nothing that prints.
    #[default]
    Silent,
    /// Prints this.
    Prints(Vec<u8>),
    /// A program that runs the flash content: its last argument is a file with it, its stdin and stdout are the console. When
    /// it ends with exit code 0, the application has reset the chip; with another one, the chip hangs.
    Program(Vec<String>),
}

/// How simulated time relates to real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As fast as it goes.
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
    /// A file that the content of the flash chip is saved to when it changed and the line is quiet, and at the end.
    pub save: Option<PathBuf>,
    /// The chip.
    pub chip: Chip,
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
            faults: Vec::new(),
            seed: 0,
            application: Application::Silent,
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
        let line = Line::new(
            Device::new(&options.chip, flash),
            &options.faults,
            options.seed,
        );
        let mut worker = Worker {
            line,
            transport,
            port: Arc::clone(&port),
            receiver,
            woken,
            application: options.application,
            program: None,
            save: options.save,
            pace: options.pace,
            started: Instant::now(),
            unsaved: false,
        };
        let start = options.start;
        let thread = std::thread::Builder::new()
            .name("espsim".into())
            .spawn(move || worker.run(start))
            .map_err(line_error)?;
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

/// A program that runs the application.
struct ProgramRun {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    /// The file with the flash content.
    file: PathBuf,
}

impl Drop for ProgramRun {
    fn drop(&mut self) {
        // Asks first, so that a program that runs others can end them.
        self.input = None;
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(group) = rustix::process::Pid::from_raw(pid)
        {
            rustix::process::kill_process_group(group, rustix::process::Signal::TERM).ok();
            let end = Instant::now() + Duration::from_secs(2);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        self.child.wait().ok();
        std::fs::remove_file(&self.file).ok();
    }
}

struct Worker {
    line: Line,
    transport: Transport,
    port: Arc<Mutex<String>>,
    receiver: Receiver<Request>,
    woken: UnixStream,
    application: Application,
    program: Option<ProgramRun>,
    save: Option<PathBuf>,
    pace: Pace,
    started: Instant,
    unsaved: bool,
}

/// The line is quiet when nothing came for so long.
const QUIET: Duration = Duration::from_millis(200);

impl Worker {
    fn run(&mut self, start: BootMode) -> End {
        self.line.reset(start);
        loop {
            self.settle()?;
            self.wait()?;
            self.take_host();
            self.settle()?;
            self.take_program();
            self.line.tick();
            self.transport.tick()?;
            if let Ok(mut name) = self.port.lock()
                && *name != self.transport.name()
            {
                self.transport.name().clone_into(&mut name);
            }
            while let Ok(request) = self.receiver.try_recv() {
                // What the host has sent before counts.
                self.take_host();
                self.settle()?;
                match request {
                    Request::Report(sender) => {
                        sender.send(self.report()).ok();
                    }
                    Request::Flash(sender) => {
                        sender
                            .send(self.line.device.hardware.flash.data().to_vec())
                            .ok();
                    }
                    Request::Reset(mode) => self.line.reset(mode),
                    Request::Disconnect(time) => self.transport.disconnect(time),
                    Request::Stop => {
                        self.save()?;
                        self.program = None;
                        let flash = self.line.device.hardware.flash.data().to_vec();
                        return Ok((self.report(), flash));
                    }
                }
            }
        }
    }

    fn report(&self) -> Report {
        let hardware = &self.line.device.hardware;
        Report {
            seconds: self.line.clock().as_secs_f64(),
            baud: hardware.baud(),
            bytes_in: self.line.bytes_in(),
            bytes_out: self.line.bytes_out(),
            resets: self.line.device.resets(),
            commands: hardware
                .commands
                .iter()
                .map(|(&name, &count)| (name.to_owned(), count))
                .collect(),
            sectors_erased: hardware.flash.sectors_erased(),
            sectors_written: hardware.flash.sectors_written(),
            erase_operations: hardware.flash.erase_operations(),
            bytes_programmed: hardware.flash.bytes_programmed(),
            faults_injected: self.line.faults_injected(),
        }
    }

    fn save(&mut self) -> Result<(), Error> {
        let flash = &mut self.line.device.hardware.flash;
        self.unsaved |= flash.take_changed();
        if std::mem::take(&mut self.unsaved)
            && let Some(path) = &self.save
        {
            std::fs::write(path, flash.data()).map_err(|error| Error::Write {
                path: path.display().to_string(),
                error,
            })?;
        }
        Ok(())
    }

    /// Waits until something is to be done.
    fn wait(&mut self) -> Result<(), Error> {
        self.unsaved |= self.line.device.hardware.flash.take_changed();
        let now = Instant::now();
        let timeout = [
            self.line.deadline(),
            self.transport.deadline(),
            (self.unsaved && self.save.is_some()).then(|| now + QUIET),
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
            if let Some(output) = self.program.as_ref().and_then(|run| run.output.as_ref()) {
                sources.push(PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN));
            }
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
        if ready == 0 && self.unsaved {
            self.save()?;
        }
        let mut buffer = [0; 64];
        while let Ok(1..) = self.woken.read(&mut buffer) {}
        self.transport.flush();
        Ok(())
    }

    /// Takes what the host has sent.
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
                            self.line.host_baud = baud;
                        }
                        self.line.receive(&bytes);
                        self.deliver();
                    }
                    FromHost::Baud(baud) => self.line.host_baud = Some(baud),
                    FromHost::Dtr(asserted) => self.line.set_dtr(asserted),
                    FromHost::Rts(asserted) => self.line.set_rts(asserted),
                    FromHost::Gone => self.line.release_lines(),
                }
            }
        }
    }

    fn deliver(&mut self) {
        if let Some(baud) = self.transport.baud() {
            self.line.host_baud = Some(baud);
        }
        let bytes = self.line.take_output();
        if !bytes.is_empty() {
            if self.pace == Pace::Real {
                let due = self.started + self.line.clock();
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            self.transport.write(&bytes);
        }
    }

    /// Lets what happened in the device have its effects outside.
    fn settle(&mut self) -> Result<(), Error> {
        loop {
            self.deliver();
            for action in self.line.take_actions() {
                let Action::Disconnect(time) = action;
                self.transport.disconnect(time);
            }
            let events = self.line.device.take_events();
            if events.is_empty() {
                break;
            }
            for event in events {
                match event {
                    Event::Stopped => self.program = None,
                    Event::Application => self.start_application()?,
                }
            }
        }
        let input = self.line.device.take_console_input();
        if let Some(stdin) = self.program.as_mut().and_then(|run| run.input.as_mut()) {
            stdin.write_all(&input).and_then(|()| stdin.flush()).ok();
        }
        Ok(())
    }

    fn start_application(&mut self) -> Result<(), Error> {
        match &self.application {
            Application::Silent => {}
            Application::Prints(text) => self.line.device.print(text),
            Application::Program(words) => {
                self.program = None;
                let [program, arguments @ ..] = words.as_slice() else {
                    return Ok(());
                };
                let file = std::env::temp_dir().join(format!(
                    "espsim-{}-{:p}.bin",
                    std::process::id(),
                    self as *const Self
                ));
                std::fs::write(&file, self.line.device.hardware.flash.data()).map_err(|error| {
                    Error::Write {
                        path: file.display().to_string(),
                        error,
                    }
                })?;
                let mut child = Command::new(program)
                    .args(arguments)
                    .arg(&file)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .process_group(0)
                    .spawn()
                    .map_err(|error| Error::Boot {
                        program: program.clone(),
                        error,
                    })?;
                let output = child.stdout.take();
                if let Some(output) = &output {
                    let set = rustix::fs::fcntl_getfl(output).and_then(|flags| {
                        rustix::fs::fcntl_setfl(output, flags | rustix::fs::OFlags::NONBLOCK)
                    });
                    set.map_err(|error| Error::Line {
                        error: error.into(),
                    })?;
                }
                self.program = Some(ProgramRun {
                    input: child.stdin.take(),
                    output,
                    child,
                    file,
                });
            }
        }
        Ok(())
    }

    /// Takes what the application's program has printed.
    fn take_program(&mut self) {
        let mut buffer = [0; 0x1000];
        let Some(run) = &mut self.program else {
            return;
        };
        let Some(output) = &mut run.output else {
            return;
        };
        match output.read(&mut buffer) {
            Ok(len @ 1..) => self.line.device.print(&buffer[..len]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => {
                run.output = None;
                if run.child.wait().is_ok_and(|status| status.success()) {
                    self.line.device.reset_by_software();
                }
            }
        }
    }
}
