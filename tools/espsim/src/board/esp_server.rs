//! What Espressif's `esp_rfc2217_server` (of the esptool package) makes of DTR and RTS.
//!
//! It does not pass them on: DTR on starts a whole reset into the loader, RTS off outside of one a whole reset into the
//! application, each in the background and none of them answered. Whoever sends a reset line by line in another order gets
//! several.

use std::time::{Duration, Instant};

use ModemLine::{Dtr, Rts};

/// How long EN is held low.
const HOLD: Duration = Duration::from_millis(100);
/// How long IO0 is held low after that.
const BOOT: Duration = Duration::from_millis(50);

/// A change of one modem line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModemLine {
    /// DTR, asserted or not.
    Dtr(bool),
    /// RTS, asserted or not.
    Rts(bool),
}

/// The server's state.
#[derive(Debug, Default)]
pub struct EspServer {
    /// Whether a reset into the loader was started and not ended.
    download: bool,
    due: Vec<(Instant, ModemLine)>,
}

impl EspServer {
    /// The server has a client: it asserts both lines, RTS first.
    pub fn connected(&mut self, now: Instant) {
        self.download = false;
        self.plan(now, &[Rts(true), Dtr(true)]);
    }

    /// The client went away.
    pub fn disconnected(&mut self, now: Instant) {
        self.plan(now, &[Dtr(false), Rts(false)]);
    }

    /// The client asks for a change.
    pub fn ask(&mut self, now: Instant, line: ModemLine) {
        match line {
            Dtr(false) => {
                self.download = false;
                self.plan(now, &[line]);
            }
            Rts(false) if !self.download => {
                self.plan(now, &[Rts(true)]);
                self.plan(now + HOLD, &[Rts(false)]);
            }
            Dtr(true) if !self.download => {
                self.download = true;
                self.plan(now, &[Dtr(false), Rts(true)]);
                self.plan(now + HOLD, &[Dtr(true), Rts(false)]);
                self.plan(now + HOLD + BOOT, &[Dtr(false), Rts(false)]);
            }
            Dtr(true) | Rts(_) => {}
        }
    }

    fn plan(&mut self, at: Instant, lines: &[ModemLine]) {
        self.due.extend(lines.iter().map(|&line| (at, line)));
        self.due.sort_by_key(|&(at, _)| at);
    }

    /// When the next change of the device's lines is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|&(at, _)| at)
    }

    /// The changes of the device's lines up to `now`.
    pub fn take_due(&mut self, now: Instant) -> Vec<ModemLine> {
        let end = self.due.partition_point(|&(at, _)| at <= now);
        self.due.drain(..end).map(|(_, line)| line).collect()
    }
}

/// What a server sends, without answers to changes of DTR and RTS: SET-CONTROL of RFC 2217 with the values 8, 9, 11 and 12.
pub fn without_answers(mut output: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while !output.is_empty() {
        if let [0xFF, 0xFA, 44, 105, 8 | 9 | 11 | 12, 0xFF, 0xF0, rest @ ..] = output {
            output = rest;
        } else {
            kept.push(output[0]);
            output = &output[1..];
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_whole_reset() {
        let start = Instant::now();
        let mut server = EspServer::default();
        server.ask(start, Rts(true));
        assert_eq!(server.deadline(), None);
        server.ask(start, Dtr(true));
        server.ask(start, Rts(false));
        server.ask(start, Dtr(true));
        assert_eq!(server.take_due(start).last(), Some(&Rts(true)));
        assert_eq!(server.take_due(start + HOLD), [Dtr(true), Rts(false)]);
        assert_eq!(server.deadline(), Some(start + HOLD + BOOT));
        server.take_due(start + HOLD + BOOT);
        assert_eq!(server.deadline(), None);

        let start = start + HOLD * 2;
        server.ask(start, Dtr(false));
        server.ask(start, Rts(false));
        assert_eq!(server.take_due(start), [Dtr(false), Rts(true)]);
        assert_eq!(server.take_due(start + HOLD), [Rts(false)]);
    }

    #[test]
    fn answers_are_left_out() {
        let rts_on = [0xFF, 0xFA, 44, 105, 11, 0xFF, 0xF0];
        let flow = [0xFF, 0xFA, 44, 105, 1, 0xFF, 0xF0];
        assert_eq!(
            without_answers(&[&rts_on[..], &flow, &rts_on].concat()),
            flow
        );
    }
}
