//! Both cores: the second one's start, words that both change, and an interrupt from one to the other.

mod program;

use espsim::flash::Flash;
use espsim::machine::{Machine, MachineOptions};
use program::{CODE, MILLISECOND, Program, UART_TX_FLUSH, UART_TX_ONE_CHAR, run};

/// What both count in, and where the second core says that the interrupt has come.
const COUNTER: u32 = 0x3FFB_0000;
const INTERRUPTED: u32 = 0x3FFB_0004;
const ROUNDS: u32 = 1000;
/// Where the second core starts, and its vectors.
const SECOND: u32 = CODE + 0x200;
const VECTORS: u32 = CODE + 0xC00;
/// The vector of exceptions and of interrupts of level 1.
const USER_VECTOR: u32 = 0x340;

/// DPORT: the second core's reset, clock, stall, start; CPU_INTR_FROM_CPU_0, and where that goes on the second core.
const APPCPU_CTRL_A: u32 = 0x3FF0_002C;
const APPCPU_CTRL_B: u32 = 0x3FF0_0030;
const APPCPU_CTRL_C: u32 = 0x3FF0_0034;
const APPCPU_CTRL_D: u32 = 0x3FF0_0038;
const CPU_INTR_FROM_CPU_0: u32 = 0x3FF0_00DC;
const APP_CPU_INTR_FROM_CPU_0_MAP: u32 = 0x3FF0_0278;

/// Special registers.
const SCOMPARE1: u32 = 12;
const INTENABLE: u32 = 228;
const VECBASE: u32 = 231;
const CCOUNT: u32 = 234;
const CCOMPARE0: u32 = 240;
/// The interrupt of CCOMPARE0.
const TIMER_INTERRUPT: u32 = 1 << 6;
/// Cycles between two interrupts: a millisecond of 40 MHz.
const PERIOD: u32 = 40_000;
/// The vectors of the first core, and what each core's ticks are counted in.
const FIRST_VECTORS: u32 = CODE + 0x1400;
const TICKS: [u32; 2] = [0x3FFB_0010, 0x3FFB_0014];
/// Set where the cores' ticks are too different.
const APART: u32 = 0x3FFB_0018;

/// Adds one ROUNDS times, each by `s32c1i` until nobody else has come between.
fn count(program: Program) -> Program {
    let program = program.literal(2, COUNTER).literal(5, ROUNDS);
    let start = program.here();
    program
        .l32i(3, 2, 0)
        .wsr(3, SCOMPARE1)
        .addi(4, 3, 1)
        .s32c1i(4, 2)
        .bne(4, 3, start)
        .addi(5, 5, -1)
        .bnez(5, start)
}

fn both() -> Program {
    let program = Program::new()
        .store(COUNTER, 0)
        .store(INTERRUPTED, 0)
        .store(APP_CPU_INTR_FROM_CPU_0_MAP, 0)
        .store(APPCPU_CTRL_D, SECOND)
        .store(APPCPU_CTRL_B, 1)
        .store(APPCPU_CTRL_C, 0)
        .store(APPCPU_CTRL_A, 0);
    let program = count(program).literal(5, 2 * ROUNDS);
    let wait = program.here();
    let program = program
        .l32i(3, 2, 0)
        .bne(3, 5, wait)
        .store(CPU_INTR_FROM_CPU_0, 1)
        .literal(2, INTERRUPTED);
    let wait = program.here();
    let program = program
        .l32i(3, 2, 0)
        .beqz(3, wait)
        .call(UART_TX_ONE_CHAR, u32::from(b'!'))
        .call(UART_TX_FLUSH, 0)
        .stay();

    // waiti 0
    count(program.at(SECOND).entry())
        .literal(2, VECTORS)
        .wsr(2, VECBASE)
        .literal(2, 1)
        .wsr(2, INTENABLE)
        .word(0x00_7000)
        .at(VECTORS + USER_VECTOR)
        .store(CPU_INTR_FROM_CPU_0, 0)
        .store(INTERRUPTED, 7)
        .stay()
}

fn end(execute_polls: bool) -> (Machine, String) {
    let options = MachineOptions {
        execute_polls,
        ..MachineOptions::default()
    };
    let flash = Flash::with_content(4 << 20, &both().flash());
    let mut machine = Machine::new(&options, flash);
    let console = run(&mut machine, 100 * MILLISECOND).0;
    (machine, console)
}

#[test]
fn both_cores_count_and_one_interrupts_the_other() {
    let (mut machine, console) = end(false);
    assert!(console.ends_with('!'), "{console}");
    assert_eq!(machine.read_word(COUNTER), Some(2 * ROUNDS));
    assert_eq!(machine.read_word(INTERRUPTED), Some(7));
    // A level-1 interrupt, which the second core has taken.
    assert_eq!(machine.cpu(1).exccause, 4);
    assert_eq!(machine.cpu(0).exccause, 0);
}

#[test]
fn loops_of_both_cores_are_left_out_alike() {
    let state = |(machine, console): (Machine, String)| {
        let cores = [0, 1].map(|core| {
            let cpu = machine.cpu(core);
            (cpu.pc, cpu.cycles, cpu.a(3))
        });
        (console, machine.now(), cores)
    };
    assert_eq!(state(end(false)), state(end(true)));
}

/// Lets a core wait for its timer, over and over.
fn ticking(program: Program, vectors: u32) -> Program {
    let program = program
        .literal(2, vectors)
        .wsr(2, VECBASE)
        .rsr(2, CCOUNT)
        .literal(3, PERIOD)
        .add(2, 2, 3)
        .wsr(2, CCOMPARE0)
        .literal(2, TIMER_INTERRUPT)
        .wsr(2, INTENABLE);
    let start = program.here();
    // waiti 0
    program.word(0x00_7000).j(start)
}

/// The handler of a core's timer counts, and compares with the other one's ticks.
fn handler(program: Program, core: usize) -> Program {
    let program = program
        .rsr(2, CCOMPARE0)
        .literal(3, PERIOD)
        .add(2, 2, 3)
        .wsr(2, CCOMPARE0)
        .literal(2, TICKS[core])
        .l32i(4, 2, 0)
        .addi(4, 4, 1)
        .s32i(4, 2, 0)
        .literal(2, TICKS[1 - core])
        .l32i(5, 2, 0)
        .sub(6, 4, 5)
        .addi(6, 6, 2)
        .literal(7, 5)
        .literal(2, APART);
    // Behind the branch and the store.
    let end = program.here() + 6;
    // rfe
    program.bltu(6, 7, end).s32i(6, 2, 0).word(0x00_3000)
}

#[test]
fn cores_that_wait_for_their_timers_stay_together() {
    let program = Program::new()
        .store(TICKS[0], 0)
        .store(TICKS[1], 0)
        .store(APART, 0)
        .store(APPCPU_CTRL_D, SECOND)
        .store(APPCPU_CTRL_B, 1)
        .store(APPCPU_CTRL_C, 0)
        .store(APPCPU_CTRL_A, 0);
    let program = ticking(program, FIRST_VECTORS).at(SECOND).entry();
    let program = ticking(program, VECTORS).at(VECTORS + USER_VECTOR);
    let program = handler(program, 1).at(FIRST_VECTORS + USER_VECTOR);
    let flash = handler(program, 0).flash();
    let mut machine = Machine::new(
        &MachineOptions::default(),
        Flash::with_content(4 << 20, &flash),
    );
    run(&mut machine, 500 * MILLISECOND);
    let ticks = TICKS.map(|address| machine.read_word(address).unwrap_or(0));
    assert!(ticks.iter().all(|&ticks| ticks > 400), "{ticks:?}");
    assert_eq!(machine.read_word(APART), Some(0), "{ticks:?}");
}
