use super::*;

/// Ticks of an APB cycle of 80 MHz.
const APB: Ticks = 6;
const LOW_SPEED: u32 = 8;

struct Chip {
    ledc: Ledc,
    outputs: Outputs,
    now: Ticks,
}

impl Chip {
    fn new(wanted: bool) -> Self {
        let mut chip = Self {
            ledc: Ledc::default(),
            outputs: Outputs::default(),
            now: 0,
        };
        chip.outputs.wanted = wanted;
        chip.run(0);
        chip
    }

    fn write(&mut self, offset: u32, value: u32) {
        let (now, outputs) = (self.now, &mut self.outputs);
        self.ledc.write(offset, value, now, outputs);
    }

    fn read(&self, offset: u32) -> u32 {
        self.ledc.read(offset, self.now)
    }

    fn run(&mut self, ticks: Ticks) {
        self.now += ticks;
        self.ledc.advance(self.now, APB, &mut self.outputs);
    }

    /// A timer of 256 counts, each of `divider` / 256 cycles of APB.
    fn timer(&mut self, index: u32, divider: u32) {
        let config = 8 | divider << DIV_NUM | 1 << TICK_SEL | 1 << TIMER_UPDATE;
        self.write(TIMER0 + 8 * index, config);
    }

    /// A channel on timer 0 of its group, as drivers set its duty.
    fn channel(&mut self, index: u32, duty: u32) {
        let first = CHANNEL_LEN * index;
        self.write(first + HPOINT, 0);
        self.write(first + DUTY, duty);
        self.write(
            first + CONF1,
            1 << DUTY_START | 1 << DUTY_INC | 1 << DUTY_NUM | 1 << DUTY_CYCLE,
        );
        self.write(first + CONF0, 1 << SIG_OUT_EN | 1 << CHANNEL_UPDATE);
    }

    fn edges(&mut self) -> Vec<(Ticks, Signal, bool)> {
        std::iter::from_fn(|| self.outputs.take(self.now))
            .map(|edge| (edge.at, edge.signal, edge.level))
            .collect()
    }
}

/// A period of [`Chip::timer`] with the divider 1.
const PERIOD: Ticks = 256 * APB;

#[test]
fn a_channel_is_high_for_its_duty_from_the_second_period_on() {
    for (channel, signal) in [(0, 71), (LOW_SPEED, 79)] {
        let mut chip = Chip::new(true);
        chip.write(CONF, 1);
        chip.timer(if channel < 8 { 0 } else { 4 }, 256);
        chip.channel(channel, 64 << 4);
        chip.run(3 * PERIOD);
        assert_eq!(
            chip.edges(),
            [
                (PERIOD, signal, true),
                (PERIOD + 64 * APB, signal, false),
                (2 * PERIOD, signal, true),
                (2 * PERIOD + 64 * APB, signal, false),
                (3 * PERIOD, signal, true),
            ]
        );
        assert_eq!(chip.read(CHANNEL_LEN * channel + DUTY_R), 64 << 4);
    }
}

#[test]
fn hpoint_moves_the_pulse() {
    let mut chip = Chip::new(true);
    chip.timer(0, 256);
    chip.channel(0, 16 << 4);
    chip.write(HPOINT, 100);
    chip.run(2 * PERIOD - APB);
    let edges = chip.edges();
    assert_eq!(
        edges,
        [
            (PERIOD + 100 * APB, 71, true),
            (PERIOD + 116 * APB, 71, false)
        ]
    );
}

#[test]
fn no_duty_is_low_and_the_whole_one_is_high() {
    for (duty, expected) in [(0, vec![]), (256, vec![(PERIOD, 71, true)])] {
        let mut chip = Chip::new(true);
        chip.timer(0, 256);
        chip.channel(0, duty << 4);
        chip.run(20 * PERIOD);
        assert_eq!(chip.edges(), expected, "{duty}");
    }
}

#[test]
fn a_fraction_of_a_duty_is_in_some_of_16_periods() {
    let mut chip = Chip::new(true);
    chip.timer(0, 256);
    chip.channel(0, 10 << 4 | 4);
    chip.run(17 * PERIOD - APB);
    let edges = chip.edges();
    let high: Ticks = edges.chunks(2).map(|pulse| pulse[1].0 - pulse[0].0).sum();
    assert_eq!(edges.len(), 32);
    assert_eq!(high, (16 * 10 + 4) * APB);
}

#[test]
fn a_divider_with_a_fraction_keeps_the_mean() {
    let mut chip = Chip::new(false);
    chip.timer(0, 256 + 1);
    chip.run(256 * 257 * APB / 256);
    assert_eq!(chip.read(TIMER0 + 4), 0);
    assert_eq!(chip.read(INT_RAW), 1);
    chip.run(257 * APB);
    assert_eq!(chip.read(TIMER0 + 4), 256 % 256);
}

#[test]
fn clocks_are_selected() {
    // REF_TICK, the fast RC oscillator, APB: ticks of a count.
    for (timer, tick_sel, conf, cycle) in [
        (0, 0, 0, 480),
        (0, 1, 0, APB),
        (4, 0, 1, 480),
        (4, 1, 0, 60),
        (4, 1, 1, APB),
    ] {
        let mut chip = Chip::new(false);
        chip.write(CONF, conf);
        let config = 20 | 256 << DIV_NUM | tick_sel << TICK_SEL | 1 << TIMER_UPDATE;
        chip.write(TIMER0 + 8 * timer, config);
        chip.run(1000 * cycle);
        assert_eq!(chip.read(TIMER0 + 8 * timer + 4), 1000, "timer {timer}");
    }
}

#[test]
fn a_timer_pauses_and_is_reset() {
    let mut chip = Chip::new(false);
    chip.timer(0, 256);
    chip.run(100 * APB);
    let config = chip.read(TIMER0);
    chip.write(TIMER0, config | 1 << PAUSE);
    chip.run(50 * APB);
    assert_eq!(chip.read(TIMER0 + 4), 100);
    chip.write(TIMER0, config);
    chip.run(20 * APB);
    assert_eq!(chip.read(TIMER0 + 4), 120);
    chip.write(TIMER0, config | 1 << RST);
    chip.run(20 * APB);
    assert_eq!(chip.read(TIMER0 + 4), 0);
    chip.write(TIMER0, config);
    chip.run(7 * APB);
    assert_eq!(chip.read(TIMER0 + 4), 7);
}

#[test]
fn low_speed_settings_wait_for_their_update() {
    let mut chip = Chip::new(true);
    chip.write(CONF, 1);
    chip.timer(4, 256);
    chip.write(CHANNEL_LEN * LOW_SPEED + CONF0, 1 << IDLE_LV);
    assert_eq!(chip.edges(), []);
    chip.write(
        CHANNEL_LEN * LOW_SPEED + CONF0,
        1 << IDLE_LV | 1 << CHANNEL_UPDATE,
    );
    assert_eq!(chip.edges(), [(0, 79, true)]);
    // High-speed ones do not.
    chip.write(CONF0, 1 << IDLE_LV);
    assert_eq!(chip.edges(), [(0, 71, true)]);
}

#[test]
fn a_fade_goes_step_by_step_and_then_interrupts() {
    for wanted in [false, true] {
        let mut chip = Chip::new(wanted);
        chip.write(INT_ENA, 1 << INT_DUTY_CHNG_END);
        chip.timer(0, 256);
        chip.write(DUTY, 100 << 4);
        // Three times 5 less, every second period.
        chip.write(
            CONF1,
            1 << DUTY_START | 3 << DUTY_NUM | 2 << DUTY_CYCLE | 5 << DUTY_SCALE,
        );
        chip.write(CONF0, 1 << SIG_OUT_EN);
        let mut duties = Vec::new();
        while !chip.ledc.interrupt() {
            let event = chip.ledc.next_event(false).expect("a fade under way");
            chip.run(event - chip.now);
            duties.push(chip.read(DUTY_R) >> 4);
        }
        assert_eq!(duties, [100, 100, 95, 95, 90, 90, 85]);
        assert_eq!(chip.read(CONF1) >> DUTY_START & 1, 0);
        assert_eq!(chip.read(INT_ST), 1 << INT_DUTY_CHNG_END);
        assert_eq!(chip.ledc.next_event(false), None);
        chip.write(INT_CLR, 1 << INT_DUTY_CHNG_END);
        assert!(!chip.ledc.interrupt());
    }
}

#[test]
fn an_overflow_interrupts() {
    let mut chip = Chip::new(false);
    chip.timer(2, 512);
    chip.write(INT_ENA, 1 << 2);
    assert_eq!(chip.ledc.next_event(false), Some(2 * PERIOD));
    chip.run(2 * PERIOD);
    assert!(chip.ledc.interrupt());
    chip.write(INT_CLR, 1 << 2);
    assert_eq!(chip.ledc.next_event(false), Some(4 * PERIOD));
}

#[test]
fn nobody_who_looks_gets_the_level_of_now_only() {
    let mut chip = Chip::new(false);
    chip.timer(0, 256);
    chip.channel(0, 64 << 4);
    chip.run(1000 * PERIOD + 100 * APB);
    chip.edges();
    chip.run(PERIOD - 90 * APB);
    assert_eq!(chip.edges(), [(chip.now, 71, true)]);
    chip.run(5 * PERIOD);
    assert_eq!(chip.edges(), []);
    chip.run(100 * APB);
    assert_eq!(chip.edges(), [(chip.now, 71, false)]);
    assert_eq!(chip.ledc.next_event(false), None);
    assert_eq!(chip.ledc.next_event(true), Some(1007 * PERIOD));
}

#[test]
fn a_channel_that_is_off_has_its_idle_level() {
    let mut chip = Chip::new(true);
    chip.timer(0, 256);
    chip.channel(0, 64 << 4);
    chip.run(PERIOD + 10 * APB);
    chip.edges();
    chip.write(CONF0, 0);
    assert_eq!(chip.edges(), [(chip.now, 71, false)]);
    chip.run(2 * PERIOD);
    assert_eq!(chip.edges(), []);
}
