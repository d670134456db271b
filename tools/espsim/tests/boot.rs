//! Machines that boot: programs of a few instructions in the place of a bootloader.

mod program;

use espsim::Chip;
use espsim::bus::Failure;
use espsim::clock::MICROSECOND;
use espsim::flash::Flash;
use espsim::machine::{Event, Machine, MachineOptions};
use espsim::peripherals::rtc_cntl::ResetCause;
use program::{CODE, MILLISECOND, Program, UART_TX_FLUSH, UART_TX_ONE_CHAR, image, machine, run};

const CACHE_READ_ENABLE: u32 = 0x4000_9A84;
const SOFTWARE_RESET: u32 = 0x4000_824C;

#[test]
fn the_rom_loads_the_bootloader_and_says_so() {
    let program = Program::new()
        .call(UART_TX_ONE_CHAR, u32::from(b'A'))
        .stay();
    let mut machine = machine(&program.flash());
    let (console, event) = run(&mut machine, 100 * MILLISECOND);
    assert_eq!(event, Event::Time);
    assert_eq!(machine.now(), 100 * MILLISECOND);
    let lines: Vec<_> = console.split("\r\n").collect();
    assert_eq!(lines[0], "ets Jul 29 2019 12:21:46");
    assert_eq!(
        lines[2],
        "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"
    );
    assert_eq!(lines[lines.len() - 2..], ["entry 0x40080400", "A"]);
}

#[test]
fn the_same_run_is_the_same_every_time() {
    let program = Program::new()
        .call(UART_TX_ONE_CHAR, u32::from(b'A'))
        .stay()
        .flash();
    let trace = || {
        let mut machine = machine(&program);
        let mut trace = Vec::new();
        while let Event::Sent { bytes, .. } = machine.run(50 * MILLISECOND) {
            trace.push((machine.now(), machine.cycles(), bytes));
        }
        trace
    };
    let first = trace();
    assert!(first.len() > 100, "{}", first.len());
    assert_eq!(first, trace());
}

#[test]
fn console_time_is_the_baud_rates() {
    let program = Program::new().stay().flash();
    let mut machine = machine(&program);
    let mut events = Vec::new();
    while let Event::Sent { bytes: sent, .. } = machine.run(50 * MILLISECOND) {
        events.push((machine.now(), sent.len() as u64));
    }
    // What the first one has was sent while the core ran on.
    let took = events[events.len() - 1].0 - events[0].0;
    let bytes: u64 = events[1..].iter().map(|event| event.1).sum();
    let expected = bytes * 10 * 1_000_000 * MICROSECOND / 115_200;
    // Within a byte.
    assert!(
        took.abs_diff(expected) < 10 * 1_000_000 * MICROSECOND / 115_200,
        "{took} for {expected}"
    );
}

#[test]
fn a_software_reset_starts_again_and_says_why() {
    let program = Program::new()
        .call(UART_TX_FLUSH, 0)
        .call(SOFTWARE_RESET, 0)
        .stay();
    let mut machine = machine(&program.flash());
    let (_, event) = run(&mut machine, 100 * MILLISECOND);
    assert_eq!(event, Event::Reset(ResetCause::Software));
    let (console, _) = run(&mut machine, 100 * MILLISECOND);
    assert!(console.contains("rst:0x3 (SW_RESET)"), "{console}");
}

#[test]
fn the_rtc_watchdog_resets_the_chip_when_it_is_not_fed() {
    // 1500 cycles of 150 kHz: 10 ms; stage 0 resets the system; enabled.
    let program = Program::new()
        .call(UART_TX_FLUSH, 0)
        .store(0x3FF4_8090, 1500)
        .store(0x3FF4_808C, 1 << 31 | 3 << 28)
        .stay();
    let mut machine = machine(&program.flash());
    let (console, event) = run(&mut machine, 200 * MILLISECOND);
    assert_eq!(event, Event::Reset(ResetCause::RtcWatchdog));
    // Behind the ROM's lines, which take 10 bits a byte.
    let lines = console.len() as u64 * 10 * 1_000_000 * MICROSECOND / 115_200;
    let after = machine.now().saturating_sub(lines);
    assert!(
        (9 * MILLISECOND..15 * MILLISECOND).contains(&after),
        "{after}"
    );
}

/// RTC_CNTL's registers for sleep until 100 ms of the slow clock, deep or light.
fn sleeping(program: Program, deep: bool) -> Program {
    program
        .call(UART_TX_FLUSH, 0)
        .store(0x3FF4_8004, 15_000)
        .store(0x3FF4_8008, 1 << 16)
        .store(0x3FF4_8038, 1 << 3 << 11)
        .store(0x3FF4_8084, u32::from(deep) << 31)
        .store(0x3FF4_8018, 1 << 31)
}

#[test]
fn deep_sleep_ends_with_a_reset_that_keeps_the_rtcs_memory() {
    let program = Program::new()
        .store(0x5000_0000, 0x1234_5678)
        .store(0x3FFB_0000, 0x1234_5678);
    let mut machine = machine(&sleeping(program, true).stay().flash());
    let (_, event) = run(&mut machine, 1000 * MILLISECOND);
    assert_eq!(event, Event::Reset(ResetCause::DeepSleep));
    assert_eq!(machine.now(), 100 * MILLISECOND);
    run(&mut machine, 101 * MILLISECOND);
    assert_eq!(machine.read_word(0x5000_0000), Some(0x1234_5678));
    assert_eq!(machine.read_word(0x3FFB_0000), Some(0xA5A5_A5A5));
    let (console, _) = run(&mut machine, 110 * MILLISECOND);
    assert!(console.contains("(DEEPSLEEP_RESET)"), "{console}");
}

#[test]
fn light_sleep_goes_on_behind_it_and_no_cycle_passes() {
    let program = sleeping(Program::new(), false)
        .call(UART_TX_ONE_CHAR, u32::from(b'A'))
        .stay();
    let mut machine = machine(&program.flash());
    let (console, event) = run(&mut machine, 99 * MILLISECOND);
    assert_eq!(event, Event::Time);
    assert!(console.ends_with("entry 0x40080400\r\n"), "{console}");
    let cycles = machine.cpu(0).cycles;
    run(&mut machine, 99 * MILLISECOND + MILLISECOND / 2);
    assert_eq!(machine.cpu(0).cycles, cycles);
    let (console, _) = run(&mut machine, 101 * MILLISECOND);
    assert_eq!(console, "A");
    assert!(machine.cpu(0).cycles > cycles);
}

#[test]
fn sleep_that_nothing_ends_is_reported_and_a_pin_can_end_it() {
    let asleep = |source: u32| {
        Program::new()
            .store(0x3FF4_8038, source << 11)
            .store(0x3FF4_8084, 1 << 31)
            // EXT_WAKEUP0: GPIO4, high.
            .store(0x3FF4_84BC, 10 << 27)
            .store(0x3FF4_8060, 1 << 30)
            .store(0x3FF4_8018, 1 << 31)
            .stay()
            .flash()
    };
    let (_, event) = run(&mut machine(&asleep(0)), 1000 * MILLISECOND);
    assert_eq!(event, Event::Asleep);
    let mut machine = machine(&asleep(1));
    let (_, event) = run(&mut machine, 1000 * MILLISECOND);
    assert_eq!((event, machine.now()), (Event::Time, 1000 * MILLISECOND));
    machine.set_pin(4, Some(true));
    let (_, event) = run(&mut machine, 2000 * MILLISECOND);
    assert_eq!(event, Event::Reset(ResetCause::DeepSleep));
    assert_eq!(machine.now(), 1000 * MILLISECOND);
}

#[test]
fn a_wake_stub_runs_before_the_bootloader() {
    // In RTC fast memory: entry a1, 32; l32r a2; s32i a2, a2, 8; retw.
    let stub: [u32; 4] = [0x5000_0010, 0x2100_4136, 0x6222_FFFE, 0x0000_9002];
    let mut program = Program::new();
    for (address, word) in (0x400C_0000..).step_by(4).zip(stub) {
        program = program.store(address, word);
    }
    program = program.store(0x3FF4_80B8, 0x400C_0004).call(0x4000_8208, 0);
    let mut machine = machine(&sleeping(program, true).stay().flash());
    let (_, event) = run(&mut machine, 1000 * MILLISECOND);
    assert_eq!(event, Event::Reset(ResetCause::DeepSleep));
    assert_eq!(machine.read_word(0x5000_0018), Some(0xA5A5_A5A5));
    let (console, _) = run(&mut machine, 110 * MILLISECOND);
    assert!(console.contains("rst:0x5"), "{console}");
    assert_eq!(machine.read_word(0x5000_0018), Some(0x5000_0010));
}

#[test]
fn a_sagging_supply_resets_the_chip_where_that_is_enabled() {
    for (register, expected) in [
        (0, Event::Time),
        (1 << 30 | 1 << 26, Event::Reset(ResetCause::BrownOut)),
    ] {
        let program = Program::new().store(0x3FF4_80D4, register).stay();
        let mut machine = machine(&program.flash());
        run(&mut machine, 50 * MILLISECOND);
        machine.brown_out();
        let (_, event) = run(&mut machine, 100 * MILLISECOND);
        assert_eq!(event, expected);
    }
}

#[test]
fn flash_without_a_bootloader_is_reported() {
    let mut machine = machine(&[]);
    let (console, event) = run(&mut machine, 100 * MILLISECOND);
    assert!(console.contains("invalid header: 0xffffffff"), "{console}");
    assert!(
        matches!(event, Event::Failed(Failure::Rom { .. })),
        "{event:?}"
    );
}

#[test]
fn a_wrong_checksum_is_reported() {
    let mut flash = Program::new().stay().flash();
    *flash.last_mut().unwrap() ^= 1;
    let (console, event) = run(&mut machine(&flash), 100 * MILLISECOND);
    assert!(console.contains("csum err:"), "{console}");
    assert!(
        matches!(event, Event::Failed(Failure::Rom { .. })),
        "{event:?}"
    );
}

#[test]
fn a_rom_function_that_is_not_there_is_named_with_its_caller() {
    let program = Program::new().call(0x4001_2344, 0).stay();
    let (_, event) = run(&mut machine(&program.flash()), 100 * MILLISECOND);
    let Event::Failed(Failure::NoRomFunction { address, caller }) = event else {
        panic!("{event:?}");
    };
    assert_eq!(address, 0x4001_2344);
    assert_eq!(caller, CODE + 12);
}

#[test]
fn an_exception_that_nobody_handles_is_reported() {
    // l32i a2, a2, 0 from an address where nothing is.
    let program = Program::new()
        .literal(2, 0x7000_0000)
        .word(0x00_2222)
        .stay();
    let (_, event) = run(&mut machine(&program.flash()), 100 * MILLISECOND);
    let Event::Failed(Failure::Rom { message }) = event else {
        panic!("{event:?}");
    };
    for part in ["EXCCAUSE 15", "EXCVADDR 0x70000000", "EPC1 0x40080406"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn both_cores_asleep_without_an_alarm_end_the_run() {
    // waiti 0
    let program = Program::new().word(0x00_7000).stay();
    let (_, event) = run(&mut machine(&program.flash()), 1000 * MILLISECOND);
    assert_eq!(event, Event::Asleep);
}

#[test]
fn what_is_not_modelled_is_named() {
    let program = Program::new().store(0x3FF6_B010, 7).stay();
    let mut machine = machine(&program.flash());
    run(&mut machine, 100 * MILLISECOND);
    let access = machine.bus().peripherals.unmodelled()[&0x3FF6_B010];
    assert!(access.write);
    assert_eq!((access.pc, access.times), (CODE + 9, 1));
    assert_eq!(machine.read_word(0x3FF6_B010), Some(7));
}

#[test]
fn pins_are_driven_and_read_as_time_passes() {
    // GPIO_ENABLE_W1TS, GPIO_OUT_W1TS, GPIO_OUT_W1TC of GPIO18.
    let program = Program::new()
        .store(0x3FF4_4024, 1 << 18)
        .store(0x3FF4_4008, 1 << 18)
        .store(0x3FF4_400C, 1 << 18)
        .stay();
    let mut machine = machine(&program.flash());
    machine.watch_pins(true);
    run(&mut machine, 100 * MILLISECOND);
    let edges: Vec<_> = machine
        .take_edges()
        .into_iter()
        .filter(|edge| edge.pin == 18)
        .collect();
    let levels: Vec<_> = edges.iter().map(|edge| edge.level).collect();
    assert_eq!(levels, [false, true, false]);
    // Three instructions of 40 MHz each.
    assert_eq!(edges[1].at - edges[0].at, 3 * 12);
    assert_eq!(edges[2].at - edges[1].at, 3 * 12);

    // GPIO_IN of GPIO19.
    let level = |machine: &mut Machine| machine.read_word(0x3FF4_403C).map(|word| word >> 19 & 1);
    assert_eq!(level(&mut machine), Some(0));
    machine.set_pin(19, Some(true));
    assert_eq!(level(&mut machine), Some(1));
    machine.set_pin(19, None);
    assert_eq!(level(&mut machine), Some(0));
}

#[test]
fn a_power_cycle_keeps_efuses_and_the_world_outside() {
    // EFUSE_BLK3_WDATA0, CONF and CMD to program; the ADC of GPIO34 with its result not inverted.
    let program = Program::new()
        .store(0x3FF5_A0D8, 0x1234)
        .store(0x3FF5_A0FC, 0x5A5A)
        .store(0x3FF5_A104, 2)
        .stay()
        .flash();
    let mut machine = machine(&program);
    machine.set_pin(18, Some(true));
    machine.set_millivolts(34, Some(1000));
    run(&mut machine, 100 * MILLISECOND);
    machine.power_cycle();
    assert_eq!(machine.now(), 0);
    assert_eq!(machine.read_word(0x3FF5_A078), Some(0x1234));
    assert_eq!(
        machine.read_word(0x3FF4_403C).map(|word| word >> 18 & 1),
        Some(1)
    );
    assert_eq!(machine.bus().peripherals.pins.millivolts(34), 1000);
}

#[test]
fn external_ram_is_where_the_mmu_says() {
    // Entry 0 and 1 of the first core: pages 1 and 0 of 32 KB.
    let program = Program::new()
        .call(CACHE_READ_ENABLE, 0)
        .store(0x3FF1_1200, 1)
        .store(0x3FF1_1204, 0)
        .store(0x3F80_0010, 0x1234_5678)
        .store(0x3FF1_1204, 1)
        .stay();
    let mut machine = machine(&program.flash());
    let (_, event) = run(&mut machine, 100 * MILLISECOND);
    assert_eq!(event, Event::Time);
    assert_eq!(machine.read_word(0x3F80_8010), Some(0x1234_5678));
    assert_eq!(machine.read_word(0x3FF1_1204), Some(1));
    assert_eq!(machine.read_word(0x3F81_0000), None);
}

#[test]
fn received_bytes_are_in_the_fifo_until_they_are_read() {
    let mut machine = machine(&[]);
    machine.receive(0, b'x');
    machine.receive(0, b'y');
    // UART_STATUS_REG: RXFIFO_CNT.
    assert_eq!(
        machine.read_word(0x3FF4_001C).map(|word| word & 0xFF),
        Some(2)
    );
    assert_eq!(machine.read_word(0x3FF4_0000), Some(b'x'.into()));
    assert_eq!(machine.read_word(0x3FF4_0000), Some(b'y'.into()));
    assert_eq!(
        machine.read_word(0x3FF4_001C).map(|word| word & 0xFF),
        Some(0)
    );
}

#[test]
fn sram_1_is_reversed_on_the_instruction_bus() {
    let program = Program::new()
        .store(0x3FFF_FFFC, 0x1234_5678)
        .store(0x400A_0004, 0x9ABC_DEF0)
        .stay();
    let mut machine = machine(&program.flash());
    run(&mut machine, 100 * MILLISECOND);
    assert_eq!(machine.read_word(0x400A_0000), Some(0x1234_5678));
    assert_eq!(machine.read_word(0x3FFF_FFF8), Some(0x9ABC_DEF0));
}

#[test]
fn efuses_are_those_of_the_chip() {
    let chip = Chip::default();
    let options = MachineOptions {
        chip,
        ..MachineOptions::default()
    };
    let mut machine = Machine::new(&options, Flash::new(4 << 20));
    // The MAC address: its last four bytes.
    assert_eq!(machine.read_word(0x3FF5_A004), Some(0xC412_3456));
}

#[test]
fn random_programs_end_with_an_event() {
    let mut state = 0x1234_5678_9ABC_DEF1u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..40 {
        let code: Vec<u8> = (0..64).flat_map(|_| next().to_le_bytes()).collect();
        let mut machine = machine(&image(CODE, CODE, &code));
        for _ in 0..2 {
            let until = machine.now() + 40 * MILLISECOND;
            if matches!(run(&mut machine, until).1, Event::Failed(_) | Event::Asleep) {
                break;
            }
        }
    }
}
