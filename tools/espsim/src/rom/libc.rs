//! The C library's memory and strings, checksums and MD5.

use std::cmp::Ordering;

use md5::{Digest, Md5};

use super::{BadAddress, Call, Outcome, Result, VOID};

/// The ROM's loops take about a cycle for two bytes.
fn charge(call: &mut Call, len: u32) {
    call.charge(len / 2);
}

fn sign(ordering: Ordering) -> u32 {
    ordering as i32 as u32
}

pub(super) fn memmove(call: &mut Call) -> Result {
    let (to, from, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let bytes = call.read(from, len)?;
    call.write(to, &bytes)?;
    charge(call, len);
    Ok(Outcome::Return(to))
}

fn fill(call: &mut Call, to: u32, byte: u8, len: u32) -> std::result::Result<(), BadAddress> {
    // A length that is wrong would be too much to have at once.
    const PART: u32 = 0x1000;
    let mut at = 0;
    while at < len {
        let part = PART.min(len - at);
        call.write(to.wrapping_add(at), &vec![byte; part as usize])?;
        at += part;
    }
    charge(call, len);
    Ok(())
}

pub(super) fn memset(call: &mut Call) -> Result {
    let (to, byte, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    fill(call, to, byte as u8, len)?;
    Ok(Outcome::Return(to))
}

pub(super) fn bzero(call: &mut Call) -> Result {
    let (to, len) = (call.argument(0)?, call.argument(1)?);
    fill(call, to, 0, len)?;
    VOID
}

pub(super) fn memcmp(call: &mut Call) -> Result {
    let (left, right, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let ordering = call.read(left, len)?.cmp(&call.read(right, len)?);
    charge(call, len);
    Ok(Outcome::Return(sign(ordering)))
}

pub(super) fn strlen(call: &mut Call) -> Result {
    let address = call.argument(0)?;
    let len = call.text(address)?.len() as u32;
    charge(call, len);
    Ok(Outcome::Return(len))
}

pub(super) fn strcmp(call: &mut Call) -> Result {
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    let ordering = call.text(left)?.cmp(&call.text(right)?);
    Ok(Outcome::Return(sign(ordering)))
}

pub(super) fn strncmp(call: &mut Call) -> Result {
    let (left, right, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let (mut left, mut right) = (call.text(left)?, call.text(right)?);
    left.truncate(len as usize);
    right.truncate(len as usize);
    Ok(Outcome::Return(sign(left.cmp(&right))))
}

pub(super) fn strcpy(call: &mut Call) -> Result {
    let (to, from) = (call.argument(0)?, call.argument(1)?);
    let mut text = call.text(from)?;
    text.push(0);
    call.write(to, &text)?;
    Ok(Outcome::Return(to))
}

pub(super) fn strncpy(call: &mut Call) -> Result {
    let (to, from, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let mut text = call.text(from)?;
    text.truncate(len as usize);
    call.write(to, &text)?;
    fill(
        call,
        to.wrapping_add(text.len() as u32),
        0,
        len - text.len() as u32,
    )?;
    Ok(Outcome::Return(to))
}

/// `uint32_t crc32_le(uint32_t crc, const uint8_t *bytes, uint32_t len)`, which begins and ends inverted.
pub(super) fn crc32_le(call: &mut Call) -> Result {
    let (crc, from, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(&call.read(from, len)?);
    call.charge(len.saturating_mul(6));
    Ok(Outcome::Return(hasher.finalize()))
}

/// `void MD5Init(struct MD5Context *)`. The context's content is not the chip's: nobody looks at it.
pub(super) fn md5_init(call: &mut Call) -> Result {
    let context = call.argument(0)?;
    call.bus.rom.md5.insert(context, Md5::new());
    VOID
}

/// `void MD5Update(struct MD5Context *, const uint8_t *bytes, uint32_t len)`.
pub(super) fn md5_update(call: &mut Call) -> Result {
    let (context, from, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let bytes = call.read(from, len)?;
    call.charge(len.saturating_mul(11));
    call.bus.rom.md5.entry(context).or_default().update(&bytes);
    VOID
}

/// `void MD5Final(uint8_t digest[16], struct MD5Context *)`.
pub(super) fn md5_final(call: &mut Call) -> Result {
    let (to, context) = (call.argument(0)?, call.argument(1)?);
    let mut digest: [u8; 16] = call
        .bus
        .rom
        .md5
        .remove(&context)
        .unwrap_or_default()
        .finalize()
        .into();
    let rom = &mut call.bus.rom;
    if rom.script.wrong_md5 && rom.loader.is_some() {
        digest[0] ^= 1;
        rom.script.faults_injected += 1;
    }
    call.write(to, &digest)?;
    VOID
}
