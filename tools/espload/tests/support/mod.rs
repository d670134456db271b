//! An image, a simulated board, and runs of the tool.
#![allow(dead_code)] // Each test program uses a part.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use espimage::Chip;
use espimage::bootloader;
use espimage::flash::{FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espimage::flasher_args::FlasherArgs;
use espimage::image;
use espimage::partition::{PartitionTable, TableOptions};
use espline::{Line, PortSpec, ResetTiming};
use espload::cli::{Surroundings, run};
use espload::{Cancel, FlashImage, Request, Timing};
use espsim::{Options, Port, Report, Running, Simulator};
use tempfile::TempDir;

pub const APP: u32 = 0x1_0000;
pub const NVS: u32 = 0x9000;

pub fn settings(size: FlashSize) -> FlashSettings {
    FlashSettings {
        mode: FlashMode::Dio,
        frequency: FlashFrequency::Mhz40,
        size,
    }
}

/// An application of five sectors that ROM and bootloader would start. `seed` makes its content.
pub fn app(seed: u8, min_revision: u16, max_revision: u16, size: FlashSize) -> Vec<u8> {
    let flash = settings(size).encode(Chip::Esp32);
    let mut bytes = vec![image::MAGIC, 3, flash[0], flash[1]];
    bytes.extend(0x4008_0000_u32.to_le_bytes());
    bytes.extend([0xEE, 0, 0, 0, 0, 0, 0]);
    bytes.extend(min_revision.to_le_bytes());
    bytes.extend(max_revision.to_le_bytes());
    bytes.extend([0, 0, 0, 0, 1]);
    let mut state = u32::from(seed) * 7919 + 1;
    let mut data = |len: usize| -> Vec<u8> {
        (0..len)
            .map(|at| {
                // Half of it compresses, as code does.
                if at % 2 == 0 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                } else {
                    (at / 64) as u8
                }
            })
            .collect()
    };
    let mut segment = |bytes: &mut Vec<u8>, address: u32, len: usize| {
        bytes.extend(address.to_le_bytes());
        bytes.extend((len as u32).to_le_bytes());
        bytes.extend(data(len));
    };
    segment(&mut bytes, 0x3F40_0020, 4800);
    segment(&mut bytes, 0x4008_0000, 6000);
    let at = bytes.len() as u32 + 8;
    segment(&mut bytes, 0x400D_0000 + at, 8000);
    bytes.resize(bytes.len() + (16 - (bytes.len() + 1) % 16) % 16 + 1 + 32, 0);
    image::seal(&mut bytes).unwrap();
    bytes
}

/// A folder with `flasher_args.json` and the files.
pub struct Files {
    pub folder: TempDir,
    pub bootloader: Vec<u8>,
    pub table: Vec<u8>,
    pub app: Vec<u8>,
    pub size: FlashSize,
}

impl Files {
    pub fn new() -> Self {
        Self::with(app(1, 0, 399, FlashSize::Mb4), FlashSize::Mb4)
    }

    pub fn with(app: Vec<u8>, size: FlashSize) -> Self {
        let csv = "nvs, data, nvs, 0x9000, 0x6000\nfactory, app, factory, 0x10000, 1M\n";
        let options = TableOptions {
            chip: Chip::Esp32,
            offset: 0x8000,
            flash_size: None,
        };
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
            bootloader: bootloader::shipped(Chip::Esp32, settings(size)).unwrap(),
            table: PartitionTable::from_csv(csv.as_bytes(), options)
                .unwrap()
                .to_binary()
                .unwrap(),
            app,
            size,
        };
        files.write(&[
            ("bootloader", 0x1000, "bootloader.bin"),
            ("app", APP, "app.bin"),
            ("partition-table", 0x8000, "partition-table.bin"),
        ]);
        files
    }

    /// Writes the files, and the description with these offsets.
    pub fn write(&self, entries: &[(&str, u32, &str)]) {
        let folder = self.folder.path();
        fs::write(folder.join("bootloader.bin"), &self.bootloader).unwrap();
        fs::write(folder.join("partition-table.bin"), &self.table).unwrap();
        fs::write(folder.join("app.bin"), &self.app).unwrap();
        let args = FlasherArgs::new(Chip::Esp32, settings(self.size), entries);
        fs::write(self.args(), args.to_json()).unwrap();
    }

    pub fn args(&self) -> PathBuf {
        self.folder.path().join("flasher_args.json")
    }

    /// Whether all files are in the flash.
    pub fn are_in(&self, flash: &[u8]) -> bool {
        [
            (0x1000, &self.bootloader),
            (0x8000, &self.table),
            (APP as usize, &self.app),
        ]
        .iter()
        .all(|(offset, bytes)| flash[*offset..].starts_with(bytes))
    }

    /// A flash with all files, and something of the application's own.
    pub fn flash(&self) -> Vec<u8> {
        let mut flash = vec![0xFF; 4 << 20];
        for (offset, bytes) in [
            (0x1000, &self.bootloader),
            (0x8000, &self.table),
            (APP as usize, &self.app),
        ] {
            flash[offset..][..bytes.len()].copy_from_slice(bytes);
        }
        flash[NVS as usize..][..64].copy_from_slice(&[0x5A; 64]);
        flash
    }

    pub fn request(&self) -> Request {
        let mut request = Request::new(FlashImage::read(&self.args()).unwrap());
        request.timing = quick();
        request
    }
}

/// Time limits for a device that does not take real time.
pub fn quick() -> Timing {
    Timing {
        answer: Duration::from_millis(300),
        sync: Duration::from_millis(60),
        sync_attempts: 3,
        connect_attempts: 4,
        baud_settle: Duration::from_millis(1),
        total: Some(Duration::from_secs(60)),
        ..Timing::default()
    }
}

pub fn rfc2217() -> Port {
    Port::Rfc2217("127.0.0.1:0".to_owned())
}

/// A board with this flash behind RFC 2217.
pub fn board(flash: Vec<u8>) -> Options {
    let mut options = Options::new(rfc2217());
    options.flash = flash;
    options
}

pub fn start(options: Options) -> Running {
    Simulator::start(options).unwrap()
}

pub fn open(port: &str) -> Line {
    let spec: PortSpec = port.parse().unwrap();
    let mut line = Line::open(&spec, 115_200, Duration::from_secs(5)).unwrap();
    let pulse = Duration::from_millis(1);
    line.set_reset_timing(ResetTiming {
        pulse,
        boot: pulse,
        slow_boot: pulse,
    });
    line
}

/// What a command line did.
#[derive(Debug)]
pub struct Ran {
    pub exit: u8,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Runs a command line where nobody can be asked.
pub fn espload(args: &[&str]) -> Ran {
    espload_with(args, &|_| None, &mut |_| None)
}

pub fn espload_with(
    args: &[&str],
    env: &dyn Fn(&str) -> Option<String>,
    confirm: &mut dyn FnMut(&str) -> Option<bool>,
) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut surroundings = Surroundings {
        env,
        candidates: &|| Ok(Vec::new()),
        ask_port: &mut |_| None,
        confirm,
        bar: false,
        on_start: &mut |_: &Cancel| {},
    };
    let args = std::iter::once("espload").chain(args.iter().copied());
    let exit = run(args, &mut surroundings, &mut stdout, &mut stderr);
    Ran {
        exit,
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// Runs a command line on a board, and returns what the board has afterwards.
pub fn on_board(options: Options, files: &Path, args: &[&str]) -> (Ran, Report, Vec<u8>) {
    let board = start(options);
    let port = board.port();
    let path = files.display().to_string();
    let mut all = vec![path.as_str(), "--port", &port];
    all.extend(args);
    let ran = espload(&all);
    let (report, flash) = board.stop().unwrap();
    (ran, report, flash)
}
