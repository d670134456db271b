//! Branches and arithmetic of a rehearsed iteration.

use super::super::super::Bus;
use super::super::super::instruction::{Instruction, Op, b4const, b4constu};
use super::super::value::Value;
use super::Rehearsal;

impl<B: Bus> Rehearsal<'_, B> {
    /// Whether a branch is taken, if it is known; `None` where it is no branch.
    pub(super) fn branches(&mut self, i: Instruction) -> Option<Option<bool>> {
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
    pub(super) fn calculate(&mut self, i: Instruction) -> Option<Value> {
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
