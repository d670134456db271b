//! Resets through a server, and where the chip ends.

use std::thread::sleep;
use std::time::{Duration, Instant};

use espline::{Line, PortSpec, Reset, ResetTiming};
use espsim::{Application, BootMode, Options, Port, Running, Simulator};

/// How often each reset is made.
const ROUNDS: usize = 20;
/// After so much silence, nothing more comes.
const QUIET: Duration = Duration::from_millis(200);
const HELLO: &str = "hello from the application";
const WAITING: &str = "waiting for download";

/// A board with an application, behind `port`.
pub fn board(port: Port) -> Running {
    let mut flash = vec![0xFF; 0x2000];
    let header = [0xE9, 1, 2, 0x20, 0x78, 0x56, 0x34, 0x12];
    flash[0x1000..0x1008].copy_from_slice(&header);
    flash[0x1008..0x1018].fill(0);
    flash[0x1018..0x1020].copy_from_slice(&[0x30, 0, 0xFF, 0x3F, 4, 0, 0, 0]);
    flash[0x102F] = 0xEF;
    let options = Options {
        flash,
        application: Application::Prints(format!("{HELLO}\r\n").into_bytes()),
        start: BootMode::Run,
        ..Options::new(port)
    };
    Simulator::start(options).expect("a simulator")
}

fn open(port: &str) -> Line {
    let spec: PortSpec = port.parse().expect("a port");
    // A server that is still busy with the last client answers late.
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        match Line::open(&spec, 115_200, Duration::from_secs(5)) {
            Ok(line) => return line,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
    }
}

/// What arrives until it is quiet, but not before `expected` came.
fn read(line: &mut Line, expected: Option<&str>) -> String {
    let (mut text, mut buf) = (String::new(), [0; 4096]);
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let len = line.read(&mut buf, QUIET).expect("a line");
        text += &String::from_utf8_lossy(&buf[..len]);
        let complete = expected.is_none_or(|expected| text.contains(expected));
        if len == 0 && (complete || Instant::now() > end) {
            return text;
        }
    }
}

fn resets(board: &Running) -> u64 {
    board.report().expect("a board").resets
}

/// Each reset is one reset, and the chip is where it should be.
pub fn every_reset_is_one_reset(board: &Running, port: &str, reset: Reset) {
    let mut line = open(port);
    line.set_reset_timing(ResetTiming {
        slow_boot: Duration::from_millis(150),
        ..ResetTiming::default()
    });
    // Servers that assert both lines for a client reset the chip once.
    sleep(2 * QUIET);
    read(&mut line, None);
    let (ends_in, other) = match reset {
        Reset::Run => (HELLO, WAITING),
        Reset::Download | Reset::DownloadSlow => (WAITING, HELLO),
    };
    for round in 0..ROUNDS {
        let before = resets(board);
        line.reset(reset).expect("a reset");
        let text = read(&mut line, Some(ends_in));
        assert!(
            text.contains(ends_in) && !text.contains(other),
            "{reset:?}, round {round}: {text}"
        );
        assert_eq!(
            resets(board) - before,
            1,
            "{reset:?}, round {round}: {text}"
        );
    }
}

/// Releasing the lines lets an application run, `reset_by_opening` or not, and resets nothing.
pub fn releasing_resets_nothing(board: &Running, port: &str, reset_by_opening: bool) {
    let at_start = resets(board);
    let mut line = open(port);
    line.release().expect("a port");
    let text = read(&mut line, reset_by_opening.then_some(HELLO));
    assert!(!text.contains(WAITING), "{text}");
    assert_eq!(
        resets(board) - at_start,
        u64::from(reset_by_opening),
        "{text}"
    );
    let before = resets(board);
    for round in 0..ROUNDS {
        line.release().expect("a port");
        let text = read(&mut line, None);
        assert_eq!(
            (text.as_str(), resets(board)),
            ("", before),
            "round {round}"
        );
    }
}
