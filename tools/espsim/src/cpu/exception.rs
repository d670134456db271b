//! Exceptions, interrupts and register windows (Xtensa ISA Reference Manual, "Core Architecture" and the options Exception, Interrupt,
//! High-Priority Interrupt, Debug, Windowed Register).

use super::{Cpu, DEBUG_LEVEL, EXCM_LEVEL, NMI_LEVEL, ProcessorStatus, WINDOWS};

/// EXCCAUSE: why there is an exception.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Cause {
    IllegalInstruction = 0,
    Syscall = 1,
    LoadStoreError = 3,
    LevelOneInterrupt = 4,
    Alloca = 5,
    IntegerDivideByZero = 6,
    InstructionPifAddressError = 14,
    LoadStorePifAddressError = 15,
    InstructionFetchProhibited = 20,
    LoadProhibited = 28,
    StoreProhibited = 29,
    Coprocessor0Disabled = 32,
}

/// DEBUGCAUSE: why there is a debug exception.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebugCause {
    InstructionBreakpoint,
    /// With the number of the DBREAKA register.
    DataBreakpoint(u8),
    Break,
    BreakN,
}

impl DebugCause {
    fn bits(self) -> u32 {
        match self {
            Self::InstructionBreakpoint => 1 << 1,
            Self::DataBreakpoint(number) => 1 << 2 | u32::from(number) << 8,
            Self::Break => 1 << 3,
            Self::BreakN => 1 << 4,
        }
    }
}

/// Vectors, from VECBASE on (ESP32's core-isa.h, XCHAL_*_VECOFS): overflows and underflows are 64 bytes for each kind.
const LEVEL_VECTORS: [u32; 8] = [0, 0x340, 0x180, 0x1C0, 0x200, 0x240, 0x280, 0x2C0];
const KERNEL_VECTOR: u32 = 0x300;
const USER_VECTOR: u32 = 0x340;
const DOUBLE_VECTOR: u32 = 0x3C0;

/// Interrupts of each level (ESP32's core-isa.h, XCHAL_INTLEVELn_MASK).
const LEVEL_MASKS: [u32; 8] = [
    0,
    0x0006_37FF,
    0x0038_0000,
    0x28C0_8800,
    0x5300_0000,
    0x8401_0000,
    0,
    0x0000_4000,
];
/// Interrupts of the timers CCOMPARE0 to CCOMPARE2 (XCHAL_TIMERn_INTERRUPT).
pub const TIMER_INTERRUPTS: [u32; 3] = [6, 15, 16];
/// Interrupts that programs set (XCHAL_INTTYPE_MASK_SOFTWARE).
pub const SOFTWARE_MASK: u32 = 1 << 7 | 1 << 29;
/// Interrupts that an edge of their line sets (XCHAL_INTTYPE_MASK_EXTERN_EDGE).
pub const EDGE_MASK: u32 = 1 << 10 | 1 << 22 | 1 << 28 | 1 << 30;
/// Interrupts that are as their line is: XCHAL_INTTYPE_MASK_EXTERN_LEVEL, and the NMI.
pub const LINE_MASK: u32 = 0x8FBE_333F | 1 << 14;

impl Cpu {
    /// WINDOWBASE: the current window, in fours of registers.
    pub fn window_base(&self) -> u32 {
        (self.a0 / 4) as u32
    }

    /// WINDOWSTART.
    pub fn window_start(&self) -> u32 {
        self.window_start
    }

    /// Sets WINDOWSTART.
    pub fn set_window_start(&mut self, bits: u32) {
        self.window_start = bits & 0xFFFF;
        self.find_free_windows();
    }

    /// Sets WINDOWBASE.
    pub fn set_window_base(&mut self, base: u32) {
        self.a0 = (base % WINDOWS * 4) as usize;
        self.find_free_windows();
    }

    /// Moves the window by `by` fours of registers.
    pub fn rotate(&mut self, by: u32) {
        self.set_window_base(self.window_base().wrapping_add(by));
    }

    /// Whether a frame starts `ahead` windows behind the current one.
    fn starts(&self, ahead: u32) -> bool {
        self.window_start >> (self.window_base().wrapping_add(ahead) % WINDOWS) & 1 == 1
    }

    fn find_free_windows(&mut self) {
        self.windows_free = if self.ps.window_overflow_enable && !self.ps.exception_mode {
            (1..=3).find(|&ahead| self.starts(ahead)).unwrap_or(4) as u8 - 1
        } else {
            3
        };
    }

    /// Sets PS.
    pub fn set_ps(&mut self, ps: ProcessorStatus) {
        self.ps = ps;
        self.find_free_windows();
        self.recheck = true;
    }

    /// The instruction at PC uses registers of a frame that has to be saved first: goes to the handler.
    pub(super) fn window_overflow(&mut self) {
        let ahead = u32::from(self.windows_free) + 1;
        self.ps.old_window_base = self.window_base() as u8;
        self.rotate(ahead);
        let kind = (1..3).find(|&ahead| self.starts(ahead)).unwrap_or(3);
        self.enter_window_vector((kind - 1) * 0x80);
    }

    fn enter_window_vector(&mut self, offset: u32) {
        self.epc[1] = self.pc;
        self.ps.exception_mode = true;
        self.find_free_windows();
        self.recheck = true;
        self.pc = self.vecbase.wrapping_add(offset);
    }

    /// `retw`: returns, or goes to the handler that loads the caller's registers first.
    pub fn return_from_window(&mut self) {
        let a0 = self.a(0);
        let increment = a0 >> 30;
        let live = (1..=3)
            .find(|&back| self.starts(0u32.wrapping_sub(back)))
            .unwrap_or(0);
        if increment == 0
            || live != 0 && live != increment
            || !self.ps.window_overflow_enable
            || self.ps.exception_mode
        {
            self.exception(Cause::IllegalInstruction);
            return;
        }
        let own = self.window_base();
        let target = self.pc & 0xC000_0000 | a0 & 0x3FFF_FFFF;
        self.rotate(0u32.wrapping_sub(increment));
        if self.starts(0) {
            self.set_window_start(self.window_start & !(1 << own));
            self.pc = target;
        } else {
            self.ps.old_window_base = own as u8;
            self.enter_window_vector(0x40 + (increment - 1) * 0x80);
        }
    }

    /// `rfwo` and `rfwu`: back from the handler of an overflow or underflow.
    pub fn return_from_window_exception(&mut self, underflow: bool) {
        let bit = 1 << self.window_base();
        if underflow {
            self.window_start |= bit;
        } else {
            self.window_start &= !bit;
        }
        self.ps.exception_mode = false;
        self.set_window_base(self.ps.old_window_base.into());
        self.recheck = true;
        self.pc = self.epc[1];
    }

    /// Goes to the handler if as many windows behind the first cannot be used without an overflow; whether it does.
    pub fn needs_windows(&mut self, windows: u8) -> bool {
        let overflows = windows > self.windows_free;
        if overflows {
            self.window_overflow();
        }
        overflows
    }

    /// `entry`: the callee's window and frame.
    pub fn enter(&mut self, register: u8, frame: u32) {
        let increment = self.ps.call_increment;
        if register > 3 || !self.ps.window_overflow_enable || self.ps.exception_mode {
            self.exception(Cause::IllegalInstruction);
            return;
        }
        if increment > self.windows_free {
            self.window_overflow();
            return;
        }
        let stack = self.a(register).wrapping_sub(frame);
        self.set_a(increment << 2 | register, stack);
        self.rotate(increment.into());
        self.set_window_start(self.window_start | 1 << self.window_base());
        self.pc = self.pc.wrapping_add(3);
    }

    /// Whether `movsp` would take a frame from below its caller's registers.
    pub(super) fn callers_are_saved(&self) -> bool {
        !(1..=3).any(|back| self.starts(0u32.wrapping_sub(back)))
    }

    /// An exception of the instruction at PC.
    pub fn exception(&mut self, cause: Cause) {
        self.exccause = cause as u32;
        let vector = if self.ps.exception_mode {
            self.epc[0] = self.pc;
            DOUBLE_VECTOR
        } else {
            self.epc[1] = self.pc;
            if self.ps.user_mode {
                USER_VECTOR
            } else {
                KERNEL_VECTOR
            }
        };
        self.ps.exception_mode = true;
        self.find_free_windows();
        self.recheck = true;
        self.pc = self.vecbase.wrapping_add(vector);
    }

    /// The same with the address of the access.
    #[cold]
    pub(super) fn access_exception(&mut self, cause: Cause, address: u32) {
        self.excvaddr = address;
        self.exception(cause);
    }

    /// A debug exception of the instruction at PC; whether there is one: not at or above its level.
    pub(super) fn debug_exception(&mut self, cause: DebugCause) -> bool {
        if self.current_level() >= DEBUG_LEVEL {
            return false;
        }
        self.debug.cause = cause.bits();
        self.enter_level(DEBUG_LEVEL);
        true
    }

    fn enter_level(&mut self, level: u8) {
        let index = usize::from(level);
        self.epc[index] = self.pc;
        self.eps[index] = self.ps.bits();
        self.ps.interrupt_level = level;
        self.ps.exception_mode = true;
        self.find_free_windows();
        self.recheck = true;
        self.pc = self.vecbase.wrapping_add(LEVEL_VECTORS[index]);
    }

    /// CINTLEVEL: interrupts of this level and below are masked.
    pub fn current_level(&self) -> u8 {
        let exception = if self.ps.exception_mode {
            EXCM_LEVEL
        } else {
            0
        };
        self.ps.interrupt_level.max(exception)
    }

    /// INTERRUPT: what is pending, enabled or not.
    pub fn pending(&self) -> u32 {
        self.latched | self.lines & LINE_MASK
    }

    /// Sets the lines from outside, a bit for each interrupt.
    pub fn set_lines(&mut self, lines: u32) {
        if lines != self.lines {
            self.latched |= lines & !self.lines & EDGE_MASK;
            self.lines = lines;
            self.recheck = true;
        }
    }

    /// INTSET: sets software interrupts.
    pub fn set_interrupts(&mut self, bits: u32) {
        self.latched |= bits & SOFTWARE_MASK;
        self.recheck = true;
    }

    /// INTCLEAR: clears what software, and what edges set.
    pub fn clear_interrupts(&mut self, bits: u32) {
        self.latched &= !(bits & (SOFTWARE_MASK | EDGE_MASK));
        self.recheck = true;
    }

    /// Takes the interrupt with the highest level that is pending, enabled and not masked; whether there is one.
    pub(super) fn take_interrupt(&mut self) -> bool {
        self.recheck = false;
        let pending = self.pending() & (self.interrupt_enable | LEVEL_MASKS[7]);
        if pending == 0 {
            return false;
        }
        let masked = self.current_level();
        let level = (masked + 1..=NMI_LEVEL)
            .rev()
            .find(|&level| pending & LEVEL_MASKS[usize::from(level)] != 0);
        let Some(level) = level else {
            return false;
        };
        self.waiting = false;
        if level == 1 {
            self.exception(Cause::LevelOneInterrupt);
        } else {
            self.enter_level(level);
        }
        true
    }

    /// Whether an interrupt that waits would be taken with this PS.
    pub(super) fn would_interrupt(&self, ps: ProcessorStatus) -> bool {
        let pending = self.pending() & (self.interrupt_enable | LEVEL_MASKS[7]);
        let exception = if ps.exception_mode { EXCM_LEVEL } else { 0 };
        (ps.interrupt_level.max(exception) + 1..=NMI_LEVEL)
            .any(|level| pending & LEVEL_MASKS[usize::from(level)] != 0)
    }

    /// CCOUNT.
    pub fn ccount(&self) -> u32 {
        (self.cycles as u32).wrapping_add(self.ccount_offset)
    }

    /// Sets CCOUNT.
    pub fn set_ccount(&mut self, value: u32) {
        self.ccount_offset = value.wrapping_sub(self.cycles as u32);
        self.schedule_timers();
    }

    /// CCOMPARE0 to 2.
    pub fn ccompare(&self, number: usize) -> u32 {
        self.ccompare[number]
    }

    /// Sets CCOMPARE0 to 2, which clears the timer's interrupt.
    pub fn set_ccompare(&mut self, number: usize, value: u32) {
        self.ccompare[number] = value;
        self.latched &= !(1 << TIMER_INTERRUPTS[number]);
        self.schedule_timers();
        self.recheck = true;
    }

    /// Whether a timer will wake the core where it waits.
    pub fn expects_interrupt(&self) -> bool {
        let enabled = self.pending() | TIMER_INTERRUPTS.iter().fold(0, |bits, bit| bits | 1 << bit);
        enabled & self.interrupt_enable != 0
    }

    /// The cycle at which the next timer is reached.
    pub fn timer_at(&self) -> u64 {
        self.timer_at
    }

    pub(super) fn schedule_timers(&mut self) {
        let now = self.ccount();
        self.timer_at = self
            .ccompare
            .iter()
            .map(|compare| {
                let distance = u64::from(compare.wrapping_sub(now));
                self.cycles + if distance == 0 { 1 << 32 } else { distance }
            })
            .min()
            .unwrap_or(u64::MAX);
    }

    /// Sets the interrupts of timers that are reached.
    pub(super) fn fire_timers(&mut self) {
        // An instruction may take several cycles (functions of the ROM do): all that lie behind count.
        let late = (self.cycles - self.timer_at) as u32;
        for (compare, interrupt) in self.ccompare.iter().zip(TIMER_INTERRUPTS) {
            if (self.cycles as u32)
                .wrapping_add(self.ccount_offset)
                .wrapping_sub(*compare)
                <= late
            {
                self.latched |= 1 << interrupt;
            }
        }
        self.recheck = true;
        self.schedule_timers();
    }
}
