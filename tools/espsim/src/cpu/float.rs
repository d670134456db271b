//! The floating-point coprocessor's arithmetic (Xtensa ISA Reference Manual, "Floating-Point Coprocessor Option").
//!
//! Registers hold the bits of singles. Results are rounded as FCR says; FSR's flags are not set. A result that is not a number is
//! the last operand that was none, made quiet, or 0x7FC00000; an accumulator counts as the last.
//!
//! Of the steps of divisions and square roots (`div0.s`, `nexp01.s`, `mkdadj.s` and so on), the last operand-adjusting one has the
//! correctly rounded quotient or root already and the others keep it: the sequences of the manual give the chip's results, single
//! steps of them do not.

/// Bits of a not-a-number where no operand was one.
const DEFAULT_NAN: u32 = 0x7FC0_0000;
const QUIET: u32 = 0x0040_0000;

/// FCR's rounding modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, to the even one in the middle.
    Nearest,
    /// Towards zero.
    Zero,
    /// Up.
    Up,
    /// Down.
    Down,
}

impl Rounding {
    /// What FCR says.
    pub fn of_fcr(fcr: u32) -> Self {
        [Self::Nearest, Self::Zero, Self::Up, Self::Down][(fcr & 3) as usize]
    }
}

fn is_nan(bits: u32) -> bool {
    bits & 0x7FFF_FFFF > 0x7F80_0000
}

/// The first of `operands` that is not a number, or the default. They are given in the order in which they count.
#[cold]
fn nan_of(operands: &[u32]) -> u32 {
    operands
        .iter()
        .find(|&&bits| is_nan(bits))
        .map_or(DEFAULT_NAN, |bits| bits | QUIET)
}

/// Rounds the exact value `value + error` to a single: `error` is smaller than half a unit of `value`'s last place, or not a number
/// where `value` is not finite.
fn round(value: f64, error: f64, rounding: Rounding) -> f32 {
    let nearest = value as f32;
    if !value.is_finite() {
        return nearest;
    }
    // Where the exact value lies from `nearest`.
    let difference = (value - f64::from(nearest)) + error;
    match rounding {
        Rounding::Nearest => {
            // `value` was rounded before: it may lie in the middle of two singles where the exact value does not.
            if nearest.is_finite() && error != 0.0 {
                let neighbour = if difference > 0.0 {
                    nearest.next_up()
                } else {
                    nearest.next_down()
                };
                let middle = (f64::from(nearest) + f64::from(neighbour)) / 2.0;
                if value == middle && (error > 0.0) == (neighbour > nearest) {
                    return neighbour;
                }
            }
            nearest
        }
        Rounding::Up if difference > 0.0 => nearest.next_up(),
        Rounding::Down if difference < 0.0 => nearest.next_down(),
        Rounding::Zero if difference < 0.0 && value > 0.0 => nearest.next_down(),
        Rounding::Zero if difference > 0.0 && value < 0.0 => nearest.next_up(),
        Rounding::Up | Rounding::Down | Rounding::Zero => {
            if nearest.is_infinite() {
                // A finite value beyond the largest single.
                match (rounding, nearest > 0.0) {
                    (Rounding::Up, false) | (Rounding::Zero, false) => f32::MIN,
                    (Rounding::Down, true) | (Rounding::Zero, true) => f32::MAX,
                    _ => nearest,
                }
            } else {
                nearest
            }
        }
    }
}

/// The exact sum of two doubles: rounded, and what is missing.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// A zero sum's sign is minus only when rounding down, unless both operands had the same.
fn signed_zero(result: f32, a: f64, b: f64, rounding: Rounding) -> f32 {
    if result == 0.0
        && rounding == Rounding::Down
        && a == -b
        && !(a == 0.0 && a.is_sign_positive() && b.is_sign_positive())
    {
        -0.0
    } else {
        result
    }
}

/// `a + b`.
pub fn add(a: u32, b: u32, rounding: Rounding) -> u32 {
    let result = if rounding == Rounding::Nearest {
        f32::from_bits(a) + f32::from_bits(b)
    } else {
        let (x, y) = (f64::from(f32::from_bits(a)), f64::from(f32::from_bits(b)));
        let (sum, error) = two_sum(x, y);
        signed_zero(round(sum, error, rounding), x, y, rounding)
    };
    if result.is_nan() {
        return nan_of(&[b, a]);
    }
    result.to_bits()
}

/// `a - b`.
pub fn sub(a: u32, b: u32, rounding: Rounding) -> u32 {
    if is_nan(a) || is_nan(b) {
        return nan_of(&[b, a]);
    }
    add(a, b ^ 0x8000_0000, rounding)
}

/// `a * b`.
pub fn mul(a: u32, b: u32, rounding: Rounding) -> u32 {
    let result = if rounding == Rounding::Nearest {
        f32::from_bits(a) * f32::from_bits(b)
    } else {
        // The product of two singles is a double.
        let product = f64::from(f32::from_bits(a)) * f64::from(f32::from_bits(b));
        round(product, 0.0, rounding)
    };
    if result.is_nan() {
        return nan_of(&[b, a]);
    }
    result.to_bits()
}

/// `c + a * b`, rounded once.
pub fn mul_add(c: u32, a: u32, b: u32, rounding: Rounding) -> u32 {
    let product = f64::from(f32::from_bits(a)) * f64::from(f32::from_bits(b));
    let addend = f64::from(f32::from_bits(c));
    let (sum, error) = two_sum(product, addend);
    let result = signed_zero(round(sum, error, rounding), product, addend, rounding);
    if result.is_nan() {
        return nan_of(&[c, b, a]);
    }
    result.to_bits()
}

/// `c - a * b`, rounded once.
pub fn mul_sub(c: u32, a: u32, b: u32, rounding: Rounding) -> u32 {
    if is_nan(a) || is_nan(b) || is_nan(c) {
        return nan_of(&[c, b, a]);
    }
    mul_add(c, a ^ 0x8000_0000, b, rounding)
}

/// `a / b`, to the nearest.
pub fn div(a: u32, b: u32) -> u32 {
    let result = f32::from_bits(a) / f32::from_bits(b);
    if result.is_nan() {
        return nan_of(&[b, a]);
    }
    result.to_bits()
}

/// The square root of `a`, to the nearest.
pub fn sqrt(a: u32) -> u32 {
    let result = f32::from_bits(a).sqrt();
    if result.is_nan() {
        return nan_of(&[a]);
    }
    result.to_bits()
}

/// `const.s`.
pub fn constant(index: u8) -> u32 {
    // 0, 1, 2, 0.5, and eight zeros.
    [0, 0x3F80_0000, 0x4000_0000, 0x3F00_0000][usize::from(index & 3)] * u32::from(index < 4)
}

/// `round.s`, `trunc.s`, `floor.s`, `ceil.s`: `a * 2^scale` as an integer, rounded by `to_integral`; the nearest there is where it is
/// too large, the largest where `a` is not a number.
pub fn to_signed(a: u32, scale: u32, to_integral: fn(f64) -> f64) -> u32 {
    if is_nan(a) {
        return i32::MAX as u32;
    }
    to_integral(f64::from(f32::from_bits(a)) * f64::from(1 << scale)) as i32 as u32
}

/// `utrunc.s`: likewise as a number without sign; a negative one as the number with sign.
pub fn to_unsigned(a: u32, scale: u32) -> u32 {
    if is_nan(a) {
        return u32::MAX;
    }
    let value = (f64::from(f32::from_bits(a)) * f64::from(1 << scale)).trunc();
    if value < 0.0 {
        value as i32 as u32
    } else {
        value as u32
    }
}

/// `float.s`: `a / 2^scale`.
pub fn from_signed(a: u32, scale: u32, rounding: Rounding) -> u32 {
    round(f64::from(a as i32) / f64::from(1 << scale), 0.0, rounding).to_bits()
}

/// `ufloat.s`: `a / 2^scale`.
pub fn from_unsigned(a: u32, scale: u32, rounding: Rounding) -> u32 {
    round(f64::from(a) / f64::from(1 << scale), 0.0, rounding).to_bits()
}

/// How two singles compare: `None` where one is not a number.
pub fn compare(a: u32, b: u32) -> Option<std::cmp::Ordering> {
    f32::from_bits(a).partial_cmp(&f32::from_bits(b))
}
