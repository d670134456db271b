use super::devices::{Loopback, Memory};
use super::*;
use crate::peripherals::signals;

/// Ticks of an APB cycle of 80 MHz.
const APB: Ticks = 6;
/// 100 kHz.
const BIT: Ticks = 800 * APB;

const RESTART: u32 = 0;
const WRITE: u32 = 1 << 11 | 1 << 8;
const READ: u32 = 2 << 11;
const READ_LAST: u32 = 2 << 11 | 1 << 10;
const STOP: u32 = 3 << 11;
const END: u32 = 4 << 11;

struct Bus {
    i2c: I2c,
    outputs: Outputs,
    now: Ticks,
}

impl Bus {
    fn new() -> Self {
        let mut bus = Self {
            i2c: I2c::new(signals::I2C[0]),
            outputs: Outputs::default(),
            now: 0,
        };
        bus.outputs.wanted = true;
        bus.i2c
            .attach(Box::new(Memory::new(0x50, (0..=255).collect())));
        bus.i2c.attach(Box::new(Loopback::new(0x51)));
        for half in [SCL_LOW_PERIOD, SCL_HIGH_PERIOD] {
            bus.write(half, 400);
        }
        bus.write(TO, 10_000);
        bus.write(INT_ENA, TRANS_COMPLETE | END_DETECT | ACK_ERR | TIME_OUT);
        bus
    }

    fn write(&mut self, offset: u32, value: u32) {
        let outputs = &mut self.outputs;
        self.i2c.write(offset, value, self.now, APB, outputs);
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.i2c.read(offset)
    }

    /// Starts `commands`, with `bytes` in the FIFO.
    fn start(&mut self, commands: &[u32], bytes: &[u8]) {
        for &byte in bytes {
            self.write(DATA, byte.into());
        }
        for (offset, &command) in (COMD0..).step_by(4).zip(commands) {
            self.write(offset, command);
        }
        self.write(CTR, 1 << 4 | 1 << TRANS_START);
    }

    /// The interrupts that end it, cleared.
    fn finish(&mut self) -> u32 {
        while let Some(event) = self.i2c.next_event() {
            self.now = event;
            self.i2c.advance(event, APB, &mut self.outputs);
        }
        let status = self.read(INT_STATUS);
        self.write(INT_CLR, u32::MAX);
        status
    }

    fn received(&mut self, len: usize) -> Vec<u8> {
        assert_eq!(self.read(SR) >> 8 & 0x3F, len as u32);
        (0..len).map(|_| self.read(DATA) as u8).collect()
    }
}

#[test]
fn a_register_is_written_and_read_again() {
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 4, STOP], &[0xA0, 0x10, 0xAB, 0xCD]);
    assert_eq!(bus.read(SR) >> 4 & 1, 1);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
    assert_eq!(bus.read(SR) >> 4 & 1, 0);
    // Four bytes of nine bits.
    assert!((36 * BIT..40 * BIT).contains(&bus.now), "{}", bus.now / BIT);
    let commands = [
        RESTART,
        WRITE | 2,
        RESTART,
        WRITE | 1,
        READ | 2,
        READ_LAST | 1,
        STOP,
    ];
    bus.start(&commands, &[0xA0, 0x10, 0xA1]);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
    assert_eq!(bus.received(3), [0xAB, 0xCD, 0x12]);
    for command in 0..commands.len() as u32 {
        assert_eq!(bus.read(COMD0 + 4 * command) >> COMMAND_DONE, 1);
    }
}

#[test]
fn an_address_that_nobody_has_is_not_acknowledged() {
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 2, STOP], &[0x20, 0x10]);
    assert_eq!(bus.finish(), ACK_ERR);
    assert_eq!(bus.read(SR) & 1, 1);
    // The STOP is the driver's.
    assert_eq!(bus.read(COMD0 + 8) >> COMMAND_DONE, 0);
    bus.start(&[STOP], &[]);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
    assert_eq!(bus.read(SR) >> 4 & 1, 0);
    // Unless it does not look.
    bus.write(FIFO_CONF, 1 << TX_FIFO_RST);
    bus.start(&[RESTART, 1 << 11 | 1, STOP], &[0x20]);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
}

#[test]
fn what_is_longer_than_the_fifo_goes_on_behind_an_end() {
    let mut bus = Bus::new();
    let bytes: Vec<u8> = (0..40).collect();
    bus.start(
        &[RESTART, WRITE | 32, END],
        &[&[0xA2], &bytes[..31]].concat(),
    );
    assert_eq!(bus.finish(), END_DETECT);
    assert_eq!(bus.read(SR) >> 4 & 1, 1);
    bus.start(&[WRITE | 9, STOP], &bytes[31..]);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
    bus.start(&[RESTART, WRITE | 1, READ | 30, END], &[0xA3]);
    assert_eq!(bus.finish(), END_DETECT);
    assert_eq!(bus.received(30), bytes[..30]);
    bus.start(&[READ | 9, READ_LAST | 1, STOP], &[]);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
    assert_eq!(bus.received(10), bytes[30..]);
}

#[test]
fn a_byte_that_does_not_come_is_a_timeout() {
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 3, STOP], &[0xA2, 1]);
    assert_eq!(bus.finish(), TIME_OUT);
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 3, STOP], &[0xA2, 1]);
    bus.now = 30 * BIT - 9 * BIT;
    bus.i2c.advance(bus.now, APB, &mut bus.outputs);
    bus.write(DATA, 2);
    assert_eq!(bus.finish(), TRANS_COMPLETE);
}

#[test]
fn too_much_is_lost_and_fifos_are_reset() {
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 1, READ | 33, STOP], &[0xA1]);
    bus.finish();
    assert_eq!(bus.read(SR) >> 8 & 0x3F, 32);
    bus.write(FIFO_CONF, 1 << RX_FIFO_RST);
    assert_eq!(bus.received(0), [0u8; 0]);
    for byte in 0..40 {
        bus.write(DATA, byte);
    }
    assert_eq!(bus.read(SR) >> 18 & 0x3F, 32);
    assert_eq!(bus.read(INT_RAW) & TXFIFO_EMPTY, 0);
    bus.write(FIFO_CONF, 1 << TX_FIFO_RST);
    assert_eq!(bus.read(SR) >> 18 & 0x3F, 0);
    assert_eq!(bus.read(INT_RAW) & TXFIFO_EMPTY, TXFIFO_EMPTY);
}

#[test]
fn the_lines_are_those_of_the_bus() {
    let mut bus = Bus::new();
    bus.start(&[RESTART, WRITE | 1, STOP], &[0xA2]);
    bus.finish();
    // What SDA is when SCL rises: the byte, the acknowledgement, and low before the STOP.
    let (mut scl, mut sda, mut bits) = (true, true, Vec::new());
    let (mut starts, mut stops) = (0, 0);
    while let Some(edge) = bus.outputs.take(Ticks::MAX) {
        if edge.signal == signals::I2C[0][0] {
            if edge.level && !scl {
                bits.push(sda);
            }
            scl = edge.level;
        } else {
            starts += u32::from(scl && sda && !edge.level);
            stops += u32::from(scl && !sda && edge.level);
            sda = edge.level;
        }
    }
    let expected = [1, 0, 1, 0, 0, 0, 1, 0, 0, 0].map(|bit| bit == 1);
    assert_eq!(bits, expected);
    assert_eq!((starts, stops), (1, 1));
    assert!(scl && sda);
}

#[test]
fn a_reset_keeps_the_devices() {
    let mut bus = Bus::new();
    bus.i2c.reset();
    assert_eq!(bus.i2c.devices.len(), 2);
    assert_eq!(bus.read(SCL_LOW_PERIOD), 0);
}
