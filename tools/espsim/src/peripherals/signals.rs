//! Signals between peripherals and the GPIO matrix, by their numbers (ESP32 Technical Reference Manual, "IO_MUX and GPIO Matrix", the
//! table "GPIO Matrix Peripheral Signals").

use std::collections::BTreeMap;

use crate::clock::Ticks;

/// The number of a signal that a peripheral gives or takes.
pub type Signal = u8;

/// HSPICLK, HSPIQ, HSPID, HSPICS0, then those of VSPI.
pub const SPI: [[Signal; 4]; 2] = [[8, 9, 10, 11], [63, 64, 65, 68]];
/// HSPICS1 and HSPICS2, then those of VSPI.
pub const SPI_FURTHER_CS: [[Signal; 2]; 2] = [[61, 62], [69, 70]];
/// UnTXD.
pub const UART_TXD: [Signal; 3] = [14, 17, 198];
/// UnRXD.
pub const UART_RXD: [Signal; 3] = [14, 17, 198];
/// SCL and SDA of both I2C controllers.
pub const I2C: [[Signal; 2]; 2] = [[29, 30], [95, 96]];
/// LEDC_HS_SIG_OUT0, and LEDC_LS_SIG_OUT0 eight behind.
pub const LEDC: Signal = 71;
/// RMT_SIG_OUT0.
pub const RMT_OUT: Signal = 87;
/// RMT_SIG_IN0.
pub const RMT_IN: Signal = 83;

/// The signals that are high where nothing is sent.
pub fn idle_is_high(signal: Signal) -> bool {
    UART_TXD.contains(&signal)
        || SPI.iter().any(|spi| spi[3] == signal)
        || SPI_FURTHER_CS.as_flattened().contains(&signal)
        || I2C.as_flattened().contains(&signal)
}

/// A change of a signal that a peripheral gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalEdge {
    /// When.
    pub at: Ticks,
    /// Which.
    pub signal: Signal,
    /// What it is from then on.
    pub level: bool,
}

/// What peripherals give to the matrix: changes in the order of their times, some of them to come.
#[derive(Debug, Default)]
pub struct Outputs {
    /// Whether somebody sees each change; where not, a peripheral may leave out all but the last one.
    pub wanted: bool,
    coming: BTreeMap<(Ticks, u64), (Signal, bool)>,
    count: u64,
}

impl Outputs {
    /// Lets `signal` be `level` from `at` on.
    pub fn set(&mut self, at: Ticks, signal: Signal, level: bool) {
        self.coming.insert((at, self.count), (signal, level));
        self.count += 1;
    }

    /// The next change until `now`.
    pub fn take(&mut self, now: Ticks) -> Option<SignalEdge> {
        let entry = self.coming.first_entry()?;
        let &(at, _) = entry.key();
        if at > now {
            return None;
        }
        let (signal, level) = entry.remove();
        Some(SignalEdge { at, signal, level })
    }

    /// When the next change comes.
    pub fn next(&self) -> Option<Ticks> {
        self.coming.keys().next().map(|&(at, _)| at)
    }

    /// Drops what is to come of `signals`, and lets them be as they are where nothing is sent: their peripheral is reset.
    pub fn release(&mut self, now: Ticks, signals: impl IntoIterator<Item = Signal>) {
        for signal in signals {
            self.coming.retain(|_, change| change.0 != signal);
            self.set(now, signal, idle_is_high(signal));
        }
    }

    /// Drops what is to come: a reset.
    pub fn clear(&mut self) {
        self.coming.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_in_the_order_of_time_and_then_of_their_making() {
        let mut outputs = Outputs::default();
        outputs.set(20, 1, true);
        outputs.set(10, 2, true);
        outputs.set(20, 1, false);
        assert_eq!(outputs.next(), Some(10));
        let taken: Vec<_> = std::iter::from_fn(|| outputs.take(20))
            .map(|edge| (edge.at, edge.signal, edge.level))
            .collect();
        assert_eq!(taken, [(10, 2, true), (20, 1, true), (20, 1, false)]);
        outputs.set(30, 1, true);
        outputs.set(30, UART_TXD[0], false);
        outputs.release(25, [UART_TXD[0]]);
        assert_eq!(
            outputs.take(29).map(|edge| (edge.at, edge.level)),
            Some((25, true))
        );
        assert_eq!(outputs.take(29), None);
        outputs.clear();
        assert_eq!(outputs.next(), None);
    }
}
