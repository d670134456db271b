//! Addresses of real programs. The environment variable ESPMON_ELFS names the ELF files of `//firmware`, and of
//! `//firmware/tests`' `panic`, `bad_load` and `stack_overflow`, in this order; ESPMON_DESCRIPTOR_SET names the descriptor
//! set of `//firmware/proto`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use espmon::console::{Console, Options};
use espmon::decode::Program;
use espmon::messages::Messages;
use object::{Object, ObjectSymbol};

const FIRMWARE: usize = 0;
const PANIC: usize = 1;
const BAD_LOAD: usize = 2;
const STACK_OVERFLOW: usize = 3;

fn path(index: usize) -> PathBuf {
    let paths = std::env::var("ESPMON_ELFS").expect("set ESPMON_ELFS as the top of this file says");
    PathBuf::from(paths.split_whitespace().nth(index).expect("four ELF files"))
}

fn program(index: usize) -> Program {
    Program::read(&path(index)).unwrap()
}

/// Address and end of a function.
fn function(index: usize, name: &str) -> std::ops::Range<u32> {
    let bytes = fs::read(path(index)).unwrap();
    let object = object::File::parse(&*bytes).unwrap();
    let symbol = object.symbols().find(|symbol| symbol.name() == Ok(name));
    let symbol = symbol.unwrap_or_else(|| panic!("no {name}"));
    let start = symbol.address() as u32;
    start..start + (symbol.size() as u32).max(1)
}

/// What is shown below a line, without the line.
fn explain(options: Options, line: &str) -> String {
    let (mut screen, mut notes) = (Vec::new(), Vec::new());
    let mut console = Console::new(&mut screen, &mut notes, options);
    console.push(format!("{line}\r\n").as_bytes()).unwrap();
    drop(console);
    let text = String::from_utf8(screen).unwrap();
    text.strip_prefix(&format!("{line}\n")).unwrap().to_owned()
}

fn explain_with(index: usize, line: &str) -> String {
    let options = Options {
        program: Some(program(index)),
        ..Options::default()
    };
    explain(options, line)
}

#[test]
fn c_and_assembly_have_functions_and_lines() {
    let program = program(FIRMWARE);
    let start_cpu0 = function(FIRMWARE, "start_cpu0")
        .find(|&address| program.frames(address).len() == 1)
        .unwrap();
    let start = function(FIRMWARE, "_start").start;
    let text = explain_with(
        FIRMWARE,
        &format!("Backtrace: {start_cpu0:#010x}:0x3ffb3fe0 {start:#010x}:0x3ffb4000"),
    );
    let lines: Vec<_> = text.lines().collect();
    let folder = "firmware/components/esp_system";
    for (line, expected) in lines.iter().zip([
        format!("--- {start_cpu0:#010x}: start_cpu0 at {folder}/startup.c:"),
        format!("--- {start:#010x}: _start at {folder}/start.S:"),
    ]) {
        let number = line
            .strip_prefix(&expected)
            .unwrap_or_else(|| panic!("{expected}: {text}"));
        assert!(
            number.parse::<u32>().is_ok_and(|number| number > 0),
            "{line}"
        );
    }
    assert_eq!(lines.len(), 2, "{text}");
}

#[test]
fn rust_functions_are_demangled() {
    let program = program(PANIC);
    let outer = (0x400D_0000..0x400E_0000)
        .filter(|&address| program.is_code(address))
        .map(|address| program.frames(address))
        .filter(|frames| {
            frames
                .last()
                .is_some_and(|frame| frame.function == "panic::outer")
        });
    let lines: Vec<_> = outer
        .filter_map(|mut frames| frames.pop()?.location)
        .map(|location| {
            assert_eq!(location.file, "firmware/tests/panic.rs");
            location.line
        })
        .collect();
    let source = ["if depth > 0", "outer(black_box(depth - 1))", "panic!("];
    let text = include_str!("../../../firmware/tests/panic.rs");
    for part in source {
        let line = text.lines().position(|line| line.contains(part)).unwrap() as u32 + 1;
        assert!(lines.contains(&Some(line)), "{part}: {lines:?}");
    }
}

#[test]
fn addresses_of_the_rom_have_names() {
    let start = function(FIRMWARE, "_start").start;
    let line = format!("PC      : {start:#010x}  PS      : 0x00060530");
    let options = Options {
        rom: Some(program(FIRMWARE)),
        ..Options::default()
    };
    let text = explain(options, &line);
    assert!(
        text.starts_with(&format!(
            "--- PC {start:#010x}: _start in ROM at firmware/components/esp_system/start.S:"
        )),
        "{text}"
    );
}

#[test]
fn a_log_that_somebody_sent_is_decoded() {
    let start = function(FIRMWARE, "_start").start;
    let mut espmon = Command::new(fs::canonicalize(env!("CARGO_BIN_EXE_espmon")).unwrap())
        .args(["--decode", "--elf"])
        .arg(path(FIRMWARE))
        .env_remove("ESP32_MONITOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let log = format!("E (3) a: x\nBacktrace:{start:#010x}:0x3ffb4f00{start:#010x}:0x3ffb4f20");
    let mut input = espmon.stdin.take().unwrap();
    input.write_all(log.as_bytes()).unwrap();
    drop(input);
    let output = espmon.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let explained = text.strip_prefix(&format!("{log}\n")).unwrap();
    let expected = format!("--- {start:#010x}: _start at firmware/components/esp_system/start.S:");
    assert!(explained.starts_with(&expected), "{text}");
    assert_eq!(explained.lines().count(), 1, "{text}");
    assert!(explained.ends_with("(2 times)\n"), "{text}");
}

#[test]
fn every_address_of_a_function_is_known_with_what_is_inlined() {
    let program = program(PANIC);
    let mut inlined = 0;
    for address in function(PANIC, "app_main") {
        let frames = program.frames(address);
        let outermost = frames.last().unwrap();
        assert_eq!(outermost.function, "app_main", "{address:#x}");
        assert_eq!(
            outermost.location.as_ref().unwrap().file,
            "firmware/tests/panic.rs"
        );
        inlined += usize::from(frames.len() > 1);
    }
    assert!(inlined > 0);
}

#[test]
fn inlined_functions_stand_above_their_callers() {
    let program = program(STACK_OVERFLOW);
    let address = (0x400D_0000..0x400E_0000).find(|&address| {
        program.is_code(address)
            && program
                .frames(address)
                .iter()
                .map(|frame| &*frame.function)
                .eq(["black_box", "stack_overflow::recurse"])
    });
    let address = address.expect("black_box is inlined");
    let text = explain_with(
        STACK_OVERFLOW,
        &format!("PC      : {address:#010x}  PS      : 0x00060120"),
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let inner = format!("--- PC {address:#010x}: black_box at ");
    assert!(
        lines[0].starts_with(&inner) && lines[0].contains("core/src/hint.rs:"),
        "{text}"
    );
    let outer = "---                inlined by stack_overflow::recurse at firmware/tests/stack_overflow.rs:";
    assert!(lines[1].starts_with(outer), "{text}");
}

#[test]
fn return_addresses_are_those_of_the_calls() {
    // The byte after a function's last call may belong to the next function: what returns there is the call before.
    let main = function(BAD_LOAD, "app_main");
    let program = program(BAD_LOAD);
    let call_line = |address: u32| {
        program
            .frames(address)
            .pop()
            .unwrap()
            .location
            .unwrap()
            .line
    };
    let return_address = (main.start + 3..main.end)
        .find(|&address| call_line(address) != call_line(address - 3))
        .unwrap();
    for window in [0x4000_0000, 0x8000_0000, 0xC000_0000_u32] {
        let printed = (return_address & 0x3FFF_FFFF) | window;
        let text = explain_with(
            BAD_LOAD,
            &format!("A0      : {printed:#010x}  A1      : 0x3ffb3f90"),
        );
        let line = call_line(return_address - 3).unwrap();
        assert!(
            text.starts_with(&format!("--- A0 {printed:#010x}: ")),
            "{text}"
        );
        assert!(
            text.ends_with(&format!("app_main at firmware/tests/bad_load.rs:{line}\n"))
                || text.ends_with(&format!(
                    "inlined by app_main at firmware/tests/bad_load.rs:{line}\n"
                )),
            "{text}"
        );
    }
}

#[test]
fn repeated_calls_are_counted() {
    let start = function(PANIC, "_start").start;
    let entry = format!(" {start:#010x}:0x3ffb3fe0");
    let text = explain_with(
        PANIC,
        &format!("Backtrace:{} |<-CONTINUES", entry.repeat(99)),
    );
    assert!(
        text.ends_with(" (99 times)\n") && text.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn what_is_no_code_of_the_program_is_left_alone() {
    for line in [
        "A2      : 0xfffffff0  A3      : 0x3f4004e8  A12     : 0x40009200  A13     : 0x3f4004e5",
        "entry 0x40080404",
        "Backtrace: 0x00000000:0x3ffb3fe0 |<-CORRUPTED",
    ] {
        assert_eq!(explain_with(BAD_LOAD, line), "");
    }
}

#[test]
fn another_build_is_noticed() {
    let own = program(PANIC).sha256()[..9].to_owned();
    assert_eq!(explain_with(PANIC, &format!("ELF file SHA256: {own}")), "");
    let text = explain_with(PANIC, "ELF file SHA256: 0123abcde");
    let path = path(PANIC);
    assert_eq!(
        text,
        format!(
            "--- warning: the device runs another build than {} (SHA256: {own}): addresses may be decoded wrongly\n",
            path.display()
        )
    );
}

#[test]
fn heartbeats_are_decoded() {
    let set = std::env::var_os("ESPMON_DESCRIPTOR_SET").expect("set ESPMON_DESCRIPTOR_SET");
    let names = [("heartbeat".to_owned(), "firmware.v1.Heartbeat".to_owned())];
    let options = Options {
        messages: Messages::read(&[set.into()], &BTreeMap::from(names)).unwrap(),
        ..Options::default()
    };
    assert_eq!(
        explain(options, "I (10002) heartbeat: 08924e10021801"),
        "--- firmware.v1.Heartbeat { uptime_ms: 10002, count: 2, reset_reason: RESET_REASON_POWERON }\n"
    );
}
