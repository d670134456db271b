//! Floating point that the compiler has done by functions: doubles, and what the core's unit does not do with singles.

use super::{Call, Function, Outcome, Result};

/// What the ROM takes for an operation, about.
const CYCLES: u32 = 40;

fn double(call: &Call, index: u8) -> f64 {
    f64::from_bits(call.wide(index))
}

fn single(call: &mut Call, index: u32) -> std::result::Result<f32, super::BadAddress> {
    Ok(f32::from_bits(call.argument(index)?))
}

fn of_doubles(call: &mut Call, function: fn(f64, f64) -> f64) -> Result {
    call.charge(CYCLES);
    let value = function(double(call, 0), double(call, 2));
    Ok(Outcome::ReturnWide(value.to_bits()))
}

fn of_singles(call: &mut Call, function: fn(f32, f32) -> f32) -> Result {
    call.charge(CYCLES);
    let value = function(single(call, 0)?, single(call, 1)?);
    Ok(Outcome::Return(value.to_bits()))
}

/// A comparison: less, equal or greater than 0, and `unordered` with a NaN.
fn compare_doubles(call: &mut Call, unordered: i32) -> Result {
    call.charge(CYCLES / 4);
    let ordering = double(call, 0).partial_cmp(&double(call, 2));
    Ok(Outcome::Return(
        ordering.map_or(unordered, |ordering| ordering as i32) as u32,
    ))
}

fn compare_singles(call: &mut Call, unordered: i32) -> Result {
    call.charge(CYCLES / 4);
    let ordering = single(call, 0)?.partial_cmp(&single(call, 1)?);
    Ok(Outcome::Return(
        ordering.map_or(unordered, |ordering| ordering as i32) as u32,
    ))
}

fn word(call: &mut Call, value: u32) -> Result {
    call.charge(CYCLES);
    Ok(Outcome::Return(value))
}

fn wide(call: &mut Call, value: u64) -> Result {
    call.charge(CYCLES);
    Ok(Outcome::ReturnWide(value))
}

/// The functions, with address and name.
pub(super) const FUNCTIONS: &[(u32, &str, Function)] = &[
    (0x4000_20C0, "__negsf2", |call| {
        let value = call.argument(0)? ^ 1 << 31;
        word(call, value)
    }),
    (0x4000_20E8, "__addsf3", |call| {
        of_singles(call, |a, b| a + b)
    }),
    (0x4000_21D0, "__subsf3", |call| {
        of_singles(call, |a, b| a - b)
    }),
    (0x4000_240C, "__fixsfsi", |call| {
        let value = single(call, 0)? as i32 as u32;
        word(call, value)
    }),
    (0x4000_244C, "__fixsfdi", |call| {
        let value = single(call, 0)? as i64 as u64;
        wide(call, value)
    }),
    (0x4000_24AC, "__fixunssfsi", |call| {
        let value = single(call, 0)? as u32;
        word(call, value)
    }),
    (0x4000_2504, "__fixunssfdi", |call| {
        let value = single(call, 0)? as u64;
        wide(call, value)
    }),
    (0x4000_2590, "__adddf3", |call| {
        of_doubles(call, |a, b| a + b)
    }),
    (0x4000_26E4, "__subdf3", |call| {
        of_doubles(call, |a, b| a - b)
    }),
    (0x4000_2954, "__divdf3", |call| {
        of_doubles(call, |a, b| a / b)
    }),
    (0x4000_2A78, "__fixdfsi", |call| {
        let value = double(call, 0) as i32 as u32;
        word(call, value)
    }),
    (0x4000_2AC4, "__fixdfdi", |call| {
        let value = double(call, 0) as i64 as u64;
        wide(call, value)
    }),
    (0x4000_2B30, "__fixunsdfsi", |call| {
        let value = double(call, 0) as u32;
        word(call, value)
    }),
    (0x4000_2B90, "__truncdfsf2", |call| {
        let value = (double(call, 0) as f32).to_bits();
        word(call, value)
    }),
    (0x4000_2C34, "__extendsfdf2", |call| {
        let value = f64::from(single(call, 0)?).to_bits();
        wide(call, value)
    }),
    (0x4000_C864, "__floatunsisf", |call| {
        let value = (call.argument(0)? as f32).to_bits();
        word(call, value)
    }),
    (0x4000_C870, "__floatsisf", |call| {
        let value = (call.argument(0)? as i32 as f32).to_bits();
        word(call, value)
    }),
    (0x4000_C8B0, "__floatundisf", |call| {
        let value = (call.wide(0) as f32).to_bits();
        word(call, value)
    }),
    (0x4000_C8C0, "__floatdisf", |call| {
        let value = (call.wide(0) as i64 as f32).to_bits();
        word(call, value)
    }),
    (0x4000_C938, "__floatunsidf", |call| {
        let value = f64::from(call.argument(0)?).to_bits();
        wide(call, value)
    }),
    (0x4000_C944, "__floatsidf", |call| {
        let value = f64::from(call.argument(0)? as i32).to_bits();
        wide(call, value)
    }),
    (0x4000_C978, "__floatundidf", |call| {
        let value = (call.wide(0) as f64).to_bits();
        wide(call, value)
    }),
    (0x4000_C988, "__floatdidf", |call| {
        let value = (call.wide(0) as i64 as f64).to_bits();
        wide(call, value)
    }),
    (0x4006_32C8, "__mulsf3", |call| {
        of_singles(call, |a, b| a * b)
    }),
    (0x4006_3374, "__eqsf2", |call| compare_singles(call, 1)),
    (0x4006_33A0, "__gtsf2", |call| compare_singles(call, -1)),
    (0x4006_33C0, "__lesf2", |call| compare_singles(call, 1)),
    (0x4006_340C, "__gesf2", |call| compare_singles(call, -1)),
    (0x4006_342C, "__ltsf2", |call| compare_singles(call, 1)),
    (0x4006_3478, "__unordsf2", |call| {
        let unordered = single(call, 0)?.is_nan() || single(call, 1)?.is_nan();
        word(call, unordered.into())
    }),
    (0x4006_34A0, "__negdf2", |call| {
        let value = call.wide(0) ^ 1 << 63;
        wide(call, value)
    }),
    (0x4006_358C, "__muldf3", |call| {
        of_doubles(call, |a, b| a * b)
    }),
    (0x4006_36A8, "__eqdf2", |call| compare_doubles(call, 1)),
    (0x4006_36DC, "__gtdf2", |call| compare_doubles(call, -1)),
    (0x4006_3704, "__ledf2", |call| compare_doubles(call, 1)),
    (0x4006_3768, "__gedf2", |call| compare_doubles(call, -1)),
    (0x4006_3790, "__ltdf2", |call| compare_doubles(call, 1)),
    (0x4006_37F4, "__unorddf2", |call| {
        let unordered = double(call, 0).is_nan() || double(call, 2).is_nan();
        word(call, unordered.into())
    }),
];
