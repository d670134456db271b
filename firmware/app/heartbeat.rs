//! The heartbeat as a line on the console.
//!
//! The text of the log line with the tag `heartbeat` is the protobuf message in lower-case hexadecimal digits:
//!
//! ```text
//! I (10002) heartbeat: 08924e10021801
//! ```

use core::fmt;

pub use heartbeat_proto::firmware::v1::{Heartbeat, ResetReason};
use prost::Message;

/// What stands before the digits, behind the log line's level and time.
const TAG: &str = " heartbeat: ";

/// The longest message: three fields, each with one byte of key and a varint of at most ten.
const MAX_LEN: usize = 3 * 11;

/// An encoded heartbeat, which displays as its digits. It lives on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl fmt::Display for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes[..self.len]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Encodes a heartbeat.
pub fn encode(heartbeat: &Heartbeat) -> Encoded {
    let mut bytes = [0; MAX_LEN];
    let len = heartbeat.encoded_len();
    heartbeat
        .encode(&mut &mut bytes[..])
        .expect("MAX_LEN is the longest message");
    Encoded { bytes, len }
}

/// Why a line is not a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The line has another tag, or none.
    OtherLine,
    /// The text is not an even number of hexadecimal digits, or longer than any heartbeat.
    Digits,
    /// The bytes are not a heartbeat message.
    Message(prost::DecodeError),
}

/// Decodes a line of the console.
pub fn decode(line: &str) -> Result<Heartbeat, DecodeError> {
    let (_, digits) = line
        .trim_end_matches(['\r', '\n'])
        .split_once(TAG)
        .ok_or(DecodeError::OtherLine)?;
    let digits = digits.as_bytes();
    let len = digits.len() / 2;
    if digits.len() % 2 != 0 || len > MAX_LEN {
        return Err(DecodeError::Digits);
    }
    let mut bytes = [0; MAX_LEN];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Heartbeat::decode(&bytes[..len]).map_err(DecodeError::Message)
}

fn nibble(digit: u8) -> Result<u8, DecodeError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(DecodeError::Digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: Heartbeat = Heartbeat {
        uptime_ms: 10_002,
        count: 2,
        reset_reason: ResetReason::Poweron as i32,
    };

    #[test]
    fn encodes_as_protobuf() {
        assert_eq!(encode(&HEARTBEAT).to_string(), "08924e10021801");
    }

    #[test]
    fn decodes_a_log_line() {
        assert_eq!(
            decode("I (10002) heartbeat: 08924e10021801\r\n"),
            Ok(HEARTBEAT)
        );
    }

    #[test]
    fn longest_message_fits() {
        let longest = Heartbeat {
            uptime_ms: u64::MAX,
            count: u64::MAX,
            reset_reason: -1,
        };
        let encoded = encode(&longest);
        assert_eq!(encoded.len, MAX_LEN);
        assert_eq!(decode(&format!("I (1) heartbeat: {encoded}")), Ok(longest));
    }

    #[test]
    fn shortest_message_is_empty() {
        assert_eq!(encode(&Heartbeat::default()).to_string(), "");
        assert_eq!(decode("I (0) heartbeat: \r\n"), Ok(Heartbeat::default()));
    }

    #[test]
    fn refuses_other_lines() {
        assert_eq!(
            decode("I (0) Rust: I, live, again!."),
            Err(DecodeError::OtherLine)
        );
    }

    #[test]
    fn refuses_broken_digits() {
        for digits in ["0", "0g", "08924E", &"00".repeat(MAX_LEN + 1)] {
            assert_eq!(
                decode(&format!("I (0) heartbeat: {digits}")),
                Err(DecodeError::Digits)
            );
        }
    }

    #[test]
    fn refuses_a_cut_field() {
        assert!(matches!(
            decode("I (0) heartbeat: 0892"),
            Err(DecodeError::Message(_))
        ));
    }
}
