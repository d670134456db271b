//! Rust calls C, C calls Rust, and both see the same data: what the bindings say of types is true on the chip.

#![no_std]
#![no_main]

use core::{
    ffi::{CStr, c_void},
    mem::{MaybeUninit, align_of, offset_of, size_of},
};

use esp::info;
use interop_sys::*;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "interop");
    layouts_agree();
    rust_reads_what_c_wrote();
    c_calls_what_rust_wrote();
    arguments_arrive();
    info!(c"test", "PASS: interop");
}

fn layouts_agree() {
    type Record = interop_record_t;
    for (fact, expected) in [
        (interop_fact_t_INTEROP_SIZE, size_of::<Record>()),
        (interop_fact_t_INTEROP_ALIGNMENT, align_of::<Record>()),
        (
            interop_fact_t_INTEROP_OFFSET_CHOICE,
            offset_of!(Record, choice),
        ),
        (
            interop_fact_t_INTEROP_OFFSET_INNER,
            offset_of!(Record, inner),
        ),
        (interop_fact_t_INTEROP_OFFSET_ANY, offset_of!(Record, any)),
        (
            interop_fact_t_INTEROP_OFFSET_RATIO,
            offset_of!(Record, ratio),
        ),
        (interop_fact_t_INTEROP_OFFSET_NAME, offset_of!(Record, name)),
        (
            interop_fact_t_INTEROP_OFFSET_CALLBACK,
            offset_of!(Record, callback),
        ),
        (interop_fact_t_INTEROP_OFFSET_TAIL, offset_of!(Record, tail)),
    ] {
        // SAFETY: always.
        assert_eq!(unsafe { interop_fact(fact) }, expected, "fact {fact}");
    }
}

fn filled_by_c() -> interop_record_t {
    let mut record = MaybeUninit::zeroed();
    // SAFETY: the function fills the record; zeros are right for what it leaves.
    unsafe {
        interop_fill(record.as_mut_ptr());
        record.assume_init()
    }
}

fn rust_reads_what_c_wrote() {
    let record = filled_by_c();
    assert!(record.flag);
    assert_eq!(record.tiny, -7);
    assert_eq!(record.small, -30_000);
    assert_eq!(record.choice, interop_choice_t_INTEROP_LARGE);
    for (i, inner) in record.inner.iter().enumerate() {
        assert_eq!(inner.first, 200 + i as u8);
        assert_eq!(inner.wide, 0x0123_4567_89AB_CDEF + i as u64);
        assert_eq!(inner.last, 60_000 + i as u16);
    }
    // SAFETY: C has written the number, and a string that lives for ever.
    unsafe {
        assert_eq!(record.any.number, 1.5);
        assert_eq!(CStr::from_ptr(record.name), c"Xtensa");
    }
    assert_eq!(record.ratio, 0.25);
    assert_eq!(char::from_u32(record.letter.into()), Some('Ж'));
    assert_eq!(
        (record.low(), record.middle(), record.high()),
        (5, 1000, 500_000)
    );
    assert_eq!(record.tail, [0, 10, 20]);
    // SAFETY: C's callback ignores its context.
    assert_eq!(
        unsafe { interop_fold(&record, core::ptr::null_mut(), 4) },
        1 - (1 + 2 + 3)
    );
}

extern "C" fn multiply_and_count(context: *mut c_void, index: u32, value: i64) -> i64 {
    // SAFETY: `c_calls_what_rust_wrote` passes its counter.
    let calls = unsafe { &mut *context.cast::<u32>() };
    *calls += 1;
    value * i64::from(index + 10)
}

fn c_calls_what_rust_wrote() {
    let mut calls = 0u32;
    let mut record = filled_by_c();
    record.callback = Some(multiply_and_count);
    // SAFETY: the callback takes the counter.
    let product = unsafe { interop_fold(&record, (&raw mut calls).cast(), 9) };
    assert_eq!(product, (10..19).product());
    assert_eq!(calls, 9);
    // SAFETY: always.
    assert_eq!(unsafe { interop_crc32_of_digits() }, 0xCBF4_3926);
}

/// C's view of it is in interop.h.
#[unsafe(no_mangle)]
unsafe extern "C" fn interop_crc32(bytes: *const u8, length: usize) -> u32 {
    // SAFETY: the caller passes `length` bytes.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, length) };
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// C's view of it is in interop.h.
#[unsafe(no_mangle)]
extern "C" fn interop_square(a: f32) -> f32 {
    a * a
}

fn arguments_arrive() {
    // SAFETY: always.
    unsafe {
        assert_eq!(
            interop_add(-1, 1 << 40, 3, -(1 << 41), u32::MAX, 1 << 42, -6, 7),
            -1 + (1 << 40) + 3 - (1 << 41) + i64::from(u32::MAX) + (1 << 42) - 6 + 7
        );
        assert_eq!(interop_multiply(1.5, -4.0), -6.0);
        assert_eq!(interop_sum_of_squares(1.5, -4.0), 18.25);
    }
}
