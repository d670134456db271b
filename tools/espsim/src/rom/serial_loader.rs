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

use flate2::Decompress;

use super::boot::{self, word};
use super::slip::{self, Decoder};
use super::{Call, Outcome, console, variable};
use crate::chip::CRYSTAL;
use crate::clock::{MICROSECOND, Ticks};
use crate::peripherals::rtc_cntl::ResetRequest;

mod chip;
mod cost;
mod download;

/// Where it is: `UartDwnLdProc`.
pub const ADDRESS: u32 = 0x4000_8CE8;

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
}
