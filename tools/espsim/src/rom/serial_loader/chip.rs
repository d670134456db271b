//! What the loader does with the chip. Its time goes on meanwhile.

use std::time::Duration;

use md5::{Digest, Md5};

use super::super::{Call, console};
use crate::clock::{self, Ticks};
use crate::flash::PAGE;

impl Call<'_> {
    pub(super) fn go_on_at(&mut self, time: Ticks) {
        let core = self.core();
        self.cpu.cycles = self.cpu.cycles.max(self.bus.cycles_at(core, time));
    }

    pub(super) fn work(&mut self, time: Duration) {
        self.go_on_at(self.now() + clock::ticks(time));
    }

    pub(super) fn send_all(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            console::send(self, 0, byte);
        }
    }

    pub(super) fn wait_sent(&mut self) {
        self.go_on_at(self.bus.peripherals.uart[0].idle_at());
    }

    pub(super) fn wait_flash(&mut self) {
        self.go_on_at(clock::ticks(self.bus.peripherals.flash.ready_at()));
    }

    /// Without SPI_ATTACH the bus is silent, and reads as 0.
    pub(super) fn read_flash(&self, offset: u32, buffer: &mut [u8]) {
        if self.bus.peripherals.spi1_attached() {
            self.bus.peripherals.flash.read(offset, buffer);
        } else {
            buffer.fill(0);
        }
    }

    pub(super) fn start_erase(&mut self, offset: u32, len: u32) {
        self.wait_flash();
        if self.bus.peripherals.spi1_attached() {
            let now = clock::duration(self.now());
            self.bus.peripherals.flash.erase(now, offset, len);
            self.bus.remap();
        }
    }

    /// SPIWrite: in parts of up to 32 bytes that do not cross a page, waiting for each.
    pub(super) fn program(&mut self, offset: u32, bytes: &[u8]) {
        const PART: usize = 32;
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = (PAGE - at % PAGE) as usize;
            let (part, after) = rest.split_at(room.min(rest.len()).min(PART));
            self.wait_flash();
            if self.bus.peripherals.spi1_attached() {
                let now = clock::duration(self.now());
                self.bus.peripherals.flash.program(now, at, part);
            }
            self.wait_flash();
            at = at.wrapping_add(part.len() as u32);
            rest = after;
        }
        self.bus.remap();
    }

    pub(super) fn md5(&mut self, offset: u32, len: u32) -> [u8; 16] {
        let mut md5 = Md5::new();
        let mut buffer = [0; 4096];
        let mut done = 0;
        while done < len {
            let part = (len - done).min(buffer.len() as u32) as usize;
            self.read_flash(offset.wrapping_add(done), &mut buffer[..part]);
            md5.update(&buffer[..part]);
            done += part as u32;
        }
        let mut digest: [u8; 16] = md5.finalize().into();
        let script = &mut self.bus.rom.script;
        if script.wrong_md5 {
            digest[0] ^= 1;
            script.faults_injected += 1;
        }
        digest
    }

    pub(super) fn register_value(&mut self, address: u32) -> u32 {
        self.read32(address & !3).unwrap_or(0)
    }
}
