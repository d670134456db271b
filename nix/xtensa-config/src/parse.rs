//! What is read: the lines of descriptions, taken apart.

use crate::error::{Error, Place, Result};
use crate::operand::Operand;

/// What an instruction does with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Reads it.
    In,
    /// Writes it.
    Out,
    /// Reads and writes it.
    InOut,
}

/// How an instruction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With the next one.
    Plain,
    /// With the next one, or elsewhere.
    Branch,
    /// Elsewhere.
    Jump,
    /// With the next one, which is the first of a loop.
    Loop,
    /// Elsewhere, to come back.
    Call,
}

/// One of the instructions for special and user registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// RSR, RUR.
    Read,
    /// WSR, WUR.
    Write,
    /// XSR.
    Exchange,
}

/// A line with an instruction, as it is written but for braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstructionLine {
    pub name: String,
    /// `ar`, or `(a4)` where it is in no text.
    pub operands: Vec<(Direction, String)>,
    /// From the highest bit on: bits, or `sa`, `sa[4]`, `sa[3:0]`.
    pub word: Vec<String>,
    pub kind: Kind,
    pub place: Place,
}

/// A line `special-register` or `user-register`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegisterLine {
    pub name: String,
    pub number: u32,
    pub user: bool,
    pub access: Vec<Access>,
    pub place: Place,
}

/// A line `template`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateLine {
    pub user: bool,
    pub access: Access,
    pub line: String,
    pub place: Place,
}

/// A line `registers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegisterFileLine {
    pub letter: char,
    pub count: u32,
    pub bits: u32,
    pub place: Place,
}

/// What follows a line `option`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// The option's name.
    pub option: String,
    /// Where it begins.
    pub place: Place,
    pub(crate) parameters: Vec<String>,
    pub(crate) files: Vec<RegisterFileLine>,
    pub(crate) operands: Vec<Operand>,
    pub(crate) templates: Vec<TemplateLine>,
    pub(crate) registers: Vec<RegisterLine>,
    pub(crate) instructions: Vec<InstructionLine>,
}

/// A core's description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CoreFile {
    /// Its path.
    pub file: String,
    /// The core that it is like.
    pub like: Option<(String, Place)>,
    /// Options that it has.
    pub options: Vec<(String, Place)>,
    /// Options that it lacks, of the core that it is like.
    pub without: Vec<(String, Place)>,
    /// Its parameters.
    pub parameters: Vec<(String, i64, Place)>,
}

/// Lines with something on them, without comments.
fn lines<'a>(file: &'a str, text: &'a str) -> impl Iterator<Item = (&'a str, Place)> {
    text.lines().enumerate().filter_map(move |(i, line)| {
        let line = line.split('#').next().unwrap_or("").trim();
        (!line.is_empty()).then(|| {
            (
                line,
                Place {
                    file: file.into(),
                    line: i + 1,
                },
            )
        })
    })
}

/// One line for each alternative in its braces.
fn alternatives(line: &str, place: &Place) -> Result<Vec<String>> {
    let mut results: Vec<String> = vec![];
    let mut rest = line;
    let mut fixed = vec![];
    let mut braces: Vec<Vec<&str>> = vec![];
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after
            .split_once('}')
            .ok_or_else(|| Error::at(place, "there is a `{` without `}`"))?;
        fixed.push(before);
        braces.push(inside.split(',').collect());
        rest = after;
    }
    let count = braces.first().map_or(1, Vec::len);
    if let Some(other) = braces.iter().find(|b| b.len() != count) {
        return Err(Error::at(
            place,
            format!(
                "{{{}}} has {} alternatives, and the line's first braces {count}",
                other.join(","),
                other.len()
            ),
        ));
    }
    for i in 0..count {
        let mut result: String = fixed
            .iter()
            .zip(&braces)
            .flat_map(|(f, b)| [*f, b[i]])
            .collect();
        result.push_str(rest);
        results.push(result);
    }
    Ok(results)
}

/// `NAME OPERANDS | WORD [| KIND]`.
pub(crate) fn instruction(line: &str, place: &Place) -> Result<InstructionLine> {
    let mut parts = line.split('|').map(str::trim);
    let (text, word, kind) = (
        parts.next().unwrap_or(""),
        parts.next().unwrap_or(""),
        parts.next(),
    );
    let (name, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name.is_empty() || word.is_empty() || parts.next().is_some() {
        return Err(Error::at(
            place,
            format!(
                "`{line}`: write an instruction as `NAME OPERANDS | WORD` or `NAME OPERANDS | WORD | KIND`"
            ),
        ));
    }
    let mut uses = vec![];
    for operand in operands.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let words: Vec<_> = operand.split_whitespace().collect();
        uses.push(match words[..] {
            [o] => (Direction::In, o.into()),
            ["out", o] => (Direction::Out, o.into()),
            ["inout", o] => (Direction::InOut, o.into()),
            _ => {
                return Err(Error::at(
                    place,
                    format!(
                        "{name}: `{operand}` is none of OPERAND, `out OPERAND`, `inout OPERAND`"
                    ),
                ));
            }
        });
    }
    let kind = match kind {
        None => Kind::Plain,
        Some("branch") => Kind::Branch,
        Some("jump") => Kind::Jump,
        Some("loop") => Kind::Loop,
        Some("call") => Kind::Call,
        Some(other) => {
            return Err(Error::at(
                place,
                format!("{name}: `{other}` is none of branch, jump, loop, call"),
            ));
        }
    };
    Ok(InstructionLine {
        name: name.into(),
        operands: uses,
        word: word.split_whitespace().map(String::from).collect(),
        kind,
        place: place.clone(),
    })
}

fn register(words: &[&str], user: bool, place: &Place) -> Result<RegisterLine> {
    let [name, number, access @ ..] = words else {
        return Err(Error::at(
            place,
            "write `special-register NAME NUMBER` or `user-register NAME NUMBER`",
        ));
    };
    let number = number.parse().ok().filter(|n| *n < 256);
    let number = number.ok_or_else(|| {
        Error::at(
            place,
            format!("{name}: `{}` is no number below 256", words[1]),
        )
    })?;
    let access = match access {
        [] if user => vec![Access::Read, Access::Write],
        [] => vec![Access::Read, Access::Write, Access::Exchange],
        _ => access
            .iter()
            .map(|a| access_of(a, place))
            .collect::<Result<_>>()?,
    };
    Ok(RegisterLine {
        name: (*name).into(),
        number,
        user,
        access,
        place: place.clone(),
    })
}

fn access_of(word: &str, place: &Place) -> Result<Access> {
    match word {
        "read" => Ok(Access::Read),
        "write" => Ok(Access::Write),
        "exchange" => Ok(Access::Exchange),
        _ => Err(Error::at(
            place,
            format!("`{word}` is none of read, write, exchange"),
        )),
    }
}

/// The sections of an `.isa` file.
///
/// # Errors
/// The first line that is not of the format that README.md shows.
pub(crate) fn sections(file: &str, text: &str) -> Result<Vec<Section>> {
    let mut sections: Vec<Section> = vec![];
    for (line, place) in lines(file, text) {
        let words: Vec<_> = line.split_whitespace().collect();
        if let ["option", name] = words[..] {
            sections.push(Section {
                option: name.into(),
                place,
                parameters: vec![],
                files: vec![],
                operands: vec![],
                templates: vec![],
                registers: vec![],
                instructions: vec![],
            });
            continue;
        }
        let Some(section) = sections.last_mut() else {
            return Err(Error::at(
                &place,
                format!("`{line}` belongs to no option: begin with `option NAME`"),
            ));
        };
        match words[..] {
            ["parameter", name] => section.parameters.push(name.into()),
            ["registers", letter, count, bits] => {
                let number = |word: &str| {
                    word.parse()
                        .map_err(|_| Error::at(&place, format!("`{word}` is no number")))
                };
                let one = letter
                    .chars()
                    .next()
                    .filter(|c| c.is_ascii_lowercase() && letter.len() == 1);
                section.files.push(RegisterFileLine {
                    letter: one.ok_or_else(|| {
                        Error::at(
                            &place,
                            format!("`{letter}` is not a letter that begins registers' names"),
                        )
                    })?,
                    count: number(count)?,
                    bits: number(bits)?,
                    place,
                });
            }
            ["operand", ..] => section
                .operands
                .push(Operand::parse(line["operand".len()..].trim(), &place)?),
            ["template", which, access, ..] => section.templates.push(TemplateLine {
                user: match which {
                    "special" => false,
                    "user" => true,
                    _ => {
                        return Err(Error::at(
                            &place,
                            format!("`{which}` is neither special nor user"),
                        ));
                    }
                },
                access: access_of(access, &place)?,
                line: line
                    .split_once(access)
                    .map_or("", |(_, rest)| rest)
                    .trim()
                    .into(),
                place,
            }),
            ["special-register" | "user-register", ..] => {
                for line in alternatives(line, &place)? {
                    let words: Vec<_> = line.split_whitespace().collect();
                    section.registers.push(register(
                        &words[1..],
                        words[0] == "user-register",
                        &place,
                    )?);
                }
            }
            _ if line.contains('|') => {
                for line in alternatives(line, &place)? {
                    section.instructions.push(instruction(&line, &place)?);
                }
            }
            _ => {
                let known = "option, parameter, registers, operand, template, special-register, \
                    user-register, or an instruction with its word";
                return Err(Error::at(
                    &place,
                    format!("`{line}` is none of these: {known}"),
                ));
            }
        }
    }
    Ok(sections)
}

/// A `.core` file.
///
/// # Errors
/// The first line that is not of the format that README.md shows.
pub(crate) fn core(file: &str, text: &str) -> Result<CoreFile> {
    let mut core = CoreFile {
        file: file.into(),
        ..CoreFile::default()
    };
    for (line, place) in lines(file, text) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["like", name] if core.like.is_none() => core.like = Some((name.into(), place)),
            ["options", ref names @ ..] => core
                .options
                .extend(names.iter().map(|n| (n.to_string(), place.clone()))),
            ["without", ref names @ ..] => core
                .without
                .extend(names.iter().map(|n| (n.to_string(), place.clone()))),
            ["parameter", name, value] => {
                let value = value
                    .parse()
                    .map_err(|_| Error::at(&place, format!("{name}: `{value}` is no number")))?;
                core.parameters.push((name.into(), value, place));
            }
            _ => {
                let known =
                    "one `like CORE`, `options NAME...`, `without NAME...`, `parameter NAME VALUE`";
                return Err(Error::at(
                    &place,
                    format!("`{line}` is none of these: {known}"),
                ));
            }
        }
    }
    Ok(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        sections("x.isa", text).unwrap_err().to_string()
    }

    #[test]
    fn braces_are_lines() {
        let text = "option o\n{a,b}.x  out ar, (a{4,8}) | 00{01,10} r | {call,jump} # comment\n";
        let section = &sections("x.isa", text).unwrap()[0];
        let [a, b] = &section.instructions[..] else {
            panic!("{section:?}")
        };
        assert_eq!((a.name.as_str(), b.name.as_str()), ("a.x", "b.x"));
        assert_eq!(
            b.operands,
            [
                (Direction::Out, "ar".into()),
                (Direction::In, "(a8)".into())
            ]
        );
        assert_eq!((b.word.join(" "), b.kind), ("0010 r".into(), Kind::Jump));
        assert_eq!(b.place.to_string(), "x.isa:2");
    }

    #[test]
    fn registers_have_what_they_say_or_all() {
        let text = "option o\nspecial-register {m0,m1} {32,33}\nspecial-register prid 235 read\nuser-register fcr 232\n";
        let registers = &sections("x.isa", text).unwrap()[0].registers;
        let short: Vec<_> = registers
            .iter()
            .map(|r| (r.name.as_str(), r.number, r.user, r.access.len()))
            .collect();
        assert_eq!(
            short,
            [
                ("m0", 32, false, 3),
                ("m1", 33, false, 3),
                ("prid", 235, false, 1),
                ("fcr", 232, true, 2)
            ]
        );
    }

    #[test]
    fn errors_name_line_and_value() {
        assert!(
            error("# c\nadd ar | 0000")
                .starts_with("x.isa:2: `add ar | 0000` belongs to no option")
        );
        assert!(error("option o\nnonsense\n").starts_with("x.isa:2: `nonsense` is none of these"));
        assert!(error("option o\n{a,b} | {0,1,2}\n").contains("{0,1,2} has 3 alternatives"));
        assert!(error("option o\n{a | 0\n").contains("without `}`"));
        assert!(
            error("option o\nadd ar | 0 | somewhere\n").contains("`somewhere` is none of branch")
        );
        assert!(error("option o\nadd onto ar | 0\n").contains("`onto ar` is none of"));
        assert!(
            error("option o\nspecial-register x 256\n").contains("`256` is no number below 256")
        );
        assert!(error("option o\nspecial-register x 1 look\n").contains("`look` is none of read"));
        assert!(error("option o\nregisters ab 1 2\n").contains("`ab` is not a letter"));
        let core_error = core("x.core", "parameter A\n").unwrap_err().to_string();
        assert!(
            core_error.starts_with("x.core:1: `parameter A` is none of these"),
            "{core_error}"
        );
        assert!(
            core("x.core", "parameter A b\n")
                .unwrap_err()
                .to_string()
                .contains("A: `b` is no number")
        );
    }
}
