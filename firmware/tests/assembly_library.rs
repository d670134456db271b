//! Assembly in a crate of its own: functions, data, and a function of Rust that only the assembly calls.

#![no_std]
#![feature(asm_experimental_arch)]

use core::{
    arch::{asm, global_asm},
    sync::atomic::{AtomicU32, Ordering},
};

static CALLS: AtomicU32 = AtomicU32::new(0);

/// How often [`add_and_count`] was called.
pub fn calls() -> u32 {
    CALLS.load(Ordering::Relaxed)
}

extern "C" fn count() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" {
    /// Adds.
    pub fn add_and_count(a: i32, b: i32) -> i32;
    /// Multiplies; its symbol is not global.
    fn local_multiply(a: i32, b: i32) -> i32;
}

/// Multiplies.
///
/// # Safety
///
/// It is always safe: what it calls does arithmetic.
pub unsafe fn multiply(a: i32, b: i32) -> i32 {
    // SAFETY: arithmetic.
    unsafe { local_multiply(a, b) }
}

/// Multiplies, wherever it is inlined.
#[inline(always)]
pub fn multiply_inline(a: i32, b: i32) -> i32 {
    let product;
    // SAFETY: arithmetic.
    unsafe {
        asm!("mull {}, {}, {}", out(reg) product, in(reg) a, in(reg) b, options(pure, nomem, nostack))
    };
    product
}

global_asm!(
    "    .macro begin name",
    "    .section .text.\\name, \"ax\", @progbits",
    "    .p2align 2",
    "    .type \\name, @function",
    "\\name:",
    "    entry   a1, 32",
    "    .endm",
    "",
    "    .global add_and_count",
    "    begin   add_and_count",
    "    call8   {count}",
    "    add     a2, a2, a3",
    "    retw",
    "    .size add_and_count, . - add_and_count",
    "",
    "    begin   local_multiply",
    "    mull    a2, a2, a3",
    "    retw",
    "    .size local_multiply, . - local_multiply",
    count = sym count,
);
