//! An open port.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use espflash::connection::{Connection, ResetAfterOperation, ResetBeforeOperation};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use serialport::{SerialPort, TTYPort, UsbPortInfo};

use crate::rfc2217::Remote;
use crate::{Error, PortSpec, candidates};

/// How long one write may find no room before the line counts as blocked.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) const UNPLUGGED: &str = "the device was unplugged";
const HUNG_UP: &str = "the server closed the connection";

/// What to reset the chip into. The board's circuit makes EN out of RTS and IO0 out of DTR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The application: EN is pulsed.
    Run,
    /// The serial loader of the ROM: EN is pulsed while IO0 is low.
    Download,
    /// As `Download`, with more time for boards whose EN rises slowly.
    DownloadSlow,
}

/// How long the chip is held in reset, and then IO0 low.
#[derive(Debug, Clone, Copy)]
pub struct ResetTiming {
    /// Time with EN low.
    pub pulse: Duration,
    /// Time with IO0 low after EN rises, for [`Reset::Download`].
    pub boot: Duration,
    /// The same for [`Reset::DownloadSlow`].
    pub slow_boot: Duration,
}

impl Default for ResetTiming {
    /// esptool's times.
    fn default() -> Self {
        Self {
            pulse: Duration::from_millis(100),
            boot: Duration::from_millis(50),
            slow_boot: Duration::from_millis(500),
        }
    }
}

#[derive(Debug)]
enum Kind {
    Tty(Tty),
    Socket(TcpStream),
    Remote(Box<Remote>),
}

#[derive(Debug)]
struct Tty {
    /// Holds the locks, the baud rate and DTR and RTS; `None` only while espflash has it.
    port: Option<TTYPort>,
    /// The same terminal, opened without blocking, for the bytes.
    data: OwnedFd,
    usb: UsbPortInfo,
}

/// An open port, closed when dropped. Nobody else can have it meanwhile: it is locked with `flock` and `TIOCEXCL`.
#[derive(Debug)]
pub struct Line {
    spec: PortSpec,
    name: String,
    baud: u32,
    timing: ResetTiming,
    kind: Kind,
}

impl Line {
    /// Opens `spec` at `baud`; `timeout` is for the connection to a server. DTR and RTS stay as they are.
    pub fn open(spec: &PortSpec, baud: u32, timeout: Duration) -> Result<Self, Error> {
        let name = spec.to_string();
        let kind = match spec {
            PortSpec::Tty(path) => Kind::Tty(Tty::open(path, &name, baud)?),
            PortSpec::Socket(address) => Kind::Socket(connect(address, &name, timeout)?),
            PortSpec::Rfc2217(address, options) => {
                let socket = connect(address, &name, timeout)?;
                Kind::Remote(Box::new(Remote::open(socket, &name, baud, *options)?))
            }
        };
        Ok(Self {
            spec: spec.clone(),
            name,
            baud,
            timing: ResetTiming::default(),
            kind,
        })
    }

    /// The port's name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the port is.
    pub fn spec(&self) -> &PortSpec {
        &self.spec
    }

    /// The baud rate. A raw socket has none of its own and only remembers it.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// Changes the baud rate.
    pub fn set_baud(&mut self, baud: u32) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Tty(tty) => tty
                .port()
                .set_baud_rate(baud)
                .map_err(|error| Error::Baud {
                    port: self.name.clone(),
                    baud,
                    reason: error.to_string(),
                })?,
            Kind::Socket(_) => {}
            Kind::Remote(remote) => remote.set_baud(&self.name, baud)?,
        }
        self.baud = baud;
        Ok(())
    }

    /// Sets the times of [`Line::reset`]. On terminal devices espflash's own times stay for [`Reset::Download`].
    pub fn set_reset_timing(&mut self, timing: ResetTiming) {
        self.timing = timing;
    }

    /// Reads what has arrived, at most `buf.len()` bytes, and waits for it up to `timeout`. 0 means that nothing came.
    pub fn read(&mut self, buf: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let len = self.try_read(buf)?;
            let left = deadline.saturating_duration_since(Instant::now());
            if len > 0 || left.is_zero() {
                return Ok(len);
            }
            self.try_flush()?;
            self.wait(PollFlags::IN, left)?;
        }
    }

    /// Writes all of `bytes`, and fails when no byte could be written for five seconds.
    pub fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let mut deadline = Instant::now() + WRITE_TIMEOUT;
        while !bytes.is_empty() || self.has_backlog() {
            let len = self.try_write(bytes)?;
            self.try_flush()?;
            if len > 0 {
                bytes = &bytes[len..];
                deadline = Instant::now() + WRITE_TIMEOUT;
            } else if !bytes.is_empty() || self.has_backlog() {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Error::WriteBlocked {
                        port: self.name.clone(),
                        seconds: WRITE_TIMEOUT.as_secs(),
                    });
                }
                self.wait(PollFlags::OUT, left)?;
            }
        }
        Ok(())
    }

    /// Drops what has arrived and was not read.
    pub fn clear_input(&mut self) -> Result<(), Error> {
        let mut buf = [0; 4096];
        // A device that never stops talking must not keep us here.
        for _ in 0..64 {
            if self.try_read(&mut buf)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Resets the chip. [`Error::NoModemLines`] if the port cannot.
    pub fn reset(&mut self, reset: Reset) -> Result<(), Error> {
        let timing = self.timing;
        if let (Kind::Tty(tty), Reset::Download | Reset::DownloadSlow) = (&mut self.kind, reset) {
            if self.spec.is_pseudo_terminal() {
                return Err(self.no_modem_lines());
            }
            return tty
                .reset_to_download(self.baud, reset == Reset::DownloadSlow)
                .map_err(|reason| Error::Reset {
                    port: self.name.clone(),
                    reason,
                });
        }
        // A step that changes nothing is not sent: for Espressif's esp_rfc2217_server, DTR on starts a whole reset into the
        // loader, and RTS off, unless DTR is on, one into the application. What is sent is esptool's classic reset.
        self.set_dtr_rts(Some(false), Some(true))?;
        sleep(timing.pulse);
        let boot = match reset {
            Reset::Run => return self.set_dtr_rts(None, Some(false)),
            Reset::Download => timing.boot,
            Reset::DownloadSlow => timing.slow_boot,
        };
        self.set_dtr_rts(Some(true), Some(false))?;
        sleep(boot);
        self.set_dtr_rts(Some(false), None)
    }

    /// Sets DTR, then RTS, where there is something to set.
    fn set_dtr_rts(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<(), Error> {
        let lines = match &mut self.kind {
            Kind::Tty(_) if self.spec.is_pseudo_terminal() => None,
            Kind::Tty(tty) => {
                let port = tty.port();
                let set_dtr = dtr.map_or(Ok(()), |on| port.write_data_terminal_ready(on));
                let set = set_dtr.and_then(|()| match rts {
                    Some(on) => port.write_request_to_send(on),
                    None => Ok(()),
                });
                Some(set.map_err(|error| error.to_string()))
            }
            Kind::Socket(_) => None,
            Kind::Remote(remote) => Some(remote.set_dtr_rts(dtr, rts)),
        };
        match lines {
            None => Err(self.no_modem_lines()),
            Some(set) => set.map_err(|reason| Error::Reset {
                port: self.name.clone(),
                reason,
            }),
        }
    }

    /// Lets the chip run, without a reset, whatever opening the port did to DTR and RTS. Opening a terminal asserts both: RTS is
    /// released first, so that EN never goes low. Behind RFC 2217 the server has the lines, and they are left alone.
    pub fn release(&mut self) -> Result<(), Error> {
        if matches!(self.kind, Kind::Remote(_)) {
            return Ok(());
        }
        self.set_dtr_rts(Some(true), Some(false))?;
        self.set_dtr_rts(Some(false), None)
    }

    /// Advice on the port's name, if the server behind it did not answer where it was waited for.
    pub fn advice(&self) -> Option<String> {
        match &self.kind {
            Kind::Remote(remote) if remote.is_silent_on_control() => Some(format!(
                "{}: the server does not answer changes of DTR and RTS (SET-CONTROL); with ?ign_set_control behind the port's name, \
                 no answer is waited for",
                self.name
            )),
            _ => None,
        }
    }

    fn no_modem_lines(&self) -> Error {
        Error::NoModemLines {
            port: self.name.clone(),
        }
    }

    fn gone(&self, reason: impl ToString) -> Error {
        Error::Gone {
            port: self.name.clone(),
            reason: reason.to_string(),
        }
    }

    /// The descriptor to poll.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        match &self.kind {
            Kind::Tty(tty) => tty.data.as_fd(),
            Kind::Socket(socket) => socket.as_fd(),
            Kind::Remote(remote) => remote.socket().as_fd(),
        }
    }

    /// Whether [`Line::try_flush`] has something to write.
    pub(crate) fn has_backlog(&self) -> bool {
        matches!(&self.kind, Kind::Remote(remote) if remote.has_backlog())
    }

    /// Reads without waiting; 0 if there is nothing.
    pub(crate) fn try_read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        let read = match &mut self.kind {
            Kind::Tty(tty) => rustix::io::read(&tty.data, &mut *buf).map_err(io::Error::from),
            Kind::Socket(socket) => io::Read::read(socket, buf),
            Kind::Remote(remote) => match remote.try_read(buf) {
                // It tells "nothing" and "closed" apart itself.
                Ok(len) => return Ok(len),
                Err(error) => Err(error),
            },
        };
        match read {
            Ok(0) if !buf.is_empty() => Err(self.gone(match self.kind {
                Kind::Tty(_) => UNPLUGGED,
                _ => HUNG_UP,
            })),
            Ok(len) => Ok(len),
            Err(error) if is_temporary(&error) => Ok(0),
            Err(error) => Err(self.gone(describe(&error))),
        }
    }

    /// Writes without waiting; 0 if there is no room.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let written = match &mut self.kind {
            Kind::Tty(tty) => rustix::io::write(&tty.data, bytes).map_err(io::Error::from),
            Kind::Socket(socket) => io::Write::write(socket, bytes),
            Kind::Remote(remote) => remote.try_write(bytes),
        };
        match written {
            Ok(len) => Ok(len),
            Err(error) if is_temporary(&error) => Ok(0),
            Err(error) => Err(self.gone(describe(&error))),
        }
    }

    /// Goes on writing what a server has not taken yet.
    pub(crate) fn try_flush(&mut self) -> Result<(), Error> {
        let flushed = match &mut self.kind {
            Kind::Remote(remote) => remote.try_flush(),
            _ => Ok(()),
        };
        flushed.map_err(|error| self.gone(describe(&error)))
    }

    fn wait(&self, events: PollFlags, timeout: Duration) -> Result<(), Error> {
        let mut fds = [PollFd::from_borrowed_fd(self.fd(), events)];
        poll_for(&mut fds, timeout).map_err(|error| self.gone(error))
    }
}

impl Tty {
    fn open(path: &Path, name: &str, baud: u32) -> Result<Self, Error> {
        let port = || name.to_owned();
        let not_opened = |error: &dyn std::fmt::Display| Error::Open {
            port: port(),
            reason: error.to_string(),
        };
        let in_use = || Error::InUse {
            port: port(),
            by: holder(path),
        };
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let data = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT | Errno::NXIO | Errno::NODEV => Error::NotFound { port: port() },
            Errno::ACCESS | Errno::PERM => Error::Denied { port: port() },
            Errno::BUSY => in_use(),
            error => not_opened(&error),
        })?;
        if !rustix::termios::isatty(&data) {
            return Err(not_opened(&"it is not a terminal device"));
        }
        match flock(&data, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(in_use()),
            Err(error) => return Err(not_opened(&error)),
        }
        // A program that does not lock would still take bytes away. Whoever made a pseudo-terminal may keep it open.
        if !(PortSpec::Tty(path.to_owned())).is_pseudo_terminal() && holder(path).is_some() {
            return Err(in_use());
        }
        // The terminal stays open over the change of locks, so that DTR and RTS do not move.
        flock(&data, FlockOperation::Unlock).map_err(|error| not_opened(&error))?;
        let builder = serialport::new(path.to_string_lossy(), baud).exclusive(true);
        let port = TTYPort::open(&builder).map_err(|error| match error.kind() {
            serialport::ErrorKind::NoDevice => in_use(),
            _ => not_opened(&error),
        })?;
        let usb = candidates()
            .ok()
            .and_then(|found| found.into_iter().find(|c| Path::new(&c.path) == path));
        let usb = UsbPortInfo {
            vid: usb.as_ref().map_or(0, |usb| usb.vid),
            pid: usb.as_ref().map_or(0, |usb| usb.pid),
            serial_number: None,
            manufacturer: None,
            product: None,
        };
        Ok(Self {
            port: Some(port),
            data,
            usb,
        })
    }

    fn port(&mut self) -> &mut TTYPort {
        self.port
            .as_mut()
            .expect("the port is only away during a reset")
    }

    /// espflash sets DTR and RTS in one call, which serialport cannot.
    fn reset_to_download(&mut self, baud: u32, slow: bool) -> Result<(), String> {
        let port = self
            .port
            .take()
            .expect("the port is only away during a reset");
        let (after, before) = (ResetAfterOperation::NoReset, ResetBeforeOperation::NoReset);
        let mut connection = Connection::new(port, self.usb.clone(), after, before, baud);
        let reset = connection
            .reset_to_flash(slow)
            .map_err(|error| error.to_string());
        self.port = Some(connection.into_serial());
        reset
    }
}

fn connect(address: &str, name: &str, timeout: Duration) -> Result<TcpStream, Error> {
    let failed = |reason: String| Error::Connect {
        port: name.to_owned(),
        reason,
    };
    let mut reason = "the name has no address".to_owned();
    for address in address
        .to_socket_addrs()
        .map_err(|error| failed(error.to_string()))?
    {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(socket) => {
                socket
                    .set_nodelay(true)
                    .and_then(|()| socket.set_nonblocking(true))
                    .map_err(|error| failed(error.to_string()))?;
                return Ok(socket);
            }
            Err(error) => reason = error.to_string(),
        }
    }
    Err(failed(reason))
}

/// The process, other than this one, that has the device locked or at least open.
fn holder(path: &Path) -> Option<String> {
    let device = path.canonicalize().ok()?;
    let own = std::process::id().to_string();
    let name = |pid: &str| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        format!("{} (process {pid})", name.trim())
    };
    if let Some(pid) = locked_by(&device).filter(|pid| *pid != own) {
        return Some(name(&pid));
    }
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let pid = process.file_name().to_string_lossy().into_owned();
        if pid == own || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let holds = |file: std::fs::DirEntry| {
            std::fs::read_link(file.path()).is_ok_and(|target| target == device)
        };
        if files.flatten().any(holds) {
            return Some(name(&pid));
        }
    }
    None
}

/// The process that has a file locked with flock: /proc/locks has lines such as `1: FLOCK ADVISORY WRITE 708 00:1d:41 0 EOF`,
/// with device and inode before the last two words (proc(5)).
fn locked_by(file: &Path) -> Option<String> {
    let metadata = file.metadata().ok()?;
    let (major, minor) = (
        rustix::fs::major(metadata.dev()),
        rustix::fs::minor(metadata.dev()),
    );
    let wanted = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, "WRITE", pid, file, ..] if file == wanted => Some(pid.to_owned()),
            _ => None,
        }
    })
}

pub(crate) fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn describe(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        // What a terminal says when its device was unplugged, or its other side closed.
        Some(Errno::IO | Errno::NODEV | Errno::NXIO) => UNPLUGGED.to_owned(),
        Some(Errno::CONNRESET | Errno::PIPE) => HUNG_UP.to_owned(),
        _ => error.to_string(),
    }
}

/// Polls; being interrupted by a signal is like nothing having happened.
pub(crate) fn poll_for(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<(), Errno> {
    let timeout = Timespec {
        tv_sec: timeout.as_secs().min(1 << 30) as i64,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    match poll(fds, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}
