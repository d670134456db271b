//! Does what it is told at UART 0: `ping` is answered at UART 1, `bite` lets a watchdog reset the chip.

#![no_std]
#![no_main]

use core::ptr;

use esp::info;

// Registers: ESP32 Technical Reference Manual, "UART Controller" and "Watchdog Timers".
const UART0_FIFO: *mut u32 = 0x3FF4_0000 as *mut u32;
const UART0_STATUS: *mut u32 = 0x3FF4_001C as *mut u32;
const UART1_FIFO: *mut u32 = 0x3FF5_0000 as *mut u32;
const TIMG0_WDTCONFIG0: *mut u32 = 0x3FF5_F048 as *mut u32;
const TIMG0_WDTCONFIG1: *mut u32 = 0x3FF5_F04C as *mut u32;
const TIMG0_WDTCONFIG2: *mut u32 = 0x3FF5_F050 as *mut u32;
const TIMG0_WDTWPROTECT: *mut u32 = 0x3FF5_F064 as *mut u32;
const WRITE_KEY: u32 = 0x50D8_3AA1;
/// Half a millisecond in cycles of 80 MHz, as the prescaler.
const PRESCALER: u32 = 40_000 << 16;
const ENABLE: u32 = 1 << 31;
const STAGE_0_RESETS_SYSTEM: u32 = 3 << 29;

fn read(register: *mut u32) -> u32 {
    // SAFETY: a register of the chip.
    unsafe { ptr::read_volatile(register) }
}

fn write(register: *mut u32, value: u32) {
    // SAFETY: a register of the chip that nobody else uses.
    unsafe { ptr::write_volatile(register, value) }
}

fn receive() -> u8 {
    while read(UART0_STATUS) & 0xFF == 0 {}
    read(UART0_FIFO) as u8
}

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    info!(c"commands", "ready");
    let mut line = [0; 4];
    loop {
        line.rotate_left(1);
        line[3] = receive();
        match &line {
            b"ping" => {
                for &byte in b"pong\n" {
                    write(UART1_FIFO, byte.into());
                }
            }
            b"bite" => {
                write(TIMG0_WDTWPROTECT, WRITE_KEY);
                write(TIMG0_WDTCONFIG1, PRESCALER);
                write(TIMG0_WDTCONFIG2, 20);
                write(TIMG0_WDTCONFIG0, ENABLE | STAGE_0_RESETS_SYSTEM);
            }
            _ => {}
        }
    }
}
