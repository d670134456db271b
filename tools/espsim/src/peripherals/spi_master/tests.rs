use super::devices::Loopback;
use super::*;
use crate::bus::DRAM;
use std::sync::{Arc, Mutex};

/// Ticks of an APB cycle of 80 MHz.
const APB: Ticks = 6;
/// A megahertz: 80 / (8 * 10).
const CLOCK_1_MHZ: u32 = 7 << 18 | 9 << 12 | 4 << 6 | 9;
const BIT: Ticks = 480;

/// Notes what comes, and counts what it gives.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<(Vec<String>, u8)>>);

impl Recorder {
    fn note(&self, what: String) {
        self.0.lock().unwrap().0.push(what);
    }

    fn taken(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap().0).join(" ")
    }
}

impl SpiDevice for Recorder {
    fn select(&mut self) {
        self.note("(".into());
    }

    fn exchange(&mut self, byte: u8) -> u8 {
        self.note(format!("{byte:02x}"));
        let mut inner = self.0.lock().unwrap();
        inner.1 += 1;
        inner.1
    }

    fn deselect(&mut self) {
        self.note(")".into());
    }
}

/// The end of a list, in a descriptor.
const EOF_BIT: u32 = 30;

struct Bus {
    spi: SpiMaster,
    pins: Pins,
    outputs: Outputs,
    now: Ticks,
}

impl Bus {
    fn new() -> Self {
        let mut bus = Self {
            spi: SpiMaster::new(0),
            pins: Pins::new(0x13),
            outputs: Outputs::default(),
            now: 0,
        };
        bus.write(CLOCK, CLOCK_1_MHZ);
        bus
    }

    fn with_recorder() -> (Self, Recorder) {
        let (mut bus, recorder) = (Self::new(), Recorder::default());
        bus.spi.attach(Select::Line(0), Box::new(recorder.clone()));
        (bus, recorder)
    }

    fn write(&mut self, offset: u32, value: u32) {
        let outputs = &mut self.outputs;
        self.spi
            .write(offset, value, self.now, APB, &self.pins, outputs);
    }

    fn user(&mut self, bits: &[u32]) {
        self.write(USER, bits.iter().fold(0, |word, bit| word | 1 << bit));
    }

    /// Starts, and waits until it is over.
    fn run(&mut self) -> Ticks {
        self.write(CMD, 1 << USR);
        let end = self.spi.next_event().expect("a transaction");
        self.spi.advance(end - 1);
        assert_eq!(self.spi.read(CMD), 1 << USR);
        self.spi.advance(end);
        assert_eq!(self.spi.read(CMD), 0);
        end - std::mem::replace(&mut self.now, end)
    }
}

#[test]
fn both_ways_at_once() {
    let (mut bus, recorder) = Bus::with_recorder();
    bus.user(&[DOUTDIN, USR_MOSI, USR_MISO]);
    bus.write(MOSI_DLEN, 5 * 8 - 1);
    bus.write(MISO_DLEN, 5 * 8 - 1);
    bus.write(W0, 0x4433_2211);
    bus.write(W0 + 4, 0xFFFF_FF55);
    assert_eq!(bus.run(), 40 * BIT);
    assert_eq!(recorder.taken(), "( 11 22 33 44 55 )");
    assert_eq!(bus.spi.read(W0), 0x0403_0201);
    assert_eq!(bus.spi.read(W0 + 4), 0xFFFF_FF05);
}

#[test]
fn command_address_dummy_then_what_comes_back() {
    let (mut bus, recorder) = Bus::with_recorder();
    bus.user(&[USR_COMMAND, USR_ADDR, USR_DUMMY, USR_MISO]);
    bus.write(USER2, 7 << 28 | 0x0B);
    bus.write(USER1, 23 << 26 | 7);
    bus.write(ADDR, 0x12_3456 << 8);
    bus.write(MISO_DLEN, 16 - 1);
    assert_eq!(bus.run(), (8 + 24 + 8 + 16) * BIT);
    assert_eq!(recorder.taken(), "( 0b 12 34 56 00 00 00 )");
    assert_eq!(bus.spi.read(W0), 0x0706);
}

#[test]
fn highparts_are_the_upper_half_of_the_buffer() {
    let (mut bus, recorder) = Bus::with_recorder();
    bus.user(&[DOUTDIN, USR_MOSI, USR_MISO, MOSI_HIGHPART, MISO_HIGHPART]);
    bus.write(MOSI_DLEN, 8 - 1);
    bus.write(W0, 0x11);
    bus.write(W0 + 32, 0x22);
    bus.run();
    assert_eq!(recorder.taken(), "( 22 )");
    assert_eq!((bus.spi.read(W0), bus.spi.read(W0 + 32)), (0x11, 1));
}

#[test]
fn bits_can_come_in_the_other_order() {
    let (mut bus, recorder) = Bus::with_recorder();
    bus.user(&[DOUTDIN, USR_MOSI, USR_MISO]);
    bus.write(CTRL, 1 << WR_BIT_ORDER | 1 << RD_BIT_ORDER);
    bus.write(MOSI_DLEN, 8 - 1);
    bus.write(W0, 0x01);
    bus.run();
    assert_eq!(recorder.taken(), "( 80 )");
    assert_eq!(bus.spi.read(W0), 0x80);
}

#[test]
fn a_device_is_selected_by_its_line_or_by_a_pin() {
    let (mut bus, first) = Bus::with_recorder();
    let (second, third) = (Recorder::default(), Recorder::default());
    bus.spi.attach(Select::Line(1), Box::new(second.clone()));
    bus.spi.attach(Select::Pin(18), Box::new(third.clone()));
    // GPIO18 is driven, and high.
    bus.pins.write_gpio(0x08, 1 << 18, 0);
    bus.pins.write_gpio(0x24, 1 << 18, 0);
    bus.user(&[USR_MOSI]);
    bus.write(MOSI_DLEN, 8 - 1);
    bus.run();
    assert_eq!(
        [first.taken(), second.taken(), third.taken()],
        ["( 00 )", "", ""]
    );
    bus.write(PIN, 5 | 1 << CS_KEEP_ACTIVE);
    bus.run();
    bus.run();
    assert_eq!(
        [first.taken(), second.taken(), third.taken()],
        ["", "( 00 00", ""]
    );
    bus.write(PIN, 7);
    for _ in 0..2 {
        bus.pins.write_gpio(0x0C, 1 << 18, 0);
        bus.run();
        bus.run();
        bus.pins.write_gpio(0x08, 1 << 18, 0);
    }
    assert_eq!([first.taken(), second.taken()], ["", ")"]);
    assert_eq!(third.taken(), "( 00 00 ) ( 00 00");
}

#[test]
fn without_a_device_miso_is_what_its_pin_has() {
    let mut bus = Bus::new();
    bus.user(&[DOUTDIN, USR_MOSI, USR_MISO]);
    bus.write(MOSI_DLEN, 8 - 1);
    let read = |bus: &mut Bus| {
        bus.write(W0, 0x5A);
        bus.run();
        bus.spi.read(W0)
    };
    // HSPIQ from GPIO19.
    let in_sel = 0x130 + 4 * 9;
    bus.pins.write_gpio(in_sel, 1 << 7 | 19, 0);
    assert_eq!(read(&mut bus), 0);
    bus.pins.set_outside(19, Some(true), 0);
    assert_eq!(read(&mut bus), 0xFF);
    // HSPID to the same pin.
    bus.pins.write_gpio(0x530 + 4 * 19, 10, 0);
    assert_eq!(read(&mut bus), 0x5A);
}

#[test]
fn the_end_interrupts() {
    let mut bus = Bus::new();
    bus.spi
        .attach(Select::Line(0), Box::new(Loopback::default()));
    bus.user(&[USR_MOSI]);
    bus.run();
    assert!(!bus.spi.interrupt());
    bus.write(SLAVE, 1 << TRANS_DONE_ENA);
    bus.run();
    assert!(bus.spi.interrupt());
    bus.write(SLAVE, 1 << TRANS_DONE_ENA);
    assert!(!bus.spi.interrupt());
}

#[test]
fn the_lines_are_those_of_the_mode() {
    // CK_IDLE_EDGE, CK_OUT_EDGE, and which of the clock's edges has the data.
    for (idle, out_edge, rising) in [
        (false, false, true),
        (false, true, false),
        (true, true, false),
        (true, false, true),
    ] {
        let mut bus = Bus::new();
        bus.outputs.wanted = true;
        bus.write(PIN, u32::from(idle) << CK_IDLE_EDGE | 6);
        bus.write(USER, 1 << USR_MOSI | u32::from(out_edge) << CK_OUT_EDGE);
        bus.write(MOSI_DLEN, 8 - 1);
        bus.write(W0, 0xB2);
        bus.run();
        let [clock, _, mosi, cs] = signals::SPI[0];
        let (mut levels, mut byte, mut bits) = ([false; 256], 0u32, 0);
        levels[usize::from(cs)] = true;
        levels[usize::from(clock)] = idle;
        while let Some(edge) = bus.outputs.take(Ticks::MAX) {
            let before = std::mem::replace(&mut levels[usize::from(edge.signal)], edge.level);
            if edge.signal == clock && before != edge.level && edge.level == rising {
                assert!(!levels[usize::from(cs)]);
                byte = byte << 1 | u32::from(levels[usize::from(mosi)]);
                bits += 1;
            }
        }
        assert_eq!((byte, bits), (0xB2, 8), "{idle} {out_edge}");
        assert_eq!(levels[usize::from(clock)], idle);
        assert!(levels[usize::from(cs)]);
    }
}

#[test]
fn dummy_bits_are_between_the_head_and_the_data() {
    let mut bus = Bus::new();
    bus.outputs.wanted = true;
    bus.user(&[USR_COMMAND, USR_DUMMY, USR_MOSI]);
    bus.write(USER2, 7 << 28 | 0xFF);
    bus.write(USER1, 3);
    bus.write(MOSI_DLEN, 8 - 1);
    bus.write(W0, 0xFF);
    assert_eq!(bus.run(), 20 * BIT);
    let mosi = std::iter::from_fn(|| bus.outputs.take(Ticks::MAX))
        .filter(|edge| edge.signal == signals::SPI[0][2])
        .fold(Vec::new(), |mut changes, edge| {
            if changes.last().is_none_or(|&(_, level)| level != edge.level) {
                changes.push((edge.at / BIT, edge.level));
            }
            changes
        });
    assert_eq!(mosi, [(0, true), (8, false), (12, true)]);
}

/// Descriptors at the start of DRAM: of two buffers to be sent, and of two for what comes.
fn lists(dram: &mut Ram) {
    let words = [
        3 << 12 | 3 | 1 << 31,
        DRAM + 0x100,
        DRAM + 12,
        2 << 12 | 2 | 1 << 30 | 1 << 31,
        DRAM + 0x200,
        0,
        4 | 1 << 31,
        DRAM + 0x300,
        DRAM + 36,
        4 | 1 << 31,
        DRAM + 0x400,
        0,
    ];
    for (offset, word) in (0..).step_by(4).zip(words) {
        *dram.word_mut(offset).unwrap() = word;
    }
    dram.set_bytes(0x100, &[1, 2, 3]);
    dram.set_bytes(0x200, &[4, 5]);
}

#[test]
fn dma_sends_and_fills_lists_of_buffers() {
    let mut bus = Bus::new();
    bus.spi
        .attach(Select::Line(0), Box::new(Loopback::default()));
    let mut dram = Ram::new(0x1000, 0);
    lists(&mut dram);
    bus.user(&[DOUTDIN, USR_MOSI, USR_MISO]);
    bus.write(MOSI_DLEN, 40 - 1);
    bus.write(MISO_DLEN, 40 - 1);
    bus.write(DMA_INT_ENA, IN_SUC_EOF);
    bus.write(DMA_OUT_LINK, 1 << LINK_START | DRAM & 0xF_FFFF);
    bus.write(DMA_IN_LINK, 1 << LINK_START | (DRAM + 24) & 0xF_FFFF);
    bus.write(CMD, 1 << USR);
    assert!(bus.spi.waits_for_memory());
    bus.spi.serve(&mut dram, APB, &bus.pins, &mut bus.outputs);
    assert_eq!(bus.spi.next_event(), Some(40 * BIT));
    bus.spi.advance(40 * BIT);
    assert!(bus.spi.dma_interrupt());
    assert_eq!(dram.bytes(0x300), Some([0, 1, 2, 3]));
    assert_eq!(dram.bytes(0x400), Some([4, 0, 0, 0]));
    assert_eq!(dram.word(24), Some(4 << 12 | 4));
    assert_eq!(dram.word(36), Some(1 << 12 | 4 | 1 << EOF_BIT));
    bus.write(DMA_INT_CLR, u32::MAX);
    assert!(!bus.spi.dma_interrupt());
}

#[test]
fn a_list_elsewhere_is_an_error() {
    let mut bus = Bus::new();
    let mut dram = Ram::new(0x1000, 0);
    bus.user(&[USR_MOSI]);
    bus.write(DMA_OUT_LINK, 1 << LINK_START | 0x1000);
    bus.write(CMD, 1 << USR);
    bus.spi.serve(&mut dram, APB, &bus.pins, &mut bus.outputs);
    bus.spi.advance(Ticks::MAX);
    assert_eq!(bus.spi.read(DMA_INT_RAW), OUTLINK_DSCR_ERROR);
}
