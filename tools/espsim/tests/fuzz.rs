//! Images with wrong bytes: every run ends with an event, and none with a panic.
//!
//! RUNS says how many there are, SEED where they begin, IMAGE names a flash image to take in the place of a program of a few instructions.

mod program;

use espsim::flash::Flash;
use espsim::machine::{Event, Machine, MachineOptions};
use program::{CODE, MILLISECOND, Program, UART_TX_FLUSH, UART_TX_ONE_CHAR, run};

/// The simulated time of a run.
const TIME: u64 = 50 * MILLISECOND;
/// Resets of a run at most.
const RESETS: usize = 20;
/// Functions of the ROM with up to three arguments: `ets_printf`, `memcpy`, `memset`, `memcmp`, `strlen`, `strncpy`, `crc32_le`, `qsort`,
/// `strtol`, `__divdf3`, `ets_delay_us`, `intr_matrix_set`.
const FUNCTIONS: [u32; 12] = [
    0x4000_7D54,
    0x4000_C2C8,
    0x4000_C44C,
    0x4000_C260,
    0x4000_14C0,
    0x4000_15D4,
    0x4005_CFEC,
    0x4005_6424,
    0x4005_681C,
    0x4000_2954,
    0x4000_8534,
    0x4000_681C,
];
/// Registers of DPORT, UART 0, SPI1, GPIO, RTC_CNTL, timer groups, APB_CTRL.
const REGISTERS: [u32; 9] = [
    0x3FF0_0000,
    0x3FF1_0000,
    0x3FF4_0000,
    0x3FF4_2000,
    0x3FF4_4000,
    0x3FF4_8000,
    0x3FF5_F000,
    0x3FF6_0000,
    0x3FF6_6000,
];

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit.max(1)
    }

    /// A word that a program might have: an address, a length, anything.
    fn word(&mut self) -> u32 {
        match self.below(5) {
            0 => 0x3FFB_0000 + self.below(0x1000),
            1 => CODE + self.below(0x100),
            2 => self.below(64),
            3 => 0x3F40_0000 + self.below(0x1_0000),
            _ => self.next(),
        }
    }
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A program that calls the ROM and writes registers.
fn random_program(random: &mut Random) -> Program {
    let mut program = Program::new();
    for _ in 0..5 {
        program = match random.below(3) {
            0 => {
                let register = REGISTERS[random.below(9) as usize] + random.below(64) * 4;
                program.store(register, random.word())
            }
            1 => program.call(UART_TX_ONE_CHAR, random.word()),
            _ => {
                let function = FUNCTIONS[random.below(12) as usize];
                program
                    .literal(11, random.word())
                    .literal(12, random.word())
                    .call(function, random.word())
            }
        };
    }
    program.call(UART_TX_FLUSH, 0).stay()
}

/// Runs an image; what it ends with.
fn ending(flash: &[u8]) -> Event {
    let mut machine = Machine::new(
        &MachineOptions::default(),
        Flash::with_content(4 << 20, flash),
    );
    for _ in 0..RESETS {
        match run(&mut machine, TIME).1 {
            Event::Reset(_) => {}
            event => return event,
        }
    }
    Event::Time
}

#[test]
fn wrong_bytes_end_with_an_event() {
    let runs: u32 = setting("RUNS", 60);
    let mut random = Random(setting("SEED", 1u64) | 1 << 40);
    let image = std::env::var_os("IMAGE")
        .map(|path| std::fs::read(path).expect("the file that IMAGE names can be read"));
    let mut failed = 0;
    for number in 0..runs {
        let mut flash = match &image {
            Some(image) => image.clone(),
            None => random_program(&mut random).flash(),
        };
        // What is not erased, behind the first sector, which is empty.
        let end = flash.len().min(0x4_0000) as u32;
        for _ in 0..random.below(6) {
            let at = (0x1000 + random.below(end - 0x1000)) as usize;
            flash[at] ^= 1 << random.below(8);
        }
        // The ROM and the bootloader would refuse most: the sums are made right again.
        fix_checksum(&mut flash, 0x1000);
        if std::env::var_os("VERBOSE").is_some() {
            println!("run {number}");
        }
        failed += u32::from(matches!(ending(&flash), Event::Failed(_)));
    }
    assert!(failed > 0, "no wrong byte did anything in {runs} runs");
}

/// Sets the checksum of the image at `start`, if its header makes sense.
fn fix_checksum(flash: &mut [u8], start: usize) {
    let word = |flash: &[u8], at: usize| {
        let bytes = flash.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let mut at = start + 24;
    let mut sum = 0xEF;
    for _ in 0..flash[start + 1] {
        let Some(content) =
            word(flash, at + 4).and_then(|len| flash.get(at + 8..(at + 8).checked_add(len)?))
        else {
            return;
        };
        sum = content.iter().fold(sum, |sum, byte| sum ^ byte);
        at += 8 + content.len();
    }
    if let Some(byte) = flash.get_mut(at | 15) {
        *byte = sum;
    }
}
