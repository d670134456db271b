//! The flasher stub that espflash carries.
//!
//! espflash has no access to it but its own upload, which waits three seconds each for two commands that the ROM does not
//! know, and expects the stub at the rate at which it was uploaded; the stub starts at 115200 baud. So the upload runs once
//! against a loader in memory, which keeps what comes.

use std::io::{Read, Write};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use espflash::command::CommandType;
use espflash::connection::{Connection, ResetAfterOperation, ResetBeforeOperation};
use espflash::flasher::Flasher;
use espflash::target::Chip;
use serialport::{SerialPort, TTYPort};

use crate::device::no_usb;
use crate::slip;

/// What a chip answers at 0x40001000 if it is an ESP32.
const ESP32_MAGIC: u32 = 0x00F0_1D83;
/// Runs of the upload: on a busy machine, espflash's short timeouts may pass.
const ATTEMPTS: usize = 5;
const LIMIT: Duration = Duration::from_secs(10);

/// A program for the chip's RAM.
#[derive(Debug, Default)]
pub(crate) struct Stub {
    /// Address to jump to.
    pub(crate) entry: u32,
    /// Address and content.
    pub(crate) segments: Vec<(u32, Vec<u8>)>,
}

impl Stub {
    /// espflash's stub for the ESP32.
    pub(crate) fn esp32() -> Option<&'static Self> {
        static STUB: OnceLock<Option<Stub>> = OnceLock::new();
        STUB.get_or_init(|| (0..ATTEMPTS).find_map(|_| capture()))
            .as_ref()
    }
}

fn capture() -> Option<Stub> {
    let (master, port) = TTYPort::pair().ok()?;
    let loader = thread::spawn(move || Loader::new(master).run());
    let (after, before) = (ResetAfterOperation::NoReset, ResetBeforeOperation::NoReset);
    let connection = Connection::new(port, no_usb(), after, before, 115_200);
    // It fails when the loader hangs up, after the upload.
    let _ = Flasher::try_connect(connection, true, false, false, Some(Chip::Esp32), None);
    loader.join().ok()?
}

/// As much of a loader as the upload needs.
struct Loader {
    port: TTYPort,
    stub: Stub,
    expected: usize,
}

impl Loader {
    fn new(mut port: TTYPort) -> Self {
        // A terminal without answers has no timeout otherwise.
        let _ = port.set_timeout(Duration::from_millis(500));
        Self {
            port,
            stub: Stub::default(),
            expected: 0,
        }
    }

    fn run(mut self) -> Option<Stub> {
        let deadline = Instant::now() + LIMIT;
        let (mut received, mut buf) = (Vec::new(), [0; 4096]);
        while Instant::now() < deadline {
            let len = self.port.read(&mut buf).ok()?;
            received.extend_from_slice(&buf[..len]);
            while let Some(packet) = slip::take_packet(&mut received) {
                if self.handle(&packet)? {
                    return Some(self.stub);
                }
            }
        }
        None
    }

    /// `true` when the stub would start.
    fn handle(&mut self, packet: &[u8]) -> Option<bool> {
        let operation = *packet.get(1)?;
        let body = packet.get(8..)?;
        let word = |index: usize| {
            let bytes = body.get(index * 4..index * 4 + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let (mut value, mut status, mut answers, mut done) = (0, 0, 1, false);
        match operation {
            op if op == CommandType::Sync as u8 => answers = 8,
            op if op == CommandType::ReadReg as u8 => value = ESP32_MAGIC,
            op if op == CommandType::MemBegin as u8 => {
                self.expected = word(0)? as usize;
                self.stub.segments.push((word(3)?, Vec::new()));
            }
            op if op == CommandType::MemData as u8 => {
                let data = &mut self.stub.segments.last_mut()?.1;
                data.extend_from_slice(body.get(16..)?);
                data.truncate(self.expected);
            }
            op if op == CommandType::MemEnd as u8 => {
                self.stub.entry = word(1)?;
                done = true;
            }
            _ => status = 1,
        }
        let mut answer = vec![1, operation, 4, 0];
        answer.extend(u32::to_le_bytes(value));
        answer.extend([status, 0, 0, 0]);
        for _ in 0..answers {
            self.port.write_all(&slip::packet(&answer)).ok()?;
        }
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use espsim::BootMode;
    use espsim::board::{Activity, Board, BoardOptions};
    use espsim::clock::{MICROSECOND, Ticks};
    use espsim::flash::Flash;

    use super::*;

    #[test]
    fn the_stub_is_complete() {
        let stub = Stub::esp32().unwrap();
        let [(text_at, text), (data_at, data)] = &stub.segments[..] else {
            panic!("{} segments", stub.segments.len());
        };
        // IRAM and DRAM of the ESP32 (Technical Reference Manual, section 1.3).
        assert!((0x4008_0000..0x400A_C000).contains(text_at), "{text_at:#x}");
        assert!((0x3FFA_E000..0x4000_0000).contains(data_at), "{data_at:#x}");
        assert!(text.len() > 4000 && !data.is_empty());
        assert!((*text_at..*text_at + text.len() as u32).contains(&stub.entry));
    }

    /// No command takes longer.
    const LIMIT: Ticks = 60_000_000 * MICROSECOND;

    fn ask(board: &mut Board, bytes: &[u8]) -> Vec<u8> {
        board.receive(bytes);
        assert_eq!(board.run(LIMIT), Activity::Waits);
        assert_eq!(board.take_failure(), None);
        board.take_output()
    }

    /// A command with `words` in front of `payload`, which the checksum is of.
    fn command(operation: CommandType, words: &[u32], payload: &[u8]) -> Vec<u8> {
        let len = words.len() * 4 + payload.len();
        let sum = payload.iter().fold(0xEF, |sum, byte| sum ^ byte);
        let mut packet = vec![0, operation as u8];
        packet.extend((len as u16).to_le_bytes());
        packet.extend(u32::from(sum).to_le_bytes());
        packet.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        packet.extend(payload);
        slip::packet(&packet)
    }

    /// The stub in a chip that executes it.
    fn board_with_stub() -> Board {
        const BLOCK: usize = 0x1800;
        let mut board = Board::new(&BoardOptions::default(), Flash::new(4 << 20));
        board.reset(BootMode::Download);
        ask(&mut board, &[]);
        let mut sync = vec![0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20];
        sync.extend([0x55; 32]);
        ask(&mut board, &slip::packet(&sync));
        let stub = Stub::esp32().unwrap();
        for (address, content) in &stub.segments {
            let (len, blocks) = (content.len() as u32, content.len().div_ceil(BLOCK) as u32);
            let begin = command(
                CommandType::MemBegin,
                &[len, blocks, BLOCK as u32, *address],
                &[],
            );
            ask(&mut board, &begin);
            for (number, block) in (0..).zip(content.chunks(BLOCK)) {
                let words = [block.len() as u32, number, 0, 0];
                ask(&mut board, &command(CommandType::MemData, &words, block));
            }
        }
        let end = command(CommandType::MemEnd, &[0, stub.entry], &[]);
        let answer = ask(&mut board, &end);
        assert!(answer.ends_with(&slip::packet(b"OHAI")), "{answer:x?}");
        board
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    /// Commands to which the answers of this stub (esp-flasher-stub 1.4.1) were recorded in an emulator: a comment, the bytes to
    /// the chip and the bytes from it for each.
    #[test]
    fn the_simulated_chip_executes_it_as_an_emulator_did() {
        let mut board = board_with_stub();
        let (mut name, mut answer, mut exchanges) = ("", Vec::new(), 0);
        for line in include_str!("../tests/transcripts/stub.txt").lines() {
            match line.split_at(1) {
                ("#", comment) => name = comment.trim(),
                (">", command) => answer = ask(&mut board, &bytes(command.trim())),
                ("<", expected) => {
                    assert_eq!(answer, bytes(expected.trim()), "{name}");
                    exchanges += 1;
                }
                _ => panic!("{line}"),
            }
        }
        assert!(exchanges > 100, "{exchanges}");
    }
}
