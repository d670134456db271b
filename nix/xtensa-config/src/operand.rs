//! What an operand can be, and its number in a field.

use crate::error::{Error, Place, Result};

/// What a value is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: it is the value itself.
    Zero,
    /// `pc`, the instruction's address.
    Pc,
    /// `(pc & ~3)`.
    PcAligned,
    /// `((pc + 3) & ~3)`.
    NextAligned,
}

impl Base {
    const TEXTS: [(&str, Base); 3] = [
        ("((pc + 3) & ~3) + ", Base::NextAligned),
        ("(pc & ~3) + ", Base::PcAligned),
        ("pc + ", Base::Pc),
    ];

    /// The base of an instruction at `pc`.
    pub fn of(self, pc: u32) -> u32 {
        match self {
            Base::Zero => 0,
            Base::Pc => pc,
            Base::PcAligned => pc & !3,
            Base::NextAligned => pc.wrapping_add(3) & !3,
        }
    }
}

/// The values of a field's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Evenly spaced.
    Range {
        /// The first one that the description names.
        first: i64,
        /// From one to the next; may be negative.
        step: i64,
        /// How many there are: a power of two.
        count: u32,
    },
    /// One for each number; as many as a power of two.
    List(Vec<i64>),
}

impl Values {
    /// How many there are.
    pub fn count(&self) -> u32 {
        match self {
            Values::Range { count, .. } => *count,
            Values::List(list) => list.len() as u32,
        }
    }

    /// Whether numbers are values modulo the field's size: those of a range that has a zero.
    pub fn wraps(&self) -> bool {
        match self {
            Values::Range { first, step, count } => {
                *first % *step == 0 && (0..*count as i64).contains(&(-first / step))
            }
            Values::List(_) => false,
        }
    }

    /// The value of `number`, which is below `count`.
    pub fn decode(&self, number: u32) -> i64 {
        match self {
            Values::Range { first, step, count } => {
                let number = number as i64;
                let count = *count as i64;
                let index = if self.wraps() {
                    (number - first / step).rem_euclid(count)
                } else {
                    number
                };
                first + step * index
            }
            Values::List(list) => list[number as usize],
        }
    }

    /// The number of `value`, if it has one.
    pub fn encode(&self, value: i64) -> Option<u32> {
        match self {
            Values::Range { first, step, count } => {
                let index = (value - first) / step;
                let fits = (value - first) % step == 0 && (0..*count as i64).contains(&index);
                let number = if self.wraps() {
                    (value / step).rem_euclid(*count as i64)
                } else {
                    index
                };
                fits.then_some(number as u32)
            }
            Values::List(list) => list.iter().position(|v| *v == value).map(|i| i as u32),
        }
    }
}

/// What may stand at a place in an instruction's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// By which instructions' texts call it.
    pub name: String,
    /// By which instructions' words call the field that its number is in.
    pub field: String,
    /// The letter of its registers; none for numbers and places.
    pub registers: Option<char>,
    /// What the value is relative to.
    pub base: Base,
    /// What is added to base and value.
    pub addend: i64,
    /// Numbers of registers, or values.
    pub values: Values,
    /// Where it is described.
    pub place: Place,
}

impl Operand {
    /// How many bits its field has.
    pub fn bits(&self) -> u32 {
        self.values.count().ilog2()
    }

    /// How many registers of the file it stands for.
    pub fn group(&self) -> i64 {
        match &self.values {
            Values::Range { step, .. } => step.abs(),
            Values::List(_) => 1,
        }
    }

    /// `NAME [in FIELD] = VALUES`.
    pub(crate) fn parse(text: &str, place: &Place) -> Result<Self> {
        let wrong = |message: String| Error::at(place, format!("operand {text}: {message}"));
        let (head, values) = text
            .split_once('=')
            .ok_or_else(|| wrong("has no `=`: write `operand NAME in FIELD = VALUES`".into()))?;
        let words: Vec<_> = head.split_whitespace().collect();
        let (name, field) = match words[..] {
            [name] => (name, name),
            [name, "in", field] => (name, field),
            _ => {
                return Err(wrong(
                    "write `operand NAME = VALUES` or `operand NAME in FIELD = VALUES`".into(),
                ));
            }
        };
        let mut values = values.trim();
        let mut base = Base::Zero;
        let mut addend = 0;
        if let Some((text, b)) = Base::TEXTS
            .iter()
            .find(|(text, _)| values.starts_with(text))
        {
            base = *b;
            values = &values[text.len()..];
            if let Some((number, rest)) = values.split_once(" + ") {
                addend = number
                    .parse()
                    .map_err(|_| wrong(format!("`{number}` is no number")))?;
                values = rest;
            }
        }
        let registers = values.chars().next().filter(|c| c.is_ascii_lowercase());
        let number = |word: &str| -> Result<i64> {
            let digits = registers.map_or(Some(word), |r| word.strip_prefix(r));
            digits.and_then(|d| d.parse().ok()).ok_or_else(|| {
                wrong(format!(
                    "`{word}` is neither a number nor a register of one letter"
                ))
            })
        };
        let words: Vec<_> = values.split_whitespace().collect();
        let values = match words[..] {
            [range] | [range, "step", _] if range.contains("..") => {
                let (first, last) = range.split_once("..").expect("it has dots");
                let (first, last) = (number(first)?, number(last)?);
                let step = match words.get(2) {
                    Some(step) => step
                        .parse()
                        .map_err(|_| wrong(format!("step {step} is no number")))?,
                    None => 1,
                };
                if step == 0 || (last - first) % step != 0 || (last - first) / step < 0 {
                    return Err(wrong(format!(
                        "steps of {step} do not lead from {first} to {last}"
                    )));
                }
                Values::Range {
                    first,
                    step,
                    count: ((last - first) / step + 1) as u32,
                }
            }
            _ => Values::List(words.iter().map(|w| number(w)).collect::<Result<_>>()?),
        };
        if values.count() < 2 || !values.count().is_power_of_two() {
            return Err(wrong(format!(
                "{} values are not the numbers of any field: their count has to be 2, 4, 8 or another power of two",
                values.count()
            )));
        }
        Ok(Operand {
            name: name.into(),
            field: field.into(),
            registers,
            base,
            addend,
            values,
            place: place.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Operand> {
        Operand::parse(
            text,
            &Place {
                file: "x.isa".into(),
                line: 7,
            },
        )
    }

    fn numbers(text: &str) -> Vec<i64> {
        let operand = parse(text).unwrap();
        let values: Vec<_> = (0..operand.values.count())
            .map(|n| operand.values.decode(n))
            .collect();
        for (n, v) in values.iter().enumerate() {
            assert_eq!(operand.values.encode(*v), Some(n as u32), "{text}: {v}");
        }
        values
    }

    #[test]
    fn a_range_with_a_zero_wraps() {
        assert_eq!(numbers("simm2 = -2..1"), [0, 1, -2, -1]);
        assert_eq!(numbers("simm2x4 = -8..4 step 4"), [0, 4, -8, -4]);
        assert_eq!(numbers("movi = -1..2"), [0, 1, 2, -1]);
        assert_eq!(numbers("u = 0..3"), [0, 1, 2, 3]);
    }

    #[test]
    fn other_ranges_count_from_the_first() {
        assert_eq!(numbers("tp = 7..10"), [7, 8, 9, 10]);
        assert_eq!(numbers("sal = 4..1 step -1"), [4, 3, 2, 1]);
        assert_eq!(numbers("back = -16..-4 step 4"), [-16, -12, -8, -4]);
    }

    #[test]
    fn lists_name_each_value() {
        assert_eq!(numbers("c = -1 1 7 256"), [-1, 1, 7, 256]);
    }

    #[test]
    fn what_is_not_a_value_has_no_number() {
        for (text, value) in [
            ("a = 0..12 step 4", 2),
            ("a = 0..12 step 4", 16),
            ("a = -2..1", 2),
            ("a = -2..1", -3),
            ("a = 4..1 step -1", 0),
            ("a = 1 3", 2),
        ] {
            assert_eq!(
                parse(text).unwrap().values.encode(value),
                None,
                "{text}: {value}"
            );
        }
    }

    #[test]
    fn registers_and_places() {
        let my = parse("my in y = m2..m3").unwrap();
        assert_eq!(
            (my.registers, my.bits(), my.group(), my.field.as_str()),
            (Some('m'), 1, 1, "y")
        );
        assert_eq!(parse("bs4 in s4 = b0..b12 step 4").unwrap().group(), 4);
        let label = parse("label8 in imm8 = pc + 4 + -128..127").unwrap();
        assert_eq!((label.base, label.addend, label.bits()), (Base::Pc, 4, 8));
        let literal = parse("l in imm16 = ((pc + 3) & ~3) + -262144..-4 step 4").unwrap();
        assert_eq!(
            (literal.base, literal.addend, literal.bits()),
            (Base::NextAligned, 0, 16)
        );
    }

    #[test]
    fn errors_name_line_and_value() {
        for (text, message) in [
            ("ar in r", "x.isa:7: operand ar in r: has no `=`"),
            ("ar at r = 0..1", "write `operand NAME = VALUES`"),
            ("u = 0..2", "3 values are not the numbers of any field"),
            ("u = 0..0", "1 values are not the numbers of any field"),
            ("u = 0..7 step 2", "steps of 2 do not lead from 0 to 7"),
            ("u = 3..0", "steps of 1 do not lead from 3 to 0"),
            ("u = 0..x", "`x` is neither a number nor a register"),
            ("u = a0..b3", "`b3` is neither"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
