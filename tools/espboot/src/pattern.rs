//! What a line of a console looks like, and what is wrong with a field of a test.

use std::fmt;

use regex::Regex;
use serde::Deserialize;

/// What makes a line match.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// The text is somewhere in the line.
    Contains(String),
    /// The regular expression matches somewhere in the line.
    Regex(Regex),
}

impl Pattern {
    /// Whether the line matches.
    pub fn is_match(&self, line: &str) -> bool {
        match self {
            Self::Contains(text) => line.contains(text),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contains(text) => write!(f, "\"{text}\""),
            Self::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

/// A field, and what is wrong with it.
pub(crate) type Problem = (String, String);

pub(crate) fn problem(field: impl Into<String>, text: impl Into<String>) -> Problem {
    (field.into(), text.into())
}

/// A pattern as a test has it: `{"contains": "text"}` or `{"regex": "..."}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPattern {
    contains: Option<String>,
    regex: Option<String>,
}

impl RawPattern {
    pub(crate) fn check(self, field: &str) -> Result<Pattern, Problem> {
        pattern(field, self.contains, self.regex)
    }
}

pub(crate) fn pattern(
    field: &str,
    contains: Option<String>,
    regex: Option<String>,
) -> Result<Pattern, Problem> {
    match (contains, regex) {
        (Some(text), None) if text.is_empty() => Err(problem(
            format!("{field}.contains"),
            "is empty: every line contains it",
        )),
        (Some(text), None) => Ok(Pattern::Contains(text)),
        (None, Some(regex)) => Regex::new(&regex)
            .map(Pattern::Regex)
            .map_err(|error| problem(format!("{field}.regex"), format!("'{regex}': {error}"))),
        _ => Err(problem(
            field,
            "needs exactly one of \"contains\" and \"regex\"",
        )),
    }
}
