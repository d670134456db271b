//! A whole run: connect, refuse, compare, write, verify, reset.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use espflash::target::Chip;
use espline::{Line, Reset};
use flate2::Compression;
use flate2::write::{ZlibDecoder, ZlibEncoder};

use crate::Error;
use crate::device::{
    Begin, DeviceInfo, Fault, Loader, Opened, Protection, ROM_BAUD, ROM_FLASH_SIZE, Session,
    Timing, interrupted, lower_baud, rates_to_try,
};
use crate::error::Force;
use crate::files::{FlashFile, FlashImage, HeaderClaims, Role, SECTOR};
use crate::plan::{differing_sectors, md5, runs, stub_pays};
use crate::progress::{FileState, Progress};
use crate::report::{FileSummary, Summary};
use crate::resets::{After, Before};

/// How often one file is written before the flash chip counts as broken.
const WRITES: u32 = 3;
/// How often an MD5 that is not the file's is asked for again: the answer itself may have been damaged.
const SECOND_LOOKS: u32 = 2;

/// Bytes of the hash at the end of an application.
const SHA256: usize = 32;

/// Ends a run from another thread or a signal handler.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the run with [`Error::Interrupted`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag behind it, for `signal_hook::flag::register`.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The files to write.
    pub image: FlashImage,
    /// The partition table to expect on the device, when it is not among the files.
    pub partition_table: Option<FlashFile>,
    /// Baud rate for the transfer.
    pub baud: u32,
    /// How the chip gets into its loader.
    pub before: Before,
    /// What becomes of it afterwards.
    pub after: After,
    /// Write all sectors, whether they differ or not.
    pub all: bool,
    /// Erase the whole flash first.
    pub erase: bool,
    /// Have the device compute the MD5 of every file at the end.
    pub verify: bool,
    /// Only find out what would be written.
    pub dry_run: bool,
    /// Whether the stub may be uploaded.
    pub stub: bool,
    /// Refusals that are overridden.
    pub force: Vec<Force>,
    /// Time limits.
    pub timing: Timing,
}

impl Request {
    /// Writes what differs of `image`, verifies it and resets into the application, or as the image's description says.
    pub fn new(image: FlashImage) -> Self {
        Self {
            before: image.tool.before,
            after: image.tool.after,
            stub: image.tool.stub,
            image,
            partition_table: None,
            baud: 460_800,
            all: false,
            erase: false,
            verify: true,
            dry_run: false,
            force: Vec::new(),
            timing: Timing::default(),
        }
    }

    fn forces(&self, force: Force) -> bool {
        self.force.contains(&force)
    }

    /// Sixty seconds, and four times what writing everything takes at 115200 baud with the slowest erase.
    fn total_limit(&self) -> Duration {
        let sectors: usize = self.image.files.iter().map(FlashFile::sectors).sum();
        let erase = if self.erase {
            Duration::from_secs(500)
        } else {
            Duration::ZERO
        };
        Duration::from_secs(60) + Duration::from_millis(800 * 4) * sectors as u32 + erase
    }
}

/// Writes the files over `line`, and gives the line back: at 115200 baud if the chip was reset into the application, so that
/// its console can be read. Never `Ok` with `verified` unless the device's MD5 of every file was the file's after the last write.
pub fn load(
    line: Line,
    request: &Request,
    progress: &mut dyn Progress,
    cancel: &Cancel,
) -> Result<(Summary, Line), Error> {
    if !request.forces(Force::Image) {
        request.image.verify()?;
    }
    let limit = request
        .timing
        .total
        .unwrap_or_else(|| request.total_limit());
    let mut run = Run {
        request,
        progress,
        cancel,
        start: Instant::now(),
        until: Instant::now() + limit,
        limit,
        port: line.name().to_owned(),
        line: Some(line),
        baud: request.baud,
        failures_at_rate: 0,
        modem_lines: request.before == Before::DefaultReset,
        stub_allowed: request.stub && !request.dry_run,
        stub_used: false,
        stub_failures: 0,
        info: None,
        introduced: false,
        app_hash: None,
        files: request
            .image
            .files
            .iter()
            .map(|_| FileProgress::default())
            .collect(),
        erased: false,
        wrote: false,
        bytes_written: 0,
        bytes_sent: 0,
        reconnects: 0,
    };
    let result = run.all_attempts();
    let wrote = run.wrote;
    result.map_err(|error| match error {
        Error::Interrupted { .. } => Error::Interrupted { written: wrote },
        error => error,
    })
}

#[derive(Debug, Default)]
struct FileProgress {
    verified: bool,
    /// How often it was written.
    writes: u32,
    /// Sectors written.
    sectors: BTreeSet<usize>,
    compared: bool,
}

struct Run<'a> {
    request: &'a Request,
    progress: &'a mut dyn Progress,
    cancel: &'a Cancel,
    start: Instant,
    until: Instant,
    limit: Duration,
    port: String,
    /// `None` while a session has it.
    line: Option<Line>,
    baud: u32,
    failures_at_rate: u32,
    /// Whether DTR and RTS are there to reset the chip.
    modem_lines: bool,
    stub_allowed: bool,
    stub_used: bool,
    stub_failures: u32,
    info: Option<DeviceInfo>,
    introduced: bool,
    /// The device's MD5 of where the application's hash goes, if it was asked for.
    app_hash: Option<u128>,
    files: Vec<FileProgress>,
    erased: bool,
    wrote: bool,
    bytes_written: u64,
    bytes_sent: u64,
    reconnects: u32,
}

impl Run<'_> {
    fn all_attempts(&mut self) -> Result<(Summary, Line), Error> {
        let mut failures = 0;
        loop {
            let before = self.bytes_written;
            let mut session = match self.connect() {
                Ok(session) => session,
                Err(Fault::Fatal(error)) => return Err(error),
                Err(Fault::Line { what, reason } | Fault::Rejected { what, reason }) => {
                    failures += 1;
                    self.fall_back(failures, what, reason)?;
                    continue;
                }
            };
            match self.work(&mut session) {
                Ok(()) => return self.finish(session),
                Err(Fault::Fatal(error)) => return Err(error),
                Err(Fault::Line { what, reason } | Fault::Rejected { what, reason }) => {
                    if session.loader == Loader::Stub && self.bytes_written == before {
                        // The stub may be what the chip does not like.
                        self.stub_allowed &= failures < 3;
                    }
                    self.line = Some(session.close().0);
                    failures = if self.bytes_written > before {
                        1
                    } else {
                        failures + 1
                    };
                    self.fall_back(failures, what, reason)?;
                }
            }
        }
    }

    /// Notes a fault of the line and decides how to go on: at the second one at a rate, with a lower one.
    fn fall_back(&mut self, failures: u32, what: String, reason: String) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::Interrupted {
                written: self.wrote,
            });
        }
        if Instant::now() >= self.until {
            return Err(Error::TimeUp {
                seconds: self.limit.as_secs(),
                what: format!("{what}: {reason}"),
            });
        }
        if failures >= self.request.timing.attempts {
            return Err(Error::Transfer {
                attempts: failures,
                baud: self.baud,
                what,
                reason,
            });
        }
        self.reconnects += 1;
        self.failures_at_rate += 1;
        let lower = lower_baud(self.baud).filter(|_| self.failures_at_rate >= 2);
        if let Some(lower) = lower {
            self.baud = lower;
            self.failures_at_rate = 0;
            self.progress
                .note(&format!("{what}: {reason}; trying again at {lower} baud"));
        } else {
            self.progress
                .note(&format!("{what}: {reason}; trying again"));
        }
        for file in &mut self.files {
            file.verified = false;
        }
        Ok(())
    }

    fn connect(&mut self) -> Result<Session, Fault> {
        let timing = self.request.timing;
        let mut seen = Vec::new();
        for attempt in 0.. {
            // Without a reset, trying longer is all that can be done.
            let attempts = if self.modem_lines {
                timing.connect_attempts
            } else {
                2
            };
            if attempt == attempts {
                break;
            }
            if self.cancel.is_cancelled() {
                return Err(interrupted());
            }
            if Instant::now() >= self.until {
                break;
            }
            let mut line = self.line.take().expect("the line is here between sessions");
            let reset = match attempt % 3 {
                2 => Reset::DownloadSlow,
                _ => Reset::Download,
            };
            line.set_baud(ROM_BAUD)?;
            if self.modem_lines {
                let told = line.advice().is_some();
                match line.reset(reset) {
                    Ok(()) => {
                        if let Some(advice) = line.advice().filter(|_| !told) {
                            self.progress.note(&advice);
                        }
                    }
                    Err(error @ espline::Error::NoModemLines { .. }) => {
                        self.modem_lines = false;
                        self.progress
                            .note(&format!("{error}; taking it to be in its loader"));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            line.clear_input()?;
            let rates = if self.modem_lines {
                vec![ROM_BAUD]
            } else {
                rates_to_try(self.request.baud)
            };
            let flag = self.cancel.flag();
            match Session::open(line, &rates, timing, self.until, &flag)? {
                Opened::Session(mut session) => {
                    return match self.prepare(&mut session) {
                        Ok(()) => Ok(session),
                        Err(fault) => {
                            self.line = Some(session.close().0);
                            Err(fault)
                        }
                    };
                }
                Opened::Silent(line, received) => {
                    self.line = Some(line);
                    seen = received;
                    let attempt = attempt + 1;
                    self.progress
                        .trace(&format!("no answer, attempt {attempt}"));
                }
            }
        }
        if self.reconnects > 0 {
            return Err(Fault::Line {
                what: "connecting anew".to_owned(),
                reason: "the chip does not answer".to_owned(),
            });
        }
        Err(Fault::Fatal(self.no_answer(&seen)))
    }

    fn no_answer(&self, seen: &[u8]) -> Error {
        let port = self.port.clone();
        let text = String::from_utf8_lossy(seen);
        let boot = text
            .rfind("boot:0x")
            .map(|at| text[at..].lines().next().unwrap_or_default());
        match boot {
            Some(boot) if !text.contains("waiting for download") => Error::WrongBootMode {
                port,
                boot: boot.trim().to_owned(),
            },
            _ => Error::NoAnswer {
                port,
                seen: match seen.len() {
                    0 => String::new(),
                    len => format!(" ({len} bytes came, none of them an answer)"),
                },
            },
        }
    }

    /// Refuses the wrong device, and raises the baud rate.
    fn prepare(&mut self, session: &mut Session) -> Result<(), Fault> {
        // Answers have no checksum: what is to be refused is read twice.
        if session.chip()? != Chip::Esp32 {
            let chip = session.chip()?;
            if chip != Chip::Esp32 {
                return Err(Error::ChipMismatch {
                    found: chip.to_string().to_uppercase(),
                    wanted: Chip::Esp32.to_string().to_uppercase(),
                }
                .into());
            }
        }
        if self.info.is_none() {
            let mut info = session.info()?;
            if self.refuse_revision(&info).is_err() {
                info = session.info()?;
                self.refuse_revision(&info)?;
            }
            self.info = Some(info);
        }
        if session.baud != self.baud {
            match session.change_baud(self.baud, self.info.as_ref()) {
                Ok(()) => {}
                Err(Fault::Rejected { .. }) => {
                    let baud = session.baud;
                    self.progress.note(&format!(
                        "the loader refused {} baud; going on at {baud}",
                        self.baud
                    ));
                    self.baud = baud;
                }
                Err(fault) => return Err(fault),
            }
        }
        self.app_hash = None;
        match self.app_hash_region() {
            Some((offset, len)) => self.app_hash = Some(session.attach_flash_and_md5(offset, len)?),
            None => session.attach_flash()?,
        }
        // Beyond the size that the ROM assumes, it has to be told first.
        if self.request.image.detect_size
            || self.request.image.files.last().map_or(0, FlashFile::end) > u64::from(ROM_FLASH_SIZE)
        {
            self.before_writing(session)?;
        }
        if let Some(size) = self.info.as_ref().and_then(|info| info.flash_size) {
            session.set_flash_size(size)?;
        }
        Ok(())
    }

    fn refuse_protection(&self, protection: &Protection) -> Result<(), Error> {
        let count = protection.flash_crypt_count;
        if count.count_ones() % 2 == 1 && !self.request.forces(Force::FlashEncryption) {
            return Err(Error::FlashEncryption { count });
        }
        match protection.secure_boot {
            Some(version) if !self.request.forces(Force::SecureBoot) => {
                Err(Error::SecureBoot { version })
            }
            _ => Ok(()),
        }
    }

    fn refuse_revision(&self, info: &DeviceInfo) -> Result<(), Error> {
        for header in &self.request.image.headers {
            let (min, max) = (header.min_revision, header.max_revision);
            let inside =
                min <= info.full_revision && max.is_none_or(|max| info.full_revision <= max);
            if !inside && !self.request.forces(Force::Revision) {
                let version = |revision: u16| format!("v{}.{}", revision / 100, revision % 100);
                return Err(Error::Revision {
                    found: info.revision.clone(),
                    file: header.file.clone(),
                    range: match max {
                        Some(max) => format!("{} to {}", version(min), version(max)),
                        None => format!("{} and newer", version(min)),
                    },
                });
            }
        }
        Ok(())
    }

    fn refuse_flash(&self, size: u32) -> Result<(), Error> {
        for file in &self.request.image.files {
            if file.end() > u64::from(size) {
                return Err(Error::BeyondFlash {
                    file: file.name.clone(),
                    end: file.end(),
                    size,
                });
            }
        }
        let megabytes = |bytes: u32| match bytes >> 20 {
            0 => format!("{} KB", bytes >> 10),
            megabytes => format!("{megabytes} MB"),
        };
        let bootloader = |header: &&HeaderClaims| {
            let mut files = self.request.image.files.iter();
            files.any(|file| file.name == header.file && file.role == Role::Bootloader)
        };
        if self.request.image.detect_size
            && let Some(header) = self.request.image.headers.iter().find(bootloader)
            && let Some(wanted) = header.flash_size
            && wanted != size
            && !self.request.forces(Force::FlashSize)
        {
            return Err(Error::DetectedSize {
                found: megabytes(size),
                file: header.file.clone(),
                header: megabytes(wanted),
            });
        }
        for header in &self.request.image.headers {
            if let Some(wanted) = header.flash_size
                && wanted > size
                && !self.request.forces(Force::FlashSize)
            {
                return Err(Error::FlashSize {
                    found: megabytes(size),
                    file: header.file.clone(),
                    wanted: megabytes(wanted),
                });
            }
        }
        Ok(())
    }

    /// Refuses a device that must not be written to. Nothing is written before.
    fn before_writing(&mut self, session: &mut Session) -> Result<(), Fault> {
        let Some(mut info) = self.info.clone().filter(|info| info.flash_size.is_none()) else {
            return Ok(());
        };
        let refuse = |info: &DeviceInfo, protection: &Protection| {
            self.refuse_protection(protection)?;
            info.flash_size
                .map_or(Ok(()), |size| self.refuse_flash(size))
        };
        let mut protection = session.before_writing(&mut info)?;
        if refuse(&info, &protection).is_err() {
            protection = session.before_writing(&mut info)?;
            refuse(&info, &protection)?;
        }
        let size = info.flash_size;
        self.info = Some(info);
        size.map_or(Ok(()), |size| session.set_flash_size(size))
    }

    /// Says what the device is, once.
    fn introduce(&mut self) {
        if let Some(info) = self.info.as_ref().filter(|_| !self.introduced) {
            self.introduced = true;
            self.progress.connected(info, &self.port, self.baud);
        }
    }

    fn work(&mut self, session: &mut Session) -> Result<(), Fault> {
        if let Some(table) = &self.request.partition_table
            && !self.request.forces(Force::PartitionTable)
            && session.md5(table.offset, table.bytes.len())? != md5(&table.bytes)
            && session.md5(table.offset, table.bytes.len())? != md5(&table.bytes)
        {
            return Err(Error::PartitionTableDiffers.into());
        }
        if self.request.erase && !self.erased && !self.request.dry_run {
            self.before_writing(session)?;
            self.choose_loader(session, 0, true)?;
            let size = self
                .info
                .as_ref()
                .and_then(|info| info.flash_size)
                .unwrap_or(ROM_FLASH_SIZE);
            self.introduce();
            self.progress.erasing();
            self.wrote = true;
            session.erase_flash(size)?;
            self.erased = true;
        }
        loop {
            let open: Vec<usize> = (0..self.files.len())
                .filter(|&index| !self.settled(index))
                .collect();
            if open.is_empty() {
                return Ok(());
            }
            if let Some(&index) = open.iter().find(|&&index| self.everything(index)) {
                self.before_writing(session)?;
                self.choose_loader(session, index, true)?;
                let sectors = (0..self.request.image.files[index].sectors()).collect();
                self.write(session, index, sectors)?;
                continue;
            }
            if let Some(index) = self.changed_application(session, &open)? {
                self.update(session, index, true)?;
                continue;
            }
            let files = &self.request.image.files;
            let regions: Vec<_> = open
                .iter()
                .map(|&index| (files[index].offset, files[index].bytes.len()))
                .collect();
            let found = session.md5s(&regions)?;
            let mut differing = Vec::new();
            for (&index, found) in open.iter().zip(found) {
                if found == md5(&files[index].bytes) {
                    self.files[index].verified = true;
                    self.report(index, 0);
                } else {
                    differing.push((index, found));
                }
            }
            for (index, found) in differing {
                self.settle(session, index, found)?;
            }
        }
    }

    /// Whether nothing is left to do for a file.
    fn settled(&self, index: usize) -> bool {
        let (file, request) = (&self.files[index], self.request);
        file.verified || (request.dry_run && file.compared) || (!request.verify && file.writes > 0)
    }

    /// Whether the file is to be written without a look at what is there.
    fn everything(&self, index: usize) -> bool {
        (self.request.all || self.request.erase) && self.files[index].writes == 0
    }

    /// Where the application's own SHA-256 goes, at its end, if nothing was written yet.
    fn app_hash_region(&self) -> Option<(u32, usize)> {
        let (file, state) = self.app()?;
        let last = file.end() - SHA256 as u64;
        (state.writes == 0 && last < u64::from(ROM_FLASH_SIZE)).then_some((last as u32, SHA256))
    }

    fn app(&self) -> Option<(&FlashFile, &FileProgress)> {
        let mut files = self.request.image.files.iter().zip(&self.files);
        files.find(|(file, _)| file.role == Role::App && file.bytes.len() > SHA256)
    }

    /// An application ends with the SHA-256 of all that is before it: when those few bytes differ on the device, it is another
    /// application, and the stub may as well be there before the search.
    fn changed_application(
        &mut self,
        session: &mut Session,
        open: &[usize],
    ) -> Result<Option<usize>, Fault> {
        let Some(found) = self.app_hash.take() else {
            return Ok(None);
        };
        let is_app = |index: &usize| self.request.image.files[*index].role == Role::App;
        let Some(index) = open.iter().copied().find(is_app) else {
            return Ok(None);
        };
        let hash = self.request.image.files[index].bytes.last_chunk::<SHA256>();
        if hash.is_none_or(|hash| found == md5(hash)) {
            return Ok(None);
        }
        self.before_writing(session)?;
        if found == md5(&[0xFF; SHA256]) {
            // Probably an empty chip: the comparison of all files will tell.
            self.choose_loader(session, index, true)?;
            return Ok(None);
        }
        Ok(Some(index))
    }

    /// Looks again at a file whose MD5 on the device was another, and writes it.
    fn settle(
        &mut self,
        session: &mut Session,
        index: usize,
        mut found: u128,
    ) -> Result<(), Fault> {
        let file = &self.request.image.files[index];
        let wanted = md5(&file.bytes);
        if self.files[index].writes > 0 {
            // It should be there: the answer itself may have been damaged.
            for _ in 0..SECOND_LOOKS {
                found = session.md5(file.offset, file.bytes.len())?;
                if found == wanted {
                    self.files[index].verified = true;
                    return Ok(());
                }
            }
        }
        if self.files[index].writes >= WRITES {
            return Err(Error::Verification {
                file: file.name.clone(),
                found: format!("{found:032x}"),
                wanted: format!("{wanted:032x}"),
                rounds: WRITES,
            }
            .into());
        }
        self.before_writing(session)?;
        if found == md5(&vec![0xFF; file.bytes.len()]) {
            self.choose_loader(session, index, true)?;
            return self.write(session, index, (0..file.sectors()).collect());
        }
        self.update(session, index, false)
    }

    /// Finds what differs of a file, and writes it.
    fn update(
        &mut self,
        session: &mut Session,
        index: usize,
        last_differs: bool,
    ) -> Result<(), Fault> {
        self.choose_loader(session, index, false)?;
        let file = &self.request.image.files[index];
        let mut ask = |regions: &[(u32, usize)]| session.md5s(regions);
        let sectors = differing_sectors(file, last_differs, &mut ask)?;
        self.write(session, index, sectors)
    }

    fn report(&mut self, index: usize, differing: usize) {
        if self.files[index].compared {
            return;
        }
        self.files[index].compared = true;
        self.introduce();
        let file = &self.request.image.files[index];
        self.progress.compared(&FileState {
            name: &file.name,
            offset: file.offset,
            bytes: file.bytes.len(),
            sectors: file.sectors(),
            differing,
        });
    }

    /// Uploads the stub if that makes the rest shorter.
    fn choose_loader(
        &mut self,
        session: &mut Session,
        index: usize,
        all_differ: bool,
    ) -> Result<(), Fault> {
        if session.loader == Loader::Stub || !self.stub_allowed {
            return Ok(());
        }
        let files = &self.request.image.files;
        let open = |&(other, _): &(usize, &FlashFile)| {
            other == index || (all_differ && !self.files[other].verified)
        };
        let suspects = files
            .iter()
            .enumerate()
            .filter(open)
            .map(|(_, file)| file.sectors())
            .sum();
        let total = files.iter().map(FlashFile::sectors).sum();
        if !stub_pays(suspects, all_differ, total, session.baud) {
            return Ok(());
        }
        self.progress.trace("uploading the stub");
        match session.upload_stub() {
            Ok(()) => {
                self.stub_used = true;
                let size = self.info.as_ref().and_then(|info| info.flash_size);
                size.map_or(Ok(()), |size| session.set_flash_size(size))
            }
            Err(fault) => {
                // The ROM can do everything, only slower.
                self.stub_failures += 1;
                self.stub_allowed &= self.stub_failures < 2;
                Err(fault)
            }
        }
    }

    fn write(
        &mut self,
        session: &mut Session,
        index: usize,
        sectors: Vec<usize>,
    ) -> Result<(), Fault> {
        let request = self.request;
        let file = &request.image.files[index];
        self.report(index, sectors.len());
        if request.dry_run {
            self.files[index].sectors.extend(sectors);
            return Ok(());
        }
        self.wrote = true;
        // A damaged command may have gone anywhere.
        if request.verify {
            for other in &mut self.files {
                other.verified = false;
            }
        }
        let total = (sectors.len() * SECTOR) as u64;
        let mut done = 0;
        self.progress.writing(&file.name, done, total);
        for run in runs(&sectors) {
            let start = run.start * SECTOR;
            let mut data = file.bytes[start..(run.end * SECTOR).min(file.bytes.len())].to_vec();
            data.resize(run.len() * SECTOR, 0xFF);
            self.files[index].sectors.extend(run);
            let compressed = session.loader == Loader::Stub;
            let sent = if compressed {
                compress(&data)
            } else {
                data.clone()
            };
            let blocks = session.blocks(&sent);
            let begin = Begin {
                offset: file.offset + start as u32,
                len: data.len(),
                blocks: blocks.len(),
            };
            let mut inflate = Inflate::new(compressed);
            for (sequence, block) in blocks.into_iter().enumerate() {
                let inflated = inflate.block(block);
                let begin = (sequence == 0).then_some(begin);
                session.write_block(begin, sequence, block, inflated)?;
                done += inflated as u64;
                self.bytes_sent += block.len() as u64;
                self.progress.writing(&file.name, done.min(total), total);
            }
            self.bytes_written += data.len() as u64;
        }
        self.files[index].writes += 1;
        self.failures_at_rate = 0;
        self.progress.written();
        Ok(())
    }

    fn finish(&mut self, mut session: Session) -> Result<(Summary, Line), Error> {
        let request = self.request;
        let baud = session.baud;
        let counters = session.counters();
        self.progress.trace(&format!(
            "{} bytes sent, {} received",
            counters.sent, counters.received
        ));
        let stays = request.after == After::NoReset || !self.modem_lines;
        if stays && baud != ROM_BAUD {
            // Whoever comes next looks for the loader at its own rate. What was written is verified already.
            let _ = session.change_baud(ROM_BAUD, self.info.as_ref());
        }
        let (mut line, _) = session.close();
        line.set_baud(ROM_BAUD)?;
        let mut reset = false;
        if request.after == After::HardReset {
            match line.reset(Reset::Run) {
                Ok(()) => reset = true,
                Err(espline::Error::NoModemLines { .. }) => {
                    self.progress
                        .note("the port cannot reset the chip: press EN to start the application");
                }
                Err(error) => return Err(error.into()),
            }
        }
        let files: Vec<_> = request
            .image
            .files
            .iter()
            .zip(&self.files)
            .map(|(file, state)| FileSummary {
                name: file.name.clone(),
                offset: file.offset,
                bytes: file.bytes.len(),
                sectors: file.sectors(),
                sectors_differing: state.sectors.len(),
                verified: state.verified,
            })
            .collect();
        let verified = files.iter().all(|file| file.verified);
        let summary = Summary {
            device: self.info.clone().expect("connected"),
            port: self.port.clone(),
            baud,
            sectors: files.iter().map(|file| file.sectors).sum(),
            sectors_written: files.iter().map(|file| file.sectors_differing).sum(),
            files,
            bytes_written: self.bytes_written,
            bytes_sent: self.bytes_sent,
            erased: self.erased,
            dry_run: request.dry_run,
            stub: self.stub_used,
            reconnects: self.reconnects,
            verified,
            reset,
            seconds: self.start.elapsed().as_secs_f64(),
        };
        Ok((summary, line))
    }
}

/// Tells how many bytes the device makes of each block.
struct Inflate(Option<ZlibDecoder<Vec<u8>>>);

impl Inflate {
    fn new(compressed: bool) -> Self {
        Self(compressed.then(|| ZlibDecoder::new(Vec::new())))
    }

    fn block(&mut self, block: &[u8]) -> usize {
        let Some(decoder) = &mut self.0 else {
            return block.len();
        };
        let before = decoder.get_ref().len();
        decoder
            .write_all(block)
            .and_then(|()| decoder.flush())
            .expect("what was compressed here inflates");
        decoder.get_ref().len() - before
    }
}

fn compress(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(data)
        .expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}
