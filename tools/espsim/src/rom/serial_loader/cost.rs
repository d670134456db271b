//! What commands cost. The CPU runs from the 40 MHz crystal, the SPI bus at 10 MHz: SPI_Attach sets its divider to 4.
//!
//! The ROM takes 14 instructions for a byte that it reads from flash and hashes (counted in an emulator over 4 MB), of which 11
//! are MD5's; at 1.5 clock cycles for an instruction, which counts loads and taken branches of the LX6, a cycle is 25 ns. SPIRead
//! moves 64 bytes with 32 bits of command and address, thus 8.5 bits for a byte; SPIWrite 32 bytes with a write enable, a status read,
//! command and address, thus 11 bits for a byte.

use std::time::Duration;

/// For any command.
pub(super) const COMMAND: Duration = Duration::from_micros(50);
/// Nanoseconds for each byte received: interrupt and SLIP, charged where it does not overlap with the line.
pub(super) const CHECKSUM_BYTE: u64 = 8 * 37;
/// Nanoseconds for each byte read from the flash chip.
pub(super) const READ_BYTE: u64 = 850 + 3 * 37;
/// Nanoseconds for each byte of MD5.
pub(super) const MD5_BYTE: u64 = 11 * 37;
/// Nanoseconds for each byte that inflate produces.
pub(super) const INFLATE_BYTE: u64 = 20 * 37;
/// Nanoseconds for each byte handed to the flash chip, besides the chip's page program time.
pub(super) const PROGRAM_BYTE: u64 = 1100 + 5 * 37;

/// `count` bytes of `nanoseconds` each.
pub(super) fn bytes(nanoseconds: u64, count: usize) -> Duration {
    Duration::from_nanos(nanoseconds * count as u64)
}
