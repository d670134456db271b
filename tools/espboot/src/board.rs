//! A real board as execution environment: flashed, reset, and read from its console.

use std::time::Duration;

use espline::{Line, Reset};
use espload::{After, Cancel, DeviceInfo, FlashImage as Files, Progress, Request};

use crate::boot::FlashImage;
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment};
use crate::error::Error;
use crate::pool::{Pool, Taken};
use crate::spec::BoardSpec;

/// How long a server may take to accept the connection to a port.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Baud rate of the loader and of the console.
const BAUD: u32 = 115_200;

/// What the ROM prints once after each reset (ESP-IDF's documentation, "Fatal Errors": `rst:0xc (SW_CPU_RESET)`).
const BANNER: &[u8] = b"rst:0x";

/// The boards of a test.
#[derive(Debug)]
pub struct Board {
    pool: Pool,
    request: Request,
    cancel: Cancel,
}

impl Board {
    /// Reads the list of boards and the files to flash. `cancel` ends waiting and flashing.
    pub fn new(spec: &BoardSpec, cancel: Cancel) -> Result<Self, Error> {
        let mut request = Request::new(Files::read(&spec.flasher_args).map_err(flash_error)?);
        request.baud = spec.baud;
        request.after = After::NoReset;
        Ok(Self {
            pool: Pool::parse(&spec.boards)?,
            request,
            cancel,
        })
    }
}

impl ExecutionEnvironment for Board {
    fn start(&self, _image: &FlashImage) -> Result<Box<dyn Execution>, Error> {
        let board = self.pool.take(&self.cancel.flag(), || {
            eprintln!("all boards are in use: waiting for one");
        })?;
        let line = Line::open(&board.port, BAUD, CONNECT_TIMEOUT).map_err(line_error)?;
        let (summary, mut line) =
            espload::load(line, &self.request, &mut Report, &self.cancel).map_err(flash_error)?;
        eprintln!("{}", summary.line());
        line.clear_input().map_err(line_error)?;
        line.reset(Reset::Run).map_err(line_error)?;
        Ok(Box::new(Running {
            line,
            _board: board,
            banners: Banners::default(),
            pending: None,
        }))
    }
}

fn flash_error(source: espload::Error) -> Error {
    Error::Flash {
        source: Box::new(source),
    }
}

fn line_error(source: espline::Error) -> Error {
    Error::Line {
        source: Box::new(source),
    }
}

/// Tells on standard error which board it is, and what is out of the ordinary.
struct Report;

impl Progress for Report {
    fn note(&mut self, text: &str) {
        eprintln!("{text}");
    }

    fn connected(&mut self, device: &DeviceInfo, port: &str, baud: u32) {
        eprintln!("{device} on {port} at {baud} baud");
    }
}

struct Running {
    line: Line,
    _board: Taken,
    banners: Banners,
    /// What comes after the console that was read last.
    pending: Option<Ending>,
}

impl Execution for Running {
    fn next_event(&mut self, wait: Duration) -> Result<Event, Error> {
        if let Some(ending) = &self.pending {
            return Ok(Event::Ended(ending.clone()));
        }
        let mut bytes = vec![0; 4096];
        match self.line.read(&mut bytes, wait) {
            Ok(0) => Ok(Event::Quiet),
            Ok(len) => {
                bytes.truncate(len);
                if let Some(end) = self.banners.second(&bytes) {
                    bytes.truncate(end);
                    self.pending = Some(Ending::Reset);
                }
                Ok(Event::Console(bytes))
            }
            Err(error) => {
                let ending = Ending::Died {
                    status: error.to_string(),
                    diagnostics: String::new(),
                };
                self.pending = Some(ending.clone());
                Ok(Event::Ended(ending))
            }
        }
    }

    /// A board goes on running what it was flashed with.
    fn stop(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn read_register(&mut self, address: u32) -> Result<u32, Error> {
        Err(Error::NoRegisters { address })
    }
}

/// Counts the resets that a console tells of.
#[derive(Debug, Default)]
struct Banners {
    seen: usize,
    /// How much of a banner the bytes so far end with.
    matched: usize,
}

impl Banners {
    /// Takes the next bytes of the console: where in them the second banner ends, if it does. The first one is that of the
    /// reset which started the run.
    fn second(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            // No part of a banner but its first byte is how a banner starts.
            self.matched = match byte {
                byte if byte == BANNER[self.matched] => self.matched + 1,
                byte => usize::from(byte == BANNER[0]),
            };
            if self.matched == BANNER.len() {
                self.matched = 0;
                self.seen += 1;
                if self.seen == 2 {
                    return Some(index + 1);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: &[u8] = b"ets\r\n\r\nrst:0x1 (POWERON_RESET)\r\nhello rrst:\r\nrst:0xc (SW)";

    #[test]
    fn the_second_banner_is_a_reset_wherever_the_bytes_are_cut() {
        let end = CONSOLE.len() - b"c (SW)".len();
        for cut in 0..CONSOLE.len() {
            let mut banners = Banners::default();
            let (first, second) = CONSOLE.split_at(cut);
            let found = match banners.second(first) {
                Some(end) => Some(end),
                None => banners.second(second).map(|end| cut + end),
            };
            assert_eq!(found, Some(end), "cut at {cut}");
        }
    }

    #[test]
    fn one_banner_is_the_start() {
        assert_eq!(Banners::default().second(&CONSOLE[..40]), None);
    }
}
