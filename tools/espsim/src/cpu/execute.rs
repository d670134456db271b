//! What instructions do (Xtensa ISA Reference Manual, "Instruction Descriptions").

use std::cmp::Ordering;

use super::exception::DebugCause;
use super::float::{self, Rounding};
use super::instruction::{Instruction, Op, b4const, b4constu, decode};
use super::special::Access;
use super::{Bus, Cause, Cpu, Fault, Fetched, Origin, ProcessorStatus, Stop};

/// The bits of a MAC16 operation's immediate (see `instruction`).
const FIRST_HIGH: u32 = 1 << 0;
const SECOND_HIGH: u32 = 1 << 1;
const SECOND_IS_M: u32 = 1 << 2;
const FIRST_IS_M: u32 = 1 << 3;

/// The special register CCOUNT.
const CCOUNT: u32 = 234;

/// Extends 40 bits by their sign.
fn forty_bits(value: i64) -> i64 {
    value << 24 >> 24
}

/// The half of `value` that a MAC16 operation takes.
fn half(value: u32, high: bool) -> u16 {
    (if high { value >> 16 } else { value }) as u16
}

impl Cpu {
    /// Executes instructions until cycle `until`, an event on the bus, or `waiti`.
    pub fn run<B: Bus>(&mut self, bus: &mut B, until: u64) -> Stop {
        let mut look_at = self.cycles + self.polls.look_after();
        loop {
            let polled = bus.take_polled().or(self.read_ccount.take());
            if bus.attention() {
                return Stop::Attention;
            }
            if self.cycles >= self.timer_at {
                self.fire_timers();
            }
            if self.recheck {
                self.take_interrupt();
            }
            let limit = until.min(self.timer_at);
            self.limit = limit;
            if let Some(pc) = polled.filter(|_| !self.waiting) {
                self.polled(bus, pc, limit);
                continue;
            }
            if self.waiting {
                self.cycles = self.cycles.max(limit);
                if self.cycles >= until {
                    return Stop::Waiting;
                }
                continue;
            }
            if self.cycles >= until {
                return Stop::Time;
            }
            if self.has_instruction_breakpoints() {
                if !(self.instruction_breakpoint()
                    && self.debug_exception(DebugCause::InstructionBreakpoint))
                {
                    self.execute(bus, self.cycles + 1);
                }
            } else {
                self.execute(bus, limit.min(look_at));
                if self.cycles >= look_at {
                    if self.cycles < limit && !bus.attention() {
                        self.look_for_loop(bus, limit);
                    }
                    look_at = self.cycles + self.polls.look_after();
                }
            }
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            cycles: self.cycles,
            pc: self.pc,
        }
    }

    /// Decodes the instruction at PC, or takes the exception of its fetch; whether there is an instruction.
    #[cold]
    #[inline(never)]
    fn fetch<B: Bus>(&mut self, bus: &mut B) -> bool {
        let pc = self.pc;
        if !self.may_execute(pc) {
            self.access_exception(Cause::InstructionFetchProhibited, pc);
            return false;
        }
        let instruction = match bus.fetch(pc) {
            Ok(Fetched::Code(word)) => decode(pc, word),
            Ok(Fetched::Native(number)) => Instruction::native(number),
            Err(_) => {
                self.access_exception(Cause::InstructionPifAddressError, pc);
                return false;
            }
        };
        self.code.insert(pc, instruction);
        true
    }

    #[cold]
    fn refuse(&mut self, access: Access, fault: Fault, address: u32) {
        let cause = match (fault, access) {
            (Fault::Address, _) => Cause::LoadStorePifAddressError,
            (Fault::Kind, _) => Cause::LoadStoreError,
        };
        self.access_exception(cause, address);
    }

    /// Whether the access may be made; otherwise the exception is taken.
    #[inline(always)]
    fn check(&mut self, access: Access, address: u32, len: u32) -> bool {
        if self.watches(address) || !self.may_access(address) {
            return self.check_closely(access, address, len);
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn check_closely(&mut self, access: Access, address: u32, len: u32) -> bool {
        if !self.may_access(address) {
            let cause = match access {
                Access::Load => Cause::LoadProhibited,
                Access::Store => Cause::StoreProhibited,
            };
            self.access_exception(cause, address);
            return false;
        }
        match self.data_breakpoint(access, address, len) {
            Some(number) => !self.debug_exception(DebugCause::DataBreakpoint(number)),
            None => true,
        }
    }

    #[inline(always)]
    fn load8<B: Bus>(&mut self, bus: &mut B, address: u32) -> Option<u32> {
        if !self.check(Access::Load, address, 1) {
            return None;
        }
        match bus.load8(self.origin(), address) {
            Ok(value) => Some(value.into()),
            Err(fault) => {
                self.refuse(Access::Load, fault, address);
                None
            }
        }
    }

    #[inline(always)]
    fn load16<B: Bus>(&mut self, bus: &mut B, address: u32) -> Option<u32> {
        if !self.check(Access::Load, address, 2) {
            return None;
        }
        match bus.load16(self.origin(), address) {
            Ok(value) => Some(value.into()),
            Err(fault) => {
                self.refuse(Access::Load, fault, address);
                None
            }
        }
    }

    #[inline(always)]
    fn load32<B: Bus>(&mut self, bus: &mut B, address: u32) -> Option<u32> {
        if !self.check(Access::Load, address, 4) {
            return None;
        }
        match bus.load32(self.origin(), address) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.refuse(Access::Load, fault, address);
                None
            }
        }
    }

    #[inline(always)]
    fn store8<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Option<()> {
        if !self.check(Access::Store, address, 1) {
            return None;
        }
        match bus.store8(self.origin(), address, value as u8) {
            Ok(()) => Some(()),
            Err(fault) => {
                self.refuse(Access::Store, fault, address);
                None
            }
        }
    }

    #[inline(always)]
    fn store16<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Option<()> {
        if !self.check(Access::Store, address, 2) {
            return None;
        }
        match bus.store16(self.origin(), address, value as u16) {
            Ok(()) => Some(()),
            Err(fault) => {
                self.refuse(Access::Store, fault, address);
                None
            }
        }
    }

    #[inline(always)]
    fn store32<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Option<()> {
        if !self.check(Access::Store, address, 4) {
            return None;
        }
        match bus.store32(self.origin(), address, value) {
            Ok(()) => Some(()),
            Err(fault) => {
                self.refuse(Access::Store, fault, address);
                None
            }
        }
    }

    /// The operands of a MAC16 operation.
    fn mac_operands(&self, instruction: Instruction) -> (u16, u16) {
        let Instruction { r, s, t, imm, .. } = instruction;
        let first = if imm & FIRST_IS_M != 0 {
            self.mr[usize::from(r >> 2 & 1)]
        } else {
            self.a(s)
        };
        let second = if imm & SECOND_IS_M != 0 {
            self.mr[2 + usize::from(t >> 2 & 1)]
        } else {
            self.a(t)
        };
        (
            half(first, imm & FIRST_HIGH != 0),
            half(second, imm & SECOND_HIGH != 0),
        )
    }

    fn mac_product(&self, instruction: Instruction) -> i64 {
        let (first, second) = self.mac_operands(instruction);
        i64::from(first as i16) * i64::from(second as i16)
    }

    fn boolean(&self, number: u8) -> bool {
        self.br >> number & 1 == 1
    }

    fn set_boolean(&mut self, number: u8, value: bool) {
        self.br = self.br & !(1 << number) | u32::from(value) << number;
    }

    fn f(&self, number: u8) -> u32 {
        self.fr[usize::from(number) % 16]
    }

    fn set_f(&mut self, number: u8, value: u32) {
        self.fr[usize::from(number) % 16] = value;
    }

    /// Executes instructions until cycle `limit`, or until something changed that decides about interrupts.
    ///
    /// `break` out of a match arm leaves PC as the arm has set it; its end is where PC moves on.
    pub(super) fn execute<B: Bus>(&mut self, bus: &mut B, limit: u64) {
        while self.cycles < limit && !self.recheck && !bus.attention() {
            let i = self.code.get(self.pc);
            self.cycles += 1;
            if i.op == Op::Undecoded {
                if self.fetch(bus) {
                    self.cycles -= 1;
                }
                continue;
            }
            if i.windows > self.windows_free {
                self.window_overflow();
                continue;
            }
            if B::OBSERVED && !bus.executes(self, i) {
                self.cycles -= 1;
                return;
            }
            let next = self.pc.wrapping_add(i.len.into());
            let Instruction { r, s, t, imm, .. } = i;

            macro_rules! taken {
                ($target:expr) => {{
                    self.pc = $target;
                    continue;
                }};
            }
            macro_rules! branch_if {
                ($condition:expr) => {
                    if $condition {
                        taken!(imm)
                    }
                };
            }
            macro_rules! some {
                ($value:expr) => {
                    match $value {
                        Some(value) => value,
                        None => continue,
                    }
                };
            }
            macro_rules! except {
                ($cause:expr) => {{
                    self.exception($cause);
                    continue;
                }};
            }
            macro_rules! coprocessor {
                () => {
                    if self.cpenable & 1 == 0 {
                        except!(Cause::Coprocessor0Disabled)
                    }
                };
            }
            macro_rules! float {
                ($function:expr) => {{
                    coprocessor!();
                    let rounding = Rounding::of_fcr(self.fcr);
                    let value = $function(self.f(s), self.f(t), rounding);
                    self.set_f(r, value);
                }};
            }
            macro_rules! float_move {
                ($value:expr) => {{
                    coprocessor!();
                    self.set_f(r, $value);
                }};
            }
            macro_rules! float_compare {
                ($($ordering:pat_param)|+) => {{
                    coprocessor!();
                    let value = matches!(float::compare(self.f(s), self.f(t)), $($ordering)|+);
                    self.set_boolean(r, value);
                }};
            }
            macro_rules! float_move_if {
                ($condition:expr) => {{
                    coprocessor!();
                    if $condition {
                        self.set_f(r, self.f(s));
                    }
                }};
            }

            match i.op {
                Op::Undecoded | Op::Illegal | Op::Simcall | Op::Rfdo => {
                    except!(Cause::IllegalInstruction)
                }
                Op::Native => {
                    bus.native(self, imm);
                    continue;
                }

                // Loads and stores.
                Op::L32i => {
                    let value = some!(self.load32(bus, self.a(s).wrapping_add(imm)));
                    self.set_a(t, value);
                }
                Op::L32r => {
                    let value = some!(self.load32(bus, imm));
                    self.set_a(t, value);
                }
                Op::L8ui => {
                    let value = some!(self.load8(bus, self.a(s).wrapping_add(imm)));
                    self.set_a(t, value);
                }
                Op::L16ui => {
                    let value = some!(self.load16(bus, self.a(s).wrapping_add(imm)));
                    self.set_a(t, value);
                }
                Op::L16si => {
                    let value = some!(self.load16(bus, self.a(s).wrapping_add(imm)));
                    self.set_a(t, value as i16 as u32);
                }
                Op::S32i => {
                    some!(self.store32(bus, self.a(s).wrapping_add(imm), self.a(t)));
                }
                Op::S16i => {
                    some!(self.store16(bus, self.a(s).wrapping_add(imm), self.a(t)));
                }
                Op::S8i => {
                    some!(self.store8(bus, self.a(s).wrapping_add(imm), self.a(t)));
                }
                Op::L32e => {
                    let value = some!(self.load32(bus, self.a(s).wrapping_add(imm)));
                    self.set_a(t, value);
                }
                Op::S32e => {
                    some!(self.store32(bus, self.a(s).wrapping_add(imm), self.a(t)));
                }
                Op::S32c1i => {
                    let address = self.a(s).wrapping_add(imm);
                    let value = some!(self.load32(bus, address));
                    if value == self.scompare1 {
                        some!(self.store32(bus, address, self.a(t)));
                    }
                    self.set_a(t, value);
                }

                // Arithmetic.
                Op::Add => self.set_a(r, self.a(s).wrapping_add(self.a(t))),
                Op::Addx2 => self.set_a(r, (self.a(s) << 1).wrapping_add(self.a(t))),
                Op::Addx4 => self.set_a(r, (self.a(s) << 2).wrapping_add(self.a(t))),
                Op::Addx8 => self.set_a(r, (self.a(s) << 3).wrapping_add(self.a(t))),
                Op::Sub => self.set_a(r, self.a(s).wrapping_sub(self.a(t))),
                Op::Subx2 => self.set_a(r, (self.a(s) << 1).wrapping_sub(self.a(t))),
                Op::Subx4 => self.set_a(r, (self.a(s) << 2).wrapping_sub(self.a(t))),
                Op::Subx8 => self.set_a(r, (self.a(s) << 3).wrapping_sub(self.a(t))),
                Op::Addi => self.set_a(t, self.a(s).wrapping_add(imm)),
                Op::Movi => self.set_a(t, imm),
                Op::And => self.set_a(r, self.a(s) & self.a(t)),
                Op::Or => self.set_a(r, self.a(s) | self.a(t)),
                Op::Xor => self.set_a(r, self.a(s) ^ self.a(t)),
                Op::Neg => self.set_a(r, 0u32.wrapping_sub(self.a(t))),
                Op::Abs => self.set_a(r, (self.a(t) as i32).unsigned_abs()),
                Op::Min => self.set_a(r, (self.a(s) as i32).min(self.a(t) as i32) as u32),
                Op::Max => self.set_a(r, (self.a(s) as i32).max(self.a(t) as i32) as u32),
                Op::Minu => self.set_a(r, self.a(s).min(self.a(t))),
                Op::Maxu => self.set_a(r, self.a(s).max(self.a(t))),
                Op::Sext => {
                    let shift = 31 - imm;
                    self.set_a(r, ((self.a(s) << shift) as i32 >> shift) as u32);
                }
                Op::Clamps => {
                    let limit = 1i32 << imm;
                    self.set_a(r, (self.a(s) as i32).clamp(-limit, limit - 1) as u32);
                }
                Op::Nsa => {
                    let value = self.a(s);
                    let sign = (value as i32 >> 31) as u32;
                    self.set_a(t, (value ^ sign).leading_zeros() - 1);
                }
                Op::Nsau => self.set_a(t, self.a(s).leading_zeros()),
                Op::Moveqz => {
                    if self.a(t) == 0 {
                        self.set_a(r, self.a(s));
                    }
                }
                Op::Movnez => {
                    if self.a(t) != 0 {
                        self.set_a(r, self.a(s));
                    }
                }
                Op::Movltz => {
                    if (self.a(t) as i32) < 0 {
                        self.set_a(r, self.a(s));
                    }
                }
                Op::Movgez => {
                    if self.a(t) as i32 >= 0 {
                        self.set_a(r, self.a(s));
                    }
                }
                Op::Movf => {
                    if !self.boolean(t) {
                        self.set_a(r, self.a(s));
                    }
                }
                Op::Movt => {
                    if self.boolean(t) {
                        self.set_a(r, self.a(s));
                    }
                }

                // Multiplication and division.
                Op::Mull => self.set_a(r, self.a(s).wrapping_mul(self.a(t))),
                Op::Muluh => {
                    let product = u64::from(self.a(s)) * u64::from(self.a(t));
                    self.set_a(r, (product >> 32) as u32);
                }
                Op::Mulsh => {
                    let product = i64::from(self.a(s) as i32) * i64::from(self.a(t) as i32);
                    self.set_a(r, (product >> 32) as u32);
                }
                Op::Mul16u => self.set_a(r, (self.a(s) & 0xFFFF) * (self.a(t) & 0xFFFF)),
                Op::Mul16s => {
                    let product = i32::from(self.a(s) as i16) * i32::from(self.a(t) as i16);
                    self.set_a(r, product as u32);
                }
                Op::Quou => match self.a(s).checked_div(self.a(t)) {
                    Some(value) => self.set_a(r, value),
                    None => except!(Cause::IntegerDivideByZero),
                },
                Op::Remu => match self.a(s).checked_rem(self.a(t)) {
                    Some(value) => self.set_a(r, value),
                    None => except!(Cause::IntegerDivideByZero),
                },
                Op::Quos => {
                    if self.a(t) == 0 {
                        except!(Cause::IntegerDivideByZero)
                    }
                    let value = (self.a(s) as i32).wrapping_div(self.a(t) as i32);
                    self.set_a(r, value as u32);
                }
                Op::Rems => {
                    if self.a(t) == 0 {
                        except!(Cause::IntegerDivideByZero)
                    }
                    let value = (self.a(s) as i32).wrapping_rem(self.a(t) as i32);
                    self.set_a(r, value as u32);
                }
                Op::UmulMac => {
                    let (first, second) = self.mac_operands(i);
                    self.acc = i64::from(first) * i64::from(second);
                }
                Op::MulMac => self.acc = self.mac_product(i),
                Op::MulaMac => self.acc = forty_bits(self.acc + self.mac_product(i)),
                Op::MulsMac => self.acc = forty_bits(self.acc - self.mac_product(i)),
                Op::MulaMacLoad => {
                    let address = self.a(s).wrapping_add((imm >> 8) as u8 as i8 as i32 as u32);
                    let value = some!(self.load32(bus, address));
                    self.acc = forty_bits(self.acc + self.mac_product(i));
                    self.mr[usize::from(r & 3)] = value;
                    self.set_a(s, address);
                }
                Op::Ldinc | Op::Lddec => {
                    let step = if i.op == Op::Ldinc { 4 } else { -4i32 as u32 };
                    let address = self.a(s).wrapping_add(step);
                    let value = some!(self.load32(bus, address));
                    self.mr[usize::from(r & 3)] = value;
                    self.set_a(s, address);
                }

                // Shifts.
                Op::Slli => self.set_a(r, self.a(s).checked_shl(imm).unwrap_or(0)),
                Op::Srai => self.set_a(r, (self.a(t) as i32 >> imm) as u32),
                Op::Srli => self.set_a(r, self.a(t) >> imm),
                Op::Sll => self.set_a(r, ((u64::from(self.a(s)) << 32) >> self.sar) as u32),
                Op::Srl => self.set_a(r, (u64::from(self.a(t)) >> self.sar) as u32),
                Op::Sra => self.set_a(r, (i64::from(self.a(t) as i32) >> self.sar) as u32),
                Op::Src => {
                    let both = u64::from(self.a(s)) << 32 | u64::from(self.a(t));
                    self.set_a(r, (both >> self.sar) as u32);
                }
                Op::Ssl => self.sar = 32 - (self.a(s) & 31),
                Op::Ssr => self.sar = self.a(s) & 31,
                Op::Ssa8l => self.sar = (self.a(s) & 3) * 8,
                Op::Ssa8b => self.sar = 32 - (self.a(s) & 3) * 8,
                Op::Ssai => self.sar = imm,
                Op::Extui => self.set_a(r, self.a(t) >> (imm & 0x1F) & (imm >> 8)),

                // Branches and loops.
                Op::J => taken!(imm),
                Op::Jx => taken!(self.a(s)),
                Op::Beqz => branch_if!(self.a(s) == 0),
                Op::Bnez => branch_if!(self.a(s) != 0),
                Op::Bltz => branch_if!((self.a(s) as i32) < 0),
                Op::Bgez => branch_if!(self.a(s) as i32 >= 0),
                Op::Beqi => branch_if!(self.a(s) == b4const(r)),
                Op::Bnei => branch_if!(self.a(s) != b4const(r)),
                Op::Blti => branch_if!((self.a(s) as i32) < b4const(r) as i32),
                Op::Bgei => branch_if!(self.a(s) as i32 >= b4const(r) as i32),
                Op::Bltui => branch_if!(self.a(s) < b4constu(r)),
                Op::Bgeui => branch_if!(self.a(s) >= b4constu(r)),
                Op::Beq => branch_if!(self.a(s) == self.a(t)),
                Op::Bne => branch_if!(self.a(s) != self.a(t)),
                Op::Blt => branch_if!((self.a(s) as i32) < self.a(t) as i32),
                Op::Bge => branch_if!(self.a(s) as i32 >= self.a(t) as i32),
                Op::Bltu => branch_if!(self.a(s) < self.a(t)),
                Op::Bgeu => branch_if!(self.a(s) >= self.a(t)),
                Op::Bany => branch_if!(self.a(s) & self.a(t) != 0),
                Op::Bnone => branch_if!(self.a(s) & self.a(t) == 0),
                Op::Ball => branch_if!(!self.a(s) & self.a(t) == 0),
                Op::Bnall => branch_if!(!self.a(s) & self.a(t) != 0),
                Op::Bbc => branch_if!(self.a(s) >> (self.a(t) & 31) & 1 == 0),
                Op::Bbs => branch_if!(self.a(s) >> (self.a(t) & 31) & 1 == 1),
                Op::Bbci => branch_if!(self.a(s) >> ((r & 1) * 16 + t) & 1 == 0),
                Op::Bbsi => branch_if!(self.a(s) >> ((r & 1) * 16 + t) & 1 == 1),
                Op::Bf => branch_if!(!self.boolean(s)),
                Op::Bt => branch_if!(self.boolean(s)),
                Op::Loop | Op::Loopnez | Op::Loopgtz => {
                    let count = self.a(s);
                    self.lcount = count.wrapping_sub(1);
                    self.lbeg = next;
                    self.lend = imm;
                    let skip = match i.op {
                        Op::Loopnez => count == 0,
                        Op::Loopgtz => count as i32 <= 0,
                        _ => false,
                    };
                    taken!(if skip { imm } else { next })
                }

                // Calls, returns, windows.
                Op::Call0 => {
                    self.set_a(0, next);
                    taken!(imm)
                }
                Op::Callx0 => {
                    let target = self.a(s);
                    self.set_a(0, next);
                    taken!(target)
                }
                Op::Call => {
                    self.ps.call_increment = t;
                    self.set_a(t << 2, u32::from(t) << 30 | next & 0x3FFF_FFFF);
                    taken!(imm)
                }
                Op::Callx => {
                    let target = self.a(s);
                    self.ps.call_increment = t;
                    self.set_a(t << 2, u32::from(t) << 30 | next & 0x3FFF_FFFF);
                    taken!(target)
                }
                Op::Ret => taken!(self.a(0)),
                Op::Retw => {
                    self.return_from_window();
                    continue;
                }
                Op::Entry => {
                    self.enter(s, imm);
                    continue;
                }
                Op::Movsp => {
                    if self.callers_are_saved() {
                        except!(Cause::Alloca)
                    }
                    self.set_a(t, self.a(s));
                }
                Op::Rotw => self.rotate(imm),
                Op::Rfwo => {
                    self.return_from_window_exception(false);
                    continue;
                }
                Op::Rfwu => {
                    self.return_from_window_exception(true);
                    continue;
                }

                // Exceptions and interrupts.
                Op::Rfe => {
                    self.set_ps(ProcessorStatus {
                        exception_mode: false,
                        ..self.ps
                    });
                    taken!(self.epc[1])
                }
                Op::Rfde => taken!(self.epc[0]),
                Op::Rfi => {
                    let level = usize::from(s & 7);
                    self.set_ps(ProcessorStatus::from_bits(self.eps[level]));
                    taken!(self.epc[level])
                }
                Op::Rsil => {
                    self.set_a(t, self.ps.bits());
                    self.set_ps(ProcessorStatus {
                        interrupt_level: imm as u8,
                        ..self.ps
                    });
                }
                Op::Waiti => {
                    self.set_ps(ProcessorStatus {
                        interrupt_level: imm as u8,
                        ..self.ps
                    });
                    self.waiting = true;
                }
                Op::Syscall => except!(Cause::Syscall),
                Op::Break | Op::BreakN => {
                    let cause = if i.op == Op::Break {
                        DebugCause::Break
                    } else {
                        DebugCause::BreakN
                    };
                    if self.debug_exception(cause) {
                        continue;
                    }
                }

                // Special and user registers.
                Op::Rsr => match self.special(imm) {
                    Some(value) => {
                        self.set_a(t, value);
                        if imm == CCOUNT {
                            self.read_ccount = Some(self.pc);
                            self.recheck = true;
                        }
                    }
                    None => except!(Cause::IllegalInstruction),
                },
                Op::Wsr => {
                    let value = self.a(t);
                    if !self.set_special(imm, value) {
                        except!(Cause::IllegalInstruction)
                    }
                }
                Op::Xsr => {
                    let value = self.a(t);
                    let Some(old) = self.special(imm) else {
                        except!(Cause::IllegalInstruction)
                    };
                    if !self.set_special(imm, value) {
                        except!(Cause::IllegalInstruction)
                    }
                    self.set_a(t, old);
                }
                Op::Rur => match self.user(imm) {
                    Some(_) if matches!(imm, 232 | 233) && self.cpenable & 1 == 0 => {
                        except!(Cause::Coprocessor0Disabled)
                    }
                    Some(value) => self.set_a(r, value),
                    None => except!(Cause::IllegalInstruction),
                },
                Op::Wur => {
                    if matches!(imm, 232 | 233) && self.cpenable & 1 == 0 {
                        except!(Cause::Coprocessor0Disabled)
                    }
                    let value = self.a(t);
                    if !self.set_user(imm, value) {
                        except!(Cause::IllegalInstruction)
                    }
                }
                // The trace and debug modules, of which no program sees anything.
                Op::Rer => self.set_a(t, 0),
                Op::Wer | Op::Nop => {}
                Op::Ritlb0 | Op::Rdtlb0 | Op::Pitlb | Op::Pdtlb => {
                    self.set_a(t, self.a(s) & 0xE000_0000);
                }
                Op::Ritlb1 => self.set_a(t, self.a(s) & 0xE000_0000 | self.region(true, self.a(s))),
                Op::Rdtlb1 => {
                    self.set_a(t, self.a(s) & 0xE000_0000 | self.region(false, self.a(s)));
                }
                Op::Witlb => self.set_region(true, self.a(s), self.a(t)),
                Op::Wdtlb => self.set_region(false, self.a(s), self.a(t)),

                // Booleans.
                Op::Andb => self.set_boolean(r, self.boolean(s) & self.boolean(t)),
                Op::Andbc => self.set_boolean(r, self.boolean(s) & !self.boolean(t)),
                Op::Orb => self.set_boolean(r, self.boolean(s) | self.boolean(t)),
                Op::Orbc => self.set_boolean(r, self.boolean(s) | !self.boolean(t)),
                Op::Xorb => self.set_boolean(r, self.boolean(s) ^ self.boolean(t)),
                Op::Any4 => self.set_boolean(t, self.br >> s & 0xF != 0),
                Op::All4 => self.set_boolean(t, self.br >> s & 0xF == 0xF),
                Op::Any8 => self.set_boolean(t, self.br >> s & 0xFF != 0),
                Op::All8 => self.set_boolean(t, self.br >> s & 0xFF == 0xFF),

                // Floating point.
                Op::AddS => float!(float::add),
                Op::SubS => float!(float::sub),
                Op::MulS => float!(float::mul),
                Op::MaddS | Op::MaddnS => {
                    coprocessor!();
                    let rounding = if i.op == Op::MaddS {
                        Rounding::of_fcr(self.fcr)
                    } else {
                        Rounding::Nearest
                    };
                    let value = float::mul_add(self.f(r), self.f(s), self.f(t), rounding);
                    self.set_f(r, value);
                }
                Op::MsubS => {
                    coprocessor!();
                    let rounding = Rounding::of_fcr(self.fcr);
                    let value = float::mul_sub(self.f(r), self.f(s), self.f(t), rounding);
                    self.set_f(r, value);
                }
                Op::MovS => float_move!(self.f(s)),
                Op::AbsS => float_move!(self.f(s) & 0x7FFF_FFFF),
                Op::NegS => float_move!(self.f(s) ^ 0x8000_0000),
                Op::ConstS => float_move!(float::constant(s)),
                Op::Wfr => float_move!(self.a(s)),
                Op::Rfr => {
                    coprocessor!();
                    self.set_a(r, self.f(s));
                }
                Op::MkdadjS => float_move!(float::div(self.f(s), self.f(r))),
                Op::MksadjS => float_move!(float::sqrt(self.f(s))),
                Op::AddexpmS => float_move!(self.f(s)),
                Op::Recip0S => float_move!(float::div(float::constant(1), self.f(s))),
                Op::Rsqrt0S => float_move!(float::div(float::constant(1), float::sqrt(self.f(s)))),
                Op::Div0S | Op::Sqrt0S | Op::Nexp01S | Op::AddexpS | Op::DivnS => coprocessor!(),
                Op::RoundS => {
                    coprocessor!();
                    let value = float::to_signed(self.f(s), imm, f64::round_ties_even);
                    self.set_a(r, value);
                }
                Op::TruncS => {
                    coprocessor!();
                    let value = float::to_signed(self.f(s), imm, f64::trunc);
                    self.set_a(r, value);
                }
                Op::FloorS => {
                    coprocessor!();
                    let value = float::to_signed(self.f(s), imm, f64::floor);
                    self.set_a(r, value);
                }
                Op::CeilS => {
                    coprocessor!();
                    let value = float::to_signed(self.f(s), imm, f64::ceil);
                    self.set_a(r, value);
                }
                Op::UtruncS => {
                    coprocessor!();
                    let value = float::to_unsigned(self.f(s), imm);
                    self.set_a(r, value);
                }
                Op::FloatS => {
                    float_move!(float::from_signed(
                        self.a(s),
                        imm,
                        Rounding::of_fcr(self.fcr)
                    ));
                }
                Op::UfloatS => {
                    float_move!(float::from_unsigned(
                        self.a(s),
                        imm,
                        Rounding::of_fcr(self.fcr)
                    ));
                }
                Op::UnS => {
                    coprocessor!();
                    let value = float::compare(self.f(s), self.f(t)).is_none();
                    self.set_boolean(r, value);
                }
                Op::OeqS => float_compare!(Some(Ordering::Equal)),
                Op::UeqS => float_compare!(None | Some(Ordering::Equal)),
                Op::OltS => float_compare!(Some(Ordering::Less)),
                Op::UltS => float_compare!(None | Some(Ordering::Less)),
                Op::OleS => float_compare!(Some(Ordering::Less | Ordering::Equal)),
                Op::UleS => float_compare!(None | Some(Ordering::Less | Ordering::Equal)),
                Op::MoveqzS => float_move_if!(self.a(t) == 0),
                Op::MovnezS => float_move_if!(self.a(t) != 0),
                Op::MovltzS => float_move_if!((self.a(t) as i32) < 0),
                Op::MovgezS => float_move_if!(self.a(t) as i32 >= 0),
                Op::MovfS => float_move_if!(!self.boolean(t)),
                Op::MovtS => float_move_if!(self.boolean(t)),
                Op::Lsi | Op::Lsip => {
                    coprocessor!();
                    let base = self.a(s);
                    let moved = base.wrapping_add(imm);
                    let address = if i.op == Op::Lsi { moved } else { base };
                    let value = some!(self.load32(bus, address));
                    self.set_f(t, value);
                    if i.op == Op::Lsip {
                        self.set_a(s, moved);
                    }
                }
                Op::Ssi | Op::Ssip => {
                    coprocessor!();
                    let base = self.a(s);
                    let moved = base.wrapping_add(imm);
                    let address = if i.op == Op::Ssi { moved } else { base };
                    some!(self.store32(bus, address, self.f(t)));
                    if i.op == Op::Ssip {
                        self.set_a(s, moved);
                    }
                }
                Op::Lsx | Op::Lsxp => {
                    coprocessor!();
                    let base = self.a(s);
                    let moved = base.wrapping_add(self.a(t));
                    let address = if i.op == Op::Lsx { moved } else { base };
                    let value = some!(self.load32(bus, address));
                    self.set_f(r, value);
                    if i.op == Op::Lsxp {
                        self.set_a(s, moved);
                    }
                }
                Op::Ssx | Op::Ssxp => {
                    coprocessor!();
                    let base = self.a(s);
                    let moved = base.wrapping_add(self.a(t));
                    let address = if i.op == Op::Ssx { moved } else { base };
                    some!(self.store32(bus, address, self.f(r)));
                    if i.op == Op::Ssxp {
                        self.set_a(s, moved);
                    }
                }
            }

            self.pc = next;
            if next == self.lend && self.lcount != 0 && !self.ps.exception_mode {
                self.lcount -= 1;
                self.pc = self.lbeg;
            }
        }
    }
}
