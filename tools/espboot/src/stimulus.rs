//! What happens to a simulated chip from outside: a scenario of steps, one after the other.

use std::time::Duration;

use serde::Deserialize;

use crate::pattern::{Pattern, Problem, RawPattern, problem};

/// The highest GPIO of the ESP32.
pub(crate) const LAST_PIN: u8 = 39;

/// A step of the scenario. It waits for all that it names, and then acts.
#[derive(Debug, Clone)]
pub struct Stimulus {
    /// A line, of any UART, that comes after the step before was done.
    pub after: Option<Pattern>,
    /// The chip's time, since the start of the test.
    pub at: Duration,
    /// Time since the line, or since the step before.
    pub delay: Duration,
    /// What is done.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Drives a pin from outside.
    Pin {
        /// The GPIO.
        pin: u8,
        /// Its level; `None` lets it float.
        level: Option<bool>,
    },
    /// Sets the voltage at a pin, for the ADCs.
    Millivolts {
        /// The GPIO.
        pin: u8,
        /// The voltage.
        millivolts: u16,
    },
    /// Sends bytes to a UART.
    Send {
        /// Its number.
        uart: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Pulls EN low for a moment.
    Reset,
    /// Lets the supply sag for a moment: what the brown-out detector sees.
    BrownOut,
    /// Takes the power away and gives it back; a flash operation that is under way is cut in half.
    PowerCut,
}

/// A step as a test has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStimulus {
    after: Option<RawPattern>,
    at_ms: Option<f64>,
    delay_ms: Option<f64>,
    gpio: Option<u8>,
    level: Option<RawLevel>,
    millivolts: Option<u16>,
    uart: Option<usize>,
    send: Option<String>,
    #[serde(default)]
    reset: bool,
    #[serde(default)]
    brown_out: bool,
    #[serde(default)]
    power_cut: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawLevel {
    Number(u8),
    Word(String),
}

/// Milliseconds of a field.
pub(crate) fn milliseconds(field: &str, value: f64) -> Result<Duration, Problem> {
    Duration::try_from_secs_f64(value / 1000.0)
        .map_err(|_| problem(field, format!("{value} is not a time in milliseconds")))
}

/// The pin of a field.
pub(crate) fn pin(field: &str, pin: u8) -> Result<u8, Problem> {
    if pin > LAST_PIN {
        return Err(problem(
            field,
            format!("{pin} is none of GPIO 0 to {LAST_PIN}"),
        ));
    }
    Ok(pin)
}

impl RawStimulus {
    fn action(&self, field: &str) -> Result<Action, Problem> {
        let number = || {
            let field = format!("{field}.gpio");
            let number = self.gpio.ok_or_else(|| problem(&field, "is missing"))?;
            pin(&field, number)
        };
        let mut actions = Vec::new();
        if let Some(level) = &self.level {
            actions.push(Action::Pin {
                pin: number()?,
                level: level.check(&format!("{field}.level"))?,
            });
        }
        if let Some(millivolts) = self.millivolts {
            actions.push(Action::Millivolts {
                pin: number()?,
                millivolts,
            });
        }
        if let Some(text) = &self.send {
            let uart = self.uart.unwrap_or(0);
            if uart > 2 {
                let text = format!("{uart} is none of UART 0 to 2");
                return Err(problem(format!("{field}.uart"), text));
            }
            actions.push(Action::Send {
                uart,
                bytes: text.clone().into_bytes(),
            });
        }
        let bare = [
            (self.reset, Action::Reset),
            (self.brown_out, Action::BrownOut),
            (self.power_cut, Action::PowerCut),
        ];
        actions.extend(bare.into_iter().filter(|one| one.0).map(|one| one.1));
        let has_pin = self.level.is_some() || self.millivolts.is_some();
        let is_whole =
            self.gpio.is_some() == has_pin && (self.uart.is_none() || self.send.is_some());
        match actions.pop() {
            Some(action) if actions.is_empty() && is_whole => Ok(action),
            _ => Err(problem(
                field,
                "needs exactly one of \"gpio\" with \"level\" or \"millivolts\", \"send\", \"reset\", \"brown_out\" and \"power_cut\"",
            )),
        }
    }

    pub(crate) fn check(self, field: &str) -> Result<Stimulus, Problem> {
        let time = |name: &str, value: Option<f64>| {
            milliseconds(&format!("{field}.{name}"), value.unwrap_or(0.0))
        };
        let (at, delay) = (time("at_ms", self.at_ms)?, time("delay_ms", self.delay_ms)?);
        let action = self.action(field)?;
        let after = self
            .after
            .map(|after| after.check(&format!("{field}.after")))
            .transpose()?;
        Ok(Stimulus {
            after,
            at,
            delay,
            action,
        })
    }
}

impl RawLevel {
    fn check(&self, field: &str) -> Result<Option<bool>, Problem> {
        match self {
            Self::Number(0) => Ok(Some(false)),
            Self::Number(1) => Ok(Some(true)),
            Self::Word(word) if word == "float" => Ok(None),
            Self::Number(number) => Err(problem(
                field,
                format!("is {number}: a level is 0, 1 or \"float\""),
            )),
            Self::Word(word) => Err(problem(
                field,
                format!("is \"{word}\": a level is 0, 1 or \"float\""),
            )),
        }
    }
}

/// How far the scenario has come.
#[derive(Debug)]
pub(crate) struct Scenario<'s> {
    steps: &'s [Stimulus],
    next: usize,
    /// From when the next step's delay counts; `None` while it waits for its line.
    from: Option<Duration>,
}

impl<'s> Scenario<'s> {
    /// Nothing was done, at `now`.
    pub(crate) fn new(steps: &'s [Stimulus], now: Duration) -> Self {
        let mut scenario = Self {
            steps,
            next: 0,
            from: None,
        };
        scenario.wait(now);
        scenario
    }

    fn wait(&mut self, now: Duration) {
        let waits = self
            .steps
            .get(self.next)
            .is_some_and(|step| step.after.is_some());
        self.from = (!waits).then_some(now);
    }

    /// A line came.
    pub(crate) fn line(&mut self, line: &str, now: Duration) {
        if let Some(step) = self.steps.get(self.next)
            && self.from.is_none()
            && let Some(after) = &step.after
            && after.is_match(line)
        {
            self.from = Some(now);
        }
    }

    /// When the next step acts, if that is known; `start` is when the chip was started.
    pub(crate) fn due(&self, start: Duration) -> Option<Duration> {
        let step = self.steps.get(self.next)?;
        Some((self.from? + step.delay).max(start + step.at))
    }

    /// The next step, if it is due `now`, as done.
    pub(crate) fn take(&mut self, start: Duration, now: Duration) -> Option<&'s Action> {
        self.due(start).filter(|&due| due <= now)?;
        let step = &self.steps[self.next];
        self.next += 1;
        self.wait(now);
        Some(&step.action)
    }

    /// What was not done.
    pub(crate) fn missing(&self) -> Vec<String> {
        (self.next..self.steps.len())
            .map(|index| {
                let why = match &self.steps[index].after {
                    Some(after) => format!("waits for {after}"),
                    None => "was not due".to_owned(),
                };
                format!("stimuli[{index}]: {why}")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn steps(json: &str) -> Result<Vec<Stimulus>, Problem> {
        let raw: Vec<RawStimulus> = serde_json::from_str(json).unwrap();
        raw.into_iter().map(|raw| raw.check("stimuli[0]")).collect()
    }

    #[test]
    fn steps_are_done_one_after_the_other() {
        let steps = steps(
            r#"[{"at_ms": 100, "gpio": 0, "level": 0},
                {"after": {"contains": "go"}, "delay_ms": 5, "send": "x", "uart": 1},
                {"delay_ms": 1, "gpio": 0, "level": "float"},
                {"after": {"contains": "go"}, "power_cut": true},
                {"gpio": 34, "millivolts": 1650},
                {"brown_out": true}]"#,
        )
        .unwrap();
        let mut scenario = Scenario::new(&steps, ms(0));
        scenario.line("go", ms(1));
        assert_eq!(scenario.due(ms(0)), Some(ms(100)));
        assert_eq!(scenario.take(ms(0), ms(99)), None);
        let pin = Action::Pin {
            pin: 0,
            level: Some(false),
        };
        assert_eq!(scenario.take(ms(0), ms(100)), Some(&pin));
        // The line that came before does not count.
        assert_eq!(scenario.due(ms(0)), None);
        scenario.line("come", ms(110));
        scenario.line("go on", ms(120));
        assert_eq!(scenario.due(ms(0)), Some(ms(125)));
        let send = Action::Send {
            uart: 1,
            bytes: b"x".to_vec(),
        };
        assert_eq!(scenario.take(ms(0), ms(125)), Some(&send));
        assert_eq!(scenario.due(ms(0)), Some(ms(126)));
        assert!(scenario.take(ms(0), ms(126)).is_some());
        assert_eq!(
            scenario.missing(),
            [
                "stimuli[3]: waits for \"go\"",
                "stimuli[4]: was not due",
                "stimuli[5]: was not due"
            ]
        );
        scenario.line("go", ms(130));
        assert_eq!(scenario.take(ms(0), ms(130)), Some(&Action::PowerCut));
        let half = Action::Millivolts {
            pin: 34,
            millivolts: 1650,
        };
        assert_eq!(scenario.take(ms(0), ms(130)), Some(&half));
        assert_eq!(scenario.take(ms(0), ms(130)), Some(&Action::BrownOut));
        assert!(scenario.missing().is_empty());
    }

    #[test]
    fn a_step_does_one_thing() {
        for (wrong, field, words) in [
            (r#"{"at_ms": 1}"#, "stimuli[0]", "exactly one"),
            (r#"{"gpio": 0}"#, "stimuli[0]", "exactly one"),
            (
                r#"{"gpio": 0, "level": 1, "reset": true}"#,
                "stimuli[0]",
                "exactly one",
            ),
            (
                r#"{"gpio": 40, "level": 1}"#,
                "stimuli[0].gpio",
                "40 is none",
            ),
            (
                r#"{"gpio": 0, "level": 2}"#,
                "stimuli[0].level",
                "0, 1 or \"float\"",
            ),
            (
                r#"{"gpio": 0, "level": "up"}"#,
                "stimuli[0].level",
                "\"up\"",
            ),
            (r#"{"level": 0}"#, "stimuli[0].gpio", "is missing"),
            (r#"{"uart": 1, "reset": true}"#, "stimuli[0]", "exactly one"),
            (
                r#"{"send": "x", "uart": 3}"#,
                "stimuli[0].uart",
                "UART 0 to 2",
            ),
            (
                r#"{"at_ms": -1, "reset": true}"#,
                "stimuli[0].at_ms",
                "not a time",
            ),
            (
                r#"{"after": {"regex": "("}, "reset": true}"#,
                "stimuli[0].after",
                "(",
            ),
        ] {
            let (at, text) = steps(&format!("[{wrong}]")).unwrap_err();
            assert!(
                at.starts_with(field) && text.contains(words),
                "{at} {text}, for {wrong}"
            );
        }
    }
}
