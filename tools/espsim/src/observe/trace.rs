//! Each step of a run: the instruction, and the registers that it changed.

use std::fmt;

use crate::bus::SystemBus;
use crate::clock::Ticks;
use crate::cpu::instruction::{Instruction, Op};
use crate::cpu::{ADDRESS_REGISTERS, Cpu};

/// An executed instruction.
#[derive(Debug, Clone)]
pub struct Step {
    /// When the core began it.
    pub time: Ticks,
    /// The core.
    pub core: usize,
    /// Its address.
    pub pc: u32,
    /// What it is.
    pub instruction: Instruction,
    /// Whether the program runs, and not yet ROM and bootloader.
    pub program: bool,
    /// Address registers that have another value behind it, by their number in the window behind it, and the values. A step that
    /// ends in an interrupt has what that changed.
    pub changed: Vec<(u8, u32)>,
}

/// What happens with each step.
type Sink = Box<dyn FnMut(&Step)>;

/// The steps between two times.
pub struct Trace {
    from: Ticks,
    to: Ticks,
    sink: Sink,
    /// What each core is at, and its registers there.
    pending: [Option<(Step, [u32; ADDRESS_REGISTERS])>; 2],
}

impl Trace {
    /// Gives `sink` the steps that begin from `from` on, before `to`.
    pub fn new(from: Ticks, to: Ticks, sink: Sink) -> Self {
        Self {
            from,
            to,
            sink,
            pending: [None, None],
        }
    }

    pub(super) fn executes(
        &mut self,
        bus: &SystemBus,
        cpu: &Cpu,
        instruction: Instruction,
        program: bool,
    ) {
        let core = bus.core();
        let registers = || std::array::from_fn(|number| cpu.physical(number));
        if let Some((mut step, before)) = self.pending[core].take() {
            let after: [u32; ADDRESS_REGISTERS] = registers();
            let base = cpu.window_base() as usize * 4;
            step.changed = (0..16)
                .map(|number| (number, (base + usize::from(number)) % ADDRESS_REGISTERS))
                .filter(|&(_, place)| before[place] != after[place])
                .map(|(number, place)| (number, after[place]))
                .collect();
            (self.sink)(&step);
        }
        // The instruction's own cycle is counted already.
        let time = bus.time_of(core, cpu.cycles.saturating_sub(1));
        if (self.from..self.to).contains(&time) {
            let step = Step {
                time,
                core,
                pc: cpu.pc,
                instruction,
                program,
                changed: vec![],
            };
            self.pending[core] = Some((step, registers()));
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// The assembler's name of an instruction, without its operands.
pub fn mnemonic(instruction: Instruction) -> String {
    match instruction.op {
        Op::Call => return format!("call{}", instruction.t * 4),
        Op::Callx => return format!("callx{}", instruction.t * 4),
        Op::Native => return "(ROM)".into(),
        _ => {}
    }
    let name = format!("{:?}", instruction.op);
    let floats = name.strip_suffix('S').filter(|rest| {
        rest.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit())
    });
    match (floats, name.strip_suffix("BreakN")) {
        (_, Some(_)) => "break.n".into(),
        (Some(rest), _) => rest.to_ascii_lowercase() + ".s",
        _ => name.to_ascii_lowercase(),
    }
}

/// Where it goes to, if that is in it.
pub fn target(instruction: Instruction) -> Option<u32> {
    let is_jump = matches!(instruction.op, Op::Call | Op::Call0 | Op::J)
        || format!("{:?}", instruction.op).starts_with('B')
            && !matches!(instruction.op, Op::Break | Op::BreakN);
    is_jump.then_some(instruction.imm)
}
