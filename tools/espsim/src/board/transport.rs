//! Ports: a pseudo-terminal, a TCP socket, RFC 2217.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rfc2217::{ModemState, PortSettings, Server, ServerEvent};
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::esp_server::{EspServer, ModemLine, without_answers};
use crate::error::Error;

/// The rate of a terminal that nobody has set.
const ROM_BAUD: u32 = 115_200;

/// Where the serial line is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// A pseudo-terminal: it carries the baud rate, and no modem lines.
    Pty {
        /// A symbolic link to it, which stays the same when the port comes back after a disconnect.
        link: Option<PathBuf>,
    },
    /// A socket that carries bytes only.
    Tcp(String),
    /// RFC 2217: with baud rate and modem lines.
    Rfc2217(String),
    /// RFC 2217 as Espressif's `esp_rfc2217_server` has it.
    EspRfc2217(String),
}

/// What comes from the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromHost {
    /// Bytes, which the host sent at a rate if the port can tell.
    Data(Vec<u8>, Option<u32>),
    /// The host's rate.
    Baud(u32),
    /// DTR.
    Dtr(bool),
    /// RTS.
    Rts(bool),
    /// The host went away.
    Gone,
}

/// A port that is open, or will be again.
pub struct Transport {
    kind: Kind,
    name: String,
    back_at: Option<Instant>,
    pending: VecDeque<u8>,
}

enum Kind {
    Pty {
        open: Option<Pty>,
        link: Option<PathBuf>,
    },
    Tcp {
        address: SocketAddr,
        listener: Option<TcpListener>,
        client: Option<TcpStream>,
        rfc2217: bool,
        server: Option<Box<Server>>,
        esp: Option<EspServer>,
    },
}

struct Pty {
    master: File,
    /// Kept open so that the line does not hang up between two hosts, and to read its rate.
    slave: OwnedFd,
}

/// Bytes for a host that does not read, before the oldest are dropped.
const PENDING: usize = 1 << 20;

impl Transport {
    /// Opens `port`.
    pub fn open(port: &Port) -> Result<Self, Error> {
        let mut transport = match port {
            Port::Pty { link } => Self::of(Kind::Pty {
                open: None,
                link: link.clone(),
            }),
            Port::Tcp(address) | Port::Rfc2217(address) | Port::EspRfc2217(address) => {
                let error = |error| Error::Listen {
                    address: address.clone(),
                    error,
                };
                let listener = TcpListener::bind(address).map_err(error)?;
                Self::of(Kind::Tcp {
                    address: listener.local_addr().map_err(error)?,
                    listener: Some(listener),
                    client: None,
                    rfc2217: !matches!(port, Port::Tcp(_)),
                    server: None,
                    esp: matches!(port, Port::EspRfc2217(_)).then(EspServer::default),
                })
            }
        };
        transport.reopen()?;
        Ok(transport)
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            name: String::new(),
            back_at: None,
            pending: VecDeque::new(),
        }
    }

    /// The port as tools take it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.back_at = None;
        match &mut self.kind {
            Kind::Pty { open, link } => {
                let (pty, path) = Pty::open()?;
                self.name = match link {
                    Some(link) => {
                        let failed = |error| Error::Write {
                            path: link.display().to_string(),
                            error,
                        };
                        remove_link(link);
                        std::os::unix::fs::symlink(&path, &*link).map_err(failed)?;
                        link.display().to_string()
                    }
                    None => path,
                };
                *open = Some(pty);
            }
            Kind::Tcp {
                address,
                listener,
                rfc2217,
                esp,
                ..
            } => {
                let failed = |error| Error::Listen {
                    address: address.to_string(),
                    error,
                };
                let bound = match listener.take() {
                    Some(bound) => bound,
                    None => TcpListener::bind(*address).map_err(failed)?,
                };
                bound.set_nonblocking(true).map_err(failed)?;
                *listener = Some(bound);
                let scheme = if *rfc2217 { "rfc2217" } else { "socket" };
                let option = esp.as_ref().map_or("", |_| "?ign_set_control");
                self.name = format!("{scheme}://{address}{option}");
            }
        }
        Ok(())
    }

    /// The port goes away for `time`: a pseudo-terminal hangs up, a socket is closed and refuses connections.
    pub fn disconnect(&mut self, time: Duration) {
        self.pending.clear();
        self.back_at = Some(Instant::now() + time);
        match &mut self.kind {
            Kind::Pty { open, link } => {
                *open = None;
                if let Some(link) = link {
                    remove_link(link);
                }
            }
            Kind::Tcp {
                listener,
                client,
                server,
                ..
            } => {
                *listener = None;
                *client = None;
                *server = None;
            }
        }
    }

    /// When [`Transport::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let lines = match &self.kind {
            Kind::Tcp { esp: Some(esp), .. } => esp.deadline(),
            _ => None,
        };
        self.back_at.into_iter().chain(lines).min()
    }

    /// Brings the port back when it is time.
    pub fn tick(&mut self) -> Result<(), Error> {
        if self.back_at.is_some_and(|at| Instant::now() >= at) {
            self.reopen()?;
        }
        Ok(())
    }

    /// What to wait on, and whether also for room to write.
    pub fn sources(&self) -> Vec<(BorrowedFd<'_>, bool)> {
        let writes = !self.pending.is_empty();
        match &self.kind {
            Kind::Pty { open, .. } => open
                .iter()
                .map(|pty| (pty.master.as_fd(), writes))
                .collect(),
            Kind::Tcp {
                listener, client, ..
            } => match (client, listener) {
                (Some(client), _) => vec![(client.as_fd(), writes)],
                (None, Some(listener)) => vec![(listener.as_fd(), false)],
                (None, None) => Vec::new(),
            },
        }
    }

    /// Reads what there is, without waiting.
    pub fn read(&mut self) -> Vec<FromHost> {
        let mut buffer = [0; 0x4000];
        let mut events = Vec::new();
        match &mut self.kind {
            Kind::Pty { open: None, .. } => {}
            Kind::Pty {
                open: Some(pty), ..
            } => {
                if let Ok(len @ 1..) = pty.master.read(&mut buffer) {
                    events.push(FromHost::Data(buffer[..len].to_vec(), Some(pty.baud())));
                }
            }
            Kind::Tcp {
                listener,
                client,
                rfc2217,
                server,
                esp,
                ..
            } => {
                let now = Instant::now();
                if client.is_none()
                    && let Some(listener) = listener
                    && let Ok((stream, _)) = listener.accept()
                    && stream.set_nonblocking(true).is_ok()
                {
                    // A small answer waits for nothing.
                    stream.set_nodelay(true).ok();
                    *client = Some(stream);
                    self.pending.clear();
                    if let Some(esp) = esp {
                        esp.connected(now);
                    }
                    if *rfc2217 {
                        let mut fresh = Server::new(PortSettings::default());
                        fresh.set_modem_state(ModemState::CTS | ModemState::DSR | ModemState::CD);
                        *server = Some(Box::new(fresh));
                    }
                }
                if let Some(stream) = client {
                    match stream.read(&mut buffer) {
                        Ok(len @ 1..) => match server {
                            None => events.push(FromHost::Data(buffer[..len].to_vec(), None)),
                            Some(server) => {
                                receive_rfc2217(server, &buffer[..len], &mut events, esp.as_mut());
                            }
                        },
                        Err(error) if retry_later(&error) => {}
                        Ok(0) | Err(_) => {
                            *client = None;
                            *server = None;
                            match esp {
                                Some(esp) => esp.disconnected(now),
                                None => events.push(FromHost::Gone),
                            }
                        }
                    }
                }
                if let Some(server) = server {
                    let output = server.take_output();
                    self.pending.extend(match esp {
                        Some(_) => without_answers(&output),
                        None => output,
                    });
                }
                if let Some(esp) = esp {
                    events.extend(esp.take_due(Instant::now()).into_iter().map(
                        |line| match line {
                            ModemLine::Dtr(on) => FromHost::Dtr(on),
                            ModemLine::Rts(on) => FromHost::Rts(on),
                        },
                    ));
                }
            }
        }
        self.flush();
        events
    }

    /// Sends `bytes` to the host, if there is one; what does not fit waits.
    pub fn write(&mut self, bytes: &[u8]) {
        match &mut self.kind {
            Kind::Tcp { client: None, .. } | Kind::Pty { open: None, .. } => return,
            Kind::Tcp {
                server: Some(server),
                ..
            } => {
                server.write_data(bytes);
                self.pending.extend(server.take_output());
            }
            _ => self.pending.extend(bytes),
        }
        let excess = self.pending.len().saturating_sub(PENDING);
        self.pending.drain(..excess);
        self.flush();
    }

    /// Writes what waits, as far as it goes without waiting.
    pub fn flush(&mut self) {
        while !self.pending.is_empty() {
            let (front, _) = self.pending.as_slices();
            let written = match &mut self.kind {
                Kind::Pty {
                    open: Some(pty), ..
                } => pty.master.write(front),
                Kind::Tcp {
                    client: Some(client),
                    ..
                } => client.write(front),
                _ => Ok(front.len()),
            };
            match written {
                Ok(len @ 1..) => {
                    self.pending.drain(..len);
                }
                _ => break,
            }
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if let Kind::Pty {
            link: Some(link), ..
        } = &self.kind
        {
            remove_link(link);
        }
    }
}

fn remove_link(link: &Path) {
    if link.is_symlink() {
        std::fs::remove_file(link).ok();
    }
}

fn retry_later(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Pty {
    fn open() -> Result<(Self, String), Error> {
        let failed = |error: rustix::io::Errno| Error::Pty {
            error: error.into(),
        };
        let master =
            rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
                .map_err(failed)?;
        rustix::pty::grantpt(&master).map_err(failed)?;
        rustix::pty::unlockpt(&master).map_err(failed)?;
        let path = rustix::pty::ptsname(&master, Vec::new()).map_err(failed)?;
        let path = path.to_string_lossy().into_owned();
        let slave = rustix::fs::open(
            &*path,
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        )
        .map_err(failed)?;
        let mut settings = tcgetattr(&slave).map_err(failed)?;
        settings.make_raw();
        settings.set_speed(ROM_BAUD).map_err(failed)?;
        tcsetattr(&slave, OptionalActions::Now, &settings).map_err(failed)?;
        let flags = rustix::fs::fcntl_getfl(&master).map_err(failed)?;
        rustix::fs::fcntl_setfl(&master, flags | rustix::fs::OFlags::NONBLOCK).map_err(failed)?;
        Ok((
            Self {
                master: File::from(master),
                slave,
            },
            path,
        ))
    }

    fn baud(&self) -> u32 {
        tcgetattr(&self.slave).map_or(ROM_BAUD, |settings| settings.output_speed())
    }
}

impl Transport {
    /// The host's rate, if the port can tell it at any time.
    pub fn baud(&self) -> Option<u32> {
        match &self.kind {
            Kind::Pty {
                open: Some(pty), ..
            } => Some(pty.baud()),
            _ => None,
        }
    }
}

fn receive_rfc2217(
    server: &mut Server,
    bytes: &[u8],
    events: &mut Vec<FromHost>,
    mut esp: Option<&mut EspServer>,
) {
    let mut at = 0;
    while at < bytes.len() {
        let mut payload = Vec::new();
        at += server.receive_until_event(&bytes[at..], &mut payload);
        if !payload.is_empty() {
            events.push(FromHost::Data(payload, None));
        }
        while let Some(event) = server.poll_event() {
            match event {
                ServerEvent::SettingsChanged(settings) => {
                    events.push(FromHost::Baud(settings.baud_rate));
                }
                ServerEvent::Dtr(on) => match &mut esp {
                    Some(esp) => esp.ask(Instant::now(), ModemLine::Dtr(on)),
                    None => events.push(FromHost::Dtr(on)),
                },
                ServerEvent::Rts(on) => match &mut esp {
                    Some(esp) => esp.ask(Instant::now(), ModemLine::Rts(on)),
                    None => events.push(FromHost::Rts(on)),
                },
                _ => {}
            }
        }
    }
}
