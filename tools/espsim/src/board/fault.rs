//! Faults on the line and in the device: seeded, so that a run can be repeated.

use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;
use crate::machine::BootMode;

/// The text form of faults, for `--help`.
pub const HELP: &str = "\
FAULTS (--fault, as often as wanted); `in` is from the host to the device, `out` from the device to the host:
  lose-in@N  lose-out@N            byte N is lost (counted from 0, since the start)
  double-in@N  double-out@N        byte N arrives twice
  flip-in@N  flip-out@N            one bit of byte N is flipped
  garbage-in@N:LEN  garbage-out@N:LEN   LEN random bytes come before byte N
  lose-in:RATE ... garbage-out:RATE     the same for every byte with probability RATE, as in lose-out:0.001; garbage of 1 to 32 bytes
  silence@N[:TIME]                 from the host's byte N on the device neither hears nor speaks, for TIME (10s, 500ms) of real
                                   time or until it is reset
  reset@N  reset@N:download        at the host's byte N the chip is reset, to run the application or into the loader
  disconnect@N[:TIME]              at the host's byte N the port goes away, and comes back after TIME (without it: 200ms)
  wrong-md5                        MD5 answers are off by a bit
  refuse-baud:BAUD                 CHANGE_BAUDRATE to BAUD is answered with an error
  max-baud:BAUD                    the line does not hold above BAUD: every 50th byte has a flipped bit";

/// What may happen to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It does not arrive.
    Lose,
    /// It arrives twice.
    Double,
    /// One bit arrives flipped.
    Flip,
    /// Random bytes come before it.
    Garbage,
}

/// The two wires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the device.
    In,
    /// From the device to the host.
    Out,
}

/// Something that goes wrong. [`HELP`] has the text form.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Damage of one byte.
    At {
        /// What happens.
        damage: Damage,
        /// On which wire.
        direction: Direction,
        /// The byte's number, from 0.
        byte: u64,
        /// Bytes of garbage.
        len: usize,
    },
    /// Damage of any byte.
    Rate {
        /// What happens.
        damage: Damage,
        /// On which wire.
        direction: Direction,
        /// With which probability.
        rate: f64,
    },
    /// The device hangs.
    Silence {
        /// From the host's byte of this number on.
        byte: u64,
        /// For how long; without it until reset.
        time: Option<Duration>,
    },
    /// The chip is reset.
    Reset {
        /// At the host's byte of this number.
        byte: u64,
        /// With IO0 like this.
        mode: BootMode,
    },
    /// The port goes away.
    Disconnect {
        /// At the host's byte of this number.
        byte: u64,
        /// For how long.
        time: Duration,
    },
    /// MD5 answers are wrong.
    WrongMd5,
    /// CHANGE_BAUDRATE to this rate fails.
    RefuseBaud(u32),
    /// Bits flip above this rate.
    MaxBaud(u32),
}

fn time(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s')?, 1000),
    };
    Some(Duration::from_millis(number.parse::<u64>().ok()? * unit))
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| Error::Fault { text: text.into() })
    }
}

fn parse(text: &str) -> Option<Fault> {
    if text == "wrong-md5" {
        return Some(Fault::WrongMd5);
    }
    let split = text.find(['@', ':'])?;
    let (name, at, value) = (
        &text[..split],
        text[split..].starts_with('@'),
        &text[split + 1..],
    );
    let (number, option) = match value.split_once(':') {
        Some((number, option)) => (number, Some(option)),
        None => (value, None),
    };
    let byte = || number.parse::<u64>().ok();
    Some(match (name, at) {
        ("silence", true) => Fault::Silence {
            byte: byte()?,
            time: match option {
                Some(text) => Some(time(text)?),
                None => None,
            },
        },
        ("reset", true) => Fault::Reset {
            byte: byte()?,
            mode: match option {
                None | Some("run") => BootMode::Run,
                Some("download") => BootMode::Download,
                Some(_) => return None,
            },
        },
        ("disconnect", true) => Fault::Disconnect {
            byte: byte()?,
            time: time(option.unwrap_or("200ms"))?,
        },
        ("refuse-baud", false) => Fault::RefuseBaud(value.parse().ok()?),
        ("max-baud", false) => Fault::MaxBaud(value.parse().ok()?),
        _ => {
            let (name, direction) = match name.strip_suffix("-in") {
                Some(name) => (name, Direction::In),
                None => (name.strip_suffix("-out")?, Direction::Out),
            };
            let damage = match name {
                "lose" => Damage::Lose,
                "double" => Damage::Double,
                "flip" => Damage::Flip,
                "garbage" => Damage::Garbage,
                _ => return None,
            };
            if at {
                let len = match (damage, option) {
                    (Damage::Garbage, Some(len)) => len.parse().ok()?,
                    (Damage::Garbage, None) | (_, Some(_)) => return None,
                    (_, None) => 0,
                };
                Fault::At {
                    damage,
                    direction,
                    byte: byte()?,
                    len,
                }
            } else {
                let rate: f64 = value.parse().ok()?;
                if !(0.0..=1.0).contains(&rate) {
                    return None;
                }
                Fault::Rate {
                    damage,
                    direction,
                    rate,
                }
            }
        }
    })
}

/// SplitMix64: small, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A sequence that depends on `seed` only.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// True with probability `rate`.
    pub fn happens(&mut self, rate: f64) -> bool {
        ((self.number() >> 11) as f64) < rate * (1u64 << 53) as f64
    }
}

/// The faults of one wire.
#[derive(Debug)]
pub struct Wire {
    at: Vec<(u64, Damage, usize)>,
    rates: Vec<(Damage, f64)>,
    max_baud: Option<u32>,
    random: Random,
    /// Bytes that were put on the wire.
    pub bytes: u64,
    /// Faults injected.
    pub injected: u64,
}

/// Every how many bytes a bit flips above the highest rate that the line holds.
const FLIP_EVERY: f64 = 1.0 / 50.0;

impl Wire {
    /// The faults of `faults` that are on the wire in `direction`.
    pub fn new(faults: &[Fault], direction: Direction, seed: u64) -> Self {
        let mut wire = Self {
            at: Vec::new(),
            rates: Vec::new(),
            max_baud: None,
            random: Random::new(seed ^ if direction == Direction::In { 0 } else { !0 }),
            bytes: 0,
            injected: 0,
        };
        for fault in faults {
            match *fault {
                Fault::At {
                    damage,
                    direction: wanted,
                    byte,
                    len,
                } if wanted == direction => wire.at.push((byte, damage, len)),
                Fault::Rate {
                    damage,
                    direction: wanted,
                    rate,
                } if wanted == direction => wire.rates.push((damage, rate)),
                Fault::MaxBaud(baud) => wire.max_baud = Some(baud),
                _ => {}
            }
        }
        wire
    }

    /// What arrives when `byte` is sent at `baud`.
    pub fn carry(&mut self, byte: u8, baud: u32, arrives: &mut Vec<u8>) {
        let number = self.bytes;
        self.bytes += 1;
        let mut damage = Vec::new();
        for &(at, kind, len) in &self.at {
            if at == number {
                damage.push((kind, len));
            }
        }
        for index in 0..self.rates.len() {
            let (kind, rate) = self.rates[index];
            if self.random.happens(rate) {
                let len = 1 + (self.random.number() % 32) as usize;
                damage.push((kind, len));
            }
        }
        if self.max_baud.is_some_and(|max| baud > max + max / 50) && self.random.happens(FLIP_EVERY)
        {
            damage.push((Damage::Flip, 0));
        }
        let (mut byte, mut copies) = (byte, 1);
        for (kind, len) in damage {
            self.injected += 1;
            match kind {
                Damage::Lose => copies = 0,
                Damage::Double => copies = 2,
                Damage::Flip => byte ^= 1 << (self.random.number() % 8),
                Damage::Garbage => {
                    arrives.extend((0..len).map(|_| self.random.number() as u8));
                }
            }
        }
        arrives.extend(std::iter::repeat_n(byte, copies));
    }
}
