//! The chip's time: ticks of 480 MHz, of which the cycles of all its clocks are whole numbers.

/// A time since power-on, in ticks.
pub type Ticks = u64;

/// Ticks of a microsecond.
pub const MICROSECOND: Ticks = 480;

/// Ticks of a cycle of a clock of `mhz`, which divides 480.
pub const fn cycle(mhz: u32) -> Ticks {
    MICROSECOND / mhz as u64
}

/// Ticks as time.
pub fn duration(ticks: Ticks) -> std::time::Duration {
    let micros = ticks / MICROSECOND;
    std::time::Duration::from_micros(micros)
        + std::time::Duration::from_nanos(ticks % MICROSECOND * 1000 / MICROSECOND)
}

/// Time as ticks, rounded up.
pub fn ticks(duration: std::time::Duration) -> Ticks {
    (duration.as_nanos() as u64 * MICROSECOND).div_ceil(1000)
}

/// The crystal's frequency in MHz.
pub const CRYSTAL_MHZ: u32 = 40;
/// The fast RC oscillator's, taken as exact.
pub const RC_FAST_MHZ: u32 = 8;
/// The slow RC oscillator's frequency in Hz, taken as exact.
pub const RC_SLOW_HZ: u64 = 150_000;

/// Cycles of the slow oscillator in `ticks`.
pub fn slow_cycles(ticks: Ticks) -> u64 {
    ticks * 3 / (MICROSECOND * 20)
}

/// Ticks after which the slow oscillator has made `cycles`.
pub fn slow_ticks(cycles: u64) -> Ticks {
    (cycles * MICROSECOND * 20).div_ceil(3)
}
