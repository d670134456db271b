//! Where the chip is when a run fails: both cores' call stacks, the last registers that were written, what is not modelled.

use std::fmt::Write;

use espsim::clock;
use espsim::machine::Machine;
use espsim::observe::unwind::call_stack;
use espsim::peripherals::unmodelled;
use espsim::rom;
use espsym::Program;

/// The functions at an address, the outermost first: more than one where some are inlined; and the address where none is known.
pub(super) fn functions(program: Option<&Program>, address: u32) -> Vec<String> {
    if let Some(name) = rom::name_of(address) {
        return vec![format!("{name} in ROM")];
    }
    let mut frames = program.map_or_else(Vec::new, |program| program.frames(address));
    frames.reverse();
    if frames.is_empty() {
        return vec![format!("{address:#010x}")];
    }
    frames.into_iter().map(|frame| frame.function).collect()
}

/// The function at an address and how far behind its start it is; empty where none is known.
pub(super) fn place(program: Option<&Program>, address: u32) -> String {
    if let Some(name) = rom::name_of(address) {
        return format!("{name} in ROM");
    }
    let symbol = program.and_then(|program| program.symbol(address));
    symbol.map_or_else(String::new, |(name, start)| {
        format!("{name}+{:#x}", address - start)
    })
}

/// Function, file and line of an address, of the program if that is what is in memory there.
fn described(machine: &Machine, program: Option<&Program>, address: u32) -> String {
    let is_loaded = |program: &&Program| {
        let code = program.bytes(address, 4);
        let memory = (address..).map(|at| machine.bus().byte_at(at));
        !code.is_empty()
            && code
                .iter()
                .zip(memory)
                .all(|(&byte, there)| Some(byte) == there)
    };
    let Some(program) = program.filter(is_loaded) else {
        return rom::name_of(address).map_or_else(String::new, |name| format!(" {name} in ROM"));
    };
    let mut text = String::new();
    for (depth, frame) in program.frames(address).iter().enumerate() {
        let inlined = if depth == 0 { "" } else { ", inlined in" };
        write!(text, "{inlined} {}", frame.function).expect("a String takes all");
        if let Some(location) = &frame.location {
            write!(text, " at {location}").expect("a String takes all");
        }
    }
    text
}

/// A register's name, where it has one.
fn register(address: u32) -> String {
    unmodelled::name(address).map_or_else(String::new, |name| format!(" ({name})"))
}

/// The report, in lines.
pub(crate) fn report(machine: &Machine, program: Option<&Program>) -> Vec<String> {
    let mut lines = vec![];
    for core in 0..2 {
        let cpu = machine.cpu(core);
        lines.push(format!(
            "core {core}: PC {:#010x}, PS {:#08x}, A0 {:#010x}, A1 {:#010x}, EXCCAUSE {}, EXCVADDR {:#010x}",
            cpu.pc,
            cpu.ps.bits(),
            cpu.a(0),
            cpu.a(1),
            cpu.exccause,
            cpu.excvaddr
        ));
        if core == 1 && !machine.runs(1) {
            lines.push("  does not run".into());
            continue;
        }
        let stack = call_stack(cpu, |address| machine.bus().byte_at(address));
        for (number, frame) in stack.iter().enumerate() {
            let described = described(machine, program, frame.pc);
            lines.push(format!("  #{number:<2} {:#010x}{described}", frame.pc));
        }
        if cpu.ps.exception_mode {
            let at = cpu.epc[1];
            let described = described(machine, program, at);
            lines.push(format!("  EPC1 {at:#010x}{described}"));
        }
    }
    let writes = machine.bus().last_writes();
    if writes.len() != 0 {
        lines.push("last register writes:".into());
    }
    for write in writes {
        let described = described(machine, program, write.pc);
        lines.push(format!(
            "  {:.6} s, core {}: {:#010x}{} = {:#010x} at {:#010x}{described}",
            clock::duration(write.at).as_secs_f64(),
            write.core,
            write.address,
            register(write.address),
            write.value,
            write.pc
        ));
    }
    for (&address, access) in machine.bus().peripherals.unmodelled() {
        lines.push(format!(
            "not modelled: {} {address:#010x}{} at {:#010x}{}, {} times{}",
            if access.write { "write to" } else { "read of" },
            register(address),
            access.pc,
            described(machine, program, access.pc),
            access.times,
            if access.guessed {
                ", and read before it was written"
            } else {
                ""
            }
        ));
    }
    lines
}
