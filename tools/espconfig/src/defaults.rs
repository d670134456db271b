//! What becomes of an sdkconfig.defaults after options were changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The name of an option and its value, by a line of an sdkconfig. An option that is not set has `n`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (name, value) = match line.strip_prefix("# ") {
        Some(rest) => (rest.strip_suffix(" is not set")?, "n"),
        None => line.split_once('=')?,
    };
    let name = name.trim();
    name.starts_with("CONFIG_").then_some((name, value.trim()))
}

/// The options that texts of sdkconfig files set, by name; later ones win.
#[must_use]
pub fn assignments<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, &'a str> {
    texts
        .into_iter()
        .flat_map(str::lines)
        .filter_map(assignment)
        .collect()
}

/// What is known of a project's options.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The files of defaults that are read before the one that is rewritten, in order.
    pub earlier: &'a [String],
    /// The options that differ from what Kconfig says: what `savedefconfig` writes.
    pub minimal: &'a str,
    /// All options as they are to be, old names included.
    pub all: &'a str,
}

/// One line of a rewritten file.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The option.
    pub name: String,
    /// Its value in the file before; none where the file did not have it.
    pub before: Option<String>,
    /// Its value in the file afterwards; none where the file has it no more.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (None, Some(after)) => write!(f, "+ {}={after}", self.name),
            (Some(before), None) => write!(f, "- {}={before}", self.name),
            (before, after) => write!(
                f,
                "  {}={} (was {})",
                self.name,
                after.as_deref().unwrap_or_default(),
                before.as_deref().unwrap_or_default()
            ),
        }
    }
}

/// Rewrites a file of defaults, so that it says what files before it and Kconfig do not, and no more. Comments and the order of lines stay.
///
/// `said_anyway` are options that it says in any case, as they are in [`Options::all`].
#[must_use]
pub fn rewrite(text: &str, options: Options<'_>, said_anyway: &BTreeSet<String>) -> String {
    let earlier = assignments(options.earlier.iter().map(String::as_str));
    let minimal = assignments([options.minimal]);
    let all = assignments([options.all]);
    let mut wanted: BTreeMap<&str, &str> = minimal
        .iter()
        .filter(|(name, value)| earlier.get(*name) != Some(value))
        .map(|(&name, &value)| (name, value))
        .collect();
    for (&name, &value) in &earlier {
        if let Some(&is) = all.get(name)
            && !minimal.contains_key(name)
            && is != value
        {
            wanted.insert(name, is);
        }
    }
    for name in said_anyway {
        if let Some(&value) = all.get(name.as_str()) {
            wanted.insert(name, value);
        }
    }

    let mut rewritten = String::new();
    for line in text.lines() {
        let kept = match assignment(line) {
            None => line.to_owned(),
            Some((name, value)) => match wanted.remove(name) {
                None => continue,
                Some(is) if is == value => line.to_owned(),
                Some(is) => format!("{name}={is}"),
            },
        };
        rewritten.push_str(&kept);
        rewritten.push('\n');
    }
    for (name, value) in wanted {
        rewritten.push_str(&format!("{name}={value}\n"));
    }
    rewritten
}

/// The options that two files of defaults, or two sdkconfig files, do not say alike, by name.
#[must_use]
pub fn changes(before: &str, after: &str) -> Vec<Change> {
    let (before, after) = (assignments([before]), assignments([after]));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    names
        .into_iter()
        .filter(|name| before.get(name) != after.get(name))
        .map(|name| Change {
            name: name.to_owned(),
            before: before.get(name).map(|&value| value.to_owned()),
            after: after.get(name).map(|&value| value.to_owned()),
        })
        .collect()
}
