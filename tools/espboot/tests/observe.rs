//! What is written down of a run of this repository's firmware. ESPBOOT_IMAGE and ESPBOOT_ELF name it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

const MAIN: &str = include_str!("../../../firmware/main.rs");

fn espboot() -> Command {
    let files = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} names a file"));
    let image = files("ESPBOOT_IMAGE");
    let image = image.split(' ').find(|name| name.ends_with("image.bin"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_espboot"));
    command
        .arg("run")
        .arg(image.unwrap())
        .arg("--elf")
        .arg(files("ESPBOOT_ELF"))
        .arg("--fast")
        .env_remove("BUILD_WORKING_DIRECTORY");
    command
}

fn run(arguments: &[&str]) -> Output {
    let output = espboot()
        .args(["--until", r"^I \(4\d{3}\) Rust", "--timeout", "30"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    output
}

/// Runs it with `option`, twice: the file's text, and the console.
fn file(option: &str, more: &[&str]) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let written = |name| {
        let path = folder.path().join(name);
        let mut arguments = vec![option, path.to_str().unwrap()];
        arguments.extend(more);
        let output = run(&arguments);
        (fs::read_to_string(path).unwrap(), output.stdout)
    };
    let first = written("first");
    assert!(first == written("second"), "two runs differ");
    first
}

/// The count of the line of main.rs with `text` in it.
fn count(tracefile: &str, text: &str) -> Option<u64> {
    let section = tracefile
        .split("end_of_record")
        .find(|section| section.contains("SF:firmware/main.rs\n"))
        .unwrap_or_else(|| panic!("main.rs is not in {tracefile}"));
    let number = MAIN.lines().position(|line| line.contains(text)).unwrap() + 1;
    section
        .lines()
        .find_map(|line| line.strip_prefix(&format!("DA:{number},")))
        .map(|count| count.parse().unwrap())
}

#[test]
fn executed_lines_are_counted() {
    let (tracefile, console) = file("--coverage", &[]);
    // What is seen changes nothing.
    assert_eq!(console, run(&[]).stdout);
    let greetings = count(&tracefile, "I, live, again!");
    assert_eq!(greetings, Some(3), "{tracefile}");
    assert_eq!(count(&tracefile, "heartbeat::encode("), Some(1));
    assert!(tracefile.contains("FNDA:1,app_main\n"), "{tracefile}");
    // C that was not executed, and assembly that was.
    let panic = tracefile
        .split("end_of_record")
        .find(|section| section.contains("esp_system/panic.c\n"))
        .unwrap();
    assert!(panic.contains(",0\n"), "{panic}");
    let assembly = tracefile
        .split("end_of_record")
        .find(|section| section.contains("esp_system/start.S\n"))
        .unwrap();
    assert!(assembly.lines().any(|line| line.ends_with(",1")));
    for elsewhere in ["SF:/", "SF:external/", "SF:bazel-"] {
        assert!(!tracefile.contains(elsewhere), "{tracefile}");
    }
    let (all, _) = file("--coverage", &["--all-sources"]);
    assert!(all.contains("SF:/rustc/"), "{all}");
}

#[test]
fn samples_have_stacks() {
    let (folded, _) = file("--profile", &["--profile-interval", "8000"]);
    let samples = |part: &str| -> u64 {
        let lines = folded.lines().filter(|line| line.contains(part));
        lines
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
            .sum()
    };
    // 80 MHz: 10,000 samples a second, of which it waits almost all.
    let waits = samples("core 0;_start;start_cpu0;app_main;");
    assert!((39_000..42_000).contains(&waits), "{waits}\n{folded}");
    assert!(samples("(waits for an interrupt)") > 39_000, "{folded}");
    assert!(samples("core 0;bootloader;") > 50, "{folded}");
}

#[test]
fn a_trace_has_what_the_time_has() {
    let times = ["--trace-from", "0.11", "--trace-to", "0.111"];
    let (trace, _) = file("--trace", &times);
    let lines: Vec<_> = trace.lines().collect();
    assert!(lines.len() > 100, "{}", lines.len());
    for line in &lines {
        assert!(line.starts_with("0.110"), "{line}");
    }
    assert!(trace.contains(" start_cpu0+"), "{}", lines[0]);
    assert!(
        lines.iter().any(|line| line.contains(" l32r a")),
        "{}",
        lines[0]
    );
}

#[test]
fn pins_are_in_the_waveform() {
    let (waveform, _) = file("--vcd", &[]);
    let id = waveform
        .lines()
        .find_map(|line| {
            line.strip_prefix("$var wire 1 ")?
                .strip_suffix(" gpio5 $end")
        })
        .unwrap();
    let falls = waveform.lines().filter(|line| *line == format!("0{id}"));
    // It is low when it begins to drive, and then half a second on, half a second off.
    assert_eq!(falls.count(), 5, "{waveform}");
    assert!(waveform.contains("$timescale 1 ns $end"), "{waveform}");
}

#[test]
fn a_failure_says_where_the_chip_is() {
    let output = espboot()
        .args(["--until", "never", "--timeout", "1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    for part in [
        "  the chip:\n    core 0: PC 0x",
        "app_main at firmware/main.rs:",
        "start_cpu0 at firmware/components/esp_system/startup.c:",
        "core 1: ",
        "last register writes:",
        "(GPIO+0x00c) = 0x00000020 at 0x400d",
    ] {
        assert!(errors.contains(part), "{part:?} is not in {errors}");
    }
}

#[test]
fn nothing_is_left_where_nothing_ran() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let output = Command::new(env!("CARGO_BIN_EXE_espboot"))
        .args(["run", "no-image.bin", "--trace"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!path.exists());
}

/// A debugger, as far as it takes.
struct Debugger(TcpStream);

impl Debugger {
    fn ask(&mut self, packet: &str) -> String {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        write!(self.0, "${packet}#{sum:02x}").unwrap();
        let mut byte = [0];
        let mut answer = vec![];
        while self.0.read_exact(&mut byte).is_ok() && byte[0] != b'#' {
            match byte[0] {
                b'+' if answer.is_empty() => {}
                b'$' => answer.clear(),
                other => answer.push(other),
            }
        }
        self.0.read_exact(&mut [0; 2]).unwrap();
        self.0.write_all(b"+").unwrap();
        String::from_utf8(answer).unwrap()
    }
}

#[test]
fn a_debugger_stops_at_breakpoints() {
    let mut chip = espboot()
        .args(["--gdb", ":0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut errors = BufReader::new(chip.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("--- gdb: target remote ").unwrap();
    let mut gdb = Debugger(TcpStream::connect(address).unwrap());
    assert!(gdb.ask("?").starts_with('T') || gdb.ask("?").starts_with('S'));
    let pc = |gdb: &mut Debugger| {
        let bytes = gdb.ask("p0");
        u32::from_str_radix(&bytes, 16).unwrap().swap_bytes()
    };
    // It stands in front of the program.
    let entry = pc(&mut gdb);
    assert!((0x4008_0000..0x400A_0000).contains(&entry), "{entry:#x}");
    assert!(gdb.ask("vCont;s:1").starts_with('T'));
    let second = pc(&mut gdb);
    assert_ne!(second, entry);
    // Its next instructions are not executed twice.
    assert!(gdb.ask("vCont;s:1").starts_with('T'));
    let third = pc(&mut gdb);
    assert_eq!(gdb.ask(&format!("Z0,{third:x},3")), "OK");
    assert_eq!(gdb.ask("m40001000,4"), "831df000");
    // It ends where the debugger kills it.
    gdb.0.write_all(b"$k#6b").unwrap();
    assert!(chip.wait().unwrap().success());
}
