//! Who called whom: the call stack by the windowed ABI (Xtensa ISA Reference Manual, "Windowed Procedure-Call Protocol").
//!
//! A caller's a0 to a3 are in its window while WINDOWSTART has it, and else in the 16 bytes below its callee's stack pointer. The upper
//! two bits of a return address are by how many windows the call has moved. In the handlers of overflows and underflows, and before a
//! function's `entry`, the frame is that of the interrupted instruction, or of the caller.

use crate::cpu::Cpu;
use crate::cpu::instruction::length;

/// The longest stack that is shown: a loop in it is a broken one.
const MOST_FRAMES: usize = 64;
/// Handlers of window overflows and underflows, from VECBASE on.
const WINDOW_VECTORS: u32 = 0x180;
/// All instructions that call take three bytes.
const CALL_LEN: u32 = 3;

/// A function that was entered and not left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// The instruction that it is at: for callers, the call.
    pub pc: u32,
    /// Its stack pointer.
    pub sp: u32,
}

/// Where a return address's call is.
fn call_of(a0: u32, pc: u32) -> u32 {
    (pc & 0xC000_0000 | a0 & 0x3FFF_FFFF).wrapping_sub(CALL_LEN)
}

/// The call stack of a core, the innermost first. `read` reads memory: the byte at an address.
pub fn call_stack(cpu: &Cpu, read: impl Fn(u32) -> Option<u8>) -> Vec<Frame> {
    let word = |address: u32| {
        let byte = |at| read(address.wrapping_add(at));
        Some(u32::from_le_bytes([byte(0)?, byte(1)?, byte(2)?, byte(3)?]))
    };
    let mut frames = vec![];
    let mut pc = cpu.pc;
    let mut base = cpu.window_base();
    if cpu.ps.exception_mode && pc.wrapping_sub(cpu.vecbase) < WINDOW_VECTORS {
        let sp = cpu.a(1);
        frames.push(Frame { pc, sp });
        pc = cpu.epc[1];
        base = cpu.ps.old_window_base.into();
    }
    let register = |base: u32, number: u32| cpu.physical((base % 16 * 4 + number) as usize);
    let is_entry = read(pc).is_some_and(|first| length(first) == 3 && first & 0xFF == 0x36);
    let increment = u32::from(cpu.ps.call_increment);
    if is_entry && increment != 0 {
        let sp = register(base, 1);
        frames.push(Frame { pc, sp });
        pc = call_of(register(base, increment * 4), pc);
    }
    let (mut a0, mut sp) = (register(base, 0), register(base, 1));
    let mut live = true;
    while frames.len() < MOST_FRAMES {
        frames.push(Frame { pc, sp });
        let increment = a0 >> 30;
        if increment == 0 {
            break;
        }
        let caller = base.wrapping_sub(increment) % 16;
        live &= cpu.window_start() >> caller & 1 == 1;
        let saved = if live {
            Some((register(caller, 0), register(caller, 1)))
        } else {
            let below = sp.wrapping_sub(16);
            word(below).zip(word(below.wrapping_add(4)))
        };
        // Where nothing is, the stack's start was not marked.
        let Some((next_a0, next_sp)) = saved else {
            break;
        };
        pc = call_of(a0, pc);
        if read(pc).is_none() || next_sp <= sp {
            // The caller is known, and its own caller is not: what starts a stack has no frame of its own.
            if read(pc).is_some() {
                frames.push(Frame { pc, sp: next_sp });
            }
            break;
        }
        (a0, sp, base) = (next_a0, next_sp, caller);
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::ProcessorStatus;

    /// Three functions: the innermost's caller is in registers, the outermost in memory.
    fn stopped() -> Cpu {
        let mut cpu = Cpu::new(0xCDCD, 0x400D_1003);
        cpu.set_ps(ProcessorStatus::from_bits(1 << 18));
        cpu.set_window_base(4);
        cpu.set_window_start(1 << 4 | 1 << 2);
        for (number, value) in [
            (16, 0x800D_2006),
            (17, 0x3FFB_1000),
            (8, 0x400D_3009 | 0x8000_0000),
            (9, 0x3FFB_1020),
        ] {
            cpu.set_physical(number, value);
        }
        cpu
    }

    fn memory(address: u32) -> Option<u8> {
        let words = [(0x3FFB_1010, 0), (0x3FFB_1014, 0x3FFB_1040)];
        match address {
            0x400D_0000..0x400E_0000 => Some(0xF0),
            0x3FFB_1000..0x3FFB_2000 => Some(
                words
                    .iter()
                    .find(|(start, _)| *start == address & !3)
                    .map_or(0, |(_, word): &(u32, u32)| {
                        word.to_le_bytes()[address as usize % 4]
                    }),
            ),
            _ => None,
        }
    }

    #[test]
    fn callers_are_in_registers_and_in_memory() {
        let frame = |pc, sp| Frame { pc, sp };
        assert_eq!(
            call_stack(&stopped(), memory),
            [
                frame(0x400D_1003, 0x3FFB_1000),
                frame(0x400D_2003, 0x3FFB_1020),
                frame(0x400D_3006, 0x3FFB_1040),
            ]
        );
    }

    #[test]
    fn before_entry_the_window_is_the_callers() {
        let mut cpu = stopped();
        let mut ps = cpu.ps;
        ps.call_increment = 2;
        cpu.set_ps(ps);
        cpu.set_a(8, 0x800D_1106);
        cpu.pc = 0x400D_8000;
        let stack = call_stack(&cpu, |address| match address {
            0x400D_8000 => Some(0x36),
            _ => memory(address),
        });
        assert_eq!(stack[0].pc, 0x400D_8000);
        assert_eq!(stack[1].pc, 0x400D_1103);
        assert_eq!(stack[2].pc, 0x400D_2003);
    }

    #[test]
    fn a_broken_stack_ends() {
        let mut cpu = stopped();
        cpu.set_physical(9, 0x3FFB_1000);
        assert_eq!(call_stack(&cpu, memory).len(), 2);
        cpu.set_physical(16, 0);
        assert_eq!(call_stack(&cpu, |_| None).len(), 1);
    }
}
