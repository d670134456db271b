//! A UART's bytes as changes of its line: a start bit, eight data bits with the lowest first, a stop bit.

use super::signals::{Outputs, Signal};
use crate::clock::Ticks;

/// Bits of a frame.
pub const BITS: u64 = 10;

/// A byte on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// When its start bit begins.
    pub start: Ticks,
    /// How long all of it takes.
    pub len: Ticks,
    /// The byte.
    pub byte: u8,
}

impl Frame {
    /// Gives the frame's changes to `signal`.
    pub fn give(&self, signal: Signal, outputs: &mut Outputs) {
        let mut before = true;
        for bit in 0..BITS {
            // The stop bit is behind the byte.
            let level = (u16::from(self.byte) << 1 | 1 << 9) >> bit & 1 == 1;
            if level != before {
                outputs.set(self.start + self.len * bit / BITS, signal, level);
            }
            before = level;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_ten_bits_with_the_lowest_first() {
        let mut outputs = Outputs::default();
        let frame = Frame {
            start: 1000,
            len: 100,
            byte: 0b0000_0101,
        };
        frame.give(14, &mut outputs);
        let edges: Vec<_> = std::iter::from_fn(|| outputs.take(Ticks::MAX))
            .map(|edge| (edge.at, edge.level))
            .collect();
        assert_eq!(
            edges,
            [
                (1000, false),
                (1010, true),
                (1020, false),
                (1030, true),
                (1040, false),
                (1090, true)
            ]
        );
    }
}
