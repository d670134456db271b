//! Memory of words that bytes and halves can be taken out of.

/// A block of RAM, little-endian.
#[derive(Debug)]
pub struct Ram {
    words: Vec<u32>,
}

impl Ram {
    /// `len` bytes, a multiple of 4, each of which is `byte`.
    pub fn new(len: u32, byte: u8) -> Self {
        Self {
            words: vec![u32::from_ne_bytes([byte; 4]); len as usize / 4],
        }
    }

    /// The word at `offset`, a multiple of 4.
    #[inline(always)]
    pub fn word(&self, offset: u32) -> Option<u32> {
        self.words.get(offset as usize / 4).copied()
    }

    /// The place of the word at `offset`, a multiple of 4.
    #[inline(always)]
    pub fn word_mut(&mut self, offset: u32) -> Option<&mut u32> {
        self.words.get_mut(offset as usize / 4)
    }

    /// The byte at `offset`.
    #[inline(always)]
    pub fn byte(&self, offset: u32) -> Option<u8> {
        let word = self.words.get(offset as usize / 4)?;
        Some((word >> (offset % 4 * 8)) as u8)
    }

    /// Sets the byte at `offset`; whether there is one.
    #[inline(always)]
    pub fn set_byte(&mut self, offset: u32, value: u8) -> bool {
        let shift = offset % 4 * 8;
        match self.words.get_mut(offset as usize / 4) {
            Some(word) => {
                *word = *word & !(0xFF << shift) | u32::from(value) << shift;
                true
            }
            None => false,
        }
    }

    /// The `N` bytes at `offset`, which may be anywhere.
    #[inline(always)]
    pub fn bytes<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for (at, byte) in (offset..).zip(&mut bytes) {
            *byte = self.byte(at)?;
        }
        Some(bytes)
    }

    /// The `len` bytes at `offset`, if all are there.
    pub fn slice(&self, offset: u32, len: u32) -> Option<Vec<u8>> {
        let end = offset.checked_add(len)?.div_ceil(4) as usize;
        let words = self.words.get(offset as usize / 4..end)?;
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        Some(bytes.skip(offset as usize % 4).take(len as usize).collect())
    }

    /// Writes `bytes` at `offset`, which may be anywhere; whether there is room.
    pub fn set_bytes(&mut self, offset: u32, bytes: &[u8]) -> bool {
        (offset..)
            .zip(bytes)
            .all(|(at, &byte)| self.set_byte(at, byte))
    }

    /// The CRC-32 of `words` from word `first` on, as far as there are.
    pub fn checksum(&self, first: u32, words: u32) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let words = self.words.iter().skip(first as usize).take(words as usize);
        for word in words {
            hasher.update(&word.to_le_bytes());
        }
        hasher.finalize()
    }
}
