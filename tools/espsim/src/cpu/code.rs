//! Decoded instructions, by address.

use std::collections::HashMap;

use super::instruction::Instruction;

const PAGE_BITS: u32 = 12;
const PAGE: usize = 1 << PAGE_BITS;

type Page = Box<[Instruction; PAGE]>;

/// Decoded instructions in pages of 4 KB: one for each byte, since an instruction may start at any.
#[derive(Debug)]
pub struct CodeCache {
    /// Where a page of the address space is in `pages`.
    index: HashMap<u32, usize>,
    pages: Vec<Page>,
    free: Vec<usize>,
    /// The page that was used last, and its place: behind the end where it is not there.
    current: (u32, usize),
}

fn page_of(pc: u32) -> u32 {
    pc >> PAGE_BITS
}

/// No page.
const NONE: (u32, usize) = (u32::MAX, usize::MAX);

impl Default for CodeCache {
    fn default() -> Self {
        Self {
            index: HashMap::new(),
            pages: Vec::new(),
            free: Vec::new(),
            current: NONE,
        }
    }
}

impl CodeCache {
    /// What is decoded at `pc`.
    #[inline(always)]
    pub fn get(&mut self, pc: u32) -> Instruction {
        if page_of(pc) != self.current.0 {
            self.turn_to(pc);
        }
        match self.pages.get(self.current.1) {
            Some(page) => page[pc as usize % PAGE],
            None => Instruction::UNDECODED,
        }
    }

    #[inline(never)]
    fn turn_to(&mut self, pc: u32) {
        let slot = self.index.get(&page_of(pc)).copied();
        self.current = (page_of(pc), slot.unwrap_or(usize::MAX));
    }

    /// The same as [`Self::get`] without a trace.
    pub fn peek(&self, pc: u32) -> Instruction {
        let slot = if page_of(pc) == self.current.0 {
            Some(self.current.1)
        } else {
            self.index.get(&page_of(pc)).copied()
        };
        slot.and_then(|slot| self.pages.get(slot))
            .map_or(Instruction::UNDECODED, |page| page[pc as usize % PAGE])
    }

    /// Keeps what was decoded at `pc`.
    pub fn insert(&mut self, pc: u32, instruction: Instruction) {
        let slot = *self.index.entry(page_of(pc)).or_insert_with(|| {
            self.free.pop().unwrap_or_else(|| {
                self.pages.push(Box::new([Instruction::UNDECODED; PAGE]));
                self.pages.len() - 1
            })
        });
        self.pages[slot][pc as usize % PAGE] = instruction;
        self.current = NONE;
    }

    /// Forgets the page that `address` is in.
    pub fn forget(&mut self, address: u32) {
        // An instruction that starts on a page may end on the next one.
        for page in [page_of(address).wrapping_sub(1), page_of(address)] {
            if let Some(slot) = self.index.remove(&page) {
                self.pages[slot].fill(Instruction::UNDECODED);
                self.free.push(slot);
            }
        }
        self.current = NONE;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
