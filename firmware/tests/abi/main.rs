//! C of all levels of optimisation, C++ and Rust call each other, and each gets what the other one passed.

#![no_std]
#![no_main]

mod numbers;
mod structs;

use core::{
    ffi::{CStr, c_char},
    sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering},
};

use esp::{error, info};

/// What C and C++ do by themselves; see abi.h.
mod c {
    use core::ffi::c_char;

    unsafe extern "C" {
        pub fn abi_c_structs();
        pub fn abi_c_numbers();
        pub fn abi_c_varargs();
        pub fn abi_c_control();
        pub fn abi_c_atomics();
        pub fn abi_cxx();
        pub fn abi_c_add(kinds: *const c_char, ...) -> i64;
        pub fn abi_c_add_atomically(atomics: *mut super::Atomics, times: u32);
    }
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let parts: [(&CStr, fn()); _] = [
        (c"structs", || unsafe { c::abi_c_structs() }),
        (c"structs from Rust", structs::check),
        (c"numbers", || unsafe { c::abi_c_numbers() }),
        (c"numbers from Rust", numbers::check),
        (c"varargs", || unsafe { c::abi_c_varargs() }),
        (c"varargs from Rust", call_with_variable_arguments),
        (c"control", || unsafe { c::abi_c_control() }),
        (c"atomics", || unsafe { c::abi_c_atomics() }),
        (c"atomics from Rust", share_atomics),
        (c"C++", || unsafe { c::abi_cxx() }),
    ];
    for (name, part) in parts {
        info!(c"abi", "{}", name.to_str().unwrap());
        part();
    }
    assert_eq!(FAILURES.load(Ordering::Relaxed), 0, "failures");
    info!(c"test", "PASS: abi");
}

static FAILURES: AtomicU32 = AtomicU32::new(0);

/// What C checks with.
#[unsafe(no_mangle)]
unsafe extern "C" fn abi_check(ok: bool, condition: *const c_char, file: *const c_char, line: u32) {
    if !ok {
        // SAFETY: C passes strings.
        let [condition, file] =
            [condition, file].map(|text| unsafe { CStr::from_ptr(text) }.to_str().unwrap());
        fail(condition, file, line);
    }
}

/// Fails the test, which goes on.
pub fn fail(condition: &str, file: &str, line: u32) {
    FAILURES.fetch_add(1, Ordering::Relaxed);
    error!(c"FAIL", "{file}:{line}: {condition}");
}

/// Fails the test where a condition does not hold.
#[macro_export]
macro_rules! check {
    ($($condition:tt)*) => {
        if !($($condition)*) {
            $crate::fail(stringify!($($condition)*), file!(), line!());
        }
    };
}

fn call_with_variable_arguments() {
    let thousand = 1000i32;
    let wide = 1i64 << 32;
    // SAFETY: the arguments are of the kinds that the strings say.
    unsafe {
        assert_eq!(c::abi_c_add(c"".as_ptr()), 0);
        assert_eq!(c::abi_c_add(c"IIIIIII".as_ptr(), 1, 2, 3, 4, 5, 6, 7), 28);
        assert_eq!(
            c::abi_c_add(c"ILIL".as_ptr(), 1, wide, 2, wide),
            2 * wide + 3
        );
        assert_eq!(c::abi_c_add(c"IIIIL".as_ptr(), 1, 2, 3, 4, wide), wide + 10);
        assert_eq!(
            c::abi_c_add(c"IDIDP".as_ptr(), 1, 1.5, 2, -2.5, &raw const thousand),
            999
        );
        assert_eq!(
            c::abi_c_add(c"S".as_ptr(), structs::bytes::<5>(1)),
            5 + 7 * 10
        );
        assert_eq!(
            c::abi_c_add(
                c"IBSL".as_ptr(),
                1,
                structs::bytes::<24>(0),
                structs::bytes::<5>(1),
                wide
            ),
            1 + 7 * 276 + 75 + wide
        );
    }
}

/// abi_atomics of abi.h.
#[repr(C)]
#[derive(Default)]
struct Atomics {
    one: AtomicU8,
    two: AtomicU16,
    four: AtomicU32,
    eight: u64,
}

/// Rust has no atomics of 8 bytes on this CPU: it calls what C's compiler calls.
fn add_8(object: *mut u64, operand: u64) {
    unsafe extern "C" {
        fn __atomic_fetch_add_8(object: *mut u64, operand: u64, order: i32) -> u64;
    }
    const SEQ_CST: i32 = 5;
    // SAFETY: always.
    unsafe { __atomic_fetch_add_8(object, operand, SEQ_CST) };
}

fn share_atomics() {
    let mut atomics = Atomics::default();
    for _ in 0..50 {
        // SAFETY: the type is C's.
        unsafe { c::abi_c_add_atomically(&raw mut atomics, 20) };
        atomics.one.fetch_add(1, Ordering::SeqCst);
        atomics.two.fetch_add(2, Ordering::SeqCst);
        atomics.four.fetch_add(4, Ordering::SeqCst);
        add_8(&raw mut atomics.eight, 8);
    }
    const TIMES: u32 = 50 * 21;
    assert_eq!(atomics.one.load(Ordering::SeqCst), TIMES as u8);
    assert_eq!(atomics.two.load(Ordering::SeqCst), 2 * TIMES as u16);
    assert_eq!(atomics.four.load(Ordering::SeqCst), 4 * TIMES);
    assert_eq!(atomics.eight, 8 * u64::from(TIMES));
    let one = atomics
        .one
        .compare_exchange(TIMES as u8, 3, Ordering::AcqRel, Ordering::Relaxed);
    assert_eq!((one, atomics.one.into_inner()), (Ok(TIMES as u8), 3));
}
