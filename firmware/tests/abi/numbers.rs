//! Numbers of all kinds as arguments, in registers and on the stack.

unsafe extern "C" {
    fn abi_c_mix(a: i8, b: i64, c: f32, d: f64, e: u16, f: f32, g: i64, h: f64) -> f64;
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_mix(a: i8, b: i64, c: f32, d: f64, e: u16, f: f32, g: i64, h: f64) -> f64 {
    f64::from(a)
        + 2.0 * b as f64
        + 3.0 * f64::from(c)
        + 4.0 * d
        + 5.0 * f64::from(e)
        + 6.0 * f64::from(f)
        + 7.0 * g as f64
        + 8.0 * h
}

/// Calls C.
pub fn check() {
    const WIDE: i64 = 1 << 33;
    // SAFETY: always.
    let sum = unsafe { abi_c_mix(-1, WIDE, 0.5, 0.25, 3, -1.5, -WIDE, 1e3) };
    assert_eq!(sum, -42_949_664_952.5);
}
