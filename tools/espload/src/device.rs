//! A connection to the loader in the chip.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use espflash::command::{Command, CommandResponseValue, CommandType};
use espflash::connection::{Connection, ResetAfterOperation, ResetBeforeOperation, SecurityInfo};
use espflash::flasher::{FlashSize, SpiAttachParams, SpiSetParams};
use espflash::target::Chip;
use espflash::target::efuse::{EfuseField, esp32 as efuse};
use espline::{Counters, Ended, Line, Wire};
use serialport::UsbPortInfo;

use crate::stub::Stub;
use crate::{Error, slip};

/// The rate at which the ROM's loader starts.
pub(crate) const ROM_BAUD: u32 = 115_200;
/// A register of every chip whose value tells which chip it is.
const CHIP_MAGIC: u32 = 0x4000_1000;
/// First word of eFuse block 0 (ESP32 Technical Reference Manual, "eFuse Controller").
const EFUSE_BLOCK0: u32 = 0x3FF5_A000;
/// APB_CTRL_DATE_REG: bit 31 is the third bit of the chip's revision.
const APB_CTRL_DATE: u32 = 0x3FF6_607C;
/// TIMG0_RTCCALICFG1_REG: bits 31:7 are the ROM's measurement of the crystal against the 8 MHz oscillator.
const RTC_CALIBRATION: u32 = 0x3FF5_F06C;
/// SPI_CMD_REG and SPI_W0_REG of the flash's controller; bit 28 of the first has it send RDID.
const SPI_CMD: u32 = 0x3FF4_2000;
const SPI_W0: u32 = 0x3FF4_2080;
const SPI_FLASH_RDID: u32 = 1 << 28;
/// Bytes that may be under way to the ROM's loader while it works: its UART holds 128.
const BURST: usize = 126;
/// Longest block that the stub takes.
const STUB_BLOCK: usize = 0x4000;
/// A sector of code, about, when compressed.
const STUB_PIECE: usize = 0xA00;
/// What the ROM's loader takes the flash's size to be.
pub(crate) const ROM_FLASH_SIZE: u32 = 4 << 20;
/// What the stub says when it runs.
const GREETING: &[u8] = b"OHAI";
/// It says so 20 ms after its start.
const GREETING_LIMIT: Duration = Duration::from_millis(80);
/// Rates to fall back to.
const BAUD_LADDER: [u32; 5] = [1_500_000, 921_600, 460_800, 230_400, 115_200];

/// How long things may take before they count as failed.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// For the answer to a command that does no work.
    pub answer: Duration,
    /// For the answer to one synchronisation packet.
    pub sync: Duration,
    /// Synchronisation packets for each reset or rate.
    pub sync_attempts: u32,
    /// Resets before the chip counts as not answering.
    pub connect_attempts: u32,
    /// Pause after a change of the baud rate.
    pub baud_settle: Duration,
    /// Faults of the line, one after the other without progress, before the transfer counts as failed.
    pub attempts: u32,
    /// For the whole run; `None` takes it from the amount of data.
    pub total: Option<Duration>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(1),
            sync: Duration::from_millis(120),
            sync_attempts: 4,
            connect_attempts: 6,
            baud_settle: Duration::from_millis(5),
            attempts: 8,
            total: None,
        }
    }
}

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Trying again cannot help.
    Fatal(Error),
    /// A fault of the line: a new connection may do better.
    Line { what: String, reason: String },
    /// The loader answered with an error.
    Rejected { what: String, reason: String },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

impl From<espline::Error> for Fault {
    fn from(error: espline::Error) -> Self {
        Self::Fatal(Error::Line(error))
    }
}

/// What answers at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loader {
    Rom,
    Stub,
}

/// What is known about the device.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceInfo {
    /// The chip.
    pub chip: String,
    /// Revision, `major.minor`.
    pub revision: String,
    /// Frequency of the crystal in MHz.
    pub crystal_mhz: u32,
    /// MAC address; not read when nothing differs.
    pub mac: Option<String>,
    /// Size of the flash in bytes; likewise.
    pub flash_size: Option<u32>,
    #[serde(skip)]
    pub(crate) full_revision: u16,
    /// The crystal's frequency in Hz as the ROM takes it to be.
    #[serde(skip)]
    pub(crate) assumed_crystal: u64,
}

/// The start of a write: whole sectors, to be erased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begin {
    pub(crate) offset: u32,
    pub(crate) len: usize,
    pub(crate) blocks: usize,
}

/// What only matters to who is about to write.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    pub(crate) flash_crypt_count: u32,
    pub(crate) secure_boot: Option<&'static str>,
}

/// Words of eFuse block 0 by number.
struct Words<'a>(&'a [(u32, u32)]);

impl Words<'_> {
    fn field(&self, field: &EfuseField) -> u32 {
        let word = self.0.iter().find(|(number, _)| *number == field.word);
        let value = word.map_or(0, |(_, value)| *value);
        value >> (field.bit_start % 32) & ((1 << field.bit_count) - 1)
    }
}

impl std::fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rev v{}", self.chip, self.revision)?;
        if let Some(size) = self.flash_size {
            write!(f, ", {} MB flash", size >> 20)?;
        }
        write!(f, ", {} MHz crystal", self.crystal_mhz)?;
        match &self.mac {
            Some(mac) => write!(f, ", MAC {mac}"),
            None => Ok(()),
        }
    }
}

/// A running conversation with the loader.
pub(crate) struct Session {
    wire: Wire,
    /// `None` only while it is made anew.
    connection: Option<Connection>,
    pub(crate) loader: Loader,
    pub(crate) baud: u32,
    port: String,
    timing: Timing,
    until: Instant,
    /// When the flash may still be busy with what the stub has acknowledged already.
    busy: Duration,
}

/// What came of the attempt to talk to a loader.
pub(crate) enum Opened {
    /// It answers.
    Session(Session),
    /// It does not; the line is as before, and this is what came instead of an answer.
    Silent(Line, Vec<u8>),
}

impl Session {
    /// Talks to the loader at the other end of the line at one of `rates`.
    pub(crate) fn open(
        line: Line,
        rates: &[u32],
        timing: Timing,
        until: Instant,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Opened, Fault> {
        let port = line.name().to_owned();
        let baud = line.baud();
        let (wire, terminal) = Wire::start(line, Arc::clone(cancel))?;
        let (after, before) = (ResetAfterOperation::NoReset, ResetBeforeOperation::NoReset);
        let mut session = Self {
            wire,
            connection: Some(Connection::new(terminal, no_usb(), after, before, baud)),
            loader: Loader::Rom,
            baud,
            port,
            timing,
            until,
            busy: Duration::ZERO,
        };
        if session.find_rate(rates)? {
            return Ok(Opened::Session(session));
        }
        let received = session.wire.recent();
        if let Some(fault) = session.ended() {
            return Err(fault);
        }
        Ok(Opened::Silent(session.close().0, received))
    }

    fn find_rate(&mut self, rates: &[u32]) -> Result<bool, Fault> {
        for &rate in rates {
            if rate != self.baud {
                match self.set_line_baud(rate) {
                    Ok(()) => {}
                    Err(Fault::Fatal(error)) => return Err(Fault::Fatal(error)),
                    // A rate that the port does not have.
                    Err(_) => continue,
                }
            }
            for attempt in 0..self.timing.sync_attempts {
                // A stray packet end puts the stub's receiver out of step, and another one in step again.
                if attempt % 2 == 1 {
                    self.wire.send(vec![slip::END]);
                }
                match self.sync(attempt) {
                    Ok(()) => return Ok(true),
                    Err(Fault::Fatal(error)) => return Err(Fault::Fatal(error)),
                    Err(_) => {}
                }
                if self.wire.ended().is_some() {
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    /// Ends the conversation and gives the line back.
    pub(crate) fn close(self) -> (Line, Ended) {
        drop(self.connection);
        self.wire.stop()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.wire.counters()
    }

    /// Runs `f` on espflash's connection; `limit` is for each byte of the answer.
    fn call<T>(
        &mut self,
        what: impl FnOnce() -> String,
        limit: Duration,
        mut f: impl FnMut(&mut Connection) -> Result<T, espflash::Error>,
    ) -> Result<T, Fault> {
        let limit = limit + std::mem::take(&mut self.busy);
        let left = self.until.saturating_duration_since(Instant::now());
        // Chatter restarts espflash's timeout with every byte, but not the wire's.
        self.wire
            .set_deadline((limit * 2 + self.timing.answer).min(left));
        let connection = self.connection.as_mut().expect("only away while made anew");
        let result = connection.with_timeout(limit, &mut f);
        result.map_err(|error| self.fault(what(), &error))
    }

    /// Why no more can be said, if the wire has ended for good.
    fn ended(&self) -> Option<Fault> {
        match self.wire.ended()? {
            Ended::Cancelled => Some(interrupted()),
            Ended::Gone(reason) => {
                let port = self.port.clone();
                Some(espline::Error::Gone { port, reason }.into())
            }
            Ended::Deadline | Ended::Stopped => None,
        }
    }

    fn fault(&mut self, what: String, error: &espflash::Error) -> Fault {
        if let Some(fault) = self.ended() {
            return fault;
        }
        if self.wire.ended() == Some(Ended::Deadline) {
            let reason = "no complete answer in time".to_owned();
            return Fault::Line { what, reason };
        }
        match error {
            espflash::Error::RomError(error) => Fault::Rejected {
                what,
                reason: error.to_string(),
            },
            // Its own text is the same for a timeout and for a packet out of form.
            espflash::Error::Connection(error) | espflash::Error::Flashing(error) => {
                let reason = match error.to_string() {
                    text if text.starts_with("Timeout") => "no answer in time".to_owned(),
                    text => text,
                };
                Fault::Line { what, reason }
            }
            error => Fault::Line {
                what,
                reason: error.to_string(),
            },
        }
    }

    /// Sends a command, and takes in its answer. espflash's own function for this panics on some damaged answers.
    fn command(
        &mut self,
        what: &str,
        limit: Duration,
        command: Command<'_>,
    ) -> Result<CommandResponseValue, Fault> {
        let mut values = self.send_together(what, limit, &[command])?;
        Ok(values.remove(0))
    }

    /// Synchronises, after `failed` attempts whose answers may still come: a server far away is slow.
    fn sync(&mut self, failed: u32) -> Result<(), Fault> {
        let limit = self.timing.sync * (failed + 1);
        let value = self.call(
            || "synchronising".to_owned(),
            limit,
            |connection| {
                connection.write_command(Command::Sync)?;
                // Answers to what was sent before may come first.
                for _ in 0..8 {
                    let response = connection.read_response_for_command(CommandType::Sync)?;
                    if let Some(response) = response
                        && response.return_op == CommandType::Sync as u8
                        && response.status == 0
                    {
                        return Ok(response.value);
                    }
                }
                Err(espflash::Error::IncorrectResponse)
            },
        )?;
        // The stub answers with 0, the ROM with a part of the packet.
        self.loader = match value {
            CommandResponseValue::ValueU32(0) => Loader::Stub,
            _ => Loader::Rom,
        };
        // Both answer eight times.
        let _ = self.call(String::new, limit, |connection| {
            for _ in 0..7 + 8 * failed {
                connection.read_response_for_command(CommandType::Sync)?;
            }
            Ok(())
        });
        Ok(())
    }

    fn set_line_baud(&mut self, baud: u32) -> Result<(), Fault> {
        if let Err(error) = self.wire.set_baud(baud) {
            let what = || format!("setting {baud} baud");
            return Err(match (error, self.ended()) {
                (_, Some(fault)) => fault,
                // The port's driver or server has no such rate.
                (error @ espline::Error::Baud { .. }, None) => Fault::Line {
                    what: what(),
                    reason: error.to_string(),
                },
                (error, None) => error.into(),
            });
        }
        self.baud = baud;
        Ok(())
    }

    /// Sends several commands in one go, and takes in their answers: one turn-around of the line instead of one for each.
    fn burst(
        &mut self,
        what: &str,
        limit: Duration,
        commands: &[Command<'_>],
    ) -> Result<Vec<CommandResponseValue>, Fault> {
        let mut values = Vec::with_capacity(commands.len());
        let mut rest = commands;
        while !rest.is_empty() {
            let mut len = 0;
            let fits = rest.iter().take_while(|command| {
                len += encode(command).len();
                len <= BURST
            });
            // The stub loses what arrives while it works.
            let count = match self.loader {
                Loader::Rom => fits.count().max(1),
                Loader::Stub => 1,
            };
            let (now, later) = rest.split_at(count);
            values.extend(self.send_together(what, limit, now)?);
            rest = later;
        }
        Ok(values)
    }

    fn send_together(
        &mut self,
        what: &str,
        limit: Duration,
        commands: &[Command<'_>],
    ) -> Result<Vec<CommandResponseValue>, Fault> {
        self.wire.send(commands.iter().flat_map(encode).collect());
        let answers = self.call(
            || what.to_owned(),
            limit,
            |connection| {
                let answers = commands
                    .iter()
                    .map(|command| answer(connection, command.command_type()));
                answers.collect::<Result<Vec<_>, _>>()
            },
        )?;
        answers
            .into_iter()
            .map(|(value, status, error)| match status {
                0 => Ok(value),
                _ => Err(Fault::Rejected {
                    what: what.to_owned(),
                    reason: format!("the loader answers with error {error:#04x}"),
                }),
            })
            .collect()
    }

    /// Reads registers in one go.
    fn read_registers(&mut self, what: &str, addresses: &[u32]) -> Result<Vec<u32>, Fault> {
        let commands: Vec<_> = addresses
            .iter()
            .map(|&address| Command::ReadReg { address })
            .collect();
        let values = self.burst(what, self.timing.answer, &commands)?;
        values
            .into_iter()
            .map(|value| number(what, value.try_into()))
            .collect()
    }

    /// Asks the loader to change the baud rate, and goes along.
    pub(crate) fn change_baud(
        &mut self,
        baud: u32,
        info: Option<&DeviceInfo>,
    ) -> Result<(), Fault> {
        let (mut new_baud, mut prior_baud) = (baud, 0);
        match (self.loader, info) {
            (Loader::Stub, _) => prior_baud = self.baud,
            // Before v3, the ROM divides the crystal's frequency as it measured it, and is some percent off.
            (Loader::Rom, Some(info)) if info.full_revision < 300 && info.assumed_crystal > 0 => {
                let real = u64::from(info.crystal_mhz) * 1_000_000;
                new_baud = (u64::from(baud) * info.assumed_crystal / real) as u32;
            }
            (Loader::Rom, _) => {}
        }
        let command = Command::ChangeBaudrate {
            new_baud,
            prior_baud,
        };
        self.command("changing the baud rate", self.timing.answer, command)?;
        self.set_line_baud(baud)?;
        sleep(self.timing.baud_settle);
        Ok(())
    }

    /// Which chip it is.
    pub(crate) fn chip(&mut self) -> Result<Chip, Fault> {
        let what = "reading the chip's type";
        let mut read = self.read_registers(what, &[CHIP_MAGIC]);
        if let Err(Fault::Rejected { .. }) = read {
            // The question may have been damaged.
            read = self.read_registers(what, &[CHIP_MAGIC]);
        }
        let magic = match read {
            Ok(values) => values[0],
            Err(Fault::Rejected { .. }) => return Err(Error::SecureDownloadMode.into()),
            Err(fault) => return Err(fault),
        };
        if let Ok(chip) = Chip::from_magic(magic) {
            return Ok(chip);
        }
        // Newer chips tell their id instead.
        let answer = self.command(what, self.timing.answer, Command::GetSecurityInfo)?;
        let status_len = match self.loader {
            Loader::Rom => 4,
            Loader::Stub => 2,
        };
        let info = match &answer {
            CommandResponseValue::Vector(bytes) if bytes.len() > 8 + status_len => {
                SecurityInfo::try_from(&bytes[8..bytes.len() - status_len])
            }
            _ => Err(espflash::Error::IncorrectResponse),
        };
        let id = number(what, info)?.chip_id.unwrap_or_default();
        number(what, Chip::try_from(id as u16))
    }

    /// Reads what the ESP32 is.
    pub(crate) fn info(&mut self) -> Result<DeviceInfo, Fault> {
        let fuse = |field: &EfuseField| EFUSE_BLOCK0 + field.word * 4;
        let values = self.read_registers(
            "reading the chip's revision",
            &[
                fuse(&efuse::CHIP_VER_REV1),
                fuse(&efuse::CHIP_VER_REV2),
                fuse(&efuse::CLK8M_FREQ),
                APB_CTRL_DATE,
                RTC_CALIBRATION,
            ],
        )?;
        let [rev1, rev2, oscillator, date, calibration] = values[..] else {
            unreachable!("one value for each register");
        };
        let words = [
            (efuse::CHIP_VER_REV1.word, rev1),
            (efuse::CHIP_VER_REV2.word, rev2),
            (efuse::CLK8M_FREQ.word, oscillator),
        ];
        let words = Words(&words);
        let major = match (
            words.field(&efuse::CHIP_VER_REV1),
            words.field(&efuse::CHIP_VER_REV2),
            date >> 31,
        ) {
            (1, 1, 1) => 3,
            (1, 1, 0) => 2,
            (1, 0, 0) => 1,
            _ => 0,
        };
        let minor = words.field(&efuse::WAFER_VERSION_MINOR);
        // The ROM's own arithmetic, as esptool repeats it.
        let assumed_crystal =
            u64::from(calibration >> 7) * 15_625 * u64::from(words.field(&efuse::CLK8M_FREQ)) / 40;
        Ok(DeviceInfo {
            chip: Chip::Esp32.to_string().to_uppercase(),
            revision: format!("{major}.{minor}"),
            crystal_mhz: if (1..33_000_000).contains(&assumed_crystal) {
                26
            } else {
                40
            },
            mac: None,
            flash_size: None,
            full_revision: (major * 100 + minor) as u16,
            assumed_crystal,
        })
    }

    /// Reads what forbids to write, the MAC address and the flash chip's id: all that is needed before the first write.
    pub(crate) fn before_writing(&mut self, info: &mut DeviceInfo) -> Result<Protection, Fault> {
        let what = "reading eFuses and the flash chip's id";
        let read = |field: &EfuseField| Command::ReadReg {
            address: EFUSE_BLOCK0 + field.word * 4,
        };
        let values = self.burst(
            what,
            self.timing.answer,
            &[
                read(&efuse::FLASH_CRYPT_CNT),
                read(&efuse::ABS_DONE_0),
                // Answers have no checksum, and these must not be wrong.
                read(&efuse::FLASH_CRYPT_CNT),
                read(&efuse::ABS_DONE_0),
                read(&efuse::MAC0),
                read(&efuse::MAC1),
                Command::WriteReg {
                    address: SPI_CMD,
                    value: SPI_FLASH_RDID,
                    mask: None,
                },
                Command::ReadReg { address: SPI_W0 },
            ],
        )?;
        let values: Vec<u32> = values
            .into_iter()
            .map(|value| number(what, value.try_into()))
            .collect::<Result<_, _>>()?;
        let [crypt, done, crypt_again, done_again, mac0, mac1, _, id] = values[..] else {
            unreachable!("one value for each command");
        };
        if (crypt, done) != (crypt_again, done_again) {
            return Err(Fault::Line {
                what: what.to_owned(),
                reason: "two answers differ".to_owned(),
            });
        }
        let words = [
            (efuse::FLASH_CRYPT_CNT.word, crypt),
            (efuse::ABS_DONE_0.word, done),
        ];
        let words = Words(&words);
        let id = match id & 0xFF_FFFF {
            0 | 0xFF_FFFF => {
                // The answer may have been damaged.
                let command = Command::ReadReg { address: SPI_W0 };
                let again: u32 = number(
                    what,
                    self.command(what, self.timing.answer, command)?.try_into(),
                )?;
                again & 0xFF_FFFF
            }
            id => id,
        };
        if id == 0 || id == 0xFF_FFFF {
            return Err(Error::NoFlash { id }.into());
        }
        let mac = (u64::from(mac1) << 32 | u64::from(mac0)).to_be_bytes();
        let mac: Vec<_> = mac[2..].iter().map(|byte| format!("{byte:02x}")).collect();
        info.mac = Some(mac.join(":"));
        let size = FlashSize::from_detected((id >> 16) as u8).unwrap_or_default();
        info.flash_size = Some(size.size());
        Ok(Protection {
            flash_crypt_count: words.field(&efuse::FLASH_CRYPT_CNT),
            secure_boot: if words.field(&efuse::ABS_DONE_1) != 0 {
                Some("V2")
            } else if words.field(&efuse::ABS_DONE_0) != 0 {
                Some("V1")
            } else {
                None
            },
        })
    }

    /// Connects the loader to the flash chip's pins, as the eFuses name them.
    pub(crate) fn attach_flash(&mut self) -> Result<(), Fault> {
        let command = self.attach_command();
        self.command("attaching the flash", self.timing.answer, command)
            .map(drop)
    }

    fn attach_command(&self) -> Command<'static> {
        let spi_params = SpiAttachParams::default();
        match self.loader {
            Loader::Rom => Command::SpiAttach { spi_params },
            Loader::Stub => Command::SpiAttachStub { spi_params },
        }
    }

    /// Tells the loader the size of the flash, if it takes it to be another.
    pub(crate) fn set_flash_size(&mut self, size: u32) -> Result<(), Fault> {
        if self.loader == Loader::Rom && size == ROM_FLASH_SIZE {
            return Ok(());
        }
        let command = Command::SpiSetParams {
            spi_params: SpiSetParams::default(size),
        };
        self.command("setting the flash's size", self.timing.answer, command)
            .map(drop)
    }

    /// The device's MD5s of regions, each an offset and a length.
    pub(crate) fn md5s(&mut self, regions: &[(u32, usize)]) -> Result<Vec<u128>, Fault> {
        // esptool grants 8 seconds a megabyte.
        let longest = regions.iter().map(|(_, len)| *len).max().unwrap_or(0);
        let limit = self.timing.answer + Duration::from_micros(8) * longest as u32;
        let commands: Vec<_> = regions
            .iter()
            .map(|&(offset, len)| Command::FlashMd5 {
                offset,
                size: len as u32,
            })
            .collect();
        let what = match regions {
            [(offset, len)] => format!("MD5 of {offset:#x}..{:#x}", *offset as usize + len),
            _ => format!("MD5 of {} regions", regions.len()),
        };
        let values = self.burst(&what, limit, &commands)?;
        values
            .into_iter()
            .map(|value| number(&what, value.try_into()))
            .collect()
    }

    /// Connects the ROM's loader to the flash chip's pins, as the eFuses name them, and asks for the MD5 of one region.
    pub(crate) fn attach_flash_and_md5(&mut self, offset: u32, len: usize) -> Result<u128, Fault> {
        let what = "attaching the flash";
        let attach = self.attach_command();
        let md5 = Command::FlashMd5 {
            offset,
            size: len as u32,
        };
        let mut values = self.burst(what, self.timing.answer, &[attach, md5])?;
        number(what, values.remove(1).try_into())
    }

    /// The device's MD5 of one region.
    pub(crate) fn md5(&mut self, offset: u32, len: usize) -> Result<u128, Fault> {
        Ok(self.md5s(&[(offset, len)])?[0])
    }

    /// Length of the longest block of a write.
    fn block_size(&self) -> usize {
        match self.loader {
            // The ROM takes up to 0x1800, and one sector fits.
            Loader::Rom => 0x1000,
            Loader::Stub => STUB_BLOCK,
        }
    }

    /// Cuts what is to be sent into blocks. The stub erases and programs one while it receives the next, so a write starts and
    /// ends with short ones, and has long ones in between, which are answered less often.
    pub(crate) fn blocks<'d>(&self, data: &'d [u8]) -> Vec<&'d [u8]> {
        if self.loader == Loader::Rom {
            return data.chunks(self.block_size()).collect();
        }
        let (first, rest) = data.split_at(STUB_BLOCK.min(data.len()));
        let (middle, last) = rest.split_at(rest.len().saturating_sub(STUB_BLOCK));
        first
            .chunks(STUB_PIECE)
            .chain(middle.chunks(STUB_BLOCK))
            .chain(last.chunks(STUB_PIECE))
            .collect()
    }

    /// Writes one block, which becomes `inflated` bytes; before the first one of a write, `begin` has the sectors erased. The stub
    /// takes it compressed. The ROM's loader would inflate as well, but then programs what is left in its 32 KB window behind
    /// the data.
    pub(crate) fn write_block(
        &mut self,
        begin: Option<Begin>,
        sequence: usize,
        data: &[u8],
        inflated: usize,
    ) -> Result<(), Fault> {
        let block_size = self.block_size();
        let (sequence, pad_byte) = (sequence as u32, 0xFF);
        let line = Duration::from_secs_f64(data.len() as f64 * 20.0 / f64::from(self.baud));
        let work = erase_limit(inflated.max(data.len()));
        let limit = self.timing.answer + line + work;
        let what = format!("writing block {sequence}");
        match self.loader {
            Loader::Rom => {
                if let Some(begin) = begin {
                    let limit = self.timing.answer + erase_limit(begin.len);
                    let command = Command::FlashBegin {
                        size: begin.len as u32,
                        blocks: begin.blocks as u32,
                        block_size: block_size as u32,
                        offset: begin.offset,
                        supports_encryption: false,
                    };
                    let end = begin.offset as usize + begin.len;
                    self.command(
                        &format!("erasing {:#x}..{end:#x}", begin.offset),
                        limit,
                        command,
                    )?;
                }
                let command = Command::FlashData {
                    data,
                    pad_to: block_size,
                    pad_byte,
                    sequence,
                };
                self.command(&what, limit, command)?;
            }
            Loader::Stub => {
                let begin = begin.map(|begin| Command::FlashDeflBegin {
                    size: begin.len as u32,
                    blocks: begin.blocks as u32,
                    block_size: block_size as u32,
                    offset: begin.offset,
                    supports_encryption: false,
                });
                let data = Command::FlashDeflData {
                    data,
                    pad_to: 0,
                    pad_byte,
                    sequence,
                };
                for command in begin.into_iter().chain([data]) {
                    self.command(&what, limit, command)?;
                }
                // It answers before it erases and programs.
                self.busy = work;
            }
        }
        Ok(())
    }

    /// Erases the whole flash.
    pub(crate) fn erase_flash(&mut self, size: u32) -> Result<(), Fault> {
        // Data sheets give up to 25 seconds a megabyte.
        let limit = self.timing.answer + Duration::from_secs(25) * (size >> 20).max(1);
        let command = match self.loader {
            Loader::Stub => Command::EraseFlash,
            Loader::Rom => Command::FlashBegin {
                size,
                blocks: 0,
                block_size: 0x400,
                offset: 0,
                supports_encryption: false,
            },
        };
        self.command("erasing the flash", limit, command).map(drop)
    }

    /// Uploads espflash's stub at the present baud rate, and goes on at that rate: the stub itself starts at 115200 baud.
    pub(crate) fn upload_stub(&mut self) -> Result<(), Fault> {
        const BLOCK: usize = 0x1800;
        const SHORT: usize = 400;
        let what = "uploading the stub";
        let Some(stub) = Stub::esp32() else {
            return Err(Fault::Rejected {
                what: what.to_owned(),
                reason: "espflash does not give it away".to_owned(),
            });
        };
        let line = Duration::from_secs_f64(BLOCK as f64 * 20.0 / f64::from(self.baud));
        let limit = self.timing.answer + line;
        let end = Command::MemEnd {
            no_entry: false,
            entry: stub.entry,
        };
        let commands = stub.segments.iter().flat_map(|(address, data)| {
            let begin = Command::MemBegin {
                size: data.len() as u32,
                blocks: data.len().div_ceil(BLOCK) as u32,
                block_size: BLOCK as u32,
                offset: *address,
                supports_encryption: false,
            };
            let blocks = data
                .chunks(BLOCK)
                .enumerate()
                .map(|(sequence, block)| Command::MemData {
                    data: block,
                    pad_to: block.len().next_multiple_of(4),
                    pad_byte: 0,
                    sequence: sequence as u32,
                });
            std::iter::once(begin).chain(blocks)
        });
        let commands: Vec<_> = commands.chain([end]).collect();
        // The ROM is done with a short command before its UART has received more than it holds of the next one.
        for together in commands.chunk_by(|first, _| encode(first).len() <= SHORT) {
            self.send_together(what, limit, together)?;
        }
        let baud = self.baud;
        self.set_line_baud(ROM_BAUD)?;
        let greeting = self.call(
            || what.to_owned(),
            GREETING_LIMIT,
            |connection| {
                for _ in 0..8 {
                    if let Some(response) = connection.read_flash_response()?
                        && let CommandResponseValue::Vector(bytes) = response.value
                        && bytes.ends_with(GREETING)
                    {
                        return Ok(());
                    }
                }
                Err(espflash::Error::IncorrectResponse)
            },
        );
        match greeting {
            Ok(()) => {}
            Err(Fault::Fatal(error)) => return Err(Fault::Fatal(error)),
            // It may have come while the line still had the other rate. The next answer tells as well that the stub runs.
            Err(_) => self.forget_packet(),
        }
        self.loader = Loader::Stub;
        if baud != ROM_BAUD {
            self.change_baud(baud, None)?;
        }
        Ok(())
    }
}

impl Session {
    /// Forgets the beginning of a packet that espflash's decoder may have kept.
    fn forget_packet(&mut self) {
        let (after, before) = (ResetAfterOperation::NoReset, ResetBeforeOperation::NoReset);
        self.connection = self.connection.take().map(|connection| {
            Connection::new(connection.into_serial(), no_usb(), after, before, self.baud)
        });
    }
}

fn encode(command: &Command<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    command
        .write(&mut bytes)
        .expect("writing to memory does not fail");
    slip::packet(&bytes)
}

/// The answer to a command of this type: value, status and error.
fn answer(
    connection: &mut Connection,
    operation: CommandType,
) -> Result<(CommandResponseValue, u8, u8), espflash::Error> {
    // Answers to SYNC may still come in.
    for _ in 0..64 {
        if let Some(response) = connection.read_response_for_command(operation)?
            && response.return_op == operation as u8
        {
            return Ok((response.value, response.status, response.error));
        }
    }
    Err(espflash::Error::IncorrectResponse)
}

fn number<T>(what: &str, value: Result<T, espflash::Error>) -> Result<T, Fault> {
    value.map_err(|error| Fault::Line {
        what: what.to_owned(),
        reason: error.to_string(),
    })
}

pub(crate) fn no_usb() -> UsbPortInfo {
    UsbPortInfo {
        vid: 0,
        pid: 0,
        serial_number: None,
        manufacturer: None,
        product: None,
    }
}

/// The most that erasing and programming takes: a sector 400 ms (W25Q32JV data sheet, tSE), pages in the same again.
fn erase_limit(len: usize) -> Duration {
    Duration::from_millis(800) * len.div_ceil(0x1000) as u32
}

pub(crate) fn interrupted() -> Fault {
    Fault::Fatal(Error::Interrupted { written: false })
}

/// The next lower rate, if there is one.
pub(crate) fn lower_baud(baud: u32) -> Option<u32> {
    BAUD_LADDER.into_iter().find(|&rate| rate < baud)
}

/// Rates at which a device that was not reset may be found.
pub(crate) fn rates_to_try(baud: u32) -> Vec<u32> {
    let mut rates = vec![ROM_BAUD];
    for rate in std::iter::once(baud).chain([460_800, 921_600, 1_500_000, 230_400]) {
        if !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    rates
}
