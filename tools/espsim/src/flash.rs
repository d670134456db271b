//! The SPI flash chip: an array that erases to 0xFF by 4 KB sectors and only ANDs when programmed, and its registers.

use std::collections::BTreeSet;
use std::time::Duration;

/// Bytes of a sector, the smallest erase.
pub const SECTOR: u32 = 0x1000;
/// Bytes of a block.
pub const BLOCK: u32 = 0x1_0000;
/// Bytes of a page, the largest program operation.
pub const PAGE: u32 = 0x100;

/// A page program of 256 bytes: tPP, typical (Winbond W25Q32JV data sheet, AC Electrical Characteristics).
const PAGE_PROGRAM: Duration = Duration::from_micros(400);
/// The program of one byte: tBP1, typical (Winbond W25Q32FV data sheet, AC Electrical Characteristics).
const BYTE_PROGRAM: Duration = Duration::from_micros(30);
/// Erase of a 4 KB sector: tSE, typical (W25Q32JV).
const SECTOR_ERASE: Duration = Duration::from_millis(45);
/// Erase of a 64 KB block: tBE2, typical (W25Q32JV).
const BLOCK_ERASE: Duration = Duration::from_millis(150);
/// Erase of the 4 MB chip: tCE, typical (W25Q32JV). Other sizes are charged in proportion.
const CHIP_ERASE: Duration = Duration::from_secs(10);
/// Write of a status register: tW, typical (W25Q32JV).
const STATUS_WRITE: Duration = Duration::from_millis(10);

/// A program of `len` bytes of a page: between one byte and a page in proportion.
fn program_time(len: usize) -> Duration {
    BYTE_PROGRAM + (PAGE_PROGRAM - BYTE_PROGRAM) * (len.max(1) as u32 - 1) / 255
}

/// A chip of the Winbond W25Q family.
#[derive(Debug)]
pub struct Flash {
    data: Vec<u8>,
    status: [u8; 3],
    write_enabled: bool,
    /// When the operation under way ends, on the device's clock.
    ready_at: Duration,
    erased: BTreeSet<u32>,
    written: BTreeSet<u32>,
    erase_operations: u64,
    bytes_programmed: u64,
    changed: bool,
}

impl Flash {
    /// An erased chip of `len` bytes, which is a power of two.
    pub fn new(len: usize) -> Self {
        Self::with_content(len, &[])
    }

    /// A chip of `len` bytes that starts with `content`.
    pub fn with_content(len: usize, content: &[u8]) -> Self {
        let mut data = content[..content.len().min(len)].to_vec();
        data.resize(len, 0xFF);
        Self {
            data,
            status: [0; 3],
            write_enabled: false,
            ready_at: Duration::ZERO,
            erased: BTreeSet::new(),
            written: BTreeSet::new(),
            erase_operations: 0,
            bytes_programmed: 0,
            changed: false,
        }
    }

    /// The array.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether the array was written to since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What RDID (0x9F) answers: manufacturer Winbond, W25QxxJV, capacity.
    pub fn jedec_id(&self) -> [u8; 3] {
        [0xEF, 0x40, self.data.len().ilog2() as u8]
    }

    /// When the operation under way ends.
    pub fn ready_at(&self) -> Duration {
        self.ready_at
    }

    /// Sectors that were erased, each counted once.
    pub fn sectors_erased(&self) -> usize {
        self.erased.len()
    }

    /// Sectors that were programmed, each counted once.
    pub fn sectors_written(&self) -> usize {
        self.written.len()
    }

    /// Erase commands of any size.
    pub fn erase_operations(&self) -> u64 {
        self.erase_operations
    }

    /// Bytes programmed.
    pub fn bytes_programmed(&self) -> u64 {
        self.bytes_programmed
    }

    /// Reads `buffer.len()` bytes at `offset`; the address wraps at the end as in the chip.
    pub fn read(&self, offset: u32, buffer: &mut [u8]) {
        let mask = self.data.len() - 1;
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte = self.data[(offset as usize + index) & mask];
        }
    }

    /// Erases the aligned `len` bytes (a sector, a block or the chip) around `offset` from `now` on; not while an operation
    /// is under way.
    pub fn erase(&mut self, now: Duration, offset: u32, len: u32) {
        let chip = self.data.len() as u32;
        let len = len.min(chip);
        let start = offset & (chip - 1) & !(len - 1);
        self.data[start as usize..][..len as usize].fill(0xFF);
        self.erased.extend(
            (start..start + len)
                .step_by(SECTOR as usize)
                .map(|at| at / SECTOR),
        );
        self.erase_operations += 1;
        self.changed = true;
        let time = match len {
            SECTOR => SECTOR_ERASE,
            BLOCK => BLOCK_ERASE,
            len => Duration::from_nanos(CHIP_ERASE.as_nanos() as u64 / (4 << 20) * u64::from(len)),
        };
        self.ready_at = now + time;
    }

    /// Programs up to a page from `now` on: bits go from 1 to 0 only. As in the chip the address wraps inside of the page.
    pub fn program(&mut self, now: Duration, offset: u32, bytes: &[u8]) {
        let offset = offset & (self.data.len() as u32 - 1);
        let page = offset & !(PAGE - 1);
        for (index, byte) in bytes.iter().enumerate() {
            let at = page | (offset + index as u32) & (PAGE - 1);
            self.data[at as usize] &= byte;
        }
        self.written.insert(offset / SECTOR);
        self.bytes_programmed += bytes.len() as u64;
        self.changed = true;
        self.ready_at = now + program_time(bytes.len());
    }

    /// One transaction on the SPI bus by the controller's user command: `command`, then `address`, then `output` goes to the
    /// chip or `input` bytes come from it.
    pub fn transaction(
        &mut self,
        now: Duration,
        command: u8,
        address: u32,
        output: &[u8],
        input: usize,
    ) -> Vec<u8> {
        let busy = now < self.ready_at;
        let answer: Vec<u8> = match command {
            0x05 => {
                vec![self.status[0] | u8::from(busy) | u8::from(self.write_enabled) << 1; input]
            }
            0x35 => vec![self.status[1]; input],
            0x15 => vec![self.status[2]; input],
            _ if busy => vec![0xFF; input],
            0x9F => self.jedec_id().into_iter().cycle().take(input).collect(),
            0x90 => [0xEF, self.jedec_id()[2] - 1]
                .into_iter()
                .cycle()
                .take(input)
                .collect(),
            0xAB => vec![self.jedec_id()[2] - 1; input],
            0x5A => (0..input)
                .map(|index| self.sfdp(address as usize + index))
                .collect(),
            0x03 | 0x0B | 0x3B | 0x6B => {
                let mut buffer = vec![0; input];
                self.read(address, &mut buffer);
                buffer
            }
            0x06 | 0x50 => {
                self.write_enabled = true;
                Vec::new()
            }
            0x04 => {
                self.write_enabled = false;
                Vec::new()
            }
            0x01 | 0x31 | 0x11 if self.write_enabled => {
                let first = match command {
                    0x01 => 0,
                    0x31 => 1,
                    _ => 2,
                };
                for (register, &value) in self.status[first..].iter_mut().zip(output) {
                    // BUSY and WEL are the chip's.
                    *register = if first == 0 { value & !3 } else { value };
                }
                self.finish_write(now + STATUS_WRITE)
            }
            0x02 if self.write_enabled => {
                self.program(now, address, output);
                self.finish_write(self.ready_at)
            }
            0x20 if self.write_enabled => {
                self.erase(now, address, SECTOR);
                self.finish_write(self.ready_at)
            }
            0xD8 if self.write_enabled => {
                self.erase(now, address, BLOCK);
                self.finish_write(self.ready_at)
            }
            0xC7 | 0x60 if self.write_enabled => {
                self.erase(now, 0, self.data.len() as u32);
                self.finish_write(self.ready_at)
            }
            _ => Vec::new(),
        };
        let mut answer = answer;
        answer.resize(input, 0xFF);
        answer
    }

    fn finish_write(&mut self, ready_at: Duration) -> Vec<u8> {
        self.write_enabled = false;
        self.ready_at = ready_at;
        Vec::new()
    }

    /// A byte of the parameter table (JESD216): header, one parameter header, and the first words of the basic table.
    fn sfdp(&self, at: usize) -> u8 {
        let density = (self.data.len() as u32 * 8 - 1).to_le_bytes();
        const HEADER: [u8; 16] = [
            b'S', b'F', b'D', b'P', 5, 1, 0, 0xFF, 0, 5, 1, 16, 0x80, 0, 0, 0xFF,
        ];
        match at {
            0..16 => HEADER[at],
            0x80..0x84 => [0xE5, 0x20, 0xF9, 0xFF][at - 0x80],
            0x84..0x88 => density[at - 0x84],
            _ => 0xFF,
        }
    }
}
