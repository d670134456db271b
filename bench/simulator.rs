//! What a CPU does without a chip: a checksum, sorting, recursion, a product of matrices. How fast an emulator is.

#![no_std]
#![no_main]

use core::hint::black_box;

use esp::info;

const ROUNDS: u32 = 1500;
const WORDS: usize = 2048;
const SIDE: usize = 32;

struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

fn crc32(table: &[u32; 256], words: &[u32]) -> u32 {
    !words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(!0, |crc, byte| crc >> 8 ^ table[((crc ^ u32::from(byte)) & 0xFF) as usize])
}

#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[inline(never)]
fn product(words: &[u32]) -> u32 {
    let mut trace = 0u32;
    for row in 0..SIDE {
        for column in 0..SIDE {
            let sum = (0..SIDE).fold(0u32, |sum, k| {
                let factor = words[k * SIDE + column];
                sum.wrapping_add(words[row * SIDE + k].wrapping_mul(factor))
            });
            trace = trace.rotate_left(1) ^ sum;
        }
    }
    trace
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    static mut WORK: [u32; WORDS] = [0; WORDS];
    // SAFETY: this is the only reference, and app_main is called once.
    let words = unsafe { &mut *(&raw mut WORK) };
    let table = core::array::from_fn(|index| {
        (0..8).fold(index as u32, |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    let (mut random, mut sum) = (Random(black_box(1)), 0u32);
    for round in 0..black_box(ROUNDS) {
        words.fill_with(|| random.next());
        sum ^= crc32(&table, words);
        words.sort_unstable();
        sum = sum.rotate_left(3) ^ words[WORDS / 2] ^ fibonacci(black_box(16)) ^ product(words);
        if round == 0 {
            info!(c"simulator", "begins with {sum:08x}");
        }
    }
    info!(c"simulator", "result {sum:08x}");
}
