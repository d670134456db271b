//! `qsort`, which calls the program: the one function here that has a window of its own, as code would. What it knows is in the window's
//! registers, so that interrupts and other tasks may come between.

use super::{Call, Outcome, Result};

/// `void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))`.
pub(super) const ENTRY: u32 = 0x4005_6424;
/// Behind `entry`, and behind the call of `compare`.
pub(super) const BEGIN: u32 = ENTRY + 3;
pub(super) const COMPARED: u32 = ENTRY + 6;

const FRAME: u32 = 48;

/// Registers: the arguments; how many elements are in order; the place of the one that is moved down; the result of `compare`, and its
/// arguments.
const BASE: u8 = 2;
const COUNT: u8 = 3;
const SIZE: u8 = 4;
const COMPARE: u8 = 5;
const SORTED: u8 = 6;
const PLACE: u8 = 7;
const RETURN: u8 = 8;
const FIRST: u8 = 10;
const SECOND: u8 = 11;

pub(super) fn enter(call: &mut Call) -> Result {
    call.cpu.enter(1, FRAME);
    Ok(Outcome::Jumped)
}

pub(super) fn begin(call: &mut Call) -> Result {
    // Whoever comes back here from an overflow of windows has set nothing yet.
    if call.cpu.needs_windows(2) {
        return Ok(Outcome::Jumped);
    }
    call.cpu.set_a(SORTED, 1);
    call.cpu.set_a(PLACE, 1);
    go_on(call)
}

pub(super) fn compared(call: &mut Call) -> Result {
    if call.cpu.needs_windows(2) {
        return Ok(Outcome::Jumped);
    }
    if call.cpu.a(SORTED) >= call.cpu.a(COUNT) {
        return go_on(call);
    }
    if call.cpu.a(FIRST) as i32 > 0 {
        let (first, second) = elements(call);
        let size = call.cpu.a(SIZE);
        let (one, other) = (call.read(first, size)?, call.read(second, size)?);
        call.write(first, &other)?;
        call.write(second, &one)?;
        call.charge(size);
        let place = call.cpu.a(PLACE).wrapping_sub(1);
        call.cpu.set_a(PLACE, place);
    } else {
        call.cpu.set_a(PLACE, 0);
    }
    go_on(call)
}

/// The element that is moved, and the one before it, which comes first.
fn elements(call: &Call) -> (u32, u32) {
    let size = call.cpu.a(SIZE);
    let second = call
        .cpu
        .a(BASE)
        .wrapping_add(call.cpu.a(PLACE).wrapping_mul(size));
    (second.wrapping_sub(size), second)
}

/// Compares the next two elements, or returns.
fn go_on(call: &mut Call) -> Result {
    if call.cpu.a(PLACE) == 0 {
        let sorted = call.cpu.a(SORTED).wrapping_add(1);
        call.cpu.set_a(SORTED, sorted);
        call.cpu.set_a(PLACE, sorted);
    }
    call.charge(4);
    if call.cpu.a(SORTED) >= call.cpu.a(COUNT) {
        // An underflow of windows comes back to here.
        call.cpu.pc = COMPARED;
        call.cpu.return_from_window();
        return Ok(Outcome::Jumped);
    }
    let (first, second) = elements(call);
    call.cpu.set_a(FIRST, first);
    call.cpu.set_a(SECOND, second);
    call.cpu.ps.call_increment = 2;
    call.cpu.set_a(RETURN, 2 << 30 | COMPARED & 0x3FFF_FFFF);
    call.cpu.pc = call.cpu.a(COMPARE);
    Ok(Outcome::Jumped)
}
