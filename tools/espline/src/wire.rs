//! Carries bytes between a line and the pseudo-terminal that espflash's connection works on.
//!
//! espflash waits for each byte with a timeout of its own, so a device that never stops talking would keep it for ever, and
//! it knows only terminals. The wire closes the pseudo-terminal when time is up, when the run is cancelled or when the line
//! is gone; espflash's call then returns, and [`Wire::stop`] says why.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serialport::TTYPort;

use crate::line::{UNPLUGGED, is_temporary, poll_for};
use crate::{Error, Line};

/// How often the wire looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(50);
/// Bytes that may wait for either side.
const BUFFER: usize = 64 << 10;
/// Bytes that [`Wire::recent`] keeps.
const RECENT: usize = 2048;

/// Why a wire ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was stopped, or the pseudo-terminal was closed.
    Stopped,
    /// The deadline passed.
    Deadline,
    /// The run was cancelled.
    Cancelled,
    /// The line is gone, for this reason.
    Gone(String),
}

/// Bytes that went over the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes sent to the device.
    pub sent: u64,
    /// Bytes received from the device.
    pub received: u64,
}

#[derive(Debug, Default)]
struct Shared {
    sent: AtomicU64,
    received: AtomicU64,
    deadline: Mutex<Option<Instant>>,
    ended: Mutex<Option<Ended>>,
    recent: Mutex<Vec<u8>>,
}

enum Order {
    Send(Vec<u8>),
    Baud(u32, SyncSender<Result<(), Error>>),
    Stop,
}

/// A running pump between a [`Line`] and a pseudo-terminal.
#[derive(Debug)]
pub struct Wire {
    shared: Arc<Shared>,
    orders: Sender<Order>,
    wake: UnixStream,
    /// `None` once it is stopped.
    thread: Option<JoinHandle<Line>>,
}

impl Wire {
    /// Takes the line and returns the wire with the terminal to give to espflash. Setting `cancel` ends it.
    pub fn start(line: Line, cancel: Arc<AtomicBool>) -> Result<(Self, TTYPort), Error> {
        let (master, port) =
            pseudo_terminal(line.baud()).map_err(|reason| Error::Pty { reason })?;
        let no_socket = |error: std::io::Error| Error::Pty {
            reason: error.to_string(),
        };
        let (wake, woken) = UnixStream::pair().map_err(no_socket)?;
        woken.set_nonblocking(true).map_err(no_socket)?;
        let (orders, received) = channel();
        let shared = Arc::new(Shared::default());
        let pump = Pump {
            line,
            master,
            woken,
            orders: received,
            shared: Arc::clone(&shared),
            cancel,
            to_line: Vec::new(),
            to_terminal: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("wire".to_owned())
            .spawn(move || pump.run())
            .map_err(no_socket)?;
        let wire = Self {
            shared,
            orders,
            wake,
            thread: Some(thread),
        };
        Ok((wire, port))
    }

    /// Ends the wire when `limit` from now has passed; a later call moves the deadline.
    pub fn set_deadline(&self, limit: Duration) {
        *lock(&self.shared.deadline) = Some(Instant::now() + limit);
    }

    /// Changes the line's baud rate, after what was written before has gone out.
    pub fn set_baud(&self, baud: u32) -> Result<(), Error> {
        let (answer, answered) = sync_channel(1);
        let ended = || Error::Gone {
            port: "the line".to_owned(),
            reason: "the transfer has ended".to_owned(),
        };
        self.orders
            .send(Order::Baud(baud, answer))
            .map_err(|_| ended())?;
        self.wake();
        answered.recv().map_err(|_| ended())?
    }

    /// Sends bytes past the terminal, without dropping what has arrived there as espflash's commands do. If the wire has
    /// ended, the answer will not come either.
    pub fn send(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(Order::Send(bytes));
        self.wake();
    }

    /// Bytes so far.
    pub fn counters(&self) -> Counters {
        Counters {
            sent: self.shared.sent.load(Ordering::Relaxed),
            received: self.shared.received.load(Ordering::Relaxed),
        }
    }

    /// Why it ended, if it has.
    pub fn ended(&self) -> Option<Ended> {
        lock(&self.shared.ended).clone()
    }

    /// The last bytes that the device sent.
    pub fn recent(&self) -> Vec<u8> {
        lock(&self.shared.recent).clone()
    }

    /// Ends it, and gives the line back.
    pub fn stop(mut self) -> (Line, Ended) {
        let line = self.join().expect("the pump does not panic");
        let ended = lock(&self.shared.ended).take();
        (line, ended.unwrap_or(Ended::Stopped))
    }

    fn join(&mut self) -> Option<Line> {
        let thread = self.thread.take()?;
        // The thread may have ended before.
        let _ = self.orders.send(Order::Stop);
        self.wake();
        thread.join().ok()
    }

    fn wake(&self) {
        let _ = (&self.wake).write(&[0]);
    }
}

impl Drop for Wire {
    /// The line is closed when this returns: its locks are given up, and nobody finds it in use.
    fn drop(&mut self) {
        self.join();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pseudo_terminal(baud: u32) -> Result<(OwnedFd, TTYPort), String> {
    let errno = |error: rustix::io::Errno| error.to_string();
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).map_err(errno)?;
    grantpt(&master).map_err(errno)?;
    unlockpt(&master).map_err(errno)?;
    let name = ptsname(&master, Vec::new()).map_err(errno)?;
    let path = PathBuf::from(name.into_string().map_err(|error| error.to_string())?);
    let port = TTYPort::open(&serialport::new(path.to_string_lossy(), baud))
        .map_err(|error| error.to_string())?;
    let flags = fcntl_getfl(&master).map_err(errno)?;
    fcntl_setfl(&master, flags | OFlags::NONBLOCK).map_err(errno)?;
    Ok((master, port))
}

struct Pump {
    line: Line,
    master: OwnedFd,
    woken: UnixStream,
    orders: Receiver<Order>,
    shared: Arc<Shared>,
    cancel: Arc<AtomicBool>,
    to_line: Vec<u8>,
    to_terminal: Vec<u8>,
}

impl Pump {
    fn run(mut self) -> Line {
        let ended = loop {
            match self.step() {
                Ok(None) => {}
                Ok(Some(ended)) => break ended,
                Err(Error::Gone { reason, .. }) => break Ended::Gone(reason),
                Err(error) => break Ended::Gone(error.to_string()),
            }
        };
        *lock(&self.shared.ended) = Some(ended);
        // Dropping the master hangs the terminal up.
        self.line
    }

    fn step(&mut self) -> Result<Option<Ended>, Error> {
        if self.cancel.load(Ordering::Relaxed) {
            return Ok(Some(Ended::Cancelled));
        }
        let deadline = *lock(&self.shared.deadline);
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Some(Ended::Deadline));
        }

        let mut line_events = PollFlags::empty();
        line_events.set(PollFlags::IN, self.to_terminal.len() < BUFFER);
        line_events.set(
            PollFlags::OUT,
            !self.to_line.is_empty() || self.line.has_backlog(),
        );
        let mut terminal_events = PollFlags::empty();
        terminal_events.set(PollFlags::IN, self.to_line.len() < BUFFER);
        terminal_events.set(PollFlags::OUT, !self.to_terminal.is_empty());
        let mut fds = [
            PollFd::from_borrowed_fd(self.line.fd(), line_events),
            PollFd::from_borrowed_fd(self.master.as_fd(), terminal_events),
            PollFd::from_borrowed_fd(self.woken.as_fd(), PollFlags::IN),
        ];
        poll_for(&mut fds, left.map_or(TICK, |left| left.min(TICK))).map_err(|error| {
            Error::Pty {
                reason: error.to_string(),
            }
        })?;
        let [line, terminal, woken] = fds.map(|fd| fd.revents());
        let failed = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;

        if !woken.is_empty() {
            let mut buf = [0; 16];
            let _ = (&self.woken).read(&mut buf);
        }
        if terminal.intersects(PollFlags::IN | failed) && !self.read_terminal() {
            return Ok(Some(Ended::Stopped));
        }
        self.write_line()?;
        if line.intersects(PollFlags::IN | failed) {
            self.read_line(line.intersects(failed))?;
        }
        if !self.write_terminal() {
            return Ok(Some(Ended::Stopped));
        }
        self.obey()
    }

    fn obey(&mut self) -> Result<Option<Ended>, Error> {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Send(bytes)) => self.to_line.extend(bytes),
                Ok(Order::Baud(baud, answer)) => {
                    // What the caller wrote before it asked is in the terminal at the latest now.
                    while self.read_terminal() && !self.to_line.is_empty() {
                        self.line.write_all(&self.to_line)?;
                        self.count_sent(self.to_line.len());
                        self.to_line.clear();
                    }
                    let _ = answer.send(self.line.set_baud(baud));
                }
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => {
                    return Ok(Some(Ended::Stopped));
                }
                Err(TryRecvError::Empty) => return Ok(None),
            }
        }
    }

    /// `false` when the terminal was closed.
    fn read_terminal(&mut self) -> bool {
        let mut buf = [0; 4096];
        match rustix::io::read(&self.master, &mut buf) {
            Ok(len) => {
                self.to_line.extend_from_slice(&buf[..len]);
                len > 0
            }
            Err(error) => is_temporary(&error.into()),
        }
    }

    fn write_terminal(&mut self) -> bool {
        while !self.to_terminal.is_empty() {
            match rustix::io::write(&self.master, &self.to_terminal) {
                Ok(len) => drop(self.to_terminal.drain(..len)),
                Err(error) => return is_temporary(&error.into()),
            }
        }
        true
    }

    fn read_line(&mut self, failed: bool) -> Result<(), Error> {
        let mut buf = [0; 4096];
        let len = self.line.try_read(&mut buf)?;
        if len == 0 && failed {
            return Err(Error::Gone {
                port: self.line.name().to_owned(),
                reason: UNPLUGGED.to_owned(),
            });
        }
        let bytes = &buf[..len];
        self.to_terminal.extend_from_slice(bytes);
        self.shared
            .received
            .fetch_add(len as u64, Ordering::Relaxed);
        let mut recent = lock(&self.shared.recent);
        recent.extend_from_slice(bytes);
        let excess = recent.len().saturating_sub(RECENT);
        recent.drain(..excess);
        Ok(())
    }

    fn write_line(&mut self) -> Result<(), Error> {
        while !self.to_line.is_empty() {
            let len = self.line.try_write(&self.to_line)?;
            if len == 0 {
                break;
            }
            self.to_line.drain(..len);
            self.count_sent(len);
        }
        self.line.try_flush()
    }

    fn count_sent(&self, len: usize) {
        self.shared.sent.fetch_add(len as u64, Ordering::Relaxed);
    }
}
