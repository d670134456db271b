//! What a test on the simulated chip has more than others.

use espsim::chip::Revision;
use espsim::peripherals::rtc_cntl::ResetCause;
use serde::Deserialize;

use crate::device::{Device, RawDevice};
use crate::limit::{Limit, RawLimit, RawSize};
use crate::pattern::{Problem, problem};
use crate::stimulus::{RawStimulus, Stimulus};
use crate::waveform::{RawWaveform, Waveform};

/// The chip, what happens to it, and what else it has to do.
#[derive(Debug, Clone)]
pub struct SimulationSpec {
    /// What happens from outside.
    pub stimuli: Vec<Stimulus>,
    /// What is connected to the chip.
    pub devices: Vec<Device>,
    /// Offsets of flash sectors that are worn out.
    pub worn_sectors: Vec<u32>,
    /// What pins do.
    pub waveforms: Vec<Waveform>,
    /// Resets behind which the run goes on, in this order.
    pub resets: Vec<ResetCause>,
    /// How much memory may be used, looked at in the end.
    pub limits: Vec<Limit>,
    /// The test is done again for each flash write, with a power cut in its middle.
    pub power_cuts: bool,
    /// The chip's revision.
    pub revision: Revision,
    /// The random number generator's seed.
    pub seed: u64,
}

/// The same as a test has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSimulation {
    #[serde(default)]
    stimuli: Vec<RawStimulus>,
    #[serde(default)]
    devices: Vec<RawDevice>,
    #[serde(default)]
    worn_sectors: Vec<RawSize>,
    #[serde(default)]
    waveforms: Vec<RawWaveform>,
    #[serde(default)]
    resets: Vec<String>,
    #[serde(default)]
    limits: Vec<RawLimit>,
    power_cuts: Option<PowerCuts>,
    chip_revision: Option<String>,
    #[serde(default)]
    seed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PowerCuts {
    EachFlashWrite,
}

impl Default for SimulationSpec {
    fn default() -> Self {
        Self {
            stimuli: Vec::new(),
            devices: Vec::new(),
            worn_sectors: Vec::new(),
            waveforms: Vec::new(),
            resets: Vec::new(),
            limits: Vec::new(),
            power_cuts: false,
            revision: espsim::chip::Chip::default().revision,
            seed: 0,
        }
    }
}

impl SimulationSpec {
    /// Whether it asks for anything that can fail.
    pub fn checks(&self) -> bool {
        !self.waveforms.is_empty() || !self.resets.is_empty()
    }
}

impl RawSimulation {
    pub(crate) fn check(self) -> Result<SimulationSpec, Problem> {
        let stimuli = (0..).zip(self.stimuli);
        let stimuli = stimuli
            .map(|(index, raw): (usize, _)| raw.check(&format!("stimuli[{index}]")))
            .collect::<Result<_, _>>()?;
        let devices = (0..).zip(self.devices);
        let devices = devices
            .map(|(index, raw): (usize, _)| raw.check(&format!("devices[{index}]")))
            .collect::<Result<_, _>>()?;
        let worn_sectors = self.worn_sectors.into_iter();
        let worn_sectors = worn_sectors
            .map(|offset| offset.check("worn_sectors"))
            .collect::<Result<_, _>>()?;
        let waveforms = (0..).zip(self.waveforms);
        let waveforms = waveforms
            .map(|(index, raw): (usize, _)| raw.check(&format!("waveforms[{index}]")))
            .collect::<Result<_, _>>()?;
        let limits = (0..).zip(self.limits);
        let limits = limits
            .map(|(index, raw): (usize, _)| raw.check(&format!("limits[{index}]")))
            .collect::<Result<_, _>>()?;
        let resets = self.resets.iter().map(|name| reset_cause(name));
        let default = SimulationSpec::default();
        let revision = match &self.chip_revision {
            None => default.revision,
            Some(text) => {
                let number = text.strip_prefix('v').unwrap_or(text);
                number
                    .parse()
                    .map_err(|error: espsim::Error| problem("chip_revision", error.to_string()))?
            }
        };
        Ok(SimulationSpec {
            stimuli,
            devices,
            worn_sectors,
            waveforms,
            resets: resets.collect::<Result<_, _>>()?,
            limits,
            power_cuts: self.power_cuts.is_some(),
            revision,
            seed: self.seed,
        })
    }
}

fn reset_cause(name: &str) -> Result<ResetCause, Problem> {
    let found = ResetCause::ALL
        .into_iter()
        .find(|cause| cause.name() == name);
    found.ok_or_else(|| {
        let names = ResetCause::ALL.map(ResetCause::name).join(", ");
        problem(
            "resets",
            format!("has \"{name}\", which is none of {names}"),
        )
    })
}
