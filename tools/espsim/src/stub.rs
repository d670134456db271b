//! The flasher stub: esp-flasher-stub, the program that esptool and espflash load into RAM.

use std::time::Duration;

use flate2::{Decompress, FlushDecompress, Status};
use md5::{Digest, Md5};

use crate::device::{Hardware, Next, ROM_BAUD, command_name, word};
use crate::flash::{BLOCK, SECTOR};
use crate::slip::{Decoder, Dialect};
use crate::timing::{STUB as SPEED, Speed};

/// Response codes (esp-flasher-stub, src/commands.h).
mod code {
    pub const BAD_DATA_LEN: u16 = 0xC000;
    pub const BAD_DATA_CHECKSUM: u16 = 0xC100;
    pub const INVALID_COMMAND: u16 = 0xC300;
    pub const FAILED_SPI_OP: u16 = 0xC400;
    pub const NOT_IN_FLASH_MODE: u16 = 0xC600;
    pub const INFLATE_ERROR: u16 = 0xC700;
    pub const NOT_ENOUGH_DATA: u16 = 0xC800;
    pub const TOO_MUCH_DATA: u16 = 0xC900;
    pub const CMD_NOT_IMPLEMENTED: u16 = 0xFF00;
}

/// A program that this module stands in for.
struct Known {
    entry: u32,
    text: (u32, usize),
    data: (u32, usize),
    /// MD5 of text and data, in this order.
    digest: [u8; 16],
}

/// The stubs known. Release 1.4.1 of esp-flasher-stub is in esptool 5.6 and in espflash 4.7.
const KNOWN: [Known; 1] = [Known {
    entry: 0x400A_902C,
    text: (0x400A_8000, 6456),
    data: (0x3FFD_ED6C, 212),
    digest: DIGEST_1_4_1,
}];

const DIGEST_1_4_1: [u8; 16] = [
    0x8F, 0x32, 0x59, 0xA1, 0x65, 0xBA, 0x7A, 0x9B, 0x64, 0xEF, 0x77, 0xE3, 0x68, 0xC7, 0x73, 0x19,
];

/// The APB clock after the stub's start: it sets the PLL up.
const APB_CLOCK: u32 = 80_000_000;
/// What inflate writes into before it goes to flash (TINFL_LZ_DICT_SIZE).
const DICTIONARY: usize = 32 * 1024;
/// Bytes of each of the stub's two frame buffers.
const FRAME: usize = 0x4000 + 64;
/// The stub's waits before and after a change of the baud rate.
const BAUD_DELAY: Duration = Duration::from_millis(5);

/// What is left to do after a response was sent.
enum After {
    Nothing,
    FlashData,
    DeflData,
    Baud(u32),
    MemEnd,
    ReadFlash,
}

#[derive(Debug, Default)]
struct Writing {
    remaining: u32,
    offset: u32,
    encrypt: bool,
    compressed_remaining: u32,
    erase_at: u32,
    erase_remaining: u32,
    dirty_seen: bool,
}

#[derive(Debug)]
struct Reading {
    offset: u32,
    remaining: u32,
    size: u32,
    packet: u32,
    acknowledged: u32,
    md5: Md5,
}

#[derive(Debug, Default)]
struct Loading {
    at: u32,
    remaining: u32,
}

/// The state of the stub.
#[derive(Debug)]
pub struct Stub {
    decoder: Decoder,
    writing: Option<Writing>,
    loading: Option<Loading>,
    reading: Option<Reading>,
    inflate: Decompress,
    dictionary: Vec<u8>,
    /// The failure of what was done after the last response.
    pending_error: u16,
    hung: bool,
}

impl Stub {
    /// Starts the stub if the program in RAM at `entry` is one.
    pub fn load(hardware: &mut Hardware, entry: u32) -> Option<Self> {
        let known = KNOWN.iter().find(|known| known.entry == entry)?;
        let mut md5 = Md5::new();
        for (start, len) in [known.text, known.data] {
            md5.update(hardware.buses.read_bytes(start, len));
        }
        let digest: [u8; 16] = md5.finalize().into();
        (digest == known.digest).then(|| Self::start(hardware))
    }

    /// Starts the stub.
    pub fn start(hardware: &mut Hardware) -> Self {
        hardware.wait_sent();
        hardware.work(BAUD_DELAY);
        // The stub takes the rate from the ROM's uart_device, which the ROM's CHANGE_BAUDRATE leaves at 115200.
        hardware.set_baud(APB_CLOCK, ROM_BAUD);
        hardware.work(BAUD_DELAY);
        hardware.buses.spi_attached = true;
        hardware.work(Duration::from_millis(10));
        hardware.send_frame(b"OHAI");
        Self {
            decoder: Decoder::new(Dialect::Stub, FRAME),
            writing: None,
            loading: None,
            reading: None,
            inflate: Decompress::new(true),
            dictionary: Vec::new(),
            pending_error: 0,
            hung: false,
        }
    }

    /// The line is quiet.
    pub fn idle(&mut self) {
        self.decoder.idle();
    }

    /// A byte arrives.
    pub fn receive(&mut self, hardware: &mut Hardware, at: Duration, byte: u8) -> Next {
        if self.hung {
            return Next::Stay;
        }
        let Some(frame) = self.decoder.push(byte) else {
            return Next::Stay;
        };
        hardware.now = hardware.now.max(at);
        if self.reading.is_some() {
            self.acknowledge(hardware, &frame);
            return Next::Stay;
        }
        hardware.work(SPEED.command);
        self.handle(hardware, &frame)
    }

    fn respond(hardware: &mut Hardware, operation: u8, value: u32, data: &[u8], code: u16) {
        let mut response = vec![1, operation];
        response.extend((data.len() as u16 + 2).to_le_bytes());
        response.extend(value.to_le_bytes());
        response.extend(data);
        response.extend(code.to_be_bytes());
        hardware.send_frame(&response);
    }

    fn handle(&mut self, hardware: &mut Hardware, frame: &[u8]) -> Next {
        if frame.len() < 8 {
            let operation = frame.get(1).copied().unwrap_or(0);
            Self::respond(hardware, operation, 0, &[], code::BAD_DATA_LEN);
            return Next::Stay;
        }
        let (operation, checksum, body) = (frame[1], word(frame, 4), &frame[8..]);
        hardware.count(command_name(operation));
        if frame[0] != 0 {
            Self::respond(hardware, operation, 0, &[], code::INVALID_COMMAND);
            return Next::Stay;
        }
        if usize::from(u16::from_le_bytes([frame[2], frame[3]])) != body.len() {
            Self::respond(hardware, operation, 0, &[], code::BAD_DATA_LEN);
            return Next::Stay;
        }
        if self.pending_error != 0 {
            let code = std::mem::take(&mut self.pending_error);
            Self::respond(hardware, operation, 0, &[], code);
            return Next::Stay;
        }
        if operation == 0xD3 {
            return Next::Stay;
        }
        let mut value = 0;
        let mut data = Vec::new();
        let after = match self.run(hardware, operation, checksum, body, &mut value, &mut data) {
            Ok(after) => {
                Self::respond(hardware, operation, value, &data, 0);
                after
            }
            Err(code) => {
                Self::respond(hardware, operation, 0, &[], code);
                return Next::Stay;
            }
        };
        let result = match after {
            After::Nothing => Ok(()),
            After::FlashData => self.write(hardware, &body[16..]),
            After::DeflData => self.inflate(hardware, body),
            After::Baud(baud) => {
                hardware.work(BAUD_DELAY);
                hardware.wait_sent();
                hardware.set_baud(APB_CLOCK, baud);
                hardware.work(BAUD_DELAY);
                Ok(())
            }
            After::MemEnd => {
                if word(body, 0) == 0 {
                    return Next::Execute {
                        entry: word(body, 4),
                    };
                }
                Ok(())
            }
            After::ReadFlash => self.start_reading(hardware, body),
        };
        self.pending_error = result.err().unwrap_or(0);
        Next::Stay
    }

    fn run(
        &mut self,
        hardware: &mut Hardware,
        operation: u8,
        checksum: u32,
        body: &[u8],
        value: &mut u32,
        data: &mut Vec<u8>,
    ) -> Result<After, u16> {
        let words = |index: usize| word(body, index * 4);
        let exactly = |len: usize| {
            if body.len() == len {
                Ok(())
            } else {
                Err(code::BAD_DATA_LEN)
            }
        };
        match operation {
            0x08 => {
                exactly(36)?;
                for _ in 0..7 {
                    Self::respond(hardware, operation, 0, &[], 0);
                }
            }
            0x02 | 0x10 => self.begin(hardware, operation, body)?,
            0x03 => {
                if body.len() < 16 {
                    return Err(code::NOT_ENOUGH_DATA);
                }
                if self.writing.is_none() {
                    return Err(code::NOT_IN_FLASH_MODE);
                }
                if words(0) as usize != body.len() - 16 {
                    return Err(code::TOO_MUCH_DATA);
                }
                check(hardware, &body[16..], checksum)?;
                return Ok(After::FlashData);
            }
            0x11 => {
                if body.len() < 16 {
                    return Err(code::BAD_DATA_LEN);
                }
                if self.writing.is_none() {
                    return Err(code::NOT_IN_FLASH_MODE);
                }
                // The stub takes the length that it is told; what is behind the frame is not modelled.
                let len = (words(0) as usize).min(body.len() - 16);
                check(hardware, &body[16..16 + len], checksum)?;
                return Ok(After::DeflData);
            }
            0x04 | 0x12 => {
                exactly(4)?;
                match &self.writing {
                    None => return Err(code::NOT_IN_FLASH_MODE),
                    Some(writing) if writing.remaining != 0 => return Err(code::BAD_DATA_LEN),
                    Some(_) => self.writing = None,
                }
            }
            0x05 => {
                exactly(16)?;
                self.loading = Some(Loading {
                    at: words(3),
                    remaining: words(0),
                });
            }
            0x07 => {
                if body.len() < 16 {
                    return Err(code::NOT_ENOUGH_DATA);
                }
                let Some(loading) = &mut self.loading else {
                    return Err(code::NOT_IN_FLASH_MODE);
                };
                let len = words(0);
                if loading.remaining < len || len as usize != body.len() - 16 {
                    return Err(code::TOO_MUCH_DATA);
                }
                hardware.buses.write_bytes(loading.at, &body[16..]);
                loading.at += len;
                loading.remaining -= len;
            }
            0x06 => {
                exactly(8)?;
                if self.loading.take().is_none() {
                    return Err(code::NOT_IN_FLASH_MODE);
                }
                return Ok(After::MemEnd);
            }
            0x09 => {
                if body.is_empty() || !body.len().is_multiple_of(16) {
                    return Err(code::NOT_ENOUGH_DATA);
                }
                for entry in body.as_chunks::<16>().0 {
                    let [address, value, mask, delay] = [0, 4, 8, 12].map(|at| word(entry, at));
                    hardware.work(Duration::from_micros(delay.into()));
                    let old = hardware.buses.read(address);
                    let now = hardware.now;
                    let new = old & !mask | value & mask;
                    hardware.buses.write(now, &mut hardware.flash, address, new);
                }
            }
            0x0A => {
                exactly(4)?;
                *value = hardware.buses.read(words(0));
            }
            0x0D => {
                exactly(4)?;
                hardware.buses.spi_attached = true;
            }
            0x0B => exactly(24)?,
            0x0F => {
                exactly(8)?;
                if hardware.refused_bauds.contains(&words(0)) {
                    hardware.faults_injected += 1;
                    return Err(code::INVALID_COMMAND);
                }
                return Ok(After::Baud(words(0)));
            }
            0x13 => {
                exactly(16)?;
                let len = words(1);
                let digest = hardware.md5(words(0), len);
                hardware.work(Speed::bytes(SPEED.read_byte + SPEED.md5_byte, len as usize));
                data.extend(digest);
            }
            0x14 => {
                exactly(0)?;
                return Err(code::CMD_NOT_IMPLEMENTED);
            }
            0xD0 => {
                let len = hardware.flash.data().len() as u32;
                hardware.start_erase(0, len);
                hardware.wait_flash();
            }
            0xD1 => {
                exactly(8)?;
                let (mut at, mut remaining) = (words(0), words(1));
                if !at.is_multiple_of(SECTOR) || !remaining.is_multiple_of(SECTOR) {
                    return Err(code::BAD_DATA_LEN);
                }
                while remaining > 0 {
                    let unit = erase_unit(at, remaining);
                    hardware.start_erase(at, unit);
                    at = at.wrapping_add(unit);
                    remaining -= unit;
                }
                hardware.wait_flash();
            }
            0xD2 => {
                exactly(16)?;
                return Ok(After::ReadFlash);
            }
            0xD5..=0xDE => return Err(code::CMD_NOT_IMPLEMENTED),
            _ => return Err(code::INVALID_COMMAND),
        }
        Ok(After::Nothing)
    }

    fn begin(&mut self, hardware: &mut Hardware, operation: u8, body: &[u8]) -> Result<(), u16> {
        if body.len() != 16 && body.len() != 20 {
            return Err(code::BAD_DATA_LEN);
        }
        let [size, blocks, block, offset] = [0, 4, 8, 12].map(|at| word(body, at));
        let start = offset & !(SECTOR - 1);
        let end = offset.wrapping_add(size).wrapping_add(SECTOR - 1) & !(SECTOR - 1);
        self.writing = Some(Writing {
            remaining: size,
            offset,
            encrypt: body.len() == 20 && word(body, 16) != 0,
            compressed_remaining: blocks.wrapping_mul(block),
            erase_at: start,
            erase_remaining: end.wrapping_sub(start),
            dirty_seen: false,
        });
        if operation == 0x10 {
            self.inflate = Decompress::new(true);
        }
        self.erase_next(hardware);
        Ok(())
    }

    /// One conditional erase: sectors that are blank are skipped until the first that is not; then an erase is started if
    /// the chip is ready, and tried again later if not.
    fn erase_next(&mut self, hardware: &mut Hardware) {
        let Some(writing) = &mut self.writing else {
            return;
        };
        if writing.erase_remaining == 0 {
            return;
        }
        if !writing.dirty_seen {
            hardware.wait_flash();
            let mut sector = [0; SECTOR as usize];
            hardware.read_flash(writing.erase_at, &mut sector);
            hardware.work(Speed::bytes(SPEED.read_byte, sector.len()));
            if sector.iter().all(|&byte| byte == 0xFF) {
                writing.erase_at += SECTOR;
                writing.erase_remaining -= SECTOR;
                return;
            }
            writing.dirty_seen = true;
        }
        if hardware.now >= hardware.flash.ready_at() {
            let unit = erase_unit(writing.erase_at, writing.erase_remaining);
            hardware.start_erase(writing.erase_at, unit);
            writing.erase_at += unit;
            writing.erase_remaining -= unit;
        }
    }

    fn write(&mut self, hardware: &mut Hardware, bytes: &[u8]) -> Result<(), u16> {
        let Some(writing) = &self.writing else {
            return Ok(());
        };
        let len = (writing.remaining as usize).min(bytes.len());
        let target = writing.offset.wrapping_add(len as u32);
        if writing.encrypt {
            return Err(code::FAILED_SPI_OP);
        }
        while let Some(writing) = &self.writing
            && writing.erase_at < target
        {
            if writing.erase_remaining == 0 {
                // s_ensure_flash_erased_to loops for good when more comes than was announced.
                self.hung = true;
                return Ok(());
            }
            if writing.dirty_seen {
                hardware.wait_flash();
            }
            self.erase_next(hardware);
        }
        if let Some(writing) = &mut self.writing {
            hardware.work(Speed::bytes(SPEED.program_byte, len));
            hardware.program(writing.offset, &bytes[..len]);
            writing.offset += len as u32;
            writing.remaining -= len as u32;
        }
        Ok(())
    }

    fn inflate(&mut self, hardware: &mut Hardware, body: &[u8]) -> Result<(), u16> {
        let (len, sequence) = (word(body, 0) as usize, word(body, 4));
        let mut input = &body[16..16 + len.min(body.len() - 16)];
        if sequence == 0 {
            self.dictionary.clear();
        }
        while !input.is_empty() {
            self.erase_next(hardware);
            let room = DICTIONARY - self.dictionary.len();
            let mut output = vec![0; room];
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, &mut output, FlushDecompress::None)
                .map_err(|_| code::INFLATE_ERROR)?;
            let taken = (self.inflate.total_in() - before_in) as usize;
            let made = (self.inflate.total_out() - before_out) as usize;
            hardware.work(Speed::bytes(SPEED.inflate_byte, made));
            input = &input[taken..];
            self.dictionary.extend(&output[..made]);
            if let Some(writing) = &mut self.writing {
                writing.compressed_remaining =
                    writing.compressed_remaining.wrapping_sub(taken as u32);
            }
            let done = status == Status::StreamEnd;
            if done || self.dictionary.len() == DICTIONARY {
                let bytes = std::mem::take(&mut self.dictionary);
                self.write(hardware, &bytes)?;
            }
            if self.hung {
                return Ok(());
            }
            if done {
                break;
            }
        }
        Ok(())
    }

    fn start_reading(&mut self, hardware: &mut Hardware, body: &[u8]) -> Result<(), u16> {
        let [offset, size, packet] = [0, 4, 8].map(|at| word(body, at));
        if packet > 4096 {
            return Err(code::BAD_DATA_LEN);
        }
        self.reading = Some(Reading {
            offset,
            remaining: size,
            size,
            packet,
            acknowledged: 0,
            md5: Md5::new(),
        });
        self.send_packet(hardware);
        Ok(())
    }

    /// Sends the next packet, and the digest when all are acknowledged. One packet at a time is under way, whatever the
    /// host allows.
    fn send_packet(&mut self, hardware: &mut Hardware) {
        let Some(reading) = &mut self.reading else {
            return;
        };
        if reading.remaining > 0 {
            let len = reading.remaining.min(reading.packet);
            let mut packet = vec![0; len as usize];
            hardware.wait_flash();
            hardware.read_flash(reading.offset, &mut packet);
            reading.md5.update(&packet);
            hardware.work(Speed::bytes(SPEED.read_byte + SPEED.md5_byte, packet.len()));
            hardware.send_frame(&packet);
            reading.offset = reading.offset.wrapping_add(len);
            reading.remaining -= len;
        } else if reading.acknowledged >= reading.size
            && let Some(reading) = self.reading.take()
        {
            hardware.send_frame(&reading.md5.finalize());
        }
    }

    fn acknowledge(&mut self, hardware: &mut Hardware, frame: &[u8]) {
        let Some(reading) = &mut self.reading else {
            return;
        };
        if frame.len() == 4 {
            reading.acknowledged = word(frame, 0);
            self.send_packet(hardware);
        } else if let Some(reading) = self.reading.take() {
            hardware.send_frame(&reading.md5.finalize());
        }
    }
}

/// What the stub erases at once.
fn erase_unit(at: u32, remaining: u32) -> u32 {
    if remaining >= BLOCK && at.is_multiple_of(BLOCK) {
        BLOCK
    } else {
        SECTOR
    }
}

fn check(hardware: &mut Hardware, payload: &[u8], checksum: u32) -> Result<(), u16> {
    hardware.work(Speed::bytes(SPEED.checksum_byte, payload.len()));
    if payload
        .iter()
        .fold(0xEF, |sum, byte| sum ^ u32::from(*byte))
        == checksum
    {
        Ok(())
    } else {
        Err(code::BAD_DATA_CHECKSUM)
    }
}
