//! SLIP framing (RFC 1055) as the ROM's serial loader uses it: a frame has an END on both sides.

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
}

/// Takes bytes as they arrive and gives frames, as the ROM's recv_packet does: two ENDs in a row begin a frame once, a byte behind an ESC
/// that needs none is taken as it is, a frame that is too long is cut.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    frame: Vec<u8>,
    capacity: usize,
}

impl Decoder {
    /// A decoder for frames of up to `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        Self {
            state: State::Outside,
            frame: Vec::new(),
            capacity,
        }
    }

    /// The next byte from the line; a frame, if it is the frame's last one. What is outside of a frame is ignored.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        match (self.state, byte) {
            (State::Outside, END) => {
                self.frame.clear();
                self.state = State::Inside;
            }
            (State::Outside, _) => {}
            (State::Inside, END) if self.frame.is_empty() => {}
            (State::Inside, END) => {
                self.state = State::Outside;
                return Some(std::mem::take(&mut self.frame));
            }
            (State::Inside, ESC) => self.state = State::Escaped,
            (State::Inside, byte) => self.put(byte),
            (State::Escaped, ESC_END) => self.unescape(END),
            (State::Escaped, ESC_ESC) => self.unescape(ESC),
            (State::Escaped, byte) => self.unescape(byte),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(capacity: usize, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut decoder = Decoder::new(capacity);
        bytes
            .iter()
            .filter_map(|&byte| decoder.push(byte))
            .collect()
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let payload: Vec<u8> = (0..=255).collect();
        let line = [encode(&payload), encode(&payload)].concat();
        assert_eq!(frames(256, &line), [&payload[..], &payload[..]]);
        assert_eq!(
            encode(&[0xC0, 1, 0xDB]),
            [0xC0, 0xDB, 0xDC, 1, 0xDB, 0xDD, 0xC0]
        );
    }

    #[test]
    fn what_is_not_right() {
        assert_eq!(frames(8, &[0xC0, 0xC0, 1, 0xC0, 2, 0xC0]), [[1]]);
        assert_eq!(frames(8, &[0xC0, 1, 0xDB, 5, 0xC0]), [[1, 5]]);
        assert_eq!(frames(2, &[0xC0, 1, 2, 3, 0xC0]), [[1, 2]]);
        assert!(frames(8, &[1, 2, 3]).is_empty());
    }
}
