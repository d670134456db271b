//! What can go wrong on a line, and what to do about it.

/// All errors of the crate. [`Error::code`] is stable; [`Error::help`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant says what it and its fields are.
pub enum Error {
    #[error("no serial port of an ESP32 board was found")]
    NoPort,
    #[error("{} serial ports could be the board:\n{}", ports.len(), ports.join("\n"))]
    SeveralPorts { ports: Vec<String> },
    #[error("no serial port was chosen")]
    NotChosen,
    #[error("the serial ports cannot be listed: {error}")]
    List { error: String },
    #[error("{error} (the name is from {from})")]
    Named { from: String, error: Box<Error> },
    #[error("'{port}' is not a port: {reason}")]
    PortSyntax { port: String, reason: String },
    #[error("{variable}='{value}' is not a baud rate")]
    BaudSyntax { variable: String, value: String },

    #[error("{port}: there is no such port")]
    NotFound { port: String },
    #[error("{port}: permission denied")]
    Denied { port: String },
    #[error("{port}: in use{}", .by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
    InUse { port: String, by: Option<String> },
    #[error("{port}: cannot be opened: {reason}")]
    Open { port: String, reason: String },
    #[error("{port}: no connection: {reason}")]
    Connect { port: String, reason: String },
    #[error("{port}: the server does not speak RFC 2217{reason}")]
    NotRfc2217 { port: String, reason: String },
    #[error("{port}: the baud rate {baud} was refused: {reason}")]
    Baud {
        port: String,
        baud: u32,
        reason: String,
    },

    #[error("{port}: the line is gone: {reason}")]
    Gone { port: String, reason: String },
    #[error("{port}: nothing could be written for {seconds} seconds")]
    WriteBlocked { port: String, seconds: u64 },
    #[error("{port}: the port has no DTR and RTS, so the chip cannot be reset through it")]
    NoModemLines { port: String },
    #[error("{port}: the reset failed: {reason}")]
    Reset { port: String, reason: String },
    #[error("no pseudo-terminal could be made: {reason}")]
    Pty { reason: String },
}

impl Error {
    /// A name for the kind of error that stays the same when messages change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPort => "espline::no_port",
            Self::SeveralPorts { .. } => "espline::several_ports",
            Self::NotChosen => "espline::not_chosen",
            Self::List { .. } => "espline::list",
            Self::Named { error, .. } => error.code(),
            Self::PortSyntax { .. } => "espline::port_syntax",
            Self::BaudSyntax { .. } => "espline::baud_syntax",
            Self::NotFound { .. } => "espline::not_found",
            Self::Denied { .. } => "espline::denied",
            Self::InUse { .. } => "espline::in_use",
            Self::Open { .. } => "espline::open",
            Self::Connect { .. } => "espline::connect",
            Self::NotRfc2217 { .. } => "espline::not_rfc2217",
            Self::Baud { .. } => "espline::baud",
            Self::Gone { .. } => "espline::gone",
            Self::WriteBlocked { .. } => "espline::write_blocked",
            Self::NoModemLines { .. } => "espline::no_modem_lines",
            Self::Reset { .. } => "espline::reset",
            Self::Pty { .. } => "espline::pty",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        let text = match self {
            Self::NoPort => {
                "connect the board with a USB cable that carries data, not only power; the adapter's driver has to be loaded \
                 (cp210x, ch341, cdc_acm or ftdi_sio; see `dmesg`) and /dev/ttyUSB* or /dev/ttyACM* has to be readable: add \
                 yourself to its group (`sudo usermod -aG dialout $USER`, then log in again). Or pass the port with --port."
            }
            Self::SeveralPorts { .. } | Self::NotChosen => {
                "pass one with --port or in the environment variable ESPFLASH_PORT"
            }
            Self::List { .. } => "pass the port with --port",
            Self::Named { error, .. } => {
                return format!("{}; or pass another port with --port", error.help());
            }
            Self::PortSyntax { .. } => {
                "pass a device such as /dev/ttyUSB0, socket://HOST:PORT or rfc2217://HOST:PORT"
            }
            Self::BaudSyntax { .. } => "set it to a number such as 460800, or unset it",
            Self::NotFound { .. } => {
                "check the cable and the name; `ls /dev/ttyUSB* /dev/ttyACM*` shows what is there"
            }
            Self::Denied { .. } => {
                "add yourself to the port's group (`sudo usermod -aG dialout $USER`, then log in again)"
            }
            Self::InUse { .. } => {
                "end the other program (a monitor or another flash run), then try again"
            }
            Self::Open { .. } => "check that it is a serial port, and unplug and replug the board",
            Self::Connect { .. } => {
                "check that the server runs and the address is right; in a statically linked program, names beyond /etc/hosts and \
                 DNS do not resolve: pass the IP address"
            }
            Self::NotRfc2217 { .. } => {
                "use socket:// for a server of raw bytes, or start one for RFC 2217: ser2net, or esp_rfc2217_server with \
                 ?ign_set_control behind the port's name"
            }
            Self::Baud { .. } => "pass a lower rate with --baud (460800, 230400 or 115200)",
            Self::Gone { .. } => {
                "check cable and power, then run it again: it goes on with what is missing"
            }
            Self::WriteBlocked { .. } => {
                "unplug and replug the board; if it is behind a server, restart that"
            }
            Self::NoModemLines { .. } => {
                "put the chip into its loader by hand (hold BOOT, press EN) and pass --before no-reset; press EN afterwards"
            }
            Self::Reset { .. } => "unplug and replug the board",
            Self::Pty { .. } => "check that /dev/ptmx and /dev/pts are there, and `ulimit -n`",
        };
        text.to_owned()
    }

    /// Whether there is no usable device, rather than one that failed in use.
    pub fn is_no_device(&self) -> bool {
        !matches!(
            self.unnamed(),
            Self::Gone { .. }
                | Self::WriteBlocked { .. }
                | Self::Reset { .. }
                | Self::Pty { .. }
                | Self::PortSyntax { .. }
                | Self::BaudSyntax { .. }
        )
    }

    /// Whether the fault is in what the user typed or set.
    pub fn is_usage(&self) -> bool {
        matches!(
            self.unnamed(),
            Self::PortSyntax { .. } | Self::BaudSyntax { .. }
        )
    }

    /// The error without where the port's name is from.
    fn unnamed(&self) -> &Self {
        match self {
            Self::Named { error, .. } => error.unnamed(),
            error => error,
        }
    }
}
