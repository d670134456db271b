//! The same test with a power cut in the middle of each flash write in turn.

use std::io::Write;

use crate::error::{Error, FailedTest, Failure};

/// What a run with a power cut was: what the flash did, and how the test failed.
type Outcome = (Option<String>, Option<Box<FailedTest>>);

/// Calls `run` with the number of each of `writes`, and says which power cuts were not survived.
pub(crate) fn power_cuts(
    writes: u64,
    output: &mut dyn Write,
    mut run: impl FnMut(u64, &mut dyn Write) -> Result<Outcome, Error>,
) -> Result<(), Error> {
    if writes == 0 {
        return Err(failed(Failure::NoFlashWrites));
    }
    let mut failures = Vec::new();
    let mut first = None;
    for write in 0..writes {
        let (place, failure) = run(write, &mut std::io::sink())?;
        let place = place.unwrap_or_else(|| "not reached".into());
        let place = format!("flash write {} of {writes}, {place}", write + 1);
        let verdict = if failure.is_some() {
            "FAILED"
        } else {
            "came up again"
        };
        let line = format!("power cut at {place}: {verdict}\n");
        output
            .write_all(line.as_bytes())
            .map_err(|source| Error::Io {
                what: "pass the console on",
                source,
            })?;
        if let Some(failure) = failure {
            failures.push(place);
            first.get_or_insert(failure);
        }
    }
    match first {
        None => Ok(()),
        Some(first) => Err(failed(Failure::PowerCuts {
            failed: failures.len(),
            all: writes,
            places: failures,
            first,
        })),
    }
}

fn failed(failure: Failure) -> Error {
    Error::Failed(Box::new(FailedTest {
        failure,
        missing: Vec::new(),
        console: Vec::new(),
        functions: Vec::new(),
        report: String::new(),
    }))
}
