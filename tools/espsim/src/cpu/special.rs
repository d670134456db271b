//! Special registers (`rsr`, `wsr`, `xsr`), user registers (`rur`, `wur`), and what refuses accesses: region protection and data
//! breakpoints. Numbers are those of the Xtensa ISA Reference Manual, "Special Register Numbers".

use super::{Cpu, ProcessorStatus};

/// Registers of the Debug option. ICOUNT does not count.
#[derive(Debug, Default)]
pub(super) struct DebugRegisters {
    pub(super) cause: u32,
    ibreak_enable: u32,
    ibreak_address: [u32; 2],
    dbreak_control: [u32; 2],
    dbreak_address: [u32; 2],
    ddr: u32,
    icount: u32,
    icount_level: u32,
    /// Where data breakpoints are, at most: the first address, and how many.
    watched: (u32, u32),
}

impl DebugRegisters {
    /// Finds where accesses have to be looked at: breakpoints are in blocks of 64 bytes, and accesses have up to four.
    fn find_watched(&mut self) {
        let blocks = (0..2)
            .filter(|&number| self.dbreak_control[number] & (DBREAK_LOAD | DBREAK_STORE) != 0)
            .map(|number| self.dbreak_address[number] & !DBREAK_MASK);
        let (first, last) = blocks.fold((u32::MAX, 0), |(first, last), block| {
            (first.min(block), last.max(block))
        });
        self.watched = match last.checked_sub(first) {
            Some(between) => (first.wrapping_sub(3), between.saturating_add(64 + 3)),
            None => (0, 0),
        };
    }
}

/// DBREAKC: break on loads, on stores; the mask of addresses.
const DBREAK_LOAD: u32 = 1 << 30;
const DBREAK_STORE: u32 = 1 << 31;
const DBREAK_MASK: u32 = 0x3F;

/// CONFIGID0 and CONFIGID1 of the ESP32 (its core-isa.h, XCHAL_HW_CONFIGID0 and 1).
const CONFIG_IDS: [u32; 2] = [0xC2BC_FFFE, 0x1CC5_FE96];

/// What an access is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Load,
    Store,
}

/// Access attribute of a region that refuses everything.
const NO_ACCESS: u8 = 15;

impl Cpu {
    /// Reads special register `number`; `None` where the core has none, or one that cannot be read.
    pub fn special(&self, number: u32) -> Option<u32> {
        let index = (number & 0xF) as usize;
        Some(match number {
            0 => self.lbeg,
            1 => self.lend,
            2 => self.lcount,
            3 => self.sar,
            4 => self.br,
            12 => self.scompare1,
            16 => self.acc as u32,
            17 => (self.acc >> 32) as u32,
            32..=35 => self.mr[index],
            72 => self.window_base(),
            73 => self.window_start(),
            96 => self.debug.ibreak_enable,
            97 => self.memctl,
            99 => self.atomctl,
            104 => self.debug.ddr,
            128 | 129 => self.debug.ibreak_address[index],
            144 | 145 => self.debug.dbreak_address[index],
            160 | 161 => self.debug.dbreak_control[index],
            176 => CONFIG_IDS[0],
            177..=183 => self.epc[index],
            192 => self.epc[0],
            194..=199 => self.eps[index],
            208 => CONFIG_IDS[1],
            209..=215 => self.excsave[index],
            224 => self.cpenable,
            226 => self.pending(),
            228 => self.interrupt_enable,
            230 => self.ps.bits(),
            231 => self.vecbase,
            232 => self.exccause,
            233 => self.debug.cause,
            234 => self.ccount(),
            235 => self.prid,
            236 => self.debug.icount,
            237 => self.debug.icount_level,
            238 => self.excvaddr,
            240..=242 => self.ccompare(index),
            244..=247 => self.misc[index - 4],
            _ => return None,
        })
    }

    /// Writes special register `number`; whether the core has one that can be written.
    pub fn set_special(&mut self, number: u32, value: u32) -> bool {
        let index = (number & 0xF) as usize;
        match number {
            0 => self.lbeg = value,
            1 => self.lend = value,
            2 => self.lcount = value,
            3 => self.sar = value & 0x3F,
            4 => self.br = value & 0xFFFF,
            12 => self.scompare1 = value,
            16 => self.acc = self.acc >> 32 << 32 | i64::from(value),
            17 => self.acc = i64::from(value as i8) << 32 | self.acc & 0xFFFF_FFFF,
            32..=35 => self.mr[index] = value,
            72 => self.set_window_base(value),
            73 => self.set_window_start(value),
            // MMID is for trace probes only.
            89 => {}
            96 => self.debug.ibreak_enable = value & 3,
            97 => self.memctl = value,
            99 => self.atomctl = value & 0x3F,
            104 => self.debug.ddr = value,
            128 | 129 => self.debug.ibreak_address[index] = value,
            144 | 145 => {
                self.debug.dbreak_address[index] = value;
                self.debug.find_watched();
            }
            160 | 161 => {
                self.debug.dbreak_control[index] = value;
                self.debug.find_watched();
            }
            177..=183 => self.epc[index] = value,
            192 => self.epc[0] = value,
            194..=199 => self.eps[index] = value,
            209..=215 => self.excsave[index] = value,
            224 => self.cpenable = value & 0xFF,
            226 => self.set_interrupts(value),
            227 => self.clear_interrupts(value),
            228 => {
                self.interrupt_enable = value;
                self.recheck = true;
            }
            230 => self.set_ps(ProcessorStatus::from_bits(value)),
            231 => self.vecbase = value & !0x3FF,
            232 => self.exccause = value & 0x3F,
            233 => self.debug.cause = value,
            234 => self.set_ccount(value),
            236 => self.debug.icount = value,
            237 => self.debug.icount_level = value,
            238 => self.excvaddr = value,
            240..=242 => self.set_ccompare(index, value),
            244..=247 => self.misc[index - 4] = value,
            _ => return false,
        }
        true
    }

    /// Reads user register `number`.
    pub fn user(&self, number: u32) -> Option<u32> {
        Some(match number {
            231 => self.threadptr,
            232 => self.fcr,
            233 => self.fsr,
            234..=236 => self.f64[number as usize - 234],
            _ => return None,
        })
    }

    /// Writes user register `number`; whether the core has it.
    pub fn set_user(&mut self, number: u32, value: u32) -> bool {
        match number {
            231 => self.threadptr = value,
            232 => self.fcr = value & 0x7F,
            233 => self.fsr = value & 0xF80,
            234..=236 => self.f64[number as usize - 234] = value,
            _ => return false,
        }
        true
    }

    /// Whether an instruction breakpoint is set for the instruction at PC.
    pub(super) fn instruction_breakpoint(&self) -> bool {
        let debug = &self.debug;
        debug
            .ibreak_address
            .iter()
            .enumerate()
            .any(|(index, &address)| debug.ibreak_enable >> index & 1 == 1 && address == self.pc)
    }

    /// Whether any instruction breakpoint is set.
    pub(super) fn has_instruction_breakpoints(&self) -> bool {
        self.debug.ibreak_enable != 0
    }

    /// Whether a data breakpoint may be at `address`, or just behind it.
    #[inline(always)]
    pub(super) fn watches(&self, address: u32) -> bool {
        let (first, len) = self.debug.watched;
        address.wrapping_sub(first) < len
    }

    /// The data breakpoint that an access of `len` bytes hits.
    #[cold]
    pub(super) fn data_breakpoint(&self, access: Access, address: u32, len: u32) -> Option<u8> {
        let bit = match access {
            Access::Load => DBREAK_LOAD,
            Access::Store => DBREAK_STORE,
        };
        (0..2u8).find(|&number| {
            let control = self.debug.dbreak_control[usize::from(number)];
            let breakpoint = self.debug.dbreak_address[usize::from(number)];
            let mask = control & DBREAK_MASK | !DBREAK_MASK;
            control & bit != 0
                && (0..len).any(|at| address.wrapping_add(at) & mask == breakpoint & mask)
        })
    }

    /// Whether data at `address` may be accessed.
    #[inline(always)]
    pub(super) fn may_access(&self, address: u32) -> bool {
        self.regions[0][(address >> 29) as usize] != NO_ACCESS
    }

    /// Whether instructions at `address` may be executed.
    pub(super) fn may_execute(&self, address: u32) -> bool {
        self.regions[1][(address >> 29) as usize] != NO_ACCESS
    }

    /// The attribute of the region of `address`: of data, or of instructions.
    pub(super) fn region(&self, instructions: bool, address: u32) -> u32 {
        self.regions[usize::from(instructions)][(address >> 29) as usize].into()
    }

    /// `wdtlb` and `witlb`: sets it.
    pub(super) fn set_region(&mut self, instructions: bool, address: u32, attribute: u32) {
        self.regions[usize::from(instructions)][(address >> 29) as usize] = attribute as u8 & 0xF;
        if instructions {
            // What may be executed was looked at when it was decoded.
            self.code.clear();
        }
    }
}
