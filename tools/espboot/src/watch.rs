//! A run to look at: the console of a simulated chip, with standard input as what is typed into it.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::environment::{Ending, Event, Execution};
use crate::error::{Error, FailedTest, Failure};
use crate::stimulus::Action;

/// How often input and signals are looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Shows the console until `stop` becomes true. Resets are told on standard error, and the chip goes on behind them.
pub fn watch(
    mut execution: Box<dyn Execution>,
    input: &Receiver<Vec<u8>>,
    output: &mut dyn Write,
    stop: &AtomicBool,
) -> Result<(), Error> {
    while !stop.load(Ordering::Relaxed) {
        if let Some(chip) = execution.simulated() {
            for bytes in input.try_iter() {
                chip.act(&Action::Send { uart: 0, bytes });
            }
        }
        match execution.next_event(POLL_INTERVAL)? {
            Event::Console(bytes) => {
                let written = output.write_all(&bytes).and_then(|()| output.flush());
                written.map_err(|source| Error::Io {
                    what: "show the console",
                    source,
                })?;
            }
            Event::Reset(cause) => eprintln!("--- {} resets the chip", cause.name()),
            Event::Ended(Ending::Died {
                status,
                diagnostics,
            }) => {
                return Err(Error::Failed(Box::new(FailedTest {
                    failure: Failure::Died {
                        status,
                        diagnostics,
                    },
                    missing: Vec::new(),
                    console: Vec::new(),
                    functions: Vec::new(),
                    report: String::new(),
                })));
            }
            Event::Ended(Ending::Reset) => return Ok(()),
            Event::Quiet | Event::Sent { .. } | Event::Edge { .. } | Event::PowerLost => {}
        }
    }
    Ok(())
}

/// What comes in on standard input, read by a thread of its own.
pub fn standard_input() -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(len @ 1..) = io::stdin().read(&mut buffer) {
            if sender.send(buffer[..len].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
