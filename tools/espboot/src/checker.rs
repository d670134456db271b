//! Compares the console with what is expected, line by line.

use crate::error::Failure;
use crate::pattern::Pattern;
use crate::spec::{Expectation, Rising};

/// How far a console has come.
#[derive(Debug)]
pub struct Checker<'s> {
    /// The expectations of one UART, and which of all they are.
    expect: Vec<(usize, &'s Expectation)>,
    /// Number of expectations of all UARTs.
    all: usize,
    forbid: &'s [Pattern],
    /// Number of expectations that are met.
    met: usize,
    /// How many lines matched the next one.
    seen: u32,
    /// Its rising number in the last of these lines.
    last: Option<u64>,
}

impl<'s> Checker<'s> {
    /// The console of UART `uart`, which has shown nothing yet.
    pub fn new(expect: &'s [Expectation], forbid: &'s [Pattern], uart: usize) -> Self {
        let of_uart = expect.iter().enumerate();
        Self {
            expect: of_uart.filter(|(_, e)| e.uart == uart).collect(),
            all: expect.len(),
            forbid,
            met: 0,
            seen: 0,
            last: None,
        }
    }

    /// Takes the next line. A line counts for one expectation at most.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        if let Some(pattern) = self.forbid.iter().find(|pattern| pattern.is_match(line)) {
            return Err(Failure::Forbidden {
                pattern: pattern.to_string(),
                line: line.to_owned(),
            });
        }
        let next = self.expect.get(self.met).map(|&(_, next)| next);
        let Some(next) = next.filter(|next| next.pattern.is_match(line)) else {
            return Ok(());
        };
        if let Some(rising) = &next.rising {
            self.last = Some(rise(next, rising, self.last, line)?);
        }
        self.seen += 1;
        if self.seen == next.times {
            (self.met, self.seen, self.last) = (self.met + 1, 0, None);
        }
        Ok(())
    }

    /// Whether every expected line was there.
    pub fn is_satisfied(&self) -> bool {
        self.met == self.expect.len()
    }

    /// What is still expected, the next first.
    pub fn missing(&self) -> Vec<String> {
        let all = self.all;
        let missing = self.expect.iter().enumerate().skip(self.met);
        missing
            .map(|(at, (index, expectation))| {
                let seen = if at == self.met && self.seen > 0 {
                    format!(", seen {} of {} times", self.seen, expectation.times)
                } else {
                    String::new()
                };
                format!("expect[{index}] of {all}: {expectation}{seen}")
            })
            .collect()
    }
}

fn rise(
    expectation: &Expectation,
    rising: &Rising,
    last: Option<u64>,
    line: &str,
) -> Result<u64, Failure> {
    let Pattern::Regex(regex) = &expectation.pattern else {
        unreachable!("spec.rs checked it")
    };
    let capture = || rising.capture.clone();
    let text = regex
        .captures(line)
        .and_then(|captures| captures.name(&rising.capture))
        .map_or("", |m| m.as_str());
    let value: u64 = text.parse().map_err(|_| Failure::NotANumber {
        capture: capture(),
        text: text.to_owned(),
        line: line.to_owned(),
    })?;
    let Some(last) = last else { return Ok(value) };
    if value <= last {
        return Err(Failure::NotRising {
            capture: capture(),
            last,
            value,
            line: line.to_owned(),
        });
    }
    match rising.step {
        Some((least, most)) if !(least..=most).contains(&(value - last)) => Err(Failure::Step {
            capture: capture(),
            step: value - last,
            last,
            value,
            least,
            most,
            line: line.to_owned(),
        }),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::Spec;

    fn spec(fields: &str) -> Spec {
        let text = format!(
            r#"{{"image": "i", "emulator": "e", "rom": "r", "timeout_seconds": 1, {fields}}}"#
        );
        Spec::parse(&text, Path::new("test.json")).unwrap()
    }

    fn run(spec: &Spec, console: &str) -> Result<Vec<String>, Failure> {
        let mut checker = Checker::new(&spec.expect, &spec.forbid, 0);
        for line in console.lines() {
            checker.line(line)?;
        }
        assert_eq!(checker.is_satisfied(), checker.missing().is_empty());
        Ok(checker.missing())
    }

    #[test]
    fn lines_are_expected_in_order() {
        let spec = spec(r#""expect": [{"contains": "one"}, {"regex": "^tw.$"}]"#);
        assert!(
            run(&spec, "noise\nthe one\nnoise\ntwo\n")
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            run(&spec, "two\none\n").unwrap(),
            ["expect[1] of 2: /^tw.$/"]
        );
        assert_eq!(
            run(&spec, "").unwrap(),
            ["expect[0] of 2: \"one\"", "expect[1] of 2: /^tw.$/"]
        );
    }

    #[test]
    fn a_line_counts_once() {
        let spec = spec(r#""expect": [{"contains": "a"}, {"contains": "b"}]"#);
        assert_eq!(run(&spec, "ab").unwrap(), ["expect[1] of 2: \"b\""]);
        assert!(run(&spec, "ab\nab").unwrap().is_empty());
    }

    #[test]
    fn times_counts_lines_with_others_between() {
        let spec = spec(r#""expect": [{"contains": "live", "times": 3}]"#);
        assert!(run(&spec, "live\nx\nlive\nlive").unwrap().is_empty());
        let missing = run(&spec, "live\nx\nlive").unwrap();
        assert_eq!(
            missing,
            ["expect[0] of 1: \"live\" 3 times, seen 2 of 3 times"]
        );
    }

    #[test]
    fn a_forbidden_line_fails_even_when_it_is_expected() {
        let spec = spec(r#""expect": [{"contains": "panic"}], "forbid": [{"regex": "(?i)PANIC"}]"#);
        let failure = run(&spec, "ok\na panic").unwrap_err();
        assert!(matches!(failure, Failure::Forbidden { line, .. } if line == "a panic"));
    }

    #[test]
    fn numbers_have_to_rise() {
        let spec =
            spec(r#""expect": [{"regex": "\\((?P<ms>\\d+)\\)", "times": 3, "rising": "ms"}]"#);
        assert!(run(&spec, "(1)\n(20)\n(300)").unwrap().is_empty());
        let failure = run(&spec, "(1)\n(20)\n(20)").unwrap_err();
        assert!(
            matches!(
                failure,
                Failure::NotRising {
                    last: 20,
                    value: 20,
                    ..
                }
            ),
            "{failure}"
        );
    }

    #[test]
    fn steps_have_bounds() {
        let spec = spec(
            r#""expect": [{"regex": "\\((?P<ms>\\w+)\\)", "times": 2, "rising": "ms", "step": [1900, 2100]}]"#,
        );
        assert!(run(&spec, "(100)\n(2000)").unwrap().is_empty());
        assert!(run(&spec, "(100)\n(2200)").unwrap().is_empty());
        assert!(matches!(
            run(&spec, "(100)\n(2201)"),
            Err(Failure::Step { step: 2101, .. })
        ));
        assert!(matches!(
            run(&spec, "(100)\n(1999)"),
            Err(Failure::Step { step: 1899, .. })
        ));
        assert!(matches!(
            run(&spec, "(abc)"),
            Err(Failure::NotANumber { .. })
        ));
    }

    #[test]
    fn each_expectation_starts_its_own_rise() {
        let expectation = r#"{"regex": "(?P<n>\\d+)", "times": 2, "rising": "n"}"#;
        let spec = spec(&format!(r#""expect": [{expectation}, {expectation}]"#));
        assert!(run(&spec, "8\n9\n1\n2").unwrap().is_empty());
    }
}
