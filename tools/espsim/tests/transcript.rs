//! Replays commands to which the answers of the real ROM (revision 3) were recorded in an emulator, and compares byte for byte. A
//! transcript has a comment, the bytes to the chip and the bytes from it for each.

use espsim::BootMode;
use espsim::board::{Activity, Board, BoardOptions};
use espsim::clock::{MICROSECOND, Ticks};
use espsim::flash::Flash;

/// No command takes longer.
const LIMIT: Ticks = 60_000_000 * MICROSECOND;

/// A board in the loader.
struct Bench(Board);

impl Bench {
    fn new() -> Self {
        let mut board = Board::new(&BoardOptions::default(), Flash::new(4 << 20));
        board.reset(BootMode::Download);
        let mut bench = Self(board);
        bench.answer();
        bench
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.receive(bytes);
        self.answer()
    }

    fn answer(&mut self) -> Vec<u8> {
        assert_eq!(self.0.run(LIMIT), Activity::Waits);
        assert_eq!(self.0.take_failure(), None);
        self.0.take_output()
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
