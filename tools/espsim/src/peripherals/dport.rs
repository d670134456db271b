//! DPORT: the interrupt matrix, the second core's control, caches and their MMU, the CPU clock's divider (ESP32 Technical Reference
//! Manual, "Interrupt Matrix", "System and Memory", "DPort Registers").

use super::psram;
use super::registers::Registers;

const APPCPU_CTRL_A: u32 = 0x2C;
const APPCPU_CTRL_B: u32 = 0x30;
const APPCPU_CTRL_C: u32 = 0x34;
const APPCPU_CTRL_D: u32 = 0x38;
const CPU_PER_CONF: u32 = 0x3C;
/// PRO_CACHE_CTRL and APP_CACHE_CTRL.
const CACHE_CTRL: [u32; 2] = [0x40, 0x58];
const CPU_INTR_FROM_CPU_0: u32 = 0xDC;
const CPU_INTR_FROM_CPU_3: u32 = 0xE8;
/// PRO_INTR_STATUS_0 and APP_INTR_STATUS_0: three words each.
const INTR_STATUS: [u32; 2] = [0xEC, 0xF8];
/// PRO_MAC_INTR_MAP and APP_MAC_INTR_MAP: a word for each source.
const INTR_MAP: [u32; 2] = [0x104, 0x218];
/// PRO_DCACHE_DBUG0 and APP_DCACHE_DBUG0.
const DCACHE_DBUG0: [u32; 2] = [0x3F0, 0x418];

const CACHE_FLUSH_ENA: u32 = 1 << 4;
const CACHE_FLUSH_DONE: u32 = 1 << 5;
const CACHE_ENABLE: u32 = 3;
/// CACHE_STATE of DCACHE_DBUG0: idle.
const CACHE_IDLE: u32 = 1 << 7;
/// Interrupts of the CPU that are inside of it: what sources map to after a reset.
const UNMAPPED: u32 = 16;

/// Sources of interrupts (the manual's table "Configuration Registers and Interrupt Sources").
pub const SOURCES: usize = 69;
/// CPU_INTR_FROM_CPU_0 to 3.
const SOURCE_FROM_CPU_0: usize = 24;

/// Entries of a core's MMU: 64 KB of flash each.
pub const MMU_ENTRIES: usize = 384;
const MMU_INVALID: u32 = 1 << 8;

/// Which sources are high, a bit for each.
pub type SourceBits = u128;

/// The peripheral.
#[derive(Debug)]
pub struct Dport {
    registers: Registers,
    mmu: [[u32; MMU_ENTRIES]; 2],
    /// Of external RAM.
    psram_mmu: [[u32; psram::ENTRIES]; 2],
    /// Sources that are high for each core, as the machine has seen them.
    sources: [SourceBits; 2],
}

impl Default for Dport {
    fn default() -> Self {
        let maps = INTR_MAP
            .iter()
            .flat_map(|map| (0..SOURCES as u32).map(move |source| (map + 4 * source, UNMAPPED)));
        let initial: Vec<_> = maps
            .chain([
                (APPCPU_CTRL_A, 1),
                (CACHE_CTRL[0], CACHE_FLUSH_ENA),
                (CACHE_CTRL[1], CACHE_FLUSH_ENA),
            ])
            .collect();
        Self {
            registers: Registers::new(0x600, &initial),
            mmu: [[MMU_INVALID; MMU_ENTRIES]; 2],
            psram_mmu: [[MMU_INVALID; psram::ENTRIES]; 2],
            sources: [0; 2],
        }
    }
}

impl Dport {
    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        for core in 0..2 {
            let status = INTR_STATUS[core];
            if (status..status + 12).contains(&offset) {
                return (self.sources[core] >> ((offset - status) / 4 * 32)) as u32;
            }
            if offset == DCACHE_DBUG0[core] {
                return CACHE_IDLE;
            }
            if offset == CACHE_CTRL[core] {
                let control = self.registers.get(offset);
                let done = if control & CACHE_FLUSH_ENA != 0 {
                    CACHE_FLUSH_DONE
                } else {
                    0
                };
                return control & !CACHE_FLUSH_DONE | done;
            }
        }
        self.registers.get(offset)
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        self.registers.set(offset, value);
    }

    /// Entry `index` of the MMU of `core`.
    pub fn mmu_entry(&self, core: usize, index: usize) -> u32 {
        self.mmu[core][index % MMU_ENTRIES]
    }

    /// Sets entry `index` of the MMU of `core`.
    pub fn set_mmu_entry(&mut self, core: usize, index: usize, value: u32) {
        self.mmu[core][index % MMU_ENTRIES] = value & 0x1FF;
    }

    /// Entry `index` of the MMU of `core` for external RAM.
    pub fn psram_entry(&self, core: usize, index: usize) -> u32 {
        self.psram_mmu[core][index % psram::ENTRIES]
    }

    /// Sets entry `index` of the MMU of `core` for external RAM.
    pub fn set_psram_entry(&mut self, core: usize, index: usize, value: u32) {
        self.psram_mmu[core][index % psram::ENTRIES] = value & 0x1FF;
    }

    /// The place in external RAM of what `core` sees `offset` bytes behind the start of its addresses; `None` where it is not mapped, or
    /// the cache is off.
    pub fn psram_offset(&self, core: usize, offset: u32) -> Option<u32> {
        let entry = *self.psram_mmu[core].get((offset >> psram::PAGE_BITS) as usize)?;
        let place = (entry & 0xFF) << psram::PAGE_BITS | offset & ((1 << psram::PAGE_BITS) - 1);
        (entry & MMU_INVALID == 0 && self.cache_is_on(core)).then_some(place)
    }

    /// Makes all entries of `core` invalid: the ROM's `mmu_init`.
    pub fn clear_mmu(&mut self, core: usize) {
        self.mmu[core] = [MMU_INVALID; MMU_ENTRIES];
        self.psram_mmu[core] = [MMU_INVALID; psram::ENTRIES];
    }

    /// The flash page of 64 KB that `core` sees in `index`; `None` where it is not mapped, or the cache is off.
    pub fn flash_page(&self, core: usize, index: usize) -> Option<u32> {
        let entry = self.mmu[core][index % MMU_ENTRIES];
        (entry & MMU_INVALID == 0 && self.cache_is_on(core)).then_some(entry & 0xFF)
    }

    /// Whether the cache of `core` is on.
    pub fn cache_is_on(&self, core: usize) -> bool {
        self.registers.bit(CACHE_CTRL[core], CACHE_ENABLE)
    }

    /// Turns the cache of `core` on or off.
    pub fn turn_cache(&mut self, core: usize, on: bool) {
        let control = self.registers.get(CACHE_CTRL[core]) & !(1 << CACHE_ENABLE);
        self.registers
            .set(CACHE_CTRL[core], control | u32::from(on) << CACHE_ENABLE);
    }

    /// The PLL's divider for the CPU: the frequency in MHz.
    pub fn pll_mhz(&self) -> u32 {
        match self.registers.field(CPU_PER_CONF, 0, 2) {
            0 => 80,
            1 => 160,
            _ => 240,
        }
    }

    /// Whether the second core runs: it has a clock, is not in reset, and is not stalled by DPORT.
    pub fn app_cpu_runs(&self) -> bool {
        self.registers.bit(APPCPU_CTRL_B, 0)
            && !self.app_cpu_is_reset()
            && !self.registers.bit(APPCPU_CTRL_C, 0)
    }

    /// Whether the second core is held in reset.
    pub fn app_cpu_is_reset(&self) -> bool {
        self.registers.bit(APPCPU_CTRL_A, 0)
    }

    /// Where the ROM lets the second core start.
    pub fn app_cpu_entry(&self) -> u32 {
        self.registers.get(APPCPU_CTRL_D)
    }

    /// Sets where the ROM lets the second core start.
    pub fn set_app_cpu_entry(&mut self, entry: u32) {
        self.registers.set(APPCPU_CTRL_D, entry);
    }

    /// The interrupt lines of both cores when the peripherals' sources are as `sources` says for each.
    pub fn route(&mut self, peripherals: [SourceBits; 2]) -> [u32; 2] {
        let mut from_cpu = 0;
        for (number, offset) in (CPU_INTR_FROM_CPU_0..=CPU_INTR_FROM_CPU_3)
            .step_by(4)
            .enumerate()
        {
            if self.registers.bit(offset, 0) {
                from_cpu |= 1 << (SOURCE_FROM_CPU_0 + number);
            }
        }
        self.sources = peripherals.map(|sources| sources | from_cpu);
        [0, 1].map(|core| {
            let mut lines = 0;
            let mut rest = self.sources[core];
            while rest != 0 {
                let source = rest.trailing_zeros();
                rest &= rest - 1;
                lines |= 1 << self.registers.field(INTR_MAP[core] + 4 * source, 0, 5);
            }
            lines
        })
    }
}
