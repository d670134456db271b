//! The program itself: its environment, signals, other processes on the port, devices that do not answer.

mod support;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use espsim::{Options, Pace, Port};
use support::*;

/// The program, without what the caller's environment says about ports.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_espload"));
    for name in [
        "ESPFLASH_PORT",
        "ESPPORT",
        "ESPFLASH_BAUD",
        "ESPBAUD",
        "ESP32_FLASH",
        "BUILD_WORKING_DIRECTORY",
    ] {
        program.env_remove(name);
    }
    program.stdin(Stdio::null());
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn exit(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

#[test]
fn help_tells_the_exit_codes() {
    let output = program().arg("--help").output().unwrap();
    assert_eq!(exit(&output), 0);
    let help = text(&output.stdout);
    for word in [
        "130 interrupted",
        "rfc2217://",
        "ESPFLASH_PORT",
        "--app-only",
        "--force",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn a_target_s_configuration_and_the_environment_are_used() {
    let files = Files::new();
    let board = start(board(Vec::new()));
    let config = files.folder.path().join("flash.json");
    let args = files.args().display().to_string();
    let json = serde_json::json!({"flasher_args": args, "elf": null, "baud": 230_400, "port": "/dev/none", "monitor": null});
    fs::write(&config, json.to_string()).unwrap();
    let run = |envs: &[(&str, &str)], args: &[&str]| {
        let mut program = program();
        program
            .env("ESP32_FLASH", &config)
            .arg("--json")
            .args(args)
            .envs(envs.iter().copied());
        let output = program.output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (exit(&output), json)
    };
    // The configuration's port is not there; the environment's is; esptool's name counts less than espflash's.
    assert_eq!(run(&[], &[]).1["code"], "espline::not_found");
    let port = board.port();
    let (code, json) = run(&[("ESPFLASH_PORT", &port), ("ESPPORT", "/dev/other")], &[]);
    assert_eq!(
        (code, &json["status"], &json["baud"]),
        (0, &"done".into(), &230_400.into()),
        "{json}"
    );
    let (_, json) = run(&[("ESPPORT", &port), ("ESPBAUD", "921600")], &[]);
    assert_eq!(
        (&json["baud"], &json["sectors_written"]),
        (&921_600.into(), &0.into()),
        "{json}"
    );
    let (_, json) = run(
        &[("ESPPORT", &port), ("ESPBAUD", "921600")],
        &["-b", "115200"],
    );
    assert_eq!(json["baud"], 115_200);
    let (code, json) = run(&[("ESPPORT", &port), ("ESPBAUD", "fast")], &[]);
    assert_eq!((code, &json["code"]), (2, &"espline::baud_syntax".into()));
    let (code, json) = run(&[("ESPPORT", "http://x")], &[]);
    assert_eq!((code, &json["code"]), (2, &"espline::port_syntax".into()));
    let (code, json) = run(&[("ESPPORT", &port)], &["--monitor"]);
    assert_eq!((code, &json["code"]), (2, &"espload::usage".into()));
    assert!(files.are_in(&board.stop().unwrap().1));
}

#[test]
fn files_of_the_user_are_relative_to_where_the_user_stands() {
    let files = Files::new();
    let board = start(board(files.flash()));
    let output = program()
        .env("BUILD_WORKING_DIRECTORY", files.folder.path())
        .args(["flasher_args.json", "--port", &board.port()])
        .output()
        .unwrap();
    assert_eq!(exit(&output), 0, "{output:?}");
}

#[test]
fn the_monitor_follows_with_the_same_port() {
    let files = Files::new();
    let board = start(board(files.flash()));
    let folder = files.folder.path();
    let monitor = folder.join("monitor");
    fs::write(
        &monitor,
        "#!/bin/sh\necho \"monitor $* $ESP32_MONITOR\"\nexit 7\n",
    )
    .unwrap();
    fs::set_permissions(&monitor, fs::Permissions::from_mode(0o755)).unwrap();
    let config = folder.join("flash.json");
    let json = serde_json::json!({
        "flasher_args": files.args(),
        "monitor": {"program": monitor, "config": "monitor.json"},
    });
    fs::write(&config, json.to_string()).unwrap();
    let port = board.port();
    let output = program()
        .env("ESP32_FLASH", &config)
        .args(["--monitor", "-p", &port])
        .output()
        .unwrap();
    assert_eq!(exit(&output), 7, "{output:?}");
    let last = text(&output.stdout).lines().last().unwrap().to_owned();
    assert_eq!(last, format!("monitor --port {port} monitor.json"));
    // The monitor resets the chip, so that nothing of the console is missed.
    assert!(
        !text(&output.stdout).contains("reset into the application"),
        "{output:?}"
    );
}

#[test]
fn ports_are_listed() {
    let output = program().args(["--list-ports", "--json"]).output().unwrap();
    assert_eq!(exit(&output), 0);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["ports"].is_array(), "{json}");
}

#[test]
fn a_signal_ends_the_run_and_frees_the_port() {
    let files = Files::new();
    for signal in ["INT", "TERM"] {
        let mut options = Options::new(Port::Pty { link: None });
        options.pace = Pace::Real;
        let board = start(options);
        let port = board.port();
        let child = program()
            .arg(files.args())
            .args(["--port", &port, "--json", "--no-stub"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while board.report().unwrap().bytes_programmed == 0 {
            assert!(Instant::now() < deadline, "nothing was written");
            thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", child.id())])
            .status()
            .unwrap();
        assert!(kill.success());
        let signalled = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(signalled.elapsed() < Duration::from_secs(2));
        assert_eq!(exit(&output), 130, "{output:?}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["code"], "espload::interrupted");
        assert!(
            text(&output.stderr).contains("the next run goes on from there"),
            "{output:?}"
        );
        assert!(!files.are_in(&board.flash().unwrap()));

        let output = program()
            .arg(files.args())
            .args(["--port", &port])
            .output()
            .unwrap();
        assert_eq!(exit(&output), 0, "{output:?}");
        assert!(files.are_in(&board.stop().unwrap().1));
    }
}

#[test]
fn a_second_process_is_told_who_has_the_port() {
    let files = Files::new();
    let mut options = Options::new(Port::Pty { link: None });
    options.pace = Pace::Real;
    let board = start(options);
    let port = board.port();
    let mut first = program()
        .arg(files.args())
        .args(["--port", &port])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while board.report().unwrap().bytes_in == 0 {
        assert!(Instant::now() < deadline, "it does not start");
        thread::sleep(Duration::from_millis(10));
    }
    let second = program()
        .arg(files.args())
        .args(["--port", &port])
        .output()
        .unwrap();
    let pid = first.id();
    assert!(first.wait().unwrap().success());
    assert_eq!(exit(&second), 3, "{second:?}");
    let error = text(&second.stderr);
    assert!(
        error.contains(&format!("{port}: in use by espload (process {pid})")),
        "{error}"
    );
    assert!(files.are_in(&board.stop().unwrap().1));
}

#[test]
fn a_device_that_never_stops_talking_or_never_answers_does_not_keep_it() {
    let files = Files::new();
    let boot = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nI (31) boot: hello\r\n";
    for (says, code) in [
        (boot, "espload::wrong_boot_mode"),
        ("x", "espload::no_answer"),
        ("", "espload::no_answer"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!("socket://{}", listener.local_addr().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let device = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            while !stopped.load(Ordering::Relaxed) && socket.write_all(says.as_bytes()).is_ok() {
                thread::sleep(Duration::from_millis(if says.is_empty() { 50 } else { 1 }));
            }
        });
        let begin = Instant::now();
        let output = program()
            .arg(files.args())
            .args(["--port", &port, "--json"])
            .output()
            .unwrap();
        assert!(
            begin.elapsed() < Duration::from_secs(40),
            "{:?}",
            begin.elapsed()
        );
        stop.store(true, Ordering::Relaxed);
        device.join().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((exit(&output), &json["code"]), (3, &code.into()), "{json}");
    }
}

#[test]
fn no_port_and_an_unknown_port_are_no_device() {
    let files = Files::new();
    let ran = espload(&[files.args().to_str().unwrap(), "--json"]);
    assert_eq!(
        (ran.exit, &ran.json()["code"]),
        (3, &"espline::no_port".into())
    );
    for word in ["cable", "driver", "dialout"] {
        assert!(ran.stderr.contains(word), "{ran:?}");
    }
    let ran = espload(&[
        files.args().to_str().unwrap(),
        "-p",
        "/dev/ttyNONE",
        "--json",
    ]);
    assert_eq!(
        (ran.exit, &ran.json()["code"]),
        (3, &"espline::not_found".into())
    );
}
