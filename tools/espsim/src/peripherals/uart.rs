//! UART 0 to 2 (ESP32 Technical Reference Manual, "UART Controller").
//!
//! Bytes leave at the configured rate and are 10 bits long, whatever UART_CONF0 says of data, parity and stop bits. Not modelled:
//! flow control, RS-485, IrDA, AT commands.

use std::collections::VecDeque;

use super::poll::Bounds;
use super::registers::Registers;
use super::serial_frames::{BITS, Frame};
use crate::clock::{MICROSECOND, Ticks};

const FIFO: u32 = 0x00;
const INT_RAW: u32 = 0x04;
const INT_ST: u32 = 0x08;
const INT_ENA: u32 = 0x0C;
const INT_CLR: u32 = 0x10;
const CLKDIV: u32 = 0x14;
const STATUS: u32 = 0x1C;
const CONF0: u32 = 0x20;
const CONF1: u32 = 0x24;
const MEM_RX_STATUS: u32 = 0x60;
const DATE: u32 = 0x78;

const RXFIFO_FULL: u32 = 1 << 0;
const TXFIFO_EMPTY: u32 = 1 << 1;
const RXFIFO_OVF: u32 = 1 << 4;
const RXFIFO_TOUT: u32 = 1 << 8;
const TX_DONE: u32 = 1 << 14;

/// Bits of UART_CONF0.
const RXFIFO_RST: u32 = 17;
const TXFIFO_RST: u32 = 18;
const TICK_REF_ALWAYS_ON: u32 = 27;

const FIFO_LEN: usize = 128;
/// Ticks of REF_TICK, 1 MHz.
const REF_TICK: Ticks = MICROSECOND;

/// One of the three.
#[derive(Debug)]
pub struct Uart {
    registers: Registers,
    /// Bytes on their way out.
    sending: VecDeque<Frame>,
    sent: Vec<Frame>,
    /// What is on the line, for the pins.
    frames: Vec<Frame>,
    /// Bytes on their way in, and when each is there.
    arriving: VecDeque<(Ticks, u8)>,
    /// Somebody else than the FIFO takes them.
    held: bool,
    received: VecDeque<u8>,
    /// When the last byte came in.
    received_at: Ticks,
    /// Interrupts that stay until they are cleared.
    raw: u32,
}

impl Default for Uart {
    fn default() -> Self {
        Self {
            registers: Registers::new(
                0x80,
                &[
                    (CLKDIV, 0x2B6),
                    (CONF0, 0x0800_001C),
                    (CONF1, 0x6060),
                    (DATE, 0x1512_2500),
                ],
            ),
            sending: VecDeque::new(),
            sent: Vec::new(),
            frames: Vec::new(),
            arriving: VecDeque::new(),
            held: false,
            received: VecDeque::new(),
            received_at: 0,
            raw: 0,
        }
    }
}

impl Uart {
    /// Ticks of a byte on the line; `apb` are those of an APB cycle.
    pub fn byte_time(&self, apb: Ticks) -> Ticks {
        let clock = if self.registers.bit(CONF0, TICK_REF_ALWAYS_ON) {
            apb
        } else {
            REF_TICK
        };
        let divider =
            self.registers.field(CLKDIV, 0, 20) << 4 | self.registers.field(CLKDIV, 20, 4);
        (BITS * u64::from(divider.max(16)) * clock).div_ceil(16)
    }

    /// Sets the clock's divider, in 1/16, as the ROM's `uart_div_modify` does.
    pub fn set_divider(&mut self, divider: u32) {
        self.registers
            .set(CLKDIV, divider >> 4 & 0xF_FFFF | (divider & 0xF) << 20);
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks) {
        while let Some(&frame) = self.sending.front()
            && frame.end() <= now
        {
            self.sent.push(frame);
            self.sending.pop_front();
            if self.sending.is_empty() {
                self.raw |= TX_DONE;
            }
        }
        while !self.held
            && let Some((at, byte)) = self.take_arrived(now)
        {
            self.receive(at, byte);
        }
    }

    /// Whether what arrives waits for [`Self::take_arrived`] instead of going to the FIFO.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// What has left since the last call.
    pub fn take_sent(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.sent)
    }

    /// The frames of bytes that were given to be sent since the last call.
    pub fn take_frames(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.frames)
    }

    /// When the next byte will have left.
    pub fn next_sent(&self) -> Option<Ticks> {
        self.sending.front().map(Frame::end)
    }

    /// A byte will be there at `at`, which is not before that of the last call.
    pub fn schedule(&mut self, at: Ticks, byte: u8) {
        self.arriving.push_back((at, byte));
    }

    /// When the next byte will be there.
    pub fn next_arrival(&self) -> Option<Ticks> {
        self.arriving.front().map(|&(at, _)| at)
    }

    /// The next byte that is there at `now`.
    pub fn take_arrived(&mut self, now: Ticks) -> Option<(Ticks, u8)> {
        self.arriving.pop_front_if(|&mut (at, _)| at <= now)
    }

    /// Whether the FIFO has a byte at `now`.
    pub fn has_received(&mut self, now: Ticks) -> bool {
        self.advance(now);
        !self.received.is_empty()
    }

    /// A byte comes in.
    pub fn receive(&mut self, now: Ticks, byte: u8) {
        if self.received.len() < FIFO_LEN {
            self.received.push_back(byte);
        } else {
            self.raw |= RXFIFO_OVF;
        }
        self.received_at = now;
    }

    /// How many bytes have not left at `now`, which may be ahead of what [`Self::advance`] was told.
    fn unsent(&self, now: Ticks) -> usize {
        let from = self.sending.partition_point(|frame| frame.end() <= now);
        self.sending.len() - from
    }

    /// When there is room for one more byte to send.
    pub fn room_at(&self) -> Ticks {
        match self.sending.len().checked_sub(FIFO_LEN) {
            Some(over) => self.sending.get(over).map_or(0, Frame::end),
            None => 0,
        }
    }

    /// When all bytes have left.
    pub fn idle_at(&self) -> Ticks {
        self.sending.back().map_or(0, Frame::end)
    }

    /// Sends a byte; one that does not fit into the FIFO is lost.
    pub fn send(&mut self, now: Ticks, apb: Ticks, byte: u8) {
        if self.unsent(now) < FIFO_LEN {
            let start = now.max(self.idle_at());
            let len = self.byte_time(apb);
            let frame = Frame { start, len, byte };
            self.sending.push_back(frame);
            self.frames.push(frame);
        }
    }

    /// The receiver's timeout after the last byte, in ticks; `None` where it is off.
    fn timeout(&self, apb: Ticks) -> Option<Ticks> {
        let bytes = self.registers.field(CONF1, 24, 7);
        (self.registers.bit(CONF1, 31) && !self.received.is_empty())
            .then(|| u64::from(bytes.max(1)) * self.byte_time(apb) * 8 / BITS)
    }

    /// UART_INT_RAW.
    fn raw(&self, now: Ticks, apb: Ticks) -> u32 {
        let mut raw = self.raw;
        if self.received.len() >= (self.registers.field(CONF1, 0, 7) as usize).max(1) {
            raw |= RXFIFO_FULL;
        }
        if self.unsent(now) < self.registers.field(CONF1, 8, 7) as usize {
            raw |= TXFIFO_EMPTY;
        }
        if self
            .timeout(apb)
            .is_some_and(|timeout| now >= self.received_at + timeout)
        {
            raw |= RXFIFO_TOUT;
        }
        raw
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self, now: Ticks, apb: Ticks) -> bool {
        self.raw(now, apb) & self.registers.get(INT_ENA) != 0
    }

    /// When the next interrupt that is enabled may come.
    pub fn next_event(&self, now: Ticks, apb: Ticks) -> Option<Ticks> {
        let enabled = self.registers.get(INT_ENA);
        let sending = if enabled & (TXFIFO_EMPTY | TX_DONE) != 0 {
            self.next_sent()
        } else {
            None
        };
        let receiving = self
            .timeout(apb)
            .filter(|_| enabled & RXFIFO_TOUT != 0)
            .map(|timeout| self.received_at + timeout)
            .filter(|&at| at > now);
        let arriving = self.next_received_event(enabled, apb);
        sending.into_iter().chain(receiving).chain(arriving).min()
    }

    /// When bytes on their way in may cause an interrupt of `enabled`: the threshold is reached, or one is followed by a pause.
    fn next_received_event(&self, enabled: u32, apb: Ticks) -> Option<Ticks> {
        if enabled & (RXFIFO_FULL | RXFIFO_TOUT) == 0 {
            return None;
        }
        let threshold = (self.registers.field(CONF1, 0, 7) as usize).max(1);
        let missing = threshold.saturating_sub(self.received.len()).max(1);
        if let Some(&(at, _)) = self.arriving.get(missing - 1) {
            return Some(at);
        }
        let &(last, _) = self.arriving.back()?;
        let pause = u64::from(self.registers.field(CONF1, 24, 7).max(1));
        Some(last + pause * self.byte_time(apb) * 8 / BITS)
    }

    /// Reads the register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks, apb: Ticks) -> u32 {
        self.advance(now);
        match offset {
            FIFO => self.received.pop_front().unwrap_or(0).into(),
            _ => self.peek(offset, now, apb),
        }
    }

    /// What a register other than FIFO reads as at `now`.
    fn peek(&self, offset: u32, now: Ticks, apb: Ticks) -> u32 {
        match offset {
            INT_RAW => self.raw(now, apb),
            INT_ST => self.raw(now, apb) & self.registers.get(INT_ENA),
            INT_CLR => 0,
            // ST_UTX_OUT: 0 idle, else a state of sending.
            STATUS => {
                let unsent = self.unsent(now);
                self.received.len() as u32
                    | (unsent.saturating_sub(1) as u32) << 16
                    | u32::from(unsent > 0) << 24
            }
            // Read and write addresses, which drivers compare for the FIFO's fill.
            MEM_RX_STATUS => (self.received.len() as u32 & 0x7F) << 13,
            _ => self.registers.get(offset),
        }
    }

    /// What the register at `offset` reads as between `from` and `until`, if it does not change, and reading has no effect.
    pub fn poll(&self, offset: u32, from: Ticks, until: Ticks, apb: Ticks) -> Option<Bounds> {
        // What has left shows in several registers.
        let leaves = self
            .sending
            .iter()
            .any(|frame| (from..=until).contains(&frame.end()));
        if self.next_arrival().is_some_and(|at| at <= until) {
            return None;
        }
        let word = self.peek(offset, from, apb);
        let same = !leaves && word == self.peek(offset, until, apb);
        (offset != FIFO && (from == until || same)).then_some((word, word))
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks, apb: Ticks) {
        self.advance(now);
        match offset {
            FIFO => self.send(now, apb, value as u8),
            INT_CLR => {
                self.raw &= !value;
                if value & RXFIFO_TOUT != 0 {
                    // It comes again only behind another byte.
                    self.received_at = Ticks::MAX / 2;
                }
            }
            INT_RAW | INT_ST | STATUS => {}
            CONF0 => {
                if value >> RXFIFO_RST & 1 == 1 {
                    self.received.clear();
                }
                if value >> TXFIFO_RST & 1 == 1 {
                    self.sending.clear();
                }
                self.registers.set(offset, value);
            }
            _ => self.registers.set(offset, value),
        }
    }
}
