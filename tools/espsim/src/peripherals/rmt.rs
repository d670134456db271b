//! RMT: pulses that are sent, and received (ESP32 Technical Reference Manual, "Remote Control Peripheral").
//!
//! Not modelled: the receiver's filter, its removal of a carrier.

use super::registers::Registers;
use super::signals::{self, Outputs, Signal, SignalEdge};
use crate::clock::{MICROSECOND, Ticks};

const CHANNELS: usize = 8;
/// CH0DATA: the memory as a FIFO.
const DATA: std::ops::Range<u32> = 0..0x20;
/// CH0CONF0; CONF1 follows, and the other channels.
const CONF0: u32 = 0x20;
const STATUS: u32 = 0x60;
const ADDR: u32 = 0x80;
const INT_RAW: u32 = 0xA0;
const INT_ST: u32 = 0xA4;
const INT_ENA: u32 = 0xA8;
const INT_CLR: u32 = 0xAC;
const CARRIER_DUTY: u32 = 0xB0;
const TX_LIM: u32 = 0xD0;
const APB_CONF: u32 = 0xF0;
const DATE: u32 = 0xFC;
const MEMORY: u32 = 0x800;

/// Fields of CONF0: the divider is the first eight bits.
const IDLE_THRES: u32 = 8;
const MEM_SIZE: u32 = 24;
const CARRIER_EN: u32 = 28;
const CARRIER_OUT_LV: u32 = 29;
/// Bits of CONF1.
const TX_START: u32 = 0;
const RX_EN: u32 = 1;
const MEM_WR_RST: u32 = 2;
const MEM_RD_RST: u32 = 3;
const APB_MEM_RST: u32 = 4;
const MEM_OWNER: u32 = 5;
const TX_CONTI_MODE: u32 = 6;
const REF_ALWAYS_ON: u32 = 17;
const IDLE_OUT_LV: u32 = 18;
const IDLE_OUT_EN: u32 = 19;
/// MEM_TX_WRAP_EN of APB_CONF.
const MEM_TX_WRAP_EN: u32 = 1;

/// Interrupts of channel 0: three for each channel, and behind all of them one more.
const INT_TX_END: usize = 0;
const INT_RX_END: usize = 1;
const INT_ERR: usize = 2;
const INT_TX_THR_EVENT: usize = 24;

/// Halves of words that a block of memory has: a pulse each.
const BLOCK: usize = 128;
const MEMORY_LEN: usize = BLOCK * CHANNELS;
/// A pulse: its length is below the level, and a length of zero ends.
const LEVEL: u16 = 1 << 15;

#[derive(Debug, Default)]
struct Channel {
    /// When the next pulse is looked at, where it sends.
    sends_at: Option<Ticks>,
    /// Words sent since the last event of the threshold.
    sent: u32,
    /// Where the transmitter reads, the receiver writes and the FIFO is, in halves of words from the channel's block on.
    read: usize,
    write: usize,
    fifo: usize,
    /// Where it receives: since when the input has its level, and that; `None` before the first edge.
    receives: bool,
    since: Option<(Ticks, bool)>,
}

/// The peripheral.
#[derive(Debug)]
pub struct Rmt {
    registers: Registers,
    memory: Vec<u16>,
    channels: [Channel; CHANNELS],
    raw: u32,
    apb: Ticks,
}

impl Default for Rmt {
    fn default() -> Self {
        let initial: Vec<_> = (0..CHANNELS as u32)
            .flat_map(|channel| {
                [
                    (CONF0 + 8 * channel, 0x3110_0002),
                    (CONF0 + 8 * channel + 4, 0xF20),
                    (CARRIER_DUTY + 4 * channel, 0x0040_0040),
                    (TX_LIM + 4 * channel, 0x80),
                ]
            })
            .chain([(DATE, 0x1602_2600)])
            .collect();
        Self {
            registers: Registers::new(0x100, &initial),
            memory: vec![0; MEMORY_LEN],
            channels: Default::default(),
            raw: 0,
            apb: 0,
        }
    }
}

impl Rmt {
    fn conf0(&self, index: usize, shift: u32, bits: u32) -> u32 {
        self.registers.field(CONF0 + 8 * index as u32, shift, bits)
    }

    fn conf1(&self, index: usize, bit: u32) -> bool {
        self.registers.bit(CONF0 + 8 * index as u32 + 4, bit)
    }

    /// Ticks of a cycle of its clock.
    fn cycle(&self, index: usize) -> Ticks {
        if self.conf1(index, REF_ALWAYS_ON) {
            self.apb
        } else {
            MICROSECOND
        }
    }

    /// Ticks of the unit that pulses are counted in.
    fn unit(&self, index: usize) -> Ticks {
        let divider = match self.conf0(index, 0, 8) {
            0 => 256,
            divider => divider,
        };
        u64::from(divider) * self.cycle(index)
    }

    /// Halves of words that the channel has.
    fn len(&self, index: usize) -> usize {
        let blocks = self.conf0(index, MEM_SIZE, 4) as usize;
        (blocks * BLOCK).min(MEMORY_LEN - index * BLOCK)
    }

    fn end_of_silence(&self, index: usize) -> Option<Ticks> {
        let (since, _) = self.channels[index].since?;
        let units = u64::from(self.conf0(index, IDLE_THRES, 16));
        Some(since + units * self.unit(index))
    }

    /// What has happened until `now`; `apb` are the ticks of an APB cycle.
    pub fn advance(&mut self, now: Ticks, apb: Ticks, outputs: &mut Outputs) {
        self.apb = apb;
        for index in 0..CHANNELS {
            while let Some(at) = self.channels[index].sends_at
                && at <= now
            {
                self.send_pulse(index, at, outputs);
            }
        }
    }

    /// Ends what has been received where no edge came for long enough until `now`; all edges until then are known.
    pub fn advance_receivers(&mut self, now: Ticks) {
        for index in 0..CHANNELS {
            if let Some(end) = self.end_of_silence(index)
                && end <= now
            {
                self.finish_receiving(index);
            }
        }
    }

    fn send_pulse(&mut self, index: usize, at: Ticks, outputs: &mut Outputs) {
        let first = self.channels[index].read;
        if first > 0 && first.is_multiple_of(2) {
            self.count_word(index);
        }
        if first >= self.len(index) {
            if !self.registers.bit(APB_CONF, MEM_TX_WRAP_EN) {
                self.raw |= 1 << (3 * index + INT_ERR);
                return self.stop_sending(index, at, outputs);
            }
            self.channels[index].read = 0;
        }
        let pulse = self.memory[index * BLOCK + self.channels[index].read];
        if pulse & !LEVEL == 0 {
            let again = self.conf1(index, TX_CONTI_MODE) && self.channels[index].read > 0;
            if again {
                self.channels[index].read = 0;
            } else {
                self.raw |= 1 << (3 * index + INT_TX_END);
                self.stop_sending(index, at, outputs);
            }
            return;
        }
        let level = pulse & LEVEL != 0;
        let len = u64::from(pulse & !LEVEL) * self.unit(index);
        outputs.set(at, signals::RMT_OUT + index as Signal, level);
        if outputs.wanted && self.has_carrier(index, level) {
            self.give_carrier(index, at, len, level, outputs);
        }
        let channel = &mut self.channels[index];
        channel.read += 1;
        channel.sends_at = Some(at + len);
    }

    /// Whether a carrier is in pulses of `level`.
    fn has_carrier(&self, index: usize, level: bool) -> bool {
        let modulated = self.conf0(index, CARRIER_OUT_LV, 1) == 1;
        self.conf0(index, CARRIER_EN, 1) == 1 && modulated == level
    }

    /// The carrier in a pulse: as long at its level, and at the other one, as CARRIER_DUTY says in cycles that are not divided.
    fn give_carrier(
        &self,
        index: usize,
        from: Ticks,
        len: Ticks,
        level: bool,
        outputs: &mut Outputs,
    ) {
        let register = CARRIER_DUTY + 4 * index as u32;
        let cycle = self.cycle(index);
        let half = |shift| match self.registers.field(register, shift, 16) {
            0 => 0x1_0000 * cycle,
            cycles => u64::from(cycles) * cycle,
        };
        let (high, low) = (half(16), half(0));
        let (first, second) = if level { (high, low) } else { (low, high) };
        let mut at = from + first;
        while at < from + len {
            outputs.set(at, signals::RMT_OUT + index as Signal, !level);
            at += second;
            if at < from + len {
                outputs.set(at, signals::RMT_OUT + index as Signal, level);
            }
            at += first;
        }
    }

    fn count_word(&mut self, index: usize) {
        let limit = self.registers.field(TX_LIM + 4 * index as u32, 0, 9);
        self.channels[index].sent += 1;
        if limit != 0 && self.channels[index].sent >= limit {
            self.channels[index].sent = 0;
            self.raw |= 1 << (INT_TX_THR_EVENT + index);
        }
    }

    fn stop_sending(&mut self, index: usize, at: Ticks, outputs: &mut Outputs) {
        self.channels[index].sends_at = None;
        self.set_idle(index, at, outputs);
    }

    fn set_idle(&mut self, index: usize, at: Ticks, outputs: &mut Outputs) {
        if self.conf1(index, IDLE_OUT_EN) {
            let level = self.conf1(index, IDLE_OUT_LV);
            outputs.set(at, signals::RMT_OUT + index as Signal, level);
        }
    }

    /// The inputs of channels that receive.
    pub fn hears(&self) -> Vec<Signal> {
        (0..CHANNELS)
            .filter(|&index| self.channels[index].receives)
            .map(|index| signals::RMT_IN + index as Signal)
            .collect()
    }

    /// A receiver's input changes.
    pub fn receive(&mut self, edge: SignalEdge) {
        let index = usize::from(edge.signal - signals::RMT_IN);
        if self.end_of_silence(index).is_some_and(|end| end <= edge.at) {
            self.finish_receiving(index);
        }
        if !self.channels[index].receives {
            return;
        }
        if let Some((since, level)) = self.channels[index].since.replace((edge.at, edge.level)) {
            let len = (edge.at - since) / self.unit(index);
            self.write_pulse(index, level, (len as u16).clamp(1, !LEVEL));
        }
    }

    fn finish_receiving(&mut self, index: usize) {
        if let Some((_, level)) = self.channels[index].since.take() {
            self.write_pulse(index, level, 0);
        }
        self.raw |= 1 << (3 * index + INT_RX_END);
        self.channels[index].receives = false;
    }

    fn write_pulse(&mut self, index: usize, level: bool, len: u16) {
        let at = self.channels[index].write;
        if at >= self.len(index) || !self.conf1(index, MEM_OWNER) {
            self.raw |= 1 << (3 * index + INT_ERR);
            self.channels[index].receives = false;
            self.channels[index].since = None;
            return;
        }
        self.memory[index * BLOCK + at] = len | if level { LEVEL } else { 0 };
        self.channels[index].write += 1;
    }

    /// When something happens by itself.
    pub fn next_event(&self) -> Option<Ticks> {
        (0..CHANNELS)
            .flat_map(|index| [self.channels[index].sends_at, self.end_of_silence(index)])
            .flatten()
            .min()
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.raw & self.registers.get(INT_ENA) != 0
    }

    fn word(&self, index: usize) -> u32 {
        let half = |at: usize| u32::from(self.memory[at % MEMORY_LEN]);
        half(index) | half(index + 1) << 16
    }

    fn set_word(&mut self, index: usize, value: u32) {
        self.memory[index % MEMORY_LEN] = value as u16;
        self.memory[(index + 1) % MEMORY_LEN] = (value >> 16) as u16;
    }

    /// The place in memory that the FIFO of a channel is at, and then the next one.
    fn next_of_fifo(&mut self, index: usize) -> usize {
        let at = index * BLOCK + self.channels[index].fifo;
        self.channels[index].fifo += 2;
        at
    }

    /// Reads the register at `offset`, behind [`Self::advance`].
    pub fn read(&mut self, offset: u32) -> u32 {
        match offset {
            _ if DATA.contains(&offset) => {
                let at = self.next_of_fifo(offset as usize / 4);
                self.word(at)
            }
            STATUS..ADDR => {
                let index = ((offset - STATUS) / 4) as usize;
                let channel = &self.channels[index];
                let place = |half: usize| ((index * BLOCK + half) / 2) as u32 & 0x3FF;
                place(channel.write) | place(channel.read) << 12
            }
            ADDR..INT_RAW => (self.channels[((offset - ADDR) / 4) as usize].fifo / 2) as u32,
            INT_RAW => self.raw,
            INT_ST => self.raw & self.registers.get(INT_ENA),
            INT_CLR => 0,
            MEMORY.. => self.word((offset - MEMORY) as usize / 2),
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`, behind [`Self::advance`].
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks, outputs: &mut Outputs) {
        match offset {
            _ if DATA.contains(&offset) => {
                let at = self.next_of_fifo(offset as usize / 4);
                self.set_word(at, value);
            }
            CONF0..STATUS if offset & 4 != 0 => {
                self.write_conf1(((offset - CONF0) / 8) as usize, value, now, outputs);
            }
            STATUS..INT_RAW | INT_RAW | INT_ST => {}
            INT_CLR => self.raw &= !value,
            MEMORY.. => self.set_word((offset - MEMORY) as usize / 2, value),
            _ => self.registers.set(offset, value),
        }
    }

    fn write_conf1(&mut self, index: usize, value: u32, now: Ticks, outputs: &mut Outputs) {
        let asked = |bit: u32| value >> bit & 1 == 1;
        // A reset is over when it was asked for: esp-hal leaves the bits set.
        let done = 1 << TX_START | 1 << MEM_WR_RST | 1 << MEM_RD_RST | 1 << APB_MEM_RST;
        self.registers
            .set(CONF0 + 8 * index as u32 + 4, value & !done);
        let channel = &mut self.channels[index];
        if asked(MEM_RD_RST) {
            channel.read = 0;
            channel.sent = 0;
        }
        if asked(MEM_WR_RST) {
            channel.write = 0;
        }
        if asked(APB_MEM_RST) {
            channel.fifo = 0;
        }
        if asked(RX_EN) != channel.receives {
            channel.receives = asked(RX_EN);
            channel.since = None;
        }
        if asked(TX_START) && channel.sends_at.is_none() {
            channel.sends_at = Some(now);
            self.advance(now, self.apb, outputs);
        } else if channel.sends_at.is_none() {
            self.set_idle(index, now, outputs);
        }
    }
}

#[cfg(test)]
mod tests;
