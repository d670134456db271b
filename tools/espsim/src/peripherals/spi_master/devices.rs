//! Devices for an SPI bus.

use std::fmt::Debug;

use super::Wire;
use crate::peripherals::pins::Pins;

/// A device that takes a byte and gives one at the same time.
pub trait SpiDevice: Debug + Send {
    /// Its chip select falls.
    fn select(&mut self) {}
    /// A byte comes, and the one that is returned goes.
    fn exchange(&mut self, byte: u8) -> u8;
    /// Its chip select rises.
    fn deselect(&mut self) {}
}

/// What selects a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// A chip select of the controller: 0 to 2.
    Line(u8),
    /// A pin that the program drives low, by GPIO's number.
    Pin(u8),
}

/// Gives back each byte with the next one.
#[derive(Debug, Default)]
pub struct Loopback {
    last: u8,
}

impl SpiDevice for Loopback {
    fn select(&mut self) {
        self.last = 0;
    }

    fn exchange(&mut self, byte: u8) -> u8 {
        std::mem::replace(&mut self.last, byte)
    }
}

#[derive(Debug)]
struct Attached {
    select: Select,
    device: Box<dyn SpiDevice>,
    selected: bool,
    /// How often the pin that selects it had changed.
    changes: u64,
}

/// The devices of a bus.
#[derive(Debug, Default)]
pub(super) struct Devices(Vec<Attached>);

impl Devices {
    pub fn attach(&mut self, select: Select, device: Box<dyn SpiDevice>) {
        self.0.push(Attached {
            select,
            device,
            selected: false,
            changes: 0,
        });
    }

    /// Does a transaction with the device that is selected; `lines` are the controller's chip selects, a bit for each, which `keeps`
    /// leaves low. What it gives back is what was received.
    pub fn transfer(&mut self, wire: &Wire, lines: u32, keeps: bool, pins: &Pins) -> Vec<u8> {
        let mut answering = None;
        for (index, attached) in self.0.iter_mut().enumerate() {
            let (selected, again) = match attached.select {
                Select::Line(line) => (lines >> line & 1 == 1, false),
                Select::Pin(pin) => {
                    let changes = pins.changes(pin.into());
                    let changed = std::mem::replace(&mut attached.changes, changes) != changes;
                    (pins.levels() >> pin & 1 == 0, changed)
                }
            };
            if attached.selected && (again || !selected) {
                attached.device.deselect();
                attached.selected = false;
            }
            if selected && !attached.selected {
                attached.device.select();
                attached.selected = true;
            }
            if selected {
                answering.get_or_insert(index);
            }
        }
        let mut exchange = |byte: u8| match answering {
            Some(index) => self.0[index].device.exchange(byte),
            None if wire.loops => byte,
            None => 0u8.wrapping_sub(wire.silence.into()),
        };
        for &byte in wire.head {
            exchange(byte);
        }
        for _ in 0..wire.dummy {
            exchange(0);
        }
        let mut answer: Vec<u8> = wire.sent.iter().map(|&byte| exchange(byte)).collect();
        if !wire.duplex || wire.sent.is_empty() {
            answer = (0..wire.received).map(|_| exchange(0)).collect();
        }
        answer.truncate(wire.received);
        if !keeps {
            for attached in &mut self.0 {
                if matches!(attached.select, Select::Line(_)) && attached.selected {
                    attached.device.deselect();
                    attached.selected = false;
                }
            }
        }
        answer
    }
}
