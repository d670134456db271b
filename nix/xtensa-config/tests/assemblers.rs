//! Every instruction, and 10,000 at random, by the description, GNU as, GNU objdump and llvm-mc.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::{Case, edges, gnu_as, llvm_mc, model, objdump, random, text};
use xtensa_config::Base;

const RANDOM: usize = 10_000;
const SEED: u64 = 9;

fn texts(cases: &[Case]) -> Vec<(u32, String)> {
    cases.iter().map(|c| (c.address, c.text())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// GNU as writes the words of the description, objdump reads them back, and GNU as writes them again.
fn round_trip(name: &str, cases: &[Case]) {
    let assembled = gnu_as(name, &texts(cases));
    let refused: Vec<_> = assembled
        .refused
        .iter()
        .map(|(i, m)| format!("{}: {m}", cases[*i].text()))
        .collect();
    assert!(
        refused.is_empty(),
        "GNU as refuses {}, first {:?}",
        refused.len(),
        &refused[..refused.len().min(20)]
    );
    for case in cases {
        assert_eq!(
            hex(assembled.at(case)),
            hex(&case.bytes),
            "GNU as: {} at {:#x}",
            case.text(),
            case.address
        );
    }

    let found = objdump(&assembled.object);
    assert_eq!(
        found.len(),
        cases.len(),
        "objdump finds as many instructions as there are"
    );
    let mut again = vec![];
    for ((address, found_name, found_operands), case) in found.iter().zip(cases) {
        let values: Vec<_> = found_operands
            .iter()
            .zip(&case.operands)
            .map(|(o, operand)| value(o, operand.registers))
            .collect();
        let place = |v: i64| v as u32 as i64;
        let same =
            values
                .iter()
                .zip(&case.values)
                .zip(&case.operands)
                .all(|((v, wanted), operand)| match operand.base {
                    Base::Zero => v == wanted,
                    _ => place(*v) == place(*wanted),
                });
        assert!(
            *address == case.address
                && *found_name == case.instruction.name
                && found_operands.len() == case.values.len()
                && same,
            "objdump: {} at {:#x} is {found_name} {found_operands:?} at {address:#x}",
            case.text(),
            case.address
        );
        let operands = found_operands.iter().zip(&values).zip(&case.operands).map(
            |((shown, value), operand)| match operand.base {
                Base::Zero => shown.clone(),
                _ => format!(". + {}", value - *address as i64),
            },
        );
        again.push((
            *address,
            format!("{found_name} {}", operands.collect::<Vec<_>>().join(", ")),
        ));
    }
    let again = gnu_as(&format!("{name}_again"), &again);
    assert_eq!(again.refused, []);
    for case in cases {
        assert_eq!(
            hex(again.at(case)),
            hex(&case.bytes),
            "after objdump: {}",
            case.text()
        );
    }
}

/// The number that objdump shows: `a3`, `b4:b5:b6:b7`, `-4`, `0xffffff00`, `0x104 (0x0)`.
fn value(shown: &str, registers: Option<char>) -> i64 {
    let first = shown.split([' ', ':']).next().unwrap_or("");
    let number = registers.map_or(Some(first), |r| first.strip_prefix(r));
    let number = number.and_then(|n| match n.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16)
            .ok()
            .map(|v| v as i32 as i64),
        None => n.parse().ok(),
    });
    number.unwrap_or_else(|| panic!("objdump shows `{shown}`"))
}

#[test]
fn every_instruction_goes_round() {
    round_trip("edges", &edges(&model()));
}

#[test]
fn random_instructions_go_round() {
    round_trip("random", &random(&model(), RANDOM, SEED));
}

/// What is outside of an operand's values has no word.
#[test]
fn gnu_as_refuses_what_has_no_word() {
    let model = model();
    let mut bad: Vec<(&str, u32, String)> = vec![];
    for case in edges(&model) {
        // one is enough of each instruction: the one with all first numbers
        if bad
            .last()
            .is_some_and(|(name, ..)| *name == case.instruction.name)
        {
            continue;
        }
        for (i, operand) in case.operands.iter().enumerate() {
            let values: BTreeSet<i64> = (0..operand.values.count())
                .map(|n| operand.values.decode(n))
                .collect();
            let (first, last) = (
                *values.first().expect("it has values"),
                *values.last().expect("it has values"),
            );
            for value in [first - 1, last + 1, first + 1] {
                // a register's name is checked where the name is read; places move with what is between
                if values.contains(&value) || operand.registers.is_some() && value != first + 1 {
                    continue;
                }
                let mut values = case.values.clone();
                values[i] = operand.base.of(case.address) as i64 + operand.addend + value;
                bad.push((
                    &case.instruction.name,
                    case.address,
                    text(
                        &case.instruction.name,
                        &case.operands,
                        &values,
                        case.address,
                    ),
                ));
            }
        }
    }
    assert!(bad.len() > 200, "{} texts", bad.len());
    bad.push(("extui", 0, "extui a2, a3, 31, 2".into()));
    // as far from a multiple of 4 as they were
    let texts: Vec<_> = bad
        .iter()
        .enumerate()
        .map(|(i, (_, address, text))| (i as u32 * 8 + address % 4, text.clone()))
        .collect();
    let refused: BTreeSet<_> = gnu_as("bad", &texts)
        .refused
        .iter()
        .map(|(i, _)| *i)
        .collect();
    let taken: Vec<_> = (0..bad.len())
        .filter(|i| !refused.contains(i))
        .map(|i| &bad[i].2)
        .collect();
    assert!(taken.is_empty(), "GNU as takes {taken:?}");
}

/// How llvm-mc is not of the description's opinion of an instruction, as llvm_mc.txt says it, if it is not; with texts.
fn disagreement(cases: &[(&Case, Option<&String>, &[u8])]) -> Option<(&'static str, Vec<String>)> {
    let refused: Vec<_> = cases
        .iter()
        .filter_map(|(c, message, _)| Some(format!("{}: {}", c.text(), (*message)?)))
        .collect();
    let other =
        |c: &Case, message: Option<&String>, bytes: &[u8]| message.is_none() && bytes != c.bytes;
    let differ: Vec<_> = cases
        .iter()
        .filter(|(c, message, bytes)| other(c, *message, bytes))
        .map(|(c, _, bytes)| {
            format!(
                "{} at {:#x}: {}, not {}",
                c.text(),
                c.address,
                hex(bytes),
                hex(&c.bytes)
            )
        })
        .collect();
    match (refused.len(), differ.len()) {
        (0, 0) => None,
        (0, _)
            if cases
                .iter()
                .all(|(c, m, bytes)| other(c, *m, bytes) == (c.address % 4 != 0)) =>
        {
            Some(("differs-unaligned", differ))
        }
        (0, _) => Some(("differs", differ)),
        (n, _) if n == cases.len() => Some(("unknown", refused)),
        (_, 0) => Some(("refuses", refused)),
        _ => Some(("refuses and differs", [refused, differ].concat())),
    }
}

/// The lines of a list, less comments, in two at `: `.
fn lines(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = list
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|l| {
        l.split_once(": ")
            .unwrap_or_else(|| panic!("`{l}` has no `: `"))
    })
}

/// Instructions of llvm_mc.txt, and what it says of them.
fn listed() -> BTreeMap<&'static str, &'static str> {
    let mut listed = BTreeMap::new();
    for (words, _why) in lines(include_str!("llvm_mc.txt")) {
        let (how, names) = words
            .split_once(' ')
            .expect("llvm_mc.txt: HOW INSTRUCTION...");
        for name in names.split(' ') {
            assert!(
                listed.insert(name, how).is_none(),
                "llvm_mc.txt has {name} twice"
            );
        }
    }
    listed
}

/// What llvm-mc says nothing of has the words that were written down apart.
#[test]
fn words_that_llvm_mc_does_not_know() {
    let (words, texts): (Vec<_>, Vec<_>) = lines(include_str!("words.txt")).unzip();
    let at: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| (i as u32 * 4, text.to_string()))
        .collect();
    let assembled = gnu_as("words", &at);
    assert_eq!(assembled.refused, []);
    for ((address, text), word) in at.iter().zip(&words) {
        let bytes = &assembled.code[*address as usize..][..3];
        assert_eq!(
            format!("{:02x}{:02x}{:02x}", bytes[2], bytes[1], bytes[0]),
            *word,
            "{text}"
        );
    }
    let named: BTreeSet<_> = texts.iter().filter_map(|t| t.split(' ').next()).collect();
    for (name, how) in listed() {
        assert!(
            how != "unknown" || named.contains(name),
            "words.txt has no word of {name}"
        );
    }
}

#[test]
fn llvm_mc_agrees_but_for_what_is_listed() {
    let mut listed = listed();
    let model = model();
    let corpora = [
        ("edges", edges(&model)),
        ("random", random(&model, RANDOM, SEED)),
    ];
    let assembled: Vec<_> = corpora
        .iter()
        .map(|(name, cases)| llvm_mc(&format!("llvm_{name}"), &texts(cases)))
        .collect();
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for ((_, cases), assembled) in corpora.iter().zip(&assembled) {
        let refused: BTreeMap<usize, &String> =
            assembled.refused.iter().map(|(i, m)| (*i, m)).collect();
        for (i, case) in cases.iter().enumerate() {
            by_name.entry(&case.instruction.name).or_default().push((
                case,
                refused.get(&i).copied(),
                assembled.at(case),
            ));
        }
    }
    assert_eq!(
        by_name.len(),
        model.instructions.len(),
        "the corpora have every instruction"
    );

    let (mut wrong, mut agreed) = (vec![], 0);
    for (name, cases) in &by_name {
        match (disagreement(cases), listed.remove(name)) {
            (None, None) => agreed += cases.len(),
            (Some((how, _)), Some(listed)) if how == listed => {}
            (Some((how, texts)), listed) => {
                wrong.push(format!(
                    "{how} {name}, listed as {listed:?}: {} texts, as {:?}",
                    texts.len(),
                    &texts[..texts.len().min(3)]
                ));
            }
            (None, Some(how)) => wrong.push(format!(
                "llvm_mc.txt lists `{how} {name}`, and it agrees: take it out"
            )),
        }
    }
    wrong.extend(
        listed
            .keys()
            .map(|name| format!("llvm_mc.txt lists {name}, which is no instruction of the core")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!(
        "{} instructions, {} texts, {agreed} with the same words",
        by_name.len(),
        by_name.values().map(Vec::len).sum::<usize>()
    );
}
