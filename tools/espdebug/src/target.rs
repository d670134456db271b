//! What gdb talks to.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use espboot::boot::FlashImage;
use espboot::environment::{Event, ExecutionEnvironment};
use espboot::gdb::{self, Debugged};
use espboot::observe::{Observation, Wanted};
use espboot::qemu::{Clock, Qemu};
use espboot::simulator::{Pace, Simulator};
use espimage::Chip;
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::session::Environment;

/// How long OpenOCD may take until it listens.
const OPENOCD_READY: Duration = Duration::from_secs(20);
/// What it says then, and the port that it listens at.
const OPENOCD_LISTENS: &str = "for gdb connections";
const OPENOCD_PORT: u16 = 3333;
/// How often the emulator's console is looked at.
const CONSOLE_WAIT: Duration = Duration::from_millis(100);

/// What gdb talks to. Dropping it ends it.
#[derive(Debug)]
pub struct Target {
    /// What gdb's `target remote` takes.
    pub remote: String,
    /// A chip that has run before, which gdb has to reset.
    pub is_board: bool,
    running: Running,
}

#[derive(Debug)]
enum Running {
    Emulator {
        stop: Arc<AtomicBool>,
        console: Option<JoinHandle<()>>,
        _folder: Option<TempDir>,
    },
    OpenOcd(Child),
    Elsewhere,
}

impl Target {
    /// Starts what `environment` says, stopped at the first instruction of the program `elf` where it is the simulated chip or an
    /// emulator. What the program prints goes to standard output.
    ///
    /// # Errors
    /// What does not start, and an image that ROM or bootloader would refuse.
    pub fn start(environment: &Environment, elf: &Path) -> Result<Self> {
        match environment {
            Environment::Simulator {
                image,
                partition_table_offset,
            } => simulated(image, *partition_table_offset, elf),
            Environment::Qemu {
                emulator,
                rom,
                image,
                partition_table_offset,
            } => emulator_with_stub(emulator, rom, image, *partition_table_offset),
            Environment::Board { openocd, config } => start_openocd(openocd, config),
        }
    }

    /// A target that was started by somebody else.
    pub fn elsewhere(remote: &str) -> Self {
        Self {
            remote: remote.to_owned(),
            is_board: false,
            running: Running::Elsewhere,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Emulator { stop, console, .. } => {
                stop.store(true, Ordering::Relaxed);
                // It fails only where the thread panicked, which has been printed.
                console.take().map(JoinHandle::join);
            }
            Running::OpenOcd(child) => {
                // They fail only where it is gone already.
                let _ = child.kill();
                let _ = child.wait();
            }
            Running::Elsewhere => {}
        }
    }
}

fn simulated(image: &Path, partition_table_offset: u32, elf: &Path) -> Result<Target> {
    let image = FlashImage::read(image, Chip::Esp32, partition_table_offset)?;
    let listener = gdb::listen(":0")?;
    let remote = listener.local_addr().map_err(|source| Error::Io {
        what: "listen for gdb",
        source,
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let elf = elf.to_owned();
    let (ready, is_ready) = mpsc::channel();
    let chip = thread::spawn({
        let stop = stop.clone();
        move || {
            let chip = || -> std::result::Result<Debugged, espboot::Error> {
                let wanted = Wanted {
                    breakpoints: true,
                    ..Wanted::default()
                };
                let simulator = Simulator {
                    pace: Pace::Real,
                    observation: Some(Rc::new(Observation::new(wanted, Some(&elf))?)),
                    ..Simulator::default()
                };
                let machine = simulator.machine(&image);
                let mut chip = Debugged::new(machine, Pace::Real, Box::new(io::stdout()), stop);
                chip.run_to_entry()?;
                Ok(chip)
            };
            match chip() {
                Err(error) => drop(ready.send(Err(error))),
                Ok(mut chip) => {
                    let _ = ready.send(Ok(()));
                    // gdb sees the end of the connection, too.
                    let _ = chip.serve(&listener);
                }
            }
        }
    });
    is_ready.recv().unwrap_or(Ok(()))?;
    Ok(Target {
        remote: remote.to_string(),
        is_board: false,
        running: Running::Emulator {
            stop,
            console: Some(chip),
            _folder: None,
        },
    })
}

fn emulator_with_stub(
    emulator: &Path,
    rom: &Path,
    image: &Path,
    partition_table_offset: u32,
) -> Result<Target> {
    // A socket's path has to be short, and those below a test's own folder are not.
    let folder = tempfile::Builder::new()
        .prefix("espdebug-")
        .tempdir()
        .map_err(|source| Error::Io {
            what: "make a temporary folder",
            source,
        })?;
    let socket = folder.path().join("gdb");
    let image = FlashImage::read(image, Chip::Esp32, partition_table_offset)?;
    let qemu = Qemu {
        emulator: emulator.to_owned(),
        rom: rom.to_owned(),
        clock: Clock::Real,
        gdb: Some(socket.clone()),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let (started, has_started) = mpsc::channel();
    let console = thread::spawn({
        let stop = stop.clone();
        move || match qemu.start(&image) {
            Err(error) => {
                let _ = started.send(Err(error));
            }
            Ok(mut execution) => {
                let _ = started.send(Ok(()));
                while !stop.load(Ordering::Relaxed) {
                    match execution.next_event(CONSOLE_WAIT) {
                        Ok(Event::Console(bytes)) => show(&bytes),
                        // gdb sees the end of the connection, too.
                        Ok(Event::Ended(_)) | Err(_) => return,
                        Ok(_) => {}
                    }
                }
            }
        }
    });
    has_started.recv().unwrap_or(Ok(()))?;
    wait_for(&socket);
    Ok(Target {
        remote: socket.display().to_string(),
        is_board: false,
        running: Running::Emulator {
            stop,
            console: Some(console),
            _folder: Some(folder),
        },
    })
}

/// The emulator makes the socket before its first instruction. Where it does not come, gdb says so.
fn wait_for(socket: &Path) {
    for _ in 0..200 {
        if socket.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn show(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    // Nobody reads it any more.
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

fn start_openocd(openocd: &Path, config: &str) -> Result<Target> {
    let mut child = Command::new(openocd)
        .args(["-f", config])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C is for gdb.
        .process_group(0)
        .spawn()
        .map_err(|source| Error::Start {
            what: "OpenOCD",
            path: openocd.to_owned(),
            source,
        })?;
    let stderr = child.stderr.take();
    let (line, lines) = mpsc::channel();
    thread::spawn(move || {
        for said in BufReader::new(stderr.into_iter().next().expect("it was piped"))
            .lines()
            .map_while(io::Result::ok)
        {
            eprintln!("openocd: {said}");
            if said.contains(OPENOCD_LISTENS) {
                let _ = line.send(());
            }
        }
    });
    let mut target = Target {
        remote: format!("localhost:{OPENOCD_PORT}"),
        is_board: true,
        running: Running::OpenOcd(child),
    };
    match lines.recv_timeout(OPENOCD_READY) {
        Ok(()) => Ok(target),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Error::OpenOcdSilent {
            waited: OPENOCD_READY,
        }),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let Running::OpenOcd(child) = &mut target.running else {
                unreachable!("it is OpenOCD")
            };
            let status = child.wait().map_err(|source| Error::Io {
                what: "wait for OpenOCD",
                source,
            })?;
            Err(Error::OpenOcdEnded {
                status: status.to_string(),
            })
        }
    }
}
