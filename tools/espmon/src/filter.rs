//! Which log lines are shown: the filter of `idf.py monitor`.

use std::collections::HashMap;
use std::str::FromStr;

use crate::log_line::{Level, LogLine};

/// Shows log lines by tag and level: `wifi:W app *:E`.
///
/// Each word is a tag, or `*` for all other tags and for what is no log line, and the least important level that is shown:
/// `N` (none), `E`, `W`, `I`, `D`, `V` or `*` (all, also when there is no level).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    tags: HashMap<String, Option<Level>>,
    others: Option<Level>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            tags: HashMap::new(),
            others: Some(Level::Verbose),
        }
    }
}

impl Filter {
    /// Whether a log line of this level and tag is shown.
    pub fn shows(&self, line: &LogLine<'_>) -> bool {
        let least = self.tags.get(line.tag).unwrap_or(&self.others);
        least.is_some_and(|least| line.level <= least)
    }

    /// Whether the start of a line that is no log line does not tell yet whether the line is shown.
    pub fn is_open(&self, start: &str) -> bool {
        const LONGEST_TAG: usize = 128;
        self.others.is_none() && start.len() <= LONGEST_TAG && !start.contains(':')
    }

    /// Whether a line is shown that is no log line: with a level for `*`, or when it begins with one of the tags, as the lines
    /// of the Wi-Fi library do (`wifi:state: init -> auth`, `I (571) wifi:mode : sta`).
    pub fn shows_other(&self, line: &str) -> bool {
        let named = |tag: &str| matches!(self.tags.get(tag), Some(Some(_)));
        let start = line.split_once(':').map_or("", |(start, _)| start);
        let tag = start.rsplit(' ').next().unwrap_or_default();
        self.others.is_some() || named(start) || named(tag)
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        if text.trim().is_empty() {
            return Ok(filter);
        }
        filter.others = None;
        for word in text.split_whitespace() {
            let (tag, level) = word.split_once(':').unwrap_or((word, "*"));
            if tag.is_empty() {
                return Err(format!("'{word}' has no tag before the colon"));
            }
            let mut letters = level.chars();
            let level = match (letters.next(), letters.next()) {
                (None | Some('*'), None) => Some(Level::Verbose),
                (Some('N' | 'n'), None) => None,
                (Some(letter), None)
                    if Level::from_letter(letter.to_ascii_uppercase()).is_some() =>
                {
                    Level::from_letter(letter.to_ascii_uppercase())
                }
                _ => {
                    return Err(format!(
                        "'{level}' in '{word}' is no level: N, E, W, I, D, V or *"
                    ));
                }
            };
            if tag == "*" {
                filter.others = level;
            } else {
                filter.tags.insert(tag.to_owned(), level);
            }
        }
        Ok(filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(filter: &Filter, line: &str) -> bool {
        filter.shows(&LogLine::parse(line).unwrap())
    }

    #[test]
    fn tags_and_levels() {
        let filter: Filter = "wifi:w app quiet:N *:E".parse().unwrap();
        assert!(shows(&filter, "W (1) wifi: x") && !shows(&filter, "I (1) wifi: x"));
        assert!(shows(&filter, "V (1) app: x"));
        assert!(!shows(&filter, "E (1) quiet: x"));
        assert!(shows(&filter, "E (1) other: x") && !shows(&filter, "W (1) other: x"));
        assert!(filter.shows_other("anything"));
    }

    #[test]
    fn lines_without_a_time_or_a_level_have_tags_too() {
        let filter: Filter = "main_task:W wifi quiet:N".parse().unwrap();
        assert!(shows(&filter, "W main_task: x") && !shows(&filter, "I main_task: x"));
        for line in ["wifi:new:<1,0>", "I (571) wifi:mode : sta"] {
            assert!(filter.shows_other(line), "{line}");
        }
        for line in ["quiet:x", "other:x", "wifi", ""] {
            assert!(!filter.shows_other(line), "{line}");
        }
    }

    #[test]
    fn without_a_star_nothing_else_is_shown() {
        let filter: Filter = "wifi".parse().unwrap();
        assert!(!shows(&filter, "E (1) other: x") && !filter.shows_other("x"));
        assert_eq!(" ".parse(), Ok(Filter::default()));
        assert!(shows(&Filter::default(), "V (1) other: x"));
    }

    #[test]
    fn wrong_words_are_named() {
        for (text, message) in [
            (":E", "':E' has no tag before the colon"),
            ("a:X", "'X' in 'a:X' is no level: N, E, W, I, D, V or *"),
            ("a:EE", "'EE' in 'a:EE' is no level: N, E, W, I, D, V or *"),
        ] {
            assert_eq!(text.parse::<Filter>(), Err(message.to_owned()));
        }
    }
}
