//! The client's side of RFC 2217 over a socket that does not block.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rfc2217::{Client, Event, NotReady, PortSettings, Setting};
use rustix::event::{PollFd, PollFlags};

use crate::line::{is_temporary, poll_for};
use crate::{Error, RemoteOptions};

/// Bytes that may wait for the server before no more are taken.
const BACKLOG: usize = 64 << 10;
/// How long the answer to DTR and RTS is waited for: some servers never give it.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Remote {
    socket: TcpStream,
    client: Client,
    received: VecDeque<u8>,
    backlog: VecDeque<u8>,
    control_answers: u64,
    silent_on_control: bool,
    options: RemoteOptions,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

impl Remote {
    pub(crate) fn open(
        socket: TcpStream,
        port: &str,
        baud: u32,
        options: RemoteOptions,
    ) -> Result<Self, Error> {
        let mut remote = Self {
            socket,
            client: Client::new(settings(baud)),
            received: VecDeque::new(),
            backlog: VecDeque::new(),
            control_answers: 0,
            silent_on_control: false,
            options,
        };
        remote.wait_for_baud(port, baud)?;
        Ok(remote)
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(crate) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    pub(crate) fn set_baud(&mut self, port: &str, baud: u32) -> Result<(), Error> {
        self.client.set_port_settings(settings(baud));
        self.wait_for_baud(port, baud)
    }

    /// Changes DTR, then RTS. Both go out in one write, so that they change as close together as the server can.
    pub(crate) fn set_dtr_rts(
        &mut self,
        dtr: Option<bool>,
        rts: Option<bool>,
    ) -> Result<(), String> {
        let wanted = self.control_answers + u64::from(dtr.is_some()) + u64::from(rts.is_some());
        if let Some(dtr) = dtr {
            self.client.set_dtr(dtr);
        }
        if let Some(rts) = rts {
            self.client.set_rts(rts);
        }
        let deadline = Instant::now() + CONTROL_TIMEOUT.min(self.options.timeout);
        self.try_flush().map_err(|error| error.to_string())?;
        loop {
            let answered = self.options.ignore_set_control || self.control_answers >= wanted;
            if answered && self.backlog.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                break;
            }
            self.step(deadline).map_err(|error| error.to_string())?;
        }
        if !self.backlog.is_empty() {
            return Err("the server takes no bytes".to_owned());
        }
        // Waiting again would stretch the times of a reset.
        self.options.ignore_set_control = true;
        self.silent_on_control = true;
        Ok(())
    }

    /// Whether the server did not answer DTR or RTS although that was waited for.
    pub(crate) fn is_silent_on_control(&self) -> bool {
        self.silent_on_control
    }

    pub(crate) fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.received.is_empty() {
            self.receive()?;
        }
        self.received.read(buf)
    }

    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.backlog.len() > BACKLOG {
            return Ok(0);
        }
        self.client.write_data(bytes);
        self.try_flush()?;
        Ok(bytes.len())
    }

    pub(crate) fn try_flush(&mut self) -> io::Result<()> {
        self.backlog.extend(self.client.take_output());
        while !self.backlog.is_empty() {
            match self.socket.write(self.backlog.as_slices().0) {
                Ok(len) => drop(self.backlog.drain(..len)),
                Err(error) if is_temporary(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes in what the socket has now.
    fn receive(&mut self) -> io::Result<()> {
        let mut buf = [0; 4096];
        match self.socket.read(&mut buf) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => self.received.extend(self.client.receive(&buf[..len])),
            Err(error) if is_temporary(&error) => {}
            Err(error) => return Err(error),
        }
        while let Some(event) = self.client.poll_event() {
            if matches!(event, Event::Dtr(_) | Event::Rts(_)) {
                self.control_answers += 1;
            }
        }
        self.try_flush()
    }

    fn step(&mut self, deadline: Instant) -> io::Result<()> {
        self.try_flush()?;
        let mut events = PollFlags::IN;
        events.set(PollFlags::OUT, self.has_backlog());
        let left = deadline.saturating_duration_since(Instant::now());
        poll_for(
            &mut [PollFd::from_borrowed_fd(self.socket.as_fd(), events)],
            left,
        )?;
        self.receive()
    }

    fn wait_for_baud(&mut self, port: &str, baud: u32) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.timeout;
        let not_rfc2217 = |reason: &str| Error::NotRfc2217 {
            port: port.to_owned(),
            reason: reason.to_owned(),
        };
        let refused = |reason: String| Error::Baud {
            port: port.to_owned(),
            baud,
            reason,
        };
        loop {
            let late = Instant::now() >= deadline;
            match self.client.readiness() {
                Ok(()) => return Ok(()),
                Err(NotReady::Refused) => return Err(not_rfc2217(": it refuses the option")),
                Err(NotReady::Negotiating) if late => {
                    return Err(not_rfc2217(": it does not answer the offer"));
                }
                Err(NotReady::Negotiating) => {}
                Err(NotReady::Mismatched(_))
                    if self
                        .client
                        .mismatched_settings()
                        .contains(Setting::BaudRate) =>
                {
                    let at = self.client.reported_settings().baud_rate;
                    let at = at.map_or("another rate".to_owned(), |rate| format!("{rate} baud"));
                    return Err(refused(format!("the server stays at {at}")));
                }
                Err(_) if !self.client.pending_settings().contains(Setting::BaudRate) && late => {
                    // The rate holds; servers in front of a pseudo-terminal report odd values for the rest.
                    return Ok(());
                }
                Err(NotReady::Mismatched(_)) if self.client.pending_settings().is_empty() => {
                    return Ok(());
                }
                Err(_) if late => return Err(refused("the server does not answer".to_owned())),
                Err(_) => {}
            }
            self.step(deadline).map_err(|error| Error::Connect {
                port: port.to_owned(),
                reason: error.to_string(),
            })?;
        }
    }
}

fn settings(baud: u32) -> PortSettings {
    PortSettings {
        baud_rate: baud,
        ..PortSettings::default()
    }
}
