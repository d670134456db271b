//! Runs `espboot` on simulated boards.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use espsim::{Application, Options, Port, Running, Simulator};
use tempfile::TempDir;

/// What the ROM prints after a reset.
const BANNER: &str =
    "ets Jun  8 2016 00:22:57\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n";

/// A board whose application prints `console`.
fn board(console: &str, options: impl FnOnce(&mut Options)) -> Running {
    let mut board = Options::new(Port::Rfc2217("127.0.0.1:0".into()));
    board.application = Application::Prints(console.as_bytes().to_vec());
    options(&mut board);
    Simulator::start(board).expect("a simulated board")
}

struct Case {
    folder: TempDir,
    /// The flash with the image's files.
    flash: Vec<u8>,
}

struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Case {
    fn new(boards: &str, fields: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flash = support::write_files(folder.path(), &support::app(0x5A));
        fs::write(folder.path().join("image.bin"), &flash).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let test = format!(
            r#"{{"image": "image.bin", "timeout_seconds": 30, {fields},
"board": {{"boards": "{boards}", "flasher_args": "flasher_args.json", "baud": 921600}}}}"#
        );
        fs::write(folder.path().join("test.json"), test).unwrap();
        Self { folder, flash }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_espboot")).unwrap();
        let mut command = Command::new(program);
        command
            .arg("test.json")
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env_remove("TEST_UNDECLARED_OUTPUTS_DIR")
            .stdin(Stdio::null());
        command
    }

    fn run(&self) -> Outcome {
        let output = self.command().output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    #[track_caller]
    fn is(&self, code: i32, said: &[&str]) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{stdout}\n{stderr}");
        for text in said {
            assert!(stderr.contains(text), "'{text}' is missing in\n{stderr}");
        }
    }
}

#[test]
fn the_image_is_flashed_and_its_console_watched() {
    let board = board("I (29) boot: x\r\nI (42) app: ready\r\n", |_| ());
    let case = Case::new(&board.port(), r#""expect": [{"contains": "app: ready"}]"#);
    let outcome = case.run();
    outcome.is(0, &["ESP32", "everything verified", "passed"]);
    assert!(outcome.stdout.contains("app: ready"), "{}", outcome.stdout);
    let (report, flash) = board.stop().unwrap();
    assert!(flash[..case.flash.len()] == case.flash, "another content");
    assert!(report.sectors_written > 0);
}

#[test]
fn a_missing_line_fails_the_test() {
    let board = board("I (42) app: confused\r\n", |_| ());
    let case = Case::new(
        &board.port(),
        r#""expect": [{"contains": "app: ready"}], "forbid": [{"contains": "confused"}]"#,
    );
    case.run()
        .is(1, &["espboot::forbidden", "app: confused", "still missing"]);
}

#[test]
fn a_second_banner_of_the_rom_is_a_reset() {
    let board = board(&format!("Rebooting...\r\n{BANNER}more\r\n"), |_| ());
    let expect = r#""expect": [{"contains": "Rebooting..."}]"#;
    Case::new(&board.port(), &format!(r#"{expect}, "exit": "reset""#))
        .run()
        .is(0, &["passed"]);
    Case::new(&board.port(), r#""expect": [{"contains": "more"}]"#)
        .run()
        .is(
            1,
            &[
                "espboot::reset",
                "the program reset the chip, which the test does not expect",
            ],
        );
}

#[test]
fn tests_take_turns() {
    let board = board("I (42) app: ready\r\n", |_| ());
    let case = Case::new(&board.port(), r#""expect": [{"contains": "app: ready"}]"#);
    let both = [(); 2].map(|()| {
        case.command()
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let said = both.map(|test| {
        let output = test.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        stderr
    });
    let waited = said
        .iter()
        .filter(|stderr| stderr.contains("waiting for one"))
        .count();
    assert_eq!(waited, 1, "{said:?}");
    assert_eq!(
        said.iter()
            .filter(|stderr| stderr.contains("nothing to write"))
            .count(),
        1
    );
}

#[test]
fn a_board_that_is_refused_or_not_there_is_no_failed_test() {
    let encrypted = board("", |options| {
        let efuse = "flash-crypt-cnt=1".parse().expect("an eFuse field");
        options.chip.efuses.push(efuse);
    });
    let expect = r#""expect": [{"contains": "ready"}]"#;
    Case::new(&encrypted.port(), expect)
        .run()
        .is(3, &["encrypt", "code: espload::", "help: "]);
    assert_eq!(encrypted.stop().unwrap().0.sectors_written, 0);

    Case::new("/dev/ttyNOSUCH0", expect)
        .run()
        .is(3, &["/dev/ttyNOSUCH0", "espline::not_found"]);
    Case::new("", expect)
        .run()
        .is(2, &["espboot::boards", "there is no port in it"]);
}

#[test]
fn registers_are_refused() {
    let fields = r#""expect": [{"contains": "x"}], "registers": [{"name": "x", "address": "0", "value": "0"}]"#;
    Case::new("/dev/ttyUSB0", fields).run().is(
        2,
        &["espboot::spec_value", "registers cannot be read on a board"],
    );
}
