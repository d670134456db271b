//! What the espflash crate does by itself, for `bench/flash` to compare with: connects to the ROM loader that waits at a
//! port, uploads the stub, raises the baud rate, writes files, and verifies them.
//!
//! `espflash_writer PORT BAUD OFFSET=FILE...`

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use espflash::connection::{Connection, ResetAfterOperation, ResetBeforeOperation};
use espflash::flasher::Flasher;
use espflash::image_format::Segment;
use espflash::target::DefaultProgressCallback;
use serialport::UsbPortInfo;

/// The ROM loader's baud rate.
const ROM_BAUD: u32 = 115_200;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, baud, files @ ..] = arguments.as_slice() else {
        return Err("usage: espflash_writer PORT BAUD OFFSET=FILE...".into());
    };
    let segments = files
        .iter()
        .map(|file| segment(file))
        .collect::<Result<Vec<_>, _>>()?;
    let serial = serialport::new(port, ROM_BAUD)
        .timeout(Duration::from_secs(3))
        .open_native()?;
    let usb = UsbPortInfo {
        vid: 0,
        pid: 0,
        serial_number: None,
        manufacturer: None,
        product: None,
    };
    let connection = Connection::new(
        serial,
        usb,
        ResetAfterOperation::NoResetNoStub,
        ResetBeforeOperation::NoReset,
        ROM_BAUD,
    );
    let (stub, verify, skip) = (true, true, false);
    let mut flasher = Flasher::connect(connection, stub, verify, skip, None, Some(baud.parse()?))?;
    flasher.write_bins_to_flash(&segments, &mut DefaultProgressCallback)?;
    Ok(())
}

fn segment(file: &str) -> Result<Segment<'static>, Box<dyn Error>> {
    let (offset, path) = file
        .split_once('=')
        .ok_or_else(|| format!("{file}: not OFFSET=FILE"))?;
    let offset = offset.strip_prefix("0x").unwrap_or(offset);
    Ok(Segment {
        addr: u32::from_str_radix(offset, 16)?,
        data: Cow::Owned(std::fs::read(path)?),
    })
}
