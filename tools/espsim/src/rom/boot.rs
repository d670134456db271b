//! From the reset vector to the second-stage bootloader (ESP32 Technical Reference Manual, "Boot Mode"; esptool's documentation, "Firmware
//! Image Format").

use super::{BOOT_RETURN, Call, Outcome, Result, WOKEN, console, serial_loader, variable};
use crate::bus::Failure;
use crate::chip::CRYSTAL;
use crate::clock::MICROSECOND;
use crate::cpu::ProcessorStatus;
use crate::peripherals::rtc_cntl::ResetCause;

/// Where the bootloader is in flash, and its header's first byte.
const BOOTLOADER: u32 = 0x1000;
const MAGIC: u8 = 0xE9;
const HEADER: u32 = 24;
/// SPI0's CTRL (ESP32 Technical Reference Manual, "SPI Controller"), and its bits for each mode of a header: FASTRD_MODE,
/// FREAD_DUAL, FREAD_QUAD, FREAD_DIO, FREAD_QIO.
const SPI0_CTRL: u32 = 0x3FF4_3008;
const MODES: [(&str, u32); 6] = [
    ("QIO", 1 << 13 | 1 << 24),
    ("QOUT", 1 << 13 | 1 << 20),
    ("DIO", 1 << 13 | 1 << 23),
    ("DOUT", 1 << 13 | 1 << 14),
    ("FAST READ", 1 << 13),
    ("SLOW READ", 0),
];
const READ_MODES: u32 = 1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24;
/// The console's rate.
const BAUD: u32 = 115_200;
/// RTC_CNTL's STORE6 and STORE7: where a wake stub is, and the checksum of RTC fast memory that it has to have.
const WAKE_STUB: [u32; 2] = [0xB8, 0xBC];
/// GPIO_STRAP's bits of the pins that choose how the chip boots.
const BOOT_MODE: u32 = 0x1F;
/// GPIO 0's bit of them.
const GPIO_0: u32 = 0x10;
/// The result of the ROM's calibration: the crystal has value * 15625 * CK8M_FREQ / 40 Hz, with CK8M_FREQ from eFuse (esptool's
/// get_rom_cal_crystal_freq, which repeats the ROM's calculation).
const RTC_CALI_VALUE: u32 = 800;
/// How often the ROM tries to read a header, as it prints.
const ATTEMPTS: usize = 3;

pub(super) fn reset(call: &mut Call) -> Result {
    if call.core() == 1 {
        return start_second_core(call);
    }
    let cause = call.bus.peripherals.rtc_cntl.reset_cause(0);
    if cause == ResetCause::DeepSleep as u32
        && let Some(stub) = wake_stub(call)
    {
        return start(call, stub, variable::STACK[0], WOKEN);
    }
    boot(call)
}

/// What a program has left in RTC fast memory to be run behind deep sleep, before anything else.
fn wake_stub(call: &mut Call) -> Option<u32> {
    let now = call.now();
    let rtc_cntl = &mut call.bus.peripherals.rtc_cntl;
    let [entry, checksum] = WAKE_STUB.map(|offset| rtc_cntl.read(offset, now));
    (entry != 0 && checksum == call.bus.rtc_fast_checksum()).then_some(entry)
}

/// Boots from flash, or goes on with that behind a wake stub.
pub(super) fn boot(call: &mut Call) -> Result {
    let cause = call.bus.peripherals.rtc_cntl.reset_cause(0);
    call.bus.peripherals.uart[0].set_divider(((u64::from(CRYSTAL) << 4) / u64::from(BAUD)) as u32);
    let [first, second] = variable::TICKS_PER_US;
    call.write32(first, CRYSTAL / 1_000_000)?;
    call.write32(second, CRYSTAL / 1_000_000)?;
    call.write32(variable::UART_DEVICE, BAUD)?;
    let chip_size = call.bus.peripherals.flash.data().len() as u32;
    let [maker, kind, capacity] = call.bus.peripherals.flash.jedec_id();
    let id = u32::from_be_bytes([0, maker, kind, capacity]);
    for (index, value) in (0..).zip([id, chip_size, 0x1_0000, 0x1000, 0x100, 0xFFFF]) {
        call.write32(variable::FLASH_CHIP + 4 * index, value)?;
    }

    let strapping = call.bus.peripherals.pins.gpio.read(0x38) & BOOT_MODE;
    let major = call.bus.peripherals.revision_major();
    console::print(
        call,
        if major >= 3 {
            "ets Jul 29 2019 12:21:46\n\n"
        } else {
            "ets Jun  8 2016 00:22:57\n\n"
        },
    );
    let name = reset_name(cause);
    // What the ROM measured its crystal with.
    call.bus.peripherals.timg[0].set_calibration(RTC_CALI_VALUE);
    let downloads = strapping & GPIO_0 == 0;
    let mode = if downloads {
        "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)"
    } else {
        "SPI_FAST_FLASH_BOOT"
    };
    console::print(
        call,
        &format!("rst:{cause:#x} ({name}),boot:{strapping:#x} ({mode})\n"),
    );
    if downloads {
        return serial_loader::start(call);
    }
    load(call)
}

fn reset_name(cause: u32) -> &'static str {
    ResetCause::ALL
        .iter()
        .find(|known| **known as u32 == cause)
        .map_or("UNKNOWN", |known| known.name())
}

/// Loads the bootloader's segments and jumps to it.
pub(super) fn load(call: &mut Call) -> Result {
    let header = flash(call, BOOTLOADER, HEADER);
    if header[0] != MAGIC {
        let line = format!("invalid header: 0x{:08x}\n", word(&header, 0));
        console::print(call, &line.repeat(ATTEMPTS));
        call.bus.fail(Failure::Rom {
            message: "there is no bootloader in flash at 0x1000".into(),
        });
        return Ok(Outcome::Jumped);
    }
    let (mode, reads) = MODES.get(usize::from(header[2])).unwrap_or(&MODES[2]);
    let ctrl = call.read32(SPI0_CTRL)? & !READ_MODES;
    call.write32(SPI0_CTRL, ctrl | reads)?;
    let divider = match header[3] & 0xF {
        0 => 2,
        1 => 3,
        2 => 4,
        _ => 1,
    };
    console::print(
        call,
        &format!(
            "configsip: 0, SPIWP:0xee\nclk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\n\
             mode:{mode}, clock div:{divider}\n"
        ),
    );
    let mut at = BOOTLOADER + HEADER;
    let mut sum = 0xEF;
    for _ in 0..header[1].min(16) {
        let segment = flash(call, at, 8);
        let (address, len) = (word(&segment, 0), word(&segment, 4));
        console::print(call, &format!("load:0x{address:08x},len:{len}\n"));
        let content = flash(call, at.wrapping_add(8), len.min(0x2_0000));
        sum = content.iter().fold(sum, |sum, byte| sum ^ byte);
        call.charge(len.min(0x2_0000) * 2);
        call.write(address, &content)?;
        at = at.wrapping_add(8).wrapping_add(len);
    }
    let stored = flash(call, at | 0xF, 1)[0];
    if stored != sum {
        console::print(call, &format!("csum err:0x{sum:02x}!=0x{stored:02x}\n"));
        call.bus.fail(Failure::Rom {
            message: format!(
                "the bootloader's checksum is {stored:#04x}, its segments' {sum:#04x}"
            ),
        });
        return Ok(Outcome::Jumped);
    }
    let entry = word(&header, 4);
    console::print(call, &format!("entry 0x{entry:08x}\n"));
    if let Some(text) = call.bus.rom.script.console.clone() {
        for byte in text {
            console::send(call, 0, byte);
        }
        call.cpu.pc = BOOT_RETURN;
        return Ok(Outcome::Jumped);
    }
    start(call, entry, variable::STACK[0], BOOT_RETURN)
}

/// The little-endian word at `at` of `bytes`; 0 behind their end.
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    (0..4).fold(0, |value, index| {
        value | u32::from(bytes.get(at + index).copied().unwrap_or(0)) << (8 * index)
    })
}

/// Bytes of flash; erased ones behind its end.
fn flash(call: &Call, offset: u32, len: u32) -> Vec<u8> {
    let data = call.bus.peripherals.flash.data();
    (offset..offset.saturating_add(len))
        .map(|at| data.get(at as usize).copied().unwrap_or(0xFF))
        .collect()
}

/// Calls `entry` as a windowed function that returns to `back`, with a stack and the frame of a caller, which the handlers of windows look at.
pub(super) fn start(call: &mut Call, entry: u32, top: u32, back: u32) -> Result {
    const FRAME: u32 = 64;
    let stack = top.wrapping_sub(FRAME);
    call.write32(stack - 12, top)?;
    call.cpu.set_window_base(0);
    call.cpu.set_window_start(1);
    call.cpu.set_a(0, 0);
    call.cpu.set_a(1, stack);
    // Programs on esp-hal read FCR in interrupts, and never write CPENABLE: the ROM has.
    call.cpu.cpenable = 1;
    call.cpu.set_ps(ProcessorStatus {
        interrupt_level: 0,
        exception_mode: false,
        user_mode: true,
        ring: 0,
        old_window_base: 0,
        call_increment: 2,
        window_overflow_enable: true,
    });
    call.set_register(0, 2 << 30 | back & 0x3FFF_FFFF);
    call.cpu.pc = entry;
    Ok(Outcome::Jumped)
}

/// The second core waits until DPORT says where it is to start.
fn start_second_core(call: &mut Call) -> Result {
    match call.bus.peripherals.dport.app_cpu_entry() {
        0 => Ok(Outcome::Wait(call.now() + MICROSECOND)),
        entry => start(call, entry, variable::STACK[1], BOOT_RETURN),
    }
}

/// What the ROM calls does not return. What is printed instead of it stays here.
pub(super) fn returned(call: &mut Call) -> Result {
    if call.bus.rom.script.console.is_some() {
        return Ok(Outcome::Wait(call.now() + 1000 * MICROSECOND));
    }
    call.bus.fail(Failure::Rom {
        message: format!("what the ROM started on core {} returned", call.core()),
    });
    Ok(Outcome::Jumped)
}
