use super::*;

/// Ticks of an APB cycle of 80 MHz.
const APB: Ticks = 6;
/// Ticks of a pulse's unit in these tests: APB divided by 80.
const UNIT: Ticks = 480;
const CONF1: u32 = CONF0 + 4;

fn rmt() -> (Rmt, Outputs) {
    let (mut rmt, mut outputs) = (Rmt::default(), Outputs::default());
    outputs.wanted = true;
    for channel in 0..2 {
        let conf0 = 80 | 100 << IDLE_THRES | 1 << MEM_SIZE;
        rmt.write(CONF0 + 8 * channel, conf0, 0, &mut outputs);
        let conf1 = 1 << REF_ALWAYS_ON | 1 << IDLE_OUT_EN;
        rmt.write(CONF1 + 8 * channel, conf1, 0, &mut outputs);
    }
    rmt.advance(0, APB, &mut outputs);
    while outputs.take(0).is_some() {}
    (rmt, outputs)
}

fn write(rmt: &mut Rmt, outputs: &mut Outputs, offset: u32, value: u32) {
    rmt.write(offset, value, 0, outputs);
}

/// A word of memory: two pulses.
fn pulses(first: (bool, u16), second: (bool, u16)) -> u32 {
    let half = |(level, len): (bool, u16)| u32::from(level) << 15 | u32::from(len);
    half(first) | half(second) << 16
}

fn start(rmt: &mut Rmt, outputs: &mut Outputs, further: u32) {
    let conf1 = 1 << REF_ALWAYS_ON | 1 << IDLE_OUT_EN | further;
    write(rmt, outputs, CONF1, conf1 | 1 << MEM_RD_RST);
    while outputs.take(0).is_some() {}
    write(rmt, outputs, CONF1, conf1 | 1 << TX_START);
}

fn edges(outputs: &mut Outputs) -> Vec<(Ticks, Signal, bool)> {
    std::iter::from_fn(|| outputs.take(Ticks::MAX))
        .map(|edge| (edge.at, edge.signal, edge.level))
        .collect()
}

#[test]
fn pulses_are_sent_until_one_of_no_length() {
    let (mut rmt, mut outputs) = rmt();
    write(
        &mut rmt,
        &mut outputs,
        MEMORY,
        pulses((true, 10), (false, 20)),
    );
    write(
        &mut rmt,
        &mut outputs,
        MEMORY + 4,
        pulses((true, 5), (false, 0)),
    );
    write(&mut rmt, &mut outputs, INT_ENA, 1);
    start(&mut rmt, &mut outputs, 0);
    assert_eq!(rmt.next_event(), Some(10 * UNIT));
    rmt.advance(34 * UNIT, APB, &mut outputs);
    assert!(!rmt.interrupt());
    rmt.advance(35 * UNIT, APB, &mut outputs);
    assert!(rmt.interrupt());
    assert_eq!(rmt.next_event(), None);
    assert_eq!(
        edges(&mut outputs),
        [
            (0, 87, true),
            (10 * UNIT, 87, false),
            (30 * UNIT, 87, true),
            (35 * UNIT, 87, false)
        ]
    );
    write(&mut rmt, &mut outputs, INT_CLR, 1);
    assert!(!rmt.interrupt());
}

#[test]
fn the_idle_level_is_given_where_it_is_enabled() {
    let (mut rmt, mut outputs) = rmt();
    let conf1 = 1 << REF_ALWAYS_ON | 1 << IDLE_OUT_LV;
    write(&mut rmt, &mut outputs, CONF1, conf1);
    assert_eq!(edges(&mut outputs), []);
    write(&mut rmt, &mut outputs, CONF1, conf1 | 1 << IDLE_OUT_EN);
    assert_eq!(edges(&mut outputs), [(0, 87, true)]);
}

#[test]
fn a_carrier_is_in_the_pulses_of_its_level() {
    let (mut rmt, mut outputs) = rmt();
    write(
        &mut rmt,
        &mut outputs,
        MEMORY,
        pulses((true, 11), (false, 20)),
    );
    write(&mut rmt, &mut outputs, CARRIER_DUTY, 2 << 16 | 3);
    for (level, expected) in [
        (
            1,
            vec![
                (0, true),
                (2, false),
                (5, true),
                (7, false),
                (10, true),
                (11, false),
            ],
        ),
        (
            0,
            vec![
                (0, true),
                (11, false),
                (14, true),
                (16, false),
                (19, true),
                (21, false),
            ],
        ),
    ] {
        let conf0 = 1 | 1 << MEM_SIZE | 1 << CARRIER_EN | level << CARRIER_OUT_LV;
        write(&mut rmt, &mut outputs, CONF0, conf0);
        start(&mut rmt, &mut outputs, 0);
        rmt.advance(25 * APB, APB, &mut outputs);
        let found: Vec<_> = edges(&mut outputs)
            .into_iter()
            .map(|(at, _, level)| (at / APB, level))
            .take(expected.len())
            .collect();
        assert_eq!(found, expected);
        rmt.advance(100 * APB, APB, &mut outputs);
        edges(&mut outputs);
    }
}

#[test]
fn ref_tick_is_a_microsecond_and_a_divider_of_0_is_256() {
    let (mut rmt, mut outputs) = rmt();
    write(&mut rmt, &mut outputs, CONF0, 1 << MEM_SIZE);
    write(
        &mut rmt,
        &mut outputs,
        MEMORY,
        pulses((true, 1), (false, 0)),
    );
    write(
        &mut rmt,
        &mut outputs,
        CONF1,
        1 << MEM_RD_RST | 1 << TX_START,
    );
    assert_eq!(rmt.next_event(), Some(256 * MICROSECOND));
}

#[test]
fn memory_wraps_and_the_threshold_interrupts() {
    let (mut rmt, mut outputs) = rmt();
    for word in 0..64 {
        write(
            &mut rmt,
            &mut outputs,
            MEMORY + 4 * word,
            pulses((true, 1), (false, 1)),
        );
    }
    write(&mut rmt, &mut outputs, APB_CONF, 1 | 1 << MEM_TX_WRAP_EN);
    write(&mut rmt, &mut outputs, TX_LIM, 32);
    write(&mut rmt, &mut outputs, INT_ENA, 1 << INT_TX_THR_EVENT);
    start(&mut rmt, &mut outputs, 0);
    for round in 1..5 {
        rmt.advance((64 * round - 1) * UNIT, APB, &mut outputs);
        assert!(!rmt.interrupt(), "round {round}");
        rmt.advance(64 * round * UNIT, APB, &mut outputs);
        assert!(rmt.interrupt(), "round {round}");
        write(&mut rmt, &mut outputs, INT_CLR, 1 << INT_TX_THR_EVENT);
    }
    // An end that is written while it sends.
    write(&mut rmt, &mut outputs, MEMORY + 4 * 5, 0);
    rmt.advance(500 * UNIT, APB, &mut outputs);
    assert_eq!(rmt.read(INT_RAW) & 7, 1 << INT_TX_END);
    assert_eq!(
        edges(&mut outputs).last(),
        Some(&((256 + 10) * UNIT, 87, false))
    );
}

#[test]
fn an_end_of_memory_without_wrapping_is_an_error() {
    let (mut rmt, mut outputs) = rmt();
    for word in 0..64 {
        write(
            &mut rmt,
            &mut outputs,
            MEMORY + 4 * word,
            pulses((true, 1), (false, 1)),
        );
    }
    start(&mut rmt, &mut outputs, 0);
    rmt.advance(1000 * UNIT, APB, &mut outputs);
    assert_eq!(rmt.read(INT_RAW) & 7, 1 << INT_ERR);
    assert_eq!(rmt.next_event(), None);
}

#[test]
fn a_channel_can_send_on_and_on() {
    let (mut rmt, mut outputs) = rmt();
    write(
        &mut rmt,
        &mut outputs,
        MEMORY,
        pulses((true, 3), (false, 2)),
    );
    write(&mut rmt, &mut outputs, MEMORY + 4, 0);
    start(&mut rmt, &mut outputs, 1 << TX_CONTI_MODE);
    rmt.advance(11 * UNIT, APB, &mut outputs);
    let at: Vec<_> = edges(&mut outputs)
        .iter()
        .map(|edge| edge.0 / UNIT)
        .collect();
    assert_eq!(at, [0, 3, 5, 8, 10]);
    assert_eq!(rmt.read(INT_RAW), 0);
    write(&mut rmt, &mut outputs, CONF1, 1 << REF_ALWAYS_ON);
    rmt.advance(20 * UNIT, APB, &mut outputs);
    assert_eq!(rmt.read(INT_RAW), 1);
}

fn receive(rmt: &mut Rmt, outputs: &mut Outputs, edges: &[(Ticks, bool)]) {
    let conf1 = 1 << REF_ALWAYS_ON | 1 << RX_EN | 1 << MEM_OWNER;
    write(rmt, outputs, CONF1 + 8, conf1 | 1 << MEM_WR_RST);
    assert_eq!(rmt.read(CONF1 + 8), conf1);
    assert_eq!(rmt.hears(), [84]);
    for &(at, level) in edges {
        rmt.receive(SignalEdge {
            at: at * UNIT,
            signal: 84,
            level,
        });
    }
}

#[test]
fn pulses_are_received_until_silence() {
    let (mut rmt, mut outputs) = rmt();
    let edges = [(7, true), (17, false), (37, true), (42, false)];
    receive(&mut rmt, &mut outputs, &edges);
    write(&mut rmt, &mut outputs, INT_ENA, 1 << 4);
    assert_eq!(rmt.next_event(), Some(142 * UNIT));
    // STATUS: three halves of words.
    assert_eq!(rmt.read(STATUS + 4) & 0x3FF, 64 + 1);
    rmt.advance_receivers(142 * UNIT - 1);
    assert!(!rmt.interrupt());
    rmt.advance_receivers(142 * UNIT);
    assert!(rmt.interrupt());
    assert_eq!(rmt.read(MEMORY + 0x100), pulses((true, 10), (false, 20)));
    assert_eq!(rmt.read(MEMORY + 0x104), pulses((true, 5), (false, 0)));
    assert!(rmt.hears().is_empty());
}

#[test]
fn too_many_pulses_are_an_error() {
    let (mut rmt, mut outputs) = rmt();
    let edges: Vec<_> = (0..200).map(|at| (at, at % 2 == 0)).collect();
    receive(&mut rmt, &mut outputs, &edges);
    assert_eq!(rmt.read(INT_RAW), 1 << (3 + INT_ERR));
    assert_eq!(rmt.read(MEMORY + 0x200), 0);
}

#[test]
fn memory_is_a_fifo_too() {
    let (mut rmt, mut outputs) = rmt();
    write(&mut rmt, &mut outputs, CONF1 + 8, 1 << APB_MEM_RST);
    write(&mut rmt, &mut outputs, CONF1 + 8, 0);
    write(&mut rmt, &mut outputs, 4, 0x1234_5678);
    write(&mut rmt, &mut outputs, 4, 0x9ABC_DEF0);
    assert_eq!(rmt.read(MEMORY + 0x100), 0x1234_5678);
    assert_eq!(rmt.read(MEMORY + 0x104), 0x9ABC_DEF0);
    assert_eq!(rmt.read(ADDR + 4), 2);
}
