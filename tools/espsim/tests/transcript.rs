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

#[test]
fn tmp_stub() {
    use espsim::slip;
    let name = std::env::var("STUB").unwrap();
    let (text_start, data_start, entry) = match name.as_str() {
        "v5_2" => (0x400a8000u32, 0x3ffded6cu32, 0x400a902cu32),
        "idf2" => (0x400a8000, 0x3ffded60, 0x400a800c),
        _ => (0x400be000, 0x3ffdebac, 0x400be658),
    };
    let mut bench = Bench::new();
    let mut sync = vec![0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20];
    sync.extend([0x55; 32]);
    println!("sync {}", hex(&bench.send(&slip::encode(&sync))));
    for (part, at) in [("text", text_start), ("data", data_start)] {
        let content = std::fs::read(format!("/tmp/hl/{name}.{part}")).unwrap();
        let blocks = content.len().div_ceil(0x1800) as u32;
        let words = |op: u8, words: &[u32], payload: &[u8]| {
            let mut frame = vec![0, op];
            frame.extend((words.len() as u16 * 4 + payload.len() as u16).to_le_bytes());
            frame.extend(
                payload
                    .iter()
                    .fold(0xEFu32, |sum, byte| sum ^ u32::from(*byte))
                    .to_le_bytes(),
            );
            for word in words {
                frame.extend(word.to_le_bytes());
            }
            frame.extend(payload);
            slip::encode(&frame)
        };
        println!(
            "begin {}",
            hex(&bench.send(&words(5, &[content.len() as u32, blocks, 0x1800, at], &[])))
        );
        for (number, block) in content.chunks(0x1800).enumerate() {
            println!(
                "data {}",
                hex(&bench.send(&words(7, &[block.len() as u32, number as u32, 0, 0], block)))
            );
        }
        if part == "data" {
            println!("end {}", hex(&bench.send(&words(6, &[0, entry], &[]))));
        }
    }
    if name == "v5_2" {
        replay(&mut bench, include_str!("transcripts/stub.txt"));
    }
}
