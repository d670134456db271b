//! The serial loader in the ESP32's ROM.
//!
//! What it does was taken from the ROM of revision 3 itself: by reading its code (UartDwnLdProc at 0x40008ce8 and what it calls)
//! and by comparing the answers to correct and wrong commands byte for byte with those of the ROM in an emulator
//! (tests/transcript.rs). Some of it is surprising:
//! - Nearly nothing of a command's header is checked. A short command takes what the last one left in the buffer.
//! - Only SYNC and READ_REG set the answer's value; all others repeat the last one.
//! - The error byte of a command that succeeds is the last error; the two bytes behind it are what the answers before left there.
//! - A command that is unknown, or whose direction is not 0, is answered with the operation of the last one that was known,
//!   and eight times if that was SYNC.
//! - Sequence numbers advance before the checksum is compared, so a block with a wrong checksum cannot be repeated.
//! - The last block of FLASH_DEFL_DATA writes the whole window of 32 KB to flash, whatever of it was inflated.
//! - FLASH_END leaves the loader even when it fails. FLASH_DEFL_END does not.
//! - CHANGE_BAUDRATE takes its first word for the divider if the first byte of the second word is not 0, and sends two ENDs at
//!   the old rate before it changes.

use std::collections::VecDeque;
use std::time::Duration;

use flate2::{Decompress, FlushDecompress, Status};

use crate::chip::CRYSTAL;
use crate::device::{Hardware, Next, command_name, word};
use crate::flash::{BLOCK, SECTOR};
use crate::slip::{Decoder, Dialect};
use crate::timing::{ROM as SPEED, Speed};

/// Errors, the second status byte.
mod error {
    pub const INVALID: u32 = 0x05;
    pub const FAILED: u32 = 0x06;
    pub const CHECKSUM: u32 = 0x07;
    pub const READ_BACK: u32 = 0x08;
    pub const READ: u32 = 0x09;
    pub const READ_LENGTH: u32 = 0x0A;
    /// To this one the ROM adds tinfl's status, which is negative.
    pub const INFLATE: u32 = 0x0A;
    /// Not an error: the answer is sent, then the chip is reset.
    pub const RESTART: u32 = 199;
}

const SYNC: u8 = 0x08;
const READ_REG: u8 = 0x0A;
/// How often SYNC is answered.
const SYNC_REPLIES: usize = 8;
/// Bytes of the receive buffer: header, parameters and the largest block. What is longer is cut.
const FRAME: usize = 0x2000;
/// The longest body of a block, and the largest block.
const MAX_BODY: u16 = 0x1810;
const MAX_BLOCK: u32 = 0x1800;
/// Bytes in the ring that the receive interrupt fills; when it is full it looks empty.
const RING: usize = 256;
/// The window that is inflated into.
const WINDOW: usize = 0x8000;
/// Data of the longest answer.
const ANSWER_DATA: usize = 64;
/// RXD_EDGE_CNT that the ROM waits for before it takes the measured rate.
const EDGES: u32 = 127;

/// A download under way. RAM and plain flash share one, compressed flash has its own.
#[derive(Debug, Default)]
struct Download {
    size: u32,
    blocks: u32,
    block_size: u32,
    next: u32,
    written: u32,
    at: u32,
}

struct Inflate {
    stream: Decompress,
    window: Box<[u8; WINDOW]>,
    filled: usize,
    done: bool,
}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Inflate")
            .field("filled", &self.filled)
            .finish_non_exhaustive()
    }
}

/// The state of the loader.
#[derive(Debug)]
pub struct Rom {
    decoder: Decoder,
    ring: VecDeque<u8>,
    /// Edges counted at the receiver while the rate is measured.
    edges: u32,
    synchronized: bool,
    hung: bool,
    /// The receive buffer. Each frame is written over what was there.
    buffer: Vec<u8>,
    /// The answer's buffer.
    answer: [u8; 8 + ANSWER_DATA + 4],
    error: u32,
    plain: Download,
    deflated: Download,
    inflate: Inflate,
    /// SPIParamCfg's chip size; the ROM starts with that of a 4 MB chip.
    chip_size: u32,
}

impl Default for Rom {
    fn default() -> Self {
        let mut answer = [0; 8 + ANSWER_DATA + 4];
        answer[0] = 1;
        Self {
            decoder: Decoder::new(Dialect::Rom, FRAME),
            ring: VecDeque::new(),
            edges: 0,
            synchronized: false,
            hung: false,
            buffer: vec![0; FRAME],
            answer,
            error: 0,
            plain: Download::default(),
            deflated: Download::default(),
            inflate: Inflate {
                stream: Decompress::new(true),
                window: Box::new([0; WINDOW]),
                filled: 0,
                done: false,
            },
            chip_size: 4 << 20,
        }
    }
}

/// Whether a command succeeded, and how many bytes of data its answer has.
struct Outcome {
    failed: bool,
    data: usize,
    next: Next,
    divider: Option<u32>,
}

impl From<Result<(), u32>> for Outcome {
    fn from(result: Result<(), u32>) -> Self {
        Self {
            failed: result.is_err(),
            data: 0,
            next: Next::Stay,
            divider: None,
        }
    }
}

impl Rom {
    /// Whether the host's rate was measured, which happens once.
    pub fn measured(&self) -> bool {
        self.edges > EDGES
    }

    /// The receiver sees `byte` at the host's rate: whether there were enough edges to measure it now.
    pub fn measure(&mut self, byte: u8) -> bool {
        // Start bit, data, stop bit: a level change wherever two neighbours differ.
        let bits = u32::from(byte) << 1 | 1 << 9;
        self.edges += ((bits ^ (bits << 1 | 1)) & 0x3FF).count_ones();
        self.measured()
    }

    /// A byte arrives.
    pub fn receive(&mut self, hardware: &mut Hardware, at: Duration, byte: u8) -> Next {
        if self.hung || at < hardware.now {
            self.ring.push_back(byte);
            if self.ring.len() == RING {
                self.ring.clear();
            }
            return Next::Stay;
        }
        let next = self.idle(hardware);
        if next != Next::Stay {
            return next;
        }
        if at < hardware.now {
            return self.receive(hardware, at, byte);
        }
        hardware.now = at;
        self.take(hardware, byte)
    }

    /// The line is quiet: takes what has arrived while the CPU was busy.
    pub fn idle(&mut self, hardware: &mut Hardware) -> Next {
        while !self.hung
            && let Some(byte) = self.ring.pop_front()
        {
            let next = self.take(hardware, byte);
            if next != Next::Stay {
                return next;
            }
        }
        Next::Stay
    }

    fn take(&mut self, hardware: &mut Hardware, byte: u8) -> Next {
        let Some(frame) = self.decoder.push(byte) else {
            return Next::Stay;
        };
        self.buffer[..frame.len()].copy_from_slice(&frame);
        hardware.work(SPEED.command);
        self.handle(hardware)
    }

    fn words(&self, index: usize) -> u32 {
        word(&self.buffer, 8 + 4 * index)
    }

    fn size(&self) -> u16 {
        u16::from_le_bytes([self.buffer[2], self.buffer[3]])
    }

    fn handle(&mut self, hardware: &mut Hardware) -> Next {
        let (direction, operation) = (self.buffer[0], self.buffer[1]);
        if !self.synchronized {
            if direction != 0 || operation != SYNC {
                return Next::Stay;
            }
            self.synchronized = true;
        }
        let known = direction == 0 && matches!(operation, 0x02..=0x0B | 0x0D..=0x13);
        hardware.count(if known {
            command_name(operation)
        } else {
            "UNKNOWN"
        });
        let outcome = if known {
            let outcome = self.run(hardware, operation);
            if self.hung {
                return Next::Stay;
            }
            self.answer[1] = operation;
            outcome
        } else {
            self.error = error::INVALID;
            Err(error::INVALID).into()
        };
        let mut next = outcome.next;
        if self.error == error::RESTART {
            self.error = 0;
            next = Next::Restart;
        }
        let end = 8 + outcome.data;
        self.answer[2] = outcome.data as u8 + 4;
        self.answer[3] = 0;
        self.answer[end] = u8::from(outcome.failed);
        self.answer[end + 1] = self.error as u8;
        let replies = if self.answer[1] == SYNC {
            SYNC_REPLIES
        } else {
            1
        };
        for _ in 0..replies {
            hardware.send_frame(&self.answer[..end + 4]);
        }
        if next == Next::Restart || outcome.divider.is_some() {
            hardware.send(vec![0xC0, 0xC0]);
            hardware.wait_sent();
        }
        if let Some(divider) = outcome.divider {
            hardware.set_divider(CRYSTAL, divider);
        }
        next
    }

    fn run(&mut self, hardware: &mut Hardware, operation: u8) -> Outcome {
        let result = match operation {
            SYNC => {
                self.set_value(self.words(0));
                self.error = 0;
                Ok(())
            }
            READ_REG => {
                self.set_value(hardware.buses.read(self.words(0)));
                self.error = 0;
                Ok(())
            }
            0x09 => {
                for index in 0..usize::from(self.size() / 16) {
                    let [address, value, mask, delay] =
                        [0, 1, 2, 3].map(|part| self.words(index * 4 + part));
                    hardware.work(Duration::from_micros(delay.into()));
                    let new = hardware.buses.read(address) & !mask | value & mask;
                    let now = hardware.now;
                    hardware.buses.write(now, &mut hardware.flash, address, new);
                }
                self.error = 0;
                Ok(())
            }
            0x02 | 0x05 | 0x10 => self.begin(hardware, operation),
            0x07 => self.block(false, false).map(|at| {
                let len = self.words(0);
                hardware.work(Speed::bytes(SPEED.checksum_byte, len as usize));
                hardware
                    .buses
                    .write_bytes(at, &self.buffer[24..24 + len as usize]);
                self.plain.at = at.wrapping_add(len);
                self.plain.written = self.plain.written.wrapping_add(len);
            }),
            0x03 => self
                .block(false, true)
                .and_then(|at| self.program_block(hardware, at)),
            0x11 => self
                .block(true, false)
                .and_then(|_| self.inflate_block(hardware)),
            0x06 => {
                if self.size() > 8 {
                    Err(error::INVALID)
                } else {
                    let mut outcome = Outcome::from(Ok(()));
                    if self.buffer[8] == 0 {
                        outcome.next = Next::Execute {
                            entry: self.words(1),
                        };
                    }
                    return outcome;
                }
            }
            0x04 => {
                let complete =
                    self.plain.next == self.plain.blocks && self.plain.size == self.plain.written;
                let mut outcome = Outcome::from(self.end(complete));
                outcome.next = Next::RunUserCode;
                return outcome;
            }
            0x12 => self.end(self.deflated.next == self.deflated.blocks),
            0x0B => {
                if self.size() == 24 {
                    self.chip_size = self.words(1);
                    Ok(())
                } else {
                    Err(error::INVALID)
                }
            }
            0x0D => {
                hardware.buses.spi_attached = true;
                self.error = 0;
                Ok(())
            }
            0x0E => {
                let (offset, len) = (self.words(0), self.words(1));
                let result = if len > ANSWER_DATA as u32 {
                    Err(error::READ_LENGTH)
                } else {
                    // Whole words are copied.
                    let whole = len.next_multiple_of(4) as usize;
                    let mut data = [0; ANSWER_DATA];
                    self.read(hardware, offset, len, &mut data[..whole])
                        .map(|()| {
                            self.answer[8..8 + whole].copy_from_slice(&data[..whole]);
                            self.error = 0;
                        })
                };
                let mut outcome = Outcome::from(self.fail(result));
                outcome.data = ANSWER_DATA;
                return outcome;
            }
            0x0F => {
                let refused = hardware.refused_bauds.contains(&self.words(0));
                if refused {
                    hardware.faults_injected += 1;
                    Err(error::FAILED)
                } else {
                    self.error = 0;
                    let mut outcome = Outcome::from(Ok(()));
                    let word = self.words(0);
                    outcome.divider = Some(if self.buffer[12] != 0 {
                        word
                    } else {
                        (u64::from(CRYSTAL) << 4)
                            .checked_div(word.into())
                            .unwrap_or(0) as u32
                    })
                    .filter(|&divider| divider != 0);
                    return outcome;
                }
            }
            _ => {
                let (offset, len) = (self.words(0), self.words(1));
                let result = if self.size() > MAX_BODY {
                    Err(error::INVALID)
                } else if len as i32 > 0
                    && u64::from(offset) + u64::from(len) > u64::from(self.chip_size)
                {
                    // The ROM reads up to the chip's end first; its answer is the same.
                    Err(error::READ)
                } else {
                    let len = if len as i32 > 0 { len } else { 0 };
                    let digest = hardware.md5(offset, len);
                    hardware.work(Speed::bytes(SPEED.read_byte + SPEED.md5_byte, len as usize));
                    for (place, byte) in self.answer[8..40].chunks_mut(2).zip(digest) {
                        let digits = format!("{byte:02x}");
                        place.copy_from_slice(digits.as_bytes());
                    }
                    self.error = 0;
                    Ok(())
                };
                let mut outcome = Outcome::from(self.fail(result));
                outcome.data = 32;
                return outcome;
            }
        };
        self.fail(result).into()
    }

    fn fail(&mut self, result: Result<(), u32>) -> Result<(), u32> {
        if let Err(error) = result {
            self.error = error;
        }
        result
    }

    fn set_value(&mut self, value: u32) {
        self.answer[4..8].copy_from_slice(&value.to_le_bytes());
    }

    fn begin(&mut self, hardware: &mut Hardware, operation: u8) -> Result<(), u32> {
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
        self.erase(hardware, at, size)
    }

    /// SPIEraseArea: sectors up to the end of the block that it starts in, a whole one if it starts at a block; then blocks as
    /// long as more than one is left; then sectors.
    fn erase(&mut self, hardware: &mut Hardware, offset: u32, len: u32) -> Result<(), u32> {
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
            hardware.start_erase(at, unit * SECTOR);
            hardware.wait_flash();
            at += unit * SECTOR;
            sectors -= unit;
        }
        Ok(())
    }

    /// Checks a block, and gives the address that it is for.
    fn block(&mut self, deflated: bool, whole_words: bool) -> Result<u32, u32> {
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
    fn read(
        &self,
        hardware: &mut Hardware,
        offset: u32,
        len: u32,
        buffer: &mut [u8],
    ) -> Result<(), u32> {
        if offset.wrapping_add(len) > self.chip_size {
            return Err(error::READ);
        }
        hardware.wait_flash();
        hardware.read_flash(offset, buffer);
        hardware.work(Speed::bytes(SPEED.read_byte, buffer.len()));
        Ok(())
    }

    fn program_block(&mut self, hardware: &mut Hardware, at: u32) -> Result<(), u32> {
        let len = self.words(0);
        let mut payload = self.buffer[24..24 + len as usize].to_vec();
        let sum = |bytes: &[u8]| bytes.iter().fold(0xEF, |sum, byte| sum ^ byte);
        hardware.work(Speed::bytes(2 * SPEED.checksum_byte, payload.len()));
        let sent = sum(&payload);
        self.program(hardware, at, &payload);
        self.read(hardware, at, len, &mut payload).ok();
        self.buffer[24..24 + len as usize].copy_from_slice(&payload);
        if sum(&payload) != sent {
            return Err(error::READ_BACK);
        }
        self.plain.at = at.wrapping_add(len);
        self.plain.written = self.plain.written.wrapping_add(len);
        Ok(())
    }

    /// SPIWrite, whose result the ROM does not look at.
    fn program(&self, hardware: &mut Hardware, at: u32, bytes: &[u8]) {
        if at.wrapping_add(bytes.len() as u32) <= self.chip_size {
            hardware.work(Speed::bytes(SPEED.program_byte, bytes.len()));
            hardware.program(at, bytes);
        }
    }

    fn inflate_block(&mut self, hardware: &mut Hardware) -> Result<(), u32> {
        let len = self.words(0) as usize;
        let last = self.deflated.next == self.deflated.blocks;
        let payload = self.buffer[24..24 + len].to_vec();
        let mut input = payload.as_slice();
        hardware.work(Speed::bytes(SPEED.checksum_byte, len));
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
            hardware.work(Speed::bytes(SPEED.inflate_byte, made));
            match status {
                Ok(status) => self.inflate.done |= status == Status::StreamEnd,
                // tinfl's TINFL_STATUS_FAILED.
                Err(_) => return Err(error::INFLATE + 1),
            }
            if self.inflate.filled == WINDOW {
                let window = self.inflate.window.clone();
                self.program(hardware, self.deflated.at, &window[..]);
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
            self.program(hardware, self.deflated.at, &window[..]);
        }
        self.deflated.written = self.deflated.written.wrapping_add(len as u32);
        Ok(())
    }

    fn end(&mut self, complete: bool) -> Result<(), u32> {
        if !complete {
            return self.fail(Err(error::FAILED));
        }
        if self.buffer[8] == 0 {
            self.error = error::RESTART;
        }
        Ok(())
    }
}
