//! Registers that hold what was written to them.

/// The words of a peripheral's 4 KB, or the first of them.
#[derive(Debug)]
pub struct Registers {
    words: Vec<u32>,
}

impl Registers {
    /// Registers up to `len` bytes, of which `initial` says which are not zero after a reset: offset and value.
    pub fn new(len: u32, initial: &[(u32, u32)]) -> Self {
        let mut registers = Self {
            words: vec![0; len as usize / 4],
        };
        for &(offset, value) in initial {
            registers.set(offset, value);
        }
        registers
    }

    /// The register at `offset`; 0 behind their end.
    pub fn get(&self, offset: u32) -> u32 {
        self.words.get(offset as usize / 4).copied().unwrap_or(0)
    }

    /// Sets the register at `offset`.
    pub fn set(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut(offset as usize / 4) {
            *word = value;
        }
    }

    /// Bits of the register at `offset`.
    pub fn field(&self, offset: u32, shift: u32, bits: u32) -> u32 {
        self.get(offset) >> shift & ((1 << bits) - 1)
    }

    /// Whether bit `bit` of the register at `offset` is set.
    pub fn bit(&self, offset: u32, bit: u32) -> bool {
        self.field(offset, bit, 1) == 1
    }
}
