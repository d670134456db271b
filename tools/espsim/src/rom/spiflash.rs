//! `esp_rom_spiflash_*`: what programs do with the flash chip through SPI1, as ESP-IDF's patches of these functions
//! (`esp_rom_spiflash.c`) show it.
//!
//! The functions wait as long as the chip is busy; interrupts come in the meantime.

use super::{BadAddress, Call, Outcome, Result, VOID, variable};
use crate::clock::{self, Ticks};
use crate::flash::PAGE;

/// SPIWrite hands so many bytes at once to the chip.
const WRITE_PART: u32 = 32;
/// Cycles of the APB clock for a byte: SPI_Attach divides it by 4, and 64 bytes that are read have 32 bits of command and address, thus
/// 8.5 bits for a byte; 32 bytes that are written a write enable, a status read, command and address, thus 11 bits for a byte.
const READ_BYTE: u64 = 34;
const WRITE_BYTE: u64 = 44;

/// `ESP_ROM_SPIFLASH_RESULT_ERR`.
const FAILED: Result = Ok(Outcome::Return(1));
const DONE: Result = Ok(Outcome::Return(0));

/// The chip as `g_rom_flashchip` describes it: bytes of the chip, a block, a sector.
struct Geometry {
    chip: u32,
    block: u32,
    sector: u32,
}

fn geometry(call: &mut Call) -> std::result::Result<Geometry, BadAddress> {
    let mut word = |index: u32| call.read32(variable::FLASH_CHIP + 4 * index);
    Ok(Geometry {
        chip: word(1)?,
        block: word(2)?,
        sector: word(3)?,
    })
}

/// When the chip is ready, if that is not now.
fn busy_until(call: &Call) -> Option<Ticks> {
    let ready = clock::ticks(call.bus.peripherals.flash.ready_at());
    (ready > call.now()).then_some(ready)
}

/// A command of the chip, which is ready.
fn command(call: &mut Call, command: u8, address: u32, output: &[u8], input: usize) -> Vec<u8> {
    let now = clock::duration(call.now());
    if !call.bus.peripherals.spi1_attached() {
        return vec![0; input];
    }
    let flash = &mut call.bus.peripherals.flash;
    flash.transaction(now, command, address, output, input)
}

/// Write enable, and what it enables.
fn write_command(call: &mut Call, number: u8, address: u32, output: &[u8]) {
    command(call, 0x06, 0, &[], 0);
    command(call, number, address, output, 0);
    call.bus.remap();
}

/// Does `step` when the chip is ready; the caller goes on when it is ready again.
fn once(call: &mut Call, step: impl FnOnce(&mut Call)) -> Result {
    if let Some(ready) = busy_until(call) {
        return Ok(Outcome::Wait(ready));
    }
    let key = call.key();
    if call.bus.rom.steps.remove(&key).is_some() {
        return DONE;
    }
    call.bus.rom.steps.insert(key, 0);
    step(call);
    Ok(Outcome::Wait(call.now()))
}

/// `esp_rom_spiflash_erase_chip(void)`.
pub(super) fn erase_chip(call: &mut Call) -> Result {
    once(call, |call| write_command(call, 0xC7, 0, &[]))
}

/// `esp_rom_spiflash_erase_block(uint32_t number)`.
pub(super) fn erase_block(call: &mut Call) -> Result {
    let (number, geometry) = (call.argument(0)?, geometry(call)?);
    let address = number.wrapping_mul(geometry.block);
    if number >= geometry.chip.checked_div(geometry.block).unwrap_or(0) {
        return FAILED;
    }
    once(call, |call| write_command(call, 0xD8, address, &[]))
}

/// `esp_rom_spiflash_erase_sector(uint32_t number)`.
pub(super) fn erase_sector(call: &mut Call) -> Result {
    let (number, geometry) = (call.argument(0)?, geometry(call)?);
    let address = number.wrapping_mul(geometry.sector);
    if number >= geometry.chip.checked_div(geometry.sector).unwrap_or(0) {
        return FAILED;
    }
    once(call, |call| write_command(call, 0x20, address, &[]))
}

/// `esp_rom_spiflash_write(uint32_t to, const uint32_t *from, int32_t len)`.
pub(super) fn write(call: &mut Call) -> Result {
    let (to, from, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let geometry = geometry(call)?;
    if to.wrapping_add(len) > geometry.chip {
        return FAILED;
    }
    if let Some(ready) = busy_until(call) {
        return Ok(Outcome::Wait(ready));
    }
    let key = call.key();
    let done = call.bus.rom.steps.get(&key).copied().unwrap_or(0);
    if done >= len {
        call.bus.rom.steps.remove(&key);
        return DONE;
    }
    let at = to.wrapping_add(done);
    let part = (len - done).min(WRITE_PART).min(PAGE - at % PAGE);
    let bytes = call.read(from.wrapping_add(done), part)?;
    write_command(call, 0x02, at, &bytes);
    call.bus.rom.steps.insert(key, done + part);
    let apb = call.bus.peripherals.apb_cycle();
    Ok(Outcome::Wait(
        call.now() + u64::from(part) * WRITE_BYTE * apb,
    ))
}

/// `esp_rom_spiflash_write_encrypted(uint32_t to, uint32_t *from, uint32_t len)`: no key is in the eFuses that could encrypt.
pub(super) fn write_encrypted(_: &mut Call) -> Result {
    FAILED
}

/// `esp_rom_spiflash_read(uint32_t from, uint32_t *to, int32_t len)`: whole words.
pub(super) fn read(call: &mut Call) -> Result {
    let (from, to, len) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let geometry = geometry(call)?;
    if from.wrapping_add(len) > geometry.chip {
        return FAILED;
    }
    if let Some(ready) = busy_until(call) {
        return Ok(Outcome::Wait(ready));
    }
    if let Some(outcome) = call.resumed() {
        return outcome;
    }
    let len = if len as i32 > 0 { len } else { 0 };
    let bytes = command(call, 0x03, from, &[], len.next_multiple_of(4) as usize);
    call.write(to, &bytes)?;
    let apb = call.bus.peripherals.apb_cycle();
    call.finish_later(u64::from(len) * READ_BYTE * apb, 0)
}

/// `SPI_write_enable(esp_rom_spiflash_chip_t *)`.
pub(super) fn enable_write(call: &mut Call) -> Result {
    if let Some(ready) = busy_until(call) {
        return Ok(Outcome::Wait(ready));
    }
    command(call, 0x06, 0, &[], 0);
    DONE
}

/// `esp_rom_spiflash_read_statushigh(esp_rom_spiflash_chip_t *, uint32_t *status)` as ESP-IDF declares it; the stub of esptool 4 gives
/// `status` only.
pub(super) fn read_status_high(call: &mut Call) -> Result {
    if let Some(ready) = busy_until(call) {
        return Ok(Outcome::Wait(ready));
    }
    let first = call.argument(0)?;
    let to = match first {
        variable::FLASH_CHIP => call.argument(1)?,
        to => to,
    };
    let status = u32::from(command(call, 0x35, 0, &[], 1)[0]) << 8;
    call.write32(to, status)?;
    DONE
}

/// `esp_rom_spiflash_write_status(esp_rom_spiflash_chip_t *, uint32_t status)`; the caller has enabled writing.
pub(super) fn write_status(call: &mut Call) -> Result {
    let status = call.argument(1)?.to_le_bytes();
    once(call, |call| {
        command(call, 0x01, 0, &status[..2], 0);
    })
}

/// `void esp_rom_spiflash_attach(uint32_t pins, bool legacy)`.
pub(super) fn attach(call: &mut Call) -> Result {
    call.bus.peripherals.attach_spi1(true);
    VOID
}
