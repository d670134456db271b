//! What things cost on the device's clock, and where the figures come from.

use std::time::Duration;

/// A page program of 256 bytes: tPP, typical (Winbond W25Q32JV data sheet, AC Electrical Characteristics).
pub const PAGE_PROGRAM: Duration = Duration::from_micros(400);
/// The program of one byte: tBP1, typical (Winbond W25Q32FV data sheet, AC Electrical Characteristics).
pub const BYTE_PROGRAM: Duration = Duration::from_micros(30);
/// Erase of a 4 KB sector: tSE, typical (W25Q32JV).
pub const SECTOR_ERASE: Duration = Duration::from_millis(45);
/// Erase of a 64 KB block: tBE2, typical (W25Q32JV).
pub const BLOCK_ERASE: Duration = Duration::from_millis(150);
/// Erase of the 4 MB chip: tCE, typical (W25Q32JV). Other sizes are charged in proportion.
pub const CHIP_ERASE: Duration = Duration::from_secs(10);
/// Write of a status register: tW, typical (W25Q32JV).
pub const STATUS_WRITE: Duration = Duration::from_millis(10);

/// From an answer's last bit to the first bit of the host's next command: USB full speed moves data once in a frame of
/// 1 ms (USB 2.0, 5.5 to 5.8), so the answer waits for one frame and the command for another.
pub const TURN_AROUND: Duration = Duration::from_millis(2);

/// From the rise of EN to the first character of the ROM's greeting.
pub const ROM_START: Duration = Duration::from_millis(5);

/// A program of `len` bytes of a page: between one byte and a page in proportion.
pub fn program(len: usize) -> Duration {
    BYTE_PROGRAM + (PAGE_PROGRAM - BYTE_PROGRAM) * (len.max(1) as u32 - 1) / 255
}

/// `count` times `each`.
pub fn times(each: Duration, count: u64) -> Duration {
    Duration::from_nanos(each.as_nanos() as u64 * count)
}

/// `bytes` at 8N1, thus 10 bits each.
pub fn on_line(bytes: u64, baud: u32) -> Duration {
    Duration::from_nanos(bytes * 10_000_000_000 / u64::from(baud.max(1)))
}

/// How fast a loader is.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// For any command.
    pub command: Duration,
    /// Nanoseconds for each byte received: interrupt and SLIP, charged where it does not overlap with the line.
    pub checksum_byte: u64,
    /// Nanoseconds for each byte read from the flash chip.
    pub read_byte: u64,
    /// Nanoseconds for each byte of MD5.
    pub md5_byte: u64,
    /// Nanoseconds for each byte that inflate produces.
    pub inflate_byte: u64,
    /// Nanoseconds for each byte handed to the flash chip, besides the chip's page program time.
    pub program_byte: u64,
}

/// The ROM's loader. The CPU runs from the 40 MHz crystal, the SPI bus at 10 MHz: SPI_Attach sets its divider to 4.
///
/// The ROM takes 14 instructions for a byte that it reads from flash and hashes (counted in an emulator over 4 MB), of which 11
/// are MD5's; at 1.5 clock cycles for an instruction, which counts loads and taken branches of the LX6, a cycle is 25 ns. SPIRead
/// moves 64 bytes with 32 bits of command and address, thus 8.5 bits for a byte; SPIWrite 32 bytes with a write enable, a status read,
/// command and address, thus 11 bits for a byte.
pub const ROM: Speed = Speed {
    command: Duration::from_micros(50),
    checksum_byte: 8 * 37,
    read_byte: 850 + 3 * 37,
    md5_byte: 11 * 37,
    inflate_byte: INFLATE * 37,
    program_byte: 1100 + 5 * 37,
};

/// The stub. It sets the CPU to 160 MHz and the SPI bus to 20 MHz (stub_target_clock_init and ROM SPI divider 4 of an 80 MHz
/// APB clock). It takes 13 instructions for a byte of MD5, and writes with the ROM's SPIWrite.
pub const STUB: Speed = Speed {
    command: Duration::from_micros(20),
    checksum_byte: 8 * 9,
    read_byte: 425 + 3 * 9,
    md5_byte: 10 * 9,
    inflate_byte: INFLATE * 9,
    program_byte: 550 + 5 * 9,
};

/// Instructions that tinfl takes for a byte that it produces.
const INFLATE: u64 = 20;

impl Speed {
    /// `count` bytes of `nanoseconds` each.
    pub fn bytes(nanoseconds: u64, count: usize) -> Duration {
        Duration::from_nanos(nanoseconds * count as u64)
    }
}
