//! Options of an ESP-IDF project: which of them a component sees, and how a user changes them.
//!
//! All of a project includes one `sdkconfig.h`. Each component is given its own, with the options that its files mention and those that
//! the headers mention which it includes, so that a change of any other option compiles nothing of it.

use std::collections::{BTreeSet, HashMap};

pub mod defaults;
pub mod menu;

const PREFIX: &[u8] = b"CONFIG_";

/// Names of options: whole ones, and beginnings of names that the preprocessor puts together (`CONFIG_A_ ## n`).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    whole: BTreeSet<String>,
    beginnings: BTreeSet<String>,
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Names {
    /// Adds the options that a text mentions: what begins with `CONFIG_`, wherever it is, comments included.
    pub fn mention(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(found) = find(&text[at..], PREFIX) {
            let start = at + found;
            let end = text[start..]
                .iter()
                .position(|&byte| !is_name(byte))
                .map_or(text.len(), |length| start + length);
            at = end;
            if start > 0 && is_name(text[start - 1]) {
                continue;
            }
            let name = String::from_utf8_lossy(&text[start..end]).into_owned();
            let pasted = text[end..]
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t'))
                .is_some_and(|blanks| text[end + blanks..].starts_with(b"##"));
            if pasted {
                self.beginnings.insert(name);
            } else if name.len() > PREFIX.len() {
                self.whole.insert(name);
            }
        }
    }

    /// Adds the names of a list that [`Self::to_list`] made.
    pub fn add_list(&mut self, list: &str) {
        for line in list.lines() {
            match line.strip_suffix('*') {
                Some(beginning) => self.beginnings.insert(beginning.to_owned()),
                None => self.whole.insert(line.to_owned()),
            };
        }
    }

    /// The names, a line each, sorted. A beginning ends with `*`.
    #[must_use]
    pub fn to_list(&self) -> String {
        let mut list = String::new();
        for beginning in &self.beginnings {
            list.push_str(beginning);
            list.push_str("*\n");
        }
        for name in &self.whole {
            list.push_str(name);
            list.push('\n');
        }
        list
    }

    fn contains(&self, name: &str) -> bool {
        self.whole.contains(name)
            || self
                .beginnings
                .iter()
                .any(|beginning| name.starts_with(beginning.as_str()))
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len())
        .position(|window| window == pattern)
}

/// The name that a line of an sdkconfig.h defines, and what as.
fn definition(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("#define ")?;
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    name.starts_with("CONFIG_").then_some((name, value))
}

/// An `sdkconfig.h` with those options alone that are named, and those that they are defined as: an option's old name is an alias of the
/// new one. All other lines stay.
#[must_use]
pub fn choose(sdkconfig_h: &str, names: &Names) -> String {
    let values: HashMap<&str, &str> = sdkconfig_h.lines().filter_map(definition).collect();
    let mut kept = BTreeSet::new();
    for &name in values.keys() {
        let mut next = name;
        if names.contains(name) {
            while kept.insert(next) {
                match values.get(next) {
                    Some(&value) if values.contains_key(value) => next = value,
                    _ => break,
                }
            }
        }
    }
    sdkconfig_h
        .lines()
        .filter(|line| definition(line).is_none_or(|(name, _)| kept.contains(name)))
        .flat_map(|line| [line, "\n"])
        .collect()
}
