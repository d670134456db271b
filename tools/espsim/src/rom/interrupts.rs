//! Handlers of interrupts as the ROM's `ets_isr_attach` attaches them, for programs that leave VECBASE at the ROM's vectors. Interrupts
//! of level 1 only, which come as exceptions.
//!
//! The interrupted program's registers are kept here while the handler runs on a register file of its own and the program's stack; on the
//! chip they are on that stack.

use super::{Call, Outcome, Result, VOID, boot, vectors};
use crate::cpu::{ADDRESS_REGISTERS, Cause, ProcessorStatus};

/// Where handlers return to: `_xtos_return_from_exc`.
pub(super) const RETURN: u32 = 0x4000_C034;
/// Interrupts of level 1 (ESP32's core-isa.h: XCHAL_INTLEVEL1_MASK).
const LEVEL_1: u32 = 0x0006_37FF;
/// What is left of the stack behind the interrupted frame: the save areas of its caller.
const SAVE_AREA: u32 = 32;

/// A handler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handler {
    address: u32,
    argument: u32,
}

/// What a program had when it was interrupted.
#[derive(Debug)]
pub(super) struct Interrupted {
    core: usize,
    pc: u32,
    ps: ProcessorStatus,
    registers: [u32; ADDRESS_REGISTERS],
    window_base: u32,
    window_start: u32,
    sar: u32,
    loop_registers: [u32; 3],
    scompare1: u32,
}

/// `void ets_isr_attach(int interrupt, void (*handler)(void *), void *argument)`.
pub(super) fn ets_isr_attach(call: &mut Call) -> Result {
    let (interrupt, address) = (call.argument(0)?, call.argument(1)?);
    let argument = call.argument(2)?;
    let key = (call.core(), interrupt & 31);
    let handler = Handler { address, argument };
    call.bus.rom.handlers.insert(key, handler);
    VOID
}

/// `void ets_isr_unmask(uint32_t mask)`.
pub(super) fn ets_isr_unmask(call: &mut Call) -> Result {
    let mask = call.argument(0)?;
    set_enabled(call, call.cpu.interrupt_enable | mask);
    VOID
}

/// `void ets_isr_mask(uint32_t mask)`.
pub(super) fn ets_isr_mask(call: &mut Call) -> Result {
    let mask = call.argument(0)?;
    set_enabled(call, call.cpu.interrupt_enable & !mask);
    VOID
}

/// INTENABLE's number.
const INTENABLE: u32 = 228;

fn set_enabled(call: &mut Call, bits: u32) {
    call.cpu.set_special(INTENABLE, bits);
}

/// `_UserExceptionVector`.
pub(super) fn user_exception(call: &mut Call) -> Result {
    if call.cpu.exccause == Cause::Alloca as u32 {
        return vectors::alloca(call);
    }
    let core = call.core();
    let pending = call.cpu.pending() & call.cpu.interrupt_enable & LEVEL_1;
    let handler = (0..32)
        .filter(|number| pending >> number & 1 == 1)
        .find_map(|number| call.bus.rom.handlers.get(&(core, number)).copied());
    let (true, Some(handler)) = (
        call.cpu.exccause == Cause::LevelOneInterrupt as u32,
        handler,
    ) else {
        return vectors::unhandled(call);
    };
    let mut registers = [0; ADDRESS_REGISTERS];
    for (number, register) in registers.iter_mut().enumerate() {
        *register = call.cpu.physical(number);
    }
    let cpu = &mut *call.cpu;
    let mut ps = cpu.ps;
    ps.exception_mode = false;
    let interrupted = Interrupted {
        core,
        pc: cpu.epc[1],
        ps,
        registers,
        window_base: cpu.window_base(),
        window_start: cpu.window_start(),
        sar: cpu.sar,
        loop_registers: [cpu.lbeg, cpu.lend, cpu.lcount],
        scompare1: cpu.scompare1,
    };
    cpu.lcount = 0;
    let top = cpu.a(1).wrapping_sub(SAVE_AREA) & !15;
    call.bus.rom.interrupted.push(interrupted);
    boot::start(call, handler.address, top, RETURN)?;
    call.set_register(2, handler.argument);
    let status = ProcessorStatus {
        interrupt_level: 1,
        ..call.cpu.ps
    };
    call.cpu.set_ps(status);
    Ok(Outcome::Jumped)
}

/// A handler has returned: the interrupted program goes on.
pub(super) fn return_from_handler(call: &mut Call) -> Result {
    let core = call.core();
    let stack = &mut call.bus.rom.interrupted;
    let Some(at) = stack.iter().rposition(|entry| entry.core == core) else {
        return boot::returned(call);
    };
    let interrupted = stack.remove(at);
    let cpu = &mut *call.cpu;
    for (number, value) in interrupted.registers.into_iter().enumerate() {
        cpu.set_physical(number, value);
    }
    cpu.set_window_base(interrupted.window_base);
    cpu.set_window_start(interrupted.window_start);
    cpu.set_ps(interrupted.ps);
    cpu.sar = interrupted.sar;
    [cpu.lbeg, cpu.lend, cpu.lcount] = interrupted.loop_registers;
    cpu.scompare1 = interrupted.scompare1;
    cpu.pc = interrupted.pc;
    Ok(Outcome::Jumped)
}
