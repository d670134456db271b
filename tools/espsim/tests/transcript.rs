//! Replays commands to which the answers of the real ROM (revision 3) and of the real stub (esp-flasher-stub 1.4.1) were recorded
//! in an emulator, and compares byte for byte. A transcript has a comment, the bytes to the chip and the bytes from it for each.

use std::time::Duration;

use espsim::device::{BootMode, Device};
use espsim::flash::Flash;
use espsim::{Chip, slip};

/// A device in the loader, and the time that has passed for its host.
struct Bench {
    device: Device,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            device: Device::new(&Chip::default(), Flash::new(4 << 20)),
            now: Duration::ZERO,
        };
        bench.device.release(Duration::ZERO, BootMode::Download);
        bench.answer();
        bench
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        for &byte in bytes {
            self.now += Duration::from_micros(86);
            self.device.receive(self.now, byte);
        }
        self.device.idle();
        self.answer()
    }

    fn answer(&mut self) -> Vec<u8> {
        self.now = self.now.max(self.device.hardware.now);
        let sent = self.device.take_output();
        sent.into_iter().flat_map(|sent| sent.bytes).collect()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn replay(bench: &mut Bench, transcript: &str) {
    let mut name = "";
    let mut answer = Vec::new();
    let mut exchanges = 0;
    for line in transcript.lines() {
        match line.split_at(1) {
            ("#", comment) => name = comment.trim(),
            (">", command) => answer = bench.send(&bytes(command.trim())),
            ("<", expected) => {
                assert_eq!(hex(&answer), expected.trim(), "{name}");
                exchanges += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert!(exchanges > 100, "{exchanges}");
}

#[test]
fn rom_answers_as_the_real_one() {
    replay(&mut Bench::new(), include_str!("transcripts/rom.txt"));
}

#[test]
fn stub_answers_as_the_real_one() {
    let mut bench = Bench::new();
    bench.send(&slip::encode(&[0, 8, 0, 0, 0, 0, 0, 0]));
    bench.device.start_stub();
    assert_eq!(bench.answer(), slip::encode(b"OHAI"));
    replay(&mut bench, include_str!("transcripts/stub.txt"));
}
