//! Loops that wait, left out and executed: a program sees the same, to the cycle.

mod program;

use espsim::clock::Ticks;
use espsim::flash::Flash;
use espsim::machine::{Event, Machine, MachineOptions};
use program::{MILLISECOND, Program, UART_TX_ONE_CHAR};

/// T0 of timer group 0.
const CONFIG: u32 = 0x3FF5_F000;
const LO: u32 = 0x3FF5_F004;
const UPDATE: u32 = 0x3FF5_F00C;
/// Enabled, upwards, a count in 80 cycles of the APB clock of 40 MHz: 500 kHz.
const RUNS: u32 = 3 << 30 | 80 << 13;
/// The special register CCOUNT.
const CCOUNT: u32 = 234;

/// What is seen of a run: the console with its times and cycles; and how many cycles were left out.
fn trace(program: &Program, execute_polls: bool) -> (Vec<(Ticks, u64, Vec<u8>)>, u64) {
    let options = MachineOptions {
        execute_polls,
        ..MachineOptions::default()
    };
    let mut machine = Machine::new(&options, Flash::with_content(4 << 20, &program.flash()));
    let mut trace = Vec::new();
    while let Event::Sent { bytes, .. } = machine.run(200 * MILLISECOND) {
        trace.push((machine.now(), machine.cpu(0).cycles, bytes));
    }
    (trace, machine.cpu(0).left_out())
}

/// How many cycles are left out, of the same run.
fn left_out(program: &Program) -> u64 {
    let (executed, none) = trace(program, true);
    let (skipped, cycles) = trace(program, false);
    assert_eq!(executed, skipped);
    assert_eq!(none, 0);
    cycles
}

/// Prints a character, waits until a timer is at `until`.
fn wait_for_timer(program: Program, until: u32) -> Program {
    let program = program
        .call(UART_TX_ONE_CHAR, u32::from(b'.'))
        .literal(2, UPDATE)
        .literal(3, LO)
        .literal(5, until);
    let start = program.here();
    program.s32i(4, 2, 0).l32i(6, 3, 0).bltu(6, 5, start)
}

#[test]
fn a_wait_for_a_timer() {
    let mut program = Program::new().store(CONFIG, RUNS);
    // 10, 20, 30 ms.
    for round in 1..=3 {
        program = wait_for_timer(program, round * 5000);
    }
    let program = program.call(UART_TX_ONE_CHAR, u32::from(b'!')).stay();
    let cycles = left_out(&program);
    // 30 ms of 40 MHz, and what follows.
    assert!(cycles > 1_100_000, "{cycles}");
}

#[test]
fn a_wait_for_ccount() {
    let program = Program::new()
        .call(UART_TX_ONE_CHAR, u32::from(b'.'))
        .literal(5, 400_000)
        .rsr(2, CCOUNT);
    let start = program.here();
    let program = program
        .rsr(3, CCOUNT)
        .sub(4, 3, 2)
        .bltu(4, 5, start)
        .call(UART_TX_ONE_CHAR, u32::from(b'!'))
        .stay();
    let cycles = left_out(&program);
    assert!(cycles > 390_000, "{cycles}");
}

#[test]
fn a_wait_that_counts_is_executed() {
    let program = Program::new()
        .store(CONFIG, RUNS)
        .literal(2, UPDATE)
        .literal(3, LO)
        .literal(5, 100_000)
        .literal(7, 0);
    let start = program.here();
    let program = program
        .s32i(4, 2, 0)
        .l32i(6, 3, 0)
        .addi(7, 7, 1)
        .bne(7, 5, start)
        .call(UART_TX_ONE_CHAR, u32::from(b'!'));
    let end = program.here();
    // Here nothing counts.
    let program = program.s32i(4, 2, 0).l32i(6, 3, 0).bne(5, 2, end);
    let cycles = left_out(&program);
    // 200 ms of 40 MHz without the loop that counts, and the ROM.
    assert!((7_000_000..7_600_000).contains(&cycles), "{cycles}");
}

#[test]
fn a_wait_that_keeps_what_it_read() {
    // Each iteration stores the timer's value that the one before has read.
    let program = Program::new()
        .store(CONFIG, RUNS)
        .literal(2, UPDATE)
        .literal(3, LO)
        .literal(5, 5000)
        .literal(8, 0x3FFB_0000)
        .literal(6, 0);
    let start = program.here();
    let program = program
        .s32i(6, 8, 0)
        .s32i(4, 2, 0)
        .l32i(6, 3, 0)
        .bltu(6, 5, start)
        // Its lowest bits decide what is printed.
        .l32i(9, 8, 0)
        .addi(9, 9, 1)
        .literal(7, 5000);
    let end = program.here() + 12;
    let program = program
        .bne(9, 7, end)
        .call(UART_TX_ONE_CHAR, u32::from(b'='))
        .stay();
    left_out(&program);
}
