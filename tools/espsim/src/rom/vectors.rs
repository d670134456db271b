//! The vectors of the ROM: windows are saved and loaded (Xtensa ISA Reference Manual, "Window Overflow and Underflow"); other exceptions
//! end the run, since the ROM has nothing to do about them but to print.

use super::{BadAddress, Call, Outcome, Result};
use crate::bus::Failure;

/// Saves the frame of `size` registers that starts at the current window, whose callee's stack pointer is behind it.
fn overflow(call: &mut Call, size: u8) -> Result {
    let callee_stack = call.cpu.a(size + 1);
    for number in 0..4 {
        let value = call.cpu.a(number);
        call.write32(base_save(callee_stack, number), value)?;
    }
    if size > 4 {
        let caller_stack = call.read32(call.cpu.a(1).wrapping_sub(12))?;
        for number in 4..size {
            let value = call.cpu.a(number);
            call.write32(extra_save(caller_stack, size, number), value)?;
        }
    }
    call.cpu.return_from_window_exception(false);
    Ok(Outcome::Jumped)
}

/// The reverse.
fn underflow(call: &mut Call, size: u8) -> Result {
    let callee_stack = call.cpu.a(size + 1);
    for number in 0..4 {
        let value = call.read32(base_save(callee_stack, number))?;
        call.cpu.set_a(number, value);
    }
    if size > 4 {
        let caller_stack = call.read32(call.cpu.a(1).wrapping_sub(12))?;
        for number in 4..size {
            let value = call.read32(extra_save(caller_stack, size, number))?;
            call.cpu.set_a(number, value);
        }
    }
    call.cpu.return_from_window_exception(true);
    Ok(Outcome::Jumped)
}

/// `movsp` where the frame of the caller is saved: loads it, so that the instruction moves nothing (the manual, "MOVSP").
pub(super) fn alloca(call: &mut Call) -> Result {
    let windows = call.cpu.a(0) >> 30;
    let size = 4 * windows as u8;
    let base = call.cpu.window_base();
    let first = (base.wrapping_sub(windows) & 15) as usize * 4;
    let callee_stack = call.cpu.a(1);
    for number in 0..4 {
        let value = call.read32(base_save(callee_stack, number))?;
        call.cpu.set_physical(first + usize::from(number), value);
    }
    if size > 4 {
        let stack = call.cpu.physical(first + 1);
        let caller_stack = call.read32(stack.wrapping_sub(12))?;
        for number in 4..size {
            let value = call.read32(extra_save(caller_stack, size, number))?;
            call.cpu.set_physical(first + usize::from(number), value);
        }
    }
    let started = call.cpu.window_start() | 1 << (base.wrapping_sub(windows) & 15);
    call.cpu.set_window_start(started);
    let mut status = call.cpu.ps;
    status.exception_mode = false;
    call.cpu.set_ps(status);
    call.cpu.pc = call.cpu.epc[1];
    Ok(Outcome::Jumped)
}

/// a0 to a3 are below the callee's stack pointer.
fn base_save(callee_stack: u32, number: u8) -> u32 {
    callee_stack
        .wrapping_sub(16)
        .wrapping_add(4 * u32::from(number))
}

/// The others end 16 bytes below the stack pointer of the frame's caller.
fn extra_save(caller_stack: u32, size: u8, number: u8) -> u32 {
    let from_end = 4 * u32::from(size - number);
    caller_stack.wrapping_sub(16).wrapping_sub(from_end)
}

pub(super) fn overflow4(call: &mut Call) -> Result {
    overflow(call, 4)
}

pub(super) fn overflow8(call: &mut Call) -> Result {
    overflow(call, 8)
}

pub(super) fn overflow12(call: &mut Call) -> Result {
    overflow(call, 12)
}

pub(super) fn underflow4(call: &mut Call) -> Result {
    underflow(call, 4)
}

pub(super) fn underflow8(call: &mut Call) -> Result {
    underflow(call, 8)
}

pub(super) fn underflow12(call: &mut Call) -> Result {
    underflow(call, 12)
}

pub(super) fn unhandled(call: &mut Call) -> std::result::Result<Outcome, BadAddress> {
    let vector = super::name_of(call.cpu.pc).unwrap_or_default();
    let message = format!(
        "core {} went to the ROM's {vector}: EXCCAUSE {}, EXCVADDR {:#010x}, EPC1 {:#010x}, DEPC {:#010x}, PS {:#07x}",
        call.core(),
        call.cpu.exccause,
        call.cpu.excvaddr,
        call.cpu.epc[1],
        call.cpu.epc[0],
        call.cpu.ps.bits(),
    );
    call.bus.fail(Failure::Rom { message });
    Ok(Outcome::Jumped)
}
