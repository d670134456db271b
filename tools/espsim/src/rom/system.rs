//! Clocks, delays, resets, interrupts, pins.

use super::{Call, Outcome, Result, VOID, variable};
use crate::chip::CRYSTAL;
use crate::clock::MICROSECOND;
use crate::peripherals::{io_mux, rtc_cntl};

/// Functions that set up what is not modelled: analog parts, clocks of accelerators.
pub(super) fn nothing(_: &mut Call) -> Result {
    VOID
}

/// Functions whose answer is 0: success, or the default.
pub(super) fn zero(_: &mut Call) -> Result {
    Ok(Outcome::Return(0))
}

/// Registers of analog parts read as 0.
pub(super) fn analog_read(_: &mut Call) -> Result {
    Ok(Outcome::Return(0))
}

/// `void ets_delay_us(uint32_t)`. The time is counted in cycles, as many as the ROM's variable says.
pub(super) fn ets_delay_us(call: &mut Call) -> Result {
    let key = (call.core(), call.cpu.a(1));
    let now = call.now();
    let until = match call.bus.rom.waits.get(&key) {
        Some(&until) => until,
        None => {
            let ticks_per_us = call.read32(variable::TICKS_PER_US[call.core()])?;
            // Nobody waits for more than a day.
            let cycles = u64::from(ticks_per_us) * u64::from(call.argument(0)?);
            let cycles = cycles.min(240_000_000 * 86_400);
            let until = call.bus.time_of(call.core(), call.cpu.cycles + cycles);
            call.bus.rom.waits.insert(key, until);
            until
        }
    };
    if until > now {
        return Ok(Outcome::Wait(until));
    }
    call.bus.rom.waits.remove(&key);
    VOID
}

/// `void ets_update_cpu_frequency(uint32_t mhz)`.
pub(super) fn ets_update_cpu_frequency(call: &mut Call) -> Result {
    let mhz = call.argument(0)?;
    for address in variable::TICKS_PER_US {
        call.write32(address, mhz)?;
    }
    VOID
}

/// `uint32_t ets_get_cpu_frequency(void)`.
pub(super) fn ets_get_cpu_frequency(call: &mut Call) -> Result {
    let mhz = call.read32(variable::TICKS_PER_US[0])?;
    Ok(Outcome::Return(mhz))
}

/// `uint32_t ets_get_detected_xtal_freq(void)`: in Hz.
pub(super) fn ets_get_detected_xtal_freq(_: &mut Call) -> Result {
    Ok(Outcome::Return(CRYSTAL))
}

/// `unsigned xthal_get_ccount(void)`.
pub(super) fn xthal_get_ccount(call: &mut Call) -> Result {
    Ok(Outcome::Return(call.cpu.ccount()))
}

/// `RESET_REASON rtc_get_reset_reason(int core)`.
pub(super) fn rtc_get_reset_reason(call: &mut Call) -> Result {
    let core = (call.argument(0)? & 1) as usize;
    Ok(Outcome::Return(
        call.bus.peripherals.rtc_cntl.reset_cause(core),
    ))
}

/// `uint32_t calc_rtc_memory_crc(uint32_t)`: of all of RTC fast memory.
pub(super) fn calc_rtc_memory_crc(call: &mut Call) -> Result {
    Ok(Outcome::Return(call.bus.rtc_fast_checksum()))
}

/// `void set_rtc_memory_crc(void)`: for the ROM to know a wake stub by.
pub(super) fn set_rtc_memory_crc(call: &mut Call) -> Result {
    let checksum = call.bus.rtc_fast_checksum();
    call.write32(RTC_CNTL_STORE7, checksum)?;
    VOID
}

/// `void software_reset(void)`.
pub(super) fn software_reset(call: &mut Call) -> Result {
    reset(call, rtc_cntl::ResetRequest::System)
}

/// `void software_reset_cpu(int core)`.
pub(super) fn software_reset_cpu(call: &mut Call) -> Result {
    let core = (call.argument(0)? & 1) as usize;
    let result = reset(call, rtc_cntl::ResetRequest::Core(core));
    if core == call.core() { result } else { VOID }
}

fn reset(call: &mut Call, request: rtc_cntl::ResetRequest) -> Result {
    call.bus.peripherals.rtc_cntl.ask_for_reset(request);
    call.bus.request_attention();
    Ok(Outcome::Wait(call.now() + MICROSECOND))
}

/// `void ets_set_user_start(uint32_t)`.
pub(super) fn ets_set_user_start(call: &mut Call) -> Result {
    let entry = call.argument(0)?;
    call.write32(variable::USER_CODE_START, entry)?;
    VOID
}

/// `void ets_set_appcpu_boot_addr(uint32_t)`.
pub(super) fn ets_set_appcpu_boot_addr(call: &mut Call) -> Result {
    let entry = call.argument(0)?;
    call.bus.peripherals.dport.set_app_cpu_entry(entry);
    VOID
}

/// The peripherals' registers that are written below.
const DPORT_INTR_MAP: [u32; 2] = [0x3FF0_0104, 0x3FF0_0218];
const GPIO_FUNC_IN_SEL: u32 = 0x3FF4_4130;
const GPIO_FUNC_OUT_SEL: u32 = 0x3FF4_4530;
const GPIO_ENABLE_W1TS: u32 = 0x3FF4_4024;
const GPIO_ENABLE1_W1TS: u32 = 0x3FF4_4030;
const IO_MUX: u32 = 0x3FF4_9000;
const RTC_CNTL_STORE7: u32 = 0x3FF4_80BC;

/// `void intr_matrix_set(int core, uint32_t source, uint32_t interrupt)`.
pub(super) fn intr_matrix_set(call: &mut Call) -> Result {
    let core = (call.argument(0)? & 1) as usize;
    let (source, interrupt) = (call.argument(1)?, call.argument(2)?);
    call.write32(
        DPORT_INTR_MAP[core].wrapping_add(source.wrapping_mul(4)),
        interrupt,
    )?;
    VOID
}

/// `void gpio_matrix_in(uint32_t pin, uint32_t signal, bool invert)`: pin, inversion (bit 6), by the matrix (bit 7).
pub(super) fn gpio_matrix_in(call: &mut Call) -> Result {
    let (pin, signal, invert) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    let value = pin & 0x3F | (invert & 1) << 6 | 1 << 7;
    call.write32(GPIO_FUNC_IN_SEL.wrapping_add(signal.wrapping_mul(4)), value)?;
    VOID
}

/// `void gpio_matrix_out(uint32_t pin, uint32_t signal, bool invert, bool invert_enable)`.
pub(super) fn gpio_matrix_out(call: &mut Call) -> Result {
    let (pin, signal) = (call.argument(0)?, call.argument(1)?);
    let (invert, invert_enable) = (call.argument(2)?, call.argument(3)?);
    let value = signal & 0x1FF | (invert & 1) << 9 | (invert_enable & 1) << 11;
    let enable = if pin < 32 {
        GPIO_ENABLE_W1TS
    } else {
        GPIO_ENABLE1_W1TS
    };
    call.write32(enable, 1 << (pin % 32))?;
    call.write32(GPIO_FUNC_OUT_SEL.wrapping_add(pin.wrapping_mul(4)), value)?;
    VOID
}

/// MCU_SEL: the function of a pin, of which 2 is GPIO.
const MCU_SEL: u32 = 12;

/// `void gpio_pad_select_gpio(uint32_t pin)`.
pub(super) fn gpio_pad_select_gpio(call: &mut Call) -> Result {
    let pin = call.argument(0)? as usize;
    if let Some(&offset) = io_mux::OFFSETS.get(pin)
        && offset != 0
    {
        let address = IO_MUX + offset;
        let value = call.read32(address)? & !(7 << MCU_SEL);
        call.write32(address, value | 2 << MCU_SEL)?;
    }
    VOID
}

/// Bits of a pin's register in IO_MUX: FUN_WPD and FUN_WPU.
const PULL_DOWN: u32 = 1 << 7;
const PULL_UP: u32 = 1 << 8;

/// `void gpio_pad_pullup(uint32_t pin)`: up, and not down.
pub(super) fn gpio_pad_pullup(call: &mut Call) -> Result {
    let pin = call.argument(0)? as usize;
    if let Some(&offset) = io_mux::OFFSETS.get(pin)
        && offset != 0
    {
        let address = IO_MUX + offset;
        let value = call.read32(address)? & !PULL_DOWN;
        call.write32(address, value | PULL_UP)?;
    }
    VOID
}

/// `unsigned _xtos_set_intlevel(int)`: PS as it was.
pub(super) fn xtos_set_intlevel(call: &mut Call) -> Result {
    let level = call.argument(0)?;
    let old = call.cpu.ps;
    call.cpu.set_ps(crate::cpu::ProcessorStatus {
        interrupt_level: level as u8 & 0xF,
        ..old
    });
    Ok(Outcome::Return(old.bits()))
}
