//! SLIP framing (RFC 1055) as the ROM and the stub use it: a frame has an END on both sides.

const END: u8 = 0xC0;
const ESC: u8 = 0xDB;
const ESC_END: u8 = 0xDC;
const ESC_ESC: u8 = 0xDD;

/// `payload` between two ENDs, escaped.
pub fn encode(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 2);
    frame.push(END);
    for &byte in payload {
        match byte {
            END => frame.extend([ESC, ESC_END]),
            ESC => frame.extend([ESC, ESC_ESC]),
            byte => frame.push(byte),
        }
    }
    frame.push(END);
    frame
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Escaped,
    Dropped,
}

/// Bytes that the stub's interrupt takes from the UART at once (stub_lib_uart_set_rxfifo_full_threshold in transport.c).
const BATCH: usize = 32;

/// How a receiver treats what is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The ROM's recv_packet: two ENDs in a row begin a frame once, a byte behind an ESC that needs none is taken as it is, a
    /// frame that is too long is cut.
    Rom,
    /// The stub's slip_recv_byte: two ENDs in a row are an empty frame, so a single stray END puts it out of step until the
    /// next stray one. What is wrong drops the frame and what comes in the same interrupt.
    Stub,
}

/// Takes bytes as they arrive and gives frames.
#[derive(Debug)]
pub struct Decoder {
    dialect: Dialect,
    state: State,
    frame: Vec<u8>,
    capacity: usize,
    in_batch: usize,
}

impl Decoder {
    /// A decoder for frames of up to `capacity` bytes.
    pub fn new(dialect: Dialect, capacity: usize) -> Self {
        Self {
            dialect,
            state: State::Outside,
            frame: Vec::new(),
            capacity,
            in_batch: 0,
        }
    }

    /// The next byte from the line; a frame, if it is the frame's last one. What is outside of a frame is ignored.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        self.in_batch += 1;
        if self.state == State::Dropped {
            if self.in_batch.is_multiple_of(BATCH) {
                self.state = State::Outside;
            }
            return None;
        }
        match (self.state, byte) {
            (State::Outside, END) => {
                self.frame.clear();
                self.state = State::Inside;
            }
            (State::Outside | State::Dropped, _) => {}
            (State::Inside, END) if self.frame.is_empty() => {
                if self.dialect == Dialect::Stub {
                    self.state = State::Outside;
                }
            }
            (State::Inside, END) => {
                self.state = State::Outside;
                return Some(std::mem::take(&mut self.frame));
            }
            (State::Inside, ESC) => self.state = State::Escaped,
            (State::Inside, byte) => self.put(byte),
            (State::Escaped, ESC_END) => self.unescape(END),
            (State::Escaped, ESC_ESC) => self.unescape(ESC),
            (State::Escaped, byte) => match self.dialect {
                Dialect::Rom => self.unescape(byte),
                Dialect::Stub => self.state = State::Dropped,
            },
        }
        None
    }

    fn unescape(&mut self, byte: u8) {
        self.state = State::Inside;
        self.put(byte);
    }

    fn put(&mut self, byte: u8) {
        if self.frame.len() < self.capacity {
            self.frame.push(byte);
        } else if self.dialect == Dialect::Stub {
            self.state = State::Dropped;
        }
    }

    /// Nothing more is on the line.
    pub fn idle(&mut self) {
        self.in_batch = 0;
        if self.state == State::Dropped {
            self.state = State::Outside;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(dialect: Dialect, capacity: usize, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut decoder = Decoder::new(dialect, capacity);
        bytes
            .iter()
            .filter_map(|&byte| decoder.push(byte))
            .collect()
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let payload: Vec<u8> = (0..=255).collect();
        for dialect in [Dialect::Rom, Dialect::Stub] {
            let line = [encode(&payload), encode(&payload)].concat();
            assert_eq!(frames(dialect, 256, &line), [&payload[..], &payload[..]]);
        }
        assert_eq!(
            encode(&[0xC0, 1, 0xDB]),
            [0xC0, 0xDB, 0xDC, 1, 0xDB, 0xDD, 0xC0]
        );
    }

    #[test]
    fn what_is_not_right() {
        let (rom, stub) = (Dialect::Rom, Dialect::Stub);
        let double_end = [0xC0, 0xC0, 1, 0xC0, 2, 0xC0];
        assert_eq!(frames(rom, 8, &double_end), [[1]]);
        assert_eq!(frames(stub, 8, &double_end), [[2]]);
        let escape = [0xC0, 1, 0xDB, 5, 0xC0];
        assert_eq!(frames(rom, 8, &escape), [[1, 5]]);
        assert!(frames(stub, 8, &escape).is_empty());
        let long = [0xC0, 1, 2, 3, 0xC0];
        assert_eq!(frames(rom, 2, &long), [[1, 2]]);
        assert!(frames(stub, 2, &long).is_empty());
        assert!(frames(rom, 8, &[1, 2, 3]).is_empty());
    }

    #[test]
    fn stub_is_out_of_step_after_a_stray_end() {
        let read = encode(&[1, 2]);
        let line = [&[0xC0], &read[..], &read, &[0xC0], &read].concat();
        assert_eq!(frames(Dialect::Stub, 8, &line), [[1, 2]]);
        assert_eq!(frames(Dialect::Rom, 8, &line), [[1, 2], [1, 2], [1, 2]]);
    }
}
