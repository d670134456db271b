//! Decoded instructions, by address.

use super::instruction::Instruction;

const PAGE_BITS: u32 = 12;
const PAGE: usize = 1 << PAGE_BITS;

type Page = Box<[Instruction; PAGE]>;

/// Decoded instructions in pages of 4 KB: one for each byte, since an instruction may start at any.
#[derive(Debug, Default)]
pub struct CodeCache {
    /// Where a page of the address space is in `pages`.
    index: std::collections::HashMap<u32, usize>,
    pages: Vec<Page>,
    free: Vec<usize>,
    /// The page that was used last, and its place.
    current: Option<(u32, usize)>,
}

fn page_of(pc: u32) -> u32 {
    pc >> PAGE_BITS
}

impl CodeCache {
    /// What is decoded at `pc`.
    #[inline(always)]
    pub fn get(&mut self, pc: u32) -> Instruction {
        match self.current {
            Some((page, slot)) if page == page_of(pc) => match self.pages.get(slot) {
                Some(instructions) => instructions[pc as usize % PAGE],
                None => Instruction::UNDECODED,
            },
            _ => self.get_elsewhere(pc),
        }
    }

    /// The same without a trace.
    pub fn peek(&self, pc: u32) -> Instruction {
        let slot = match self.current {
            Some((page, slot)) if page == page_of(pc) => Some(slot),
            _ => self.index.get(&page_of(pc)).copied(),
        };
        slot.map_or(Instruction::UNDECODED, |slot| {
            self.pages[slot][pc as usize % PAGE]
        })
    }

    #[inline(never)]
    fn get_elsewhere(&mut self, pc: u32) -> Instruction {
        match self.index.get(&page_of(pc)) {
            Some(&slot) => {
                self.current = Some((page_of(pc), slot));
                self.pages[slot][pc as usize % PAGE]
            }
            None => Instruction::UNDECODED,
        }
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
        self.current = None;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
