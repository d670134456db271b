//! What is decided: a core's instructions with their bits, and its parameters.

use crate::error::{Error, Place, Result};
use crate::interface::PARAMETERS;
use crate::operand::Operand;
use crate::parse::{
    Access, CoreFile, Direction, InstructionLine, Kind, RegisterFileLine, Section, instruction,
};
use crate::word::{Field, Word};
use std::collections::{BTreeMap, BTreeSet};

/// An operand in a field of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOperand {
    /// What it can be.
    pub operand: Operand,
    /// Index of the field in [`Model::fields`].
    pub field: usize,
}

/// What an instruction does with one of its operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
    /// Of the text: an index of [`Model::operands`].
    Operand(usize, Direction),
    /// An address register that the instruction implies.
    Implied(u32, Direction),
}

/// An instruction of a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Its mnemonic.
    pub name: String,
    /// What it works on, in the order of the text.
    pub uses: Vec<Use>,
    /// Of its word, 3 or 2.
    pub bytes: u32,
    /// The word's bits that no operand has.
    pub mask: u32,
    /// Their values.
    pub word: u32,
    /// How it goes on.
    pub kind: Kind,
    /// Where it is described.
    pub place: Place,
}

/// A special or user register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    pub name: String,
    pub number: u32,
    pub user: bool,
}

/// A core.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The fields of all words.
    pub fields: Vec<Field>,
    /// The operands of all texts.
    pub operands: Vec<PlacedOperand>,
    /// In the order of the descriptions.
    pub instructions: Vec<Instruction>,
    pub(crate) files: Vec<RegisterFileLine>,
    pub(crate) registers: Vec<Register>,
    pub(crate) parameters: BTreeMap<String, i64>,
}

impl Model {
    /// The core that the last of `chain` describes, where each is like the one before.
    ///
    /// # Errors
    /// What does not fit together: unknown options and parameters, and missing ones; operands and words that do not belong
    /// together; two instructions for one word.
    pub(crate) fn new(chain: &[CoreFile], sections: &[Section]) -> Result<Self> {
        for (i, section) in sections.iter().enumerate() {
            if let Some(first) = sections[..i].iter().find(|s| s.option == section.option) {
                return Err(Error::at(
                    &section.place,
                    format!(
                        "option {} is described at {}, too",
                        section.option, first.place
                    ),
                ));
            }
        }
        let options = options(chain, sections)?;
        let mut model = Model {
            parameters: parameters(chain, sections, &options)?,
            ..Model::default()
        };
        let sections: Vec<_> = sections
            .iter()
            .filter(|s| options.contains(s.option.as_str()))
            .collect();
        model.files = sections.iter().flat_map(|s| s.files.clone()).collect();

        let mut known: BTreeMap<&str, &Operand> = BTreeMap::new();
        for operand in sections.iter().flat_map(|s| &s.operands) {
            if let Some(first) = known.insert(&operand.name, operand) {
                return Err(Error::at(
                    &operand.place,
                    format!(
                        "operand {} is described at {}, too",
                        operand.name, first.place
                    ),
                ));
            }
            if let Some(letter) = operand.registers
                && !model.files.iter().any(|f| f.letter == letter)
            {
                return Err(Error::at(
                    &operand.place,
                    format!(
                        "operand {}: the core has no registers {letter}",
                        operand.name
                    ),
                ));
            }
        }
        for line in sections.iter().flat_map(|s| &s.instructions) {
            model.add(line, &known)?;
        }
        for register in sections.iter().flat_map(|s| &s.registers) {
            // the first name of a number is what a number is translated to
            if !model
                .registers
                .iter()
                .any(|r| (r.user, r.number) == (register.user, register.number))
            {
                model.registers.push(Register {
                    name: register.name.clone(),
                    number: register.number,
                    user: register.user,
                });
            }
            for access in &register.access {
                let template = sections
                    .iter()
                    .flat_map(|s| &s.templates)
                    .find(|t| t.user == register.user && t.access == *access);
                let template = template.ok_or_else(|| {
                    no_template(register.user, *access, &register.name, &register.place)
                })?;
                let mut line = instruction(&template.line, &template.place)?;
                line.name = line.name.replace('*', &register.name);
                line.place = register.place.clone();
                for part in &mut line.word {
                    *part = part.replace('*', &format!("{:08b}", register.number));
                }
                model.add(&line, &known)?;
            }
        }
        model.check()?;
        Ok(model)
    }

    /// The instruction of a name.
    pub fn instruction(&self, name: &str) -> Option<&Instruction> {
        self.instructions.iter().find(|i| i.name == name)
    }

    fn add(&mut self, line: &InstructionLine, known: &BTreeMap<&str, &Operand>) -> Result<()> {
        let wrong = |message: String| Error::at(&line.place, format!("{}: {message}", line.name));
        let mut operands: Vec<&Operand> = vec![];
        let mut uses = vec![];
        for (direction, name) in &line.operands {
            if name.starts_with('(') {
                let number = name.strip_prefix("(a").and_then(|n| n.strip_suffix(')'));
                let number = number.and_then(|n| n.parse().ok()).filter(|n| *n < 16);
                let number =
                    number.ok_or_else(|| wrong(format!("`{name}` is none of (a0) to (a15)")))?;
                uses.push(Use::Implied(number, *direction));
                continue;
            }
            let operand = known.get(name.as_str());
            let operand = *operand.ok_or_else(|| {
                wrong(format!("no option of the core describes an operand {name}"))
            })?;
            if operands.iter().any(|o| o.field == operand.field) {
                return Err(wrong(format!(
                    "two operands are in the field {}",
                    operand.field
                )));
            }
            // its place among the instruction's fields until those are known
            uses.push(Use::Operand(operands.len(), *direction));
            operands.push(operand);
        }
        let word = Word::parse(&line.word, &operands).map_err(wrong)?;
        for u in &mut uses {
            if let Use::Operand(index, _) = u {
                let field = index_of(&mut self.fields, word.fields[*index].clone());
                let operand = operands[*index].clone();
                *index = index_of(&mut self.operands, PlacedOperand { operand, field });
            }
        }
        self.instructions.push(Instruction {
            name: line.name.clone(),
            uses,
            bytes: word.bits / 8,
            mask: word.mask,
            word: word.fixed,
            kind: line.kind,
            place: line.place.clone(),
        });
        Ok(())
    }

    /// No two instructions have a name, or a word, in common.
    fn check(&self) -> Result<()> {
        for (i, a) in self.instructions.iter().enumerate() {
            for b in &self.instructions[..i] {
                if a.name == b.name {
                    return Err(Error::at(
                        &a.place,
                        format!("{} is described at {}, too", a.name, b.place),
                    ));
                }
                let both = a.mask & b.mask;
                if a.bytes == b.bytes && a.word & both == b.word & both {
                    return Err(Error::at(
                        &a.place,
                        format!(
                            "{} and {} ({}) have words in common",
                            a.name, b.name, b.place
                        ),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The index of `value` in `list`, at the end of which it is put if it is not there.
fn index_of<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|v| *v == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}

fn no_template(user: bool, access: Access, name: &str, place: &Place) -> Error {
    let which = if user { "user" } else { "special" };
    Error::at(
        place,
        format!(
            "{name}: there is no `template {which} {}`",
            format!("{access:?}").to_lowercase()
        ),
    )
}

fn options<'a>(chain: &'a [CoreFile], sections: &[Section]) -> Result<BTreeSet<&'a str>> {
    let mut options = BTreeSet::new();
    for core in chain {
        for (name, place) in &core.options {
            if !sections.iter().any(|s| s.option == *name) {
                return Err(Error::at(
                    place,
                    format!("no .isa file describes the option {name}"),
                ));
            }
            if !options.insert(name.as_str()) {
                return Err(Error::at(
                    place,
                    format!("the core has the option {name} already"),
                ));
            }
        }
        for (name, place) in &core.without {
            if !options.remove(name.as_str()) {
                return Err(Error::at(
                    place,
                    format!("without {name}: the core does not have that option"),
                ));
            }
        }
    }
    Ok(options)
}

fn parameters(
    chain: &[CoreFile],
    sections: &[Section],
    options: &BTreeSet<&str>,
) -> Result<BTreeMap<String, i64>> {
    let known = || PARAMETERS.iter().flat_map(|version| version.iter());
    let mut parameters = BTreeMap::new();
    for section in sections {
        for name in &section.parameters {
            if !known().any(|p| p == name) {
                return Err(Error::at(
                    &section.place,
                    format!(
                        "option {}: the GNU tools ask for no parameter {name}",
                        section.option
                    ),
                ));
            }
            parameters.insert(
                name.clone(),
                options.contains(section.option.as_str()) as i64,
            );
        }
    }
    for core in chain {
        for (name, value, place) in &core.parameters {
            if !known().any(|p| p == name) {
                return Err(Error::at(
                    place,
                    format!("the GNU tools ask for no parameter {name}"),
                ));
            }
            parameters.insert(name.clone(), *value);
        }
    }
    if let Some(missing) = known().find(|p| !parameters.contains_key(**p)) {
        let file = chain.last().map_or("", |c| &c.file);
        return Err(Error::in_file(
            file,
            format!("{missing} is missing: add `parameter {missing} VALUE`"),
        ));
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const ISA: &str = "option core
registers a 64 32
operand ar in r = a0..a15
operand as in s = a0..a15
operand sa = 0..31
operand label in offset = pc + 4 + -131072..131071
template special read rsr.* out ar | 0000 0011 * r 0000
slli out ar, as, sa | 000 sa[4] 0001 r s sa[3:0] 0000
j label | offset 000110 | jump
ret (a0) | 0000 0000 0000 0000 1000 0000 | jump
special-register sar 3 read
option density
parameter XCHAL_HAVE_DENSITY
mov.n out ar, as | 0000 s r 1101
";

    fn model(isa: &str, core: &str) -> Result<Model> {
        let mut core = core.to_string();
        for p in PARAMETERS
            .iter()
            .flat_map(|v| v.iter())
            .filter(|p| **p != "XCHAL_HAVE_DENSITY")
        {
            core.push_str(&format!("\nparameter {p} 7"));
        }
        let core = parse::core("x.core", &core)?;
        Model::new(&[core], &parse::sections("x.isa", isa)?)
    }

    fn error(isa: &str) -> String {
        model(&format!("{ISA}{isa}\n"), "options core density")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn words_are_masks_bits_and_fields() {
        let model = model(ISA, "options core density").unwrap();
        let slli = model.instruction("slli").unwrap();
        assert_eq!((slli.bytes, slli.mask, slli.word), (3, 0xef000f, 0x010000));
        let Use::Operand(sa, Direction::In) = slli.uses[2] else {
            panic!("{slli:?}")
        };
        assert_eq!(model.fields[model.operands[sa].field], [(20, 1), (4, 4)]);
        let rsr = model.instruction("rsr.sar").unwrap();
        assert_eq!((rsr.mask, rsr.word), (0xffff0f, 0x030300));
        assert_eq!(
            model.instruction("ret").unwrap().uses,
            [Use::Implied(0, Direction::In)]
        );
        assert_eq!(model.instruction("mov.n").unwrap().bytes, 2);
        assert_eq!(model.parameters["XCHAL_HAVE_DENSITY"], 1);
    }

    #[test]
    fn options_that_a_core_lacks_are_not_there() {
        let model = model(ISA, "options core density\nwithout density").unwrap();
        assert!(model.instruction("mov.n").is_none());
        assert_eq!(model.parameters["XCHAL_HAVE_DENSITY"], 0);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(
            error("x ar | 0000 0000 0000 s r 0000")
                .contains("x.isa:15: x: its word has `s`, and its text no operand in s")
        );
        assert!(
            error("x ar | 0000 0000 0000 0000 0001 0000")
                .contains("does not have each bit of r (4) once")
        );
        assert!(
            error("x sa | 0000 0000 sa[3:0] sa[3:0] 0001 0000")
                .contains("does not have each bit of sa (5) once")
        );
        assert!(
            error("x sa | 0000 0000 sa[5:4] sa[3:0] 0001 0000").contains("sa has the bits 4 to 0")
        );
        assert!(error("x | 0000 0000").contains("has 8 bits, and a word has 24 or 16"));
        assert!(error("x | 0000 0000 0000 0000 0000 1000").contains("do not end in 1000"));
        assert!(error("x | 00000000 00000000 00000000 00000000").contains("more than 24 bits"));
        assert!(error("x ax | 0000 0000 0000 0000 0001 0000").contains("describes an operand ax"));
        assert!(
            error("x (b1) | 0000 0000 0000 0000 0001 0000")
                .contains("`(b1)` is none of (a0) to (a15)")
        );
        assert!(
            error("x ar | 0000 0000 0000 r 1000 0000")
                .contains("x and ret (x.isa:10) have words in common")
        );
        assert!(
            error("ret | 0000 0000 0000 0000 1100 0000")
                .contains("ret is described at x.isa:10, too")
        );
        assert!(error("operand fr in r = f0..f15").contains("the core has no registers f"));
        assert!(
            error("operand ar in t = a0..a15").contains("operand ar is described at x.isa:3, too")
        );
        assert!(
            error("special-register x 4 write").contains("x: there is no `template special write`")
        );
        assert!(error("option core").contains("option core is described at x.isa:1, too"));
        assert!(error("parameter XCHAL_HAVE_WINGS").contains("no parameter XCHAL_HAVE_WINGS"));
        for (core, message) in [
            (
                "options core wings",
                "x.core:1: no .isa file describes the option wings",
            ),
            ("options core core", "has the option core already"),
            (
                "options core\nwithout density",
                "x.core:2: without density: the core does not have that option",
            ),
            (
                "options core\nparameter XCHAL_HAVE_WINGS 1",
                "ask for no parameter XCHAL_HAVE_WINGS",
            ),
        ] {
            let error = model(ISA, core).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        let core = parse::core("x.core", "options core").unwrap();
        let error = Model::new(&[core], &parse::sections("x.isa", ISA).unwrap())
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "x.core: XCHAL_HAVE_BE is missing: add `parameter XCHAL_HAVE_BE VALUE`"
        );
    }
}
