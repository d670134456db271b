//! One iteration of a loop, for many of them at once.
//!
//! It is executed with words that are the same in all iterations, and words of which only bounds are known since they come from a clock. It
//! holds for all of them if no branch and no address depends on more than the bounds, and if it ends as it began, but for what it sets anew
//! before it reads it: then a later iteration begins with nothing else that counts, and goes the same way.

use super::super::instruction::{Instruction, Op, b4const, b4constu};
use super::super::special::Access;
use super::super::{ADDRESS_REGISTERS, Bus, Cpu, ProcessorStatus, Quiet, WINDOWS};
use super::value::Value;

/// What has to be the same at the end as at the beginning, beside registers and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    pc: u32,
    a0: usize,
    window_start: u32,
    ps: ProcessorStatus,
    sar: u32,
    scompare1: u32,
    lbeg: u32,
    lend: u32,
    lcount: u32,
}

/// A word of memory, or of a register that a write sets to what the time is.
struct Word {
    address: u32,
    value: Value,
    /// What was there before; `None` where that is not known.
    old: Option<u32>,
    /// It was read before it was written.
    read_first: bool,
}

pub(super) struct Rehearsal<'a, B> {
    cpu: &'a Cpu,
    bus: &'a B,
    state: State,
    registers: [Value; ADDRESS_REGISTERS],
    written: u64,
    read_first: u64,
    memory: Vec<Word>,
    read: Vec<u32>,
    cycles: u64,
    /// How much later than the first iteration the last one is at most.
    horizon: u64,
    ids: u32,
}

impl<'a, B: Bus> Rehearsal<'a, B> {
    pub(super) fn new(cpu: &'a Cpu, bus: &'a B, horizon: u64) -> Self {
        Self {
            cpu,
            bus,
            state: State {
                pc: cpu.pc,
                a0: cpu.a0,
                window_start: cpu.window_start,
                ps: cpu.ps,
                sar: cpu.sar,
                scompare1: cpu.scompare1,
                lbeg: cpu.lbeg,
                lend: cpu.lend,
                lcount: cpu.lcount,
            },
            registers: cpu.ar.map(Value::fixed),
            written: 0,
            read_first: 0,
            memory: Vec::new(),
            read: Vec::new(),
            cycles: cpu.cycles,
            horizon,
            ids: 0,
        }
    }

    /// The cycles of an iteration of at most `steps` instructions; `None` where it does not hold for all.
    pub(super) fn run(mut self, steps: u32) -> Option<u64> {
        let start = self.state;
        for _ in 0..steps {
            self.step()?;
            if self.state == start && self.repeats() {
                return Some(self.cycles - self.cpu.cycles);
            }
        }
        None
    }

    /// Whether another iteration would begin as this one did.
    fn repeats(&self) -> bool {
        let registers =
            self.registers
                .iter()
                .zip(&self.cpu.ar)
                .enumerate()
                .all(|(number, (value, &old))| match value.word() {
                    Some(word) if self.written >> number & 1 == 1 => word == old,
                    Some(_) => true,
                    None => self.read_first >> number & 1 == 0,
                });
        registers
            && self.memory.iter().all(|word| match word.value.word() {
                Some(value) if word.old == Some(value) => true,
                _ => !word.read_first,
            })
    }

    fn id(&mut self) -> u32 {
        self.ids += 1;
        self.ids
    }

    fn number(&self, register: u8) -> usize {
        (self.state.a0 + usize::from(register)) % ADDRESS_REGISTERS
    }

    fn a(&mut self, register: u8) -> Value {
        let number = self.number(register);
        if self.written >> number & 1 == 0 {
            self.read_first |= 1 << number;
        }
        self.registers[number]
    }

    fn set_a(&mut self, register: u8, value: Value) {
        let number = self.number(register);
        self.written |= 1 << number;
        self.registers[number] = value;
    }

    /// Whether a word may be accessed without an exception.
    fn check(&self, access: Access, address: u32) -> Option<()> {
        let stops = self.cpu.watches() && self.cpu.data_breakpoint(access, address, 4).is_some();
        (address.is_multiple_of(4) && self.cpu.may_access(address) && !stops).then_some(())
    }

    fn load(&mut self, address: u32) -> Option<Value> {
        self.check(Access::Load, address)?;
        if let Some(word) = self.memory.iter().find(|word| word.address == address) {
            return Some(word.value);
        }
        let value = match self.bus.peek(address) {
            Some(word) => Value::fixed(word),
            None => {
                let (low, high) =
                    self.bus
                        .poll(address, self.cycles, self.cycles + self.horizon)?;
                let id = self.id();
                Value::between(low, high, id)
            }
        };
        self.read.push(address);
        Some(value)
    }

    /// The place of a byte or a half in its word. Only memory is accessed in parts without an effect.
    fn part(&self, address: u32, bits: u32) -> Option<u32> {
        let plain = address.is_multiple_of(bits / 8) && self.bus.is_plain(address & !3);
        plain.then_some(address % 4 * 8)
    }

    /// A byte or a half: of a word that is known.
    fn load_part(&mut self, address: u32, bits: u32) -> Option<Value> {
        let shift = self.part(address, bits)?;
        let word = self.load(address & !3)?.word()?;
        Some(Value::fixed(word >> shift & ((1 << bits) - 1)))
    }

    fn set_word(&mut self, address: u32, value: Value) {
        match self.memory.iter_mut().find(|word| word.address == address) {
            Some(word) => word.value = value,
            None => {
                let word = Word {
                    address,
                    value,
                    old: self.bus.peek(address),
                    read_first: self.read.contains(&address),
                };
                self.memory.push(word);
            }
        }
    }

    fn store(&mut self, address: u32, value: Value) -> Option<()> {
        self.check(Access::Store, address)?;
        if self.bus.is_plain(address) {
            self.set_word(address, value);
            return Some(());
        }
        match self.bus.rehearse_store(
            address,
            value.word()?,
            self.cycles,
            self.cycles + self.horizon,
        )? {
            Quiet::Nothing => {}
            Quiet::Sets(words) => {
                for (address, low, high) in words {
                    let id = self.id();
                    self.set_word(address, Value::between(low, high, id));
                }
            }
        }
        Some(())
    }

    fn store_part(&mut self, address: u32, bits: u32, value: Value) -> Option<()> {
        let shift = self.part(address, bits)?;
        let mask = ((1 << bits) - 1) << shift;
        let word = self.load(address & !3)?.word()? & !mask | value.word()? << shift & mask;
        self.store(address & !3, Value::fixed(word))
    }

    fn starts(&self, ahead: u32) -> bool {
        let base = (self.state.a0 / 4) as u32;
        self.state.window_start >> (base.wrapping_add(ahead) % WINDOWS) & 1 == 1
    }

    fn windows_free(&self) -> u8 {
        if !self.state.ps.window_overflow_enable || self.state.ps.exception_mode {
            return 3;
        }
        (1..=3).find(|&ahead| self.starts(ahead)).unwrap_or(4) as u8 - 1
    }

    fn rotate(&mut self, by: u32) {
        let base = (self.state.a0 as u32 / 4).wrapping_add(by) % WINDOWS;
        self.state.a0 = base as usize * 4;
    }

    /// Another PS, with which no interrupt may come that waits.
    fn set_ps(&mut self, ps: ProcessorStatus) -> Option<()> {
        self.state.ps = ps;
        (!self.cpu.would_interrupt(ps)).then_some(())
    }

    fn step(&mut self) -> Option<()> {
        self.cycles += 1;
        let pc = self.state.pc;
        let i = self.cpu.code.peek(pc);
        let Instruction { r, s, t, imm, .. } = i;
        if i.op == Op::Undecoded || i.windows > self.windows_free() {
            return None;
        }
        let next = pc.wrapping_add(i.len.into());
        self.state.pc = next;
        match i.op {
            Op::L32i | Op::S32i | Op::L8ui | Op::L16ui | Op::L16si | Op::S8i | Op::S16i => {
                let address = self.a(s).word()?.wrapping_add(imm);
                self.access(i, address)?;
            }
            Op::L32r => {
                let value = self.load(imm)?;
                self.set_a(t, value);
            }
            Op::S32c1i => {
                let address = self.a(s).word()?.wrapping_add(imm);
                if !self.bus.is_plain(address) {
                    return None;
                }
                let value = self.load(address)?.word()?;
                if value == self.state.scompare1 {
                    let new = self.a(t);
                    self.store(address, new)?;
                }
                self.set_a(t, Value::fixed(value));
            }
            Op::Movi => self.set_a(t, Value::fixed(imm)),
            Op::Addi => {
                let id = self.id();
                let value = self.a(s).add(Value::fixed(imm), id);
                self.set_a(t, value);
            }
            Op::Nop => {}
            Op::Ssl | Op::Ssr | Op::Ssa8l | Op::Ssa8b => {
                let word = self.a(s).word()?;
                self.state.sar = match i.op {
                    Op::Ssl => 32 - (word & 31),
                    Op::Ssr => word & 31,
                    Op::Ssa8l => (word & 3) * 8,
                    _ => 32 - (word & 3) * 8,
                };
            }
            Op::Ssai => self.state.sar = imm,
            Op::Moveqz | Op::Movnez | Op::Movltz | Op::Movgez => {
                let (condition, zero) = (self.a(t), Value::fixed(0));
                let moves = match i.op {
                    Op::Moveqz => condition.equal(zero)?,
                    Op::Movnez => !condition.equal(zero)?,
                    Op::Movltz => condition.less_signed(zero)?,
                    _ => !condition.less_signed(zero)?,
                };
                if moves {
                    let value = self.a(s);
                    self.set_a(r, value);
                }
            }
            Op::Loop | Op::Loopnez | Op::Loopgtz => {
                let count = self.a(s).word()?;
                self.state.lcount = count.wrapping_sub(1);
                self.state.lbeg = next;
                self.state.lend = imm;
                let skip = match i.op {
                    Op::Loopnez => count == 0,
                    Op::Loopgtz => count as i32 <= 0,
                    _ => false,
                };
                if skip {
                    self.state.pc = imm;
                }
                return Some(());
            }
            Op::J => return self.go(imm),
            Op::Jx => {
                let target = self.a(s).word()?;
                return self.go(target);
            }
            Op::Ret => {
                let target = self.a(0).word()?;
                return self.go(target);
            }
            Op::Call0 | Op::Callx0 => {
                let target = match i.op {
                    Op::Call0 => imm,
                    _ => self.a(s).word()?,
                };
                self.set_a(0, Value::fixed(next));
                return self.go(target);
            }
            Op::Call | Op::Callx => {
                let target = match i.op {
                    Op::Call => imm,
                    _ => self.a(s).word()?,
                };
                self.state.ps.call_increment = t;
                self.set_a(
                    t << 2,
                    Value::fixed(u32::from(t) << 30 | next & 0x3FFF_FFFF),
                );
                return self.go(target);
            }
            Op::Entry => return self.enter(s, imm),
            Op::Retw => return self.return_from_window(),
            Op::Rsil => {
                self.set_a(t, Value::fixed(self.state.ps.bits()));
                self.set_ps(ProcessorStatus {
                    interrupt_level: imm as u8,
                    ..self.state.ps
                })?;
            }
            Op::Rsr => {
                let value = self.special(imm)?;
                self.set_a(t, value);
            }
            Op::Wsr => {
                let word = self.a(t).word()?;
                match imm {
                    3 => self.state.sar = word & 0x3F,
                    12 => self.state.scompare1 = word,
                    230 => self.set_ps(ProcessorStatus::from_bits(word))?,
                    _ => return None,
                }
            }
            Op::Rur if imm == 231 => self.set_a(r, Value::fixed(self.cpu.threadptr)),
            _ => match self.branches(i) {
                Some(Some(true)) => return self.go(imm),
                Some(Some(false)) => {}
                Some(None) => return None,
                None => {
                    let value = self.calculate(i)?;
                    self.set_a(r, value);
                }
            },
        }
        if next == self.state.lend && self.state.lcount != 0 && !self.state.ps.exception_mode {
            self.state.lcount -= 1;
            self.state.pc = self.state.lbeg;
        }
        Some(())
    }

    fn go(&mut self, target: u32) -> Option<()> {
        self.state.pc = target;
        Some(())
    }

    fn access(&mut self, i: Instruction, address: u32) -> Option<()> {
        match i.op {
            Op::S32i => {
                let value = self.a(i.t);
                self.store(address, value)
            }
            Op::S16i | Op::S8i => {
                let value = self.a(i.t);
                let bits = if i.op == Op::S8i { 8 } else { 16 };
                self.store_part(address, bits, value)
            }
            _ => {
                let value = match i.op {
                    Op::L32i => self.load(address)?,
                    Op::L8ui => self.load_part(address, 8)?,
                    Op::L16ui => self.load_part(address, 16)?,
                    _ => {
                        let half = self.load_part(address, 16)?.word()?;
                        Value::fixed(half as u16 as i16 as u32)
                    }
                };
                self.set_a(i.t, value);
                Some(())
            }
        }
    }

    fn special(&mut self, number: u32) -> Option<Value> {
        Some(match number {
            3 => Value::fixed(self.state.sar),
            12 => Value::fixed(self.state.scompare1),
            230 => Value::fixed(self.state.ps.bits()),
            234 => {
                let low = self
                    .cpu
                    .ccount()
                    .wrapping_add((self.cycles - self.cpu.cycles) as u32);
                let id = self.id();
                match u32::try_from(u64::from(low) + self.horizon) {
                    Ok(high) => Value::between(low, high, id),
                    Err(_) => Value::between(0, u32::MAX, id),
                }
            }
            // EPC, EXCSAVE, CPENABLE, INTERRUPT, INTENABLE, VECBASE, PRID, MISC.
            177..=183 | 209..=215 | 224 | 226 | 228 | 231 | 235 | 244..=247 => {
                Value::fixed(self.cpu.special(number)?)
            }
            _ => return None,
        })
    }

    fn enter(&mut self, register: u8, frame: u32) -> Option<()> {
        let ps = self.state.ps;
        let increment = ps.call_increment;
        if register > 3
            || !ps.window_overflow_enable
            || ps.exception_mode
            || increment > self.windows_free()
        {
            return None;
        }
        let id = self.id();
        let stack = self.a(register).sub(Value::fixed(frame), id);
        self.set_a(increment << 2 | register, stack);
        self.rotate(increment.into());
        self.state.window_start |= 1 << (self.state.a0 / 4);
        Some(())
    }

    fn return_from_window(&mut self) -> Option<()> {
        let a0 = self.a(0).word()?;
        let increment = a0 >> 30;
        let live = (1..=3)
            .find(|&back| self.starts(0u32.wrapping_sub(back)))
            .unwrap_or(0);
        let ps = self.state.ps;
        if increment == 0 || live != increment || !ps.window_overflow_enable || ps.exception_mode {
            return None;
        }
        let own = self.state.a0 / 4;
        self.state.window_start &= !(1 << own);
        self.rotate(0u32.wrapping_sub(increment));
        // PC is behind the instruction, in the same GB.
        let here = self.state.pc & 0xC000_0000;
        self.go(here | a0 & 0x3FFF_FFFF)
    }

    /// Whether a branch is taken, if it is known; `None` where it is no branch.
    fn branches(&mut self, i: Instruction) -> Option<Option<bool>> {
        let Instruction { r, s, t, .. } = i;
        let zero = Value::fixed(0);
        let not = |condition: Option<bool>| condition.map(|condition| !condition);
        let one = self.registers[self.number(s)];
        let other = self.registers[self.number(t)];
        let constant = Value::fixed(b4const(r));
        let unsigned = Value::fixed(b4constu(r));
        let (taken, two) = match i.op {
            Op::Beqz => (one.equal(zero), false),
            Op::Bnez => (not(one.equal(zero)), false),
            Op::Bltz => (one.less_signed(zero), false),
            Op::Bgez => (not(one.less_signed(zero)), false),
            Op::Beqi => (one.equal(constant), false),
            Op::Bnei => (not(one.equal(constant)), false),
            Op::Blti => (one.less_signed(constant), false),
            Op::Bgei => (not(one.less_signed(constant)), false),
            Op::Bltui => (one.less(unsigned), false),
            Op::Bgeui => (not(one.less(unsigned)), false),
            Op::Bbci => (not(one.bit(u32::from((r & 1) * 16 + t))), false),
            Op::Bbsi => (one.bit(u32::from((r & 1) * 16 + t)), false),
            Op::Beq => (one.equal(other), true),
            Op::Bne => (not(one.equal(other)), true),
            Op::Blt => (one.less_signed(other), true),
            Op::Bge => (not(one.less_signed(other)), true),
            Op::Bltu => (one.less(other), true),
            Op::Bgeu => (not(one.less(other)), true),
            Op::Bany => (not(one.and(other, 0).equal(zero)), true),
            Op::Bnone => (one.and(other, 0).equal(zero), true),
            Op::Ball | Op::Bnall => {
                let all = one
                    .word()
                    .zip(other.word())
                    .map(|(one, other)| !one & other == 0);
                (if i.op == Op::Ball { all } else { not(all) }, true)
            }
            Op::Bbc | Op::Bbs => {
                let bit = other.word().and_then(|number| one.bit(number & 31));
                (if i.op == Op::Bbs { bit } else { not(bit) }, true)
            }
            _ => return None,
        };
        self.a(s);
        if two {
            self.a(t);
        }
        Some(taken)
    }

    /// The result of what only makes a word of words.
    fn calculate(&mut self, i: Instruction) -> Option<Value> {
        let Instruction { s, t, imm, .. } = i;
        let id = self.id();
        let sar = self.state.sar;
        let fixed = Value::fixed;
        Some(match i.op {
            Op::Or if s == t => self.a(s),
            Op::Slli => match imm {
                0..32 => self.a(s).shl(imm, id),
                _ => fixed(0),
            },
            Op::Srli => self.a(t).shr(imm, id),
            Op::Srai => self.a(t).sar(imm, id),
            Op::Srl if sar <= 32 => self.a(t).shr(sar, id),
            Op::Sra if sar <= 32 => self.a(t).sar(sar, id),
            Op::Sll if (1..=32).contains(&sar) => self.a(s).shl(32 - sar, id),
            Op::Src if sar <= 32 => {
                let (upper, lower) = (self.a(s), self.a(t));
                lower.funnel(upper, sar, id)
            }
            Op::Extui => {
                let shifted = self.a(t).shr(imm & 0x1F, id);
                let id = self.id();
                shifted.and(fixed(imm >> 8), id)
            }
            Op::Neg => {
                let value = self.a(t);
                fixed(0).sub(value, id)
            }
            Op::Addx2 | Op::Addx4 | Op::Addx8 => {
                let by = match i.op {
                    Op::Addx2 => 1,
                    Op::Addx4 => 2,
                    _ => 3,
                };
                let shifted = self.a(s).shl(by, id);
                let (other, id) = (self.a(t), self.id());
                shifted.add(other, id)
            }
            Op::Add
            | Op::Sub
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::Mull
            | Op::Muluh
            | Op::Quou
            | Op::Remu
            | Op::Minu
            | Op::Maxu
            | Op::Min
            | Op::Max => {
                let (one, other) = (self.a(s), self.a(t));
                match i.op {
                    Op::Add => one.add(other, id),
                    Op::Sub => one.sub(other, id),
                    Op::And => one.and(other, id),
                    Op::Or => one.or(other, id),
                    Op::Xor => one.map(other, id, |one, other| one ^ other),
                    Op::Mull => one.mul(other, id),
                    Op::Muluh => one.mul_high(other, id),
                    Op::Quou => one.div(other, id)?,
                    Op::Remu => one.rem(other, id)?,
                    Op::Minu => one.map(other, id, u32::min),
                    Op::Maxu => one.map(other, id, u32::max),
                    Op::Min => one.map(other, id, |a, b| (a as i32).min(b as i32) as u32),
                    _ => one.map(other, id, |a, b| (a as i32).max(b as i32) as u32),
                }
            }
            Op::Sext => {
                let shift = 31 - imm;
                let value = self.a(s).word()?;
                fixed(((value << shift) as i32 >> shift) as u32)
            }
            _ => return None,
        })
    }
}
