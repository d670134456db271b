//! When the LED blinks, and when the application speaks.

use core::time::Duration;

/// How long the LED stays on, and how long it stays off.
const HALF_PERIOD: Duration = Duration::from_millis(500);
/// Steps from one greeting to the next: 2 seconds.
const STEPS_PER_GREETING: u64 = 4;
/// Steps from one heartbeat to the next: 10 seconds.
const STEPS_PER_HEARTBEAT: u64 = 20;

/// What happens at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, after the start.
    pub at: Duration,
    /// Whether the LED is on from then.
    pub led_on: bool,
    /// Whether the greeting is printed.
    pub greets: bool,
    /// Whether a heartbeat is sent.
    pub sends_heartbeat: bool,
}

/// All steps, in the order of time. They do not end for the next 292 million years.
pub fn steps() -> impl Iterator<Item = Step> {
    (0u64..).map(|n| Step {
        at: Duration::from_millis(HALF_PERIOD.as_millis() as u64 * n),
        led_on: n % 2 == 0,
        greets: n % STEPS_PER_GREETING == 0,
        sends_heartbeat: n % STEPS_PER_HEARTBEAT == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_with_everything() {
        assert_eq!(
            steps().next(),
            Some(Step {
                at: Duration::ZERO,
                led_on: true,
                greets: true,
                sends_heartbeat: true,
            })
        );
    }

    #[test]
    fn blinks_once_a_second() {
        let on: Vec<_> = steps()
            .filter(|step| step.led_on)
            .map(|step| step.at.as_secs_f32())
            .take(3)
            .collect();
        let off: Vec<_> = steps()
            .filter(|step| !step.led_on)
            .map(|step| step.at.as_secs_f32())
            .take(3)
            .collect();
        assert_eq!(on, [0.0, 1.0, 2.0]);
        assert_eq!(off, [0.5, 1.5, 2.5]);
    }

    #[test]
    fn greets_every_two_seconds() {
        let greetings: Vec<_> = steps()
            .filter(|step| step.greets)
            .map(|step| step.at.as_millis())
            .take(4)
            .collect();
        assert_eq!(greetings, [0, 2000, 4000, 6000]);
    }

    #[test]
    fn sends_a_heartbeat_every_ten_seconds() {
        let heartbeats: Vec<_> = steps()
            .filter(|step| step.sends_heartbeat)
            .map(|step| step.at.as_secs())
            .take(3)
            .collect();
        assert_eq!(heartbeats, [0, 10, 20]);
    }

    #[test]
    fn goes_on_after_49_days() {
        let days_50 = Duration::from_secs(50 * 24 * 3600);
        let step = steps()
            .nth(50 * 24 * 3600 * 2)
            .expect("there is always one more");
        assert_eq!(step.at, days_50);
    }
}
