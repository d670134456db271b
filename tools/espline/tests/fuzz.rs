//! Names of ports, of which any may come.

#[path = "../../fuzz.rs"]
mod fuzz;

use espline::PortSpec;

const WORDS: &[&str] = &[
    "rfc2217://",
    "socket://",
    "loop://",
    "://",
    "127.0.0.1",
    "[::1]",
    ":",
    "4000",
    "65536",
    "0",
    "?",
    "&",
    "=",
    "/",
    "ign_set_control",
    "timeout=",
    "logging=",
    "poll_modem",
    "0.5",
    "1e-9",
    "-1",
    "NaN",
    "inf",
    "1e300",
    "/dev/ttyUSB0",
];

#[test]
fn ports_are_read_as_they_are_written() {
    fuzz::fuzz(fuzz::text(WORDS), |bytes| {
        let text = String::from_utf8_lossy(&bytes);
        match text.parse::<PortSpec>() {
            Ok(spec) => assert_eq!(spec.to_string().parse::<PortSpec>().unwrap(), spec),
            Err(error) => {
                assert!(error.is_usage() && error.to_string().len() < 300 + 3 * bytes.len())
            }
        }
    });
}
