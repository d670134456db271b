//! Devices for an I2C bus.

use std::collections::VecDeque;
use std::fmt::Debug;

/// A device with an address of 7 bits.
pub trait I2cDevice: Debug + Send {
    /// Its address.
    fn address(&self) -> u8;
    /// It is addressed, to be read or to be written to; there may have been no STOP since the last time.
    fn start(&mut self, read: bool);
    /// A byte comes; whether it is acknowledged.
    fn write(&mut self, byte: u8) -> bool;
    /// A byte is taken.
    fn read(&mut self) -> u8;
    /// The bus is let go.
    fn stop(&mut self) {}
}

/// A memory like those of the 24C series: the first bytes written are an address in it, others go there, and reading goes on from there.
#[derive(Debug)]
pub struct Memory {
    address: u8,
    content: Vec<u8>,
    /// Bytes of an address in it.
    width: usize,
    at: usize,
    /// Bytes of the address that have come since the start.
    got: usize,
}

impl Memory {
    /// With `content`, at `address`; an address in it takes a byte up to 256 bytes, two otherwise.
    ///
    /// # Panics
    ///
    /// Where `content` is empty.
    pub fn new(address: u8, content: Vec<u8>) -> Self {
        assert!(!content.is_empty(), "a memory without content");
        Self {
            address,
            width: if content.len() <= 256 { 1 } else { 2 },
            content,
            at: 0,
            got: 0,
        }
    }

    fn step(&mut self) -> usize {
        let at = self.at % self.content.len();
        self.at = (at + 1) % self.content.len();
        at
    }
}

impl I2cDevice for Memory {
    fn address(&self) -> u8 {
        self.address
    }

    fn start(&mut self, _: bool) {
        self.got = 0;
    }

    fn write(&mut self, byte: u8) -> bool {
        if self.got < self.width {
            if self.got == 0 {
                self.at = 0;
            }
            self.at = self.at << 8 | usize::from(byte);
            self.got += 1;
        } else {
            let at = self.step();
            self.content[at] = byte;
        }
        true
    }

    fn read(&mut self) -> u8 {
        let at = self.step();
        self.content[at]
    }
}

/// Gives back what was written to it, in that order, and 0xFF behind.
#[derive(Debug)]
pub struct Loopback {
    address: u8,
    bytes: VecDeque<u8>,
}

impl Loopback {
    /// At `address`.
    pub fn new(address: u8) -> Self {
        Self {
            address,
            bytes: VecDeque::new(),
        }
    }
}

impl I2cDevice for Loopback {
    fn address(&self) -> u8 {
        self.address
    }

    fn start(&mut self, _: bool) {}

    fn write(&mut self, byte: u8) -> bool {
        self.bytes.push_back(byte);
        true
    }

    fn read(&mut self) -> u8 {
        self.bytes.pop_front().unwrap_or(0xFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(memory: &mut Memory, bytes: &[u8]) {
        memory.start(false);
        assert!(bytes.iter().all(|&byte| memory.write(byte)));
        memory.stop();
    }

    #[test]
    fn a_memory_is_read_from_where_it_was_addressed_and_wraps() {
        let mut memory = Memory::new(0x50, (0..=255).collect());
        written(&mut memory, &[0xFE, 1, 2, 3]);
        written(&mut memory, &[0xFE]);
        memory.start(true);
        assert_eq!([0; 4].map(|_| memory.read()), [1, 2, 3, 1]);
    }

    #[test]
    fn a_large_memory_has_addresses_of_two_bytes() {
        let mut memory = Memory::new(0x50, vec![0; 4096]);
        written(&mut memory, &[0x01, 0x23, 42]);
        written(&mut memory, &[0x01, 0x22]);
        memory.start(true);
        assert_eq!([0; 2].map(|_| memory.read()), [0, 42]);
    }
}
