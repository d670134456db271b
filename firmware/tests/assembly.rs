//! Assembly in a library, in this crate and inline, in all directions: LLVM and GNU as have to be of one mind.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

use core::{
    arch::{asm, global_asm, naked_asm},
    hint::black_box,
};

use assembly_library::{add_and_count, calls, multiply, multiply_inline};
use esp::info;

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"test", "assembly");
    // SAFETY: the functions do arithmetic.
    unsafe {
        // across crates, into assembly and out of it again
        assert_eq!(add_and_count(black_box(40), 2), 42);
        assert_eq!(add_and_count(black_box(-1), 1), 0);
        assert_eq!(calls(), 2);
        assert_eq!(multiply(black_box(6), 7), 42);
        assert_eq!(multiply_inline(black_box(6), -7), -42);

        assert_eq!(twice_and_one(black_box(20)), 41);
        assert_eq!(naked_sum(1, 2, 3, 4, 5, 6, 7), 28);
        assert_eq!(calls_rust(black_box(5)), 125);
        assert_eq!(far_constant(), 0x1234_5678);
    }
    ordered_accesses();
    calls_by_symbol();
    loops();
    info!(c"test", "PASS: assembly");
}

// Assembly of the binary: a function, and one that calls a function of Rust that nobody else sees.
global_asm!(
    "    .section .text.twice_and_one, \"ax\", @progbits",
    "    .p2align 2",
    "    .global twice_and_one",
    "    .type twice_and_one, @function",
    "twice_and_one:",
    "    entry   a1, 32",
    "    addx2   a2, a2, a2              // 3 * a2",
    "    movi    a3, 3",
    "    quou    a2, a2, a3              # and back",
    "    slli    a2, a2, 1; addi a2, a2, 1",
    "    retw",
    "    .size twice_and_one, . - twice_and_one",
    "",
    "    .section .text.calls_rust, \"ax\", @progbits",
    "    .p2align 2",
    "    .global calls_rust",
    "    .type calls_rust, @function",
    "calls_rust:",
    "    entry   a1, 32",
    "    mov     a10, a2",
    "    call8   {cube}",
    "    mov     a2, a10",
    "    retw",
    "    .size calls_rust, . - calls_rust",
    cube = sym cube,
);

unsafe extern "C" {
    fn twice_and_one(n: i32) -> i32;
    fn calls_rust(n: i32) -> i32;
}

extern "C" fn cube(n: i32) -> i32 {
    black_box(n) * n * n
}

/// Seven arguments: the last is on the stack.
#[unsafe(naked)]
unsafe extern "C" fn naked_sum(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32) -> i32 {
    naked_asm!(
        "entry   a1, 32",
        "l32i    a8, a1, 32",
        "add     a2, a2, a3",
        "add     a4, a4, a5",
        "add     a6, a6, a7",
        "add     a2, a2, a4",
        "add     a6, a6, a8",
        "add     a2, a2, a6",
        "retw",
    )
}

/// A literal, which stands before the code.
#[unsafe(naked)]
unsafe extern "C" fn far_constant() -> u32 {
    naked_asm!(
        ".literal_position",
        ".literal .Lfar_constant, 0x12345678",
        "entry   a1, 32",
        "l32r    a2, .Lfar_constant",
        "retw",
    )
}

/// L32AI and S32RI, which LLVM does not know.
fn ordered_accesses() {
    let mut words = [0u32; 3];
    let read: u32;
    // SAFETY: the words are this function's.
    unsafe {
        asm!("s32ri {value}, {at}, 4", value = in(reg) 0xCAFEu32, at = in(reg) words.as_mut_ptr());
        asm!(
            "memw; l32ai {value}, {at}, 4",
            value = out(reg) read,
            at = in(reg) words.as_ptr(),
        );
    }
    assert_eq!((read, words), (0xCAFE, [0, 0xCAFE, 0]));
}

/// A call of a symbol, with what the callee's caller has to save.
fn calls_by_symbol() {
    let result: i32;
    // SAFETY: the function follows the windowed ABI: a10 has argument and result, and a8 to a15 are its own.
    unsafe {
        asm!(
            "call8 {cube}",
            cube = sym cube,
            inout("a10") 4 => result,
            out("a8") _, out("a9") _, out("a11") _, out("a12") _, out("a13") _, out("a14") _, out("a15") _,
        );
    }
    assert_eq!(result, 64);
}

/// Labels, a branch and a narrow instruction.
fn loops() {
    let mut sum = 0u32;
    // SAFETY: arithmetic.
    unsafe {
        asm!(
            "2: add.n {sum}, {sum}, {n}",
            "addi {n}, {n}, -1",
            "bnez {n}, 2b",
            sum = inout(reg) sum,
            n = inout(reg) 100u32 => _,
        );
    }
    assert_eq!(black_box(sum), 5050);
}
