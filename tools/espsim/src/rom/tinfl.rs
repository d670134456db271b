//! `tinfl_decompress`, the ROM's inflate. What it knows between calls is not in the caller's `tinfl_decompressor` but here, by its address;
//! in it is only `m_state`, its first word, of which 0 means that a stream begins.

use std::collections::HashMap;
use std::fmt;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::{Call, Result};

/// The largest dictionary, and what a decompressor may be asked to write at once.
const WINDOW: u32 = 0x8000;
/// Cycles for a byte that comes out.
const CYCLES: u64 = 20;
/// What `m_state` is when a stream has begun.
const BEGUN: u32 = 1;

/// Streams that are inflated, by the address of their decompressor.
#[derive(Default)]
pub struct Streams(HashMap<u32, Box<DecompressorOxide>>);

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Streams").field(&self.0.len()).finish()
    }
}

/// `tinfl_status tinfl_decompress(tinfl_decompressor *, const uint8_t *in, size_t *in_len, uint8_t *out_start, uint8_t *out, size_t *out_len,
/// uint32_t flags)`.
pub(super) fn tinfl_decompress(call: &mut Call) -> Result {
    if let Some(outcome) = call.resumed() {
        return outcome;
    }
    let state = call.argument(0)?;
    let (from, from_len) = (call.argument(1)?, call.argument(2)?);
    let (start, to, to_len) = (call.argument(3)?, call.argument(4)?, call.argument(5)?);
    let flags = call.argument(6)?;
    let (in_len, room) = (call.read32(from_len)?, call.read32(to_len)?);
    let position = to.wrapping_sub(start);
    if position.saturating_add(room) > WINDOW {
        return call.finish_later(0, TINFLStatus::BadParam as i32 as u32);
    }
    let input = call.read(from, in_len.min(0x1_0000))?;
    let mut output = call.read(start, position + room)?;
    if call.read32(state)? == 0 {
        call.bus.rom.inflate.0.insert(state, Box::default());
        call.write32(state, BEGUN)?;
    }
    let decompressor: &mut DecompressorOxide = call.bus.rom.inflate.0.entry(state).or_default();
    let (status, taken, made) =
        decompress(decompressor, &input, &mut output, position as usize, flags);
    let position = position as usize;
    call.write(to, &output[position..position + made])?;
    call.write32(from_len, taken as u32)?;
    call.write32(to_len, made as u32)?;
    let cycle = crate::clock::cycle(call.bus.peripherals.cpu_mhz());
    call.finish_later(made as u64 * CYCLES * cycle, status as i32 as u32)
}
