//! Readings as lines of text: the protobuf message in hexadecimal digits, and its CRC.

#![cfg_attr(not(test), no_std)]
#![deny(missing_docs)]

use bitfield_struct::bitfield;
use core::fmt;
use crc::{CRC_16_IBM_SDLC, Crc};
use prost::Message;
pub use reading_proto::thermometer::v1::Reading;

/// More than the longest message: three keys, and varints of 10, 5 and 5 bytes.
const MAX_LEN: usize = 24;

/// What else is to be said of a reading.
#[bitfield(u8)]
pub struct Status {
    /// More than 20 degrees.
    pub warm: bool,
    #[bits(7)]
    __: u8,
}

/// A reading on its way.
#[derive(Debug)]
pub struct Frame {
    bytes: [u8; MAX_LEN],
    len: usize,
}

/// Encodes a reading.
pub fn frame(reading: &Reading) -> Frame {
    let mut bytes = [0; MAX_LEN];
    let len = reading.encoded_len();
    reading
        .encode(&mut &mut bytes[..])
        .expect("MAX_LEN is enough");
    Frame { bytes, len }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = &self.bytes[..self.len];
        for byte in bytes {
            write!(f, "{byte:02x}")?;
        }
        write!(
            f,
            " {:04x}",
            Crc::<u16>::new(&CRC_16_IBM_SDLC).checksum(bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_a_line() {
        let reading = Reading {
            uptime_ms: 150,
            centi_celsius: -1,
            status: Status::new().with_warm(true).into_bits().into(),
        };
        assert_eq!(frame(&reading).to_string(), "08960110011801 d595");
    }

    #[test]
    fn the_longest_reading_fits() {
        let reading = Reading {
            uptime_ms: u64::MAX,
            centi_celsius: i32::MIN,
            status: u32::MAX,
        };
        assert!(frame(&reading).len <= MAX_LEN);
    }
}
