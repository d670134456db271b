//! Peripherals together: by their addresses, through the GPIO matrix, to the interrupt matrix.

use super::*;
use crate::clock::MICROSECOND;

struct Board {
    peripherals: Peripherals,
    now: Ticks,
}

impl Board {
    fn new() -> Self {
        let flash = Flash::new(4 << 20);
        Self {
            peripherals: Peripherals::new(&Chip::default(), flash, 0x13, 0),
            now: 0,
        }
    }

    fn write(&mut self, address: u32, value: u32) {
        self.peripherals.write(address, value, self.now, 0);
    }

    fn read(&mut self, address: u32) -> u32 {
        self.peripherals.read(address, self.now, 0)
    }

    fn run_to(&mut self, now: Ticks) {
        self.now = now;
        self.peripherals.advance(now);
    }

    /// The sources that are high for the first core.
    fn high(&self, source: u32) -> bool {
        self.peripherals.sources(self.now)[0] >> source & 1 == 1
    }
}

#[test]
fn rmt_hears_itself_through_a_pin() {
    let mut board = Board::new();
    // Channel 0 sends, channel 1 receives, both in microseconds.
    let (send, receive) = (RMT + 0x24, RMT + 0x2C);
    board.write(RMT + 0x20, 1 | 1 << 24);
    board.write(RMT + 0x28, 1 | 50 << 8 | 1 << 24);
    // RMT_SIG_OUT0 to GPIO18, GPIO18 to RMT_SIG_IN1.
    board.write(GPIO + 0x530 + 4 * 18, 87);
    board.write(GPIO + 0x130 + 4 * 84, 1 << 7 | 18);
    board.write(RMT + 0x800, (1 << 15 | 10) | 20 << 16);
    board.write(RMT + 0x804, 1 << 15 | 30);
    board.write(RMT + 0xA8, 1 << 4);
    board.write(receive, 1 << 5 | 1 << 2);
    board.write(receive, 1 << 5 | 1 << 1);
    board.write(send, 1 << 19 | 1 << 3);
    board.write(send, 1 << 19 | 1);
    while !board.high(source::RMT) {
        let event = board.peripherals.next_event(board.now).expect("pulses");
        board.run_to(event);
    }
    assert_eq!(board.now, (10 + 20 + 30 + 50) * MICROSECOND);
    assert_eq!(board.read(RMT + 0x900), (1 << 15 | 10) | 20 << 16);
    assert_eq!(board.read(RMT + 0x904), 1 << 15 | 30);
}

#[test]
fn pwm_interrupts_by_its_pin() {
    let mut board = Board::new();
    // LEDC_HS_SIG_OUT0 to GPIO18, which interrupts the second core with each fall.
    board.write(GPIO + 0x530 + 4 * 18, 71);
    board.write(GPIO + 0x88 + 4 * 18, 2 << 7 | 1 << 13);
    // Of 256 microseconds 64 high.
    board.write(LEDC + 0x140, 8 | 256 << 5);
    board.write(LEDC + 0x08, 64 << 4);
    board.write(LEDC + 0x0C, 1 << 31 | 1 << 20 | 1 << 10);
    board.write(LEDC, 1 << 2);
    for period in 1..4 {
        let expected = (256 * period + 64) * MICROSECOND;
        loop {
            let [first, second] = board.peripherals.sources(board.now);
            assert_eq!(first >> source::GPIO & 1, 0);
            if second >> source::GPIO & 1 == 1 {
                break;
            }
            let event = board.peripherals.next_event(board.now).expect("an edge");
            board.run_to(event);
        }
        assert_eq!(board.now, expected);
        board.write(GPIO + 0x4C, 1 << 18);
    }
}

#[test]
fn a_uarts_bytes_are_on_its_pin() {
    let mut board = Board::new();
    board.peripherals.pins.watch(true);
    board.peripherals.advance(0);
    // 40 MHz / 40: a megabaud.
    board.write(UART0 + 0x14, 40);
    board.write(UART0, b'U'.into());
    board.run_to(100 * MICROSECOND);
    let edges = board.peripherals.pins.take_edges();
    assert!(edges.iter().all(|edge| edge.pin == 1));
    let times: Vec<_> = edges.iter().map(|edge| edge.at / MICROSECOND).collect();
    assert_eq!(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_is_modelled_is_where_the_manual_has_it() {
    let mut board = Board::new();
    // A register that holds what was written, of each.
    for address in [
        0x3FF0_1010, // AES_KEY_0
        0x3FF0_2000, // RSA_MEM_M
        0x3FF0_3000, // SHA_TEXT
        0x3FF1_1200, // MMU of external RAM
        0x3FF1_3200,
        0x3FF4_4004, // GPIO_OUT
        0x3FF4_804C, // RTC_CNTL_STORE0
        0x3FF4_8400, // RTC_GPIO_OUT
        0x3FF4_8834, // SENS_SAR_ATTEN1
        0x3FF4_9004, // IO_MUX_GPIO36
        0x3FF5_3000, // I2C_SCL_LOW_PERIOD
        0x3FF5_6800, // RMT's memory
        0x3FF5_9004, // LEDC_HSCH0_HPOINT
        0x3FF5_A098, // EFUSE_BLK1_WDATA0
        0x3FF6_4080, // SPI_W0
        0x3FF6_5080,
        0x3FF6_7000, // I2C_SCL_LOW_PERIOD
    ] {
        board.write(address, 0x1C3);
        assert_eq!(board.read(address), 0x1C3, "{address:#x}");
    }
    assert!(board.peripherals.unmodelled().is_empty());
    board.write(0x3FF6_B000, 1);
    assert_eq!(board.peripherals.unmodelled().len(), 1);
}

#[test]
fn an_adc_measures_what_is_at_its_pin() {
    let mut board = Board::new();
    board.peripherals.set_millivolts(34, Some(1650));
    let convert = |board: &mut Board| {
        // GPIO34 is channel 6; the result is not inverted.
        let start = 1 << 31 | 1 << (19 + 6) | 1 << 18;
        board.write(0x3FF4_8800, 1 << 28);
        board.write(0x3FF4_8854, start);
        board.write(0x3FF4_8854, start | 1 << 17);
        board.read(0x3FF4_8854) & 0xFFFF
    };
    assert_eq!(convert(&mut board), 1650 * 4095 / 3903);
    board.peripherals.set_millivolts(34, None);
    assert_eq!(convert(&mut board), 0);
    board.peripherals.set_pin(34, Some(true), 0);
    assert_eq!(convert(&mut board), 3300 * 4095 / 3903);
}

/// A board after random accesses: what was read, and the edges of pins.
fn after_random_accesses(seed: u64) -> (Vec<u32>, Vec<pins::Edge>) {
    const PAGES: [u32; 20] = [
        GPIO, GPIO, DPORT, AES, SHA, RSA, UART0, SPI0, SPI1, GPIO, RTC, IO_MUX, I2C0, RMT, LEDC,
        EFUSE, SPI2, SPI3, I2C1, UART2,
    ];
    let mut state = seed;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % below
    };
    let mut board = Board::new();
    let i2c = i2c::devices::Memory::new(0x50, vec![7; 100]);
    board.peripherals.attach_i2c(0, Box::new(i2c));
    board.peripherals.pins.watch(true);
    let (mut read, mut edges) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let page = PAGES[random(PAGES.len() as u64) as usize];
        let registers = [0x40, 0x400][random(2) as usize];
        let address = page + 4 * random(registers) as u32;
        // Few bits, for settings that mean something.
        let value = (0..1 + random(4)).fold(0u32, |value, _| value | 1 << random(32));
        // Not a length of a transaction of megabytes.
        let value = if matches!(address & 0xFFF, 0x28 | 0x2C) {
            value & 0x3FF
        } else {
            value
        };
        match random(4) {
            0 => read.push(board.read(address)),
            1 => board
                .peripherals
                .set_pin(random(40) as usize, Some(random(2) == 1), board.now),
            _ => board.write(address, value),
        }
        board.run_to(board.now + random(2000));
        board.peripherals.next_event(board.now);
        board.peripherals.take_reset();
        read.push(board.peripherals.sources(board.now)[1] as u32);
        edges.extend(board.peripherals.pins.take_edges());
        if board.peripherals.waits_for_memory() {
            board
                .peripherals
                .serve(&mut Ram::new(0x1000, 0), &Ram::new(0x2000, 0));
        }
    }
    (read, edges)
}

#[test]
fn random_accesses_end_the_same_way_every_time() {
    for seed in [0x1234_5678_9ABC_DEF1, 42] {
        let (read, edges) = after_random_accesses(seed);
        assert!(edges.is_sorted_by_key(|edge| edge.at));
        assert!(edges.len() > 20, "{}", edges.len());
        assert_eq!((read, edges), after_random_accesses(seed));
    }
}
