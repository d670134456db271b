//! Patterns of instructions, decoded here and by LLVM's disassembler, which must say the same.
//!
//! LLVM_MC names `llvm-mc`. All patterns of 16 bits are looked at, and every STRIDE-th of 24 bits.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use espsim::cpu::instruction::{Instruction, Op, b4const, b4constu, decode, length};

/// Patterns that LLVM gets at once.
const BATCH: usize = 500_000;

/// Mnemonics, what they are decoded as, and their operands: registers by the field that they are in; `i` is the immediate, `k` and `u` constants that r is an index of, `b` a bit's number, `L` the distance to a target, `R` to a literal, `_` what
/// LLVM prints wrong, `E` the shift and the width
/// of `extui`, `n` the name of a register. What follows `=` is the field t.
const TABLE: &str = "
abs Abs r t / abs.s AbsS r s / add Add r s t / add.n Add r s t / add.s AddS r s t / addi Addi t s i / addi.n Addi t s i
addmi Addi t s _ / addx2 Addx2 r s t / addx4 Addx4 r s t / addx8 Addx8 r s t / addexp.s AddexpS r s / addexpm.s AddexpmS r s
all4 All4 t s / all8 All8 t s / and And r s t / andb Andb r s t / andbc Andbc r s t / any4 Any4 t s / any8 Any8 t s
ball Ball s t L / bany Bany s t L / bbc Bbc s t L / bbci Bbci s b L / bbs Bbs s t L / bbsi Bbsi s b L / beq Beq s t L
beqi Beqi s k L / beqz Beqz s L / beqz.n Beqz s L / bf Bf s L / bge Bge s t L / bgei Bgei s k L / bgeu Bgeu s t L
bgeui Bgeui s u L / bgez Bgez s L / blt Blt s t L / blti Blti s k L / bltu Bltu s t L / bltui Bltui s u L / bltz Bltz s L
bnall Bnall s t L / bne Bne s t L / bnei Bnei s k L / bnez Bnez s L / bnez.n Bnez s L / bnone Bnone s t L
break Break s t / break.n BreakN s / bt Bt s L / call0 Call0 L / call4 Call L =1 / call8 Call L =2 / call12 Call L =3
callx0 Callx0 s / callx4 Callx s =1 / callx8 Callx s =2 / callx12 Callx s =3 / ceil.s CeilS r s i / clamps Clamps r s i
const.s ConstS r i / div0.s Div0S r s / divn.s DivnS r s t / entry Entry s i / extui Extui r t E / float.s FloatS r s i
floor.s FloorS r s i / j J L / jx Jx s / l16si L16si t s i / l16ui L16ui t s i / l32e L32e t s i / l32i L32i t s i
l32i.n L32i t s i / l32r L32r t R / l8ui L8ui t s i / loop Loop s L / loopgtz Loopgtz s L / loopnez Loopnez s L / lsi Lsi t s i
lsip Lsip t s i / lsx Lsx r s t / lsxp Lsxp r s t / madd.s MaddS r s t / maddn.s MaddnS r s t / max Max r s t / maxu Maxu r s t
min Min r s t / minu Minu r s t / mkdadj.s MkdadjS r s / mksadj.s MksadjS r s / mov.n Or r s / mov.s MovS r s
moveqz Moveqz r s t / moveqz.s MoveqzS r s t / movf Movf r s t / movf.s MovfS r s t / movgez Movgez r s t / movgez.s MovgezS r s t
movi Movi t i / movi.n Movi t i / movltz Movltz r s t / movltz.s MovltzS r s t / movnez Movnez r s t / movnez.s MovnezS r s t
movsp Movsp t s / movt Movt r s t / movt.s MovtS r s t / msub.s MsubS r s t / mul.s MulS r s t / mul16s Mul16s r s t
mul16u Mul16u r s t / mull Mull r s t / mulsh Mulsh r s t / muluh Muluh r s t / neg Neg r t / neg.s NegS r s / nexp01.s Nexp01S r s
nsa Nsa t s / nsau Nsau t s / oeq.s OeqS r s t / ole.s OleS r s t / olt.s OltS r s t / or Or r s t / orb Orb r s t
orbc Orbc r s t / pdtlb Pdtlb t s / pitlb Pitlb t s / quos Quos r s t / quou Quou r s t / rdtlb0 Rdtlb0 t s / rdtlb1 Rdtlb1 t s
recip0.s Recip0S r s / rems Rems r s t / remu Remu r s t / ret Ret / ret.n Ret / retw Retw / retw.n Retw / rfde Rfde / rfe Rfe
rfi Rfi s / rfr Rfr r s / rfwo Rfwo / rfwu Rfwu / ritlb0 Ritlb0 t s / ritlb1 Ritlb1 t s / rotw Rotw i / round.s RoundS r s i
rsil Rsil t i / rsqrt0.s Rsqrt0S r s / rsr Rsr t n / rur Rur r n / s16i S16i t s i / s32c1i S32c1i t s i / s32e S32e t s i
s32i S32i t s i / s32i.n S32i t s i / s8i S8i t s i / sext Sext r s i / sll Sll r s / slli Slli r s i / sqrt0.s Sqrt0S r s
sra Sra r t / srai Srai r t i / src Src r s t / srl Srl r t / srli Srli r t i / ssa8l Ssa8l s / ssai Ssai i / ssi Ssi t s i
ssip Ssip t s i / ssl Ssl s / ssr Ssr s / ssx Ssx r s t / ssxp Ssxp r s t / sub Sub r s t / sub.s SubS r s t
subx2 Subx2 r s t / subx4 Subx4 r s t / subx8 Subx8 r s t / syscall Syscall / trunc.s TruncS r s i / ueq.s UeqS r s t
ufloat.s UfloatS r s i / ule.s UleS r s t / ult.s UltS r s t / un.s UnS r s t / utrunc.s UtruncS r s i / waiti Waiti i
wdtlb Wdtlb t s / wfr Wfr r s / witlb Witlb t s / wsr Wsr t n / wur Wur t n / xor Xor r s t / xorb Xorb r s t / xsr Xsr t n
lddec Lddec w s / ldinc Ldinc w s
nop Nop / nop.n Nop / dsync Nop / esync Nop / excw Nop / extw Nop / isync Nop / memw Nop / rsync Nop / idtlb Nop s / iitlb Nop s
ill Illegal / ill.n Illegal / lddr32.p Illegal s / sddr32.p Illegal s
";

/// What LLVM does not know (`-`), or the other way round, and why.
const DIFFERENCES: [(&str, Op, &str); 17] = [
    ("-", Op::L32i, "l32ai"),
    ("-", Op::S32i, "s32ri, s32nb"),
    (
        "-",
        Op::Nop,
        "operations of caches, of which the core has none",
    ),
    ("-", Op::Rer, "external registers"),
    ("-", Op::Wer, "external registers"),
    ("-", Op::Simcall, "for simulators"),
    ("-", Op::Rfdo, "for debuggers"),
    ("-", Op::Ssa8b, "for big-endian cores"),
    (
        "-",
        Op::Rsr,
        "a number without a register is an exception when it is executed",
    ),
    ("-", Op::Wsr, "likewise"),
    ("-", Op::Xsr, "likewise"),
    ("-", Op::Rur, "likewise"),
    ("-", Op::Wur, "likewise"),
    (
        "any4",
        Op::Illegal,
        "its booleans begin at a multiple of four",
    ),
    ("all4", Op::Illegal, "likewise"),
    ("any8", Op::Illegal, "of eight"),
    ("all8", Op::Illegal, "likewise"),
];

/// Names that LLVM has for registers whose number is not in the name.
const NAMES: [(&str, u32); 75] = [
    ("lbeg", 0),
    ("lend", 1),
    ("lcount", 2),
    ("sar", 3),
    ("br", 4),
    ("litbase", 5),
    ("scompare1", 12),
    ("acclo", 16),
    ("acchi", 17),
    ("m0", 32),
    ("m1", 33),
    ("m2", 34),
    ("m3", 35),
    ("windowbase", 72),
    ("windowstart", 73),
    ("ibreakenable", 96),
    ("memctl", 97),
    ("atomctl", 99),
    ("ddr", 104),
    ("ibreaka0", 128),
    ("ibreaka1", 129),
    ("dbreaka0", 144),
    ("dbreaka1", 145),
    ("dbreakc0", 160),
    ("dbreakc1", 161),
    ("configid0", 176),
    ("epc1", 177),
    ("epc2", 178),
    ("epc3", 179),
    ("epc4", 180),
    ("epc5", 181),
    ("epc6", 182),
    ("epc7", 183),
    ("depc", 192),
    ("eps2", 194),
    ("eps3", 195),
    ("eps4", 196),
    ("eps5", 197),
    ("eps6", 198),
    ("eps7", 199),
    ("configid1", 208),
    ("excsave1", 209),
    ("excsave2", 210),
    ("excsave3", 211),
    ("excsave4", 212),
    ("excsave5", 213),
    ("excsave6", 214),
    ("excsave7", 215),
    ("cpenable", 224),
    ("interrupt", 226),
    ("intset", 226),
    ("intclear", 227),
    ("intenable", 228),
    ("ps", 230),
    ("vecbase", 231),
    ("exccause", 232),
    ("debugcause", 233),
    ("ccount", 234),
    ("prid", 235),
    ("icount", 236),
    ("icountlevel", 237),
    ("excvaddr", 238),
    ("ccompare0", 240),
    ("ccompare1", 241),
    ("ccompare2", 242),
    ("misc0", 244),
    ("misc1", 245),
    ("misc2", 246),
    ("misc3", 247),
    ("threadptr", 231),
    ("fcr", 232),
    ("fsr", 233),
    ("f64r_lo", 234),
    ("f64r_hi", 235),
    ("f64s", 236),
];

/// What LLVM says: the mnemonic and its operands as numbers.
fn parsed(line: &str) -> (String, Vec<i64>) {
    let mut words = line.split_whitespace();
    let mnemonic = words.next().unwrap_or("-").to_owned();
    let rest: String = words.collect();
    let operands = rest.split(',').filter(|operand| !operand.is_empty());
    let number = |operand: &str| {
        let named = NAMES.iter().find(|(name, _)| *name == operand);
        if let (Some((_, number)), true) =
            (named, mnemonic.ends_with("sr") || mnemonic.ends_with("ur"))
        {
            return i64::from(*number);
        }
        let digits = operand.trim_start_matches(['.', '+', 'a', 'b', 'f', 'm']);
        digits
            .parse()
            .unwrap_or_else(|_| panic!("{line}: {operand}"))
    };
    let operands = operands.map(number).collect();
    (mnemonic, operands)
}

/// The operands of an instruction at address 0, as the table has them.
fn operands(kinds: &str, word: u32, i: Instruction) -> Vec<i64> {
    let mut operands = Vec::new();
    for kind in kinds.split_whitespace() {
        let signed = i64::from(i.imm as i32);
        let operand = match kind {
            "r" => i.r.into(),
            "s" => i.s.into(),
            // break's second operand, and calls whose t is an increment, are not in the instruction's t.
            "t" => i.t.into(),
            "w" => (i.r & 3).into(),
            "i" => signed,
            "k" => i64::from(b4const(i.r) as i32),
            "u" => b4constu(i.r).into(),
            "b" => i64::from((i.r & 1) * 16 + i.t),
            "L" => signed,
            "_" => 0,
            // LLVM prints the lowest 17 bits, with a sign.
            "R" => signed << 47 >> 47,
            "E" => {
                operands.push(i64::from(i.imm & 0x1F));
                (i.imm >> 8).count_ones().into()
            }
            "n" => i.imm.into(),
            other => {
                let expected = other.strip_prefix('=').map(str::parse);
                assert_eq!(expected, Some(Ok(i.t)), "{word:06x}");
                continue;
            }
        };
        operands.push(operand);
    }
    operands
}

/// A MAC16 operation as LLVM writes it.
fn mac(i: Instruction) -> Option<(String, Vec<i64>)> {
    let load = (i.imm >> 8) as u8 as i8;
    let base = match i.op {
        Op::MulMac => "mul",
        Op::UmulMac => "umul",
        Op::MulaMac | Op::MulaMacLoad => "mula",
        Op::MulsMac => "muls",
        _ => return None,
    };
    let (first_is_m, second_is_m) = (i.imm & 8 != 0, i.imm & 4 != 0);
    let letter = |is_m| if is_m { 'd' } else { 'a' };
    let half = |bit: u32| if i.imm & bit != 0 { 'h' } else { 'l' };
    let mut name = format!(
        "{base}.{}{}.{}{}",
        letter(first_is_m),
        letter(second_is_m),
        half(1),
        half(2)
    );
    let mut operands = Vec::new();
    if i.op == Op::MulaMacLoad {
        name += if load > 0 { ".ldinc" } else { ".lddec" };
        operands.extend([i64::from(i.r & 3), i.s.into()]);
    }
    operands.push(match first_is_m {
        true => (i.r >> 2 & 1).into(),
        false => i.s.into(),
    });
    operands.push(match second_is_m {
        true => i64::from(2 + (i.t >> 2 & 1)),
        false => i.t.into(),
    });
    Some((name, operands))
}

/// What LLVM says of each pattern; `None` where it knows none.
fn llvm(words: &[u32]) -> Vec<Option<String>> {
    let folder = std::env::var_os("TEST_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let [input, output, errors] = ["in", "out", "err"]
        .map(|name| folder.join(format!("decode-{}.{name}", std::process::id())));
    let mut text = String::new();
    for &word in words {
        let bytes = &word.to_le_bytes()[..length(word as u8).into()];
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:#04x}")).collect();
        text += &format!("[{}]\n", bytes.join(" "));
    }
    fs::write(&input, text).expect("the input can be written");
    let llvm_mc = std::env::var_os("LLVM_MC").expect("LLVM_MC names llvm-mc");
    let status = Command::new(llvm_mc)
        .args(["--disassemble", "--triple=xtensa", "--mcpu=esp32"])
        .arg(&input)
        .stdout(File::create(&output).expect("the output can be written"))
        .stderr(File::create(&errors).expect("the errors can be written"))
        .status();
    // It is 1 where a pattern is no instruction.
    let code = status.expect("llvm-mc starts").code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    let prefix = format!("{}:", input.display());
    let mut invalid = vec![false; words.len()];
    for line in fs::read_to_string(&errors).expect("LLVM's errors").lines() {
        if let Some(rest) = line.strip_prefix(&prefix) {
            assert!(rest.ends_with("invalid instruction encoding"), "{line}");
            let number: usize = rest
                .split(':')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a line");
            invalid[number - 1] = true;
        }
    }
    let text = fs::read_to_string(&output).expect("LLVM's output");
    let mut lines = text.lines().filter(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with(".text")
    });
    let said = invalid
        .iter()
        .map(|&invalid| {
            (!invalid).then(|| lines.next().expect("a line for each").trim().to_owned())
        })
        .collect();
    assert_eq!(lines.next(), None);
    for file in [input, output, errors] {
        fs::remove_file(file).expect("files can be removed");
    }
    said
}

/// Why both do not say the same.
fn difference(
    table: &BTreeMap<&str, (&str, String)>,
    word: u32,
    said: Option<&str>,
) -> Option<String> {
    let i = decode(0, word);
    let Some(line) = said else {
        let known = i.op == Op::Illegal
            || DIFFERENCES
                .iter()
                .any(|(theirs, ours, _)| *theirs == "-" && *ours == i.op);
        return (!known).then(|| "LLVM knows no such instruction".to_owned());
    };
    let (mnemonic, mut theirs) = parsed(line);
    if let Some((name, ours)) = mac(i) {
        return ((&mnemonic, &theirs) != (&name, &ours)).then(|| format!("{name} {ours:?}"));
    }
    let Some((op, kinds)) = table.get(mnemonic.as_str()) else {
        return Some("the table has no such mnemonic".to_owned());
    };
    if DIFFERENCES
        .iter()
        .any(|(theirs, ours, _)| *theirs == mnemonic && *ours == i.op)
    {
        return None;
    }
    if format!("{:?}", i.op) != *op {
        return Some(format!("not {op}"));
    }
    let ours = operands(kinds, word, i);
    if kinds.ends_with('_') && !theirs.is_empty() {
        theirs.pop();
        theirs.push(0);
    }
    (ours != theirs).then(|| format!("{ours:?}"))
}

#[test]
fn patterns_are_decoded_as_llvm_does() {
    let stride = std::env::var("STRIDE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(61);
    let table: BTreeMap<_, _> = TABLE
        .split(['\n', '/'])
        .filter_map(|entry| {
            let mut words = entry.split_whitespace();
            let mnemonic = words.next()?;
            Some((
                mnemonic,
                (words.next()?, words.collect::<Vec<_>>().join(" ")),
            ))
        })
        .collect();
    let narrow = (0..1 << 16).filter(|&word| length(word as u8) == 2);
    let wide = (0..1 << 24)
        .step_by(stride)
        .filter(|&word| length(word as u8) == 3);
    let words: Vec<u32> = narrow.chain(wide).collect();
    let mut differences: BTreeMap<String, (u32, String)> = BTreeMap::new();
    let mut count = 0;
    for batch in words.chunks(BATCH) {
        for (&word, said) in batch.iter().zip(llvm(batch)) {
            if let Some(why) = difference(&table, word, said.as_deref()) {
                count += 1;
                let line = said.unwrap_or_default();
                let key = format!(
                    "{:?} {}",
                    decode(0, word).op,
                    line.split_whitespace().next().unwrap_or("-")
                );
                differences
                    .entry(key)
                    .or_insert((word, format!("{line}: {why}")));
            }
        }
    }
    for (key, (word, why)) in &differences {
        println!("{word:06x} {key}: {why}");
    }
    assert_eq!(count, 0, "of {} patterns", words.len());
}
