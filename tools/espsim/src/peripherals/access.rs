//! Which peripheral has a register.

use super::Peripherals;
use super::dport::MMU_ENTRIES;
use super::map::*;
use super::sens::Sens;
use crate::clock::{self, Ticks};

impl Peripherals {
    /// Which address a peripheral has for `address`; `None` where there is none.
    pub fn canonical(address: u32) -> Option<u32> {
        match address {
            DPORT..0x3FF8_0000 => Some(address),
            _ if AHB_ALIAS.contains(&address) => Some(address - AHB_ALIAS.start + APB),
            _ => None,
        }
    }

    /// Reads the word at `address`, which [`Self::canonical`] has given.
    pub fn read(&mut self, address: u32, now: Ticks, pc: u32) -> u32 {
        let now = self.later(now);
        let address = address & !3;
        let offset = address & 0xFFF;
        let apb = self.apb_cycle();
        if is_at_pins(address) {
            self.drive_pins(now);
        }
        match address & !0xFFF {
            DPORT => self.dport.read(offset),
            AES => self.aes.read(offset),
            RSA => self.rsa.read(offset),
            SHA => self.sha.read(offset),
            PRO_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.mmu_entry(0, offset as usize / 4)
            }
            APP_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.mmu_entry(1, offset as usize / 4)
            }
            UART0 => self.uart[0].read(offset, now, apb),
            UART1 => self.uart[1].read(offset, now, apb),
            UART2 => self.uart[2].read(offset, now, apb),
            SPI0 => self.spi0.get(offset),
            SPI1 => self.spi1.read(offset),
            GPIO => self.pins.gpio.read(offset),
            RTC if offset < RTC_CNTL_LEN => self.rtc_cntl.read(offset, now),
            RTC if RTC_IO.contains(&offset) => self.pins.read_rtc_io(offset - RTC_IO.start),
            RTC if Sens::has(offset.wrapping_sub(SENS)) => self.sens.read(offset - SENS),
            IO_MUX => self.pins.read_io_mux(offset),
            SPI2 => self.spi[0].read(offset),
            SPI3 => self.spi[1].read(offset),
            I2C0 => self.i2c[0].read(offset),
            I2C1 => self.i2c[1].read(offset),
            RMT => self.rmt.read(offset),
            LEDC => self.ledc.read(offset, now),
            EFUSE => self.efuse.read(offset),
            TIMG0 => self.timg[0].read(offset, now, apb),
            TIMG1 => self.timg[1].read(offset, now, apb),
            APB_CTRL => self.apb_ctrl.get(offset),
            _ if address == RNG_DATA => self.random(),
            _ if PRO_PSRAM_MMU.contains(&address) => self
                .dport
                .psram_entry(0, ((address - PRO_PSRAM_MMU.start) / 4) as usize),
            _ if APP_PSRAM_MMU.contains(&address) => self
                .dport
                .psram_entry(1, ((address - APP_PSRAM_MMU.start) / 4) as usize),
            _ => self.other.read(address, pc),
        }
    }

    /// Writes the word at `address`, which [`Self::canonical`] has given.
    pub fn write(&mut self, address: u32, value: u32, now: Ticks, pc: u32) {
        let now = self.later(now);
        let address = address & !3;
        let offset = address & 0xFFF;
        let apb = self.apb_cycle();
        if is_at_pins(address) {
            self.drive_pins(now);
        }
        match address & !0xFFF {
            DPORT => {
                match offset {
                    reset::PERIP_RST_EN => self.reset_peripherals(value, now),
                    reset::PERI_RST_EN => self.reset_accelerators(value),
                    _ => {}
                }
                self.dport.write(offset, value);
            }
            AES => self.aes.write(offset, value),
            RSA => self.rsa.write(offset, value),
            SHA => {
                if !self.sha.write(offset, value) {
                    self.other.note(address, true, pc);
                }
            }
            PRO_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.set_mmu_entry(0, offset as usize / 4, value);
            }
            APP_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                self.dport.set_mmu_entry(1, offset as usize / 4, value);
            }
            UART0 => self.uart[0].write(offset, value, now, apb),
            UART1 => self.uart[1].write(offset, value, now, apb),
            UART2 => self.uart[2].write(offset, value, now, apb),
            SPI0 => self.spi0.set(offset, value),
            SPI1 => self
                .spi1
                .write(offset, value, clock::duration(now), &mut self.flash),
            GPIO => {
                self.pins.write_gpio(offset, value, now);
            }
            RTC if offset < RTC_CNTL_LEN => self.rtc_cntl.write(offset, value, now),
            RTC if RTC_IO.contains(&offset) => {
                self.pins.write_rtc_io(offset - RTC_IO.start, value, now);
            }
            RTC if Sens::has(offset.wrapping_sub(SENS)) => {
                self.drive_pins(now);
                let pins = &self.pins;
                self.sens
                    .write(offset - SENS, value, |pin| pins.millivolts(pin));
            }
            IO_MUX => {
                self.pins.write_io_mux(offset, value, now);
            }
            SPI2 | SPI3 => {
                let spi = &mut self.spi[usize::from(address & !0xFFF == SPI3)];
                spi.write(offset, value, now, apb, &self.pins, &mut self.outputs);
            }
            I2C0 => self.i2c[0].write(offset, value, now, apb, &mut self.outputs),
            I2C1 => self.i2c[1].write(offset, value, now, apb, &mut self.outputs),
            RMT => {
                self.rmt.write(offset, value, now, &mut self.outputs);
                self.pins.set_heard(&self.rmt.hears());
            }
            LEDC => {
                self.ledc.write(offset, value, now, &mut self.outputs);
            }
            EFUSE => self.efuse.write(offset, value),
            TIMG0 => self.timg[0].write(offset, value, now, apb),
            TIMG1 => self.timg[1].write(offset, value, now, apb),
            APB_CTRL => self.apb_ctrl.set(offset, value),
            _ if PRO_PSRAM_MMU.contains(&address) => {
                let index = (address - PRO_PSRAM_MMU.start) / 4;
                self.dport.set_psram_entry(0, index as usize, value);
            }
            _ if APP_PSRAM_MMU.contains(&address) => {
                let index = (address - APP_PSRAM_MMU.start) / 4;
                self.dport.set_psram_entry(1, index as usize, value);
            }
            _ => self.other.write(address, value, pc),
        }
    }
}
