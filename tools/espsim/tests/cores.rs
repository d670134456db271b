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
