//! Samples of call stacks as folded stacks, `core;caller;function samples`, which flame graphs are made of.

use std::collections::BTreeMap;
use std::fmt::Write;

use espsim::observe::profile::Stack;
use espsym::Program;

/// A line for each stack of functions; those that differ in addresses alone are one.
pub(super) fn folded(samples: &BTreeMap<Stack, u64>, program: Option<&Program>) -> String {
    let mut folded: BTreeMap<String, u64> = BTreeMap::new();
    for (stack, samples) in samples {
        *folded.entry(line(stack, program)).or_default() += samples;
    }
    folded
        .iter()
        .fold(String::new(), |mut text, (line, count)| {
            writeln!(text, "{line} {count}").expect("a String takes all");
            text
        })
}

fn line(stack: &Stack, program: Option<&Program>) -> String {
    let mut functions = vec![format!("core {}", stack.core)];
    if !stack.program {
        functions.push("bootloader".to_owned());
    }
    let program = program.filter(|_| stack.program);
    for &address in stack.addresses.iter().rev() {
        functions.extend(super::failure::functions(program, address));
    }
    if stack.waits {
        functions.push("(waits for an interrupt)".to_owned());
    }
    // What separates functions is in types of arrays, too.
    let functions = functions.iter().map(|name| name.replace(';', ","));
    functions.collect::<Vec<_>>().join(";")
}
