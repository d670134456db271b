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
    /// The last write's place, and what was there before.
    last_write: Option<FlashWrite>,
    writes: u64,
    /// Numbers of sectors that cannot be erased any more.
    worn: BTreeSet<u32>,
    lose_power_at: Option<u64>,
    power_is_lost: bool,
}

/// An operation that changes the array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashWrite {
    /// Whether it erases; else it programs.
    pub erases: bool,
    /// The first byte's offset.
    pub offset: u32,
    /// What was there before.
    old: Vec<u8>,
    /// Bytes of the unit in which the address wraps, a power of two.
    unit: u32,
}

impl FlashWrite {
    /// How many bytes it changes.
    pub fn len_bytes(&self) -> usize {
        self.old.len()
    }

    /// The place of byte `index`.
    fn place(&self, index: usize) -> usize {
        let within = self.unit - 1;
        (self.offset & !within | (self.offset + index as u32) & within) as usize
    }
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
            last_write: None,
            writes: 0,
            worn: BTreeSet::new(),
            lose_power_at: None,
            power_is_lost: false,
        }
    }

    /// Programs and erases so far, each counted as one write.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// The last of them.
    pub fn last_write(&self) -> Option<&FlashWrite> {
        self.last_write.as_ref()
    }

    /// The sector at `offset` is worn out: of each 64 bytes, the first keeps what was programmed.
    pub fn wear_out(&mut self, offset: u32) {
        self.worn.insert(offset / SECTOR);
    }

    /// Power is lost in the middle of the `write`th program or erase, counted from 0 since the chip was made.
    pub fn lose_power_at(&mut self, write: u64) {
        self.lose_power_at = Some(write);
    }

    /// Whether power was lost: nothing is written any more, until [`Self::power_cycle`].
    pub fn power_is_lost(&self) -> bool {
        self.power_is_lost
    }

    /// Power goes and comes back `now`: of an operation that is under way, the first half is done. The clock starts again.
    pub fn power_cycle(&mut self, now: Duration) {
        if now < self.ready_at && !self.power_is_lost {
            self.halve_last_write();
        }
        self.power_is_lost = false;
        self.status[0] &= !3;
        self.write_enabled = false;
        self.ready_at = Duration::ZERO;
    }

    /// Of the last write, the second half is as it was before.
    fn halve_last_write(&mut self) {
        if let Some(write) = &self.last_write {
            for index in write.old.len() / 2..write.old.len() {
                self.data[write.place(index)] = write.old[index];
            }
        }
    }

    /// Counts a write of the `len` bytes at `offset`, before it is done; whether there is power for it.
    fn begin_write(&mut self, erases: bool, offset: u32, len: usize, unit: u32) -> bool {
        if self.power_is_lost {
            return false;
        }
        let mut write = FlashWrite {
            erases,
            offset,
            old: Vec::new(),
            unit,
        };
        let old = (0..len).map(|index| self.data[write.place(index)]);
        write.old = old.collect();
        self.last_write = Some(write);
        self.writes += 1;
        true
    }

    /// The write is done, or power goes in its middle.
    fn end_write(&mut self) {
        self.changed = true;
        if self.lose_power_at.is_some_and(|write| write < self.writes) {
            self.lose_power_at = None;
            self.power_is_lost = true;
            self.halve_last_write();
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
        if !self.begin_write(true, start, len as usize, len) {
            return;
        }
        let array = &mut self.data[start as usize..][..len as usize];
        let worn = self.worn.range(start / SECTOR..(start + len) / SECTOR);
        let kept: Vec<_> = worn
            .flat_map(|&sector| {
                (sector * SECTOR - start..)
                    .step_by(64)
                    .take(SECTOR as usize / 64)
            })
            .map(|at| (at as usize, array[at as usize]))
            .collect();
        array.fill(0xFF);
        for (at, byte) in kept {
            array[at] = byte;
        }
        self.erased.extend(
            (start..start + len)
                .step_by(SECTOR as usize)
                .map(|at| at / SECTOR),
        );
        self.erase_operations += 1;
        self.end_write();
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
        if !self.begin_write(false, offset, bytes.len(), PAGE) {
            return;
        }
        for (index, byte) in bytes.iter().enumerate() {
            let at = page | (offset + index as u32) & (PAGE - 1);
            self.data[at as usize] &= byte;
        }
        self.written.insert(offset / SECTOR);
        self.bytes_programmed += bytes.len() as u64;
        self.end_write();
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn power_goes_in_the_middle_of_a_write_and_nothing_is_written_behind() {
        let mut flash = Flash::new(0x1_0000);
        flash.program(NOW, 0x1000, &[0; 8]);
        flash.lose_power_at(2);
        flash.erase(NOW, 0x2000, SECTOR);
        assert!(!flash.power_is_lost());
        flash.erase(NOW, 0x1000, SECTOR);
        assert!(flash.power_is_lost());
        flash.program(NOW, 0x3000, &[0; 8]);
        assert_eq!(flash.writes(), 3);
        let write = flash.last_write().unwrap();
        assert_eq!(
            (write.erases, write.offset, write.len_bytes()),
            (true, 0x1000, 4096)
        );
        // The first half of the sector is erased, and the program was not done.
        assert_eq!(flash.data()[0x1000..0x1008], [0xFF; 8]);
        assert_eq!(flash.data()[0x3000..0x3008], [0xFF; 8]);
        flash.power_cycle(NOW);
        assert!(!flash.power_is_lost());

        flash.lose_power_at(3);
        flash.program(NOW, 0x10FC, &[1, 2, 3, 4, 5, 6, 7, 8]);
        // The address wraps in the page.
        assert_eq!(flash.data()[0x10FC..0x1100], [1, 2, 3, 4]);
        assert_eq!(flash.data()[0x1000..0x1004], [0xFF; 4]);
    }

    #[test]
    fn a_power_cycle_cuts_what_is_under_way() {
        let mut flash = Flash::new(0x1_0000);
        flash.program(NOW, 0, &[0; 4]);
        flash.power_cycle(NOW);
        assert_eq!(flash.data()[..4], [0, 0, 0xFF, 0xFF]);
        flash.program(NOW, 8, &[0; 4]);
        flash.power_cycle(Duration::from_secs(1));
        assert_eq!(flash.data()[8..12], [0; 4]);
    }

    #[test]
    fn a_worn_sector_is_not_erased() {
        let mut flash = Flash::new(0x1_0000);
        flash.wear_out(0x1000);
        for sector in [0, 0x1000, 0x2000] {
            flash.program(NOW, sector, &[0; 128]);
            flash.erase(NOW, sector, SECTOR);
        }
        let zeros = |flash: &Flash| {
            let array = flash.data().iter().enumerate();
            let zeros: Vec<_> = array.filter(|at| *at.1 == 0).map(|at| at.0).collect();
            zeros
        };
        assert_eq!(zeros(&flash), [0x1000, 0x1040]);
        flash.erase(NOW, 0, BLOCK);
        assert_eq!(zeros(&flash), [0x1000, 0x1040]);
    }
}
