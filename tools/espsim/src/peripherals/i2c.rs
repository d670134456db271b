//! I2C 0 and 1 as masters, with devices on their buses (ESP32 Technical Reference Manual, "I2C Controller").
//!
//! Not modelled: slaves, addresses of 10 bits (a driver's two bytes are two bytes), other masters, access to the RAM without the FIFO.

use std::collections::VecDeque;

use super::registers::Registers;
use super::signals::{Outputs, Signal};
use crate::clock::Ticks;

pub mod devices;

pub use devices::I2cDevice;

const SCL_LOW_PERIOD: u32 = 0x00;
const CTR: u32 = 0x04;
const SR: u32 = 0x08;
const TO: u32 = 0x0C;
const FIFO_CONF: u32 = 0x18;
const DATA: u32 = 0x1C;
const INT_RAW: u32 = 0x20;
const INT_CLR: u32 = 0x24;
const INT_ENA: u32 = 0x28;
const INT_STATUS: u32 = 0x2C;
const SCL_HIGH_PERIOD: u32 = 0x38;
const SCL_START_HOLD: u32 = 0x40;
const SCL_RSTART_SETUP: u32 = 0x44;
const SCL_STOP_HOLD: u32 = 0x48;
const SCL_STOP_SETUP: u32 = 0x4C;
const COMD0: u32 = 0x58;
const COMMANDS: usize = 16;
const DATE: u32 = 0xF8;

const TRANS_START: u32 = 5;
const RX_FIFO_RST: u32 = 12;
const TX_FIFO_RST: u32 = 13;
const COMMAND_DONE: u32 = 31;
const FIFO_LEN: usize = 32;

const RXFIFO_FULL: u32 = 1 << 0;
const TXFIFO_EMPTY: u32 = 1 << 1;
const RXFIFO_OVF: u32 = 1 << 2;
const END_DETECT: u32 = 1 << 3;
const MASTER_TRAN_COMP: u32 = 1 << 6;
const TRANS_COMPLETE: u32 = 1 << 7;
const TIME_OUT: u32 = 1 << 8;
const TRANS_STARTED: u32 = 1 << 9;
const ACK_ERR: u32 = 1 << 10;

/// A command: how many bytes, what its acknowledgements are, and what it does.
#[derive(Debug, Clone, Copy)]
struct Command {
    bytes: u32,
    checks_ack: bool,
    /// The level of the acknowledgement that is expected, and of the one that is sent.
    expected: bool,
    sent: bool,
    operation: Operation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Restart,
    Write,
    Read,
    Stop,
    End,
}

impl Command {
    fn new(word: u32) -> Self {
        Self {
            bytes: word & 0xFF,
            checks_ack: word >> 8 & 1 == 1,
            expected: word >> 9 & 1 == 1,
            sent: word >> 10 & 1 == 1,
            operation: match word >> 11 & 7 {
                0 => Operation::Restart,
                1 => Operation::Write,
                2 => Operation::Read,
                3 => Operation::Stop,
                _ => Operation::End,
            },
        }
    }
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// It takes until then, and has these interrupts; it may be the last of the commands.
    Busy {
        until: Ticks,
        interrupts: u32,
        ends: bool,
    },
    /// There is no byte to send; until then it waits for one.
    Starved {
        until: Ticks,
    },
}

/// One of the two.
#[derive(Debug)]
pub struct I2c {
    registers: Registers,
    scl: Signal,
    sda: Signal,
    devices: Vec<Box<dyn I2cDevice>>,
    to_send: VecDeque<u8>,
    received: VecDeque<u8>,
    raw: u32,
    state: State,
    /// The command under way, and its bytes that are done.
    command: usize,
    bytes: u32,
    /// Whether the bus is between START and STOP, and the next byte is an address.
    busy: bool,
    addressing: bool,
    /// The device that has answered to its address, and the last acknowledgement.
    device: Option<usize>,
    ack: bool,
}

impl I2c {
    /// After a reset, with the signals of its lines.
    pub fn new([scl, sda]: [Signal; 2]) -> Self {
        Self {
            registers: initial(),
            scl,
            sda,
            devices: Vec::new(),
            to_send: VecDeque::new(),
            received: VecDeque::new(),
            raw: 0,
            state: State::Idle,
            command: 0,
            bytes: 0,
            busy: false,
            addressing: false,
            device: None,
            ack: false,
        }
    }

    /// A reset: what is on the bus stays.
    pub fn reset(&mut self) {
        let devices = std::mem::take(&mut self.devices);
        *self = Self::new([self.scl, self.sda]);
        self.devices = devices;
    }

    /// The signals of its lines.
    pub fn lines(&self) -> [Signal; 2] {
        [self.scl, self.sda]
    }

    /// Puts a device onto the bus.
    pub fn attach(&mut self, device: Box<dyn I2cDevice>) {
        self.devices.push(device);
    }

    fn cycles(&self, offset: u32, apb: Ticks) -> Ticks {
        u64::from(self.registers.field(offset, 0, 14)) * apb
    }

    /// Ticks of the clock line's halves: low, high.
    fn halves(&self, apb: Ticks) -> (Ticks, Ticks) {
        (
            self.cycles(SCL_LOW_PERIOD, apb).max(apb),
            self.cycles(SCL_HIGH_PERIOD, apb).max(apb),
        )
    }

    /// What has happened until `now`; `apb` are the ticks of an APB cycle.
    pub fn advance(&mut self, now: Ticks, apb: Ticks, outputs: &mut Outputs) {
        loop {
            match self.state {
                State::Busy {
                    until,
                    interrupts,
                    ends,
                } if until <= now => {
                    self.raw |= interrupts;
                    self.state = State::Idle;
                    if !ends {
                        self.next_step(until, apb, outputs);
                    }
                }
                State::Starved { until } if until <= now => {
                    self.raw |= TIME_OUT;
                    self.state = State::Idle;
                }
                _ => return,
            }
        }
    }

    fn finish_command(&mut self) {
        let offset = COMD0 + 4 * self.command as u32;
        let word = self.registers.get(offset);
        self.registers.set(offset, word | 1 << COMMAND_DONE);
        self.command += 1;
        self.bytes = 0;
    }

    /// Begins what comes next at `now`.
    fn next_step(&mut self, now: Ticks, apb: Ticks, outputs: &mut Outputs) {
        let (low, high) = self.halves(apb);
        while self.command < COMMANDS {
            let command = Command::new(self.registers.get(COMD0 + 4 * self.command as u32));
            let has_bytes = matches!(command.operation, Operation::Write | Operation::Read);
            if has_bytes && self.bytes >= command.bytes {
                self.finish_command();
                continue;
            }
            match command.operation {
                Operation::Restart => {
                    let setup = self.cycles(SCL_RSTART_SETUP, apb);
                    let rises = now + if self.busy { low } else { 0 };
                    let falls = rises + setup;
                    let until = falls + self.cycles(SCL_START_HOLD, apb);
                    self.set(outputs, now, self.sda, true);
                    self.set(outputs, rises, self.scl, true);
                    self.set(outputs, falls, self.sda, false);
                    self.set(outputs, until, self.scl, false);
                    self.busy = true;
                    self.addressing = true;
                    self.finish_command();
                    self.wait(until, TRANS_STARTED, false);
                }
                Operation::Write => {
                    let Some(byte) = self.to_send.pop_front() else {
                        let until = now + u64::from(self.registers.field(TO, 0, 20)) * apb;
                        self.state = State::Starved { until };
                        return;
                    };
                    self.ack = !self.send(byte);
                    self.bytes += 1;
                    let error = command.checks_ack && self.ack != command.expected;
                    let error_bits = if error { ACK_ERR } else { 0 };
                    self.give_byte(outputs, now, (low, high), byte, self.ack);
                    let until = now + 9 * (low + high);
                    self.wait(until, MASTER_TRAN_COMP | error_bits, error);
                }
                Operation::Read => {
                    let device = self.device.map(|index| &mut self.devices[index]);
                    let byte = device.map_or(0xFF, |device| device.read());
                    self.bytes += 1;
                    let mut interrupts = MASTER_TRAN_COMP;
                    if self.received.len() < FIFO_LEN {
                        self.received.push_back(byte);
                    } else {
                        interrupts |= RXFIFO_OVF;
                    }
                    self.give_byte(outputs, now, (low, high), byte, command.sent);
                    self.wait(now + 9 * (low + high), interrupts, false);
                }
                Operation::Stop => {
                    let rises = now + low;
                    let until = rises + self.cycles(SCL_STOP_SETUP, apb);
                    self.set(outputs, now, self.sda, false);
                    self.set(outputs, rises, self.scl, true);
                    self.set(outputs, until, self.sda, true);
                    self.stop();
                    self.finish_command();
                    let until = until + self.cycles(SCL_STOP_HOLD, apb);
                    self.wait(until, TRANS_COMPLETE, true);
                }
                Operation::End => {
                    self.finish_command();
                    self.wait(now + apb, END_DETECT, true);
                }
            }
            return;
        }
    }

    fn wait(&mut self, until: Ticks, interrupts: u32, ends: bool) {
        self.state = State::Busy {
            until,
            interrupts,
            ends,
        };
    }

    /// A byte goes to the bus; whether somebody acknowledges.
    fn send(&mut self, byte: u8) -> bool {
        if std::mem::take(&mut self.addressing) {
            let (address, read) = (byte >> 1, byte & 1 == 1);
            self.device = self
                .devices
                .iter()
                .position(|device| device.address() == address);
            if let Some(index) = self.device {
                self.devices[index].start(read);
            }
            return self.device.is_some();
        }
        match self.device {
            Some(index) => self.devices[index].write(byte),
            None => false,
        }
    }

    fn stop(&mut self) {
        self.busy = false;
        if let Some(index) = self.device.take() {
            self.devices[index].stop();
        }
    }

    fn set(&self, outputs: &mut Outputs, at: Ticks, signal: Signal, level: bool) {
        if outputs.wanted {
            outputs.set(at, signal, level);
        }
    }

    /// The lines of a byte with its acknowledgement, whoever drives them.
    fn give_byte(
        &self,
        outputs: &mut Outputs,
        from: Ticks,
        (low, high): (Ticks, Ticks),
        byte: u8,
        ack: bool,
    ) {
        for bit in 0..9 {
            let begins = from + bit * (low + high);
            let level = (u16::from(byte) << 1 | u16::from(ack)) >> (8 - bit) & 1 == 1;
            self.set(outputs, begins, self.sda, level);
            self.set(outputs, begins + low, self.scl, true);
            self.set(outputs, begins + low + high, self.scl, false);
        }
    }

    fn raw(&self) -> u32 {
        let mut raw = self.raw;
        if self.received.len() > self.registers.field(FIFO_CONF, 0, 5) as usize {
            raw |= RXFIFO_FULL;
        }
        if self.to_send.len() <= self.registers.field(FIFO_CONF, 5, 5) as usize {
            raw |= TXFIFO_EMPTY;
        }
        raw
    }

    /// When something happens by itself.
    pub fn next_event(&self) -> Option<Ticks> {
        match self.state {
            State::Idle => None,
            State::Busy { until, .. } | State::Starved { until } => Some(until),
        }
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.raw() & self.registers.get(INT_ENA) != 0
    }

    /// Reads the register at `offset`, behind [`Self::advance`].
    pub fn read(&mut self, offset: u32) -> u32 {
        match self.peek(offset) {
            Some(word) => word,
            None => self.received.pop_front().unwrap_or(0).into(),
        }
    }

    /// What the register at `offset` reads as; `None` for the FIFO, which reading changes.
    pub fn peek(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            DATA => return None,
            SR => {
                let under_way = self.busy || self.state != State::Idle;
                u32::from(self.ack)
                    | u32::from(under_way) << 4
                    | (self.received.len() as u32) << 8
                    | (self.to_send.len() as u32) << 18
            }
            INT_RAW => self.raw(),
            INT_STATUS => self.raw() & self.registers.get(INT_ENA),
            INT_CLR => 0,
            _ => self.registers.get(offset),
        })
    }

    /// Writes the register at `offset`, behind [`Self::advance`].
    pub fn write(
        &mut self,
        offset: u32,
        value: u32,
        now: Ticks,
        apb: Ticks,
        outputs: &mut Outputs,
    ) {
        match offset {
            CTR => {
                self.registers.set(offset, value & !(1 << TRANS_START));
                if value >> TRANS_START & 1 == 1 && !matches!(self.state, State::Busy { .. }) {
                    self.command = 0;
                    self.bytes = 0;
                    self.next_step(now, apb, outputs);
                }
            }
            DATA => {
                if self.to_send.len() < FIFO_LEN {
                    self.to_send.push_back(value as u8);
                }
                if let State::Starved { .. } = self.state {
                    self.next_step(now, apb, outputs);
                }
            }
            FIFO_CONF => {
                if value >> RX_FIFO_RST & 1 == 1 {
                    self.received.clear();
                }
                if value >> TX_FIFO_RST & 1 == 1 {
                    self.to_send.clear();
                }
                self.registers.set(offset, value);
            }
            INT_CLR => self.raw &= !value,
            SR | INT_RAW | INT_STATUS => {}
            _ => self.registers.set(offset, value),
        }
    }
}

fn initial() -> Registers {
    Registers::new(
        0x100,
        &[
            (CTR, 3),
            (FIFO_CONF, 0x0155_408B),
            (SCL_START_HOLD, 8),
            (SCL_RSTART_SETUP, 8),
            (0x50, 8),
            (0x54, 8),
            (DATE, 0x1604_2000),
        ],
    )
}

#[cfg(test)]
mod tests;
