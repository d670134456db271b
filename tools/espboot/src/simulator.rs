//! The simulated ESP32 (`espsim`) as an execution environment.
//!
//! The chip starts at its reset vector: ROM and the image's own second-stage bootloader load the application. Time is the chip's, and a
//! run is the same every time.

use std::thread;
use std::time::{Duration, Instant};

use espsim::bus::Failure;
use espsim::clock::{self, Ticks};
use espsim::flash::Flash;
use espsim::machine::{self, Machine, MachineOptions};
use espsim::peripherals::rtc_cntl::ResetCause;
use espsim::peripherals::unmodelled;

use crate::boot::FlashImage;
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment};
use crate::error::Error;

/// Where the second-stage bootloader's header is in flash, and in it the byte whose upper half says how large the flash chip is.
const FLASH_SIZE: usize = 0x1003;
/// The largest flash chip that a header can name: 16 MB.
const LARGEST: u8 = 4;

/// How fast the chip's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it can be computed.
    Fast,
    /// Not faster than real time.
    Real,
}

/// The simulated ESP32.
#[derive(Debug, Clone, Copy)]
pub struct Simulator {
    /// How fast the chip's time passes.
    pub pace: Pace,
}

impl ExecutionEnvironment for Simulator {
    fn start(&self, image: &FlashImage) -> Result<Box<dyn Execution>, Error> {
        let size = image.flash.get(FLASH_SIZE).map_or(0, |byte| byte >> 4);
        let flash = Flash::with_content(1 << 20 << size.min(LARGEST), &image.flash);
        Ok(Box::new(Simulation {
            machine: Machine::new(&MachineOptions::default(), flash),
            pace: self.pace,
            started: Instant::now(),
            ending: None,
        }))
    }
}

struct Simulation {
    machine: Machine,
    pace: Pace,
    started: Instant,
    ending: Option<Ending>,
}

impl Execution for Simulation {
    fn next_event(&mut self, wait: Duration) -> Result<Event, Error> {
        if let Some(ending) = &self.ending {
            return Ok(Event::Ended(ending.clone()));
        }
        let until: Ticks = self.machine.now() + clock::ticks(wait);
        let event = self.machine.run(until);
        if self.pace == Pace::Real {
            let ahead = clock::duration(self.machine.now()).saturating_sub(self.started.elapsed());
            thread::sleep(ahead);
        }
        let ending = match event {
            machine::Event::Time => return Ok(Event::Quiet),
            machine::Event::Console(bytes) => return Ok(Event::Console(bytes)),
            machine::Event::Reset(ResetCause::Software | ResetCause::SoftwareCpu) => Ending::Reset,
            machine::Event::Reset(cause) => self.died(format!("{} reset the chip", cause.name())),
            machine::Event::Asleep => {
                self.died("the program waits for an interrupt that never comes".into())
            }
            machine::Event::Failed(failure) => self.died(words(&failure)),
        };
        self.ending = Some(ending.clone());
        Ok(Event::Ended(ending))
    }

    fn stop(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn read_register(&mut self, address: u32) -> Result<u32, Error> {
        self.machine
            .read_word(address)
            .ok_or(Error::NothingThere { address })
    }

    fn elapsed(&self) -> Option<Duration> {
        Some(clock::duration(self.machine.now()))
    }
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::NoRomFunction { address, caller } => format!(
            "the function of the ROM at {address:#010x} is not there, which is called from {caller:#010x}"
        ),
        Failure::Rom { message } => message.clone(),
    }
}

impl Simulation {
    /// The run is over: where the cores are, and what was accessed that is not modelled.
    fn died(&self, status: String) -> Ending {
        let mut diagnostics = Vec::new();
        for core in 0..2 {
            let cpu = self.machine.cpu(core);
            diagnostics.push(format!(
                "core {core}: PC {:#010x}, A0 {:#010x}, A1 {:#010x}, EXCCAUSE {}, EXCVADDR {:#010x}",
                cpu.pc,
                cpu.a(0),
                cpu.a(1),
                cpu.exccause,
                cpu.excvaddr
            ));
        }
        for (address, access) in self.machine.bus().peripherals.unmodelled() {
            diagnostics.push(format!(
                "not modelled: {} {address:#010x}{} at {:#010x}, {} times{}",
                if access.write { "write to" } else { "read of" },
                unmodelled::name(*address)
                    .map(|name| format!(" ({name})"))
                    .unwrap_or_default(),
                access.pc,
                access.times,
                if access.guessed {
                    ", and read before it was written"
                } else {
                    ""
                }
            ));
        }
        Ending::Died {
            status,
            diagnostics: diagnostics.join("\n"),
        }
    }
}
