//! Random instructions on the simulated core and on stock QEMU's `de233_fpu`, which must leave the same registers and memory.
//!
//! QEMU names `qemu-system-xtensa`; SEQUENCES says how many sequences of instructions are run, SEED where they begin.
//!
//! Not among them: what `de233_fpu` lacks (the high half of products), steps of divisions and square roots, and what changes the flow but
//! for branches and loops: windows, exceptions and interrupts are in the boot tests.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::{Duration, Instant};

use espsim::cpu::instruction::{Op, decode, length};
use espsim::cpu::{Bus, Cpu, Fault, Fetched, Origin, Stop};

/// Where programs are.
const BASE: u32 = 0x4010_0000;
/// Where a program writes to at its end.
const END: u32 = 0x4000_0000;
const MEMORY_MIB: u32 = 0x501;
/// Sequences of a program.
const BATCH: u32 = 5000;
/// Instructions of a sequence, besides those that set operands up.
const INSTRUCTIONS: u32 = 24;

/// The block of memory of a sequence: what registers begin with, what they end with, and a part that is accessed.
const BLOCK: u32 = 1024;
const SPECIAL_IN: u32 = 64;
const FLOAT_IN: u32 = 96;
const ADDRESS_OUT: u32 = 256;
const SPECIAL_OUT: u32 = 320;
const FLOAT_OUT: u32 = 352;
const SCRATCH: u32 = 512;

/// SAR, BR, ACCLO, ACCHI, M0 to M3.
const SPECIALS: [u32; 8] = [3, 4, 16, 17, 32, 33, 34, 35];
/// What `rsr` and the like are tried with: besides these, SCOMPARE1, EXCSAVE1 and 2.
const TRIED: [u32; 11] = [3, 4, 16, 17, 32, 33, 34, 35, 12, 209, 210];
const CPENABLE: u32 = 224;
const ATOMCTL: u32 = 99;
const PS: u32 = 230;
const SCOMPARE1: u32 = 12;
const FCR: u32 = 232;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    /// A number as arithmetic has its edges at.
    fn operand(&mut self) -> u32 {
        const EDGES: [u32; 14] = [
            0,
            1,
            2,
            31,
            32,
            33,
            0x7FFF,
            0x8000,
            0xFFFF,
            0x7FFF_FFFF,
            0x8000_0000,
            0xFFFF_FFFF,
            0xFFFF_8000,
            0x0001_0000,
        ];
        match self.below(3) {
            0 => EDGES[self.below(14) as usize],
            1 => self.next() >> self.below(32),
            _ => self.next(),
        }
    }

    /// A single.
    fn float(&mut self) -> u32 {
        const EDGES: [u32; 14] = [
            0,
            0x8000_0000,
            0x3F80_0000,
            0xBF80_0000,
            0x7F80_0000,
            0xFF80_0000,
            0x7FC0_0000,
            0x7F80_0001,
            0xFFC1_2345,
            0x0000_0001,
            0x807F_FFFF,
            0x7F7F_FFFF,
            0x4F00_0000,
            0xCF00_0001,
        ];
        match self.below(3) {
            0 => EDGES[self.below(14) as usize],
            // Exponents that are near each other, so that sums are rounded.
            1 => self.next() & 0x807F_FFFF | (112 + self.below(40)) << 23,
            _ => self.next(),
        }
    }
}

/// An instruction's word from its fields.
fn word(op0: u32, t: u32, s: u32, r: u32, op1: u32, op2: u32) -> u32 {
    op0 | t << 4 | s << 8 | r << 12 | op1 << 16 | op2 << 20
}

fn with_imm8(op0: u32, t: u32, s: u32, r: u32, imm8: u32) -> u32 {
    word(op0, t, s, r, imm8 & 0xF, imm8 >> 4)
}

fn l32i(t: u32, s: u32, offset: u32) -> u32 {
    with_imm8(2, t, s, 2, offset / 4)
}

fn s32i(t: u32, s: u32, offset: u32) -> u32 {
    with_imm8(2, t, s, 6, offset / 4)
}

fn movi(t: u32, value: u32) -> u32 {
    with_imm8(2, t, value >> 8 & 0xF, 10, value & 0xFF)
}

fn special(op2: u32, t: u32, number: u32) -> u32 {
    word(0, t, number & 0xF, number >> 4, 3, op2)
}

fn rsr(t: u32, number: u32) -> u32 {
    special(0, t, number)
}

fn wsr(t: u32, number: u32) -> u32 {
    special(1, t, number)
}

/// `or r, s, s`.
fn copy(r: u32, s: u32) -> u32 {
    word(0, s, s, r, 0, 2)
}

/// Instructions of a sequence whose fields may be anything.
fn is_plain(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Abs | AbsS
            | Add
            | AddS
            | Addi
            | Addx2
            | Addx4
            | Addx8
            | All4
            | All8
            | And
            | Andb
            | Andbc
            | Any4
            | Any8
            | CeilS
            | Clamps
            | ConstS
            | Extui
            | FloatS
            | FloorS
            | MaddS
            | Max
            | Maxu
            | Min
            | Minu
            | MovS
            | Moveqz
            | MoveqzS
            | Movf
            | MovfS
            | Movgez
            | MovgezS
            | Movi
            | Movltz
            | MovltzS
            | Movnez
            | MovnezS
            | Movt
            | MovtS
            | MsubS
            | Mul16s
            | Mul16u
            | MulMac
            | MulS
            | MulaMac
            | Mull
            | MulsMac
            | Neg
            | NegS
            | Nop
            | Nsa
            | Nsau
            | OeqS
            | OleS
            | OltS
            | Or
            | Orb
            | Orbc
            | Rfr
            | RoundS
            | Sext
            | Sll
            | Slli
            | Sra
            | Srai
            | Src
            | Srl
            | Srli
            | Ssa8b
            | Ssa8l
            | Ssai
            | Ssl
            | Ssr
            | Sub
            | SubS
            | Subx2
            | Subx4
            | Subx8
            | TruncS
            | UeqS
            | UfloatS
            | UleS
            | UltS
            | UmulMac
            | UnS
            | UtruncS
            | Wfr
            | Xor
            | Xorb
    )
}

/// A program as it grows.
struct Program {
    code: Vec<u8>,
    /// For each sequence: where its code and its block are, from the base on.
    sequences: Vec<(u32, u32)>,
}

impl Program {
    fn here(&self) -> u32 {
        BASE + self.code.len() as u32
    }

    fn emit(&mut self, word: u32) {
        let len = length(word as u8) as usize;
        self.code.extend(&word.to_le_bytes()[..len]);
    }

    fn emit_all(&mut self, words: &[u32]) {
        for &word in words {
            self.emit(word);
        }
    }

    fn align(&mut self) {
        while !self.code.len().is_multiple_of(4) {
            self.code.push(0);
        }
    }

    /// Jumps over `len` bytes that follow.
    fn jump_over(&mut self, len: u32) {
        self.emit(6 | (len - 1) << 6);
    }

    /// A sequence: loads registers, does random instructions, stores registers.
    fn sequence(&mut self, random: &mut Random) {
        let padding = (4 - (self.here() + 3) % 4) % 4;
        self.jump_over(padding + BLOCK + 4);
        self.align();
        let block = self.here();
        let start = self.code.len();
        self.sequences
            .push((block + BLOCK + 4 - BASE, block - BASE));
        for _ in 0..SPECIAL_IN / 4 {
            self.code.extend(random.operand().to_le_bytes());
        }
        for special in SPECIALS {
            // ACCHI has eight bits with sign, and what of SAR is beyond 32 is QEMU's own.
            let value = match special {
                3 => random.below(33),
                4 => random.next() & 0xFFFF,
                17 => random.next() as i8 as i32 as u32,
                _ => random.operand(),
            };
            self.code.extend(value.to_le_bytes());
        }
        for _ in 0..16 {
            self.code.extend(random.float().to_le_bytes());
        }
        while self.code.len() < start + BLOCK as usize {
            self.code.extend(random.operand().to_le_bytes());
        }
        self.code.extend(block.to_le_bytes());

        // l32r a15: the literal is the word before.
        self.emit(1 | 15 << 4 | 0xFFFF << 8);
        for (index, number) in (0..).zip(SPECIALS) {
            self.emit_all(&[l32i(0, 15, SPECIAL_IN + 4 * index), wsr(0, number)]);
        }
        // wur a0, fcr: the rounding mode.
        let rounding = random.below(4);
        self.emit_all(&[movi(0, rounding), word(0, 0, FCR & 0xF, FCR >> 4, 3, 15)]);
        for number in 0..16 {
            self.emit(with_imm8(3, number, 15, 0, FLOAT_IN / 4 + number));
        }
        for number in 0..15 {
            self.emit(l32i(number, 15, 4 * number));
        }
        for _ in 0..INSTRUCTIONS {
            self.random_instruction(random);
        }
        for number in 0..15 {
            self.emit(s32i(number, 15, ADDRESS_OUT + 4 * number));
        }
        for (index, number) in (0..).zip(SPECIALS) {
            self.emit_all(&[rsr(0, number), s32i(0, 15, SPECIAL_OUT + 4 * index)]);
        }
        for number in 0..16 {
            self.emit(with_imm8(3, number, 15, 4, FLOAT_OUT / 4 + number));
        }
    }

    /// One instruction that leaves a15 alone, with what its operands need before.
    fn random_instruction(&mut self, random: &mut Random) {
        let register = random.below(15);
        let offset = SCRATCH + 4 * random.below((BLOCK - SCRATCH) / 4);
        match random.below(20) {
            0 => {
                // Loads and stores.
                let kind = [0, 1, 2, 4, 5, 6, 9, 11, 15][random.below(9) as usize];
                let imm8 = match kind {
                    0 | 4 => random.next() & 0xFF,
                    1 | 5 | 9 => random.next() & 0xFF,
                    _ => offset / 4,
                };
                self.emit(with_imm8(2, register, 15, kind, imm8));
            }
            1 => {
                // lsi, ssi, lsip, ssip; then those with an index.
                let kind = random.below(4);
                let number = random.below(16);
                if random.below(2) == 0 {
                    self.emit(copy(14, 15));
                    let imm8 = random.below((BLOCK - SCRATCH) / 4) + SCRATCH / 4;
                    self.emit(with_imm8(3, number, 14, 4 * kind, imm8));
                } else {
                    self.emit_all(&[copy(14, 15), movi(13, offset)]);
                    self.emit(word(0, 13, 14, number, 8, [0, 1, 4, 5][kind as usize]));
                }
            }
            2 => {
                // Divisions by what is not zero.
                self.emit(movi(
                    12,
                    [1, 2, 3, 0xFFF, 0x7FF, 0x800, 10][random.below(7) as usize],
                ));
                let (s, r) = (random.below(15), random.below(15));
                self.emit(word(0, 12, s, r, 2, 12 + random.below(4)));
            }
            3 => {
                // Special registers.
                let number = TRIED[random.below(11) as usize];
                if number == 3 {
                    self.emit(movi(register, random.below(33)));
                }
                if number == 4 {
                    // extui: BR has 16 bits.
                    self.emit(word(0, register, 0, register, 4, 15));
                }
                self.emit(match random.below(3) {
                    0 => rsr(register, number),
                    1 => wsr(register, number),
                    _ => word(0, register, number & 0xF, number >> 4, 1, 6),
                });
            }
            4 => {
                // s32c1i, which finds what it looks for, or not.
                if random.below(2) == 0 {
                    self.emit(l32i(13, 15, offset));
                }
                self.emit_all(&[
                    wsr(13, SCOMPARE1),
                    with_imm8(2, register, 15, 14, offset / 4),
                ]);
            }
            5 => {
                // MAC16 with a load.
                self.emit(copy(14, 15));
                self.emit(movi(13, random.below(64)));
                let (r, t) = (random.below(8), random.below(15));
                match random.below(3) {
                    0 => {
                        let op2 = [0, 1][random.below(2) as usize];
                        self.emit(word(4, t & 4, 14, r, 8 + random.below(4), op2));
                    }
                    1 => {
                        let op2 = [4, 5][random.below(2) as usize];
                        self.emit(word(4, t, 14, r, 8 + random.below(4), op2));
                    }
                    _ => self.emit(word(4, 0, 14, r & 3, 0, 8 + random.below(2))),
                }
            }
            6 => {
                // A loop of up to five turns around a plain instruction of three bytes.
                self.emit(movi(13, random.below(6)));
                let kind = 8 + random.below(3);
                if kind == 8 {
                    self.emit(movi(13, 1 + random.below(5)));
                }
                self.emit(with_imm8(6, 7, 13, kind, 2));
                self.plain(random, Some(3));
            }
            7 | 8 => {
                // A branch over a plain instruction of three bytes.
                let (s, r) = (random.below(16), random.below(16));
                let branch = match random.below(4) {
                    0 => with_imm8(7, random.below(16), s, r, 2),
                    // beqz and its siblings: n is 1, the immediate 12 bits.
                    1 => 6 | 1 << 4 | random.below(4) << 6 | s << 8 | 2 << 12,
                    // beqi and its siblings, bltui, bgeui, bf, bt.
                    2 => {
                        let kind = [2, 6, 10, 14, 11, 15][random.below(6) as usize];
                        with_imm8(6, kind, s, r, 2)
                    }
                    _ => with_imm8(6, 7, s, random.below(2), 2),
                };
                self.emit(branch);
                self.plain(random, Some(3));
            }
            _ => self.plain(random, None),
        }
    }

    /// A plain instruction; of `len` bytes where that matters.
    fn plain(&mut self, random: &mut Random, len: Option<u8>) {
        loop {
            let candidate = match random.below(8) {
                0 => random.next() & 0xFFF0 | (8 + random.below(6)),
                1 => random.next() & 0xFF_FFF0 | 4,
                2 => random.next() & 0xFF_0FF0 | 2 | [10, 12, 13][random.below(3) as usize] << 12,
                3 => random.next() & 0xF0_FFF0 | 10 << 16,
                4 => random.next() & 0xF0_FFF0 | 11 << 16,
                _ => random.next() & 0xF7_FFF0,
            };
            let instruction = decode(self.here(), candidate);
            // What is written is named by r or t, or by s of movi.n.
            let writes_a15 = instruction.r == 15 || instruction.t == 15 || instruction.s == 15;
            // `const.s` has four constants, and `slli` does not shift by 32.
            let reserved = match instruction.op {
                Op::ConstS => instruction.imm >= 4,
                Op::Slli => instruction.imm == 32,
                _ => false,
            };
            if is_plain(instruction.op)
                && !reserved
                && !writes_a15
                && len.is_none_or(|len| len == instruction.len)
            {
                self.emit(candidate);
                return;
            }
        }
    }
}

fn program(seed: u64, count: u32) -> Program {
    let mut random = Random(seed | 1);
    let mut program = Program {
        code: Vec::new(),
        sequences: Vec::new(),
    };
    program.emit_all(&[
        movi(2, 0xFF),
        wsr(2, CPENABLE),
        movi(2, 0x15),
        wsr(2, ATOMCTL),
        movi(2, 0xF),
        wsr(2, PS),
        // rsync
        word(0, 1, 0, 2, 0, 0),
    ]);
    for _ in 0..count {
        program.sequence(&mut random);
    }
    // The simulated core ends with a store to END, where QEMU has memory; QEMU with semihosting's exit, whose number is 1.
    let shift_left_30 = word(0, 2, 4, 4, 1, 0);
    let simcall = word(0, 0, 1, 5, 0, 0);
    program.emit_all(&[
        movi(2, 1),
        movi(3, 0),
        movi(4, 1),
        shift_left_30,
        s32i(3, 4, 0),
        simcall,
    ]);
    program.align();
    program
}

/// Memory and nothing else.
struct Flat {
    memory: Vec<u8>,
    ended: bool,
}

impl Flat {
    fn bytes<const N: usize>(&self, address: u32) -> Result<[u8; N], Fault> {
        let at = address.checked_sub(BASE).ok_or(Fault::Address)? as usize;
        let bytes = self.memory.get(at..at + N).ok_or(Fault::Address)?;
        Ok(bytes.try_into().expect("N bytes"))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        if address == END {
            self.ended = true;
            return Ok(());
        }
        let at = address.checked_sub(BASE).ok_or(Fault::Address)? as usize;
        let place = self.memory.get_mut(at..at + bytes.len());
        place.ok_or(Fault::Address)?.copy_from_slice(bytes);
        Ok(())
    }
}

impl Bus for Flat {
    fn fetch(&mut self, pc: u32) -> Result<Fetched, Fault> {
        self.bytes(pc).map(u32::from_le_bytes).map(Fetched::Code)
    }

    fn load8(&mut self, _: Origin, address: u32) -> Result<u8, Fault> {
        self.bytes::<1>(address).map(|[byte]| byte)
    }

    fn load16(&mut self, _: Origin, address: u32) -> Result<u16, Fault> {
        self.bytes(address).map(u16::from_le_bytes)
    }

    fn load32(&mut self, _: Origin, address: u32) -> Result<u32, Fault> {
        self.bytes(address).map(u32::from_le_bytes)
    }

    fn store8(&mut self, _: Origin, address: u32, value: u8) -> Result<(), Fault> {
        self.write(address, &[value])
    }

    fn store16(&mut self, _: Origin, address: u32, value: u16) -> Result<(), Fault> {
        self.write(address, &value.to_le_bytes())
    }

    fn store32(&mut self, _: Origin, address: u32, value: u32) -> Result<(), Fault> {
        self.write(address, &value.to_le_bytes())
    }

    fn attention(&self) -> bool {
        self.ended
    }

    fn native(&mut self, _: &mut Cpu, number: u32) {
        panic!("no ROM here: {number:#x}");
    }
}

fn simulate(program: &Program) -> Vec<u8> {
    let mut bus = Flat {
        memory: program.code.clone(),
        ended: false,
    };
    let mut cpu = Cpu::new(0, BASE);
    let stop = cpu.run(&mut bus, u64::from(program.sequences.len() as u32) * 2000);
    assert_eq!(
        (stop, cpu.exccause),
        (Stop::Attention, 0),
        "the program did not end: PC {:#x}, EPC1 {:#x}, EXCVADDR {:#x}",
        cpu.pc,
        cpu.epc[1],
        cpu.excvaddr
    );
    bus.memory
}

fn emulate(program: &Program) -> Vec<u8> {
    let qemu = std::env::var("QEMU").expect("QEMU names qemu-system-xtensa");
    let directory =
        std::env::var("TEST_TMPDIR").unwrap_or_else(|_| std::env::temp_dir().display().to_string());
    let path = format!("{directory}/isa.{}", std::process::id());
    let memory = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .expect("a file for memory");
    memory.set_len(u64::from(MEMORY_MIB) << 20).expect("room");
    memory
        .write_all_at(&program.code, BASE.into())
        .expect("room");
    let mut child = Command::new(qemu)
        .args(["-machine", "none,memory-backend=ram", "-cpu", "de233_fpu"])
        .args(["-nodefaults", "-display", "none", "-semihosting"])
        // In longer blocks QEMU multiplies with what a MAC16 register held before `mula.dd.*.ldinc` loaded it.
        .args(["-accel", "tcg,one-insn-per-tb=on"])
        .args(["-m", &format!("{MEMORY_MIB}M"), "-object"])
        .arg(format!(
            "memory-backend-file,id=ram,size={MEMORY_MIB}M,share=on,mem-path={path}"
        ))
        .args(["-device", &format!("loader,addr={BASE:#x},cpu-num=0")])
        .spawn()
        .expect("QEMU starts");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("QEMU can be waited for") {
            break status;
        }
        if start.elapsed() > Duration::from_secs(240) {
            child.kill().expect("QEMU can be ended");
            panic!("QEMU does not end: an instruction that it does not know?");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "QEMU: {status}");
    let mut result = vec![0; program.code.len()];
    memory
        .read_exact_at(&mut result, BASE.into())
        .expect("the memory");
    std::fs::remove_file(&path).expect("the file can be removed");
    result
}

/// The first sequence after which memory differs: what it was made of and what differs.
fn difference(program: &Program, simulated: &[u8], emulated: &[u8]) -> Option<String> {
    let at = simulated
        .iter()
        .zip(emulated)
        .position(|(left, right)| left != right)? as u32;
    let index = program
        .sequences
        .iter()
        .rposition(|&(_, block)| block <= at)?;
    let (code, block) = program.sequences[index];
    let mut text = format!("sequence {index} at {:#x}:\n", BASE + code);
    let mut pc = code;
    let next = program
        .sequences
        .get(index + 1)
        .map_or(program.code.len() as u32, |next| next.1);
    while pc < next {
        let mut bytes = [0; 4];
        for (byte, at) in bytes.iter_mut().zip(pc..) {
            *byte = program.code.get(at as usize).copied().unwrap_or(0);
        }
        let instruction = decode(BASE + pc, u32::from_le_bytes(bytes));
        text += &format!("  {:#x}: {instruction:x?}\n", BASE + pc);
        pc += u32::from(instruction.len.max(1));
    }
    for offset in (0..BLOCK).step_by(4) {
        let [before, left, right] = [&program.code[..], simulated, emulated].map(|memory| {
            let at = (block + offset) as usize;
            u32::from_le_bytes(memory[at..at + 4].try_into().expect("four bytes"))
        });
        if left != right {
            text += &format!(
                "  block+{offset}: {left:#010x}, QEMU has {right:#010x}, before {before:#010x}\n"
            );
        }
    }
    Some(text)
}

#[test]
fn random_instructions_do_what_qemu_does() {
    let number = |name: &str, default: u32| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let (count, seed) = (number("SEQUENCES", BATCH), number("SEED", 1));
    for batch in 0..count.div_ceil(BATCH) {
        let seed = u64::from(seed + batch).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let program = program(seed, BATCH.min(count - batch * BATCH));
        let (simulated, emulated) = (simulate(&program), emulate(&program));
        if let Some(text) = difference(&program, &simulated, &emulated) {
            panic!("batch {batch}: {text}");
        }
    }
}
