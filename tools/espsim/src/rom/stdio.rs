//! The C library's streams, as far as a program leaves them to the ROM: the three standard ones, and how they are flushed. The system
//! calls are the program's own, which it puts into a table.
//!
//! The structures are newlib's, `struct _reent`, `struct __sFILE` and `struct syscall_stub_table`, whose layout a program shares with the
//! ROM.

use super::{BadAddress, Call, Function, Outcome, Result};

/// Where the ROM's variables say that the table of system calls is, for each core.
const SYSCALL_TABLE: [u32; 2] = [0x3FFA_E024, 0x3FFA_E020];
const GLOBAL_REENT: u32 = 0x3FFA_E0B0;
/// Where the three streams are: in what programs leave to the ROM's data.
const STREAMS: u32 = 0x3FFA_E500;
const STREAM_LEN: u32 = 104;

/// Offsets in the table of system calls.
const CLOSE: u32 = 76;
const WRITE: u32 = 84;
const SEEK: u32 = 88;
const READ: u32 = 92;

/// Offsets in `struct _reent`: _stdin, _stdout, _stderr, whether they are there, __cleanup.
const STDIN: u32 = 4;
const STDOUT: u32 = 8;
const STDERR: u32 = 12;
const IS_INITIALIZED: u32 = 24;
const CLEANUP: u32 = 40;

/// Offsets in `struct __sFILE`.
const POSITION: u32 = 0;
const ROOM: u32 = 8;
const FLAGS: u32 = 12;
const FILE: u32 = 14;
const BASE: u32 = 16;
const SIZE: u32 = 20;
const DATA: u32 = 28;
const COOKIE: u32 = 32;
const FUNCTION_READ: u32 = 36;
const FUNCTION_WRITE: u32 = 40;
const FUNCTION_SEEK: u32 = 44;
const FUNCTION_CLOSE: u32 = 48;

/// Flags: line-buffered, unbuffered, for reading, for writing, for both, error.
const LINE_BUFFERED: u32 = 1;
const UNBUFFERED: u32 = 2;
const READS: u32 = 4;
const WRITES: u32 = 8;
const BOTH: u32 = 0x10;
const FAILED: u32 = 0x40;

const CLEANUP_R: u32 = 0x4000_1D48;
const SREAD: u32 = 0x4000_1118;
const SWRITE: u32 = 0x4000_1150;
const SSEEK: u32 = 0x4000_1184;
const SCLOSE: u32 = 0x4000_11B8;
const FFLUSH_R: u32 = 0x4005_9320;
const FFLUSH: u32 = 0x4005_9394;

fn half(call: &mut Call, address: u32) -> std::result::Result<u32, BadAddress> {
    let bytes = call.read(address, 2)?;
    Ok(u32::from(bytes[0]) | u32::from(bytes[1]) << 8)
}

/// `void __sinit(struct _reent *)`.
fn initialize(call: &mut Call) -> Result {
    let reent = call.argument(0)?;
    if call.read32(reent.wrapping_add(IS_INITIALIZED))? != 0 {
        return Ok(Outcome::Return(0));
    }
    let streams = [
        (STDIN, READS),
        (STDOUT, WRITES),
        (STDERR, BOTH | UNBUFFERED),
    ];
    for (number, (offset, flags)) in (0..).zip(streams) {
        let stream = STREAMS + number * STREAM_LEN;
        call.write(stream, &[0; STREAM_LEN as usize])?;
        call.write32(stream + FLAGS, flags | number << 16)?;
        for (offset, value) in [
            (DATA, reent),
            (COOKIE, stream),
            (FUNCTION_READ, SREAD),
            (FUNCTION_WRITE, SWRITE),
            (FUNCTION_SEEK, SSEEK),
            (FUNCTION_CLOSE, SCLOSE),
        ] {
            call.write32(stream + offset, value)?;
        }
        call.write32(reent.wrapping_add(offset), stream)?;
    }
    call.write32(reent.wrapping_add(CLEANUP), CLEANUP_R)?;
    call.write32(reent.wrapping_add(IS_INITIALIZED), 1)?;
    call.charge(300);
    Ok(Outcome::Return(0))
}

/// A stream's function: the program's system call of its file, which returns to the caller.
fn system_call(call: &mut Call, offset: u32) -> Result {
    let stream = call.argument(1)?;
    let file = half(call, stream.wrapping_add(FILE))? as u16 as i16;
    let table = call.read32(SYSCALL_TABLE[call.core()])?;
    let function = call.read32(table.wrapping_add(offset))?;
    call.set_register(3, i32::from(file) as u32);
    call.cpu.pc = function;
    Ok(Outcome::Jumped)
}

// `_fflush_r` has a window of its own, as `qsort` has. Registers: the arguments, what is to be written and how much, and the stream that
// comes next.
const REENT: u8 = 2;
const STREAM: u8 = 3;
const FROM: u8 = 4;
const LEN: u8 = 5;
const NEXT: u8 = 6;
const RETURN: u8 = 8;
const ARGUMENTS: u8 = 10;
const FRAME: u32 = 48;

fn enter(call: &mut Call) -> Result {
    call.cpu.enter(1, FRAME);
    Ok(Outcome::Jumped)
}

/// Behind `entry` of `_fflush_r`.
fn begin_flush_r(call: &mut Call) -> Result {
    if call.cpu.needs_windows(3) {
        return Ok(Outcome::Jumped);
    }
    call.cpu.set_a(NEXT, 0);
    begin(call)
}

/// Behind `entry` of `fflush`, whose only argument is the stream: without one it is both standard ones that are written to.
fn begin_flush(call: &mut Call) -> Result {
    if call.cpu.needs_windows(3) {
        return Ok(Outcome::Jumped);
    }
    let reent = call.read32(GLOBAL_REENT)?;
    let (stream, next) = match call.cpu.a(REENT) {
        0 => (
            call.read32(reent.wrapping_add(STDOUT))?,
            call.read32(reent.wrapping_add(STDERR))?,
        ),
        stream => (stream, 0),
    };
    call.cpu.set_a(REENT, reent);
    call.cpu.set_a(STREAM, stream);
    call.cpu.set_a(NEXT, next);
    begin(call)
}

/// Takes what the stream's buffer has.
fn begin(call: &mut Call) -> Result {
    let stream = call.cpu.a(STREAM);
    let flags = half(call, stream.wrapping_add(FLAGS))?;
    let base = call.read32(stream.wrapping_add(BASE))?;
    let mut len = 0;
    if flags & WRITES != 0 && base != 0 {
        len = call
            .read32(stream.wrapping_add(POSITION))?
            .wrapping_sub(base);
        let room = if flags & (LINE_BUFFERED | UNBUFFERED) != 0 {
            0
        } else {
            call.read32(stream.wrapping_add(SIZE))?
        };
        call.write32(stream.wrapping_add(POSITION), base)?;
        call.write32(stream.wrapping_add(ROOM), room)?;
    }
    call.charge(40);
    call.cpu.set_a(FROM, base);
    call.cpu.set_a(LEN, len);
    go_on(call)
}

/// Behind the stream's function.
fn written(call: &mut Call) -> Result {
    if call.cpu.needs_windows(3) {
        return Ok(Outcome::Jumped);
    }
    let len = call.cpu.a(LEN);
    if len as i32 > 0 {
        let count = call.cpu.a(ARGUMENTS);
        if count as i32 <= 0 {
            let flags = call.cpu.a(STREAM).wrapping_add(FLAGS);
            let bits = half(call, flags)? | FAILED;
            call.write(flags, &(bits as u16).to_le_bytes())?;
            call.cpu.set_a(LEN, 0);
            return leave(call, u32::MAX);
        }
        let from = call.cpu.a(FROM).wrapping_add(count);
        call.cpu.set_a(FROM, from);
        call.cpu.set_a(LEN, len.wrapping_sub(count));
    }
    go_on(call)
}

fn go_on(call: &mut Call) -> Result {
    if call.cpu.a(LEN) as i32 <= 0 {
        let next = call.cpu.a(NEXT);
        if next == 0 {
            return leave(call, 0);
        }
        call.cpu.set_a(STREAM, next);
        call.cpu.set_a(NEXT, 0);
        return begin(call);
    }
    let stream = call.cpu.a(STREAM);
    let arguments = [
        call.cpu.a(REENT),
        call.read32(stream.wrapping_add(COOKIE))?,
        call.cpu.a(FROM),
        call.cpu.a(LEN),
    ];
    let function = call.read32(stream.wrapping_add(FUNCTION_WRITE))?;
    for (register, argument) in (ARGUMENTS..).zip(arguments) {
        call.cpu.set_a(register, argument);
    }
    call.cpu.ps.call_increment = 2;
    call.cpu
        .set_a(RETURN, 2 << 30 | (FFLUSH_R + 6) & 0x3FFF_FFFF);
    call.cpu.pc = function;
    Ok(Outcome::Jumped)
}

/// Returns; an underflow of windows comes back to [`leaving`], with the result in its place.
fn leave(call: &mut Call, result: u32) -> Result {
    call.cpu.set_a(REENT, result);
    leaving(call)
}

fn leaving(call: &mut Call) -> Result {
    call.cpu.pc = FFLUSH_R + 9;
    call.cpu.return_from_window();
    Ok(Outcome::Jumped)
}

/// `div_t div(int, int)` and `ldiv`: quotient and remainder.
fn div(call: &mut Call) -> Result {
    let (one, other) = (call.argument(0)? as i32, call.argument(1)? as i32);
    if other == 0 {
        call.cpu.exception(crate::cpu::Cause::IntegerDivideByZero);
        return Ok(Outcome::Jumped);
    }
    let (quotient, remainder) = (one.wrapping_div(other), one.wrapping_rem(other));
    Ok(Outcome::ReturnWide(
        u64::from(remainder as u32) << 32 | u64::from(quotient as u32),
    ))
}

fn abs(call: &mut Call) -> Result {
    let value = (call.argument(0)? as i32).unsigned_abs();
    Ok(Outcome::Return(value))
}

/// The functions, with address and name.
pub(super) const FUNCTIONS: &[(u32, &str, Function)] = &[
    (SREAD, "__sread", |call| system_call(call, READ)),
    (SWRITE, "__swrite", |call| system_call(call, WRITE)),
    (SSEEK, "__sseek", |call| system_call(call, SEEK)),
    (SCLOSE, "__sclose", |call| system_call(call, CLOSE)),
    (0x4000_1E38, "__sinit", initialize),
    (0x4005_6340, "abs", abs),
    (0x4005_6348, "div", div),
    (0x4005_6370, "labs", abs),
    (0x4005_6378, "ldiv", div),
    (FFLUSH_R, "_fflush_r", enter),
    (FFLUSH_R + 3, "_fflush_r", begin_flush_r),
    (FFLUSH_R + 6, "_fflush_r", written),
    (FFLUSH_R + 9, "_fflush_r", leaving),
    (FFLUSH, "fflush", enter),
    (FFLUSH + 3, "fflush", begin_flush),
];
