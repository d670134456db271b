//! DMA's lists of descriptors (ESP32 Technical Reference Manual, "DMA Controller", "Linked List").

use crate::bus::DRAM;
use crate::memory::Ram;

/// A descriptor's first word: bytes of its buffer, bytes in it, whether it is the last, and whose it is.
const LENGTH: u32 = 12;
const LENGTH_MASK: u32 = 0xFFF;
const EOF: u32 = 30;
const OWNED_BY_DMA: u32 = 31;
/// What a link's register leaves out of an address.
const LINK_BASE: u32 = 0x3FF0_0000;
const LINK_MASK: u32 = 0xF_FFFF;
/// More descriptors are a list that never ends.
const MOST: usize = 0x1_0000;

/// Why a list does not take what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It ends before.
    NoDescriptor,
    /// It is not in DRAM.
    BadDescriptor,
}

struct Descriptor {
    at: u32,
    first: u32,
    buffer: u32,
    next: u32,
}

impl Descriptor {
    fn read(dram: &Ram, at: u32) -> Option<Self> {
        let word = |index: u32| dram.word(at.wrapping_add(4 * index).wrapping_sub(DRAM));
        Some(Self {
            at,
            first: word(0)?,
            buffer: word(1)?,
            next: word(2)?,
        })
    }
}

fn first_of(link: u32) -> u32 {
    LINK_BASE | link & LINK_MASK
}

/// The first `len` bytes of the list of `link`, zeros behind its end; `None` where it is not in DRAM.
pub fn gather(dram: &Ram, link: u32, len: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    let mut at = first_of(link);
    for _ in 0..MOST {
        let descriptor = Descriptor::read(dram, at)?;
        for index in 0..descriptor.first >> LENGTH & LENGTH_MASK {
            let address = descriptor.buffer.wrapping_add(index);
            bytes.push(dram.byte(address.wrapping_sub(DRAM))?);
        }
        let last = descriptor.first >> EOF & 1 == 1 || descriptor.next == 0;
        if last || bytes.len() >= len {
            break;
        }
        at = descriptor.next;
    }
    bytes.resize(len, 0);
    Some(bytes)
}

/// Writes `bytes` into the buffers of the list of `link`, and how many are in each.
pub fn scatter(dram: &mut Ram, link: u32, bytes: &[u8]) -> Result<(), Refused> {
    let mut rest = bytes;
    let mut at = first_of(link);
    for _ in 0..MOST {
        let descriptor = Descriptor::read(dram, at).ok_or(Refused::BadDescriptor)?;
        let room = (descriptor.first & LENGTH_MASK) as usize;
        let (part, behind) = rest.split_at(rest.len().min(room));
        if !dram.set_bytes(descriptor.buffer.wrapping_sub(DRAM), part) {
            return Err(Refused::BadDescriptor);
        }
        rest = behind;
        let flags = LENGTH_MASK << LENGTH | 1 << EOF | 1 << OWNED_BY_DMA;
        let first = descriptor.first & !flags
            | (part.len() as u32) << LENGTH
            | u32::from(rest.is_empty()) << EOF;
        if let Some(word) = dram.word_mut(descriptor.at.wrapping_sub(DRAM)) {
            *word = first;
        }
        if rest.is_empty() {
            return Ok(());
        }
        if descriptor.next == 0 {
            break;
        }
        at = descriptor.next;
    }
    Err(Refused::NoDescriptor)
}
