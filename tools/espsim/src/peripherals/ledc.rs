//! LEDC: timers, duties, fades and their interrupts (ESP32 Technical Reference Manual, "LED PWM Controller").
//!
//! What a duty has behind the point is one count more in so many of 16 periods.

use super::registers::Registers;
use super::signals::{self, Outputs, Signal};
use crate::clock::{self, MICROSECOND, RC_FAST_MHZ, Ticks};

/// The high-speed channels, and behind them the low-speed ones.
const CHANNELS: usize = 16;
const CHANNEL_LEN: u32 = 0x14;
const CONF0: u32 = 0x00;
const HPOINT: u32 = 0x04;
const DUTY: u32 = 0x08;
const CONF1: u32 = 0x0C;
const DUTY_R: u32 = 0x10;
/// HSTIMER0_CONF; VALUE follows, the other timers, and those for low speed.
const TIMER0: u32 = 0x140;
const TIMERS: usize = 8;
const INT_RAW: u32 = 0x180;
const INT_ST: u32 = 0x184;
const INT_ENA: u32 = 0x188;
const INT_CLR: u32 = 0x18C;
const CONF: u32 = 0x190;
const DATE: u32 = 0x1FC;

/// Bits of a channel's CONF0: TIMER_SEL is the first two.
const SIG_OUT_EN: u32 = 2;
const IDLE_LV: u32 = 3;
const CHANNEL_UPDATE: u32 = 4;
/// Fields of CONF1.
const DUTY_SCALE: u32 = 0;
const DUTY_CYCLE: u32 = 10;
const DUTY_NUM: u32 = 20;
const DUTY_INC: u32 = 30;
const DUTY_START: u32 = 31;
/// Fields of a timer's CONF: the resolution is the first five bits.
const DIV_NUM: u32 = 5;
const PAUSE: u32 = 23;
const RST: u32 = 24;
const TICK_SEL: u32 = 25;
const TIMER_UPDATE: u32 = 26;
/// DUTY_CHNG_END of channel 0; OVF of the timers are below.
const INT_DUTY_CHNG_END: usize = 8;
const DUTY_BITS: u32 = 0x1FF_FFFF;

/// Counts since the timer's reset, not only of a period.
type Count = u64;

#[derive(Debug, Default)]
struct Timer {
    /// Where it counts from.
    since: (Ticks, Count),
    /// Ticks of 256 counts; 0 where it does not count.
    unit: u64,
    resolution: u32,
    /// What has been done: all up to this count.
    done: Count,
}

impl Timer {
    fn period(&self) -> Count {
        1 << self.resolution
    }

    fn count(&self, now: Ticks) -> Count {
        let (at, count) = self.since;
        let ticks = u128::from(now.saturating_sub(at)) * 256;
        count + ticks.checked_div(self.unit.into()).unwrap_or(0) as u64
    }

    fn time_of(&self, count: Count) -> Ticks {
        let (at, from) = self.since;
        let ticks = u128::from(count.saturating_sub(from)) * u128::from(self.unit);
        at + ticks.div_ceil(256) as u64
    }

    fn next_overflow(&self) -> Count {
        (self.done / self.period() + 1) * self.period()
    }
}

#[derive(Debug, Default)]
struct Channel {
    /// CONF0 and HPOINT as they are in use.
    conf0: u32,
    hpoint: u32,
    duty: u32,
    /// What is left of a change of the duty; `None` where there is none.
    change: Option<Change>,
    level: bool,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    /// The duty to begin with.
    start: Option<u32>,
    steps: u32,
    periods: u32,
}

impl Channel {
    fn timer(&self, index: usize) -> usize {
        index / 8 * 4 + (self.conf0 & 3) as usize
    }

    fn is_on(&self) -> bool {
        self.conf0 >> SIG_OUT_EN & 1 == 1
    }

    /// The counts of a period between which it is high.
    fn high(&self, timer: &Timer, period: Count) -> (Count, Count) {
        let more = period % 16 < Count::from(self.duty & 0xF);
        let start = Count::from(self.hpoint);
        let end = start + Count::from(self.duty >> 4) + Count::from(more);
        // An end that the counter does not reach leaves it high.
        if start < end && end >= timer.period() {
            (0, timer.period())
        } else {
            (start, end)
        }
    }

    fn level_at(&self, timer: &Timer, count: Count) -> bool {
        if !self.is_on() {
            return self.conf0 >> IDLE_LV & 1 == 1;
        }
        let (start, end) = self.high(timer, count / timer.period());
        (start..end).contains(&(count % timer.period()))
    }
}

/// The peripheral.
#[derive(Debug)]
pub struct Ledc {
    registers: Registers,
    timers: [Timer; TIMERS],
    channels: [Channel; CHANNELS],
    raw: u32,
    apb: Ticks,
}

impl Default for Ledc {
    fn default() -> Self {
        let timers = (0..TIMERS as u32).map(|timer| (TIMER0 + 8 * timer, 1 << RST));
        let initial: Vec<_> = timers.chain([(DATE, 0x1603_1700)]).collect();
        Self {
            registers: Registers::new(0x200, &initial),
            timers: Default::default(),
            channels: Default::default(),
            raw: 0,
            apb: 0,
        }
    }
}

impl Ledc {
    /// The channels that a timer has.
    fn channels_of(&self, timer: usize) -> impl Iterator<Item = usize> {
        (0..CHANNELS).filter(move |&index| self.channels[index].timer(index) == timer)
    }

    /// The next count behind what has been done where a channel changes or the period ends.
    fn next_boundary(&self, index: usize) -> Count {
        let timer = &self.timers[index];
        let period = timer.done / timer.period();
        let next = timer.next_overflow();
        self.channels_of(index)
            .filter(|&channel| self.channels[channel].is_on())
            .flat_map(|channel| {
                let (start, end) = self.channels[channel].high(timer, period);
                [start, end]
            })
            .map(|count| period * timer.period() + count)
            .filter(|&count| count > timer.done)
            .fold(next, Count::min)
    }

    /// What has happened until `now`; `apb` are the ticks of an APB cycle.
    pub fn advance(&mut self, now: Ticks, apb: Ticks, outputs: &mut Outputs) {
        if self.apb != apb {
            self.apb = apb;
            for index in 0..TIMERS {
                self.start_timer(index, now);
            }
        }
        for index in 0..TIMERS {
            if self.timers[index].unit != 0 {
                self.advance_timer(index, now, outputs);
            }
        }
    }

    fn advance_timer(&mut self, index: usize, now: Ticks, outputs: &mut Outputs) {
        let count = self.timers[index].count(now);
        loop {
            let changes = self
                .channels_of(index)
                .any(|channel| self.channels[channel].change.is_some());
            let next = if outputs.wanted {
                self.next_boundary(index)
            } else if changes {
                self.timers[index].next_overflow()
            } else {
                break;
            };
            if next > count {
                break;
            }
            let at = self.timers[index].time_of(next);
            self.reach(index, next, at, outputs);
        }
        if !outputs.wanted && count > self.timers[index].done {
            self.reach(index, count, now, outputs);
        }
    }

    /// The timer comes to `count`, behind which no channel's duty changes.
    fn reach(&mut self, index: usize, count: Count, at: Ticks, outputs: &mut Outputs) {
        let overflows = count >= self.timers[index].next_overflow();
        self.timers[index].done = count;
        if overflows {
            self.raw |= 1 << index;
        }
        for channel in 0..CHANNELS {
            if self.channels[channel].timer(channel) == index {
                if overflows {
                    self.begin_period(channel);
                }
                self.set_level(channel, at, outputs);
            }
        }
    }

    fn set_level(&mut self, index: usize, at: Ticks, outputs: &mut Outputs) {
        let timer = &self.timers[self.channels[index].timer(index)];
        let level = self.channels[index].level_at(timer, timer.done);
        if std::mem::replace(&mut self.channels[index].level, level) != level {
            outputs.set(at, signals::LEDC + index as Signal, level);
        }
    }

    /// A step of a change of the duty.
    fn begin_period(&mut self, index: usize) {
        let register = CHANNEL_LEN * index as u32 + CONF1;
        let field = |shift| self.registers.field(register, shift, 10);
        let channel = &mut self.channels[index];
        let Some(change) = &mut channel.change else {
            return;
        };
        if let Some(start) = change.start.take() {
            channel.duty = start;
        } else {
            change.periods += 1;
            if change.periods >= field(DUTY_CYCLE) {
                change.periods = 0;
                change.steps += 1;
                let step = field(DUTY_SCALE) << 4;
                channel.duty = if self.registers.bit(register, DUTY_INC) {
                    channel.duty.wrapping_add(step)
                } else {
                    channel.duty.wrapping_sub(step)
                } & DUTY_BITS;
            }
        }
        if change.steps >= field(DUTY_NUM) {
            channel.change = None;
            self.raw |= 1 << (INT_DUTY_CHNG_END + index);
            let config = self.registers.get(register);
            self.registers.set(register, config & !(1 << DUTY_START));
        }
    }

    /// When something happens by itself; `listen` says whether a core can notice a change of a signal.
    pub fn next_event(&self, listen: bool) -> Option<Ticks> {
        let enabled = self.registers.get(INT_ENA) & !self.raw;
        (0..TIMERS)
            .filter(|&index| self.timers[index].unit != 0)
            .filter_map(|index| {
                let timer = &self.timers[index];
                let ends = self.channels_of(index).any(|channel| {
                    self.channels[channel].change.is_some()
                        && enabled >> (INT_DUTY_CHNG_END + channel) & 1 == 1
                });
                if listen {
                    Some(timer.time_of(self.next_boundary(index)))
                } else if ends || enabled >> index & 1 == 1 {
                    Some(timer.time_of(timer.next_overflow()))
                } else {
                    None
                }
            })
            .min()
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.raw & self.registers.get(INT_ENA) != 0
    }

    /// Reads the register at `offset`, behind [`Self::advance`].
    pub fn read(&self, offset: u32, now: Ticks) -> u32 {
        match offset {
            0..TIMER0 if offset % CHANNEL_LEN == DUTY_R => {
                self.channels[(offset / CHANNEL_LEN) as usize].duty
            }
            TIMER0..INT_RAW if offset & 4 != 0 => {
                let timer = &self.timers[((offset - TIMER0) / 8) as usize];
                (timer.count(now) % timer.period()) as u32
            }
            INT_RAW => self.raw,
            INT_ST => self.raw & self.registers.get(INT_ENA),
            INT_CLR => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`, behind [`Self::advance`].
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks, outputs: &mut Outputs) {
        match offset {
            0..TIMER0 => self.write_channel(offset, value, now, outputs),
            TIMER0..INT_RAW => {
                if offset & 4 == 0 {
                    let index = ((offset - TIMER0) / 8) as usize;
                    self.write_timer(index, value, now);
                    for channel in 0..CHANNELS {
                        self.set_level(channel, now, outputs);
                    }
                }
            }
            INT_CLR => self.raw &= !value,
            INT_RAW | INT_ST => {}
            CONF => {
                self.registers.set(offset, value);
                for index in TIMERS / 2..TIMERS {
                    self.start_timer(index, now);
                }
            }
            _ => self.registers.set(offset, value),
        }
    }

    fn write_channel(&mut self, offset: u32, value: u32, now: Ticks, outputs: &mut Outputs) {
        let index = (offset / CHANNEL_LEN) as usize;
        let first = CHANNEL_LEN * index as u32;
        let high_speed = index < CHANNELS / 2;
        match offset - first {
            CONF0 => {
                self.registers.set(offset, value & !(1 << CHANNEL_UPDATE));
                if high_speed || value >> CHANNEL_UPDATE & 1 == 1 {
                    self.channels[index].conf0 = value;
                    self.channels[index].hpoint = self.registers.get(first + HPOINT) & 0xF_FFFF;
                }
            }
            HPOINT => {
                self.registers.set(offset, value);
                if high_speed {
                    self.channels[index].hpoint = value & 0xF_FFFF;
                }
            }
            DUTY_R => {}
            CONF1 => {
                self.registers.set(offset, value);
                if value >> DUTY_START & 1 == 0 {
                    self.channels[index].change = None;
                } else if self.channels[index].change.is_none() {
                    self.channels[index].change = Some(Change {
                        start: Some(self.registers.get(first + DUTY) & DUTY_BITS),
                        steps: 0,
                        periods: 0,
                    });
                }
            }
            _ => self.registers.set(offset, value),
        }
        self.set_level(index, now, outputs);
    }

    fn write_timer(&mut self, index: usize, value: u32, now: Ticks) {
        let offset = TIMER0 + 8 * index as u32;
        let high_speed = index < TIMERS / 2;
        let mut config = value & !(1 << TIMER_UPDATE);
        let update = high_speed || value >> TIMER_UPDATE & 1 == 1;
        if update {
            self.timers[index].resolution = (config & 0x1F).min(20);
        }
        self.registers.set(offset, config);
        if config >> RST & 1 == 1 {
            self.timers[index].since = (now, 0);
            self.timers[index].done = 0;
            // Until it is let go, and by then with the time of that.
            config |= 1 << PAUSE;
            self.timers[index].unit = 0;
        }
        let stands = config >> PAUSE & 1 == 1;
        if update || stands != (self.timers[index].unit == 0) {
            self.start_timer(index, now);
        }
    }

    /// Lets the timer count on from where it is, as its registers say.
    fn start_timer(&mut self, index: usize, now: Ticks) {
        let offset = TIMER0 + 8 * index as u32;
        let cycle = match (self.registers.bit(offset, TICK_SEL), index < TIMERS / 2) {
            (false, _) => MICROSECOND,
            (true, false) if !self.registers.bit(CONF, 0) => clock::cycle(RC_FAST_MHZ),
            (true, _) => self.apb,
        };
        let stands = self.registers.bit(offset, PAUSE) || self.registers.bit(offset, RST);
        let timer = &mut self.timers[index];
        timer.since = (now, timer.count(now));
        // A divider below 1 is none.
        let divider = u64::from(self.registers.field(offset, DIV_NUM, 18)).max(256);
        timer.unit = if stands { 0 } else { divider * cycle };
    }
}

#[cfg(test)]
mod tests;
