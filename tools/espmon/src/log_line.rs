//! ESP-IDF's log lines: `I (2317) tag: text`, or `I tag: text` where timestamps are off.

/// How important a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `E`
    Error,
    /// `W`
    Warning,
    /// `I`
    Info,
    /// `D`
    Debug,
    /// `V`
    Verbose,
}

impl Level {
    /// The level with this letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'E' => Self::Error,
            'W' => Self::Warning,
            'I' => Self::Info,
            'D' => Self::Debug,
            'V' => Self::Verbose,
            _ => return None,
        })
    }
}

/// A log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// How important it is.
    pub level: Level,
    /// Who wrote it.
    pub tag: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// What a line that may be incomplete is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    /// It could become a log line.
    Open,
    /// A log line, whose text may be incomplete.
    Log(LogLine<'a>),
    /// Something else.
    Other,
}

/// Longest time and longest tag that count as such.
const MAX_LEN: usize = 64;

impl<'a> Start<'a> {
    /// Reads the start of a line.
    pub fn of(line: &'a str) -> Self {
        let mut chars = line.chars();
        let Some(letter) = chars.next() else {
            return Self::Open;
        };
        let Some(level) = Level::from_letter(letter) else {
            return Self::Other;
        };
        let Some(rest) = chars.as_str().strip_prefix(' ') else {
            return open_if(chars.as_str().is_empty());
        };
        let rest = match rest.strip_prefix('(') {
            Some(rest) => match after_time(rest) {
                Ok(rest) => rest,
                Err(start) => return start,
            },
            // Without a time, only what is one word is a tag: prose may begin with the word I.
            None if rest.split(':').take(1).any(|tag| tag.contains(' ')) => return Self::Other,
            None => rest,
        };
        match rest.split_once(':') {
            None => open_if(rest.len() <= MAX_LEN),
            Some((tag, rest)) if !tag.is_empty() && tag.len() <= MAX_LEN => {
                match rest.strip_prefix(' ') {
                    Some(text) => Self::Log(LogLine { level, tag, text }),
                    None => open_if(rest.is_empty()),
                }
            }
            Some(_) => Self::Other,
        }
    }
}

/// What follows a time and its closing parenthesis, or what a line is that has none.
fn after_time(text: &str) -> Result<&str, Start<'_>> {
    let is_time = |text: &str| {
        text.len() <= MAX_LEN
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b":. -".contains(&byte))
    };
    let Some((time, rest)) = text.split_once(')') else {
        return Err(open_if(is_time(text)));
    };
    if time.is_empty() || !is_time(time) {
        return Err(Start::Other);
    }
    rest.strip_prefix(' ')
        .ok_or_else(|| open_if(rest.is_empty()))
}

fn open_if<'a>(condition: bool) -> Start<'a> {
    if condition { Start::Open } else { Start::Other }
}

impl<'a> LogLine<'a> {
    /// Reads a whole line.
    pub fn parse(line: &'a str) -> Option<Self> {
        match Start::of(line) {
            Start::Log(line) => Some(line),
            Start::Open | Start::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "W (10002) heartbeat: late: 3";

    #[test]
    fn a_log_line_has_level_tag_and_text() {
        let expected = LogLine {
            level: Level::Warning,
            tag: "heartbeat",
            text: "late: 3",
        };
        assert_eq!(LogLine::parse(LINE), Some(expected));
        assert_eq!(
            LogLine::parse("D (12:04:01.333) wifi init: ").map(|line| (line.level, line.tag)),
            Some((Level::Debug, "wifi init"))
        );
    }

    #[test]
    fn a_line_is_open_until_its_tag_is_complete() {
        let text = LINE.find("late").unwrap();
        for end in 0..text {
            assert_eq!(Start::of(&LINE[..end]), Start::Open, "{}", &LINE[..end]);
        }
        for end in text..LINE.len() {
            assert!(matches!(Start::of(&LINE[..end]), Start::Log(_)));
        }
    }

    #[test]
    fn a_log_line_may_have_no_time() {
        let line = "I main_task: Started on CPU0";
        let expected = LogLine {
            level: Level::Info,
            tag: "main_task",
            text: "Started on CPU0",
        };
        assert_eq!(LogLine::parse(line), Some(expected));
        let text = line.find("Started").unwrap();
        for end in 0..text {
            assert_eq!(Start::of(&line[..end]), Start::Open, "{}", &line[..end]);
        }
        for line in ["I am here: x", "I am", "E =mc", "I : x", "W wifi:x"] {
            assert_eq!(LogLine::parse(line), None, "{line}");
        }
        assert_eq!(Start::of("I am "), Start::Other);
    }

    #[test]
    fn other_lines_are_known_as_such_early() {
        for line in [
            "e",
            "Ix",
            "I x y",
            "I (a",
            "I ()",
            "I (1)x",
            "I (1) : ",
            "I (1) tag:x",
            "esp> ",
        ] {
            assert_eq!(Start::of(line), Start::Other, "{line}");
        }
        assert_eq!(Start::of(&format!("I ({}", "1".repeat(65))), Start::Other);
        assert_eq!(
            Start::of(&format!("I (1) {}", "t".repeat(65))),
            Start::Other
        );
    }
}
