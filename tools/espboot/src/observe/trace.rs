//! Each step as a line: time, core, address, function, instruction, the registers that it changed.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use espsim::clock;
use espsim::observe::Step;
use espsim::observe::trace::{mnemonic, target};
use espsym::Program;

use super::failure::place;

/// The file that is written.
pub(super) struct Output {
    file: Box<dyn Write>,
    program: Option<Rc<Program>>,
    /// The first error; nothing is written behind it.
    error: Option<io::Error>,
}

impl Output {
    pub(super) fn new(file: Box<dyn Write>, program: Option<Rc<Program>>) -> Self {
        Self {
            file,
            program,
            error: None,
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        if self.error.is_some() {
            return;
        }
        let program = self.program.as_deref().filter(|_| step.program);
        let line = line(step, program);
        self.error = self.file.write_all(line.as_bytes()).err();
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)?;
        self.file.flush()
    }
}

fn line(step: &Step, program: Option<&Program>) -> String {
    let time = clock::duration(step.time);
    let mut line = format!(
        "{}.{:09} {} {:#010x} {:<40} {}",
        time.as_secs(),
        time.subsec_nanos(),
        step.core,
        step.pc,
        place(program, step.pc),
        mnemonic(step.instruction)
    );
    if let Some(address) = target(step.instruction) {
        let name = place(program, address);
        write!(line, " {address:#x} {name}").expect("a String takes all");
        line.truncate(line.trim_end().len());
    }
    for (number, value) in &step.changed {
        write!(line, " a{number}={value:#x}").expect("a String takes all");
    }
    line.push('\n');
    line
}
