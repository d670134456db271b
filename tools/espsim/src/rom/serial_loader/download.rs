//! Commands that load into RAM and flash.

use flate2::{Decompress, FlushDecompress, Status};

use super::super::Call;
use super::{Download, MAX_BLOCK, MAX_BODY, SerialLoader, WINDOW, cost, error};
use crate::flash::{BLOCK, SECTOR};

impl SerialLoader {
    pub(super) fn begin(&mut self, call: &mut Call, operation: u8) -> Result<(), u32> {
        let [size, blocks, block_size, at] = [0, 1, 2, 3].map(|index| self.words(index));
        if self.size() != 16 || block_size > MAX_BLOCK {
            return Err(error::INVALID);
        }
        let download = if operation == 0x10 {
            self.inflate.stream = Decompress::new(true);
            self.inflate.filled = 0;
            self.inflate.done = false;
            &mut self.deflated
        } else {
            &mut self.plain
        };
        *download = Download {
            size,
            blocks,
            block_size,
            next: 0,
            written: 0,
            at,
        };
        if operation == 0x05 {
            return Ok(());
        }
        self.erase(call, at, size)
    }

    /// SPIEraseArea: sectors up to the end of the block that it starts in, a whole one if it starts at a block; then blocks as
    /// long as more than one is left; then sectors.
    fn erase(&mut self, call: &mut Call, offset: u32, len: u32) -> Result<(), u32> {
        if offset.wrapping_add(len) > self.chip_size || !offset.is_multiple_of(SECTOR) {
            return Err(error::FAILED);
        }
        const SECTORS: u32 = BLOCK / SECTOR;
        let mut sectors = len.div_ceil(SECTOR);
        let mut at = offset;
        let mut head = sectors.min(SECTORS - offset / SECTOR % SECTORS);
        while sectors > 0 {
            let unit = if head == 0 && sectors > SECTORS {
                SECTORS
            } else {
                head = head.saturating_sub(1);
                1
            };
            call.start_erase(at, unit * SECTOR);
            call.wait_flash();
            at += unit * SECTOR;
            sectors -= unit;
        }
        Ok(())
    }

    /// Checks a block, and gives the address that it is for.
    pub(super) fn block(&mut self, deflated: bool, whole_words: bool) -> Result<u32, u32> {
        let (size, len, sequence) = (self.size(), self.words(0), self.words(1));
        let checksum = self.buffer[4];
        let download = if deflated {
            &mut self.deflated
        } else {
            &mut self.plain
        };
        if size > MAX_BODY
            || sequence != download.next
            || len > download.block_size
            || (whole_words && len % 4 != 0)
        {
            return Err(error::INVALID);
        }
        download.next += 1;
        let payload = &self.buffer[24..24 + len as usize];
        if payload.iter().fold(0xEF, |sum, byte| sum ^ byte) != checksum {
            return Err(error::CHECKSUM);
        }
        Ok(download.at)
    }

    /// SPIRead, which fails at the end of what it takes for the chip.
    pub(super) fn read(
        &self,
        call: &mut Call,
        offset: u32,
        len: u32,
        buffer: &mut [u8],
    ) -> Result<(), u32> {
        if offset.wrapping_add(len) > self.chip_size {
            return Err(error::READ);
        }
        call.wait_flash();
        call.read_flash(offset, buffer);
        call.work(cost::bytes(cost::READ_BYTE, buffer.len()));
        Ok(())
    }

    pub(super) fn program_block(&mut self, call: &mut Call, at: u32) -> Result<(), u32> {
        let len = self.words(0);
        let mut payload = self.buffer[24..24 + len as usize].to_vec();
        let sum = |bytes: &[u8]| bytes.iter().fold(0xEF, |sum, byte| sum ^ byte);
        call.work(cost::bytes(2 * cost::CHECKSUM_BYTE, payload.len()));
        let sent = sum(&payload);
        self.program(call, at, &payload);
        self.read(call, at, len, &mut payload).ok();
        self.buffer[24..24 + len as usize].copy_from_slice(&payload);
        if sum(&payload) != sent {
            return Err(error::READ_BACK);
        }
        self.plain.at = at.wrapping_add(len);
        self.plain.written = self.plain.written.wrapping_add(len);
        Ok(())
    }

    /// SPIWrite, whose result the ROM does not look at.
    fn program(&self, call: &mut Call, at: u32, bytes: &[u8]) {
        if at.wrapping_add(bytes.len() as u32) <= self.chip_size {
            call.work(cost::bytes(cost::PROGRAM_BYTE, bytes.len()));
            call.program(at, bytes);
        }
    }

    pub(super) fn inflate_block(&mut self, call: &mut Call) -> Result<(), u32> {
        let len = self.words(0) as usize;
        let last = self.deflated.next == self.deflated.blocks;
        let payload = self.buffer[24..24 + len].to_vec();
        let mut input = payload.as_slice();
        call.work(cost::bytes(cost::CHECKSUM_BYTE, len));
        loop {
            if self.inflate.done && !input.is_empty() {
                // The loop ends when all input is taken, and a stream that has ended takes none.
                self.hung = true;
                return Ok(());
            }
            let inflate = &mut self.inflate;
            let (in_before, out_before) = (inflate.stream.total_in(), inflate.stream.total_out());
            let status = inflate.stream.decompress(
                input,
                &mut inflate.window[inflate.filled..],
                FlushDecompress::None,
            );
            let made = (inflate.stream.total_out() - out_before) as usize;
            input = &input[(inflate.stream.total_in() - in_before) as usize..];
            inflate.filled += made;
            call.work(cost::bytes(cost::INFLATE_BYTE, made));
            match status {
                Ok(status) => self.inflate.done |= status == Status::StreamEnd,
                // tinfl's TINFL_STATUS_FAILED.
                Err(_) => return Err(error::INFLATE + 1),
            }
            if self.inflate.filled == WINDOW {
                let window = self.inflate.window.clone();
                self.program(call, self.deflated.at, &window[..]);
                self.deflated.at = self.deflated.at.wrapping_add(WINDOW as u32);
                self.inflate.filled = 0;
                continue;
            }
            if input.is_empty() {
                break;
            }
        }
        if last {
            if !self.inflate.done {
                // Without HAS_MORE_INPUT a stream that goes on fails with TINFL_STATUS_FAILED_CANNOT_MAKE_PROGRESS or -1.
                return Err(error::INFLATE + 1);
            }
            let window = self.inflate.window.clone();
            self.program(call, self.deflated.at, &window[..]);
        }
        self.deflated.written = self.deflated.written.wrapping_add(len as u32);
        Ok(())
    }

    pub(super) fn end(&mut self, complete: bool) -> Result<(), u32> {
        if !complete {
            return self.fail(Err(error::FAILED));
        }
        if self.buffer[8] == 0 {
            self.error = error::RESTART;
        }
        Ok(())
    }
}
