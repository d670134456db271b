//! The program, with a script in QEMU's place.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use espboot::boot::FlashImage;
use espboot::environment::{Event, ExecutionEnvironment};
use espboot::qemu::{Clock, Qemu};
use espimage::Chip;
use tempfile::TempDir;

/// Stands in for QEMU: the file given as ROM is a script that plays the chip. Its process id is in the file `pid` beside it.
const FAKE_EMULATOR: &str = r#"#!/bin/sh
for argument; do
  case $argument in
    loader,file=*) rom=${argument#loader,file=} ;;
  esac
done
cd "$(dirname "$rom")"
echo $$ > pid
. "./$(basename "$rom")"
"#;

/// Written once, before the first process is started: a file that is open for writing in a forked child cannot be executed.
fn fake_emulator() -> &'static Path {
    static EMULATOR: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = EMULATOR.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fake_emulator");
        fs::write(&path, FAKE_EMULATOR).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (directory, path)
    });
    path
}

/// A directory with an image, a script that plays the chip, and a test.
struct Case {
    directory: TempDir,
}

struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Case {
    /// `chip` is the script; `fields` are those of the test but for the paths and a long timeout, which it may replace.
    fn new(chip: &str, fields: &str) -> Self {
        let emulator = fake_emulator();
        let case = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let image = support::flash(
            "factory, app, factory, 0x10000, 1M",
            &support::app(0x5A),
            None,
            &[],
        );
        fs::write(case.path("image.bin"), image).unwrap();
        fs::write(case.path("rom.elf"), chip).unwrap();
        fs::create_dir(case.path("tmp")).unwrap();
        let timeout = if fields.contains("timeout_seconds") {
            ""
        } else {
            r#""timeout_seconds": 60,"#
        };
        let emulator = emulator.display();
        let test = format!(
            r#"{{"image": "image.bin", "emulator": "{emulator}", "rom": "rom.elf", {timeout}
{fields}}}"#
        );
        fs::write(case.path("test.json"), test).unwrap();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_espboot")).unwrap();
        let mut command = Command::new(program);
        for name in [
            "ESP32_BOOT_TEST",
            "TEST_UNDECLARED_OUTPUTS_DIR",
            "TEST_UNDECLARED_OUTPUTS_ZIP",
            "TEST_SRCDIR",
            "RUNFILES_DIR",
        ] {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("TEST_TMPDIR", self.path("tmp"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Outcome {
        self.outcome(self.command(&["test.json"]).output().unwrap())
    }

    /// Whatever happened, no file and no emulator is left.
    fn outcome(&self, output: Output) -> Outcome {
        assert_eq!(
            fs::read_dir(self.path("tmp")).unwrap().count(),
            0,
            "temporary files are left"
        );
        if let Ok(pid) = fs::read_to_string(self.path("pid")) {
            assert!(
                !Path::new("/proc").join(pid.trim()).exists(),
                "the emulator is left"
            );
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let outcome = Outcome {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        println!(
            "exit code {}\n{}{}",
            outcome.code, outcome.stdout, outcome.stderr
        );
        outcome
    }
}

impl Outcome {
    #[track_caller]
    fn failed(&self, code: i32, kind: &str, texts: &[&str]) {
        assert_eq!(self.code, code, "{}", self.stderr);
        for text in [&format!("code: espboot::{kind}\n"), "error: "]
            .into_iter()
            .chain(texts.iter().copied())
        {
            assert!(self.stderr.contains(text), "no {text:?} in {}", self.stderr);
        }
    }

    #[track_caller]
    fn passed(&self) {
        assert_eq!(self.code, 0, "{}", self.stderr);
        assert!(self.stderr.starts_with("passed: "), "{}", self.stderr);
    }
}

/// Stays until it is killed.
const STAY: &str = "exec sleep 600";

#[test]
fn lines_in_order_pass() {
    let fields =
        r#""expect": [{"contains": "one"}, {"regex": "n=(?P<n>\\d+)", "times": 2, "rising": "n"}]"#;
    let case = Case::new(
        &format!("printf 'noise\\r\\none\\nn=1\\nn=2\\n'\n{STAY}"),
        fields,
    );
    let outputs = case.path("outputs");
    let output = case
        .command(&["test.json"])
        .env("TEST_UNDECLARED_OUTPUTS_DIR", &outputs)
        .output()
        .unwrap();
    let outcome = case.outcome(output);
    outcome.passed();
    assert_eq!(outcome.stdout, "noise\r\none\nn=1\nn=2\n");
    assert_eq!(
        fs::read_to_string(outputs.join("console.log")).unwrap(),
        outcome.stdout
    );
}

#[test]
fn without_zip_nothing_is_left_that_bazel_would_zip() {
    let case = Case::new(
        &format!("printf 'one\\n'\n{STAY}"),
        r#""expect": [{"contains": "one"}]"#,
    );
    let path = std::env::var_os("PATH").unwrap();
    let on_path = |name: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
            .unwrap()
    };
    for (folder, is_kept) in [("with_zip", true), ("without", false)] {
        let (bin, outputs) = (case.path(folder), case.path("outputs").join(folder));
        fs::create_dir_all(&bin).unwrap();
        // what the script that plays the chip calls
        for name in ["basename", "dirname", "sleep"] {
            symlink(on_path(name), bin.join(name)).unwrap();
        }
        if is_kept {
            fs::write(bin.join("zip"), "").unwrap();
        }
        let output = case
            .command(&["test.json"])
            .env("TEST_UNDECLARED_OUTPUTS_DIR", &outputs)
            .env("TEST_UNDECLARED_OUTPUTS_ZIP", case.path("outputs.zip"))
            .env("PATH", &bin)
            .output()
            .unwrap();
        case.outcome(output).passed();
        assert_eq!(outputs.join("console.log").exists(), is_kept, "{folder}");
    }
}

#[test]
fn lines_out_of_order_fail() {
    let fields = r#""expect": [{"contains": "one"}, {"contains": "two"}], "timeout_seconds": 2"#;
    let outcome = Case::new(&format!("printf 'two\\none\\n'\n{STAY}"), fields).run();
    outcome.failed(
        1,
        "timeout",
        &[
            "still missing:\n    expect[1] of 2: \"two\"\n",
            "    | two\n    | one\n",
        ],
    );
    assert!(!outcome.stderr.contains("expect[0]"));
}

#[test]
fn a_timeout_says_what_is_missing_and_what_was_there() {
    let fields = r#""expect": [{"contains": "line 99"}, {"contains": "never", "times": 2}], "exit": "reset",
"timeout_seconds": 2.5"#;
    let chip = format!(
        "i=1; while [ $i -le 99 ]; do echo \"line $i\"; i=$((i + 1)); done; printf partial\n{STAY}"
    );
    let outcome = Case::new(&chip, fields).run();
    let missing =
        "still missing:\n    expect[1] of 2: \"never\" 2 times\n    the reset at the end\n";
    outcome.failed(
        1,
        "timeout",
        &[
            "after 2.5 s",
            missing,
            "the last 40 lines",
            "    | line 61\n",
            "    | partial\n",
        ],
    );
    assert!(!outcome.stderr.contains("| line 60\n"));
}

#[test]
fn a_program_that_prints_for_ever_is_ended() {
    let fields = r#""expect": [{"contains": "never"}], "timeout_seconds": 1"#;
    let start = Instant::now();
    let outcome = Case::new("while :; do echo again; done", fields).run();
    outcome.failed(1, "timeout", &["| again\n"]);
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_program_does_not_run_ahead_of_the_console() {
    let case = Case::new("", r#""expect": [{"contains": "unused"}]"#);
    let reached = case.path("reached");
    let chip = "i=1; while :; do echo $i > reached; echo x; i=$((i + 1)); done";
    fs::write(case.path("rom.elf"), chip).unwrap();
    let image = FlashImage::read(
        &case.path("image.bin"),
        Chip::Esp32,
        espimage::partition::DEFAULT_OFFSET,
    )
    .unwrap();
    let qemu = Qemu {
        emulator: fake_emulator().to_owned(),
        rom: case.path("rom.elf"),
        clock: Clock::Instructions,
        gdb: None,
    };
    let mut execution = qemu.start(&image).unwrap();
    let first = execution.next_event(Duration::from_secs(60)).unwrap();
    assert_eq!(first, Event::Console(b"x\n".to_vec()));
    // Nobody reads now.
    std::thread::sleep(Duration::from_millis(500));
    execution.stop().unwrap();
    let reached: u32 = fs::read_to_string(reached).unwrap().trim().parse().unwrap();
    assert!((2..=3).contains(&reached), "it reached line {reached}");
}

#[test]
fn a_forbidden_line_fails_at_once() {
    let fields = r#""expect": [{"contains": "never"}], "forbid": [{"contains": "nothing"}, {"regex": "[Pp]anic"}],
"timeout_seconds": 600"#;
    let outcome = Case::new(&format!("echo fine; echo 'a panic!'\n{STAY}"), fields).run();
    outcome.failed(
        1,
        "forbidden",
        &[
            "forbidden /[Pp]anic/ in the line\n    a panic!\n",
            "expect[0] of 1: \"never\"",
        ],
    );
}

#[test]
fn what_follows_a_forbidden_line_is_shown() {
    let fields = r#""expect": [{"contains": "never"}], "forbid": [{"contains": "panic"}], "timeout_seconds": 600"#;
    let chip =
        format!("echo early; echo a panic; echo Backtrace: 0x400d0020; echo another panic\n{STAY}");
    let outcome = Case::new(&chip, fields).run();
    let tail =
        "    | early\n    | a panic\n    | Backtrace: 0x400d0020\n    | another panic\n  code";
    outcome.failed(1, "forbidden", &["in the line\n    a panic\n", tail]);
    assert!(outcome.stdout.ends_with("another panic\n"));

    let outcome = Case::new("echo early; while :; do echo panic; done", fields).run();
    outcome.failed(1, "forbidden", &["the last 40 lines", "    | panic\n"]);
    assert_eq!(outcome.stdout.lines().count(), 41);
}

#[test]
fn registers_show_what_the_bootloader_left() {
    let fields = r#""expect": [{"contains": "up"}], "registers": [
{"name": "RTC_CNTL_WDTCONFIG0_REG", "address": "0x3FF4808C", "value": "0xC001_FB80"},
{"name": "enable bit", "address": "0x3FF4808C", "mask": "0x80000000", "value": "0x80000000"},
{"name": "GPIO_OUT_REG", "address": 1072971780, "value": 0},
{"name": "loaded DRAM", "address": "0x3FFB0000", "value": "0x5A5A5A5A"},
{"name": "DRAM behind it", "address": "0x3FFB0020", "value": "0xA5A5A5A5"},
{"name": "first word of the mapped flash", "address": "0x3F400000", "mask": "0xFF", "value": "0xE9"}]"#;
    let outcome = Case::new(&format!("echo up\n{STAY}"), fields).run();
    outcome.passed();
    assert!(outcome.stderr.contains("6 registers"));
}

#[test]
fn wrong_registers_are_named_with_the_difference() {
    let fields = r#""expect": [{"contains": "up"}], "registers": [
{"name": "RTC_CNTL_WDTCONFIG0_REG", "address": "0x3FF4808C", "mask": "0x80000400", "value": "0x400"},
{"name": "RTC_CNTL_WDTWPROTECT_REG", "address": "0x3FF480A4", "value": "0x50D83AA1"},
{"name": "GPIO_OUT_REG", "address": "0x3FF44004", "value": "0"}]"#;
    let outcome = Case::new(&format!("echo up\n{STAY}"), fields).run();
    let first = "RTC_CNTL_WDTCONFIG0_REG (0x3FF4808C) is 0xC001FB80, expected 0x00000400 under mask 0x80000400; wrong bits: 0x80000400\n";
    let second = "RTC_CNTL_WDTWPROTECT_REG (0x3FF480A4) is 0x00000000, expected 0x50D83AA1; wrong bits: 0x50D83AA1\n";
    outcome.failed(1, "registers", &[first, second]);
    assert!(!outcome.stderr.contains("GPIO_OUT_REG"));
}

#[test]
fn a_register_outside_the_chip_is_a_wrong_test() {
    let fields = r#""expect": [{"contains": "up"}], "registers": [{"name": "X", "address": "0xFFFFFFFC", "value": "0"}]"#;
    Case::new(&format!("echo up\n{STAY}"), fields).run().failed(
        2,
        "register_outside",
        &["0xFFFFFFFC"],
    );
}

#[test]
fn an_expected_reset_passes() {
    let fields = r#""expect": [{"contains": "bye"}], "exit": "reset",
"registers": [{"name": "RTC_CNTL_WDTCONFIG0_REG", "address": "0x3FF4808C", "value": "0xC001FB80"}]"#;
    Case::new("echo bye; exit 0", fields).run().passed();
    // The last line may lack its end.
    Case::new("printf bye; exit 0", fields).run().passed();
}

#[test]
fn a_reset_before_the_last_line_fails() {
    let outcome = Case::new(
        "echo bye; exit 0",
        r#""expect": [{"contains": "later"}], "exit": "reset""#,
    )
    .run();
    outcome.failed(
        1,
        "reset",
        &[
            "reset the chip too early",
            "expect[0] of 1: \"later\"",
            "    | bye\n",
        ],
    );
    assert!(!outcome.stderr.contains("the reset at the end"));
}

#[test]
fn a_reset_that_is_not_expected_fails() {
    let outcome = Case::new("exit 0", r#""expect": [{"contains": "later"}]"#).run();
    outcome.failed(
        1,
        "reset",
        &[
            "which the test does not expect",
            "the console is empty",
            "\"exit\": \"reset\"",
        ],
    );
}

#[test]
fn a_program_that_should_reset_and_does_not_fails() {
    let fields = r#""expect": [{"contains": "up"}], "exit": "reset", "timeout_seconds": 1"#;
    let outcome = Case::new(&format!("echo up\n{STAY}"), fields).run();
    outcome.failed(
        1,
        "timeout",
        &["still missing:\n    the reset at the end\n"],
    );
}

#[test]
fn an_emulator_that_dies_is_reported_with_its_words() {
    let fields = r#""expect": [{"contains": "later"}]"#;
    let outcome = Case::new(
        "echo up; echo 'qemu: fatal: bad opcode' >&2; exit 9",
        fields,
    )
    .run();
    outcome.failed(
        1,
        "died",
        &[
            "(exit status: 9)\n    qemu: fatal: bad opcode\n",
            "    | up\n",
            "\"later\"",
        ],
    );
    Case::new("echo up; kill -KILL $$", fields)
        .run()
        .failed(1, "died", &["(signal: 9 (SIGKILL))"]);
}

#[test]
fn an_emulator_that_refuses_its_arguments_is_no_failed_test() {
    let outcome = Case::new(
        "echo 'bad option' >&2; exit 1",
        r#""expect": [{"contains": "up"}]"#,
    )
    .run();
    outcome.failed(
        3,
        "emulator_refused",
        &["(exit status: 1)\n    bad option\n"],
    );
}

#[test]
fn an_emulator_that_is_not_there_is_no_failed_test() {
    let case = Case::new("", r#""expect": [{"contains": "up"}]"#);
    let test = fs::read_to_string(case.path("test.json")).unwrap();
    let test = test.replace(&fake_emulator().display().to_string(), "missing/qemu");
    fs::write(case.path("test.json"), test).unwrap();
    case.run().failed(
        3,
        "emulator_start",
        &["missing/qemu: cannot start the emulator", "help: "],
    );
}

#[test]
fn a_signal_ends_test_and_emulator() {
    let case = Case::new(
        STAY,
        r#""expect": [{"contains": "later"}], "timeout_seconds": 600"#,
    );
    let program = case.command(&["test.json"]).spawn().unwrap();
    let start = Instant::now();
    while fs::read_to_string(case.path("pid")).map_or(true, |pid| !pid.ends_with('\n')) {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the emulator did not start"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("kill -TERM {}", program.id())])
        .status()
        .unwrap();
    assert!(status.success());
    let outcome = case.outcome(program.wait_with_output().unwrap());
    outcome.failed(1, "stopped", &["expect[0] of 1: \"later\""]);
}

#[test]
fn a_wrong_test_names_the_field() {
    let up = r#""expect": [{"contains": "up"}]"#;
    let register = |fields: &str| format!(r#"{up}, "registers": [{{"name": "R", {fields}}}]"#);
    let wrong: &[(&str, &str)] = &[
        (
            &format!(r#"{up}, "expects": []"#),
            "unknown field `expects`",
        ),
        (
            r#""expect": [{"contain": "up"}]"#,
            "unknown field `contain`",
        ),
        (
            r#""expect": [{"contains": "up", "regex": "up"}]"#,
            "expect[0] needs exactly one of",
        ),
        (
            r#""expect": [{"contains": "up"}, {}]"#,
            "expect[1] needs exactly one of",
        ),
        (
            r#""expect": [{"contains": ""}]"#,
            "expect[0].contains is empty",
        ),
        (r#""expect": [{"regex": "("}]"#, "expect[0].regex '(': "),
        (
            r#""expect": [{"contains": "up", "times": 0}]"#,
            "expect[0].times is 0",
        ),
        (
            r#""expect": [{"contains": "up", "times": 2, "rising": "n"}]"#,
            "expect[0].rising needs \"regex\"",
        ),
        (
            r#""expect": [{"regex": "(?P<n>.)", "rising": "n"}]"#,
            "expect[0].rising needs \"times\"",
        ),
        (
            r#""expect": [{"regex": "up", "times": 2, "rising": "n"}]"#,
            "no group (?P<n>...)",
        ),
        (
            r#""expect": [{"regex": "up", "step": [1, 2]}]"#,
            "expect[0].step needs \"rising\"",
        ),
        (
            r#""expect": [{"regex": "(?P<n>.)", "times": 2, "rising": "n", "step": [2, 1]}]"#,
            "expect[0].step 2 is more",
        ),
        (r#""expect": []"#, "expect is empty"),
        (
            &format!(r#"{up}, "forbid": [{{"regex": "["}}]"#),
            "forbid[0].regex '['",
        ),
        (
            &format!(r#"{up}, "exit": "halt""#),
            "unknown variant `halt`",
        ),
        (
            &format!(r#"{up}, "timeout_seconds": 0"#),
            "timeout_seconds 0 is not a time",
        ),
        (
            &format!(r#"{up}, "timeout_seconds": -1"#),
            "timeout_seconds -1 is not a time",
        ),
        (
            &register(r#""address": "0x3FF4808D", "value": "0""#),
            "registers[0].address 0x3FF4808D is not a multiple",
        ),
        (
            &register(r#""address": "0x3FF4808C", "mask": "0", "value": "0""#),
            "registers[0].mask is 0",
        ),
        (
            &register(r#""address": "0", "mask": "1", "value": "2""#),
            "registers[0].value 0x00000002 has bits outside",
        ),
        (
            &register(r#""address": "0x1FF4808CC", "value": "0""#),
            "invalid value: string \"0x1FF4808CC\"",
        ),
        (
            &register(r#""address": 4294967296, "value": "0""#),
            "invalid value: integer `4294967296`",
        ),
        (&register(r#""address": "0""#), "missing field `value`"),
    ];
    for (fields, text) in wrong {
        let outcome = Case::new("exit 0", fields).run();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{fields}");
        assert!(outcome.stderr.contains("test.json: "), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(text),
            "{fields}: no {text:?} in {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_refused_image_is_not_run() {
    let case = Case::new(STAY, r#""expect": [{"contains": "up"}]"#);
    let mut image = fs::read(case.path("image.bin")).unwrap();
    image[0x1_0000] = 0;
    fs::write(case.path("image.bin"), image).unwrap();
    case.run()
        .failed(1, "image_refused", &["image.bin: ", "help: "]);
    assert!(!case.path("pid").exists());
}

#[test]
fn missing_files_are_named() {
    for (file, kind) in [
        ("test.json", "file_unreadable"),
        ("image.bin", "file_unreadable"),
        ("rom.elf", "file_unreadable"),
    ] {
        let case = Case::new("exit 0", r#""expect": [{"contains": "up"}]"#);
        fs::remove_file(case.path(file)).unwrap();
        case.run()
            .failed(2, kind, &[&format!("{file}: cannot read")]);
    }
}

#[test]
fn an_elf_file_that_is_none_is_named() {
    let case = Case::new(
        "exit 0",
        r#""elf": "image.bin", "expect": [{"contains": "up"}]"#,
    );
    case.run().failed(2, "elf_refused", &["image.bin: ", "ELF"]);
}

#[test]
fn the_environment_names_the_test() {
    let case = Case::new("echo up; exit 0", r#""expect": [{"contains": "up"}]"#);
    let output = case
        .command(&[])
        .env("ESP32_BOOT_TEST", "test.json")
        .output()
        .unwrap();
    case.outcome(output).passed();
    fs::create_dir(case.path("runfiles")).unwrap();
    fs::rename(case.path("test.json"), case.path("runfiles/moved.json")).unwrap();
    let runfiles = case.path("runfiles");
    let mut command = case.command(&[]);
    let output = command
        .env("ESP32_BOOT_TEST", "moved.json")
        .env("TEST_SRCDIR", runfiles)
        .output()
        .unwrap();
    case.outcome(output).passed();
    let outcome = case.outcome(case.command(&[]).output().unwrap());
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.stderr.contains("ESP32_BOOT_TEST is not set"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn run_shows_the_console_until_a_line() {
    let case = Case::new(
        &format!("printf 'one\\ntwo\\n'\n{STAY}"),
        r#""expect": [{"contains": "unused"}]"#,
    );
    let emulator = fake_emulator().display().to_string();
    let run = |arguments: &[&str]| {
        let files = [
            "run",
            "image.bin",
            "--emulator",
            &emulator,
            "--rom",
            "rom.elf",
        ];
        case.outcome(
            case.command(&[&files, arguments].concat())
                .output()
                .unwrap(),
        )
    };
    let outcome = run(&["--until", "^two$"]);
    assert_eq!(
        (
            outcome.code,
            outcome.stdout.as_str(),
            outcome.stderr.as_str()
        ),
        (0, "one\ntwo\n", "")
    );
    run(&["--until", "three", "--timeout", "1"]).failed(1, "timeout", &["expect[0] of 1: /three/"]);
    run(&["--until", "("]).failed(2, "until", &["--until '('"]);
    assert_eq!(run(&["--timeout", "1"]).code, 2);
}

#[test]
fn run_ends_with_the_program_or_with_ctrl_c() {
    let case = Case::new("echo bye; exit 0", r#""expect": [{"contains": "unused"}]"#);
    let emulator = fake_emulator().display().to_string();
    let arguments = [
        "run",
        "image.bin",
        "--emulator",
        &emulator,
        "--rom",
        "rom.elf",
    ];
    let outcome = case.outcome(case.command(&arguments).output().unwrap());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "bye\n"));
    assert_eq!(outcome.stderr, "the program reset the chip\n");

    fs::write(case.path("rom.elf"), format!("kill -INT $PPID; {STAY}")).unwrap();
    let outcome = case.outcome(case.command(&arguments).output().unwrap());
    assert_eq!(
        (
            outcome.code,
            outcome.stdout.as_str(),
            outcome.stderr.as_str()
        ),
        (0, "", "")
    );
}
