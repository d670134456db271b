//! What the cores are connected to: memory, flash behind the caches, the ROM, peripherals (ESP32 Technical Reference Manual, "System and
//! Memory").

use std::collections::VecDeque;
use std::sync::Arc;

use crate::clock::Ticks;
use crate::cpu::{Bus, Cpu, Fault, Fetched, Origin, Quiet};
use crate::memory::Ram;
use crate::peripherals::Peripherals;
use crate::peripherals::psram::{self, Psram};
use crate::rom::{self, Rom, RomImage};

/// Data bus: SRAM 2, then SRAM 1.
pub const DRAM: u32 = 0x3FFA_E000;
const DRAM_LEN: u32 = 0x5_2000;
/// Its end.
pub const DRAM_END: u32 = DRAM + DRAM_LEN;
/// SRAM 1, on the data bus and, its words in reverse order, on the instruction bus.
const SRAM1: u32 = 0x3FFE_0000;
const SRAM1_INSTRUCTIONS: u32 = 0x400A_0000;
const SRAM1_LEN: u32 = 0x2_0000;
/// SRAM 0, of which the caches take the first 64 KB when they are on.
const IRAM: u32 = 0x4007_0000;
const IRAM_LEN: u32 = 0x3_0000;
/// RTC fast memory, on the data bus and on the instruction bus.
const RTC_FAST_DATA: u32 = 0x3FF8_0000;
const RTC_FAST_INSTRUCTIONS: u32 = 0x400C_0000;
const RTC_SLOW: u32 = 0x5000_0000;
const RTC_LEN: u32 = 0x2000;
/// Flash as data: the MMU's entries 0 to 63.
const DROM: u32 = 0x3F40_0000;
const DROM_END: u32 = 0x3F80_0000;
/// External RAM.
const EXTERNAL: u32 = DROM_END;
const EXTERNAL_END: u32 = EXTERNAL + psram::LEN;
/// Flash as instructions: entry 64 is 0x4000_0000; below the RTC's memory is other memory.
const IROM: u32 = 0x400C_2000;
const IROM_END: u32 = 0x40C0_0000;
const IROM_BASE: u32 = 0x4000_0000;
const IROM_FIRST_ENTRY: u32 = 64;
const PAGE_BITS: u32 = 16;

/// What RAM holds after power-on: not zero, so that programs do not count on it.
pub const UNDEFINED: u8 = 0xA5;

const CODE_PAGE_BITS: u32 = 12;
const CODE_START: u32 = IRAM;
const CODE_PAGES: usize = ((IROM - CODE_START) >> CODE_PAGE_BITS) as usize;

/// Why a run cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A function of the ROM that is not there was called.
    NoRomFunction {
        /// Its address.
        address: u32,
        /// Where it would have returned to.
        caller: u32,
    },
    /// The ROM could not go on, such as with an exception that nobody handles.
    Rom {
        /// Why.
        message: String,
    },
}

/// A write to a peripheral's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterWrite {
    /// When.
    pub at: Ticks,
    /// Which core.
    pub core: usize,
    /// The instruction's address.
    pub pc: u32,
    /// The register's address.
    pub address: u32,
    /// The word that is in it then.
    pub value: u32,
}

/// How many of them are known.
const LAST_WRITES: usize = 16;

/// Memory and peripherals.
#[derive(Debug)]
pub struct SystemBus {
    dram: Ram,
    iram: Ram,
    rtc_fast: Ram,
    rtc_slow: Ram,
    psram: Psram,
    /// The peripherals.
    pub peripherals: Peripherals,
    /// What the ROM knows between calls.
    pub rom: Rom,
    /// A real ROM, which is executed.
    pub rom_image: Option<Arc<RomImage>>,
    /// Which core accesses it.
    core: usize,
    /// Where time began for each core: ticks at a number of cycles.
    clocks: [(Ticks, u64); 2],
    /// Ticks of a CPU cycle.
    cycle: Ticks,
    /// Flash offsets of the pages that each core sees, [`NOT_MAPPED`] elsewhere.
    pages: [[u32; 256]; 2],
    /// Pages from [`CODE_START`] on that have been decoded.
    decoded: [bool; CODE_PAGES],
    /// Whether any of them is SRAM 1, which is written to on the data bus.
    sram1_decoded: bool,
    /// Addresses of decoded code that was written to.
    changed_code: Vec<u32>,
    /// The mapping of flash changed.
    remapped: bool,
    /// Cores have to stop: something wants attention, or a register was read without an effect.
    attention: bool,
    /// Something does.
    wanted: bool,
    /// The instruction that has read it.
    polled: Option<u32>,
    /// Why the run cannot go on.
    failure: Option<Failure>,
    last_writes: VecDeque<RegisterWrite>,
    untouched: Option<Untouched>,
}

/// Memory that is as after power-on when an instruction is executed for the first time, whatever bootloaders did with it: for
/// high-water marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untouched {
    /// The instruction's address: the application's entry.
    pub entry: u32,
    /// Addresses of words in data memory.
    pub regions: Vec<std::ops::Range<u32>>,
}

const NOT_MAPPED: u32 = u32::MAX;

/// What the cores have to know.
#[derive(Debug, Default)]
pub struct Changes {
    /// Addresses of decoded code that was written to.
    pub code: Vec<u32>,
    /// All decoded code of flash is stale.
    pub flash: bool,
}

impl SystemBus {
    /// After power-on.
    pub fn new(peripherals: Peripherals) -> Self {
        Self {
            dram: Ram::new(DRAM_LEN, UNDEFINED),
            iram: Ram::new(IRAM_LEN, UNDEFINED),
            rtc_fast: Ram::new(RTC_LEN, UNDEFINED),
            rtc_slow: Ram::new(RTC_LEN, UNDEFINED),
            psram: Psram::new(UNDEFINED),
            peripherals,
            rom: Rom::default(),
            rom_image: None,
            core: 0,
            clocks: [(0, 0); 2],
            cycle: 1,
            pages: [[NOT_MAPPED; 256]; 2],
            decoded: [false; CODE_PAGES],
            sram1_decoded: false,
            changed_code: Vec::new(),
            remapped: true,
            attention: true,
            wanted: true,
            polled: None,
            failure: None,
            last_writes: VecDeque::with_capacity(LAST_WRITES),
            untouched: None,
        }
    }

    /// Says what memory an application finds untouched.
    pub fn set_untouched(&mut self, untouched: Option<Untouched>) {
        self.untouched = untouched;
    }

    fn forget_memory(&mut self, regions: &[std::ops::Range<u32>]) {
        for address in regions.iter().flat_map(|region| region.clone().step_by(4)) {
            if let Some(word) = self.dram.word_mut(address.wrapping_sub(DRAM)) {
                *word = u32::from_ne_bytes([UNDEFINED; 4]);
            }
        }
    }

    /// Says which core accesses it from now on.
    pub fn set_core(&mut self, core: usize) {
        self.core = core;
    }

    /// Which core accesses it.
    pub fn core(&self) -> usize {
        self.core
    }

    /// Says how many ticks a CPU cycle takes from now on.
    pub fn set_cycle(&mut self, cycle: Ticks) {
        self.cycle = cycle;
    }

    /// Says that for `core` it is `now` at `cycles`.
    pub fn set_core_clock(&mut self, core: usize, now: Ticks, cycles: u64) {
        self.clocks[core] = (now, cycles);
    }

    /// The time at which `core` has made `cycles`.
    pub fn time_of(&self, core: usize, cycles: u64) -> Ticks {
        let (now, at) = self.clocks[core];
        now + (cycles - at) * self.cycle
    }

    /// The cycles that `core` has made at `time`, rounded up.
    pub fn cycles_at(&self, core: usize, time: Ticks) -> u64 {
        let (now, at) = self.clocks[core];
        at + time.saturating_sub(now).div_ceil(self.cycle)
    }

    fn now(&self, origin: Origin) -> Ticks {
        self.time_of(self.core, origin.cycles)
    }

    /// What changed since the last call; the cores go on.
    pub fn take_changes(&mut self) -> Changes {
        self.wanted = false;
        self.attention = self.polled.is_some();
        let flash = std::mem::take(&mut self.remapped);
        if flash {
            for core in 0..2 {
                for index in 0..256 {
                    self.pages[core][index] = self
                        .peripherals
                        .dport
                        .flash_page(core, index)
                        .map_or(NOT_MAPPED, |page| page << PAGE_BITS);
                }
            }
        }
        Changes {
            code: std::mem::take(&mut self.changed_code),
            flash,
        }
    }

    /// The mapping of flash, or its content, changed.
    pub fn remap(&mut self) {
        self.remapped = true;
        self.request_attention();
    }

    /// What deep sleep leaves without power.
    pub fn lose_memory(&mut self) {
        let lost = self.peripherals.rtc_cntl.lost_memory();
        self.dram = Ram::new(DRAM_LEN, UNDEFINED);
        self.iram = Ram::new(IRAM_LEN, UNDEFINED);
        if lost.fast {
            self.rtc_fast = Ram::new(RTC_LEN, UNDEFINED);
        }
        if lost.slow {
            self.rtc_slow = Ram::new(RTC_LEN, UNDEFINED);
        }
        self.decoded = [false; CODE_PAGES];
        self.remap();
    }

    /// The checksum of RTC fast memory that the ROM knows a wake stub by.
    pub fn rtc_fast_checksum(&self) -> u32 {
        self.rtc_fast.checksum(0, RTC_LEN / 4)
    }

    /// Something is asked for that the machine has to do: a reset.
    pub fn request_attention(&mut self) {
        self.wanted = true;
        self.attention = true;
    }

    /// The run cannot go on.
    pub fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.request_attention();
    }

    /// The last registers that were written, the last one last.
    pub fn last_writes(&self) -> impl ExactSizeIterator<Item = &RegisterWrite> {
        self.last_writes.iter()
    }

    /// Why the run cannot go on.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// A reset lets the run go on.
    pub fn forget_failure(&mut self) {
        self.failure = None;
    }

    /// The place in flash of what a core sees at `address`, if it is there that flash is mapped to.
    #[inline(always)]
    fn flash_offset(&self, address: u32) -> Option<usize> {
        let index = match address {
            DROM..DROM_END => (address - DROM) >> PAGE_BITS,
            IROM..IROM_END => IROM_FIRST_ENTRY + ((address - IROM_BASE) >> PAGE_BITS),
            _ => return None,
        };
        let page = self.pages[self.core].get(index as usize).copied()?;
        (page != NOT_MAPPED).then_some((page | address & 0xFFFF) as usize)
    }

    fn flash_bytes<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let offset = self.flash_offset(address)?;
        if (address & 0xFFFF) as usize + N > 1 << PAGE_BITS {
            // Over the page's end, where another one may follow.
            let mut bytes = [0; N];
            for (at, byte) in (address..).zip(&mut bytes) {
                let offset = self.flash_offset(at)?;
                *byte = *self.peripherals.flash.data().get(offset)?;
            }
            return Some(bytes);
        }
        self.peripherals
            .flash
            .data()
            .get(offset..offset + N)?
            .try_into()
            .ok()
    }

    /// The RAM at `address` and the offset in it.
    fn ram(&self, address: u32) -> Option<(&Ram, u32)> {
        Some(match address {
            DRAM..0x4000_0000 => (&self.dram, address - DRAM),
            IRAM..SRAM1_INSTRUCTIONS => (&self.iram, address - IRAM),
            SRAM1_INSTRUCTIONS..RTC_FAST_INSTRUCTIONS => (&self.dram, reversed(address)),
            RTC_FAST_INSTRUCTIONS..IROM => (&self.rtc_fast, address - RTC_FAST_INSTRUCTIONS),
            RTC_FAST_DATA..0x3FF8_2000 => (&self.rtc_fast, address - RTC_FAST_DATA),
            RTC_SLOW..0x5000_2000 => (&self.rtc_slow, address - RTC_SLOW),
            EXTERNAL..EXTERNAL_END => {
                let dport = &self.peripherals.dport;
                let offset = dport.psram_offset(self.core, address - EXTERNAL)?;
                (&self.psram.memory, offset)
            }
            _ => return None,
        })
    }

    fn ram_mut(&mut self, address: u32) -> Option<(&mut Ram, u32)> {
        Some(match address {
            DRAM..0x4000_0000 => (&mut self.dram, address - DRAM),
            IRAM..SRAM1_INSTRUCTIONS => (&mut self.iram, address - IRAM),
            SRAM1_INSTRUCTIONS..RTC_FAST_INSTRUCTIONS => (&mut self.dram, reversed(address)),
            RTC_FAST_INSTRUCTIONS..IROM => (&mut self.rtc_fast, address - RTC_FAST_INSTRUCTIONS),
            RTC_FAST_DATA..0x3FF8_2000 => (&mut self.rtc_fast, address - RTC_FAST_DATA),
            RTC_SLOW..0x5000_2000 => (&mut self.rtc_slow, address - RTC_SLOW),
            EXTERNAL..EXTERNAL_END => {
                let dport = &self.peripherals.dport;
                let offset = dport.psram_offset(self.core, address - EXTERNAL)?;
                (&mut self.psram.memory, offset)
            }
            _ => return None,
        })
    }

    #[inline(never)]
    fn load_elsewhere<const N: usize>(
        &mut self,
        origin: Origin,
        address: u32,
    ) -> Result<[u8; N], Fault> {
        // The instruction bus moves aligned words only.
        let whole_words = (IRAM..IROM_END).contains(&address);
        if whole_words && (N != 4 || !address.is_multiple_of(4)) {
            return Err(Fault::Kind);
        }
        if let Some((ram, offset)) = self.ram(address) {
            return ram.bytes(offset).ok_or(Fault::Address);
        }
        if let Some(bytes) = self.flash_bytes(address) {
            return Ok(bytes);
        }
        if let Some(address) = Peripherals::canonical(address) {
            let now = self.now(origin);
            let quiet = self.peripherals.poll(address, now, now).is_some();
            let word = self.peripherals.read(address, now, origin.pc);
            if quiet {
                self.polled = Some(origin.pc);
                self.attention = true;
            } else {
                // Reading a FIFO may change an interrupt.
                self.request_attention();
            }
            let mut bytes = [0; N];
            for (at, byte) in (address % 4..).zip(&mut bytes) {
                *byte = (word >> (at % 4 * 8)) as u8;
            }
            return Ok(bytes);
        }
        if let Some(image) = &self.rom_image {
            return image.bytes(address).ok_or(Fault::Address);
        }
        if let Some(word) = rom::data(address) {
            let mut bytes = [0; N];
            for (at, byte) in (address % 4..).zip(&mut bytes) {
                *byte = (word >> (at % 4 * 8)) as u8;
            }
            return Ok(bytes);
        }
        Err(Fault::Address)
    }

    #[inline(never)]
    fn store_elsewhere(&mut self, origin: Origin, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        let whole_words = (IRAM..IROM).contains(&address);
        if whole_words && (bytes.len() != 4 || !address.is_multiple_of(4)) {
            return Err(Fault::Kind);
        }
        if let Some((ram, offset)) = self.ram_mut(address) {
            if !ram.set_bytes(offset, bytes) {
                return Err(Fault::Address);
            }
            self.look_at_code(address);
            return Ok(());
        }
        if self.flash_offset(address).is_some() {
            return Err(Fault::Kind);
        }
        let canonical = Peripherals::canonical(address).ok_or(Fault::Address)?;
        let now = self.now(origin);
        let value = if bytes.len() == 4 {
            u32::from_le_bytes(bytes.try_into().unwrap_or_default())
        } else {
            let mut word = self
                .peripherals
                .read(canonical, now, origin.pc)
                .to_le_bytes();
            for (at, &byte) in (canonical as usize % 4..).zip(bytes) {
                word[at % 4] = byte;
            }
            u32::from_le_bytes(word)
        };
        if self.last_writes.len() == LAST_WRITES {
            self.last_writes.pop_front();
        }
        self.last_writes.push_back(RegisterWrite {
            at: now,
            core: self.core,
            pc: origin.pc,
            address: canonical & !3,
            value,
        });
        let quiet = self
            .peripherals
            .rehearse_store(canonical, value, now, now)
            .is_some();
        self.peripherals.write(canonical, value, now, origin.pc);
        if self.peripherals.waits_for_memory() {
            self.peripherals.serve(&mut self.dram, &self.rtc_fast);
        }
        if quiet {
            self.polled = Some(origin.pc);
            self.attention = true;
            return Ok(());
        }
        // The caches' control, their MMU.
        if canonical < 0x3FF0_1000 || (0x3FF1_0000..0x3FF1_4000).contains(&canonical) {
            self.remapped = true;
        }
        self.request_attention();
        Ok(())
    }

    /// Whether code was decoded where something was written.
    #[inline(never)]
    fn look_at_code(&mut self, address: u32) {
        let code = on_the_instruction_bus(address);
        if let Some(decoded) = self.decoded.get_mut(code_page(code))
            && *decoded
        {
            *decoded = false;
            self.changed_code.push(code);
            self.request_attention();
        }
    }

    /// Whether code was decoded in the page of an address of the instruction bus.
    fn is_decoded(&self, code: u32) -> bool {
        self.decoded.get(code_page(code)).copied().unwrap_or(false)
    }

    /// Reads `len` bytes at `address` as a core's loads do; for the ROM.
    pub fn read_bytes(&mut self, origin: Origin, address: u32, len: u32) -> Result<Vec<u8>, Fault> {
        if let Some(offset) = address.checked_sub(DRAM)
            && let Some(bytes) = self.dram.slice(offset, len)
        {
            return Ok(bytes);
        }
        (0..len)
            .map(|at| self.peek8(origin, address.wrapping_add(at)))
            .collect()
    }

    /// The byte of memory at `address` as the core sees it, without any effect; peripherals have none.
    pub fn byte_at(&self, address: u32) -> Option<u8> {
        if let Some((ram, offset)) = self.ram(address & !3) {
            return ram.byte(offset + address % 4);
        }
        self.flash_bytes(address).map(|[byte]| byte)
    }

    fn peek8(&mut self, origin: Origin, address: u32) -> Result<u8, Fault> {
        let word = self.load32(origin, address & !3)?;
        Ok((word >> (address % 4 * 8)) as u8)
    }

    /// Writes `bytes` at `address`, into instruction memory as well; whole words at once where they are aligned.
    pub fn write_bytes(&mut self, origin: Origin, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        let (mut address, mut rest) = (address, bytes);
        while let [first, after @ ..] = rest {
            if address.is_multiple_of(4)
                && let Some((word, after)) = rest.split_first_chunk()
            {
                self.store32(origin, address, u32::from_le_bytes(*word))?;
                (address, rest) = (address.wrapping_add(4), after);
                continue;
            }
            if (IRAM..IROM).contains(&address) {
                let shift = address % 4 * 8;
                let word = self.load32(origin, address & !3)?;
                let word = word & !(0xFF << shift) | u32::from(*first) << shift;
                self.store32(origin, address & !3, word)?;
            } else {
                self.store8(origin, address, *first)?;
            }
            (address, rest) = (address.wrapping_add(1), after);
        }
        Ok(())
    }
}

/// The address of the instruction bus of what is at an address of the data bus; other addresses are as they are.
fn on_the_instruction_bus(address: u32) -> u32 {
    match address {
        SRAM1..0x4000_0000 => SRAM1_INSTRUCTIONS + SRAM1_LEN - 4 - ((address - SRAM1) & !3),
        RTC_FAST_DATA..0x3FF8_2000 => RTC_FAST_INSTRUCTIONS + (address - RTC_FAST_DATA),
        _ => address,
    }
}

fn code_page(code: u32) -> usize {
    (code.wrapping_sub(CODE_START) >> CODE_PAGE_BITS) as usize
}

/// The offset in DRAM of an address of SRAM 1 on the instruction bus.
fn reversed(address: u32) -> u32 {
    let word = address & !3;
    SRAM1 - DRAM + SRAM1_LEN - 4 - (word - SRAM1_INSTRUCTIONS)
}

impl Bus for SystemBus {
    fn fetch(&mut self, pc: u32) -> Result<Fetched, Fault> {
        if let Some(untouched) = self.untouched.take_if(|untouched| untouched.entry == pc) {
            self.forget_memory(&untouched.regions);
            self.untouched = Some(untouched);
        }
        if rom::ADDRESSES.contains(&pc) {
            if let Some(image) = &self.rom_image {
                return Ok(Fetched::Code(image.code(pc)));
            }
            return Ok(Fetched::Native(rom::function_at(pc)));
        }
        if let Some(bytes) = self.flash_bytes(pc) {
            return Ok(Fetched::Code(u32::from_le_bytes(bytes)));
        }
        if !(IRAM..IROM).contains(&pc) {
            return Err(Fault::Address);
        }
        for page in [code_page(pc), code_page(pc) + 1] {
            if let Some(decoded) = self.decoded.get_mut(page) {
                *decoded = true;
            }
        }
        self.sram1_decoded |= (SRAM1_INSTRUCTIONS..RTC_FAST_INSTRUCTIONS).contains(&pc);
        let mut word = 0;
        for at in 0..4 {
            let address = pc + at;
            let (ram, offset) = self.ram(address & !3).ok_or(Fault::Address)?;
            let byte = ram.byte(offset + address % 4).ok_or(Fault::Address)?;
            word |= u32::from(byte) << (8 * at);
        }
        Ok(Fetched::Code(word))
    }

    #[inline(always)]
    fn load8(&mut self, origin: Origin, address: u32) -> Result<u8, Fault> {
        match self.dram.byte(address.wrapping_sub(DRAM)) {
            Some(value) => Ok(value),
            None => self.load_elsewhere::<1>(origin, address).map(|[byte]| byte),
        }
    }

    #[inline(always)]
    fn load16(&mut self, origin: Origin, address: u32) -> Result<u16, Fault> {
        let offset = address.wrapping_sub(DRAM);
        if address.is_multiple_of(2)
            && let Some(word) = self.dram.word(offset)
        {
            return Ok((word >> (address % 4 * 8)) as u16);
        }
        self.load_elsewhere(origin, address).map(u16::from_le_bytes)
    }

    #[inline(always)]
    fn load32(&mut self, origin: Origin, address: u32) -> Result<u32, Fault> {
        if address.is_multiple_of(4)
            && let Some(word) = self.dram.word(address.wrapping_sub(DRAM))
        {
            return Ok(word);
        }
        if address.is_multiple_of(4)
            && let Some(bytes) = self.flash_bytes(address)
        {
            return Ok(u32::from_le_bytes(bytes));
        }
        self.load_elsewhere(origin, address).map(u32::from_le_bytes)
    }

    #[inline(always)]
    fn store8(&mut self, origin: Origin, address: u32, value: u8) -> Result<(), Fault> {
        if self.dram.set_byte(address.wrapping_sub(DRAM), value) {
            if self.sram1_decoded {
                self.look_at_code(address);
            }
            return Ok(());
        }
        self.store_elsewhere(origin, address, &[value])
    }

    #[inline(always)]
    fn store16(&mut self, origin: Origin, address: u32, value: u16) -> Result<(), Fault> {
        if address.is_multiple_of(2)
            && let Some(word) = self.dram.word_mut(address.wrapping_sub(DRAM))
        {
            let shift = address % 4 * 8;
            *word = *word & !(0xFFFF << shift) | u32::from(value) << shift;
            if self.sram1_decoded {
                self.look_at_code(address);
            }
            return Ok(());
        }
        self.store_elsewhere(origin, address, &value.to_le_bytes())
    }

    #[inline(always)]
    fn store32(&mut self, origin: Origin, address: u32, value: u32) -> Result<(), Fault> {
        if address.is_multiple_of(4)
            && let Some(word) = self.dram.word_mut(address.wrapping_sub(DRAM))
        {
            *word = value;
            if self.sram1_decoded {
                self.look_at_code(address);
            }
            return Ok(());
        }
        self.store_elsewhere(origin, address, &value.to_le_bytes())
    }

    #[inline(always)]
    fn attention(&self) -> bool {
        self.attention
    }

    fn take_polled(&mut self) -> Option<u32> {
        self.attention = self.wanted;
        self.polled.take()
    }

    fn peek(&self, address: u32) -> Option<u32> {
        // What a loop writes to on the data bus would not be seen here, but for code, which is not plain.
        if (SRAM1_INSTRUCTIONS..RTC_FAST_INSTRUCTIONS).contains(&address)
            && !self.is_decoded(address)
        {
            return None;
        }
        match self.ram(address) {
            Some((ram, offset)) => ram.word(offset & !3),
            None => self.flash_bytes(address).map(u32::from_le_bytes),
        }
    }

    fn is_plain(&self, address: u32) -> bool {
        (DRAM..0x4000_0000).contains(&address) && !self.is_decoded(on_the_instruction_bus(address))
    }

    fn poll(&self, address: u32, from: u64, until: u64) -> Option<(u32, u32)> {
        let [from, until] = [from, until].map(|cycles| self.time_of(self.core, cycles));
        let address = Peripherals::canonical(address)?;
        self.peripherals.poll(address, from, until)
    }

    fn rehearse_store(&self, address: u32, value: u32, from: u64, until: u64) -> Option<Quiet> {
        let [from, until] = [from, until].map(|cycles| self.time_of(self.core, cycles));
        self.peripherals.rehearse_store(address, value, from, until)
    }

    fn native(&mut self, cpu: &mut Cpu, number: u32) {
        rom::call(self, cpu, number);
    }
}
