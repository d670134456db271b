//! The simulator behind its ports: modem lines, rates, faults, disconnects, the program itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use espsim::flash::Flash;
use espsim::machine::{Machine, MachineOptions};
use espsim::{Application, BootMode, Chip, Fault, Options, Port, Running, Simulator, slip};

fn options() -> Options {
    Options::new(Port::Tcp("127.0.0.1:0".into()))
}

fn with_faults(faults: &[&str]) -> Options {
    Options {
        faults: faults
            .iter()
            .map(|text| text.parse::<Fault>().expect("a fault"))
            .collect(),
        ..options()
    }
}

struct Host(TcpStream);

impl Host {
    fn new(running: &Running) -> Self {
        let port = running.port();
        let address = port.rsplit('/').next().expect("an address");
        let stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_millis(300)))
            .expect("a timeout");
        Self(stream)
    }

    /// What comes until nothing comes any more.
    fn read(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = self.0.read(&mut buffer) {
            all.extend(&buffer[..len]);
        }
        all
    }

    fn ask(&mut self, frame: &[u8]) -> Vec<u8> {
        self.0.write_all(&slip::encode(frame)).expect("it is sent");
        self.read()
    }
}

/// SYNC is 46 bytes on the line, READ_REG 14.
fn sync() -> Vec<u8> {
    let mut frame = vec![0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20];
    frame.extend([0x55; 32]);
    frame
}

const READ_MAGIC: [u8; 12] = [0, 10, 4, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40];

fn magic() -> Vec<u8> {
    slip::encode(&[1, 10, 4, 0, 0x83, 0x1D, 0xF0, 0, 0, 0, 0, 0])
}

#[test]
fn run_mode_prints_the_roms_log_and_the_console() {
    let mut flash = vec![0xFF; 0x2000];
    flash[0x1000..0x1018].copy_from_slice(&[
        0xE9, 1, 2, 0x20, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    flash[0x1018..0x1020].copy_from_slice(&[0x30, 0, 0xFF, 0x3F, 4, 0, 0, 0]);
    flash[0x102F] = 0xEF;
    let running = Simulator::start(Options {
        flash,
        start: BootMode::Run,
        application: Application::Prints(b"hello\n".to_vec()),
        ..options()
    })
    .expect("a simulator");
    let mut host = Host::new(&running);
    host.read();
    running.reset(BootMode::Run);
    let log = String::from_utf8(host.read()).expect("text");
    assert!(log.starts_with("ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"), "{log}");
    assert!(
        log.contains("load:0x3fff0030,len:4\r\nentry 0x12345678\r\nhello\n"),
        "{log}"
    );
    assert!(host.ask(&sync()).is_empty());
    running.reset(BootMode::Download);
    let log = String::from_utf8(host.read()).expect("text");
    assert!(log.ends_with("waiting for download\r\n"), "{log}");
    assert_eq!(host.ask(&sync()).len(), 8 * 14);
}

#[test]
fn without_an_image_the_rom_says_so() {
    let running = Simulator::start(options()).expect("a simulator");
    let mut host = Host::new(&running);
    host.read();
    running.reset(BootMode::Run);
    let log = String::from_utf8(host.read()).expect("text");
    assert!(log.contains("invalid header: 0xffffffff"), "{log}");
}

#[test]
fn clock_is_charged_for_bytes_and_work() {
    let running = Simulator::start(options()).expect("a simulator");
    let mut host = Host::new(&running);
    host.ask(&sync());
    let before = running.report().expect("a report");
    assert_eq!(host.ask(&READ_MAGIC), magic());
    let after = running.report().expect("a report");
    // 14 bytes to the device, 14 back, a turn-around.
    let seconds = after.seconds - before.seconds;
    assert!((0.0044..0.0050).contains(&seconds), "{seconds}");
    let mut md5 = vec![0, 0x0D, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    host.ask(&md5);
    md5 = vec![
        0, 0x13, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let before = running.report().expect("a report").seconds;
    assert_eq!(host.ask(&md5).len(), 2 + 44);
    let seconds = running.report().expect("a report").seconds - before;
    assert!((0.09..0.11).contains(&seconds), "{seconds}");
}

#[test]
fn faults_happen_where_they_are_wanted() {
    // READ_REG is bytes 46 to 59 of what the host sends, and its answer comes behind the greeting and SYNC's answers.
    for fault in [
        "lose-in@48",
        "flip-in@55",
        "double-in@48",
        "garbage-in@48:5",
        "silence@46",
        "lose-out@241",
        "flip-out@245",
        "double-out@245",
        "garbage-out@241:3",
    ] {
        let running = Simulator::start(with_faults(&[fault])).expect("a simulator");
        let mut host = Host::new(&running);
        assert_eq!(host.ask(&sync()).len(), 8 * 14, "{fault}");
        assert_ne!(host.ask(&READ_MAGIC), magic(), "{fault}");
        let report = running.report().expect("a report");
        assert_eq!(report.faults_injected, 1, "{fault}");
    }
}

#[test]
fn rates_are_repeatable() {
    let answers: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let running = Simulator::start(Options {
                seed: 7,
                ..with_faults(&["flip-out:0.05", "lose-out:0.02"])
            })
            .expect("a simulator");
            Host::new(&running).ask(&sync())
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0].len(), 8 * 14);
}

#[test]
fn silence_ends_with_its_time_or_a_reset() {
    let running =
        Simulator::start(with_faults(&["silence@46:500ms", "silence@74"])).expect("a simulator");
    let mut host = Host::new(&running);
    host.ask(&sync());
    assert!(host.ask(&READ_MAGIC).is_empty());
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(host.ask(&READ_MAGIC), magic());
    assert!(host.ask(&READ_MAGIC).is_empty());
    running.reset(BootMode::Download);
    host.read();
    assert_eq!(host.ask(&sync()).len(), 8 * 14);
}

#[test]
fn port_comes_back_after_a_disconnect() {
    let running = Simulator::start(with_faults(&["disconnect@46:300ms"])).expect("a simulator");
    let mut host = Host::new(&running);
    host.ask(&sync());
    assert!(host.ask(&READ_MAGIC).is_empty());
    let address = running.port();
    let address = address.rsplit('/').next().expect("an address");
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(Host::new(&running).ask(&READ_MAGIC), magic());
}

#[test]
fn reset_at_a_byte_loses_the_loader() {
    let running = Simulator::start(with_faults(&["reset@50:download"])).expect("a simulator");
    let mut host = Host::new(&running);
    host.ask(&sync());
    let answer = String::from_utf8(host.ask(&READ_MAGIC)).expect("text");
    assert!(answer.ends_with("waiting for download\r\n"), "{answer}");
    assert_eq!(running.report().expect("a report").resets, 2);
}

#[test]
fn a_pseudo_terminal_at_another_rate_gives_garbage() {
    let link = std::env::temp_dir().join(format!("espsim-pty-{}", std::process::id()));
    let running = Simulator::start(Options::new(Port::Pty {
        link: Some(link.clone()),
    }))
    .expect("a simulator");
    assert_eq!(running.port(), link.display().to_string());
    let open = || {
        std::fs::File::options()
            .read(true)
            .write(true)
            .open(&link)
            .expect("the terminal")
    };
    let set_speed = |file: &std::fs::File, baud| {
        let mut settings = rustix::termios::tcgetattr(file).expect("settings");
        settings.set_speed(baud).expect("a rate");
        rustix::termios::tcsetattr(file, rustix::termios::OptionalActions::Flush, &settings)
            .expect("settings");
    };
    let mut file = open();
    let exchange = |file: &mut std::fs::File, frame: &[u8]| {
        file.write_all(&slip::encode(frame)).expect("it is sent");
        running.report().expect("a report");
        let mut events = [rustix::event::PollFd::new(
            file,
            rustix::event::PollFlags::IN,
        )];
        let wait = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        if rustix::event::poll(&mut events, Some(&wait)).expect("poll") == 0 {
            return Vec::new();
        }
        let mut buffer = [0; 4096];
        let len = file.read(&mut buffer).expect("an answer");
        buffer[..len].to_vec()
    };
    // The ROM measures the rate of the first bytes, once.
    set_speed(&file, 230_400);
    exchange(&mut file, &sync());
    let answer = exchange(&mut file, &sync());
    assert!(answer.ends_with(&slip::encode(&[1, 8, 4, 0, 7, 7, 0x12, 0x20, 0, 0, 0, 0])));
    set_speed(&file, 460_800);
    let answer = exchange(&mut file, &READ_MAGIC);
    assert!(
        !answer.windows(14).any(|part| part == magic()),
        "{answer:?}"
    );
    set_speed(&file, 230_400);
    exchange(&mut file, &READ_MAGIC);
    assert_eq!(exchange(&mut file, &READ_MAGIC), magic());

    // The name stays the same when the terminal is another one.
    running.disconnect(Duration::from_millis(50));
    let start = Instant::now();
    while !link.exists() || running.report().is_none() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(100));
    let mut file = open();
    set_speed(&file, 230_400);
    exchange(&mut file, &READ_MAGIC);
    assert_eq!(exchange(&mut file, &READ_MAGIC), magic());
    drop(running);
    assert!(!link.is_symlink());
}

#[test]
fn dozens_in_parallel() {
    let all: Vec<Running> = (0..40)
        .map(|_| Simulator::start(options()).expect("a simulator"))
        .collect();
    let hosts: Vec<std::thread::JoinHandle<usize>> = all
        .iter()
        .map(|running| {
            let mut host = Host::new(running);
            std::thread::spawn(move || host.ask(&sync()).len())
        })
        .collect();
    for host in hosts {
        assert!(host.join().expect("a host") >= 8 * 14);
    }
}

#[test]
fn revisions_and_efuses() {
    for (revision, date_bit, words) in [
        ("0.0", 0, [0, 0]),
        ("1.0", 0, [1 << 15, 0]),
        ("2.0", 0, [1 << 15, 1 << 20]),
        ("3.1", 1, [1 << 15, 1 << 20 | 1 << 24]),
    ] {
        let chip = Chip {
            revision: revision.parse().expect("a revision"),
            efuses: vec!["flash-crypt-cnt=0x7f".parse().expect("an eFuse")],
            ..Chip::default()
        };
        let options = MachineOptions {
            chip,
            ..MachineOptions::default()
        };
        let mut machine = Machine::new(&options, Flash::new(1 << 20));
        let mut read = |address| machine.read_word(address).expect("a register");
        assert_eq!(read(0x3FF6_607C) >> 31, date_bit, "{revision}");
        assert_eq!(read(0x3FF5_A00C) & 1 << 15, words[0], "{revision}");
        assert_eq!(
            read(0x3FF5_A014) & (3 << 24 | 1 << 20),
            words[1],
            "{revision}"
        );
        assert_eq!(read(0x3FF5_A000), 0x7F << 20);
    }
    assert!("4.0".parse::<espsim::Revision>().is_err());
    assert!("flash-crypt-cnt=128".parse::<espsim::Efuse>().is_err());
    assert!("24:0a:c4:12:34".parse::<espsim::Mac>().is_err());
}

#[test]
fn faults_that_are_none() {
    for text in [
        "",
        "flip",
        "flip-in",
        "flip-in@x",
        "flip-in:2",
        "garbage-in@5",
        "reset@5:up",
        "silence@5:1h",
    ] {
        assert!(text.parse::<Fault>().is_err(), "{text}");
    }
}

#[test]
fn the_program_saves_flash_and_report() {
    let program = env!("CARGO_BIN_EXE_espsim");
    let folder = std::env::temp_dir().join(format!("espsim-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (flash, report) = (folder.join("flash.bin"), folder.join("report.json"));
    std::fs::write(&flash, b"abc").expect("a file");
    let mut child = Command::new(program)
        .args([
            "--tcp",
            "127.0.0.1:0",
            "--start",
            "run",
            "--flash-size",
            "1MB",
            "--flash",
        ])
        .arg(&flash)
        .arg("--report")
        .arg(&report)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    let address = line.trim().strip_prefix("socket://").expect("a port");
    assert!(TcpStream::connect(address).is_ok());
    let killed = Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .status()
        .expect("kill");
    assert!(killed.success());
    assert!(child.wait().expect("it ends").success());
    let text = std::fs::read_to_string(&report).expect("a report");
    let report: espsim::Report = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report.resets, 1);
    std::fs::remove_dir_all(&folder).ok();

    let refused = Command::new(program)
        .args(["--tcp", "127.0.0.1:0", "--fault", "flip"])
        .output()
        .expect("the program");
    assert_eq!(refused.status.code(), Some(2));
}
