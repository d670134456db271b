//! The simulated ESP32 (`espsim`) as an execution environment.
//!
//! The chip starts at its reset vector: ROM and the image's own second-stage bootloader load the application. Time is the chip's, and a
//! run is the same every time.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use espsim::Chip;
use espsim::bus::{Failure, Untouched};
use espsim::clock::{self, Ticks};
use espsim::flash::Flash;
use espsim::machine::{self, BootMode, Machine, MachineOptions};
use espsim::rom::RomImage;

use crate::boot::FlashImage;
use crate::device::Device;
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment, Simulated};
use crate::error::Error;
use crate::limit;
use crate::observe::{self, Observation};
use crate::simulation::SimulationSpec;
use crate::spec::Spec;
use crate::stimulus::Action;

/// Where the second-stage bootloader's header is in flash, and in it the byte whose upper half says how large the flash chip is.
const FLASH_SIZE: usize = 0x1003;
/// The largest flash chip that a header can name: 16 MB.
const LARGEST: u8 = 4;

/// How fast the chip's time passes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it can be computed.
    #[default]
    Fast,
    /// Not faster than real time.
    Real,
}

/// The simulated ESP32.
#[derive(Debug, Clone, Default)]
pub struct Simulator {
    /// How fast the chip's time passes.
    pub pace: Pace,
    /// The chip.
    pub chip: Chip,
    /// The random number generator's seed.
    pub seed: u64,
    /// A real ROM, in the place of the functions that are done natively.
    pub rom: Option<Arc<RomImage>>,
    /// Data memory that the application finds untouched.
    pub untouched: Vec<Range<u32>>,
    /// What is connected to it.
    pub devices: Vec<Device>,
    /// Offsets of flash sectors that are worn out.
    pub worn_sectors: Vec<u32>,
    /// What is written down of its runs.
    pub observation: Option<Rc<Observation>>,
}

impl Simulator {
    /// The default chip, with the ROM of the ELF file `rom` if it is given.
    pub fn with_rom(rom: Option<&Path>, pace: Pace) -> Result<Self, Error> {
        let rom = rom.map(RomImage::read).transpose()?;
        Ok(Self {
            pace,
            rom: rom.map(Arc::new),
            ..Self::default()
        })
    }

    /// The chip that a test wants, as fast as it can be computed.
    pub fn of(spec: &Spec, simulation: &SimulationSpec) -> Result<Self, Error> {
        let untouched = match &spec.elf {
            Some(elf) if !simulation.limits.is_empty() => limit::regions(&simulation.limits, elf)?,
            _ => Vec::new(),
        };
        let chip = Chip {
            revision: simulation.revision,
            ..Chip::default()
        };
        Ok(Self {
            pace: Pace::Fast,
            chip,
            seed: simulation.seed,
            rom: None,
            untouched,
            devices: simulation.devices.clone(),
            worn_sectors: simulation.worn_sectors.clone(),
            observation: None,
        })
    }
}

impl Simulator {
    /// The chip with the image in its flash, in front of its first instruction.
    pub fn machine(&self, image: &FlashImage) -> Machine {
        let size = image.flash.get(FLASH_SIZE).map_or(0, |byte| byte >> 4);
        let flash = Flash::with_content(1 << 20 << size.min(LARGEST), &image.flash);
        let options = MachineOptions {
            chip: self.chip.clone(),
            seed: self.seed,
            rom: self.rom.clone(),
            untouched: (!self.untouched.is_empty()).then(|| Untouched {
                entry: image.boot.entry,
                regions: self.untouched.clone(),
            }),
            ..MachineOptions::default()
        };
        let mut machine = Machine::new(&options, flash);
        for device in &self.devices {
            device.attach(&mut machine);
        }
        for &offset in &self.worn_sectors {
            machine.flash_mut().wear_out(offset);
        }
        if let Some(observation) = &self.observation {
            observation.attach(&mut machine);
        }
        machine
    }
}

impl ExecutionEnvironment for Simulator {
    fn start(&self, image: &FlashImage) -> Result<Box<dyn Execution>, Error> {
        Ok(Box::new(Simulation {
            machine: self.machine(image),
            observation: self.observation.clone(),
            pace: self.pace,
            started: Instant::now(),
            powered_on: Duration::ZERO,
            gpio_0: None,
            events: VecDeque::new(),
            ending: None,
        }))
    }
}

struct Simulation {
    machine: Machine,
    observation: Option<Rc<Observation>>,
    pace: Pace,
    started: Instant,
    /// When power came last; the machine's clock starts there.
    powered_on: Duration,
    /// What the world outside does to GPIO 0, which chooses how the chip boots.
    gpio_0: Option<bool>,
    /// What happened and was not told yet.
    events: VecDeque<Event>,
    ending: Option<Ending>,
}

impl Execution for Simulation {
    fn next_event(&mut self, wait: Duration) -> Result<Event, Error> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        if let Some(ending) = &self.ending {
            return Ok(Event::Ended(ending.clone()));
        }
        let until: Ticks = self.machine.now() + clock::ticks(wait);
        let event = self.machine.run(until);
        for edge in self.machine.take_edges() {
            if let Some(observation) = &self.observation {
                let at = clock::ticks(self.powered_on) + edge.at;
                observation.edge(edge.pin.into(), at, edge.level);
            }
            self.events.push_back(Event::Edge {
                pin: edge.pin,
                at: self.powered_on + clock::duration(edge.at),
                level: edge.level,
            });
        }
        if self.pace == Pace::Real {
            let ahead = self.now().saturating_sub(self.started.elapsed());
            thread::sleep(ahead);
        }
        let event = match event {
            machine::Event::Time => Event::Quiet,
            machine::Event::Sent { uart: 0, bytes } => Event::Console(bytes),
            machine::Event::Sent { uart, bytes } => Event::Sent { uart, bytes },
            machine::Event::Reset(cause) => Event::Reset(cause),
            machine::Event::PowerLost => Event::PowerLost,
            machine::Event::Asleep => {
                self.died("the program waits for an interrupt that never comes".into())
            }
            machine::Event::Failed(failure) => self.died(words(&failure)),
            machine::Event::Stopped(_) => Event::Quiet,
        };
        self.events.push_back(event);
        Ok(self.events.pop_front().unwrap_or(Event::Quiet))
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
        Some(self.now())
    }

    fn simulated(&mut self) -> Option<&mut dyn Simulated> {
        Some(self)
    }
}

impl Simulated for Simulation {
    fn act(&mut self, action: &Action) {
        match action {
            Action::Pin { pin, level } => {
                if *pin == 0 {
                    self.gpio_0 = *level;
                }
                self.machine.set_pin(*pin, *level);
            }
            Action::Millivolts { pin, millivolts } => {
                self.machine.set_millivolts(*pin, Some(*millivolts));
            }
            Action::BrownOut => self.machine.brown_out(),
            Action::Send { uart, bytes } => {
                for &byte in bytes {
                    self.machine.receive(*uart, byte);
                }
            }
            Action::Reset => {
                let now = self.machine.now();
                self.machine.reset_by_pin(self.boot_mode(), now);
            }
            Action::PowerCut => {
                self.powered_on = self.now();
                self.machine.power_cycle();
                if self.boot_mode() == BootMode::Download {
                    self.machine.reset_by_pin(BootMode::Download, 0);
                }
            }
        }
    }

    fn watch_pins(&mut self, watch: bool) {
        let observation = self.observation.as_deref();
        let watch = watch || observation.is_some_and(Observation::wants_edges);
        self.machine.watch_pins(watch);
    }

    fn lose_power_at(&mut self, write: u64) {
        self.machine.flash_mut().lose_power_at(write);
    }

    fn flash_writes(&self) -> u64 {
        self.machine.bus().peripherals.flash.writes()
    }

    fn last_flash_write(&self) -> String {
        match self.machine.bus().peripherals.flash.last_write() {
            None => "none".into(),
            Some(write) => format!(
                "{} of {} bytes at {:#x}",
                if write.erases { "erase" } else { "program" },
                write.len_bytes(),
                write.offset
            ),
        }
    }

    fn report(&self) -> String {
        let program = self.observation.as_deref().and_then(Observation::program);
        observe::failure::report(&self.machine, program).join("\n")
    }
}

pub(crate) fn words(failure: &Failure) -> String {
    match failure {
        Failure::NoRomFunction { address, caller } => format!(
            "the function of the ROM at {address:#010x} is not there, which is called from {caller:#010x}"
        ),
        Failure::Rom { message } => message.clone(),
    }
}

impl Simulation {
    /// The time since the chip's first start.
    fn now(&self) -> Duration {
        self.powered_on + clock::duration(self.machine.now())
    }

    /// What GPIO 0 asks for, if the chip is reset.
    fn boot_mode(&self) -> BootMode {
        match self.gpio_0 {
            Some(false) => BootMode::Download,
            _ => BootMode::Run,
        }
    }

    /// The run is over.
    fn died(&mut self, status: String) -> Event {
        let ending = Ending::Died {
            status,
            diagnostics: self.report(),
        };
        self.ending = Some(ending.clone());
        Event::Ended(ending)
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        if let Some(observation) = &self.observation {
            observation.collect(&mut self.machine);
        }
    }
}
