//! The program, with a device behind a TCP connection or a pseudo-terminal.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Time after which a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn wait_until(mut condition: impl FnMut() -> bool, failure: &dyn Fn() -> String) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{}", failure());
        thread::sleep(Duration::from_millis(5));
    }
}

/// What arrives from a stream, collected in the background.
#[derive(Clone, Default)]
struct Received {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Arc<AtomicBool>,
}

impl Received {
    fn from(mut stream: impl Read + Send + 'static) -> Self {
        let received = Self::default();
        let Self { bytes, ended } = received.clone();
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            // A terminal that was closed is an error.
            while let Ok(len @ 1..) = stream.read(&mut buffer) {
                bytes.lock().unwrap().extend(&buffer[..len]);
            }
            ended.store(true, Ordering::Release);
        });
        received
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        wait_until(|| self.text().contains(text), &|| {
            format!("no {text:?} in {:?}", self.text())
        });
    }

    #[track_caller]
    fn wait_for_end(&self) {
        wait_until(|| self.ended.load(Ordering::Acquire), &|| {
            format!("more after {:?}", self.text())
        });
    }
}

/// A pseudo-terminal.
struct Terminal {
    controller: OwnedFd,
    path: PathBuf,
    /// Keeps it open, and can look at its modes.
    terminal: OwnedFd,
}

impl Terminal {
    fn new() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let controller = openpt(flags).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let path = PathBuf::from(
            ptsname(&controller, Vec::new())
                .unwrap()
                .into_string()
                .unwrap(),
        );
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
        Self {
            controller,
            path,
            terminal,
        }
    }

    fn controller(&self) -> File {
        File::from(self.controller.try_clone().unwrap())
    }

    fn stdio(&self) -> Stdio {
        Stdio::from(self.terminal.try_clone().unwrap())
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        assert!(!modes.intersects(cooked) || modes.contains(cooked));
        !modes.intersects(cooked)
    }
}

/// A device at a TCP port.
struct Device {
    listener: TcpListener,
    connection: Option<TcpStream>,
}

impl Device {
    fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            connection: None,
        }
    }

    fn port(&self) -> String {
        format!("socket://{}", self.listener.local_addr().unwrap())
    }

    /// Starts the program with this device, and waits for its connection.
    fn monitor(&mut self, command: &mut Command, arguments: &[&str]) -> Monitor {
        command.args(["--port", &self.port()]).args(arguments);
        let monitor = Monitor::start(command);
        self.connection = Some(self.listener.accept().unwrap().0);
        monitor
    }

    fn send(&mut self, bytes: &[u8]) {
        self.connection.as_mut().unwrap().write_all(bytes).unwrap();
    }

    fn received(&self) -> Received {
        Received::from(self.connection.as_ref().unwrap().try_clone().unwrap())
    }

    fn unplug(&mut self) {
        let connection = self.connection.take().unwrap();
        connection.shutdown(std::net::Shutdown::Both).unwrap();
    }
}

/// The program at work.
struct Monitor {
    child: Child,
    /// Both are empty if they are terminals.
    stdout: Received,
    stderr: Received,
}

impl Monitor {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let nothing = || Received::from(std::io::empty());
        let stdout = child.stdout.take().map_or_else(nothing, Received::from);
        let stderr = child.stderr.take().map_or_else(nothing, Received::from);
        Self {
            child,
            stdout,
            stderr,
        }
    }

    #[track_caller]
    fn ends_with(&mut self, code: i32) {
        let mut status = None;
        let Self {
            child,
            stdout,
            stderr,
        } = self;
        let output = || format!("{}\n{}", stdout.text(), stderr.text());
        wait_until(
            || {
                status = child.try_wait().unwrap();
                status.is_some()
            },
            &|| format!("it does not end: {}", output()),
        );
        stdout.wait_for_end();
        stderr.wait_for_end();
        assert_eq!(status.unwrap().code(), Some(code), "{}", output());
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, with nothing in its environment that would change what it does.
fn espmon() -> Command {
    let mut command = Command::new(fs::canonicalize(env!("CARGO_BIN_EXE_espmon")).unwrap());
    for variable in [
        "ESP32_MONITOR",
        "ESPFLASH_PORT",
        "ESPPORT",
        "IDF_MONITOR_BAUD",
        "MONITORBAUD",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "CI",
        "BUILD_WORKING_DIRECTORY",
    ] {
        command.env_remove(variable);
    }
    command
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The program on a terminal.
fn espmon_on(terminal: &Terminal) -> Command {
    let mut command = espmon();
    command
        .stdin(terminal.stdio())
        .stdout(terminal.stdio())
        .stderr(terminal.stdio());
    command
}

#[test]
fn a_script_waits_for_a_line() {
    let mut device = Device::new();
    let mut monitor = device.monitor(
        &mut espmon(),
        &["--until", "^I .* ready$", "--timeout", "50"],
    );
    device.send(b"I (1) app: star");
    device.send(b"ting\r\nI (2) app: \x1B[1mready\x1B[0m\r\nafter\r\n");
    monitor.ends_with(0);
    assert_eq!(
        monitor.stdout.text(),
        "I (1) app: starting\nI (2) app: ready\n"
    );
    let port = device.port();
    assert_eq!(
        monitor.stderr.text(),
        format!(
            "--- {port}, 115200 baud\n\
             --- warning: {port} has no DTR and RTS: to reset the chip, press EN on the board\n"
        )
    );
}

#[test]
fn a_script_waits_for_a_prompt() {
    let mut device = Device::new();
    let mut monitor = device.monitor(&mut espmon(), &["--until", "^esp> $", "--no-reset"]);
    device.send(b"esp");
    monitor.stdout.wait_for("esp");
    device.send(b"> ");
    monitor.ends_with(0);
    assert_eq!(monitor.stdout.text(), "esp> \n");
    assert!(!monitor.stderr.text().contains("warning"));
}

#[test]
fn time_runs_out() {
    let mut device = Device::new();
    let mut monitor = device.monitor(&mut espmon(), &["--until", "ready", "--timeout", "0.3"]);
    device.send(b"I (1) app: starting\r\nunfinished");
    monitor.ends_with(7);
    assert_eq!(monitor.stdout.text(), "I (1) app: starting\nunfinished\n");
    let stderr = monitor.stderr.text();
    assert!(
        stderr.contains(
            "error: no line matched 'ready' within 0.3 s\n  code: espmon::not_seen\n  help: "
        ),
        "{stderr}"
    );

    let mut monitor = device.monitor(&mut espmon(), &["--timeout", "0.1"]);
    monitor.ends_with(0);
}

#[test]
fn the_log_has_the_bytes_of_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.txt");
    let config = folder.path().join("monitor.json");
    fs::write(folder.path().join("set.bin"), descriptor_set()).unwrap();
    let text = r#"{"descriptor_sets": ["set.bin"], "messages": {"beat": "test.Beat"}}"#;
    fs::write(&config, text).unwrap();
    fs::write(&log, "before\n").unwrap();

    let mut device = Device::new();
    let mut command = espmon();
    command
        .current_dir(&folder)
        .env("ESP32_MONITOR", "monitor.json");
    let arguments = ["--log", "log.txt", "--color", "always", "--until", "end"];
    let mut monitor = device.monitor(&mut command, &arguments);
    device.send(b"I (1) beat: 0805\r\nW (2) beat: 08\r\n\x1B[31mred\x1B[0m \xFF\r\nend\r\n");
    monitor.ends_with(0);
    assert_eq!(
        monitor.stdout.text(),
        "\x1B[32mI (1) beat: 0805\x1B[0m\n\
         \x1B[2m---\x1B[0m \x1B[36mtest.Beat\x1B[0m { count: 5 }\n\
         \x1B[33mW (2) beat: 08\x1B[0m\n\
         \x1B[2m---\x1B[0m \x1B[33mno test.Beat: invalid varint\x1B[0m\n\
         \x1B[31mred\x1B[0m \u{FFFD}\nend\n"
    );
    let expected = [
        &b"before\nI (1) beat: 0805\r\n--- test.Beat { count: 5 }\nW (2) beat: 08\r\n"[..],
        b"--- no test.Beat: invalid varint\n\x1B[31mred\x1B[0m \xFF\r\nend\r\n",
    ];
    assert_eq!(fs::read(&log).unwrap(), expected.concat());
}

/// `package test; message Beat { uint32 count = 1; }` as a `FileDescriptorSet`.
fn descriptor_set() -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let key = number << 3 | 2;
        [&[key, bytes.len().try_into().unwrap()], bytes].concat()
    };
    // FieldDescriptorProto: name, number 1, LABEL_OPTIONAL, TYPE_UINT32.
    let count = [field(1, b"count"), vec![3 << 3, 1, 4 << 3, 1, 5 << 3, 13]].concat();
    let beat = [field(1, b"Beat"), field(2, &count)].concat();
    let file = [
        field(1, b"beat.proto"),
        field(2, b"test"),
        field(4, &beat),
        field(12, b"proto3"),
    ];
    field(1, &file.concat())
}

#[test]
fn piped_input_goes_to_the_device() {
    let mut device = Device::new();
    let mut command = espmon();
    command.stdin(Stdio::piped());
    let mut monitor = device.monitor(&mut command, &["--until", "bye"]);
    let received = device.received();
    let mut stdin = monitor.child.stdin.take().unwrap();
    stdin.write_all(b"help\n\x14\x1D\x03\xFF").unwrap();
    drop(stdin);
    let len = || received.bytes.lock().unwrap().len();
    wait_until(|| len() >= 9, &|| format!("{} bytes", len()));
    assert_eq!(*received.bytes.lock().unwrap(), b"help\n\x14\x1D\x03\xFF");
    // The end of the input is not that of the monitor.
    thread::sleep(Duration::from_millis(100));
    device.send(b"bye\n");
    monitor.ends_with(0);
}

#[test]
fn keys_of_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal::new();
    let mut user = terminal.controller();
    let screen = Received::from(terminal.controller());
    let mut device = Device::new();
    assert!(!terminal.is_raw());
    let mut command = espmon_on(&terminal);
    command.current_dir(&folder);
    let mut monitor = device.monitor(&mut command, &["--no-reset"]);
    let received = device.received();
    screen.wait_for("115200 baud | exit: Ctrl-] | menu: Ctrl-T | help: Ctrl-T Ctrl-H");
    assert!(terminal.is_raw());

    user.write_all(b"ls\r\x03\x14\x14\x14\x1Dx").unwrap();
    received.wait_for("ls\r\x03\x14\x1Dx");
    screen.wait_for("--- Ctrl-C goes to the device; Ctrl-] exits");
    user.write_all(b"\x14\x08").unwrap();
    screen.wait_for("Ctrl-P         reset the chip into the boot loader of its ROM");
    user.write_all(b"\x14\x12").unwrap();
    screen.wait_for("has no DTR and RTS: to reset the chip, press EN on the board");
    user.write_all(b"\x14k").unwrap();
    screen.wait_for("warning: k is no command");

    device.send(b"E (1) app: red\r\n");
    screen.wait_for("\x1B[1m\x1B[31mE (1) app: red\x1B[0m\r\n");
    user.write_all(b"\x14\x0C").unwrap();
    screen.wait_for("the log begins here");
    user.write_all(b"\x14\x19").unwrap();
    screen.wait_for("output is stopped");
    device.send(b"hidden\r\n");
    // Sent together with the next line, it might come after the key.
    let log = || {
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
        assert!(
            file.file_name()
                .to_str()
                .unwrap()
                .starts_with("log.console.2")
        );
        fs::read_to_string(file.path()).unwrap()
    };
    wait_until(|| log().contains("hidden"), &log);
    user.write_all(b"\x14\x19\x14\x09\x14\x0C").unwrap();
    screen.wait_for("the log ends here");
    device.send(b"shown\r\n");
    screen.wait_for("Z\x1B[0m shown\r\n");
    assert!(!screen.text().contains("hidden"));
    assert_eq!(log(), "hidden\r\n");

    user.write_all(b"\x1D").unwrap();
    monitor.ends_with(0);
    assert!(!terminal.is_raw());
    assert!(!received.text().contains('k'));
}

#[test]
fn colours_can_be_switched_off() {
    for (arguments, no_color) in [(&["--no-color"][..], None), (&[], Some("1"))] {
        let terminal = Terminal::new();
        let screen = Received::from(terminal.controller());
        let mut device = Device::new();
        let mut command = espmon_on(&terminal);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let mut monitor = device.monitor(&mut command, arguments);
        device.send(b"E (1) app: x\r\n\x1B[32mown\x1B[0m\r\nend\r\n");
        screen.wait_for("E (1) app: x\r\nown\r\nend\r\n");
        assert!(!screen.text().contains('\x1B'), "{:?}", screen.text());
        terminal.controller().write_all(b"\x14x").unwrap();
        monitor.ends_with(0);
    }
}

#[test]
fn signals_restore_the_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let terminal = Terminal::new();
        let screen = Received::from(terminal.controller());
        let mut device = Device::new();
        let mut monitor = device.monitor(&mut espmon_on(&terminal), &["--no-reset"]);
        device.send(b"running");
        screen.wait_for("running");
        assert!(terminal.is_raw());
        monitor.signal(signal);
        monitor.ends_with(code);
        assert!(!terminal.is_raw());
    }
}

#[test]
fn an_interrupt_ends_a_script() {
    let mut device = Device::new();
    let mut monitor = device.monitor(&mut espmon(), &[]);
    device.send(b"running");
    monitor.stdout.wait_for("running");
    monitor.signal(Signal::INT);
    monitor.ends_with(130);
    assert_eq!(monitor.stdout.text(), "running\n");
}

#[test]
fn a_lost_connection_ends_a_script() {
    let mut device = Device::new();
    let mut monitor = device.monitor(&mut espmon(), &["--until", "never"]);
    device.send(b"last words");
    monitor.stdout.wait_for("last words");
    device.unplug();
    monitor.ends_with(5);
    let stderr = monitor.stderr.text();
    assert!(
        stderr.contains("the line is gone") && stderr.contains("code: espline::gone"),
        "{stderr}"
    );
    assert_eq!(monitor.stdout.text(), "last words\n");
}

#[test]
fn a_pulled_cable_ends_a_script() {
    let device = Terminal::new();
    let path = device.path.to_str().unwrap().to_owned();
    let mut monitor = Monitor::start(espmon().args(["--port", &path, "--baud", "74880"]));
    monitor.stderr.wait_for(&format!("--- {path}, 74880 baud"));
    monitor.stderr.wait_for("press EN");
    let Terminal {
        controller,
        terminal,
        ..
    } = device;
    drop(terminal);
    File::from(controller.try_clone().unwrap())
        .write_all(b"text\r\n")
        .unwrap();
    monitor.stdout.wait_for("text\n");
    drop(controller);
    monitor.ends_with(5);
    assert!(monitor.stderr.text().contains("the device was unplugged"));
}

#[test]
fn a_lost_port_is_waited_for() {
    let mut device = Device::new();
    let arguments = ["--reconnect", "always", "--until", "again", "--no-reset"];
    let mut monitor = device.monitor(&mut espmon(), &arguments);
    device.send(b"one");
    monitor.stdout.wait_for("one");
    device.unplug();
    monitor.stderr.wait_for("waiting until the port is back");
    device.connection = Some(device.listener.accept().unwrap().0);
    monitor
        .stderr
        .wait_for(&format!("{} is back", device.port()));
    device.send(b"here again\n");
    monitor.ends_with(0);
    assert_eq!(monitor.stdout.text(), "one\nhere again\n");
}

#[test]
fn filtered_lines_are_not_shown() {
    let mut device = Device::new();
    let mut monitor = device.monitor(
        &mut espmon(),
        &["--print-filter", "app:W", "--until", "end"],
    );
    device.send(b"I (1) app: info\r\nW (2) app: warning\r\nother\r\nW (3) b: x\r\nend\r\n");
    monitor.ends_with(0);
    assert_eq!(monitor.stdout.text(), "W (2) app: warning\n");
}

#[test]
fn the_devices_of_decode_and_of_a_monitor_exclude_each_other() {
    let mut monitor = Monitor::start(espmon().args(["--decode", "--port", "/dev/none"]));
    monitor.ends_with(2);
    let mut command = espmon();
    let mut monitor = Monitor::start(command.arg("--decode").stdin(Stdio::null()));
    monitor.ends_with(0);
    assert_eq!(monitor.stdout.text(), "");
}

#[test]
fn wrong_arguments_and_missing_devices() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.json"), r#"{"baud": "fast"}"#).unwrap();
    fs::write(folder.path().join("no.elf"), "no ELF file").unwrap();
    let none = BTreeMap::new();
    let env = |name: &'static str, value: &'static str| BTreeMap::from([(name, value)]);
    type Case<'a> = (&'a [&'a str], BTreeMap<&'a str, &'a str>, i32, &'a str);
    let cases: &[Case<'_>] = &[
        (&["--until", "("], none.clone(), 2, "regex parse error"),
        (&["--timeout", "soon"], none.clone(), 2, "not a number"),
        (&["--baud", "0"], none.clone(), 2, "0 is not in 1.."),
        (
            &["--print-filter", "a:Q"],
            none.clone(),
            2,
            "'Q' in 'a:Q' is no level",
        ),
        (
            &[],
            env("ESP32_MONITOR", "bad.json"),
            2,
            "bad.json: invalid type: string \"fast\"",
        ),
        (
            &[],
            env("MONITORBAUD", "fast"),
            2,
            "MONITORBAUD='fast' is not a baud rate",
        ),
        (
            &["-p", "http://x"],
            none.clone(),
            2,
            "code: espline::port_syntax",
        ),
        (
            &["-p", "/dev/none"],
            none.clone(),
            3,
            "/dev/none: there is no such port",
        ),
        (
            &["-p", "socket://127.0.0.1:1"],
            none.clone(),
            3,
            "code: espline::connect",
        ),
        (
            &[],
            env("ESPPORT", "/dev/none2"),
            3,
            "/dev/none2: there is no such port",
        ),
        (
            &["--elf", "none.elf"],
            none.clone(),
            1,
            "none.elf: cannot read the ELF file",
        ),
        (
            &["--elf", "no.elf"],
            none.clone(),
            1,
            "code: espmon::elf_refused",
        ),
        (
            &["-p", "/dev/none", "--log", "a/b"],
            none,
            1,
            "a/b: cannot write the log",
        ),
    ];
    for (arguments, environment, code, message) in cases {
        let mut command = espmon();
        command
            .current_dir(&folder)
            .args(*arguments)
            .envs(environment);
        let mut monitor = Monitor::start(&mut command);
        monitor.ends_with(*code);
        let stderr = monitor.stderr.text();
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
}
