//! Caches, their MMU, and `esp_rom_spiflash_*`.

use super::{Call, Outcome, Result, VOID, variable};
use crate::peripherals::psram;

/// Bytes of a page of the MMU.
const PAGE: u32 = 0x1_0000;
/// Where external RAM begins.
const EXTERNAL: u32 = 0x3F80_0000;

fn core_argument(call: &mut Call) -> std::result::Result<usize, super::BadAddress> {
    Ok((call.argument(0)? & 1) as usize)
}

/// `void mmu_init(int core)`.
pub(super) fn mmu_init(call: &mut Call) -> Result {
    let core = core_argument(call)?;
    call.bus.peripherals.dport.clear_mmu(core);
    call.bus.remap();
    VOID
}

/// `unsigned cache_flash_mmu_set(int core, int pid, unsigned address, unsigned offset, int page_kb, int pages)`.
pub(super) fn cache_flash_mmu_set(call: &mut Call) -> Result {
    let core = core_argument(call)?;
    let (address, offset, pages) = (call.argument(2)?, call.argument(3)?, call.argument(5)?);
    let first = match address {
        0x3F40_0000..0x3F80_0000 => (address - 0x3F40_0000) / PAGE,
        0x4000_0000..0x40C0_0000 => 64 + (address - 0x4000_0000) / PAGE,
        // The ROM's answer to an address outside.
        _ => return Ok(Outcome::Return(3)),
    };
    for page in 0..pages.min(256) {
        let entry = offset / PAGE + page;
        call.bus
            .peripherals
            .dport
            .set_mmu_entry(core, (first + page) as usize, entry & 0xFF);
    }
    call.bus.remap();
    Ok(Outcome::Return(0))
}

/// `unsigned cache_sram_mmu_set(int core, int pid, unsigned address, unsigned offset, int page_kb, int pages)`: pages of external RAM.
pub(super) fn cache_sram_mmu_set(call: &mut Call) -> Result {
    let core = core_argument(call)?;
    let (address, offset, pages) = (call.argument(2)?, call.argument(3)?, call.argument(5)?);
    let Some(first) = address.checked_sub(EXTERNAL) else {
        return Ok(Outcome::Return(3));
    };
    for page in 0..pages.min(psram::ENTRIES as u32) {
        let index = (first >> psram::PAGE_BITS) + page;
        let entry = (offset >> psram::PAGE_BITS) + page;
        let dport = &mut call.bus.peripherals.dport;
        dport.set_psram_entry(core, index as usize, entry & 0xFF);
    }
    Ok(Outcome::Return(0))
}

/// `void Cache_Flush(int core)`.
pub(super) fn cache_flush(call: &mut Call) -> Result {
    call.bus.remap();
    VOID
}

/// `void Cache_Read_Enable(int core)`.
pub(super) fn cache_read_enable(call: &mut Call) -> Result {
    let core = core_argument(call)?;
    call.bus.peripherals.dport.turn_cache(core, true);
    call.bus.remap();
    VOID
}

/// `void Cache_Read_Disable(int core)`.
pub(super) fn cache_read_disable(call: &mut Call) -> Result {
    let core = core_argument(call)?;
    call.bus.peripherals.dport.turn_cache(core, false);
    call.bus.remap();
    VOID
}

/// `esp_rom_spiflash_result_t esp_rom_spiflash_read_user_cmd(uint32_t *status, uint8_t command)`: a byte that the chip answers.
pub(super) fn read_user_cmd(call: &mut Call) -> Result {
    let (status, command) = (call.argument(0)?, call.argument(1)? as u8);
    let now = crate::clock::duration(call.now());
    let answer = call
        .bus
        .peripherals
        .flash
        .transaction(now, command, 0, &[], 1);
    call.write32(status, answer[0].into())?;
    Ok(Outcome::Return(0))
}

/// `esp_rom_spiflash_config_param(id, chip size, block size, sector size, page size, status mask)`.
pub(super) fn config_param(call: &mut Call) -> Result {
    for index in 0..6 {
        let value = call.argument(index)?;
        call.write32(variable::FLASH_CHIP + 4 * index, value)?;
    }
    Ok(Outcome::Return(0))
}
