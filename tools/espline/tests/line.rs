//! Lines and wires over pseudo-terminals and sockets of this machine.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use espflash::command::Command as LoaderCommand;
use espflash::connection::{Connection, ResetAfterOperation, ResetBeforeOperation};
use espline::{Ended, Error, Line, PortSpec, Reset, ResetTiming, Wire};
use rfc2217::{PortSettings, Server, ServerEvent};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serialport::TTYPort;

const SECOND: Duration = Duration::from_secs(1);

/// A pseudo-terminal: the device's side, and the port.
fn terminal() -> (File, PortSpec) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    (master.into(), PortSpec::Tty(PathBuf::from(name)))
}

fn path(spec: &PortSpec) -> &PathBuf {
    match spec {
        PortSpec::Tty(path) => path,
        other => panic!("{other}"),
    }
}

fn listener(scheme: &str) -> (TcpListener, PortSpec) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let spec = format!("{scheme}://{}", listener.local_addr().unwrap());
    (listener, spec.parse().unwrap())
}

fn read_exact(line: &mut Line, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buf = [0; 64];
    while bytes.len() < len {
        let read = line.read(&mut buf, SECOND).unwrap();
        assert_ne!(read, 0, "nothing came after {bytes:02x?}");
        bytes.extend_from_slice(&buf[..read]);
    }
    bytes
}

#[test]
fn a_terminal_carries_every_byte() {
    let (mut device, spec) = terminal();
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    let all: Vec<u8> = (0..=255).collect();
    line.write_all(&all).unwrap();
    let mut seen = vec![0; 256];
    device.read_exact(&mut seen).unwrap();
    assert_eq!(seen, all);
    device.write_all(&all).unwrap();
    assert_eq!(read_exact(&mut line, 256), all);

    let start = Instant::now();
    assert_eq!(
        line.read(&mut [0; 8], Duration::from_millis(50)).unwrap(),
        0
    );
    assert!(start.elapsed() >= Duration::from_millis(50));

    device.write_all(b"old").unwrap();
    line.clear_input().unwrap();
    assert_eq!(line.read(&mut [0; 8], Duration::ZERO).unwrap(), 0);
}

#[test]
fn a_terminal_has_any_baud_rate_but_no_reset() {
    let (device, spec) = terminal();
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    assert_eq!(tcgetattr(&device).unwrap().output_speed(), 115_200);
    assert!(
        !tcgetattr(&device)
            .unwrap()
            .local_modes
            .contains(LocalModes::ECHO)
    );
    for baud in [460_800, 921_600, 1_500_000, 74_880] {
        line.set_baud(baud).unwrap();
        assert_eq!(line.baud(), baud);
        assert_eq!(tcgetattr(&device).unwrap().output_speed(), baud);
    }
    for reset in [Reset::Run, Reset::Download, Reset::DownloadSlow] {
        let error = line.reset(reset).unwrap_err();
        assert_eq!(error.code(), "espline::no_modem_lines");
    }
}

#[test]
fn a_port_is_locked_and_the_other_process_named() {
    let (_device, spec) = terminal();
    let line = Line::open(&spec, 115_200, SECOND).unwrap();
    let error = Line::open(&spec, 115_200, SECOND).unwrap_err();
    assert_eq!(error.code(), "espline::in_use");
    assert!(error.is_no_device());
    drop(line);

    // The other process: `cat`, which gets a terminal that was opened before the lock.
    let opened = File::options()
        .read(true)
        .write(true)
        .open(path(&spec))
        .unwrap();
    let mut cat = Command::new("cat")
        .stdin(Stdio::from(opened))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let line = Line::open(&spec, 115_200, SECOND).unwrap();
    let error = Line::open(&spec, 115_200, SECOND).unwrap_err();
    let message = error.to_string();
    let pid = cat.id();
    cat.kill().unwrap();
    cat.wait().unwrap();
    let named = format!("{spec}: in use by cat (process {pid})");
    assert_eq!(message, named);
    drop(line);
    Line::open(&spec, 115_200, SECOND).unwrap();
}

#[test]
fn what_is_no_terminal_is_explained() {
    let open = |path: &str| Line::open(&PortSpec::Tty(path.into()), 115_200, SECOND).unwrap_err();
    assert_eq!(open("/dev/ttyNONE7").code(), "espline::not_found");
    let error = open("/dev/null");
    assert_eq!(error.code(), "espline::open");
    assert_eq!(
        error.to_string(),
        "/dev/null: cannot be opened: it is not a terminal device"
    );
}

#[test]
fn an_unplugged_device_is_gone() {
    let (device, spec) = terminal();
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    drop(device);
    let error = line.read(&mut [0; 8], SECOND).unwrap_err();
    assert_eq!(error.code(), "espline::gone");
    assert_eq!(
        error.to_string(),
        format!("{spec}: the line is gone: the device was unplugged")
    );
    assert_eq!(line.write_all(b"x").unwrap_err().code(), "espline::gone");
}

#[test]
fn a_device_that_takes_nothing_is_not_waited_for_for_ever() {
    let (device, spec) = terminal();
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    let error = line.write_all(&[0; 1 << 20]).unwrap_err();
    assert_eq!(error.code(), "espline::write_blocked");
    drop(device);
}

#[test]
fn a_socket_carries_bytes() {
    let (listener, spec) = listener("socket");
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    let (mut device, _) = listener.accept().unwrap();
    line.write_all(b"\xC0ping\xFF").unwrap();
    let mut seen = [0; 6];
    device.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"\xC0ping\xFF");
    device.write_all(b"pong\xFF").unwrap();
    assert_eq!(read_exact(&mut line, 5), b"pong\xFF");
    assert_eq!(
        line.reset(Reset::Run).unwrap_err().code(),
        "espline::no_modem_lines"
    );
    line.set_baud(921_600).unwrap();
    drop(device);
    assert_eq!(
        line.read(&mut [0; 8], SECOND).unwrap_err().code(),
        "espline::gone"
    );
}

#[test]
fn nobody_listening_is_explained() {
    let (listener, spec) = listener("socket");
    drop(listener);
    let error = Line::open(&spec, 115_200, SECOND).unwrap_err();
    assert_eq!(error.code(), "espline::connect");
    assert!(error.is_no_device());
}

/// A server in front of a device that sends everything back, and what it was asked for.
fn server(listener: TcpListener, refuse_baud: Option<u32>) -> Receiver<String> {
    let (asked, log) = channel();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut server = Server::new(PortSettings::default());
        let mut buf = [0; 1024];
        loop {
            let Ok(len @ 1..) = socket.read(&mut buf) else {
                return;
            };
            let echo = server.receive(&buf[..len]);
            while let Some(event) = server.poll_event() {
                match event {
                    ServerEvent::SettingsChanged(settings) => {
                        let baud = settings.baud_rate;
                        if refuse_baud == Some(baud) {
                            return;
                        }
                        asked.send(format!("baud {baud}")).unwrap();
                    }
                    ServerEvent::Dtr(on) => asked.send(format!("dtr {on}")).unwrap(),
                    ServerEvent::Rts(on) => asked.send(format!("rts {on}")).unwrap(),
                    _ => {}
                }
            }
            server.write_data(&echo);
            if socket.write_all(&server.take_output()).is_err() {
                return;
            }
        }
    });
    log
}

#[test]
fn rfc2217_carries_bytes_baud_rates_and_resets() {
    let (listener, spec) = listener("rfc2217");
    let log = server(listener, None);
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    line.set_reset_timing(ResetTiming {
        pulse: Duration::from_millis(1),
        boot: Duration::from_millis(1),
        slow_boot: Duration::from_millis(2),
    });
    let all: Vec<u8> = (0..=255).collect();
    line.write_all(&all).unwrap();
    assert_eq!(read_exact(&mut line, 256), all);
    line.set_baud(460_800).unwrap();
    line.reset(Reset::Run).unwrap();
    line.reset(Reset::Download).unwrap();
    line.release().unwrap();
    drop(line);
    let asked: Vec<_> = log.iter().collect();
    let run = ["dtr false", "rts true", "rts false"];
    let download = [
        "dtr false",
        "rts true",
        "dtr true",
        "rts false",
        "dtr false",
    ];
    let baud = ["baud 115200", "baud 460800"];
    let expected = [&baud[..], &run, &download].concat();
    assert_eq!(asked, expected);
}

#[test]
fn a_server_of_raw_bytes_is_not_rfc2217() {
    let (listener, spec) = listener("rfc2217");
    let spec = format!("{spec}?timeout=0.3").parse().unwrap();
    let device = thread::spawn(move || listener.accept().unwrap());
    let error = Line::open(&spec, 115_200, SECOND).unwrap_err();
    assert_eq!(error.code(), "espline::not_rfc2217");
    drop(device.join().unwrap());
}

#[test]
fn a_server_that_hangs_up_at_a_baud_rate_is_noticed() {
    let (listener, spec) = listener("rfc2217");
    let _log = server(listener, Some(921_600));
    let mut line = Line::open(&spec, 115_200, SECOND).unwrap();
    assert!(line.set_baud(921_600).is_err());
}

fn connection(port: TTYPort) -> Connection {
    let usb = serialport::UsbPortInfo {
        vid: 0,
        pid: 0,
        serial_number: None,
        manufacturer: None,
        product: None,
    };
    let (after, before) = (ResetAfterOperation::NoReset, ResetBeforeOperation::NoReset);
    Connection::new(port, usb, after, before, 115_200)
}

#[test]
fn a_wire_carries_a_command_of_espflash() {
    let (listener, spec) = listener("socket");
    let line = Line::open(&spec, 115_200, SECOND).unwrap();
    let (mut device, _) = listener.accept().unwrap();
    let device = thread::spawn(move || {
        let mut command = [0; 14];
        device.read_exact(&mut command).unwrap();
        assert_eq!(
            command,
            *b"\xC0\x00\x0A\x04\x00\x00\x00\x00\x00\x78\x56\x34\x12\xC0"
        );
        device
            .write_all(b"\xC0\x01\x0A\x04\x00\x11\xDB\xDC\x33\x44\x00\x00\x00\x00\xC0")
            .unwrap();
        device
    });
    let (wire, port) = Wire::start(line, Arc::default()).unwrap();
    wire.set_deadline(5 * SECOND);
    let mut connection = connection(port);
    assert_eq!(connection.read_reg(0x1234_5678).unwrap(), 0x4433_C011);
    let mut device = device.join().unwrap();
    assert_eq!((wire.counters().sent, wire.counters().received), (14, 15));
    assert_eq!(wire.recent().len(), 15);
    wire.set_baud(460_800).unwrap();
    let (mut line, ended) = wire.stop();
    assert_eq!(ended, Ended::Stopped);
    assert_eq!(line.baud(), 460_800);
    assert!(connection.read_reg(0).is_err());
    device.write_all(b"later").unwrap();
    assert_eq!(read_exact(&mut line, 5), b"later");
}

/// A device that never stops talking and never ends a packet.
fn chatterbox(mut socket: TcpStream, stop: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) && socket.write_all(b"rst:0x1 ").is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
    })
}

#[test]
fn a_wire_ends_at_its_deadline_and_when_cancelled_whatever_the_device_says() {
    for (cancelled, expected) in [(false, Ended::Deadline), (true, Ended::Cancelled)] {
        let (listener, spec) = listener("socket");
        let line = Line::open(&spec, 115_200, SECOND).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let device = chatterbox(listener.accept().unwrap().0, Arc::clone(&stop));
        let cancel = Arc::new(AtomicBool::new(false));
        let (wire, port) = Wire::start(line, Arc::clone(&cancel)).unwrap();
        wire.set_deadline(Duration::from_millis(if cancelled { 10_000 } else { 300 }));
        let start = Instant::now();
        let call = thread::spawn(move || {
            let mut connection = connection(port);
            connection.with_timeout(5 * SECOND, |connection| {
                connection.command(LoaderCommand::ReadReg { address: 0 })
            })
        });
        if cancelled {
            thread::sleep(Duration::from_millis(100));
            cancel.store(true, Ordering::Relaxed);
        }
        assert!(call.join().unwrap().is_err());
        assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
        assert_eq!(wire.ended(), Some(expected.clone()));
        assert!(wire.recent().starts_with(b"rst:0x1 "));
        let (_line, ended) = wire.stop();
        assert_eq!(ended, expected);
        stop.store(true, Ordering::Relaxed);
        device.join().unwrap();
    }
}

#[test]
fn a_wire_ends_when_the_line_is_gone() {
    let (device, spec) = terminal();
    let line = Line::open(&spec, 115_200, SECOND).unwrap();
    let (wire, port) = Wire::start(line, Arc::default()).unwrap();
    wire.set_deadline(10 * SECOND);
    drop(device);
    assert!(connection(port).read_reg(0).is_err());
    let error = wire.set_baud(460_800).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error}");
    let (_line, ended) = wire.stop();
    assert_eq!(ended, Ended::Gone("the device was unplugged".to_owned()));
}
