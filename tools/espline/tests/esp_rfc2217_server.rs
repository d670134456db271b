//! Resets through Espressif's own server of RFC 2217, in front of a simulated board. The environment variable
//! ESP_RFC2217_SERVER names its executable, of the esptool package.

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use espline::Reset;
use espsim::{Port, Running};

/// The server's reset into the loader, in its own order. Its default sets both lines with one call on a terminal, which a
/// port behind another server is not.
const CONFIG: &str = "[esptool]\ncustom_reset_sequence = D0|R1|W0.1|D1|R0|W0.05|D0\n";

/// A board, and the server in front of it.
struct Chain {
    board: Running,
    server: Child,
    config: PathBuf,
    port: u16,
}

impl Chain {
    fn start(name: &str) -> Self {
        let program = std::env::var_os("ESP_RFC2217_SERVER")
            .expect("set ESP_RFC2217_SERVER to the executable of the esptool package");
        let config =
            std::env::temp_dir().join(format!("espline-{name}-{}.cfg", std::process::id()));
        std::fs::write(&config, CONFIG).expect("a configuration");
        let board = support::board(Port::Rfc2217("127.0.0.1:0".to_owned()));
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut server = Command::new(program)
            .args(["-p", &port.to_string(), &board.port()])
            .env("ESPTOOL_CFGFILE", &config)
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server runs");
        let output = BufReader::new(server.stdout.take().expect("it is piped"));
        let mut lines = output.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("Waiting for connection")));
        // It would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            board,
            server,
            config,
            port,
        }
    }

    fn resets_end_where_they_should(&self, options: &str, reset: Reset) {
        let port = format!("rfc2217://127.0.0.1:{}{options}", self.port);
        support::every_reset_is_one_reset(&self.board, &port, reset);
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        std::fs::remove_file(&self.config).ok();
    }
}

#[test]
fn into_the_application() {
    Chain::start("run").resets_end_where_they_should("?ign_set_control", Reset::Run);
}

#[test]
fn into_the_loader() {
    Chain::start("download").resets_end_where_they_should("?ign_set_control", Reset::Download);
}

#[test]
fn into_the_loader_slowly() {
    Chain::start("slow").resets_end_where_they_should("", Reset::DownloadSlow);
}

#[test]
fn no_reset_is_none_but_the_servers_own() {
    let chain = Chain::start("none");
    let port = format!("rfc2217://127.0.0.1:{}", chain.port);
    support::releasing_resets_nothing(&chain.board, &port, true);
}
