//! The device: power and reset, what runs on it, its UART and its clock. It knows nothing of hosts; bytes arrive at a time
//! and answers leave at a time, both on the device's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::chip::{Buses, CRYSTAL, Chip};
use crate::flash::Flash;
use crate::rom::serial_loader::Rom;
use crate::slip;
use crate::stub::Stub;
use crate::timing;

/// The rate at which the ROM prints, and at which it waits for the first SYNC.
pub const ROM_BAUD: u32 = 115_200;
/// Bytes of UART0's transmit FIFO: the CPU goes on when what it sends fits.
const TX_FIFO: u64 = 128;

/// Bytes that leave the UART.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmission {
    /// When the first bit leaves.
    pub start: Duration,
    /// When the last bit has left.
    pub end: Duration,
    /// The UART's rate.
    pub baud: u32,
    /// What leaves.
    pub bytes: Vec<u8>,
}

/// What the loaders work with.
#[derive(Debug)]
pub struct Hardware {
    /// The flash chip.
    pub flash: Flash,
    /// Registers and RAM.
    pub buses: Buses,
    /// The CPU's time.
    pub now: Duration,
    /// How often each command was handled.
    pub commands: BTreeMap<&'static str, u64>,
    /// Answer MD5 commands with a digest that is off.
    pub wrong_md5: bool,
    /// Rates that CHANGE_BAUDRATE refuses.
    pub refused_bauds: Vec<u32>,
    /// Faults that this part injected.
    pub faults_injected: u64,
    baud: u32,
    tx_free: Duration,
    output: Vec<Transmission>,
}

impl Hardware {
    /// Sends `bytes` as they are.
    pub fn send(&mut self, bytes: Vec<u8>) {
        let start = self.now.max(self.tx_free);
        let end = start + timing::on_line(bytes.len() as u64, self.baud);
        self.tx_free = end;
        self.now = self
            .now
            .max(end.saturating_sub(timing::on_line(TX_FIFO, self.baud)));
        self.output.push(Transmission {
            start,
            end,
            baud: self.baud,
            bytes,
        });
    }

    /// Sends a SLIP frame.
    pub fn send_frame(&mut self, payload: &[u8]) {
        self.send(slip::encode(payload));
    }

    /// The CPU works for `time`.
    pub fn work(&mut self, time: Duration) {
        self.now += time;
    }

    /// The CPU waits until the transmit FIFO is empty.
    pub fn wait_sent(&mut self) {
        self.now = self.now.max(self.tx_free);
    }

    /// The CPU waits until the flash chip is ready.
    pub fn wait_flash(&mut self) {
        self.now = self.now.max(self.flash.ready_at());
    }

    /// Sets UART0's divider from a clock of `clock` Hz.
    pub fn set_baud(&mut self, clock: u32, baud: u32) {
        self.baud = self.buses.set_baud(clock, baud);
    }

    /// Sets UART0's divider, in 1/16, of a clock of `clock` Hz.
    pub fn set_divider(&mut self, clock: u32, divider: u32) {
        self.baud = self.buses.set_divider(clock, divider);
    }

    /// UART0's rate.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// Counts a command.
    pub fn count(&mut self, name: &'static str) {
        *self.commands.entry(name).or_default() += 1;
    }

    /// MD5 of `len` bytes of flash at `offset`.
    pub fn md5(&mut self, offset: u32, len: u32) -> [u8; 16] {
        let mut md5 = Md5::new();
        let mut buffer = [0; 4096];
        let mut done = 0;
        while done < len {
            let part = (len - done).min(buffer.len() as u32) as usize;
            self.read_flash(offset.wrapping_add(done), &mut buffer[..part]);
            md5.update(&buffer[..part]);
            done += part as u32;
        }
        let mut digest: [u8; 16] = md5.finalize().into();
        if self.wrong_md5 {
            digest[0] ^= 0x01;
            self.faults_injected += 1;
        }
        digest
    }

    /// Reads flash; without SPI_ATTACH the bus is silent, and reads as 0.
    pub fn read_flash(&self, offset: u32, buffer: &mut [u8]) {
        if self.buses.spi_attached {
            self.flash.read(offset, buffer);
        } else {
            buffer.fill(0);
        }
    }

    /// Waits for the flash chip and starts to erase `len` bytes.
    pub fn start_erase(&mut self, offset: u32, len: u32) {
        self.wait_flash();
        if self.buses.spi_attached {
            self.flash.erase(self.now, offset, len);
        }
    }

    /// Programs `bytes` at `offset` as the ROM's SPIWrite does, which the stub calls as well: in parts of up to 32 bytes that
    /// do not cross a page, waiting for each.
    pub fn program(&mut self, offset: u32, bytes: &[u8]) {
        const PART: usize = 32;
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = (crate::flash::PAGE - at % crate::flash::PAGE) as usize;
            let (page, after) = rest.split_at(room.min(rest.len()).min(PART));
            self.wait_flash();
            if self.buses.spi_attached {
                self.flash.program(self.now, at, page);
            }
            self.wait_flash();
            at = at.wrapping_add(page.len() as u32);
            rest = after;
        }
    }
}

/// What a loader does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Wait for the next one.
    Stay,
    /// Run what was loaded into RAM.
    Execute {
        /// Where it begins.
        entry: u32,
    },
    /// Leave the loader: load the application from flash.
    RunUserCode,
    /// Reset the chip by software; the strapping stays.
    Restart,
}

/// What the strapping pins ask for when EN rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMode {
    /// IO0 is low: the ROM's serial loader.
    Download,
    /// IO0 is high: the application in flash.
    Run,
}

#[derive(Debug)]
enum Program {
    /// EN is low.
    Held,
    Rom(Box<Rom>),
    Stub(Box<Stub>),
    Application,
    /// Code that this simulator cannot run, or a CPU that hangs.
    Lost,
}

/// What happened that the world around the device has to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The application is to be run from flash.
    Application,
    /// Whatever ran is not running any more.
    Stopped,
}

/// An ESP32 module: chip and flash.
#[derive(Debug)]
pub struct Device {
    /// What the loaders work with.
    pub hardware: Hardware,
    program: Program,
    greeting: &'static str,
    events: Vec<Event>,
    console_input: Vec<u8>,
    resets: u64,
}

impl Device {
    /// A module without power.
    pub fn new(chip: &Chip, flash: Flash) -> Self {
        let mut buses = Buses::new(chip);
        let baud = buses.set_baud(CRYSTAL, ROM_BAUD);
        Self {
            hardware: Hardware {
                flash,
                buses,
                now: Duration::ZERO,
                commands: BTreeMap::new(),
                wrong_md5: false,
                refused_bauds: Vec::new(),
                faults_injected: 0,
                baud,
                tx_free: Duration::ZERO,
                output: Vec::new(),
            },
            program: Program::Held,
            greeting: if chip.revision.major >= 3 {
                "ets Jul 29 2019 12:21:46\r\n\r\n"
            } else {
                "ets Jun  8 2016 00:22:57\r\n\r\n"
            },
            events: Vec::new(),
            console_input: Vec::new(),
            resets: 0,
        }
    }

    /// Resets so far.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Whether the application runs.
    pub fn runs_application(&self) -> bool {
        matches!(self.program, Program::Application)
    }

    /// Whether a loader waits for commands.
    pub fn in_loader(&self) -> bool {
        matches!(self.program, Program::Rom(_) | Program::Stub(_))
    }

    /// Whether UART0 still measures the host's rate: the ROM does at the first bytes.
    pub fn measures_baud(&self) -> bool {
        matches!(&self.program, Program::Rom(rom) if !rom.measured())
    }

    /// UART0 sees the edges of a byte that the host sends at `baud`.
    pub fn measure_baud(&mut self, byte: u8, baud: u32) {
        if let Program::Rom(rom) = &mut self.program
            && rom.measure(byte)
        {
            self.hardware.set_baud(CRYSTAL, baud);
        }
    }

    /// Nothing is on its way to the device: it catches up with what has arrived.
    pub fn idle(&mut self) {
        match &mut self.program {
            Program::Rom(rom) => {
                let next = rom.idle(&mut self.hardware);
                self.act(next);
            }
            Program::Stub(stub) => stub.idle(),
            Program::Held | Program::Application | Program::Lost => {}
        }
    }

    /// What the application has received since the last call.
    pub fn take_console_input(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.console_input)
    }

    /// What the device has sent since the last call.
    pub fn take_output(&mut self) -> Vec<Transmission> {
        std::mem::take(&mut self.hardware.output)
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// EN goes low.
    pub fn hold(&mut self) {
        if !matches!(self.program, Program::Held) {
            self.program = Program::Held;
            self.events.push(Event::Stopped);
        }
    }

    /// EN rises at `now`, with IO0 as `mode` says.
    pub fn release(&mut self, now: Duration, mode: BootMode) {
        self.hold();
        self.resets += 1;
        self.hardware.now = self.hardware.now.max(now);
        self.boot("0x1 (POWERON_RESET)", mode);
    }

    /// The application resets the chip: `software_reset` of the ROM.
    pub fn reset_by_software(&mut self) {
        self.resets += 1;
        self.boot("0xc (SW_CPU_RESET)", BootMode::Run);
    }

    fn boot(&mut self, cause: &str, mode: BootMode) {
        let hardware = &mut self.hardware;
        hardware.buses.reset();
        hardware.tx_free = hardware.now;
        hardware.set_baud(CRYSTAL, ROM_BAUD);
        hardware.work(timing::ROM_START);
        match mode {
            BootMode::Download => {
                hardware.buses.strapping = 0x03;
                hardware.send(
                    format!(
                        "{}rst:{cause},boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n",
                        self.greeting
                    )
                    .into_bytes(),
                );
                self.program = Program::Rom(Box::default());
            }
            BootMode::Run => {
                hardware.buses.strapping = 0x13;
                hardware.send(
                    format!(
                        "{}rst:{cause},boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
                        self.greeting
                    )
                    .into_bytes(),
                );
                self.boot_from_flash();
            }
        }
    }

    /// What the ROM does to start the second-stage bootloader at 0x1000, as far as its console shows it.
    fn boot_from_flash(&mut self) {
        let hardware = &mut self.hardware;
        hardware.buses.spi_attached = true;
        let mut header = [0; 24];
        hardware.read_flash(0x1000, &mut header);
        if header[0] != 0xE9 {
            let word = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
            let line = format!("invalid header: 0x{word:08x}\r\n");
            hardware.send(line.repeat(3).into_bytes());
            self.program = Program::Lost;
            return;
        }
        let mode = ["QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"]
            .get(usize::from(header[2]))
            .unwrap_or(&"DIO");
        let divider = match header[3] & 0xF {
            0 => 2,
            1 => 3,
            2 => 4,
            _ => 1,
        };
        let mut log = format!(
            "configsip: 0, SPIWP:0xee\r\nclk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\n\
             mode:{mode}, clock div:{divider}\r\n"
        );
        let mut at = 0x1018;
        for _ in 0..header[1].min(16) {
            let mut segment = [0; 8];
            hardware.read_flash(at, &mut segment);
            let [address, len] = [0, 4].map(|start| word(&segment, start));
            log += &format!("load:0x{address:08x},len:{len}\r\n");
            at = at.wrapping_add(8).wrapping_add(len);
        }
        log += &format!("entry 0x{:08x}\r\n", word(&header, 4));
        hardware.send(log.into_bytes());
        self.program = Program::Application;
        self.events.push(Event::Application);
    }

    /// A byte arrives at UART0's receiver; its stop bit ends at `at`.
    pub fn receive(&mut self, at: Duration, byte: u8) {
        let hardware = &mut self.hardware;
        let next = match &mut self.program {
            Program::Rom(rom) => rom.receive(hardware, at, byte),
            Program::Stub(stub) => stub.receive(hardware, at, byte),
            Program::Held | Program::Application | Program::Lost => {
                hardware.now = hardware.now.max(at);
                if matches!(self.program, Program::Application) {
                    self.console_input.push(byte);
                }
                Next::Stay
            }
        };
        self.act(next);
    }

    fn act(&mut self, next: Next) {
        let hardware = &mut self.hardware;
        match next {
            Next::Stay => {}
            Next::Execute { entry } => {
                self.program = match Stub::load(hardware, entry) {
                    Some(stub) => Program::Stub(Box::new(stub)),
                    None => Program::Lost,
                };
            }
            Next::RunUserCode => {
                hardware.wait_sent();
                self.boot_from_flash();
            }
            Next::Restart => {
                hardware.wait_sent();
                self.resets += 1;
                self.boot("0x3 (SW_RESET)", BootMode::Download);
            }
        }
    }

    /// Starts the stub as if it had been loaded into RAM and run.
    pub fn start_stub(&mut self) {
        self.program = Program::Stub(Box::new(Stub::start(&mut self.hardware)));
    }

    /// The application prints `bytes` now.
    pub fn print(&mut self, bytes: &[u8]) {
        self.hardware.send(bytes.to_vec());
    }
}

/// The little-endian word at `at` of `bytes`; 0 behind their end.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    (0..4).fold(0, |value, index| {
        value | u32::from(bytes.get(at + index).copied().unwrap_or(0)) << (8 * index)
    })
}

/// Names of the protocol's commands, as esptool has them.
pub fn command_name(op: u8) -> &'static str {
    match op {
        0x02 => "FLASH_BEGIN",
        0x03 => "FLASH_DATA",
        0x04 => "FLASH_END",
        0x05 => "MEM_BEGIN",
        0x06 => "MEM_END",
        0x07 => "MEM_DATA",
        0x08 => "SYNC",
        0x09 => "WRITE_REG",
        0x0A => "READ_REG",
        0x0B => "SPI_SET_PARAMS",
        0x0D => "SPI_ATTACH",
        0x0E => "READ_FLASH_SLOW",
        0x0F => "CHANGE_BAUDRATE",
        0x10 => "FLASH_DEFL_BEGIN",
        0x11 => "FLASH_DEFL_DATA",
        0x12 => "FLASH_DEFL_END",
        0x13 => "SPI_FLASH_MD5",
        0x14 => "GET_SECURITY_INFO",
        0xD0 => "ERASE_FLASH",
        0xD1 => "ERASE_REGION",
        0xD2 => "READ_FLASH",
        0xD3 => "RUN_USER_CODE",
        _ => "UNKNOWN",
    }
}
