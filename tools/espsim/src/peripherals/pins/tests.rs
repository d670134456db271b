use super::*;
use crate::peripherals::gpio::Destination;

const OUT_W1TS: u32 = 0x08;
const OUT_W1TC: u32 = 0x0C;
const ENABLE_W1TS: u32 = 0x24;
const ENABLE1_W1TS: u32 = 0x30;
const IN: u32 = 0x3C;
const IN1: u32 = 0x40;
const STATUS: u32 = 0x44;
const STATUS_W1TC: u32 = 0x4C;
const PCPU_INT: u32 = 0x68;
const ACPU_INT: u32 = 0x60;
const PCPU_INT1: u32 = 0x7C;
const IO_MUX_GPIO18: u32 = 0x70;
const IO_MUX_GPIO34: u32 = 0x14;

fn pin_register(pin: u32) -> u32 {
    0x88 + 4 * pin
}

fn out_sel(pin: u32) -> u32 {
    0x530 + 4 * pin
}

fn pins() -> Pins {
    let mut pins = Pins::new(0x13);
    pins.watch(true);
    pins
}

fn reads(pins: &Pins, pin: u32) -> bool {
    match pin {
        0..32 => pins.gpio.read(IN) >> pin & 1 == 1,
        _ => pins.gpio.read(IN1) >> (pin - 32) & 1 == 1,
    }
}

fn edges(pins: &mut Pins) -> Vec<(Ticks, u8, bool)> {
    let edges = pins.take_edges().into_iter();
    edges.map(|edge| (edge.at, edge.pin, edge.level)).collect()
}

#[test]
fn an_output_drives_its_pin_and_its_changes_are_kept() {
    let mut pins = pins();
    pins.write_gpio(OUT_W1TS, 1 << 18, 5);
    assert_eq!(edges(&mut pins), []);
    pins.write_gpio(ENABLE_W1TS, 1 << 18, 10);
    pins.write_gpio(OUT_W1TS, 1 << 18, 20);
    pins.write_gpio(OUT_W1TC, 1 << 18, 30);
    assert_eq!(edges(&mut pins), [(10, 18, true), (30, 18, false)]);
    pins.watch(false);
    pins.write_gpio(OUT_W1TS, 1 << 18, 40);
    assert_eq!(edges(&mut pins), []);
    assert!(reads(&pins, 18));
}

#[test]
fn a_core_that_is_behind_makes_no_edge_before_the_last_one() {
    let mut pins = pins();
    pins.write_gpio(ENABLE_W1TS, 1 << 18, 100);
    pins.write_gpio(OUT_W1TS, 1 << 18, 90);
    assert_eq!(edges(&mut pins), [(100, 18, false), (100, 18, true)]);
}

#[test]
fn the_world_outside_then_the_resistors_decide_what_an_input_reads() {
    let mut pins = pins();
    assert!(!reads(&pins, 18));
    pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 8, 0);
    assert!(reads(&pins, 18));
    pins.set_outside(18, Some(false), 0);
    assert!(!reads(&pins, 18));
    pins.set_outside(18, None, 0);
    assert!(reads(&pins, 18));
    pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 7, 0);
    assert!(!reads(&pins, 18));
    pins.set_outside(18, Some(true), 0);
    assert!(reads(&pins, 18));
    // Without its input enabled.
    pins.write_io_mux(IO_MUX_GPIO18, 1 << 7, 0);
    assert!(!reads(&pins, 18));
    assert_eq!(edges(&mut pins), []);
}

#[test]
fn an_rtc_pin_has_its_resistors_in_rtc_io() {
    let mut pins = pins();
    // TOUCH_PAD1, GPIO0: pulled up after power-on; TOUCH_PAD0, GPIO4: down.
    assert!(reads(&pins, 0) && !reads(&pins, 4));
    pins.write_rtc_io(0x98, 1 << 28, 0);
    pins.write_rtc_io(0x94, 1 << 27, 0);
    assert!(!reads(&pins, 0) && reads(&pins, 4));
    // RTCIO_RTC_GPIO_IN: GPIO4 is 10, GPIO0 11.
    assert_eq!(pins.read_rtc_io(0x24) >> 24 & 3, 1);
    // IO_MUX' resistors are not there.
    pins.write_io_mux(0x48, 1 << 9 | 1 << 7, 0);
    assert!(reads(&pins, 4));
}

#[test]
fn the_rtc_drives_a_pin_that_it_has() {
    let mut pins = pins();
    pins.write_rtc_io(0x10, 1 << 24, 0);
    pins.write_rtc_io(0x04, 1 << 24, 0);
    assert_eq!(edges(&mut pins), []);
    pins.write_rtc_io(0x94, 1 << 19, 7);
    assert_eq!(edges(&mut pins), [(7, 4, true)]);
}

#[test]
fn an_open_drain_only_pulls_down() {
    let mut pins = pins();
    pins.write_io_mux(IO_MUX_GPIO18, 1 << 9 | 1 << 8, 0);
    pins.write_gpio(pin_register(18), 1 << 2, 0);
    pins.write_gpio(OUT_W1TS, 1 << 18, 0);
    pins.write_gpio(ENABLE_W1TS, 1 << 18, 1);
    assert!(reads(&pins, 18));
    pins.set_outside(18, Some(false), 2);
    assert!(!reads(&pins, 18));
    pins.set_outside(18, None, 3);
    pins.write_gpio(OUT_W1TC, 1 << 18, 4);
    pins.set_outside(18, Some(true), 5);
    assert!(!reads(&pins, 18));
    assert_eq!(
        edges(&mut pins),
        [(1, 18, true), (2, 18, false), (3, 18, true), (4, 18, false)]
    );
}

#[test]
fn a_push_pull_output_wins_over_the_world_outside() {
    let mut pins = pins();
    pins.write_gpio(ENABLE_W1TS, 1 << 18, 0);
    pins.set_outside(18, Some(true), 1);
    assert!(!reads(&pins, 18));
}

#[test]
fn pins_34_to_39_have_no_output() {
    let mut pins = pins();
    pins.write_gpio(0x14, 1 << 2, 0);
    pins.write_gpio(ENABLE1_W1TS, 1 << 2, 0);
    pins.write_io_mux(IO_MUX_GPIO34, 1 << 9, 0);
    assert!(!reads(&pins, 34));
    pins.set_outside(34, Some(true), 0);
    assert!(reads(&pins, 34));
    assert_eq!(edges(&mut pins), []);
}

#[test]
fn a_signal_reaches_the_pins_that_select_it() {
    let mut pins = pins();
    let give = |pins: &mut Pins, at, level| {
        let signal = signals::LEDC;
        pins.give(SignalEdge { at, signal, level });
    };
    pins.write_gpio(out_sel(18), signals::LEDC.into(), 0);
    // Inverted, and by ENABLE, which is off.
    pins.write_gpio(out_sel(19), u32::from(signals::LEDC) | 1 << 9 | 1 << 10, 0);
    give(&mut pins, 10, true);
    give(&mut pins, 11, true);
    pins.write_gpio(ENABLE_W1TS, 1 << 19, 20);
    give(&mut pins, 30, false);
    assert_eq!(
        edges(&mut pins),
        [
            (0, 18, false),
            (10, 18, true),
            (20, 19, false),
            (30, 18, false),
            (30, 19, true)
        ]
    );
}

#[test]
fn io_mux_gives_a_signal_without_the_matrix() {
    let mut pins = pins();
    // U0TXD is high where it sends nothing.
    assert!(reads(&pins, 1));
    pins.give(SignalEdge {
        at: 9,
        signal: signals::UART_TXD[0],
        level: false,
    });
    assert_eq!(edges(&mut pins), [(9, 1, false)]);
    // As GPIO the pin is not driven, and pulled up.
    pins.write_io_mux(0x88, 2 << 12 | 1 << 9 | 1 << 8, 10);
    assert!(reads(&pins, 1));
    assert_eq!(edges(&mut pins), []);
}

#[test]
fn an_input_signal_is_a_pin_a_level_or_what_io_mux_has_for_it() {
    let mut pins = pins();
    let signal = signals::UART_RXD[0];
    assert!(pins.input(signal));
    pins.set_outside(3, Some(false), 0);
    assert!(!pins.input(signal));
    let in_sel = 0x130 + 4 * u32::from(signal);
    pins.write_gpio(in_sel, 1 << 7 | 18, 0);
    assert!(!pins.input(signal));
    pins.set_heard(&[signal]);
    pins.set_outside(18, Some(true), 40);
    pins.set_outside(18, Some(true), 41);
    let heard = pins.take_heard();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].at, heard[0].level), (40, true));
    pins.write_gpio(in_sel, 1 << 7 | 1 << 6 | 18, 0);
    assert!(!pins.input(signal));
    pins.write_gpio(in_sel, 1 << 7 | 0x38, 0);
    assert!(pins.input(signal));
    pins.write_gpio(in_sel, 1 << 7 | 0x30, 0);
    assert!(!pins.input(signal));
}

#[test]
fn interrupts_of_all_types() {
    // Type, then whether it comes with: rise, fall, while low, while high.
    let expected = [
        (0, [false, false, false, false]),
        (1, [true, false, false, false]),
        (2, [false, true, false, false]),
        (3, [true, true, false, false]),
        (4, [false, true, true, false]),
        (5, [true, false, false, true]),
    ];
    for (kind, [rise, fall, low, high]) in expected {
        let mut pins = pins();
        let pending = |pins: &mut Pins| {
            let pending = pins.gpio.read(STATUS) >> 18 & 1 == 1;
            pins.write_gpio(STATUS_W1TC, 1 << 18, 0);
            pending
        };
        pins.write_gpio(pin_register(18), kind << 7 | 1 << 15, 0);
        pending(&mut pins);
        pins.set_outside(18, Some(true), 0);
        // What the low level had left.
        if kind == 4 {
            pending(&mut pins);
        }
        assert_eq!(pending(&mut pins), rise, "type {kind} with a rise");
        assert_eq!(pending(&mut pins), high, "type {kind} while high");
        pins.set_outside(18, Some(false), 0);
        if kind == 5 {
            pending(&mut pins);
        }
        assert_eq!(pending(&mut pins), fall, "type {kind} with a fall");
        assert_eq!(pending(&mut pins), low, "type {kind} while low");
    }
}

#[test]
fn interrupts_go_where_int_ena_says() {
    let mut pins = pins();
    for (bit, destination) in (0..).zip([
        Destination::AppCpu,
        Destination::AppCpuNmi,
        Destination::ProCpu,
        Destination::ProCpuNmi,
    ]) {
        pins.write_gpio(pin_register(34), 1 << 7 | 1 << (13 + bit), 0);
        pins.write_io_mux(IO_MUX_GPIO34, 1 << 9, 0);
        assert!(pins.listen());
        assert!(!pins.gpio.interrupt(destination));
        pins.set_outside(34, Some(true), 0);
        for other in [
            Destination::AppCpu,
            Destination::AppCpuNmi,
            Destination::ProCpu,
            Destination::ProCpuNmi,
        ] {
            assert_eq!(pins.gpio.interrupt(other), other == destination);
        }
        assert_eq!(pins.gpio.read(PCPU_INT1) == 1 << 2, bit == 2);
        assert_eq!(pins.gpio.read(PCPU_INT), 0);
        assert_eq!(pins.gpio.read(ACPU_INT), 0);
        pins.set_outside(34, Some(false), 0);
        // STATUS1_W1TC
        pins.write_gpio(0x58, 1 << 2, 0);
        assert!(!pins.gpio.interrupt(destination));
    }
}

#[test]
fn a_reset_lets_go_of_the_pins_and_keeps_the_world_outside_and_the_rtcs_resistors() {
    let mut pins = pins();
    pins.write_gpio(ENABLE_W1TS, 1 << 18, 0);
    pins.write_rtc_io(0x98, 1 << 28, 0);
    pins.set_outside(18, Some(true), 0);
    assert!(!reads(&pins, 18));
    pins.reset_digital(0x13, 5);
    assert!(reads(&pins, 18) && !reads(&pins, 0));
    pins.reset_rtc(6);
    assert!(reads(&pins, 0));
}
