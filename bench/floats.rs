//! A filter over samples in single precision, as sensors have it: how many instructions a sample takes.

#![no_std]
#![no_main]

use core::hint::black_box;

use esp::info;

const SAMPLES: u32 = 20_000;

/// A second-order low-pass in direct form II, with its output's square root of the mean square.
fn filter(samples: u32) -> f32 {
    let [b0, b1, b2, a1, a2] = black_box([
        0.067_455_27,
        0.134_910_55,
        0.067_455_27,
        -1.142_980_5,
        0.412_801_6,
    ]);
    let (mut w1, mut w2, mut mean) = (0.0f32, 0.0f32, 0.0f32);
    for n in 0..samples {
        let x = ((n * 37) % 201) as f32 * 0.01 - 1.0;
        let w = x - a1 * w1 - a2 * w2;
        let y = b0 * w + b1 * w1 + b2 * w2;
        (w2, w1) = (w1, w);
        mean += (y * y - mean) / 256.0;
        if mean > 4.0 {
            mean = 4.0;
        }
    }
    mean
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let start = esp::time::uptime();
    let mean = filter(black_box(SAMPLES));
    let ns = (esp::time::uptime() - start).as_nanos() as u64;
    // stock QEMU is told that an instruction takes 32 ns (tools/espboot)
    info!(
        c"floats",
        "{} instructions a sample, result {mean:.6}",
        ns / 32 / u64::from(SAMPLES)
    );
}
