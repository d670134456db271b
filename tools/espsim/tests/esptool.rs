//! Stock esptool against the simulator. The environment variable ESPTOOL names its executable.

use std::path::PathBuf;
use std::process::Command;

use espsim::{Options, Port, Running, Simulator};

/// The file that tests write: something that compresses, and something that does not.
fn content(len: usize) -> Vec<u8> {
    let mut random = espsim::fault::Random::new(1);
    (0..len)
        .map(|at| {
            if at / 4096 % 3 == 0 {
                random.number() as u8
            } else {
                (at / 16) as u8
            }
        })
        .collect()
}

struct Bench {
    running: Running,
    folder: PathBuf,
    flags: String,
}

impl Bench {
    fn new(name: &str, port: Port, flags: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("espsim-esptool-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for files");
        let running = Simulator::start(Options::new(port)).expect("a simulator");
        Self {
            running,
            folder,
            flags: flags.into(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs esptool; words that start with `@` are files.
    #[track_caller]
    fn esptool(&self, line: &str) -> String {
        let program =
            std::env::var_os("ESPTOOL").expect("set ESPTOOL to the esptool executable, version 5");
        let words = line.split_whitespace().map(|word| {
            word.strip_prefix('@').map_or_else(
                || word.to_owned(),
                |name| self.path(name).display().to_string(),
            )
        });
        let output = Command::new(program)
            .args(["--chip", "esp32", "--port", &self.running.port()])
            .args(self.flags.split_whitespace())
            .args(words)
            .output()
            .expect("esptool runs");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{} {line}: {stdout}{}",
            self.flags,
            String::from_utf8_lossy(&output.stderr)
        );
        stdout
    }

    fn flash(&self) -> Vec<u8> {
        self.running.flash().expect("a simulator that runs")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[track_caller]
fn everything(bench: &Bench, len: usize, has_stub: bool) {
    let file = content(len);
    std::fs::write(bench.path("file"), &file).expect("a file is written");
    let chip = bench.esptool("chip-id");
    assert!(chip.contains("ESP32-D0WD-V3 (revision v3.1)"), "{chip}");
    assert!(chip.contains("40MHz"), "{chip}");
    assert!(bench.esptool("read-mac").contains("24:0a:c4:12:34:56"));
    let id = bench.esptool("flash-id");
    assert!(
        id.contains("Manufacturer: ef") && id.contains("Device: 4016"),
        "{id}"
    );
    assert!(id.contains("4MB"), "{id}");

    for flags in ["", "-u"] {
        let written = bench.esptool(&format!("write-flash {flags} 0x10000 @file"));
        assert!(written.contains("Hash of data verified"), "{written}");
        assert!(bench.flash()[0x1_0000..][..len] == file);
        let verified = bench.esptool("verify-flash 0x10000 @file");
        assert!(verified.contains("Verification successful"), "{verified}");
    }
    let part = 0x1234.min(len);
    bench.esptool(&format!("read-flash 0x10000 {part} @read"));
    let read = std::fs::read(bench.path("read")).expect("what was read");
    assert!(read == file[..part]);

    if has_stub {
        bench.esptool("erase-region 0x10000 0x1000");
        let flash = bench.flash();
        assert!(flash[0x1_0000..0x1_1000].iter().all(|&byte| byte == 0xFF));
        assert!(flash[0x1_1000..][..len - 0x1000] == file[0x1000..]);
        bench.esptool("erase-flash");
        assert!(bench.flash().iter().all(|&byte| byte == 0xFF));
    }
    let report = bench.running.report().expect("a report");
    assert!(
        report.seconds > 1.0 && report.bytes_programmed >= 2 * len as u64,
        "{report:?}"
    );
}

const STAY: &str = "--before no-reset --after no-reset";

#[test]
fn stub_over_tcp() {
    let port = Port::Tcp("127.0.0.1:0".into());
    everything(&Bench::new("tcp", port, STAY), 150_000, true);
}

#[test]
fn rom_over_tcp() {
    let port = Port::Tcp("127.0.0.1:0".into());
    let flags = "--no-stub --before no-reset --after no-reset";
    everything(&Bench::new("tcp-rom", port, flags), 40_000, false);
}

#[test]
fn stub_and_rom_over_rfc2217_with_resets() {
    for (flags, len) in [("-b 460800", 60_000), ("-b 921600 --no-stub", 8_000)] {
        let bench = Bench::new("rfc2217", Port::Rfc2217("127.0.0.1:0".into()), flags);
        std::fs::write(bench.path("file"), content(len)).expect("a file is written");
        // Each command resets the chip into the loader, and into run mode behind it.
        assert!(bench.esptool("chip-id").contains("ESP32-D0WD-V3"));
        let written = bench.esptool("write-flash 0x10000 @file");
        assert!(written.contains("Hash of data verified"), "{written}");
        assert!(bench.flash()[0x1_0000..][..len] == content(len));
        let report = bench.running.report().expect("a report");
        assert!(report.resets >= 5, "{report:?}");
        assert!(report.commands["CHANGE_BAUDRATE"] >= 2, "{report:?}");
        assert!(report.baud.abs_diff(115_200) < 1_000, "{report:?}");
    }
}

#[test]
fn pseudo_terminal_at_all_rates() {
    for baud in [115_200, 460_800, 921_600] {
        let bench = Bench::new(
            "pty",
            Port::Pty { link: None },
            &format!("-b {baud} {STAY}"),
        );
        // The stub goes on with the rate of the command before.
        std::fs::write(bench.path("file"), content(20_000)).expect("a file is written");
        let written = bench.esptool("write-flash 0 @file");
        assert!(written.contains("Hash of data verified"), "{written}");
        let report = bench.running.report().expect("a report");
        assert!(report.baud.abs_diff(baud) < baud / 100, "{report:?}");

        let flags = format!("--no-stub -b {baud} {STAY}");
        let bench = Bench::new("pty-rom", Port::Pty { link: None }, &flags);
        std::fs::write(bench.path("file"), content(8_000)).expect("a file is written");
        let written = bench.esptool("write-flash -u 0 @file");
        assert!(written.contains("Hash of data verified"), "{written}");
        assert!(bench.flash()[..8_000] == content(8_000));
    }
}
