//! The ROM: its functions, done natively, and its data, at the chip's addresses (the linker scripts of the crate `esp-rom-sys` list
//! them; there is no ROM image to ship).
//!
//! [`call`] does the function at a core's PC. What comes in by the windowed ABI is in the registers that the callee would see behind
//! `entry`; nothing is saved, since no window is taken. A function takes the cycles that it charges, and interrupts wait that long, but
//! for those that wait themselves ([`Outcome::Wait`]).
//!
//! [`serial_loader`] is the ROM's download mode. [`RomImage`] is a real ROM instead of all this.

use std::collections::HashMap;
use std::sync::LazyLock;

use md5::Md5;

use crate::bus::{Failure, SystemBus};
use crate::clock::Ticks;
use crate::cpu::{Bus, Cause, Cpu, Origin};

mod boot;
mod console;
mod flash;
mod interrupts;
mod libc;
mod libgcc;
mod qsort;
mod soft_float;
mod spiflash;
mod stdio;
mod strings;
mod system;
mod tinfl;
mod vectors;

mod image;
pub mod serial_loader;
pub mod slip;

pub use image::RomImage;
use serial_loader::SerialLoader;

/// Where the ROM's code is.
pub const ADDRESSES: std::ops::Range<u32> = 0x4000_0000..0x4007_0000;
/// Where cores start.
pub const RESET_VECTOR: u32 = 0x4000_0400;
/// Where the second-stage bootloader would return to.
const BOOT_RETURN: u32 = 0x4000_7000;
/// Where a wake stub returns to.
const WOKEN: u32 = 0x4000_7010;

/// The word that tells ESP32s from other chips: it is code (esptool's CHIP_DETECT_MAGIC_REG_ADDR).
const CHIP_MAGIC: (u32, u32) = (0x4000_1000, 0x00F0_1D83);

/// The ROM's variables that programs use, too, in RAM.
mod variable {
    /// CPU cycles of a microsecond, for each core.
    pub const TICKS_PER_US: [u32; 2] = [0x3FFE_01E0, 0x3FFE_40F0];
    /// What the flash chip is: JEDEC ID, bytes of chip, block, sector, page, mask of the status.
    pub const FLASH_CHIP: u32 = 0x3FFA_E270;
    /// `UartDev`: the console, of which the first word is the rate that it started with.
    pub const UART_DEVICE: u32 = 0x3FFE_019C;
    /// `user_code_start`.
    pub const USER_CODE_START: u32 = 0x3FFE_0400;
    /// The top of the first core's stack, and of the second core's.
    pub const STACK: [u32; 2] = [0x3FFE_3F20, 0x3FFE_7E30];
}

/// What the ROM knows between calls that is not in RAM.
#[derive(Debug, Default)]
pub struct Rom {
    /// Until when the callers wait that a core and a stack pointer name.
    waits: HashMap<(usize, u32), Ticks>,
    /// MD5 sums under way, by the address of their context.
    md5: HashMap<u32, Md5>,
    /// Streams that are inflated, by the address of their decompressor.
    inflate: tinfl::Streams,
    /// Calls that are done and wait for their time, and what they return.
    finishing: HashMap<CallKey, (Ticks, u32)>,
    /// How far calls are that work in steps.
    steps: HashMap<CallKey, u32>,
    /// Handlers of interrupts, by core and interrupt.
    handlers: HashMap<(usize, u32), interrupts::Handler>,
    /// What is interrupted, the last one behind.
    interrupted: Vec<interrupts::Interrupted>,
    /// The serial loader, from a reset into it on; what it has loaded may run.
    pub loader: Option<Box<SerialLoader>>,
    /// What is different for a test, whatever is reset.
    pub script: Script,
}

/// What the ROM does otherwise for a test.
#[derive(Debug, Default)]
pub struct Script {
    /// What is printed instead of running the bootloader in flash.
    pub console: Option<Vec<u8>>,
    /// MD5 sums are off by a bit in download mode.
    pub wrong_md5: bool,
    /// Rates that the loader's CHANGE_BAUDRATE refuses.
    pub refused_bauds: Vec<u32>,
    /// How often that was done.
    pub faults_injected: u64,
}

/// What tells calls apart that have not returned: core, stack pointer, function.
type CallKey = (usize, u32, u32);

impl Rom {
    /// Whether what is at `pc` waits for something to come in.
    pub fn waits(&self, pc: u32) -> bool {
        pc == serial_loader::ADDRESS || pc == BOOT_RETURN && self.script.console.is_some()
    }

    /// What a reset leaves.
    pub fn reset(&mut self) {
        let script = std::mem::take(&mut self.script);
        *self = Self {
            script,
            ..Self::default()
        };
    }
}

/// How a function ends.
enum Outcome {
    /// It returns.
    Return(u32),
    /// It returns 64 bits.
    ReturnWide(u64),
    /// It goes on at this time, and is called again until then.
    Wait(Ticks),
    /// PC is where the core goes on.
    Jumped,
}

/// An access by a function that the bus refuses.
struct BadAddress {
    address: u32,
}

type Result = std::result::Result<Outcome, BadAddress>;
type Function = fn(&mut Call) -> Result;

const VOID: Result = Ok(Outcome::Return(0));

/// A call by a core.
struct Call<'a> {
    bus: &'a mut SystemBus,
    cpu: &'a mut Cpu,
}

impl Call<'_> {
    fn core(&self) -> usize {
        self.bus.core()
    }

    fn now(&self) -> Ticks {
        self.bus.time_of(self.core(), self.cpu.cycles)
    }

    /// The caller's registers that the callee would see from a0 on.
    fn register(&self, number: u8) -> u32 {
        let increment = usize::from(self.cpu.ps.call_increment) * 4;
        let first = self.cpu.window_base() as usize * 4;
        self.cpu.physical(first + increment + usize::from(number))
    }

    fn set_register(&mut self, number: u8, value: u32) {
        let increment = usize::from(self.cpu.ps.call_increment) * 4;
        let first = self.cpu.window_base() as usize * 4;
        self.cpu
            .set_physical(first + increment + usize::from(number), value);
    }

    /// Argument `index`: six are in registers, the others on the caller's stack.
    fn argument(&mut self, index: u32) -> std::result::Result<u32, BadAddress> {
        match index {
            0..6 => Ok(self.register(2 + index as u8)),
            _ => self.read32(self.cpu.a(1).wrapping_add(4 * (index - 6))),
        }
    }

    /// The argument of 64 bits in arguments `index` and the one behind.
    fn wide(&self, index: u8) -> u64 {
        u64::from(self.register(3 + index)) << 32 | u64::from(self.register(2 + index))
    }

    fn key(&self) -> CallKey {
        (self.core(), self.cpu.a(1), self.cpu.pc)
    }

    /// The function has done its work, and returns `value` after `time`; interrupts come in the meantime. It asks [`Self::resumed`] first.
    fn finish_later(&mut self, time: Ticks, value: u32) -> Result {
        let until = self.now() + time;
        self.bus.rom.finishing.insert(self.key(), (until, value));
        Ok(Outcome::Wait(until))
    }

    /// How the function ends if it has done its work.
    fn resumed(&mut self) -> Option<Result> {
        let key = self.key();
        let &(until, value) = self.bus.rom.finishing.get(&key)?;
        if until > self.now() {
            return Some(Ok(Outcome::Wait(until)));
        }
        self.bus.rom.finishing.remove(&key);
        Some(Ok(Outcome::Return(value)))
    }

    fn origin(&self) -> Origin {
        Origin {
            cycles: self.cpu.cycles,
            pc: self.cpu.pc,
        }
    }

    /// The function takes `cycles`.
    fn charge(&mut self, cycles: u32) {
        self.cpu.cycles += u64::from(cycles);
    }

    fn read(&mut self, address: u32, len: u32) -> std::result::Result<Vec<u8>, BadAddress> {
        let origin = self.origin();
        self.bus
            .read_bytes(origin, address, len)
            .map_err(|_| BadAddress { address })
    }

    fn read32(&mut self, address: u32) -> std::result::Result<u32, BadAddress> {
        if address.is_multiple_of(4) {
            let origin = self.origin();
            return self
                .bus
                .load32(origin, address)
                .map_err(|_| BadAddress { address });
        }
        let bytes = self.read(address, 4)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u32::from(byte)))
    }

    /// The bytes from `address` to the first zero.
    fn text(&mut self, address: u32) -> std::result::Result<Vec<u8>, BadAddress> {
        let mut text = Vec::new();
        loop {
            let byte = self.read(address.wrapping_add(text.len() as u32), 1)?[0];
            if byte == 0 {
                return Ok(text);
            }
            text.push(byte);
        }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> std::result::Result<(), BadAddress> {
        let origin = self.origin();
        self.bus
            .write_bytes(origin, address, bytes)
            .map_err(|_| BadAddress { address })
    }

    fn write32(&mut self, address: u32, value: u32) -> std::result::Result<(), BadAddress> {
        self.write(address, &value.to_le_bytes())
    }

    /// Returns to the caller, as `retw` would.
    fn return_to_caller(&mut self) {
        let target = self.register(0);
        self.cpu.pc = self.cpu.pc & 0xC000_0000 | target & 0x3FFF_FFFF;
    }
}

/// The number of the function at `address`: its place in the table, or one behind its end.
pub fn function_at(address: u32) -> u32 {
    let found = FUNCTIONS.binary_search_by_key(&address, |entry| entry.0);
    found.unwrap_or(FUNCTIONS.len()) as u32
}

/// Word of the ROM that programs read as data.
pub fn data(address: u32) -> Option<u32> {
    (address & !3 == CHIP_MAGIC.0).then_some(CHIP_MAGIC.1)
}

/// Does function `number`.
pub fn call(bus: &mut SystemBus, cpu: &mut Cpu, number: u32) {
    let mut call = Call { bus, cpu };
    let Some(&(_, _, function)) = FUNCTIONS.get(number as usize) else {
        let address = call.cpu.pc;
        let caller = call.register(0) & 0x3FFF_FFFF | 0x4000_0000;
        call.bus.fail(Failure::NoRomFunction { address, caller });
        return;
    };
    match function(&mut call) {
        Ok(Outcome::Return(value)) => {
            call.set_register(2, value);
            call.return_to_caller();
        }
        Ok(Outcome::ReturnWide(value)) => {
            call.set_register(2, value as u32);
            call.set_register(3, (value >> 32) as u32);
            call.return_to_caller();
        }
        Ok(Outcome::Wait(until)) => {
            let cycles = call.bus.cycles_at(call.core(), until);
            call.cpu.wait_until(cycles);
        }
        Ok(Outcome::Jumped) => {}
        Err(BadAddress { address }) => {
            call.cpu.excvaddr = address;
            call.cpu.exception(Cause::LoadStorePifAddressError);
        }
    }
}

/// The functions at their addresses, with their names. Ascending.
static FUNCTIONS: LazyLock<Vec<(u32, &str, Function)>> = LazyLock::new(|| {
    let mut functions = [
        TABLE,
        libgcc::FUNCTIONS,
        soft_float::FUNCTIONS,
        stdio::FUNCTIONS,
        strings::FUNCTIONS,
    ]
    .concat();
    functions.sort_by_key(|entry| entry.0);
    functions
});

/// Those of the other files.
const TABLE: &[(u32, &str, Function)] = &[
    (0x4000_0000, "_WindowOverflow4", vectors::overflow4),
    (0x4000_0040, "_WindowUnderflow4", vectors::underflow4),
    (0x4000_0080, "_WindowOverflow8", vectors::overflow8),
    (0x4000_00C0, "_WindowUnderflow8", vectors::underflow8),
    (0x4000_0100, "_WindowOverflow12", vectors::overflow12),
    (0x4000_0140, "_WindowUnderflow12", vectors::underflow12),
    (0x4000_0180, "_Level2Vector", vectors::unhandled),
    (0x4000_01C0, "_Level3Vector", vectors::unhandled),
    (0x4000_0200, "_Level4Vector", vectors::unhandled),
    (0x4000_0240, "_Level5Vector", vectors::unhandled),
    (0x4000_0280, "_DebugExceptionVector", vectors::unhandled),
    (0x4000_02C0, "_NMIExceptionVector", vectors::unhandled),
    (0x4000_0300, "_KernelExceptionVector", vectors::unhandled),
    (
        0x4000_0340,
        "_UserExceptionVector",
        interrupts::user_exception,
    ),
    (0x4000_03C0, "_DoubleExceptionVector", vectors::unhandled),
    (RESET_VECTOR, "_ResetVector", boot::reset),
    (0x4000_1274, "strcmp", libc::strcmp),
    (0x4000_13AC, "strcpy", libc::strcpy),
    (0x4000_14C0, "strlen", libc::strlen),
    (0x4000_15D4, "strncpy", libc::strncpy),
    (0x4000_4148, "rom_i2c_readReg", system::analog_read),
    (0x4000_41A4, "rom_i2c_writeReg", system::nothing),
    (0x4000_41C0, "rom_i2c_readReg_Mask", system::analog_read),
    (0x4000_41FC, "rom_i2c_writeReg_Mask", system::nothing),
    (0x4000_67EC, "ets_isr_attach", interrupts::ets_isr_attach),
    (0x4000_67FC, "ets_isr_mask", interrupts::ets_isr_mask),
    (0x4000_6808, "ets_isr_unmask", interrupts::ets_isr_unmask),
    (0x4000_681C, "intr_matrix_set", system::intr_matrix_set),
    (
        0x4000_687C,
        "ets_set_user_start",
        system::ets_set_user_start,
    ),
    (
        0x4000_689C,
        "ets_set_appcpu_boot_addr",
        system::ets_set_appcpu_boot_addr,
    ),
    (BOOT_RETURN, "main", boot::returned),
    (WOKEN, "main", boot::boot),
    (
        0x4000_7CF8,
        "ets_write_char_uart",
        console::ets_write_char_uart,
    ),
    (0x4000_7D28, "ets_install_uart_printf", system::nothing),
    (0x4000_7D54, "ets_printf", console::ets_printf),
    (
        0x4000_8170,
        "calc_rtc_memory_crc",
        system::calc_rtc_memory_crc,
    ),
    (
        0x4000_81D4,
        "rtc_get_reset_reason",
        system::rtc_get_reset_reason,
    ),
    (
        0x4000_8208,
        "set_rtc_memory_crc",
        system::set_rtc_memory_crc,
    ),
    (0x4000_824C, "software_reset", system::software_reset),
    (
        0x4000_8264,
        "software_reset_cpu",
        system::software_reset_cpu,
    ),
    (0x4000_8534, "ets_delay_us", system::ets_delay_us),
    (
        0x4000_8550,
        "ets_update_cpu_frequency",
        system::ets_update_cpu_frequency,
    ),
    (
        0x4000_855C,
        "ets_get_cpu_frequency",
        system::ets_get_cpu_frequency,
    ),
    (
        0x4000_8588,
        "ets_get_detected_xtal_freq",
        system::ets_get_detected_xtal_freq,
    ),
    (0x4000_8658, "ets_efuse_get_spiconfig", system::zero),
    (serial_loader::ADDRESS, "UartDwnLdProc", serial_loader::run),
    (0x4000_90CC, "uart_div_modify", console::uart_div_modify),
    (0x4000_9200, "uart_tx_one_char", console::uart_tx_one_char),
    (0x4000_922C, "uart_tx_one_char2", console::uart_tx_one_char),
    (0x4000_9258, "uart_tx_flush", console::uart_tx_flush),
    (0x4000_9278, "uart_tx_wait_idle", console::uart_tx_flush),
    (0x4000_92D0, "uart_rx_one_char", console::uart_rx_one_char),
    (0x4000_9598, "GetUartDevice", console::get_uart_device),
    (0x4000_95A4, "mmu_init", flash::mmu_init),
    (
        0x4000_95E0,
        "cache_flash_mmu_set",
        flash::cache_flash_mmu_set,
    ),
    (0x4000_97F4, "cache_sram_mmu_set", flash::cache_sram_mmu_set),
    (0x4000_9A14, "Cache_Flush", flash::cache_flush),
    (0x4000_9A84, "Cache_Read_Enable", flash::cache_read_enable),
    (0x4000_9AB8, "Cache_Read_Disable", flash::cache_read_disable),
    (0x4000_9EDC, "gpio_matrix_in", system::gpio_matrix_in),
    (0x4000_9F0C, "gpio_matrix_out", system::gpio_matrix_out),
    (
        0x4000_9FDC,
        "gpio_pad_select_gpio",
        system::gpio_pad_select_gpio,
    ),
    (
        0x4000_C034,
        "_xtos_return_from_exc",
        interrupts::return_from_handler,
    ),
    (0x4000_C050, "xthal_get_ccount", system::xthal_get_ccount),
    (0x4000_C1F4, "bzero", libc::bzero),
    (0x4000_C260, "memcmp", libc::memcmp),
    (0x4000_C2C8, "memcpy", libc::memmove),
    (0x4000_C3C0, "memmove", libc::memmove),
    (0x4000_C44C, "memset", libc::memset),
    (0x4000_C5F4, "strncmp", libc::strncmp),
    (0x4000_C9FC, "__muldi3", libgcc::muldi3),
    (0x4000_CA84, "__divdi3", libgcc::divdi3),
    (0x4000_CD4C, "__moddi3", libgcc::moddi3),
    (0x4000_CFF8, "__udivdi3", libgcc::udivdi3),
    (0x4000_D280, "__umoddi3", libgcc::umoddi3),
    (0x4005_C07C, "ets_sha_enable", system::nothing),
    (0x4005_C0A8, "ets_sha_disable", system::nothing),
    (0x4005_CFEC, "crc32_le", libc::crc32_le),
    (0x4005_DA7C, "MD5Init", libc::md5_init),
    (0x4005_DA9C, "MD5Update", libc::md5_update),
    (0x4005_DB1C, "MD5Final", libc::md5_final),
    (0x4005_EF30, "tinfl_decompress", tinfl::tinfl_decompress),
    (
        0x4006_21B0,
        "esp_rom_spiflash_read_user_cmd",
        flash::read_user_cmd,
    ),
    (
        0x4006_22F0,
        "esp_rom_spiflash_write_status",
        spiflash::write_status,
    ),
    (0x4006_2320, "SPI_write_enable", spiflash::enable_write),
    (
        0x4006_2448,
        "esp_rom_spiflash_read_statushigh",
        spiflash::read_status_high,
    ),
    (0x4006_2A6C, "esp_rom_spiflash_attach", spiflash::attach),
    (
        0x4006_2B64,
        "esp_rom_spiflash_config_readmode",
        system::zero,
    ),
    (0x4006_2BC8, "esp_rom_spiflash_config_clk", system::zero),
    (
        0x4006_2C14,
        "esp_rom_spiflash_erase_chip",
        spiflash::erase_chip,
    ),
    (
        0x4006_2C4C,
        "esp_rom_spiflash_erase_block",
        spiflash::erase_block,
    ),
    (
        0x4006_2CCC,
        "esp_rom_spiflash_erase_sector",
        spiflash::erase_sector,
    ),
    (0x4006_2D50, "esp_rom_spiflash_write", spiflash::write),
    (
        0x4006_2DF4,
        "esp_rom_spiflash_write_encrypted_enable",
        system::nothing,
    ),
    (
        0x4006_2E60,
        "esp_rom_spiflash_write_encrypted_disable",
        system::nothing,
    ),
    (
        0x4006_2E78,
        "esp_rom_spiflash_write_encrypted",
        spiflash::write_encrypted,
    ),
    (0x4006_2ED8, "esp_rom_spiflash_read", spiflash::read),
    (
        0x4006_3238,
        "esp_rom_spiflash_config_param",
        flash::config_param,
    ),
    (0x4006_4AE0, "__bswapsi2", libgcc::bswapsi2),
    (0x4000_7D18, "ets_install_putc1", system::nothing),
    (0x4000_7D38, "ets_install_putc2", system::nothing),
    (0x4000_9028, "uart_tx_switch", system::nothing),
    (0x4000_A22C, "gpio_pad_pullup", system::gpio_pad_pullup),
    (0x4000_BFDC, "_xtos_set_intlevel", system::xtos_set_intlevel),
    (0x4006_4A70, "bcmp", libc::memcmp),
    (qsort::ENTRY, "qsort", qsort::enter),
    (qsort::BEGIN, "qsort", qsort::begin),
    (qsort::COMPARED, "qsort", qsort::compared),
];

/// The name of the function at `address`.
pub fn name_of(address: u32) -> Option<&'static str> {
    FUNCTIONS
        .get(function_at(address) as usize)
        .map(|entry| entry.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_address_once() {
        assert!(FUNCTIONS.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(name_of(0x4000_7D54), Some("ets_printf"));
        assert_eq!(name_of(0x4000_7D55), None);
    }
}
