//! SPI 2 and 3 as masters, with devices on their buses, by their buffer or by DMA (ESP32 Technical Reference Manual, "SPI Controller",
//! "DMA Controller").
//!
//! Not modelled: slaves, transfers with two or four lines (they take as long as with one), the time that chip selects are held.

use super::pins::Pins;
use super::registers::Registers;
use super::signals::{self, Outputs, Signal};
use crate::clock::Ticks;
use crate::memory::Ram;

pub mod devices;
mod dma;

use devices::Devices;
pub use devices::{Select, SpiDevice};

const CMD: u32 = 0x00;
const ADDR: u32 = 0x04;
const CTRL: u32 = 0x08;
const CLOCK: u32 = 0x18;
const USER: u32 = 0x1C;
const USER1: u32 = 0x20;
const USER2: u32 = 0x24;
const MOSI_DLEN: u32 = 0x28;
const MISO_DLEN: u32 = 0x2C;
const PIN: u32 = 0x34;
const SLAVE: u32 = 0x38;
const W0: u32 = 0x80;
const EXT2: u32 = 0xF8;
const DMA_CONF: u32 = 0x100;
const DMA_OUT_LINK: u32 = 0x104;
const DMA_IN_LINK: u32 = 0x108;
const DMA_INT_ENA: u32 = 0x110;
const DMA_INT_RAW: u32 = 0x114;
const DMA_INT_ST: u32 = 0x118;
const DMA_INT_CLR: u32 = 0x11C;
const DATE: u32 = 0x3FC;

/// Bits of CMD, CTRL, USER, PIN, SLAVE and of the links.
const USR: u32 = 18;
const RD_BIT_ORDER: u32 = 25;
const WR_BIT_ORDER: u32 = 26;
const DOUTDIN: u32 = 0;
const CK_OUT_EDGE: u32 = 7;
const MISO_HIGHPART: u32 = 24;
const MOSI_HIGHPART: u32 = 25;
const USR_MOSI: u32 = 27;
const USR_MISO: u32 = 28;
const USR_DUMMY: u32 = 29;
const USR_ADDR: u32 = 30;
const USR_COMMAND: u32 = 31;
const CK_IDLE_EDGE: u32 = 29;
const CS_KEEP_ACTIVE: u32 = 30;
const TRANS_DONE: u32 = 4;
const TRANS_DONE_ENA: u32 = 9;
const LINK_STOP: u32 = 28;
const LINK_START: u32 = 29;
const LINK_RESTART: u32 = 30;

const OUT_TOTAL_EOF: u32 = 1 << 8;
const OUT_EOF: u32 = 1 << 7;
const OUT_DONE: u32 = 1 << 6;
const IN_SUC_EOF: u32 = 1 << 5;
const IN_DONE: u32 = 1 << 3;
const INLINK_DSCR_ERROR: u32 = 1 << 2;
const OUTLINK_DSCR_ERROR: u32 = 1 << 1;
const INLINK_DSCR_EMPTY: u32 = 1 << 0;

const WORDS: u32 = 16;

/// What a transaction leaves when it is over.
#[derive(Debug)]
struct Transaction {
    until: Ticks,
    received: Vec<u8>,
    by_dma: bool,
    interrupts: u32,
}

/// One of the two.
#[derive(Debug)]
pub struct SpiMaster {
    registers: Registers,
    /// 0 for SPI 2.
    number: usize,
    devices: Devices,
    under_way: Option<Transaction>,
    /// A transaction by DMA was asked for at this time, and waits for memory.
    asked: Option<Ticks>,
    dma_raw: u32,
}

impl SpiMaster {
    /// SPI 2 where `number` is 0, else SPI 3.
    pub fn new(number: usize) -> Self {
        Self {
            registers: Registers::new(
                0x400,
                &[
                    (CTRL, 0x0020_A400),
                    (0x0C, 0x5FFF_0000),
                    (0x14, 0x11),
                    (CLOCK, 0x8000_3043),
                    (USER, 1 << USR_COMMAND | 1 << 6),
                    (USER1, 0x5C00_0007),
                    (USER2, 0x7000_0000),
                    (PIN, 6),
                    (DMA_CONF, 0x200),
                    (DATE, 0x0160_4270),
                ],
            ),
            number,
            devices: Devices::default(),
            under_way: None,
            asked: None,
            dma_raw: 0,
        }
    }

    /// A reset: what is on the bus stays.
    pub fn reset(&mut self) {
        let devices = std::mem::take(&mut self.devices);
        *self = Self::new(self.number);
        self.devices = devices;
    }

    /// Puts a device onto the bus.
    pub fn attach(&mut self, select: Select, device: Box<dyn SpiDevice>) {
        self.devices.attach(select, device);
    }

    /// The signals that it gives.
    pub fn lines(&self) -> impl Iterator<Item = Signal> {
        let further = signals::SPI_FURTHER_CS[self.number];
        signals::SPI[self.number].into_iter().chain(further)
    }

    /// Ticks of a bit.
    fn bit_time(&self, apb: Ticks) -> Ticks {
        if self.registers.bit(CLOCK, 31) {
            return apb;
        }
        let divider =
            (self.registers.field(CLOCK, 18, 13) + 1) * (self.registers.field(CLOCK, 12, 6) + 1);
        u64::from(divider) * apb
    }

    /// The chip select lines that are used, a bit for each.
    fn selects(&self) -> u32 {
        !self.registers.get(PIN) & 7
    }

    /// What has happened until `now`.
    pub fn advance(&mut self, now: Ticks) {
        if let Some(transaction) = self
            .under_way
            .take_if(|transaction| transaction.until <= now)
        {
            if !transaction.by_dma {
                self.store(&transaction.received);
            }
            self.dma_raw |= transaction.interrupts;
            let slave = self.registers.get(SLAVE);
            self.registers.set(SLAVE, slave | 1 << TRANS_DONE);
        }
    }

    fn store(&mut self, received: &[u8]) {
        let first = if self.registers.bit(USER, MISO_HIGHPART) {
            8
        } else {
            0
        };
        for (index, part) in (first..WORDS).zip(received.chunks(4)) {
            let mut word = self.registers.get(W0 + 4 * index).to_le_bytes();
            word[..part.len()].copy_from_slice(part);
            self.registers.set(W0 + 4 * index, u32::from_le_bytes(word));
        }
    }

    fn buffer(&self, len: usize) -> Vec<u8> {
        let first = if self.registers.bit(USER, MOSI_HIGHPART) {
            8
        } else {
            0
        };
        let words = (first..WORDS).map(|index| self.registers.get(W0 + 4 * index));
        let mut bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).take(len).collect();
        bytes.resize(len, 0);
        bytes
    }

    /// Whether it waits for [`Self::serve`].
    pub fn waits_for_memory(&self) -> bool {
        self.asked.is_some()
    }

    /// Does the transaction by DMA that was asked for, with DRAM.
    pub fn serve(&mut self, dram: &mut Ram, apb: Ticks, pins: &Pins, outputs: &mut Outputs) {
        if let Some(now) = self.asked.take() {
            self.start(now, apb, pins, outputs, Some(dram));
        }
    }

    /// The command and the address of a transaction, as the bytes on the line.
    fn head(&self) -> Vec<u8> {
        let has = |bit: u32| self.registers.bit(USER, bit);
        let mut head = Vec::new();
        if has(USR_COMMAND) {
            let bits = self.registers.field(USER2, 28, 4) + 1;
            let command = self.registers.get(USER2).to_le_bytes();
            head.extend(&command[..bits.div_ceil(8) as usize]);
        }
        if has(USR_ADDR) {
            let bits = self.registers.field(USER1, 26, 6) + 1;
            let mut address = self.registers.get(ADDR).to_be_bytes().to_vec();
            address.resize(8, 0);
            head.extend(&address[..bits.div_ceil(8) as usize]);
        }
        head
    }

    fn start(
        &mut self,
        now: Ticks,
        apb: Ticks,
        pins: &Pins,
        outputs: &mut Outputs,
        dram: Option<&mut Ram>,
    ) {
        let has = |bit: u32| self.registers.bit(USER, bit);
        let len = |register: u32| (self.registers.field(register, 0, 24) as usize + 8) / 8;
        let duplex = has(DOUTDIN);
        let out_len = if has(USR_MOSI) { len(MOSI_DLEN) } else { 0 };
        let in_len = match (has(USR_MISO), duplex && has(USR_MOSI)) {
            (false, _) => 0,
            (true, true) => out_len,
            (true, false) => len(MISO_DLEN),
        };
        let mut interrupts = 0;
        let out_link = self.registers.get(DMA_OUT_LINK);
        let in_link = self.registers.get(DMA_IN_LINK);
        let (reads, writes) = (is_started(out_link), is_started(in_link));
        let mut dram = dram;
        let sent = match &mut dram {
            Some(dram) if reads && out_len > 0 => match dma::gather(dram, out_link, out_len) {
                Some(bytes) => {
                    interrupts |= OUT_DONE | OUT_EOF | OUT_TOTAL_EOF;
                    bytes
                }
                None => {
                    interrupts |= OUTLINK_DSCR_ERROR;
                    vec![0; out_len]
                }
            },
            _ => self.buffer(out_len),
        };
        let order = |register_bit: u32, bytes: Vec<u8>| {
            if self.registers.bit(CTRL, register_bit) {
                bytes.into_iter().map(u8::reverse_bits).collect()
            } else {
                bytes
            }
        };
        let sent = order(WR_BIT_ORDER, sent);
        let head = self.head();
        let dummy = match has(USR_DUMMY) {
            true => u64::from(self.registers.field(USER1, 0, 8)) + 1,
            false => 0,
        };
        let lines = signals::SPI[self.number];
        let wire = Wire {
            head: &head,
            dummy: (dummy / 8) as usize,
            sent: &sent,
            received: in_len,
            duplex,
            // Without a device MISO is what MOSI gives where they are connected, else what its pin has.
            loops: pins.connects(lines[2], lines[1]),
            silence: pins.input(lines[1]),
        };
        let keeps = self.registers.bit(PIN, CS_KEEP_ACTIVE);
        let received = self.devices.transfer(&wire, self.selects(), keeps, pins);
        let received = order(RD_BIT_ORDER, received);
        if let Some(dram) = dram
            && writes
            && in_len > 0
        {
            interrupts |= match dma::scatter(dram, in_link, &received) {
                Ok(()) => IN_DONE | IN_SUC_EOF,
                Err(dma::Refused::NoDescriptor) => INLINK_DSCR_EMPTY,
                Err(dma::Refused::BadDescriptor) => INLINK_DSCR_ERROR,
            };
        }
        let bit = self.bit_time(apb);
        let tail = if duplex {
            out_len.max(in_len)
        } else {
            out_len + in_len
        };
        let until = now + (8 * (head.len() + tail) as u64 + dummy) * bit;
        if outputs.wanted {
            self.give(now..until, bit, dummy, [&head, &sent], outputs);
        }
        self.under_way = Some(Transaction {
            until,
            received,
            by_dma: writes,
            interrupts,
        });
    }

    /// The changes of the lines in `time`: the head, dummy bits, what is sent.
    fn give(
        &self,
        time: std::ops::Range<Ticks>,
        bit: Ticks,
        dummy: u64,
        [head, sent]: [&[u8]; 2],
        outputs: &mut Outputs,
    ) {
        let (now, until) = (time.start, time.end);
        let head_bits = 8 * head.len() as u64;
        let [clock, _, mosi, cs0] = signals::SPI[self.number];
        let further = signals::SPI_FURTHER_CS[self.number];
        let selects = (0..).zip([cs0, further[0], further[1]]);
        let selects = selects.filter(|(line, _)| self.selects() >> line & 1 == 1);
        let idle = self.registers.bit(PIN, CK_IDLE_EDGE);
        // Data changes with the first edge of a bit, or half a bit before it.
        let late = idle != self.registers.bit(USER, CK_OUT_EDGE);
        outputs.set(now, clock, idle);
        for (_, signal) in selects.clone() {
            outputs.set(now, signal, false);
        }
        for at in 0..(until - now) / bit {
            let begins = now + at * bit;
            // Dummy bits, and what is behind the data, are low.
            let (bytes, bit_of) = if at < head_bits {
                (head, at)
            } else {
                (sent, at.wrapping_sub(head_bits + dummy))
            };
            let level = bytes
                .get((bit_of / 8) as usize)
                .is_some_and(|byte| byte >> (7 - bit_of % 8) & 1 == 1);
            outputs.set(begins, mosi, level);
            let half = begins + bit / 2;
            let (first, second) = if late {
                (begins, half)
            } else {
                (half, begins + bit)
            };
            outputs.set(first, clock, !idle);
            outputs.set(second, clock, idle);
        }
        if !self.registers.bit(PIN, CS_KEEP_ACTIVE) {
            for (_, signal) in selects {
                outputs.set(until, signal, true);
            }
        }
    }

    /// When something happens by itself.
    pub fn next_event(&self) -> Option<Ticks> {
        self.under_way.as_ref().map(|transaction| transaction.until)
    }

    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.registers.bit(SLAVE, TRANS_DONE) && self.registers.bit(SLAVE, TRANS_DONE_ENA)
    }

    /// Whether the interrupt of DMA is high.
    pub fn dma_interrupt(&self) -> bool {
        self.dma_raw & self.registers.get(DMA_INT_ENA) != 0
    }

    /// Reads the register at `offset`, behind [`Self::advance`].
    pub fn read(&self, offset: u32) -> u32 {
        let busy = self.under_way.is_some() || self.asked.is_some();
        match offset {
            CMD => u32::from(busy) << USR,
            // The state machine: idle, or it does something.
            EXT2 => u32::from(busy),
            DMA_INT_RAW => self.dma_raw,
            DMA_INT_ST => self.dma_raw & self.registers.get(DMA_INT_ENA),
            DMA_INT_CLR => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`, behind [`Self::advance`].
    pub fn write(
        &mut self,
        offset: u32,
        value: u32,
        now: Ticks,
        apb: Ticks,
        pins: &Pins,
        outputs: &mut Outputs,
    ) {
        match offset {
            CMD => {
                if value >> USR & 1 == 0 || self.under_way.is_some() {
                    return;
                }
                let links = [DMA_OUT_LINK, DMA_IN_LINK].map(|link| self.registers.get(link));
                if links.into_iter().any(is_started) {
                    self.asked = Some(now);
                } else {
                    self.start(now, apb, pins, outputs, None);
                }
            }
            EXT2 | DMA_INT_RAW | DMA_INT_ST => {}
            DMA_INT_CLR => self.dma_raw &= !value,
            _ => self.registers.set(offset, value),
        }
    }
}

/// Whether a link's register has started it, and not stopped.
fn is_started(link: u32) -> bool {
    link >> LINK_STOP & 1 == 0 && link & (1 << LINK_START | 1 << LINK_RESTART) != 0
}

/// A transaction, in bytes.
#[derive(Debug)]
pub struct Wire<'a> {
    /// Command and address.
    head: &'a [u8],
    /// Whole bytes between the head and the data.
    dummy: usize,
    sent: &'a [u8],
    received: usize,
    /// Whether bytes come while others go, not behind them.
    duplex: bool,
    loops: bool,
    silence: bool,
}

#[cfg(test)]
mod tests;
