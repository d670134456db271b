//! The CPU: one Xtensa LX6 core as the ESP32 has two of them.
//!
//! [`Cpu::run`] executes instructions on a [`Bus`] until a time, or until something wants attention. Chapters of the Xtensa ISA
//! Reference Manual are the order of the files: [`instruction`] decodes, [`execute`] does, [`exception`] has exceptions,
//! interrupts and register windows, [`special`] the special registers, [`float`] the floating-point coprocessor.
//!
//! An instruction takes one cycle. Branches, loads and the pipeline take no more than that, thus programs are somewhat faster than on
//! the chip, where they count cycles.

pub mod exception;
pub mod execute;
pub mod float;
pub mod instruction;
pub mod special;

mod code;
mod poll;

pub use code::CodeCache;
pub use exception::Cause;

use instruction::Instruction;
use special::DebugRegisters;

/// Where an access comes from, for what is on the bus: devices have a clock, reports name the program's place.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The core's cycles since it was made.
    pub cycles: u64,
    /// The instruction's address.
    pub pc: u32,
}

/// Why the bus refuses an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is at this address.
    Address,
    /// Something is there, but it cannot be accessed so: a byte of instruction memory, a store to flash.
    Kind,
}

/// What is at an address that is to be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The four bytes from there on, little-endian, of which an instruction takes two or three.
    Code(u32),
    /// A function that is done natively, by its number.
    Native(u32),
}

/// What a core is connected to.
pub trait Bus {
    /// What is executed at `pc`.
    fn fetch(&mut self, pc: u32) -> Result<Fetched, Fault>;
    /// Reads a byte.
    fn load8(&mut self, origin: Origin, address: u32) -> Result<u8, Fault>;
    /// Reads two bytes, which may be anywhere.
    fn load16(&mut self, origin: Origin, address: u32) -> Result<u16, Fault>;
    /// Reads four bytes, which may be anywhere.
    fn load32(&mut self, origin: Origin, address: u32) -> Result<u32, Fault>;
    /// Writes a byte.
    fn store8(&mut self, origin: Origin, address: u32, value: u8) -> Result<(), Fault>;
    /// Writes two bytes, which may be anywhere.
    fn store16(&mut self, origin: Origin, address: u32, value: u16) -> Result<(), Fault>;
    /// Writes four bytes, which may be anywhere.
    fn store32(&mut self, origin: Origin, address: u32, value: u32) -> Result<(), Fault>;
    /// Whether cores have to stop where they are: an interrupt changed, or decoded code did, or the chip is reset.
    fn attention(&self) -> bool;
    /// Does function `number` of the ROM, whose address is the core's PC.
    fn native(&mut self, cpu: &mut Cpu, number: u32);
    /// Whether [`Bus::executes`] is asked.
    const OBSERVED: bool = false;
    /// The core is about to execute `instruction`, at its PC; whether it may. Where not, it stops there.
    fn executes(&mut self, _cpu: &Cpu, _instruction: Instruction) -> bool {
        true
    }

    /// The address of the instruction that has read a register without an effect, once: a program may be waiting.
    fn take_polled(&mut self) -> Option<u32> {
        None
    }
    /// The word of memory at `address`, which nothing but a core changes.
    fn peek(&self, address: u32) -> Option<u32>;
    /// Whether memory is at `address` that bytes can be read from and written to, and no code that was decoded.
    fn is_plain(&self, address: u32) -> bool;
    /// The bounds of what a register reads as between cycle `from` and cycle `until`, where it goes up with the time or stays the same, and
    /// reading has no effect.
    fn poll(&self, _address: u32, _from: u64, _until: u64) -> Option<(u32, u32)> {
        None
    }
    /// What a write of `value` does between these cycles, where that has no effect but this.
    fn rehearse_store(&self, _address: u32, _value: u32, _from: u64, _until: u64) -> Option<Quiet> {
        None
    }
}

/// What a write to a register does that nobody but the program notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing.
    Nothing,
    /// It sets two registers to a time: addresses, and the bounds of the words.
    Sets([(u32, u32, u32); 2]),
}

/// Why [`Cpu::run`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The time is over.
    Time,
    /// The bus wants attention.
    Attention,
    /// The core waits for an interrupt (`waiti`).
    Waiting,
}

/// Processor status, the fields of the special register PS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorStatus {
    /// INTLEVEL: interrupts of this level and below are masked.
    pub interrupt_level: u8,
    /// EXCM: in an exception or interrupt.
    pub exception_mode: bool,
    /// UM: exceptions go to the user vector.
    pub user_mode: bool,
    /// RING.
    pub ring: u8,
    /// OWB: the window's base before an overflow or underflow.
    pub old_window_base: u8,
    /// CALLINC: the increment of the last call.
    pub call_increment: u8,
    /// WOE: window overflows are detected.
    pub window_overflow_enable: bool,
}

impl ProcessorStatus {
    /// Reads the register's bits.
    pub fn from_bits(bits: u32) -> Self {
        let field = |shift: u32, width: u32| (bits >> shift & ((1 << width) - 1)) as u8;
        Self {
            interrupt_level: field(0, 4),
            exception_mode: field(4, 1) == 1,
            user_mode: field(5, 1) == 1,
            ring: field(6, 2),
            old_window_base: field(8, 4),
            call_increment: field(16, 2),
            window_overflow_enable: field(18, 1) == 1,
        }
    }

    /// The register's bits.
    pub fn bits(self) -> u32 {
        u32::from(self.interrupt_level)
            | u32::from(self.exception_mode) << 4
            | u32::from(self.user_mode) << 5
            | u32::from(self.ring) << 6
            | u32::from(self.old_window_base) << 8
            | u32::from(self.call_increment) << 16
            | u32::from(self.window_overflow_enable) << 18
    }
}

/// Levels of interrupts and exceptions (ESP32's core-isa.h: XCHAL_EXCM_LEVEL, XCHAL_DEBUGLEVEL, XCHAL_NMILEVEL).
pub const EXCM_LEVEL: u8 = 3;
/// The level of debug exceptions.
pub const DEBUG_LEVEL: u8 = 6;
/// The level of the interrupt that cannot be masked.
pub const NMI_LEVEL: u8 = 7;

/// Address registers: 16 windows of four.
pub const ADDRESS_REGISTERS: usize = 64;
const WINDOWS: u32 = 16;

/// A core's registers and what it needs to run.
#[derive(Debug)]
pub struct Cpu {
    /// Program counter.
    pub pc: u32,
    /// Cycles since the core was made: CCOUNT is made of them.
    pub cycles: u64,
    /// PS.
    pub ps: ProcessorStatus,
    /// All address registers; a0 is at four times [`Cpu::window_base`].
    ar: [u32; ADDRESS_REGISTERS],
    /// Number of a0's register.
    a0: usize,
    /// WINDOWSTART: a bit for each window in which a frame starts.
    window_start: u32,
    /// Windows behind the first that can be used without an overflow.
    windows_free: u8,
    /// Shift amount, 0 to 63.
    pub sar: u32,
    /// Loop begin.
    pub lbeg: u32,
    /// Loop end.
    pub lend: u32,
    /// Loop count.
    pub lcount: u32,
    /// Booleans b0 to b15.
    pub br: u32,
    /// Floating-point registers.
    pub fr: [u32; 16],
    /// MAC16's accumulator, 40 bits with sign.
    pub acc: i64,
    /// MAC16's m0 to m3.
    pub mr: [u32; 4],
    /// What s32c1i compares with.
    pub scompare1: u32,
    /// EPC1 to EPC7 at 1 to 7; DEPC at 0.
    pub epc: [u32; 8],
    /// EPS2 to EPS7 at 2 to 7.
    pub eps: [u32; 8],
    /// EXCSAVE1 to EXCSAVE7 at 1 to 7.
    pub excsave: [u32; 8],
    /// EXCCAUSE.
    pub exccause: u32,
    /// EXCVADDR.
    pub excvaddr: u32,
    /// VECBASE.
    pub vecbase: u32,
    /// CPENABLE: bit 0 is the floating-point unit's.
    pub cpenable: u32,
    /// INTENABLE.
    pub interrupt_enable: u32,
    /// Interrupts that are latched: edges, timers, software.
    latched: u32,
    /// Interrupts whose line is high.
    lines: u32,
    /// What CCOUNT is ahead of the cycles.
    ccount_offset: u32,
    /// CCOMPARE0 to CCOMPARE2.
    ccompare: [u32; 3],
    /// The next cycle at which one of them is reached.
    timer_at: u64,
    /// MISC0 to MISC3.
    pub misc: [u32; 4],
    /// THREADPTR.
    pub threadptr: u32,
    /// FCR and FSR.
    pub fcr: u32,
    /// FSR.
    pub fsr: u32,
    /// F64R_LO, F64R_HI and F64S, which are stored only.
    pub f64: [u32; 3],
    debug: DebugRegisters,
    /// PRID.
    pub prid: u32,
    /// Access of the eight regions of 512 MB: data, then instructions (option Region Protection; 15 refuses).
    regions: [[u8; 8]; 2],
    memctl: u32,
    atomctl: u32,
    /// In `waiti`.
    pub waiting: bool,
    /// Something changed that decides about interrupts.
    recheck: bool,
    /// Where [`Cpu::run`] stops at the latest, for functions that wait.
    limit: u64,
    code: CodeCache,
    polls: poll::Polls,
    /// The instruction that has read CCOUNT.
    read_ccount: Option<u32>,
}

/// PRID of the two cores (ESP32 Technical Reference Manual, "Dual core": PRO_CPU and APP_CPU).
pub const PRIDS: [u32; 2] = [0xCDCD, 0xABAB];

impl Cpu {
    /// A core that has been reset, and starts at `pc`.
    pub fn new(prid: u32, pc: u32) -> Self {
        Self {
            pc,
            cycles: 0,
            ps: ProcessorStatus::from_bits(0x1F),
            ar: [0; ADDRESS_REGISTERS],
            a0: 0,
            window_start: 1,
            windows_free: 3,
            sar: 0,
            lbeg: 0,
            lend: 0,
            lcount: 0,
            br: 0,
            fr: [0; 16],
            acc: 0,
            mr: [0; 4],
            scompare1: 0,
            epc: [0; 8],
            eps: [0; 8],
            excsave: [0; 8],
            exccause: 0,
            excvaddr: 0,
            vecbase: 0x4000_0000,
            cpenable: 0,
            interrupt_enable: 0,
            latched: 0,
            lines: 0,
            ccount_offset: 0,
            ccompare: [0; 3],
            timer_at: 1 << 32,
            misc: [0; 4],
            threadptr: 0,
            fcr: 0,
            fsr: 0,
            f64: [0; 3],
            debug: DebugRegisters::default(),
            prid,
            regions: [[2; 8]; 2],
            memctl: 0,
            atomctl: 0x28,
            waiting: false,
            recheck: true,
            limit: 0,
            code: CodeCache::default(),
            polls: poll::Polls::default(),
            read_ccount: None,
        }
    }

    /// Resets the core: it starts at `pc`. Its cycles go on.
    pub fn reset(&mut self, pc: u32) {
        let cycles = self.cycles;
        let polls = std::mem::take(&mut self.polls);
        *self = Self::new(self.prid, pc);
        self.polls = polls;
        self.cycles = cycles;
        self.ccount_offset = 0u32.wrapping_sub(cycles as u32);
        self.schedule_timers();
    }

    /// Address register `number` of the current window, 0 to 15.
    #[inline(always)]
    pub fn a(&self, number: u8) -> u32 {
        self.ar[(self.a0 + usize::from(number)) % ADDRESS_REGISTERS]
    }

    /// Sets address register `number` of the current window.
    #[inline(always)]
    pub fn set_a(&mut self, number: u8, value: u32) {
        self.ar[(self.a0 + usize::from(number)) % ADDRESS_REGISTERS] = value;
    }

    /// Address register `number` of all 64.
    pub fn physical(&self, number: usize) -> u32 {
        self.ar[number % ADDRESS_REGISTERS]
    }

    /// Sets address register `number` of all 64.
    pub fn set_physical(&mut self, number: usize, value: u32) {
        self.ar[number % ADDRESS_REGISTERS] = value;
    }

    /// Nothing is done until cycle `until`, or until the core has to look at interrupts again.
    pub fn wait_until(&mut self, until: u64) {
        self.cycles = self.cycles.max(until.min(self.limit));
    }

    /// Forgets decoded code: of the 4 KB page that `address` is in, or, with `None`, all of it.
    pub fn forget_code(&mut self, address: Option<u32>) {
        match address {
            Some(address) => self.code.forget(address),
            None => self.code.clear(),
        }
    }
}
