//! Which port to take.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use serialport::SerialPortType;

use crate::{Error, PortSpec};

/// USB serial adapters that ESP32 boards carry: vendor id, product id, name.
const KNOWN: &[(u16, u16, &str)] = &[
    (0x0403, 0x6001, "FTDI FT232R"),
    (0x0403, 0x6010, "FTDI FT2232H"),
    (0x0403, 0x6011, "FTDI FT4232H"),
    (0x0403, 0x6014, "FTDI FT232H"),
    (0x0403, 0x6015, "FTDI FT231X"),
    (0x067B, 0x2303, "Prolific PL2303"),
    (0x067B, 0x23A3, "Prolific PL2303GC"),
    (0x10C4, 0xEA60, "Silicon Labs CP210x"),
    (0x10C4, 0xEA63, "Silicon Labs CP2102N"),
    (0x10C4, 0xEA70, "Silicon Labs CP2105"),
    (0x10C4, 0xEA71, "Silicon Labs CP2108"),
    (0x1A86, 0x5523, "WCH CH341"),
    (0x1A86, 0x55D2, "WCH CH342"),
    (0x1A86, 0x55D3, "WCH CH343"),
    (0x1A86, 0x55D4, "WCH CH9102"),
    (0x1A86, 0x55D5, "WCH CH344"),
    (0x1A86, 0x7522, "WCH CH340K"),
    (0x1A86, 0x7523, "WCH CH340"),
    (0x303A, 0x1001, "Espressif USB JTAG/serial"),
    (0x303A, 0x1002, "Espressif USB bridge"),
];

/// A USB serial port of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Device, for example `/dev/ttyUSB0`.
    pub path: String,
    /// USB vendor id.
    pub vid: u16,
    /// USB product id.
    pub pid: u16,
    /// Manufacturer, as the device says.
    pub manufacturer: Option<String>,
    /// Product, as the device says.
    pub product: Option<String>,
    /// Serial number, as the device says.
    pub serial_number: Option<String>,
    /// Whether vendor and product id are those of an adapter that ESP32 boards carry.
    pub known: bool,
}

impl Candidate {
    /// A candidate with the given ids; `known` follows from them.
    pub fn new(path: impl Into<String>, vid: u16, pid: u16) -> Self {
        Self {
            path: path.into(),
            vid,
            pid,
            manufacturer: None,
            product: None,
            serial_number: None,
            known: KNOWN.iter().any(|known| (known.0, known.1) == (vid, pid)),
        }
    }

    /// What the adapter is, for people: the device's own words, else the name of its ids.
    pub fn description(&self) -> String {
        let words: Vec<_> = [&self.manufacturer, &self.product]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if !words.is_empty() {
            return words.join(" ");
        }
        KNOWN
            .iter()
            .find(|known| (known.0, known.1) == (self.vid, self.pid))
            .map_or_else(|| "unknown adapter".to_owned(), |known| known.2.to_owned())
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}  {:04x}:{:04x}  {}",
            self.path,
            self.vid,
            self.pid,
            self.description()
        )?;
        match &self.serial_number {
            Some(serial) => write!(f, "  serial number {serial}"),
            None => Ok(()),
        }
    }
}

/// Which candidate was chosen, by its place in the list; `None` where there is nobody to ask.
pub type Choice = Option<Result<usize, Error>>;

/// The USB serial ports of this machine, by path.
pub fn candidates() -> Result<Vec<Candidate>, Error> {
    // serialport panics without it.
    if !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let ports = serialport::available_ports().map_err(|error| Error::List {
        error: error.to_string(),
    })?;
    let mut candidates: Vec<_> = ports
        .into_iter()
        .filter_map(|port| match port.port_type {
            SerialPortType::UsbPort(usb) => Some(Candidate {
                manufacturer: usb.manufacturer,
                product: usb.product,
                serial_number: usb.serial_number,
                ..Candidate::new(port.port_name, usb.vid, usb.pid)
            }),
            _ => None,
        })
        .collect();
    candidates.sort_by(|a, b| (a.path.len(), &a.path).cmp(&(b.path.len(), &b.path)));
    Ok(candidates)
}

/// The port to use when none is named: the only candidate, else what [`ask_on_terminal`] is answered.
pub fn choose() -> Result<PortSpec, Error> {
    choose_from(&candidates()?, &mut ask_on_terminal)
}

/// The port to use out of `candidates`: adapters of ESP32 boards go before others, one is taken, and among several `ask`
/// decides, which returns `None` where there is nobody to ask.
pub fn choose_from(
    candidates: &[Candidate],
    ask: &mut dyn FnMut(&[Candidate]) -> Choice,
) -> Result<PortSpec, Error> {
    let known: Vec<_> = candidates.iter().filter(|c| c.known).cloned().collect();
    let pool = if known.is_empty() {
        candidates.to_vec()
    } else {
        known
    };
    let index = match pool.len() {
        0 => return Err(Error::NoPort),
        1 => 0,
        _ => match ask(&pool) {
            Some(answer) => answer?,
            None => {
                let ports = pool.iter().map(|port| format!("  {port}")).collect();
                return Err(Error::SeveralPorts { ports });
            }
        },
    };
    pool.get(index).ok_or(Error::NotChosen)?.path.parse()
}

/// Asks on the terminal which of the candidates to take; `None` if standard input or standard error is no terminal.
pub fn ask_on_terminal(candidates: &[Candidate]) -> Choice {
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    interactive.then(|| {
        ask(
            candidates,
            &mut io::stdin().lock(),
            &mut io::stderr().lock(),
        )
    })
}

fn ask(
    candidates: &[Candidate],
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> Result<usize, Error> {
    let _ = writeln!(output, "Several serial ports could be the board:");
    for (index, candidate) in candidates.iter().enumerate() {
        let _ = writeln!(output, "  {}) {candidate}", index + 1);
    }
    for _ in 0..3 {
        let _ = write!(output, "Which one (1-{})? ", candidates.len());
        let _ = output.flush();
        let mut line = String::new();
        if !input.read_line(&mut line).is_ok_and(|len| len > 0) {
            break;
        }
        if let Some(number) = line
            .trim()
            .parse()
            .ok()
            .filter(|n| (1..=candidates.len()).contains(n))
        {
            return Ok(number - 1);
        }
    }
    Err(Error::NotChosen)
}

/// A port by name, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPort {
    /// The name.
    pub name: String,
    /// Where it is from, if the user did not type it: `the environment variable ESPPORT`.
    pub from: Option<String>,
}

impl NamedPort {
    /// The first name that there is: of the command line, of the environment, and of the configuration.
    pub fn find(
        typed: Option<String>,
        env: &dyn Fn(&str) -> Option<String>,
        config: Option<String>,
    ) -> Option<Self> {
        let named = |name, from: &str| Self {
            name,
            from: Some(from.to_owned()).filter(|from| !from.is_empty()),
        };
        typed
            .map(|name| named(name, ""))
            .or_else(|| {
                let (variable, name) = port_from_env(env)?;
                Some(named(name, &format!("the environment variable {variable}")))
            })
            .or_else(|| config.map(|name| named(name, "the target's attribute 'port'")))
    }

    /// Opens what has this name; errors say where the name is from.
    pub fn open<T>(&self, open: impl FnOnce(PortSpec) -> Result<T, Error>) -> Result<T, Error> {
        let opened = self.name.parse().and_then(open);
        opened.map_err(|error| match &self.from {
            Some(from) => Error::Named {
                from: from.clone(),
                error: Box::new(error),
            },
            None => error,
        })
    }
}

/// The port that the environment names, as espflash (`ESPFLASH_PORT`) and esptool (`ESPPORT`) know it, and the variable.
fn port_from_env(env: &dyn Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    ["ESPFLASH_PORT", "ESPPORT"].into_iter().find_map(|name| {
        let value = env(name).filter(|value| !value.is_empty())?;
        Some((name, value))
    })
}

/// The baud rate that the environment names, as espflash (`ESPFLASH_BAUD`) and esptool (`ESPBAUD`) know it.
pub fn baud_from_env(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<u32>, Error> {
    for name in ["ESPFLASH_BAUD", "ESPBAUD"] {
        let Some(value) = env(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        return match value.parse() {
            Ok(baud) if baud > 0 => Ok(Some(baud)),
            _ => Err(Error::BaudSyntax {
                variable: name.to_owned(),
                value,
            }),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Line;

    fn nobody(_: &[Candidate]) -> Choice {
        None
    }

    fn board(path: &str) -> Candidate {
        Candidate {
            product: Some("CP2102N USB to UART Bridge".to_owned()),
            serial_number: Some("4a1b".to_owned()),
            ..Candidate::new(path, 0x10C4, 0xEA60)
        }
    }

    fn other(path: &str) -> Candidate {
        Candidate::new(path, 0x2341, 0x0043)
    }

    #[test]
    fn one_board_is_taken() {
        let found = choose_from(&[board("/dev/ttyUSB0")], &mut nobody).unwrap();
        assert_eq!(found, PortSpec::Tty("/dev/ttyUSB0".into()));
    }

    #[test]
    fn a_board_goes_before_other_adapters() {
        let found =
            choose_from(&[other("/dev/ttyACM0"), board("/dev/ttyUSB3")], &mut nobody).unwrap();
        assert_eq!(found.to_string(), "/dev/ttyUSB3");
    }

    #[test]
    fn an_unknown_adapter_is_better_than_none() {
        let found = choose_from(&[other("/dev/ttyACM0")], &mut nobody).unwrap();
        assert_eq!(found.to_string(), "/dev/ttyACM0");
    }

    #[test]
    fn several_are_listed() {
        let error =
            choose_from(&[board("/dev/ttyUSB0"), board("/dev/ttyUSB1")], &mut nobody).unwrap_err();
        assert_eq!(error.code(), "espline::several_ports");
        assert!(error.is_no_device());
        assert_eq!(
            error.to_string(),
            "2 serial ports could be the board:\n  \
             /dev/ttyUSB0  10c4:ea60  CP2102N USB to UART Bridge  serial number 4a1b\n  \
             /dev/ttyUSB1  10c4:ea60  CP2102N USB to UART Bridge  serial number 4a1b"
        );
    }

    #[test]
    fn several_are_asked_about() {
        let ports = [board("/dev/ttyUSB0"), board("/dev/ttyUSB1")];
        let mut screen = Vec::new();
        let mut answer =
            |ports: &[Candidate]| Some(ask(ports, &mut &b"x\n3\n2\n"[..], &mut screen));
        assert_eq!(
            choose_from(&ports, &mut answer).unwrap().to_string(),
            "/dev/ttyUSB1"
        );
        let screen = String::from_utf8(screen).unwrap();
        assert!(screen.contains("  2) /dev/ttyUSB1  10c4:ea60"), "{screen}");
        assert_eq!(screen.matches("Which one (1-2)? ").count(), 3);

        for silence in [&b""[..], b"\n\n\n\n"] {
            let mut answer =
                |ports: &[Candidate]| Some(ask(ports, &mut &silence[..], &mut Vec::new()));
            let error = choose_from(&ports, &mut answer).unwrap_err();
            assert_eq!(error.code(), "espline::not_chosen");
        }
    }

    #[test]
    fn none_says_what_to_look_for() {
        let error = choose_from(&[], &mut nobody).unwrap_err();
        assert_eq!(error.code(), "espline::no_port");
        for word in ["cable", "driver", "dialout", "--port"] {
            assert!(error.help().contains(word), "{word}");
        }
    }

    #[test]
    fn the_environment_is_known_by_both_names() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs
                    .iter()
                    .find(|pair| pair.0 == name)
                    .map(|pair| pair.1.to_owned())
            }
        };
        let both = env(&[
            ("ESPPORT", "/dev/b"),
            ("ESPFLASH_PORT", "/dev/a"),
            ("ESPBAUD", "115200"),
            ("ESPFLASH_BAUD", "921600"),
        ]);
        let port = |env: &dyn Fn(&str) -> Option<String>| NamedPort::find(None, env, None);
        assert_eq!(port(&both).unwrap().name, "/dev/a");
        assert_eq!(baud_from_env(&both).unwrap(), Some(921_600));
        let esptool = env(&[
            ("ESPFLASH_PORT", ""),
            ("ESPPORT", "/dev/b"),
            ("ESPBAUD", "115200"),
        ]);
        let named = port(&esptool).unwrap();
        assert_eq!(named.name, "/dev/b");
        let error = named
            .open(|port| Line::open(&port, 115_200, Duration::ZERO))
            .unwrap_err();
        assert_eq!(error.code(), "espline::not_found");
        assert!(error.is_no_device() && !error.is_usage());
        assert_eq!(
            error.to_string(),
            "/dev/b: there is no such port (the name is from the environment variable ESPPORT)"
        );
        assert!(error.help().contains("or pass another port with --port"));
        let typed = NamedPort::find(
            Some("/dev/c".to_owned()),
            &esptool,
            Some("/dev/d".to_owned()),
        );
        let error = typed
            .unwrap()
            .open(|port| Line::open(&port, 115_200, Duration::ZERO))
            .unwrap_err();
        assert_eq!(error.to_string(), "/dev/c: there is no such port");
        let configured = NamedPort::find(None, &env(&[]), Some("http://d".to_owned())).unwrap();
        let error = configured.open(Ok).unwrap_err();
        assert!(error.is_usage() && error.to_string().contains("the target's attribute 'port'"));
        assert_eq!(baud_from_env(&esptool).unwrap(), Some(115_200));
        assert_eq!(port(&env(&[])), None);
        assert_eq!(baud_from_env(&env(&[])).unwrap(), None);
        let error = baud_from_env(&env(&[("ESPBAUD", "fast")])).unwrap_err();
        assert_eq!(error.to_string(), "ESPBAUD='fast' is not a baud rate");
    }
}
