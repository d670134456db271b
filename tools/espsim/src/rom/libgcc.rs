//! The compiler's helpers for what the core has no instruction for.

use super::{Call, Function, Outcome, Result};

/// What the ROM takes for a division of 64 bits, about.
const DIVISION_CYCLES: u32 = 60;

/// What is left on the chip where the divisor is zero: the ROM divides by zero, and so is the exception.
fn divided(call: &mut Call, value: Option<u64>) -> Result {
    call.charge(DIVISION_CYCLES);
    match value {
        Some(value) => Ok(Outcome::ReturnWide(value)),
        None => {
            call.cpu.exception(crate::cpu::Cause::IntegerDivideByZero);
            Ok(Outcome::Jumped)
        }
    }
}

pub(super) fn udivdi3(call: &mut Call) -> Result {
    let value = call.wide(0).checked_div(call.wide(2));
    divided(call, value)
}

pub(super) fn umoddi3(call: &mut Call) -> Result {
    let value = call.wide(0).checked_rem(call.wide(2));
    divided(call, value)
}

pub(super) fn divdi3(call: &mut Call) -> Result {
    let (left, right) = (call.wide(0) as i64, call.wide(2) as i64);
    let value = (right != 0).then(|| left.wrapping_div(right) as u64);
    divided(call, value)
}

pub(super) fn moddi3(call: &mut Call) -> Result {
    let (left, right) = (call.wide(0) as i64, call.wide(2) as i64);
    let value = (right != 0).then(|| left.wrapping_rem(right) as u64);
    divided(call, value)
}

pub(super) fn muldi3(call: &mut Call) -> Result {
    Ok(Outcome::ReturnWide(call.wide(0).wrapping_mul(call.wide(2))))
}

pub(super) fn bswapsi2(call: &mut Call) -> Result {
    Ok(Outcome::Return(call.argument(0)?.swap_bytes()))
}

fn of_word(call: &mut Call, function: fn(u32) -> u32) -> Result {
    Ok(Outcome::Return(function(call.argument(0)?)))
}

fn of_wide(call: &mut Call, function: fn(u64) -> u32) -> Result {
    Ok(Outcome::Return(function(call.wide(0))))
}

fn of_words(call: &mut Call, function: fn(u32, u32) -> Option<u32>) -> Result {
    match function(call.argument(0)?, call.argument(1)?) {
        Some(value) => Ok(Outcome::Return(value)),
        None => {
            call.cpu.exception(crate::cpu::Cause::IntegerDivideByZero);
            Ok(Outcome::Jumped)
        }
    }
}

fn shifted(call: &mut Call, function: fn(u64, u32) -> u64) -> Result {
    let by = call.argument(2)? & 63;
    Ok(Outcome::ReturnWide(function(call.wide(0), by)))
}

/// 0, 1 or 2: less, equal, greater.
fn ordering(ordering: std::cmp::Ordering) -> Result {
    Ok(Outcome::Return((ordering as i32 + 1) as u32))
}

/// More of them, with address and name.
pub(super) const FUNCTIONS: &[(u32, &str, Function)] = &[
    (0x4000_2ED0, "__popcountsi2", |call| {
        of_word(call, u32::count_ones)
    }),
    (0x4000_2EF8, "__popcountdi2", |call| {
        of_wide(call, u64::count_ones)
    }),
    (0x4000_2F3C, "__paritysi2", |call| {
        of_word(call, |word| word.count_ones() & 1)
    }),
    (0x4000_C7B0, "__mulsi3", |call| {
        of_words(call, |a, b| Some(a.wrapping_mul(b)))
    }),
    (0x4000_C7B8, "__divsi3", |call| {
        of_words(call, |a, b| {
            (b != 0).then(|| (a as i32).wrapping_div(b as i32) as u32)
        })
    }),
    (0x4000_C7C0, "__modsi3", |call| {
        of_words(call, |a, b| {
            (b != 0).then(|| (a as i32).wrapping_rem(b as i32) as u32)
        })
    }),
    (0x4000_C7C8, "__udivsi3", |call| {
        of_words(call, u32::checked_div)
    }),
    (0x4000_C7D0, "__umodsi3", |call| {
        of_words(call, u32::checked_rem)
    }),
    (0x4000_C7D8, "__umulsidi3", |call| {
        let (one, other) = (call.argument(0)?, call.argument(1)?);
        Ok(Outcome::ReturnWide(u64::from(one) * u64::from(other)))
    }),
    (0x4000_C7E8, "__clzsi2", |call| {
        of_word(call, u32::leading_zeros)
    }),
    (0x4000_C7F0, "__ctzsi2", |call| {
        of_word(call, u32::trailing_zeros)
    }),
    (0x4000_C804, "__ffssi2", |call| {
        of_word(call, |word| {
            word.checked_ilog2()
                .map_or(0, |_| word.trailing_zeros() + 1)
        })
    }),
    (0x4000_C818, "__ashldi3", |call| {
        shifted(call, |value, by| value << by)
    }),
    (0x4000_C830, "__ashrdi3", |call| {
        shifted(call, |value, by| (value as i64 >> by) as u64)
    }),
    (0x4000_C84C, "__lshrdi3", |call| {
        shifted(call, |value, by| value >> by)
    }),
    (0x4000_CA14, "__negdi2", |call| {
        Ok(Outcome::ReturnWide(call.wide(0).wrapping_neg()))
    }),
    (0x4000_CA2C, "__ffsdi2", |call| {
        of_wide(call, |word| {
            word.checked_ilog2()
                .map_or(0, |_| word.trailing_zeros() + 1)
        })
    }),
    (0x4000_CA50, "__clzdi2", |call| {
        of_wide(call, u64::leading_zeros)
    }),
    (0x4000_CA64, "__ctzdi2", |call| {
        of_wide(call, u64::trailing_zeros)
    }),
    (0x4006_3820, "__cmpdi2", |call| {
        ordering((call.wide(0) as i64).cmp(&(call.wide(2) as i64)))
    }),
    (0x4006_3840, "__ucmpdi2", |call| {
        ordering(call.wide(0).cmp(&call.wide(2)))
    }),
    (0x4006_4B08, "__bswapdi2", |call| {
        Ok(Outcome::ReturnWide(call.wide(0).swap_bytes()))
    }),
];
