//! The words of instructions: which bits are fixed, and which are whose.

use crate::operand::Operand;

/// Bits of an instruction's word that hold one number: (lowest bit, how many), the most significant part first.
pub type Field = Vec<(u32, u32)>;

/// A word as a description has it, `imm8 1100 s t 0010`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// How many bits it has: 24 or 16.
    pub bits: u32,
    /// Those that are fixed.
    pub mask: u32,
    /// The values of those.
    pub fixed: u32,
    /// One for each operand.
    pub fields: Vec<Field>,
}

/// A part of an operand's number.
struct Part {
    /// Its lowest bit in the number.
    low: u32,
    /// Its lowest bit in the word.
    at: u32,
    width: u32,
}

impl Word {
    /// A word of `parts`, from the highest bit on, with the fields of `operands`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(parts: &[String], operands: &[&Operand]) -> Result<Self, String> {
        let (mut bits, mut mask, mut fixed) = (0, 0u32, 0u32);
        let mut found: Vec<Vec<Part>> = operands.iter().map(|_| vec![]).collect();
        for part in parts.iter().rev() {
            let width = if part.bytes().all(|b| b == b'0' || b == b'1') {
                let width = part.len() as u32;
                if bits + width > 24 {
                    return Err("its word has more than 24 bits".into());
                }
                mask |= ((1 << width) - 1) << bits;
                fixed |= u32::from_str_radix(part, 2).expect("these are binary digits") << bits;
                width
            } else {
                let (i, high, low) = part_of(part, operands)?;
                let width = high - low + 1;
                found[i].push(Part {
                    low,
                    at: bits,
                    width,
                });
                width
            };
            bits += width;
        }
        if bits != 24 && bits != 16 {
            return Err(format!("its word has {bits} bits, and a word has 24 or 16"));
        }
        let digit = fixed & 15;
        let ends = if bits == 24 { 0..8 } else { 8..14 };
        if mask & 15 != 15 || !ends.contains(&digit) {
            return Err(format!(
                "words of {bits} bits do not end in {digit:04b}: 24 bits end in 0000 to 0111, and 16 in 1000 to 1101"
            ));
        }
        let fields = found
            .into_iter()
            .zip(operands)
            .map(|(parts, operand)| field(parts, operand));
        Ok(Self {
            bits,
            mask,
            fixed,
            fields: fields.collect::<Result<_, _>>()?,
        })
    }
}

/// `sa`, `sa[4]` or `sa[3:0]`: index of the operand, highest and lowest bit.
fn part_of(part: &str, operands: &[&Operand]) -> Result<(usize, u32, u32), String> {
    let (field, range) = match part.strip_suffix(']').and_then(|p| p.split_once('[')) {
        Some((field, range)) => (field, Some(range)),
        None => (part, None),
    };
    let i = operands.iter().position(|o| o.field == field);
    let i =
        i.ok_or_else(|| format!("its word has `{part}`, and its text no operand in {field}"))?;
    let top = operands[i].bits() - 1;
    let (high, low) = match range {
        None => (top, 0),
        Some(range) => {
            let number = |s: &str| {
                s.parse()
                    .map_err(|_| format!("`{part}`: `{s}` is not the number of a bit"))
            };
            let (high, low) = range.split_once(':').unwrap_or((range, range));
            (number(high)?, number(low)?)
        }
    };
    if low > high || high > top {
        return Err(format!("`{part}`: {field} has the bits {top} to 0"));
    }
    Ok((i, high, low))
}

/// The field that the parts make; each bit of the number has to be there once.
fn field(mut parts: Vec<Part>, operand: &Operand) -> Result<Field, String> {
    parts.sort_by_key(|part| std::cmp::Reverse(part.low));
    let mut above = operand.bits();
    for part in &parts {
        if part.low + part.width != above {
            break;
        }
        above = part.low;
    }
    if above != 0 {
        return Err(format!(
            "its word does not have each bit of {} ({}) once",
            operand.field,
            operand.bits()
        ));
    }
    Ok(parts.iter().map(|part| (part.at, part.width)).collect())
}
