//! Instructions as they are decoded, once for an address.
//!
//! The encodings are those of the Xtensa ISA Reference Manual, chapter "Instruction Formats and Opcodes"; names of fields (`op0`, `op1`,
//! `op2`, `r`, `s`, `t`) are the manual's, too.

/// What an instruction does. The names are the assembler's.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Op {
    /// Nothing is decoded at this address yet.
    Undecoded,
    /// No instruction of this core.
    Illegal,
    /// A function of the ROM, done natively: `imm` is its number.
    Native,
    Abs,
    AbsS,
    Add,
    AddS,
    Addi,
    Addx2,
    Addx4,
    Addx8,
    AddexpS,
    AddexpmS,
    All4,
    All8,
    And,
    Andb,
    Andbc,
    Any4,
    Any8,
    Ball,
    Bany,
    Bbc,
    Bbci,
    Bbs,
    Bbsi,
    Beq,
    Beqi,
    Beqz,
    Bf,
    Bge,
    Bgei,
    Bgeu,
    Bgeui,
    Bgez,
    Blt,
    Blti,
    Bltu,
    Bltui,
    Bltz,
    Bnall,
    Bne,
    Bnei,
    Bnez,
    Bnone,
    Break,
    BreakN,
    Bt,
    Call,
    Call0,
    Callx,
    Callx0,
    CeilS,
    Clamps,
    ConstS,
    Div0S,
    DivnS,
    Entry,
    Extui,
    FloatS,
    FloorS,
    J,
    Jx,
    L16si,
    L16ui,
    L32e,
    L32i,
    L32r,
    L8ui,
    Lddec,
    Ldinc,
    Loop,
    Loopgtz,
    Loopnez,
    Lsi,
    Lsip,
    Lsx,
    Lsxp,
    MaddS,
    MaddnS,
    Max,
    Maxu,
    Min,
    Minu,
    MkdadjS,
    MksadjS,
    MovS,
    Moveqz,
    MoveqzS,
    Movf,
    MovfS,
    Movgez,
    MovgezS,
    Movi,
    Movltz,
    MovltzS,
    Movnez,
    MovnezS,
    Movsp,
    Movt,
    MovtS,
    MsubS,
    Mul16s,
    Mul16u,
    MulMac,
    MulS,
    MulaMac,
    MulaMacLoad,
    Mull,
    MulsMac,
    Mulsh,
    Muluh,
    Neg,
    NegS,
    Nexp01S,
    Nop,
    Nsa,
    Nsau,
    OeqS,
    OleS,
    OltS,
    Or,
    Orb,
    Orbc,
    Pdtlb,
    Pitlb,
    Quos,
    Quou,
    Rdtlb0,
    Rdtlb1,
    Recip0S,
    Rems,
    Remu,
    Rer,
    Ret,
    Retw,
    Rfdo,
    Rfde,
    Rfe,
    Rfi,
    Rfr,
    Rfwo,
    Rfwu,
    Ritlb0,
    Ritlb1,
    Rotw,
    RoundS,
    Rsil,
    Rsqrt0S,
    Rsr,
    Rur,
    S16i,
    S32c1i,
    S32e,
    S32i,
    S8i,
    Sext,
    Simcall,
    Sll,
    Slli,
    Sqrt0S,
    Sra,
    Srai,
    Src,
    Srl,
    Srli,
    Ssa8b,
    Ssa8l,
    Ssai,
    Ssi,
    Ssip,
    Ssl,
    Ssr,
    Ssx,
    Ssxp,
    Sub,
    SubS,
    Subx2,
    Subx4,
    Subx8,
    Syscall,
    TruncS,
    UeqS,
    UfloatS,
    UleS,
    UltS,
    UmulMac,
    UnS,
    UtruncS,
    Waiti,
    Wdtlb,
    Wer,
    Wfr,
    Witlb,
    Wsr,
    Wur,
    Xor,
    Xorb,
    Xsr,
}

/// A decoded instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// Bytes that it takes: 2 or 3; 0 where nothing is decoded.
    pub len: u8,
    /// The field r: of most instructions the register that is written.
    pub r: u8,
    /// The field s.
    pub s: u8,
    /// The field t.
    pub t: u8,
    /// How many windows of four registers behind the first it uses: 0 for a0 to a3, 3 for up to a15.
    pub windows: u8,
    /// The immediate: a value as the instruction uses it, a branch's target, a special register's number.
    pub imm: u32,
}

impl Instruction {
    /// Nothing is decoded yet.
    pub const UNDECODED: Self = Self {
        op: Op::Undecoded,
        len: 0,
        r: 0,
        s: 0,
        t: 0,
        windows: 0,
        imm: 0,
    };

    const fn new(op: Op, len: u8) -> Self {
        Self {
            op,
            len,
            ..Self::UNDECODED
        }
    }

    /// The call of the ROM's function `number`.
    pub const fn native(number: u32) -> Self {
        Self {
            imm: number,
            ..Self::new(Op::Native, 3)
        }
    }
}

const B4CONST: [i32; 16] = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256];
const B4CONSTU: [u32; 16] = [
    32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256,
];

/// `value`'s lowest `bits`, extended by their sign.
fn signed(value: u32, bits: u32) -> i32 {
    let shift = 32 - bits;
    (value << shift) as i32 >> shift
}

/// How long the instruction is whose first byte is `first`: op0 of 8 to 13 are the density option's.
pub fn length(first: u8) -> u8 {
    if matches!(first & 0xF, 8..=13) { 2 } else { 3 }
}

/// Which fields name address registers: those count for the window check.
#[derive(Clone, Copy)]
struct Uses {
    r: bool,
    s: bool,
    t: bool,
}

const NONE: Uses = uses(false, false, false);
const R: Uses = uses(true, false, false);
const S: Uses = uses(false, true, false);
const T: Uses = uses(false, false, true);
const RS: Uses = uses(true, true, false);
const RT: Uses = uses(true, false, true);
const ST: Uses = uses(false, true, true);
const RST: Uses = uses(true, true, true);

const fn uses(r: bool, s: bool, t: bool) -> Uses {
    Uses { r, s, t }
}

/// Decodes the instruction at `pc`, whose bytes are the lowest of `word`, little-endian.
pub fn decode(pc: u32, word: u32) -> Instruction {
    let len = length(word as u8);
    let (op, uses, imm) = if len == 2 {
        narrow(pc, word)
    } else {
        wide(pc, word)
    };
    let [t, s, r] = [4, 8, 12].map(|shift| (word >> shift & 0xF) as u8);
    let windows = [(uses.r, r), (uses.s, s), (uses.t, t)]
        .iter()
        .map(|&(used, register)| if used { register / 4 } else { 0 })
        .max()
        .unwrap_or(0);
    let mut instruction = Instruction {
        op,
        len,
        r,
        s,
        t,
        windows,
        imm,
    };
    match op {
        Op::Call | Op::Callx => {
            // t is the increment of the window in registers of four.
            instruction.t = (word >> 4 & 3) as u8;
            instruction.windows = instruction.windows.max(instruction.t);
        }
        // mov.n t, s and movi.n s, imm in the fields of `or` and `movi`.
        Op::Or if len == 2 => {
            instruction.r = t;
            instruction.t = s;
        }
        Op::Movi if len == 2 => instruction.t = s,
        Op::Addi if len == 2 => {
            // addi.n r, s, imm in the fields of `addi t, s, imm`.
            instruction.t = r;
        }
        _ => {}
    }
    instruction
}

fn narrow(pc: u32, word: u32) -> (Op, Uses, u32) {
    let [t, s, r] = [4, 8, 12].map(|shift| word >> shift & 0xF);
    match word & 0xF {
        8 => (Op::L32i, ST, r << 2),
        9 => (Op::S32i, ST, r << 2),
        10 => (Op::Add, RST, 0),
        11 => (Op::Addi, RS, if t == 0 { u32::MAX } else { t }),
        12 => {
            if t & 8 == 0 {
                let imm = (t & 7) << 4 | r;
                let value = if imm >= 96 {
                    imm.wrapping_sub(128)
                } else {
                    imm
                };
                (Op::Movi, S, value)
            } else {
                let target = pc.wrapping_add(4 + ((t & 3) << 4 | r));
                (if t & 4 == 0 { Op::Beqz } else { Op::Bnez }, S, target)
            }
        }
        _ => match (r, t, s) {
            (0, _, _) => (Op::Or, ST, 0),
            (15, 0, 0) => (Op::Ret, NONE, 0),
            (15, 1, 0) => (Op::Retw, NONE, 0),
            (15, 2, _) => (Op::BreakN, NONE, s),
            (15, 3, 0) => (Op::Nop, NONE, 0),
            _ => (Op::Illegal, NONE, 0),
        },
    }
}

fn wide(pc: u32, word: u32) -> (Op, Uses, u32) {
    let r = word >> 12 & 0xF;
    let imm8 = word >> 16 & 0xFF;
    let branch8 = pc.wrapping_add(4).wrapping_add_signed(signed(imm8, 8));
    match word & 0xF {
        0 => qrst(word),
        1 => {
            let offset = (word >> 8 & 0xFFFF | 0xFFFF_0000) << 2;
            (Op::L32r, T, (pc.wrapping_add(3) & !3).wrapping_add(offset))
        }
        2 => lsai(word),
        3 => match r {
            0 => (Op::Lsi, S, imm8 << 2),
            4 => (Op::Ssi, S, imm8 << 2),
            8 => (Op::Lsip, S, imm8 << 2),
            12 => (Op::Ssip, S, imm8 << 2),
            _ => (Op::Illegal, NONE, 0),
        },
        4 => mac16(word),
        5 => {
            let offset = signed(word >> 6 & 0x3_FFFF, 18) << 2;
            let target = (pc & !3).wrapping_add(4).wrapping_add_signed(offset);
            let op = if word >> 4 & 3 == 0 {
                Op::Call0
            } else {
                Op::Call
            };
            (op, NONE, target)
        }
        6 => {
            let branch12 = pc
                .wrapping_add(4)
                .wrapping_add_signed(signed(word >> 12 & 0xFFF, 12));
            let m = word >> 6 & 3;
            match (word >> 4 & 3, m) {
                (0, _) => {
                    let offset = signed(word >> 6 & 0x3_FFFF, 18);
                    (Op::J, NONE, pc.wrapping_add(4).wrapping_add_signed(offset))
                }
                (1, _) => (
                    [Op::Beqz, Op::Bnez, Op::Bltz, Op::Bgez][m as usize],
                    S,
                    branch12,
                ),
                (2, _) => (
                    [Op::Beqi, Op::Bnei, Op::Blti, Op::Bgei][m as usize],
                    S,
                    branch8,
                ),
                (_, 0) => (Op::Entry, S, (word >> 12 & 0xFFF) << 3),
                (_, 1) => match r {
                    0 => (Op::Bf, NONE, branch8),
                    1 => (Op::Bt, NONE, branch8),
                    8 => (Op::Loop, S, pc.wrapping_add(4 + imm8)),
                    9 => (Op::Loopnez, S, pc.wrapping_add(4 + imm8)),
                    10 => (Op::Loopgtz, S, pc.wrapping_add(4 + imm8)),
                    _ => (Op::Illegal, NONE, 0),
                },
                (_, 2) => (Op::Bltui, S, branch8),
                _ => (Op::Bgeui, S, branch8),
            }
        }
        7 => match r {
            6 | 7 => (Op::Bbci, S, branch8),
            14 | 15 => (Op::Bbsi, S, branch8),
            _ => {
                const OPS: [Op; 16] = [
                    Op::Bnone,
                    Op::Beq,
                    Op::Blt,
                    Op::Bltu,
                    Op::Ball,
                    Op::Bbc,
                    Op::Bbci,
                    Op::Bbci,
                    Op::Bany,
                    Op::Bne,
                    Op::Bge,
                    Op::Bgeu,
                    Op::Bnall,
                    Op::Bbs,
                    Op::Bbsi,
                    Op::Bbsi,
                ];
                (OPS[r as usize], ST, branch8)
            }
        },
        _ => (Op::Illegal, NONE, 0),
    }
}

/// The value that `beqi` and the like compare with: their field r is an index.
pub fn b4const(r: u8) -> u32 {
    B4CONST[usize::from(r & 0xF)] as u32
}

/// The same of `bltui` and `bgeui`.
pub fn b4constu(r: u8) -> u32 {
    B4CONSTU[usize::from(r & 0xF)]
}

fn lsai(word: u32) -> (Op, Uses, u32) {
    let [t, s, r] = [4, 8, 12].map(|shift| word >> shift & 0xF);
    let imm8 = word >> 16 & 0xFF;
    match r {
        0 => (Op::L8ui, ST, imm8),
        1 => (Op::L16ui, ST, imm8 << 1),
        // l32ai: memory is in order here.
        2 | 11 => (Op::L32i, ST, imm8 << 2),
        4 => (Op::S8i, ST, imm8),
        5 => (Op::S16i, ST, imm8 << 1),
        // s32ri, likewise.
        6 | 15 => (Op::S32i, ST, imm8 << 2),
        // Operations of caches, which the ESP32's cores do not have: dpfr, dhwb, ihi, ...
        7 => match t {
            0..=7 | 12 | 14 | 15 => (Op::Nop, S, 0),
            8 if matches!(imm8 & 0xF, 0 | 2..=5) => (Op::Nop, S, 0),
            13 if matches!(imm8 & 0xF, 0 | 2 | 3) => (Op::Nop, S, 0),
            _ => (Op::Illegal, NONE, 0),
        },
        9 => (Op::L16si, ST, imm8 << 1),
        10 => (Op::Movi, T, signed(s << 8 | imm8, 12) as u32),
        12 => (Op::Addi, ST, signed(imm8, 8) as u32),
        13 => (Op::Addi, ST, (signed(imm8, 8) << 8) as u32),
        14 => (Op::S32c1i, ST, imm8 << 2),
        _ => (Op::Illegal, NONE, 0),
    }
}

fn mac16(word: u32) -> (Op, Uses, u32) {
    let [t, r, op1, op2] = [4, 12, 16, 20].map(|shift| word >> shift & 0xF);
    // imm: which half of which operand, as op1 has it; bit 2: m2 or m3 is the second operand; bit 3: m0 or m1 the first.
    let half = op1 & 3;
    let (m_first, m_second) = match op2 {
        0..=2 => (true, true),
        3 => (false, true),
        4..=6 => (true, false),
        _ => (false, false),
    };
    // Bits that are not register numbers are zero.
    if m_first && matches!(op2, 2 | 6) && word >> 8 & 0xF != 0 {
        return (Op::Illegal, NONE, 0);
    }
    if m_second && t & 0b1011 != 0 {
        return (Op::Illegal, NONE, 0);
    }
    let imm = half | u32::from(m_second) << 2 | u32::from(m_first) << 3;
    let uses = uses(false, !m_first, !m_second);
    match (op2, op1) {
        (0 | 4, 8..=11) if r & 8 == 0 => (Op::MulaMacLoad, Uses { s: true, ..uses }, imm | 4 << 8),
        (1 | 5, 8..=11) if r & 8 == 0 => {
            (Op::MulaMacLoad, Uses { s: true, ..uses }, imm | 0xFC << 8)
        }
        (2 | 6, 4..) if r & 0b1011 != 0 => (Op::Illegal, NONE, 0),
        (3 | 7, 4..) if r != 0 => (Op::Illegal, NONE, 0),
        (7, 0..=3) if r == 0 => (Op::UmulMac, uses, imm),
        (2 | 3 | 6 | 7, 4..=7) => (Op::MulMac, uses, imm),
        (2 | 3 | 6 | 7, 8..=11) => (Op::MulaMac, uses, imm),
        (2 | 3 | 6 | 7, 12..=15) => (Op::MulsMac, uses, imm),
        (8, 0) if r & 0b1100 == 0 && t == 0 => (Op::Ldinc, S, 0),
        (9, 0) if r & 0b1100 == 0 && t == 0 => (Op::Lddec, S, 0),
        _ => (Op::Illegal, NONE, 0),
    }
}

fn qrst(word: u32) -> (Op, Uses, u32) {
    let [t, s, r, op1, op2] = [4, 8, 12, 16, 20].map(|shift| word >> shift & 0xF);
    let register = word >> 8 & 0xFF;
    match (op1, op2) {
        (0, 0) => st0(t, s, r),
        (0, 1) => (Op::And, RST, 0),
        (0, 2) => (Op::Or, RST, 0),
        (0, 3) => (Op::Xor, RST, 0),
        (0, 4) => st1(t, s, r),
        (0, 5) => match (r, s) {
            (3, _) => (Op::Ritlb0, ST, 0),
            // iitlb, idtlb: region protection has nothing to invalidate.
            (4 | 12, _) if t == 0 => (Op::Nop, S, 0),
            (5, _) => (Op::Pitlb, ST, 0),
            (6, _) => (Op::Witlb, ST, 0),
            (7, _) => (Op::Ritlb1, ST, 0),
            (11, _) => (Op::Rdtlb0, ST, 0),
            (13, _) => (Op::Pdtlb, ST, 0),
            (14, _) => (Op::Wdtlb, ST, 0),
            (15, _) => (Op::Rdtlb1, ST, 0),
            _ => (Op::Illegal, NONE, 0),
        },
        (0, 6) => match s {
            0 => (Op::Neg, RT, 0),
            1 => (Op::Abs, RT, 0),
            _ => (Op::Illegal, NONE, 0),
        },
        (0, 8) => (Op::Add, RST, 0),
        (0, 9) => (Op::Addx2, RST, 0),
        (0, 10) => (Op::Addx4, RST, 0),
        (0, 11) => (Op::Addx8, RST, 0),
        (0, 12) => (Op::Sub, RST, 0),
        (0, 13) => (Op::Subx2, RST, 0),
        (0, 14) => (Op::Subx4, RST, 0),
        (0, 15) => (Op::Subx8, RST, 0),
        (1, 0 | 1) => (Op::Slli, RS, 32 - ((op2 & 1) << 4 | t)),
        (1, 2 | 3) => (Op::Srai, RT, (op2 & 1) << 4 | s),
        (1, 4) => (Op::Srli, RT, s),
        (1, 6) => (Op::Xsr, T, register),
        (1, 8) => (Op::Src, RST, 0),
        (1, 9) if s == 0 => (Op::Srl, RT, 0),
        (1, 10) if t == 0 => (Op::Sll, RS, 0),
        (1, 11) if s == 0 => (Op::Sra, RT, 0),
        (1, 12) => (Op::Mul16u, RST, 0),
        (1, 13) => (Op::Mul16s, RST, 0),
        (1, 15) if (r, t) == (14, 0) && s == 0 => (Op::Rfdo, NONE, 0),
        (2, 0) => (Op::Andb, NONE, 0),
        (2, 1) => (Op::Andbc, NONE, 0),
        (2, 2) => (Op::Orb, NONE, 0),
        (2, 3) => (Op::Orbc, NONE, 0),
        (2, 4) => (Op::Xorb, NONE, 0),
        (2, 8) => (Op::Mull, RST, 0),
        (2, 10) => (Op::Muluh, RST, 0),
        (2, 11) => (Op::Mulsh, RST, 0),
        (2, 12) => (Op::Quou, RST, 0),
        (2, 13) => (Op::Quos, RST, 0),
        (2, 14) => (Op::Remu, RST, 0),
        (2, 15) => (Op::Rems, RST, 0),
        (3, 0) => (Op::Rsr, T, register),
        (3, 1) => (Op::Wsr, T, register),
        (3, 2) => (Op::Sext, RS, t + 7),
        (3, 3) => (Op::Clamps, RS, t + 7),
        (3, 4) => (Op::Min, RST, 0),
        (3, 5) => (Op::Max, RST, 0),
        (3, 6) => (Op::Minu, RST, 0),
        (3, 7) => (Op::Maxu, RST, 0),
        (3, 8) => (Op::Moveqz, RST, 0),
        (3, 9) => (Op::Movnez, RST, 0),
        (3, 10) => (Op::Movltz, RST, 0),
        (3, 11) => (Op::Movgez, RST, 0),
        (3, 12) => (Op::Movf, RS, 0),
        (3, 13) => (Op::Movt, RS, 0),
        (3, 14) => (Op::Rur, R, word >> 4 & 0xFF),
        (3, 15) => (Op::Wur, T, register),
        (4 | 5, _) => (
            Op::Extui,
            RT,
            (op1 & 1) << 4 | s | (u32::MAX >> (31 - op2)) << 8,
        ),
        (8, 0) => (Op::Lsx, ST, 0),
        (8, 1) => (Op::Lsxp, ST, 0),
        (8, 4) => (Op::Ssx, ST, 0),
        (8, 5) => (Op::Ssxp, ST, 0),
        (9, 0) => (Op::L32e, ST, (r << 2).wrapping_sub(64)),
        (9, 4) => (Op::S32e, ST, (r << 2).wrapping_sub(64)),
        // s32nb, which does not buffer.
        (9, 5) => (Op::S32i, ST, r << 2),
        (10, _) => float(t, s, op2),
        (11, 1) => (Op::UnS, NONE, 0),
        (11, 2) => (Op::OeqS, NONE, 0),
        (11, 3) => (Op::UeqS, NONE, 0),
        (11, 4) => (Op::OltS, NONE, 0),
        (11, 5) => (Op::UltS, NONE, 0),
        (11, 6) => (Op::OleS, NONE, 0),
        (11, 7) => (Op::UleS, NONE, 0),
        (11, 8) => (Op::MoveqzS, T, 0),
        (11, 9) => (Op::MovnezS, T, 0),
        (11, 10) => (Op::MovltzS, T, 0),
        (11, 11) => (Op::MovgezS, T, 0),
        (11, 12) => (Op::MovfS, NONE, 0),
        (11, 13) => (Op::MovtS, NONE, 0),
        _ => (Op::Illegal, NONE, 0),
    }
}

fn st0(t: u32, s: u32, r: u32) -> (Op, Uses, u32) {
    match (r, s, t) {
        (0, 0, 8) => (Op::Ret, NONE, 0),
        (0, 0, 9) => (Op::Retw, NONE, 0),
        (0, _, 10) => (Op::Jx, S, 0),
        (0, _, 12) => (Op::Callx0, S, 0),
        (0, _, 13..=15) => (Op::Callx, S, 0),
        (1, _, _) => (Op::Movsp, ST, 0),
        // isync, rsync, esync, dsync, excw, memw, extw, nop: everything is in order here.
        (2, 0, 0..=3 | 8 | 12 | 13 | 15) => (Op::Nop, NONE, 0),
        (3, 0, 0) => (Op::Rfe, NONE, 0),
        (3, 2, 0) => (Op::Rfde, NONE, 0),
        (3, 4, 0) => (Op::Rfwo, NONE, 0),
        (3, 5, 0) => (Op::Rfwu, NONE, 0),
        (3, _, 1) => (Op::Rfi, NONE, 0),
        (4, _, _) => (Op::Break, NONE, s << 4 | t),
        (5, 0, 0) => (Op::Syscall, NONE, 0),
        (5, 1, 0) => (Op::Simcall, NONE, 0),
        (6, _, _) => (Op::Rsil, T, s),
        (7, _, 0) => (Op::Waiti, NONE, s),
        (8, _, _) if s.is_multiple_of(4) => (Op::Any4, NONE, 0),
        (9, _, _) if s.is_multiple_of(4) => (Op::All4, NONE, 0),
        (10, _, _) if s.is_multiple_of(8) => (Op::Any8, NONE, 0),
        (11, _, _) if s.is_multiple_of(8) => (Op::All8, NONE, 0),
        _ => (Op::Illegal, NONE, 0),
    }
}

fn st1(t: u32, s: u32, r: u32) -> (Op, Uses, u32) {
    match (r, t) {
        (0, 0) => (Op::Ssr, S, 0),
        (1, 0) => (Op::Ssl, S, 0),
        (2, 0) => (Op::Ssa8l, S, 0),
        (3, 0) => (Op::Ssa8b, S, 0),
        (4, 0 | 1) => (Op::Ssai, NONE, t << 4 | s),
        (6, _) => (Op::Rer, ST, 0),
        (7, _) => (Op::Wer, ST, 0),
        (8, _) if s == 0 => (Op::Rotw, NONE, signed(t, 4) as u32),
        (14, _) => (Op::Nsa, ST, 0),
        (15, _) => (Op::Nsau, ST, 0),
        _ => (Op::Illegal, NONE, 0),
    }
}

fn float(t: u32, s: u32, op2: u32) -> (Op, Uses, u32) {
    match op2 {
        0 => (Op::AddS, NONE, 0),
        1 => (Op::SubS, NONE, 0),
        2 => (Op::MulS, NONE, 0),
        4 => (Op::MaddS, NONE, 0),
        5 => (Op::MsubS, NONE, 0),
        6 => (Op::MaddnS, NONE, 0),
        7 => (Op::DivnS, NONE, 0),
        8 => (Op::RoundS, R, t),
        9 => (Op::TruncS, R, t),
        10 => (Op::FloorS, R, t),
        11 => (Op::CeilS, R, t),
        12 => (Op::FloatS, S, t),
        13 => (Op::UfloatS, S, t),
        14 => (Op::UtruncS, R, t),
        15 => match t {
            0 => (Op::MovS, NONE, 0),
            1 => (Op::AbsS, NONE, 0),
            3 => (Op::ConstS, NONE, s),
            4 => (Op::Rfr, R, 0),
            5 => (Op::Wfr, S, 0),
            6 => (Op::NegS, NONE, 0),
            7 => (Op::Div0S, NONE, 0),
            8 => (Op::Recip0S, NONE, 0),
            9 => (Op::Sqrt0S, NONE, 0),
            10 => (Op::Rsqrt0S, NONE, 0),
            11 => (Op::Nexp01S, NONE, 0),
            12 => (Op::MksadjS, NONE, 0),
            13 => (Op::MkdadjS, NONE, 0),
            14 => (Op::AddexpS, NONE, 0),
            15 => (Op::AddexpmS, NONE, 0),
            _ => (Op::Illegal, NONE, 0),
        },
        _ => (Op::Illegal, NONE, 0),
    }
}
