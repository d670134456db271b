//! Instructions as text and as words according to the description alone, and the programs that have to agree.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xtensa_config::{Base, Instruction, Model, Operand, Use};

/// The address of the first instruction: every branch, call and literal has room before it.
const START: u32 = 0x10_0000;

/// The ESP32's core.
pub fn model() -> Model {
    xtensa_config::read(Path::new(&env("CORE")), Path::new(&env("ISA")))
        .unwrap_or_else(|e| panic!("{e}"))
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("Bazel sets {name}"))
}

/// The program that BUILD.bazel gives this name.
fn program(name: &str) -> PathBuf {
    Path::new(&env("TEST_SRCDIR")).join(env(name))
}

/// The operands of an instruction's text, with their fields.
pub fn operands<'m>(
    model: &'m Model,
    instruction: &Instruction,
) -> Vec<(&'m Operand, &'m [(u32, u32)])> {
    let placed = instruction.uses.iter().filter_map(|u| match u {
        Use::Operand(i, _) => Some(&model.operands[*i]),
        Use::Implied(..) => None,
    });
    placed
        .map(|p| (&p.operand, model.fields[p.field].as_slice()))
        .collect()
}

/// An instruction with its operands, at an address.
#[derive(Clone, Debug)]
pub struct Case<'m> {
    pub instruction: &'m Instruction,
    pub operands: Vec<&'m Operand>,
    /// What the operands are: numbers of registers, values, addresses.
    pub values: Vec<i64>,
    pub address: u32,
    pub bytes: Vec<u8>,
}

impl<'m> Case<'m> {
    /// The one whose fields have `numbers`.
    fn new(model: &'m Model, instruction: &'m Instruction, numbers: &[u32], address: u32) -> Self {
        let operands = operands(model, instruction);
        let mut word = instruction.word;
        for ((_, field), number) in operands.iter().zip(numbers) {
            let mut above: u32 = field.iter().map(|(_, width)| width).sum();
            for (at, width) in *field {
                above -= width;
                word |= (number >> above & ((1 << width) - 1)) << at;
            }
        }
        let operands: Vec<_> = operands.iter().map(|(o, _)| *o).collect();
        let values = operands
            .iter()
            .zip(numbers)
            .map(|(o, n)| o.base.of(address) as i64 + o.addend + o.values.decode(*n))
            .collect();
        let bytes = word.to_le_bytes()[..instruction.bytes as usize].to_vec();
        Self {
            instruction,
            operands,
            values,
            address,
            bytes,
        }
    }

    /// As assemblers read it. Places are relative to the instruction's own: `. + 4`.
    pub fn text(&self) -> String {
        text(
            &self.instruction.name,
            &self.operands,
            &self.values,
            self.address,
        )
    }
}

/// An instruction's text with these values.
pub fn text(name: &str, operands: &[&Operand], values: &[i64], address: u32) -> String {
    let operands = operands
        .iter()
        .zip(values)
        .map(|(operand, value)| match operand.registers {
            Some(letter) => format!("{letter}{value}"),
            None if operand.base == Base::Zero => value.to_string(),
            None => format!(". + {}", value - address as i64),
        });
    format!("{name} {}", operands.collect::<Vec<_>>().join(", "))
}

/// Every instruction, with each operand's first and last number and each of its bits alone, and all numbers of short lists, while the
/// other operands have their first number, and their last.
pub fn edges(model: &Model) -> Vec<Case<'_>> {
    let mut all = Layout::new(model);
    for instruction in &model.instructions {
        let operands = operands(model, instruction);
        let counts: Vec<u32> = operands.iter().map(|(o, _)| o.values.count()).collect();
        let mut seen = std::collections::BTreeSet::new();
        for others in [
            counts.iter().map(|_| 0).collect::<Vec<_>>(),
            counts.iter().map(|c| c - 1).collect(),
        ] {
            seen.insert(others.clone());
            for (i, (operand, _)) in operands.iter().enumerate() {
                let bits = (0..counts[i].ilog2()).map(|bit| 1 << bit);
                let all = if operand.registers.is_none() && counts[i] <= 32 {
                    0..counts[i]
                } else {
                    0..0
                };
                for number in bits.chain(all).chain([0, counts[i] - 1]) {
                    let mut numbers = others.clone();
                    numbers[i] = number;
                    seen.insert(numbers);
                }
            }
        }
        for numbers in seen {
            all.add(instruction, &numbers);
        }
    }
    all.cases
}

/// `count` instructions with operands as a generator of random numbers (SplitMix64) has them.
pub fn random(model: &Model, count: usize, seed: u64) -> Vec<Case<'_>> {
    let mut state = seed;
    let mut below = |n: u32| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % n as u64) as u32
    };
    let mut all = Layout::new(model);
    while all.cases.len() < count {
        let instruction = &model.instructions[below(model.instructions.len() as u32) as usize];
        let numbers: Vec<_> = operands(model, instruction)
            .iter()
            .map(|(o, _)| below(o.values.count()))
            .collect();
        all.add(instruction, &numbers);
    }
    all.cases
}

/// One instruction after the other.
struct Layout<'m> {
    model: &'m Model,
    cases: Vec<Case<'m>>,
    address: u32,
}

impl<'m> Layout<'m> {
    fn new(model: &'m Model) -> Self {
        Self {
            model,
            cases: vec![],
            address: START,
        }
    }

    fn add(&mut self, instruction: &'m Instruction, numbers: &[u32]) {
        let case = Case::new(self.model, instruction, numbers, self.address);
        // GNU as knows that EXTUI's two numbers may not reach beyond bit 31
        if instruction.name == "extui" && case.values[2] + case.values[3] > 32 {
            return;
        }
        self.cases.push(case);
        self.address += instruction.bytes;
    }
}

/// A source with each text at its address. What is `None` leaves its place empty.
fn source(texts: &[(u32, Option<String>)]) -> String {
    texts
        .iter()
        .map(|(address, text)| format!(".org {address:#x}\n{}\n", text.as_deref().unwrap_or("")))
        .collect()
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env("TEST_TMPDIR")).join(name)
}

/// What an assembler makes of texts at addresses.
pub struct Assembled {
    /// The object file.
    pub object: PathBuf,
    /// Its code from address 0 on.
    pub code: Vec<u8>,
    /// Index and message of each text that it refuses.
    pub refused: Vec<(usize, String)>,
}

impl Assembled {
    /// The bytes at `case`'s address.
    pub fn at(&self, case: &Case) -> &[u8] {
        let from = case.address as usize;
        self.code.get(from..from + case.bytes.len()).unwrap_or(&[])
    }
}

/// GNU as, as it is: it may not choose other instructions.
pub fn gnu_as(name: &str, texts: &[(u32, String)]) -> Assembled {
    let arguments = ["--no-transform", "--no-target-align", "--no-longcalls"];
    assemble(name, texts, "AS", &arguments, |line| {
        let (_, rest) = line.split_once(": Error: ")?;
        let number = line.split(':').nth_back(2)?;
        Some((number.parse().ok()?, rest.to_string()))
    })
}

/// LLVM's assembler.
pub fn llvm_mc(name: &str, texts: &[(u32, String)]) -> Assembled {
    assemble(
        name,
        texts,
        "LLVM_MC",
        &["-triple=xtensa", "-mcpu=esp32", "-filetype=obj"],
        |line| {
            let (place, message) = line.split_once(": error: ")?;
            Some((place.rsplit(':').nth(1)?.parse().ok()?, message.to_string()))
        },
    )
}

fn assemble(
    name: &str,
    texts: &[(u32, String)],
    tool: &str,
    arguments: &[&str],
    error: impl Fn(&str) -> Option<(usize, String)>,
) -> Assembled {
    let (input, object, code) = (
        scratch(&format!("{name}.s")),
        scratch(&format!("{name}.o")),
        scratch(&format!("{name}.bin")),
    );
    let mut texts: Vec<_> = texts.iter().map(|(a, t)| (*a, Some(t.clone()))).collect();
    let mut refused = vec![];
    // what the first pass refuses hides what a later one would
    loop {
        std::fs::write(&input, source(&texts)).expect("there is room for a test's files");
        let output = run(Command::new(program(tool))
            .args(arguments)
            .arg(&input)
            .arg("-o")
            .arg(&object));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let before = refused.len();
        for (line, message) in stderr.lines().filter_map(&error) {
            let index = line / 2 - 1;
            if texts[index].1.take().is_some() {
                refused.push((index, message));
            }
        }
        if output.status.success() {
            break;
        }
        assert!(
            refused.len() > before,
            "{tool} names no line that it refuses:\n{stderr}"
        );
    }
    let output = run(Command::new(program("OBJCOPY"))
        .args(["-O", "binary", "-j", ".text"])
        .arg(&object)
        .arg(&code));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    refused.sort();
    Assembled {
        object,
        code: std::fs::read(&code).expect("objcopy has written it"),
        refused,
    }
}

/// The instructions that GNU objdump finds: address, name and operands.
pub fn objdump(object: &Path) -> Vec<(u32, String, Vec<String>)> {
    let output = run(Command::new(program("OBJDUMP"))
        .args(["-d", "-z"])
        .arg(format!("--start-address={START:#x}"))
        .arg(object));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("objdump writes ASCII");
    let mut found = vec![];
    for line in text.lines() {
        let parts: Vec<_> = line.split('\t').collect();
        if let [address, _bytes, name, operands @ ..] = &parts[..] {
            let address = u32::from_str_radix(address.trim().trim_end_matches(':'), 16)
                .expect("a line begins with an address");
            let operands = operands.first().map_or("", |o| o.trim());
            let operands = operands
                .split(',')
                .map(|o| o.trim().to_string())
                .filter(|o| !o.is_empty())
                .collect();
            found.push((address, name.trim().to_string(), operands));
        }
    }
    found
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"))
}
