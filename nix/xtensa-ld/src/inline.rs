//! Inline assembly with instructions that LLVM's assembler does not know: GNU as encodes them.
//!
//! The registers of such an instruction are in its bytes, so its operands get fixed ones. A windowed function has a8 to a15 for itself.

use std::collections::BTreeSet;

/// Instructions of the ESP32 that LLVM 23's assembler lacks: those that ../xtensa-config/tests/llvm_mc.txt calls unknown.
pub const UNKNOWN: [&str; 21] = [
    "clrb_expstate",
    "l32ai",
    "read_impwire",
    "rer",
    "rfdd",
    "rfdo",
    "rsr.litbase",
    "rur.expstate",
    "s32nb",
    "s32ri",
    "setb_expstate",
    "simcall",
    "ssa8b",
    "wer",
    "wrmsk_expstate",
    "wsr.debugcause",
    "wsr.litbase",
    "wsr.mmid",
    "wur.expstate",
    "xsr.debugcause",
    "xsr.litbase",
];

/// Registers that operands can be fixed to.
const FREE: std::ops::RangeInclusive<u8> = 8..=15;

/// Rewrites a template and its constraints, both in LLVM's syntax; `None` where LLVM knows every instruction in it.
///
/// `encode` returns the bytes of one instruction without operands of the template's. An error says which instruction is not understood.
pub fn rewrite(
    template: &str,
    constraints: &str,
    encode: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Option<(String, String)>, String> {
    if !template
        .split(is_separator)
        .any(|statement| unknown(statement).is_some())
    {
        return Ok(None);
    }
    let mut operands = Operands::parse(constraints, template);
    let mut result = String::new();
    for piece in template.split_inclusive(is_separator) {
        let statement = piece.trim_end_matches(is_separator);
        match unknown(statement) {
            None => result += piece,
            Some(start) => {
                let instruction = operands.fix(statement[start..].trim())?;
                let bytes =
                    encode(&instruction).map_err(|why| format!("`{instruction}`: {why}"))?;
                let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:#04x}")).collect();
                result += &format!(
                    "{}.byte {}{}",
                    &statement[..start],
                    bytes.join(", "),
                    &piece[statement.len()..]
                );
            }
        }
    }
    Ok(Some((result, operands.constraints.join(","))))
}

fn is_separator(c: char) -> bool {
    c == '\n' || c == ';'
}

/// Where in a statement an instruction begins that LLVM lacks: behind labels.
fn unknown(statement: &str) -> Option<usize> {
    let mut start = 0;
    loop {
        let rest = &statement[start..];
        start += rest.len() - rest.trim_start().len();
        let rest = &statement[start..];
        let word = rest.split(|c: char| c.is_whitespace() || c == ':').next()?;
        if rest[word.len()..].starts_with(':') && !word.is_empty() {
            start += word.len() + 1;
            continue;
        }
        return UNKNOWN
            .contains(&word.to_ascii_lowercase().as_str())
            .then_some(start);
    }
}

/// The operands of one call.
struct Operands {
    /// All constraints; operand `n` is the n-th that is no clobber.
    constraints: Vec<String>,
    /// Numbers of registers that are spoken for.
    taken: BTreeSet<u8>,
}

impl Operands {
    fn parse(constraints: &str, template: &str) -> Self {
        let taken = template
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '$')
            .chain(constraints.split(|c: char| !c.is_ascii_alphanumeric()))
            .filter_map(|word| word.strip_prefix('a')?.parse().ok())
            .collect();
        Self {
            constraints: constraints.split(',').map(str::to_owned).collect(),
            taken,
        }
    }

    /// Puts registers in the place of an instruction's operands.
    fn fix(&mut self, instruction: &str) -> Result<String, String> {
        let mut result = String::new();
        let mut rest = instruction;
        while let Some(at) = rest.find('$') {
            result += &rest[..at];
            let after = &rest[at + 1..];
            let (number, len) = if let Some(inner) = after.strip_prefix('{') {
                let end = inner
                    .find('}')
                    .ok_or_else(|| format!("`{instruction}`: no }} behind ${{"))?;
                (&inner[..end], end + 2)
            } else {
                let end = after
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(after.len());
                (&after[..end], end)
            };
            let number = number
                .parse()
                .map_err(|_| format!("`{instruction}`: the operand ${number} is not understood"))?;
            result += &self
                .register(number)
                .map_err(|why| format!("`{instruction}`: {why}"))?;
            rest = &after[len..];
        }
        Ok(result + rest)
    }

    /// The register of operand `number`, which it has from now on.
    fn register(&mut self, number: usize) -> Result<String, String> {
        let index = (0..self.constraints.len())
            .filter(|&i| !self.constraints[i].starts_with('~'))
            .nth(number)
            .ok_or_else(|| format!("there is no operand ${number}"))?;
        let constraint = self.constraints[index].clone();
        let kind = constraint.trim_start_matches(['=', '&']);
        if let Ok(tied) = kind.parse() {
            return self.register(tied);
        }
        if let Some(name) = kind.strip_prefix('{').and_then(|k| k.strip_suffix('}')) {
            return Ok(name.to_owned());
        }
        if kind != "r" {
            return Err(format!(
                "operand ${number} is \"{constraint}\", not a register: give it one (`in(reg)`)"
            ));
        }
        let register = FREE
            .clone()
            .find(|n| !self.taken.contains(n))
            .ok_or("no register is left: use fewer operands")?;
        self.taken.insert(register);
        let prefix = &constraint[..constraint.len() - kind.len()];
        self.constraints[index] = format!("{prefix}{{a{register}}}");
        Ok(format!("a{register}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lacks_what_llvm_mc_does_not_know() {
        let list = include_str!("../../xtensa-config/tests/llvm_mc.txt");
        let unknown: BTreeSet<_> = list
            .lines()
            .filter_map(|line| line.strip_prefix("unknown ")?.split(':').next())
            .flat_map(str::split_whitespace)
            .collect();
        assert_eq!(unknown, BTreeSet::from(UNKNOWN));
    }

    fn rewritten(template: &str, constraints: &str) -> (String, String, Vec<String>) {
        let mut encoded = Vec::new();
        let result = rewrite(template, constraints, &mut |instruction| {
            encoded.push(instruction.to_owned());
            Ok(vec![1, 2, encoded.len() as u8])
        });
        let (template, constraints) = result.expect("is understood").expect("has one");
        (template, constraints, encoded)
    }

    #[test]
    fn leaves_what_llvm_knows() {
        for template in ["rsr.ps $0", "nop", "", "movi a8, rer", "# rer"] {
            assert_eq!(
                rewrite(template, "=r", &mut |_| unreachable!()),
                Ok(None),
                "{template}"
            );
        }
    }

    #[test]
    fn fixes_registers() {
        assert_eq!(
            rewritten("rer ${0}, $1", "=&r,r,~{memory}"),
            (
                ".byte 0x01, 0x02, 0x01".into(),
                "=&{a8},{a9},~{memory}".into(),
                vec!["rer a8, a9".into()]
            )
        );
    }

    #[test]
    fn keeps_what_stands_around() {
        let (template, _, encoded) = rewritten("1: memw\n2: WER $0, $1; isync\n  nop", "r,r");
        assert_eq!(template, "1: memw\n2: .byte 0x01, 0x02, 0x01; isync\n  nop");
        assert_eq!(encoded, ["WER a8, a9"]);
    }

    #[test]
    fn same_operand_same_register() {
        let (template, constraints, encoded) = rewritten("rer $0, $1\nwer $0, $1", "=r,r,r");
        assert_eq!(template, ".byte 0x01, 0x02, 0x01\n.byte 0x01, 0x02, 0x02");
        assert_eq!(constraints, "={a8},{a9},r");
        assert_eq!(encoded, ["rer a8, a9", "wer a8, a9"]);
    }

    #[test]
    fn tied_operands_share() {
        let (_, constraints, encoded) = rewritten("rer $0, $1", "=r,0");
        assert_eq!(constraints, "={a8},0");
        assert_eq!(encoded, ["rer a8, a8"]);
    }

    #[test]
    fn avoids_registers_in_use() {
        let (_, constraints, encoded) = rewritten("mov a9, a10; rer $0, $1", "=r,r,{a8},~{a11}");
        assert_eq!(constraints, "={a12},{a13},{a8},~{a11}");
        assert_eq!(encoded, ["rer a12, a13"]);
    }

    #[test]
    fn takes_registers_that_are_named() {
        let (_, constraints, encoded) = rewritten("rer $0, a3", "={a5}");
        assert_eq!(constraints, "={a5}");
        assert_eq!(encoded, ["rer a5, a3"]);
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for (template, constraints, why) in [
            (
                "rer $0, $1",
                "=r,i",
                "`rer $0, $1`: operand $1 is \"i\", not a register: give it one (`in(reg)`)",
            ),
            ("rer $0, $2", "=r,r", "`rer $0, $2`: there is no operand $2"),
            (
                "rer ${0:x}, $1",
                "=r,r",
                "`rer ${0:x}, $1`: the operand $0:x is not understood",
            ),
        ] {
            assert_eq!(
                rewrite(template, constraints, &mut |_| Ok(vec![])),
                Err(why.into())
            );
        }
    }

    #[test]
    fn passes_on_what_gnu_as_says() {
        assert_eq!(
            rewrite("rer $0, 7", "=r", &mut |_| Err("bad".into())),
            Err("`rer a8, 7`: bad".into())
        );
    }
}
