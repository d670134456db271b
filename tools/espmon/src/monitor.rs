//! Carries bytes between a device and its user, until something ends it.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use espline::{Line, PortSpec, Reset};

use crate::console::{Console, Note};
use crate::error::Error;
use crate::keys::{self, Action, Keys};
use crate::timestamp;

/// How long a connection to a server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the device is waited for until keys and signals are looked at.
const POLL: Duration = Duration::from_millis(10);
/// When the device has sent nothing for so long, it waits for something.
const IDLE: Duration = Duration::from_millis(100);
/// Time between attempts to open a port that is gone.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(500);
/// Most bytes of input that are sent before the device's answer is looked at.
const INPUT_LEN: usize = 256;

/// What a monitor does.
#[derive(Debug)]
pub struct Settings {
    /// Whether the chip is reset first.
    pub reset: bool,
    /// Whether a lost port is waited for.
    pub reconnect: bool,
    /// How long it runs at most.
    pub timeout: Option<Duration>,
    /// The log that Ctrl-T Ctrl-L starts; else it is named after the program and the time.
    pub log: Option<PathBuf>,
    /// Folder of a log that is named so.
    pub log_folder: PathBuf,
}

/// Why a monitor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The user asked for it.
    Exit,
    /// The line that was waited for came.
    Seen,
    /// Time is up.
    TimeUp,
    /// This signal came.
    Signal(usize),
}

/// What comes from the user.
#[derive(Debug)]
pub enum Input {
    /// Keys of a terminal, some of which are commands.
    Keys(Receiver<Vec<u8>>),
    /// Bytes for the device.
    Bytes(Receiver<Vec<u8>>),
    /// Nothing.
    None,
}

/// Reads from standard input in the background.
pub fn read_standard_input() -> Receiver<Vec<u8>> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || {
        let mut buffer = [0; INPUT_LEN];
        // The monitor goes on after the end of the input.
        while let Ok(len @ 1..) = io::stdin().lock().read(&mut buffer) {
            if sender.send(buffer[..len].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Opens a port.
pub fn open(port: &PortSpec, baud: u32) -> Result<Line, espline::Error> {
    Line::open(port, baud, CONNECT_TIMEOUT)
}

/// A monitor at work.
pub struct Monitor<'a, 'c> {
    line: Line,
    console: &'a mut Console<'c>,
    input: Input,
    keys: Keys,
    /// The last signal, or 0.
    signal: &'a AtomicUsize,
    settings: Settings,
    deadline: Option<Instant>,
    told_of_ctrl_c: bool,
}

impl<'a, 'c> Monitor<'a, 'c> {
    /// A monitor of `line` that stops when `signal` is no longer 0.
    pub fn new(
        line: Line,
        console: &'a mut Console<'c>,
        input: Input,
        signal: &'a AtomicUsize,
        settings: Settings,
    ) -> Self {
        let deadline = settings
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        Self {
            line,
            console,
            input,
            keys: Keys::default(),
            signal,
            settings,
            deadline,
            told_of_ctrl_c: false,
        }
    }

    /// Runs until something ends it.
    pub fn run(&mut self) -> Result<Ending, Error> {
        let ending = self.start().and_then(|()| self.watch());
        self.console.finish()?;
        ending
    }

    fn start(&mut self) -> Result<(), Error> {
        let exit = match self.input {
            Input::Keys(_) => " | exit: Ctrl-] | menu: Ctrl-T | help: Ctrl-T Ctrl-H",
            Input::Bytes(_) | Input::None => "",
        };
        let banner = format!("{}, {} baud{exit}", self.line.name(), self.line.baud());
        self.console.note(Note::Info, &banner)?;
        if self.settings.reset {
            self.reset(Reset::Run)
        } else {
            self.release()
        }
    }

    fn watch(&mut self) -> Result<Ending, Error> {
        let mut buffer = [0; 4096];
        let mut last_byte = Instant::now();
        let mut idle = false;
        loop {
            if let Some(ending) = self.ending() {
                return Ok(ending);
            }
            for action in self.actions() {
                if action == Action::Exit {
                    return Ok(Ending::Exit);
                }
                self.act(action)?;
            }
            match self.line.read(&mut buffer, POLL) {
                Ok(0) if !idle && last_byte.elapsed() >= IDLE => {
                    idle = true;
                    if self.console.idle()? {
                        return Ok(Ending::Seen);
                    }
                }
                Ok(0) => {}
                Ok(len) => {
                    last_byte = Instant::now();
                    idle = false;
                    if self.console.push(&buffer[..len])? {
                        return Ok(Ending::Seen);
                    }
                }
                Err(error) => {
                    if let Some(ending) = self.reconnect(error)? {
                        return Ok(ending);
                    }
                }
            }
        }
    }

    /// Why it has to end now.
    fn ending(&self) -> Option<Ending> {
        match self.signal.load(Ordering::Relaxed) {
            0 => {}
            signal => return Some(Ending::Signal(signal)),
        }
        let time_is_up = self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline);
        time_is_up.then_some(Ending::TimeUp)
    }

    fn actions(&mut self) -> Vec<Action> {
        match &self.input {
            Input::Keys(receiver) => match receiver.try_recv() {
                Ok(keys) => self.keys.read(&keys),
                Err(_) => Vec::new(),
            },
            Input::Bytes(receiver) => receiver.try_recv().map(Action::Send).into_iter().collect(),
            Input::None => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Error> {
        match action {
            Action::Exit => {}
            Action::Send(bytes) => self.send(&bytes)?,
            Action::Help => self.console.note(Note::Info, keys::HELP)?,
            Action::Reset => self.reset(Reset::Run)?,
            Action::ResetToLoader => self.reset(Reset::Download)?,
            Action::TogglePause => {
                let text = if self.console.toggle_pause()? {
                    "output is stopped; Ctrl-T Ctrl-Y continues it"
                } else {
                    "output continues"
                };
                self.console.note(Note::Info, text)?;
            }
            Action::ToggleLog => self.toggle_log()?,
            Action::ToggleTimestamps => {
                let state = if self.console.toggle_timestamps() {
                    "on"
                } else {
                    "off"
                };
                self.console
                    .note(Note::Info, &format!("timestamps are {state}"))?;
            }
            Action::Unknown(key) => {
                let text = format!("{} is no command; Ctrl-T Ctrl-H shows all", keys::name(key));
                self.console.note(Note::Warning, &text)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        const CTRL_C: u8 = 3;
        if matches!(self.input, Input::Keys(_)) && bytes.contains(&CTRL_C) && !self.told_of_ctrl_c {
            self.told_of_ctrl_c = true;
            self.console
                .note(Note::Info, "Ctrl-C goes to the device; Ctrl-] exits")?;
        }
        match self.line.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error @ espline::Error::WriteBlocked { .. }) => {
                let text = format!("{error}; input is lost");
                self.console.note(Note::Warning, &text)
            }
            // Reading says so, too, after what has arrived before.
            Err(espline::Error::Gone { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn reset(&mut self, reset: Reset) -> Result<(), Error> {
        let told = self.line.advice().is_some();
        match self.line.reset(reset) {
            Ok(()) => match self.line.advice().filter(|_| !told) {
                Some(advice) => self.console.note(Note::Info, &advice),
                None => Ok(()),
            },
            Err(espline::Error::NoModemLines { port }) => {
                let by_hand = match reset {
                    Reset::Run => "press EN",
                    _ => "hold BOOT and press EN",
                };
                let text =
                    format!("{port} has no DTR and RTS: to reset the chip, {by_hand} on the board");
                self.console.note(Note::Warning, &text)
            }
            Err(error @ espline::Error::Gone { .. }) => Err(error.into()),
            Err(error) => self.console.note(Note::Warning, &error.to_string()),
        }
    }

    /// Lets the chip run whatever opening the port did to DTR and RTS.
    fn release(&mut self) -> Result<(), Error> {
        match self.line.release() {
            Ok(()) | Err(espline::Error::NoModemLines { .. }) => Ok(()),
            Err(error @ espline::Error::Gone { .. }) => Err(error.into()),
            Err(error) => self.console.note(Note::Warning, &error.to_string()),
        }
    }

    fn toggle_log(&mut self) -> Result<(), Error> {
        if let Some(path) = self.console.stop_log()? {
            let text = format!("{}: the log ends here", path.display());
            return self.console.note(Note::Info, &text);
        }
        let path = self.settings.log.clone().unwrap_or_else(|| {
            let program = self
                .console
                .program()
                .and_then(|program| program.path().file_stem());
            let program = program.map_or("console".into(), |stem| stem.to_string_lossy());
            let time = timestamp::compact(SystemTime::now());
            self.settings
                .log_folder
                .join(format!("log.{program}.{time}.txt"))
        });
        match self.console.start_log(&path) {
            Ok(()) => {
                let text = format!("{}: the log begins here", path.display());
                self.console.note(Note::Info, &text)
            }
            Err(error) => self.console.note(Note::Warning, &error.to_string()),
        }
    }

    /// Waits until a lost port is back.
    fn reconnect(&mut self, error: espline::Error) -> Result<Option<Ending>, Error> {
        if !self.settings.reconnect {
            return Err(error.into());
        }
        self.console.finish()?;
        let text = format!("{error}; waiting until the port is back");
        self.console.note(Note::Warning, &text)?;
        let (port, baud) = (self.line.spec().clone(), self.line.baud());
        let mut last_attempt = Instant::now();
        loop {
            if let Some(ending) = self.ending() {
                return Ok(Some(ending));
            }
            for action in self.actions() {
                match action {
                    Action::Exit => return Ok(Some(Ending::Exit)),
                    // There is no device.
                    Action::Send(_) | Action::Reset | Action::ResetToLoader => {}
                    action => self.act(action)?,
                }
            }
            if last_attempt.elapsed() >= RECONNECT_INTERVAL {
                last_attempt = Instant::now();
                if let Ok(line) = open(&port, baud) {
                    self.line = line;
                    self.release()?;
                    self.console.note(Note::Info, &format!("{port} is back"))?;
                    return Ok(None);
                }
            }
            thread::sleep(POLL);
        }
    }
}
