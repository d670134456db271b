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
use md5::{Digest, Md5};

use super::boot::{self, word};
use super::slip::{self, Decoder};
use super::{Call, Outcome, console, variable};
use crate::chip::CRYSTAL;
use crate::clock::{self, MICROSECOND, Ticks};
use crate::flash::{BLOCK, PAGE, SECTOR};
use crate::peripherals::rtc_cntl::ResetRequest;

/// Where it is: `UartDwnLdProc`.
pub const ADDRESS: u32 = 0x4000_8CE8;

/// What commands cost. The CPU runs from the 40 MHz crystal, the SPI bus at 10 MHz: SPI_Attach sets its divider to 4.
///
/// The ROM takes 14 instructions for a byte that it reads from flash and hashes (counted in an emulator over 4 MB), of which 11
/// are MD5's; at 1.5 clock cycles for an instruction, which counts loads and taken branches of the LX6, a cycle is 25 ns. SPIRead
/// moves 64 bytes with 32 bits of command and address, thus 8.5 bits for a byte; SPIWrite 32 bytes with a write enable, a status read,
/// command and address, thus 11 bits for a byte.
mod cost {
    use std::time::Duration;

    /// For any command.
    pub const COMMAND: Duration = Duration::from_micros(50);
    /// Nanoseconds for each byte received: interrupt and SLIP, charged where it does not overlap with the line.
    pub const CHECKSUM_BYTE: u64 = 8 * 37;
    /// Nanoseconds for each byte read from the flash chip.
    pub const READ_BYTE: u64 = 850 + 3 * 37;
    /// Nanoseconds for each byte of MD5.
    pub const MD5_BYTE: u64 = 11 * 37;
    /// Nanoseconds for each byte that inflate produces.
    pub const INFLATE_BYTE: u64 = 20 * 37;
    /// Nanoseconds for each byte handed to the flash chip, besides the chip's page program time.
    pub const PROGRAM_BYTE: u64 = 1100 + 5 * 37;

    /// `count` bytes of `nanoseconds` each.
    pub fn bytes(nanoseconds: u64, count: usize) -> Duration {
        Duration::from_nanos(nanoseconds * count as u64)
    }
}

/// What happens behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Wait for the next one.
    Stay,
    /// Run what was loaded into RAM.
    Execute {
        /// Where it begins.
        entry: u32,
    },
    /// Leave the loader: load the application from flash.
    RunUserCode,
    /// Reset the chip by software; the strapping stays.
    Restart,
}

/// Enters the loader.
pub(super) fn start(call: &mut Call) -> super::Result {
    console::print(call, "waiting for download\n");
    call.bus.peripherals.attach_spi1(false);
    // Stubs attach their handlers to the interrupt that the ROM has for the console.
    call.write32(UART0_INTR_MAP, UART0_INTERRUPT)?;
    call.write32(UART0_CONF1, ONE_BYTE)?;
    call.bus.rom.loader = Some(Box::default());
    call.cpu.pc = ADDRESS;
    Ok(Outcome::Jumped)
}

/// The loader: does what has come in, and waits for more.
pub(super) fn run(call: &mut Call) -> super::Result {
    let mut loader = call.bus.rom.loader.take().unwrap_or_default();
    call.bus.peripherals.uart[0].hold(true);
    let next = loader.poll(call);
    if next != Next::RunUserCode {
        call.bus.rom.loader = Some(loader);
    }
    if next != Next::Stay {
        call.bus.peripherals.uart[0].hold(false);
    }
    match next {
        Next::Stay => {
            let arrival = call.bus.peripherals.uart[0].next_arrival();
            let until = arrival.unwrap_or(call.now() + IDLE);
            Ok(Outcome::Wait(until.max(call.now() + 1)))
        }
        // What returns, returns to the loader.
        Next::Execute { entry } => boot::start(call, entry, variable::STACK[0], ADDRESS),
        Next::RunUserCode => {
            call.wait_sent();
            call.bus.peripherals.attach_spi1(true);
            boot::load(call)
        }
        Next::Restart => {
            call.wait_sent();
            let rtc_cntl = &mut call.bus.peripherals.rtc_cntl;
            rtc_cntl.ask_for_reset(ResetRequest::System);
            call.bus.request_attention();
            Ok(Outcome::Wait(call.now() + MICROSECOND))
        }
    }
}

/// DPORT_PRO_UART_INTR_MAP_REG, and the interrupt that the ROM writes there (ETS_UART0_INUM).
const UART0_INTR_MAP: u32 = 0x3FF0_018C;
const UART0_INTERRUPT: u32 = 5;
/// UART_CONF1, which the ROM sets up for an interrupt with each byte (TrigLvl of its RcvMsgBuff); the rest is what a reset leaves.
const UART0_CONF1: u32 = 0x3FF4_0024;
const ONE_BYTE: u32 = 0x6001;
/// How long it waits at once.
const IDLE: Ticks = 1000 * MICROSECOND;

/// What the loader does with the chip. Its time goes on meanwhile.
impl Call<'_> {
    fn go_on_at(&mut self, time: Ticks) {
        let core = self.core();
        self.cpu.cycles = self.cpu.cycles.max(self.bus.cycles_at(core, time));
    }

    fn work(&mut self, time: Duration) {
        self.go_on_at(self.now() + clock::ticks(time));
    }

    fn send_all(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            console::send(self, 0, byte);
        }
    }

    fn wait_sent(&mut self) {
        self.go_on_at(self.bus.peripherals.uart[0].idle_at());
    }

    fn wait_flash(&mut self) {
        self.go_on_at(clock::ticks(self.bus.peripherals.flash.ready_at()));
    }

    /// Without SPI_ATTACH the bus is silent, and reads as 0.
    fn read_flash(&self, offset: u32, buffer: &mut [u8]) {
        if self.bus.peripherals.spi1_attached() {
            self.bus.peripherals.flash.read(offset, buffer);
        } else {
            buffer.fill(0);
        }
    }

    fn start_erase(&mut self, offset: u32, len: u32) {
        self.wait_flash();
        if self.bus.peripherals.spi1_attached() {
            let now = clock::duration(self.now());
            self.bus.peripherals.flash.erase(now, offset, len);
            self.bus.remap();
        }
    }

    /// SPIWrite: in parts of up to 32 bytes that do not cross a page, waiting for each.
    fn program(&mut self, offset: u32, bytes: &[u8]) {
        const PART: usize = 32;
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = (PAGE - at % PAGE) as usize;
            let (part, after) = rest.split_at(room.min(rest.len()).min(PART));
            self.wait_flash();
            if self.bus.peripherals.spi1_attached() {
                let now = clock::duration(self.now());
                self.bus.peripherals.flash.program(now, at, part);
            }
            self.wait_flash();
            at = at.wrapping_add(part.len() as u32);
            rest = after;
        }
        self.bus.remap();
    }

    fn md5(&mut self, offset: u32, len: u32) -> [u8; 16] {
        let mut md5 = Md5::new();
        let mut buffer = [0; 4096];
        let mut done = 0;
        while done < len {
            let part = (len - done).min(buffer.len() as u32) as usize;
            self.read_flash(offset.wrapping_add(done), &mut buffer[..part]);
            md5.update(&buffer[..part]);
            done += part as u32;
        }
        let mut digest: [u8; 16] = md5.finalize().into();
        let script = &mut self.bus.rom.script;
        if script.wrong_md5 {
            digest[0] ^= 1;
            script.faults_injected += 1;
        }
        digest
    }

    fn register_value(&mut self, address: u32) -> u32 {
        self.read32(address & !3).unwrap_or(0)
    }
}

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
pub struct SerialLoader {
    decoder: Decoder,
    ring: VecDeque<u8>,
    /// Until when it was busy.
    free_at: Ticks,
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

impl Default for SerialLoader {
    fn default() -> Self {
        let mut answer = [0; 8 + ANSWER_DATA + 4];
        answer[0] = 1;
        Self {
            decoder: Decoder::new(FRAME),
            ring: VecDeque::new(),
            free_at: 0,
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
struct Answer {
    failed: bool,
    data: usize,
    next: Next,
    divider: Option<u32>,
}

impl From<Result<(), u32>> for Answer {
    fn from(result: Result<(), u32>) -> Self {
        Self {
            failed: result.is_err(),
            data: 0,
            next: Next::Stay,
            divider: None,
        }
    }
}

impl SerialLoader {
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

    /// Does what has come in.
    fn poll(&mut self, call: &mut Call) -> Next {
        loop {
            let now = call.now();
            let next = match call.bus.peripherals.uart[0].take_arrived(now) {
                Some((at, byte)) => self.receive(call, at, byte),
                None if self.ring.is_empty() || self.hung => return Next::Stay,
                None => self.idle(call),
            };
            if next != Next::Stay {
                return next;
            }
        }
    }

    /// A byte has arrived at `at`. The interrupt keeps it while the loader is busy.
    fn receive(&mut self, call: &mut Call, at: Ticks, byte: u8) -> Next {
        if self.hung || at < self.free_at {
            self.ring.push_back(byte);
            if self.ring.len() == RING {
                self.ring.clear();
            }
            return Next::Stay;
        }
        let next = self.idle(call);
        if next != Next::Stay {
            return next;
        }
        if at < self.free_at {
            return self.receive(call, at, byte);
        }
        self.take(call, byte)
    }

    /// The line is quiet: takes what has arrived while the CPU was busy.
    fn idle(&mut self, call: &mut Call) -> Next {
        while !self.hung
            && let Some(byte) = self.ring.pop_front()
        {
            let next = self.take(call, byte);
            if next != Next::Stay {
                return next;
            }
        }
        Next::Stay
    }

    fn take(&mut self, call: &mut Call, byte: u8) -> Next {
        let Some(frame) = self.decoder.push(byte) else {
            return Next::Stay;
        };
        self.buffer[..frame.len()].copy_from_slice(&frame);
        call.work(cost::COMMAND);
        let next = self.handle(call);
        self.free_at = call.now();
        next
    }

    fn words(&self, index: usize) -> u32 {
        word(&self.buffer, 8 + 4 * index)
    }

    fn size(&self) -> u16 {
        u16::from_le_bytes([self.buffer[2], self.buffer[3]])
    }

    fn handle(&mut self, call: &mut Call) -> Next {
        let (direction, operation) = (self.buffer[0], self.buffer[1]);
        if !self.synchronized {
            if direction != 0 || operation != SYNC {
                return Next::Stay;
            }
            self.synchronized = true;
        }
        let known = direction == 0 && matches!(operation, 0x02..=0x0B | 0x0D..=0x13);
        let outcome = if known {
            let outcome = self.run(call, operation);
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
            call.send_all(&slip::encode(&self.answer[..end + 4]));
        }
        if next == Next::Restart || outcome.divider.is_some() {
            call.send_all(&[0xC0, 0xC0]);
            call.wait_sent();
        }
        if let Some(divider) = outcome.divider {
            call.bus.peripherals.uart[0].set_divider(divider.clamp(16, 0xFF_FFFF));
        }
        next
    }

    fn run(&mut self, call: &mut Call, operation: u8) -> Answer {
        let result = match operation {
            SYNC => {
                self.set_value(self.words(0));
                self.error = 0;
                Ok(())
            }
            READ_REG => {
                self.set_value(call.register_value(self.words(0)));
                self.error = 0;
                Ok(())
            }
            0x09 => {
                for index in 0..usize::from(self.size() / 16) {
                    let [address, value, mask, delay] =
                        [0, 1, 2, 3].map(|part| self.words(index * 4 + part));
                    call.work(Duration::from_micros(delay.into()));
                    let new = call.register_value(address) & !mask | value & mask;
                    call.write32(address & !3, new).ok();
                }
                self.error = 0;
                Ok(())
            }
            0x02 | 0x05 | 0x10 => self.begin(call, operation),
            0x07 => self.block(false, false).map(|at| {
                let len = self.words(0);
                call.work(cost::bytes(cost::CHECKSUM_BYTE, len as usize));
                call.write(at, &self.buffer[24..24 + len as usize]).ok();
                self.plain.at = at.wrapping_add(len);
                self.plain.written = self.plain.written.wrapping_add(len);
            }),
            0x03 => self
                .block(false, true)
                .and_then(|at| self.program_block(call, at)),
            0x11 => self
                .block(true, false)
                .and_then(|_| self.inflate_block(call)),
            0x06 => {
                if self.size() > 8 {
                    Err(error::INVALID)
                } else {
                    let mut outcome = Answer::from(Ok(()));
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
                let mut outcome = Answer::from(self.end(complete));
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
                call.bus.peripherals.attach_spi1(true);
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
                    self.read(call, offset, len, &mut data[..whole]).map(|()| {
                        self.answer[8..8 + whole].copy_from_slice(&data[..whole]);
                        self.error = 0;
                    })
                };
                let mut outcome = Answer::from(self.fail(result));
                outcome.data = ANSWER_DATA;
                return outcome;
            }
            0x0F => {
                let script = &mut call.bus.rom.script;
                let refused = script.refused_bauds.contains(&self.words(0));
                if refused {
                    script.faults_injected += 1;
                    Err(error::FAILED)
                } else {
                    self.error = 0;
                    let mut outcome = Answer::from(Ok(()));
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
                    let digest = call.md5(offset, len);
                    call.work(cost::bytes(cost::READ_BYTE + cost::MD5_BYTE, len as usize));
                    for (place, byte) in self.answer[8..40].chunks_mut(2).zip(digest) {
                        let digits = format!("{byte:02x}");
                        place.copy_from_slice(digits.as_bytes());
                    }
                    self.error = 0;
                    Ok(())
                };
                let mut outcome = Answer::from(self.fail(result));
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

    fn begin(&mut self, call: &mut Call, operation: u8) -> Result<(), u32> {
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
    fn read(&self, call: &mut Call, offset: u32, len: u32, buffer: &mut [u8]) -> Result<(), u32> {
        if offset.wrapping_add(len) > self.chip_size {
            return Err(error::READ);
        }
        call.wait_flash();
        call.read_flash(offset, buffer);
        call.work(cost::bytes(cost::READ_BYTE, buffer.len()));
        Ok(())
    }

    fn program_block(&mut self, call: &mut Call, at: u32) -> Result<(), u32> {
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

    fn inflate_block(&mut self, call: &mut Call) -> Result<(), u32> {
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
