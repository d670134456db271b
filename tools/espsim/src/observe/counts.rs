//! How often each instruction was executed.

use std::collections::{BTreeMap, HashMap};

const PAGE_BITS: u32 = 12;
const PAGE: usize = 1 << PAGE_BITS;

type Page = Box<[u64; PAGE]>;

/// Executions by address, in pages of 4 KB.
#[derive(Debug, Default)]
pub struct Counts {
    /// Where a page of the address space is in `pages`.
    index: HashMap<u32, usize>,
    pages: Vec<Page>,
    /// The page that was used last, and its place.
    current: Option<(u32, usize)>,
}

impl Counts {
    /// The instruction at `pc` is executed once more.
    #[inline]
    pub fn add(&mut self, pc: u32) {
        let page = pc >> PAGE_BITS;
        let slot = match self.current {
            Some((current, slot)) if current == page => slot,
            _ => self.look_up(page),
        };
        self.pages[slot][pc as usize % PAGE] += 1;
    }

    fn look_up(&mut self, page: u32) -> usize {
        let slot = *self.index.entry(page).or_insert_with(|| {
            self.pages.push(Box::new([0; PAGE]));
            self.pages.len() - 1
        });
        self.current = Some((page, slot));
        slot
    }

    /// The instructions that were executed, by ascending address, and how often.
    pub fn by_address(&self) -> BTreeMap<u32, u64> {
        let mut counts = BTreeMap::new();
        for (&page, &slot) in &self.index {
            let addresses = page << PAGE_BITS..;
            let executed = addresses
                .zip(self.pages[slot].iter())
                .filter(|&(_, &count)| count != 0);
            counts.extend(executed.map(|(address, &count)| (address, count)));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_counts_for_itself() {
        let mut counts = Counts::default();
        for pc in [0x4008_0FFF, 0x4008_1000, 0x4008_0FFF, 0x400D_0000] {
            counts.add(pc);
        }
        let expected = [(0x4008_0FFF, 2), (0x4008_1000, 1), (0x400D_0000, 1)];
        assert_eq!(counts.by_address(), expected.into());
    }
}
