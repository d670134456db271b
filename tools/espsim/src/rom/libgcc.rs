//! The compiler's helpers for what the core has no instruction for.

use super::{Call, Outcome, Result};

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
