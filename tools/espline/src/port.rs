//! What a port can be.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::Error;

/// Where a serial line is. Written and read as esptool and pyserial do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortSpec {
    /// A terminal device: `/dev/ttyUSB0`.
    Tty(PathBuf),
    /// Raw bytes over TCP: `socket://host:port`. There is no baud rate and no reset.
    Socket(String),
    /// Telnet's COM port control option (RFC 2217): `rfc2217://host:port[?ign_set_control][&timeout=SECONDS]`.
    Rfc2217(String, RemoteOptions),
}

/// Options behind the `?` of an `rfc2217://` port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteOptions {
    /// Do not wait for the server's answer to DTR and RTS.
    pub ignore_set_control: bool,
    /// How long to wait for each answer.
    pub timeout: Duration,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            ignore_set_control: false,
            // Espressif's server needs three to four seconds to part from the last client.
            timeout: Duration::from_secs(6),
        }
    }
}

impl PortSpec {
    /// Whether the port is a pseudo-terminal, which knows no DTR and RTS.
    pub fn is_pseudo_terminal(&self) -> bool {
        match self {
            Self::Tty(path) => path
                .canonicalize()
                .is_ok_and(|path| path.starts_with("/dev/pts")),
            Self::Socket(_) | Self::Rfc2217(..) => false,
        }
    }
}

impl fmt::Display for PortSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tty(path) => write!(f, "{}", path.display()),
            Self::Socket(address) => write!(f, "socket://{address}"),
            Self::Rfc2217(address, options) => {
                write!(f, "rfc2217://{address}")?;
                let mut separator = '?';
                if options.ignore_set_control {
                    write!(f, "{separator}ign_set_control")?;
                    separator = '&';
                }
                if options.timeout != RemoteOptions::default().timeout {
                    write!(f, "{separator}timeout={}", options.timeout.as_secs_f64())?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for PortSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::PortSyntax {
            port: text.to_owned(),
            reason: reason.to_owned(),
        };
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Tty(PathBuf::from(text)));
        };
        if !matches!(scheme, "socket" | "rfc2217") {
            return Err(wrong(&format!(
                "of pyserial's schemes, socket:// and rfc2217:// are supported, '{scheme}://' is not"
            )));
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = address.trim_end_matches('/');
        let port = address
            .rsplit_once(':')
            .map(|(host, port)| (host, port.parse::<u16>()));
        match port {
            Some((host, Ok(port))) if !host.is_empty() && port != 0 => {}
            _ => return Err(wrong("HOST:PORT is missing, for example 192.168.1.50:4000")),
        }
        let options = query.split('&').filter(|option| !option.is_empty());
        match scheme {
            // pyserial's only option is logging=LEVEL.
            "socket" => {
                for option in options {
                    if !option.starts_with("logging=") {
                        return Err(wrong(&format!("unknown option '{option}'")));
                    }
                }
                Ok(Self::Socket(address.to_owned()))
            }
            _ => {
                let mut parsed = RemoteOptions::default();
                for option in options {
                    match option.split_once('=').unwrap_or((option, "")) {
                        ("ign_set_control", _) => parsed.ignore_set_control = true,
                        ("timeout", seconds) => {
                            parsed.timeout = seconds
                                .parse()
                                .ok()
                                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                                .filter(|timeout| {
                                    !timeout.is_zero() && *timeout <= Duration::from_secs(60)
                                })
                                .ok_or_else(|| {
                                    wrong("timeout is not a number of seconds up to 60")
                                })?;
                        }
                        ("poll_modem" | "logging", _) => {}
                        _ => return Err(wrong(&format!("unknown option '{option}'"))),
                    }
                }
                Ok(Self::Rfc2217(address.to_owned(), parsed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_and_written_alike() {
        for text in [
            "/dev/ttyUSB0",
            "ttyS0",
            "socket://127.0.0.1:4242",
            "socket://[::1]:4242",
            "rfc2217://board:2217",
            "rfc2217://board:2217?ign_set_control",
            "rfc2217://board:2217?ign_set_control&timeout=10",
            "rfc2217://board:2217?timeout=0.5",
        ] {
            assert_eq!(text.parse::<PortSpec>().unwrap().to_string(), text);
        }
        let spec: PortSpec = "rfc2217://board:2217/?logging=debug&poll_modem"
            .parse()
            .unwrap();
        assert_eq!(
            spec,
            PortSpec::Rfc2217("board:2217".to_owned(), RemoteOptions::default())
        );
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in [
            "",
            "socket://",
            "socket://host",
            "socket://:4242",
            "socket://host:0",
            "socket://host:70000",
            "socket://host:1?baud=3",
            "rfc2217://host:1?timeout=never",
            "rfc2217://host:1?timeout=1e9",
            "rfc2217://host:1?what",
            "http://host:80",
            "loop://",
            "spy://host:1",
        ] {
            let error = text.parse::<PortSpec>().unwrap_err();
            assert_eq!(error.code(), "espline::port_syntax", "{text}");
            assert!(error.is_usage());
        }
        let error = "loop://".parse::<PortSpec>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "'loop://' is not a port: of pyserial's schemes, socket:// and rfc2217:// are supported, 'loop://' is not"
        );
    }
}
