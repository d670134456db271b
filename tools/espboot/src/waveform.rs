//! What a pin of the simulated chip must do: edges with their times.

use std::time::Duration;

use serde::Deserialize;

use crate::error::Failure;
use crate::pattern::{Pattern, Problem, RawPattern, problem};
use crate::stimulus::{milliseconds, pin};

/// The edges of a pin.
#[derive(Debug, Clone)]
pub struct Waveform {
    /// The GPIO.
    pub pin: u8,
    /// The line behind which the first edge is looked for; `None`: from the chip's start.
    pub after: Option<Pattern>,
    /// The edges, in this order and no others between.
    pub edges: Vec<ExpectedEdge>,
    /// How often they come.
    pub times: usize,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedEdge {
    /// The level behind it.
    pub level: bool,
    /// Least and greatest time since the edge before it, both allowed; for the first one, since the line or the chip's start.
    pub within: Option<(Duration, Duration)>,
}

/// A waveform as a test has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWaveform {
    gpio: u8,
    after: Option<RawPattern>,
    edges: Vec<RawEdge>,
    times: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdge {
    level: u8,
    ms: Option<(f64, f64)>,
}

impl RawWaveform {
    pub(crate) fn check(self, field: &str) -> Result<Waveform, Problem> {
        let after = self
            .after
            .map(|after| after.check(&format!("{field}.after")))
            .transpose()?;
        let edges = self.edges.iter().enumerate();
        let edges = edges
            .map(|(index, edge)| edge.check(&format!("{field}.edges[{index}]")))
            .collect::<Result<Vec<_>, _>>()?;
        let times = self.times.unwrap_or(1);
        if edges.is_empty() || times == 0 {
            return Err(problem(
                format!("{field}.edges"),
                "has none: the test could not fail",
            ));
        }
        let around = if times > 1 { edges.last() } else { None };
        let before = around.into_iter().chain(&edges);
        if before
            .zip(if times > 1 { &edges } else { &edges[1..] })
            .any(|(one, next)| one.level == next.level)
        {
            return Err(problem(
                format!("{field}.edges"),
                "has two in a row with the same level",
            ));
        }
        Ok(Waveform {
            pin: pin(&format!("{field}.gpio"), self.gpio)?,
            after,
            edges,
            times,
        })
    }
}

impl RawEdge {
    fn check(&self, field: &str) -> Result<ExpectedEdge, Problem> {
        if self.level > 1 {
            return Err(problem(
                format!("{field}.level"),
                format!("is {}: a level is 0 or 1", self.level),
            ));
        }
        let within = match self.ms {
            None => None,
            Some((least, most)) if least <= most => Some((
                milliseconds(&format!("{field}.ms"), least)?,
                milliseconds(&format!("{field}.ms"), most)?,
            )),
            Some((least, most)) => {
                return Err(problem(
                    format!("{field}.ms"),
                    format!("{least} is more than {most}"),
                ));
            }
        };
        Ok(ExpectedEdge {
            level: self.level == 1,
            within,
        })
    }
}

/// How far a pin has come.
#[derive(Debug)]
pub(crate) struct WaveformChecker<'s> {
    index: usize,
    waveform: &'s Waveform,
    seen: usize,
    /// The edge before, the line, or the start; `None` while the line is missing.
    last: Option<Duration>,
}

impl<'s> WaveformChecker<'s> {
    /// Nothing was seen. `index` is for messages, `start` the chip's start.
    pub(crate) fn new(index: usize, waveform: &'s Waveform, start: Duration) -> Self {
        Self {
            index,
            waveform,
            seen: 0,
            last: waveform.after.is_none().then_some(start),
        }
    }

    fn all(&self) -> usize {
        self.waveform.edges.len() * self.waveform.times
    }

    /// Whether all edges were there.
    pub(crate) fn is_satisfied(&self) -> bool {
        self.seen == self.all()
    }

    /// A line came.
    pub(crate) fn line(&mut self, line: &str, now: Duration) {
        if let Some(after) = &self.waveform.after
            && self.last.is_none()
            && after.is_match(line)
        {
            self.last = Some(now);
        }
    }

    /// A pin changed.
    pub(crate) fn edge(&mut self, pin: u8, at: Duration, level: bool) -> Result<(), Failure> {
        let Some(last) = self.last.filter(|&last| at >= last) else {
            return Ok(());
        };
        if pin != self.waveform.pin || self.is_satisfied() {
            return Ok(());
        }
        let expected = &self.waveform.edges[self.seen % self.waveform.edges.len()];
        let took = at - last;
        let in_time = expected
            .within
            .is_none_or(|(least, most)| (least..=most).contains(&took));
        if level != expected.level || !in_time {
            return Err(Failure::Waveform {
                what: self.name(),
                found: format!("it {} after {} ms", verb(level), took.as_secs_f64() * 1e3),
                expected: describe(expected),
            });
        }
        self.seen += 1;
        self.last = Some(at);
        Ok(())
    }

    fn name(&self) -> String {
        format!(
            "waveforms[{}], GPIO {}, edge {} of {}",
            self.index,
            self.waveform.pin,
            self.seen + 1,
            self.all()
        )
    }

    /// What is still expected.
    pub(crate) fn missing(&self) -> Option<String> {
        if self.is_satisfied() {
            return None;
        }
        let edge = &self.waveform.edges[self.seen % self.waveform.edges.len()];
        let waits = match (&self.waveform.after, self.last) {
            (Some(after), None) => format!(", waits for {after}"),
            _ => String::new(),
        };
        Some(format!("{}: it {}{waits}", self.name(), describe(edge)))
    }
}

fn verb(level: bool) -> &'static str {
    if level { "rises" } else { "falls" }
}

fn describe(edge: &ExpectedEdge) -> String {
    let verb = verb(edge.level);
    match edge.within {
        None => verb.to_owned(),
        Some((least, most)) => format!(
            "{verb} after {} to {} ms",
            least.as_secs_f64() * 1e3,
            most.as_secs_f64() * 1e3
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Waveform, Problem> {
        serde_json::from_str::<RawWaveform>(json)
            .unwrap()
            .check("waveforms[0]")
    }

    fn run(waveform: &Waveform, edges: &[(u64, bool)]) -> Result<Option<String>, String> {
        let mut checker = WaveformChecker::new(0, waveform, Duration::ZERO);
        for &(ms, level) in edges {
            let at = Duration::from_millis(ms);
            checker
                .edge(5, at, level)
                .map_err(|failure| failure.to_string())?;
        }
        Ok(checker.missing())
    }

    #[test]
    fn edges_come_in_order_and_in_time() {
        let blink = parse(
            r#"{"gpio": 5, "edges": [{"level": 1}, {"level": 0, "ms": [990, 1010]}], "times": 2}"#,
        )
        .unwrap();
        let good = [(7, true), (1007, false), (5000, true), (5990, false)];
        assert_eq!(run(&blink, &good), Ok(None));
        assert_eq!(
            run(&blink, &good[..3]),
            Ok(Some(
                "waveforms[0], GPIO 5, edge 4 of 4: it falls after 990 to 1010 ms".into()
            ))
        );
        assert_eq!(
            run(&blink, &[(7, true), (1207, false)]),
            Err("waveforms[0], GPIO 5, edge 2 of 4: it falls after 1200 ms, expected: falls after 990 to 1010 ms".into())
        );
        assert!(run(&blink, &[(7, false)]).is_err());
    }

    #[test]
    fn edges_before_the_line_do_not_count() {
        let waveform = parse(
            r#"{"gpio": 5, "after": {"contains": "go"}, "edges": [{"level": 0, "ms": [0, 2]}]}"#,
        )
        .unwrap();
        let ms = Duration::from_millis;
        let mut checker = WaveformChecker::new(0, &waveform, ms(0));
        checker.edge(5, ms(1), true).unwrap();
        checker.line("go", ms(10));
        checker.edge(5, ms(9), true).unwrap();
        checker.edge(4, ms(11), true).unwrap();
        assert!(!checker.is_satisfied());
        checker.edge(5, ms(12), false).unwrap();
        assert!(checker.is_satisfied());
        checker.edge(5, ms(13), true).unwrap();
    }

    #[test]
    fn bad_ones_are_refused() {
        for (wrong, words) in [
            (r#"{"gpio": 40, "edges": [{"level": 1}]}"#, "GPIO 0 to 39"),
            (r#"{"gpio": 5, "edges": []}"#, "could not fail"),
            (
                r#"{"gpio": 5, "edges": [{"level": 1}], "times": 0}"#,
                "could not fail",
            ),
            (
                r#"{"gpio": 5, "edges": [{"level": 1}, {"level": 1}]}"#,
                "same level",
            ),
            (
                r#"{"gpio": 5, "edges": [{"level": 1}], "times": 2}"#,
                "same level",
            ),
            (r#"{"gpio": 5, "edges": [{"level": 2}]}"#, "0 or 1"),
            (
                r#"{"gpio": 5, "edges": [{"level": 1, "ms": [2, 1]}]}"#,
                "2 is more than 1",
            ),
            (
                r#"{"gpio": 5, "edges": [{"level": 1, "ms": [-1, 1]}]}"#,
                "not a time",
            ),
        ] {
            let (_, text) = parse(wrong).unwrap_err();
            assert!(text.contains(words), "{text}, for {wrong}");
        }
    }
}
