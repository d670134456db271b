//! Stock QEMU as an execution environment.
//!
//! QEMU's machine `none` with `de233_fpu` executes what the ESP32's cores execute (but for a few instructions that the
//! firmware is compiled without). All of the address space up to the RTC slow memory is RAM, in a sparse file that this
//! process shares with QEMU: what ROM and bootloader would load is written into it before the start, and registers are
//! read from it afterwards. Peripherals are plain memory: they hold what the program wrote.
//!
//! Three things are done for faults not to be hidden that a real chip would show:
//!
//! - RAM that nothing was loaded into is not zero but [`UNDEFINED_RAM`].
//! - The watchdogs' registers say what they say when the bootloader jumps to the application ([`REGISTERS_AT_START`]).
//! - The console is a pipe that holds one character, so that the program does not run ahead of what was read.
//!
//! Time is counted in instructions ([`Clock::Instructions`]) unless somebody watches: a run does not depend on the load of
//! the machine, and the time that a program waits in `waiti` passes at once.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use espimage::chip::Chip;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use tempfile::TempDir;

use crate::boot::{Boot, FlashImage, undefined_memory};
use crate::environment::{Ending, Event, Execution, ExecutionEnvironment};
use crate::error::Error;

/// Memory in MiB: up to the end of the RTC slow memory at 0x5000_2000.
const MEMORY_MIB: u32 = 0x501;
const MEMORY_END: u32 = MEMORY_MIB << 20;

/// What every byte of RAM holds that neither ROM nor bootloader loaded.
pub const UNDEFINED_RAM: u8 = 0xA5;

/// Registers that are not zero when the bootloader jumps to the application, and what the watchdogs would do then.
///
/// - `RTC_CNTL_WDTCONFIG0_REG` (ESP32 Technical Reference Manual, "RTC_CNTL registers"): enabled, stage 0 resets chip and RTC, reset
///   signals of 3.2 us, pauses in sleep, as `bootloader_config_wdt` and `wdt_hal_init` of ESP-IDF leave it.
/// - `TIMG0_WDTCONFIG0_REG` (same manual, "Timer Group registers"): the reset value, in which flash boot protection is on.
pub const REGISTERS_AT_START: [(u32, u32); 2] =
    [(0x3FF4_808C, 0xC001_FB80), (0x3FF5_F048, 0x0004_C000)];

/// Exit code of QEMU when the program calls the ROM's `software_reset`: the ROM stand-in ends QEMU with it.
const EXIT_RESET: i32 = 0;

/// What the chip's time is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The number of instructions, at 32 ns each. That is 1.28 ticks of CCOUNT, which this CPU counts at 40 MHz.
    Instructions,
    /// The machine's time. CCOUNT counts 40 million ticks a second: a program that expects 80 MHz runs at half speed.
    Real,
}

/// Stock QEMU.
#[derive(Debug, Clone)]
pub struct Qemu {
    /// `qemu-system-xtensa`.
    pub emulator: PathBuf,
    /// ELF file that stands in for the ROM's functions, at their addresses.
    pub rom: PathBuf,
    /// What the chip's time is made of.
    pub clock: Clock,
    /// Where a debugger talks to it: a socket that it makes, and before whose first command nothing is executed.
    pub gdb: Option<PathBuf>,
}

impl ExecutionEnvironment for Qemu {
    fn start(&self, image: &FlashImage) -> Result<Box<dyn Execution>, Error> {
        File::open(&self.rom).map_err(|source| Error::FileUnreadable {
            what: "the stand-in for the ROM",
            path: self.rom.clone(),
            source,
        })?;
        let directory = temporary_directory().map_err(io_error("make a temporary directory"))?;
        let ram_path = directory.path().join("ram");
        let ram = make_ram(&ram_path, &image.boot).map_err(io_error("write the chip's memory"))?;
        let stderr_path = directory.path().join("stderr");
        let stderr = File::create(&stderr_path)
            .map_err(io_error("make a file for the emulator's messages"))?;
        let (console, console_write) =
            make_console().map_err(|errno| io_error("make a pipe")(errno.into()))?;

        let mut command = Command::new(&self.emulator);
        command
            .args(self.arguments(&ram_path, image.boot.entry))
            .stdin(Stdio::null())
            .stdout(console_write)
            .stderr(stderr)
            // Ctrl-C is for espboot, which then ends QEMU.
            .process_group(0);
        let child = command.spawn().map_err(|source| Error::EmulatorStart {
            path: self.emulator.clone(),
            source,
        })?;
        Ok(Box::new(QemuExecution {
            emulator: self.emulator.clone(),
            child,
            console,
            printed: false,
            ram,
            stderr_path,
            ending: None,
            _directory: directory,
        }))
    }
}

impl Qemu {
    fn arguments(&self, ram: &Path, entry: u32) -> Vec<String> {
        let clock: &[String] = match self.clock {
            Clock::Instructions => &["-icount".into(), "shift=5,sleep=off".into()],
            Clock::Real => &[],
        };
        let gdb = self.gdb.as_deref().map_or(vec![], |socket| {
            let listen = format!("unix:{},server=on,wait=off", option(socket));
            vec!["-gdb".into(), listen, "-S".into()]
        });
        let size = format!("{MEMORY_MIB}M");
        let arguments: [&[String]; 10] = [
            &["-machine".into(), "none,memory-backend=ram".into()],
            &["-cpu".into(), "de233_fpu".into()],
            &["-m".into(), size.clone()],
            &[
                "-object".into(),
                format!(
                    "memory-backend-file,id=ram,size={size},share=on,mem-path={}",
                    option(ram)
                ),
            ],
            &[
                "-nodefaults".into(),
                "-display".into(),
                "none".into(),
                // not gdb's console, where one is there
                "-semihosting-config".into(),
                "enable=on,target=native".into(),
            ],
            &["-run-with".into(), "exit-with-parent=on".into()],
            clock,
            &gdb,
            &[
                "-device".into(),
                format!("loader,file={}", option(&self.rom)),
            ],
            &[
                "-device".into(),
                format!("loader,addr={entry:#x},cpu-num=0"),
            ],
        ];
        arguments.concat()
    }
}

/// A path as a value in QEMU's comma-separated options.
fn option(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { what, source }
}

/// Under Bazel, below the directory that Bazel empties.
fn temporary_directory() -> io::Result<TempDir> {
    let builder = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("espboot-");
        builder
    };
    match std::env::var_os("TEST_TMPDIR") {
        Some(parent) => builder().tempdir_in(parent),
        None => builder().tempdir(),
    }
}

fn make_ram(path: &Path, boot: &Boot) -> io::Result<File> {
    let ram = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    ram.set_len(u64::from(MEMORY_END))?;
    for region in undefined_memory(Chip::Esp32) {
        let undefined = vec![UNDEFINED_RAM; (region.end - region.start) as usize];
        ram.write_all_at(&undefined, u64::from(region.start))?;
    }
    for (address, value) in REGISTERS_AT_START {
        ram.write_all_at(&value.to_le_bytes(), u64::from(address))?;
    }
    for block in &boot.memory {
        ram.write_all_at(&block.data, u64::from(block.address))?;
    }
    Ok(ram)
}

/// A pipe of one page, in which every write takes a page of its own.
fn make_console() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::DIRECT)?;
    fcntl_setpipe_size(&write, 1)?;
    Ok((read, write))
}

struct QemuExecution {
    emulator: PathBuf,
    child: Child,
    console: OwnedFd,
    printed: bool,
    ram: File,
    stderr_path: PathBuf,
    ending: Option<Ending>,
    _directory: TempDir,
}

impl Execution for QemuExecution {
    fn next_event(&mut self, wait: Duration) -> Result<Event, Error> {
        if let Some(ending) = &self.ending {
            return Ok(Event::Ended(ending.clone()));
        }
        if !self
            .wait_for_console(wait)
            .map_err(|errno| io_error("wait for the console")(errno.into()))?
        {
            return Ok(Event::Quiet);
        }
        let mut buffer = [0; 4096];
        let len = match rustix::io::read(&self.console, &mut buffer) {
            Ok(len) => len,
            Err(Errno::INTR) => return Ok(Event::Quiet),
            Err(errno) => return Err(io_error("read the console")(errno.into())),
        };
        if len > 0 {
            self.printed = true;
            return Ok(Event::Console(buffer[..len].to_vec()));
        }
        let status = self
            .child
            .wait()
            .map_err(io_error("wait for the emulator"))?;
        let ending = self.ending_of(status)?;
        self.ending = Some(ending.clone());
        Ok(Event::Ended(ending))
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(io_error("stop the emulator"))?;
        Ok(())
    }

    fn read_register(&mut self, address: u32) -> Result<u32, Error> {
        if address > MEMORY_END - 4 {
            return Err(Error::RegisterOutside {
                address,
                end: MEMORY_END,
            });
        }
        let mut word = [0; 4];
        self.ram
            .read_exact_at(&mut word, u64::from(address))
            .map_err(io_error("read the chip's memory"))?;
        Ok(u32::from_le_bytes(word))
    }
}

impl QemuExecution {
    fn wait_for_console(&self, wait: Duration) -> Result<bool, Errno> {
        let timeout = Timespec {
            tv_sec: wait.as_secs().cast_signed(),
            tv_nsec: wait.subsec_nanos().into(),
        };
        match poll(
            &mut [PollFd::new(&self.console, PollFlags::IN)],
            Some(&timeout),
        ) {
            Ok(ready) => Ok(ready > 0),
            // The caller looks whether the signal was meant for it.
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    fn ending_of(&self, status: ExitStatus) -> Result<Ending, Error> {
        if status.code() == Some(EXIT_RESET) {
            return Ok(Ending::Reset);
        }
        let diagnostics =
            fs::read(&self.stderr_path).map_err(io_error("read the emulator's messages"))?;
        let diagnostics = String::from_utf8_lossy(&diagnostics).trim_end().to_owned();
        let status = status.to_string();
        // QEMU complains about its arguments before the first instruction.
        if !self.printed && !diagnostics.is_empty() {
            return Err(Error::EmulatorRefused {
                path: self.emulator.clone(),
                status,
                diagnostics,
            });
        }
        Ok(Ending::Died {
            status,
            diagnostics,
        })
    }
}

impl Drop for QemuExecution {
    fn drop(&mut self) {
        // It fails only when the process is gone and was waited for.
        let _ = self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_paths_do_not_end_an_option() {
        let rom = PathBuf::from("/a,b/rom.elf");
        let qemu = Qemu {
            emulator: "qemu".into(),
            rom,
            clock: Clock::Real,
            gdb: Some("/u,v/gdb".into()),
        };
        let arguments = qemu.arguments(Path::new("/t,u/ram"), 0x4008_0400);
        assert!(arguments.contains(&"loader,file=/a,,b/rom.elf".to_owned()));
        assert!(arguments.contains(&"loader,addr=0x40080400,cpu-num=0".to_owned()));
        assert!(
            arguments
                .iter()
                .any(|argument| argument.ends_with("mem-path=/t,,u/ram"))
        );
        assert!(arguments.contains(&"unix:/u,,v/gdb,server=on,wait=off".to_owned()));
        assert!(!arguments.contains(&"-icount".to_owned()));
    }
}
