//! What a run cost, and what it did.

use std::collections::BTreeMap;

/// Counted since the start.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// The device's clock.
    pub seconds: f64,
    /// The device's rate.
    pub baud: u32,
    /// Bytes from the host.
    pub bytes_in: u64,
    /// Bytes to the host.
    pub bytes_out: u64,
    /// Resets, the one at the start included.
    pub resets: u64,
    /// How often each command came in download mode, by esptool's names.
    pub commands: BTreeMap<String, u64>,
    /// Sectors of 4 KB that were erased, each counted once.
    pub sectors_erased: usize,
    /// Sectors of 4 KB that were programmed, each counted once.
    pub sectors_written: usize,
    /// Erase operations, of a sector, a block or the chip.
    pub erase_operations: u64,
    /// Bytes programmed.
    pub bytes_programmed: u64,
    /// Faults injected.
    pub faults_injected: u64,
}
