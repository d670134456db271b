//! What is outside of the chip at UART 0 and the pins that choose how it boots.

use super::{Machine, idle};
use crate::clock::Ticks;
use crate::peripherals::rtc_cntl::{ResetCause, RtcCntl};
use crate::peripherals::serial_frames::Frame;
use crate::rom::{self, serial_loader};

/// What the strapping pins ask for when EN rises (ESP32 Technical Reference Manual, "Boot Mode").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMode {
    /// GPIO 0 is low: the ROM's serial loader.
    Download,
    /// GPIO 0 is high: the application in flash.
    Run,
}

impl BootMode {
    /// GPIO_STRAP.
    pub fn strapping(self) -> u32 {
        match self {
            Self::Download => 0x03,
            Self::Run => 0x13,
        }
    }
}

impl Machine {
    /// EN was low, and rises; the ROM starts at `at`. RAM keeps its content, as it does in practice.
    pub fn reset_by_pin(&mut self, mode: BootMode, at: Ticks) {
        self.now = self.now.max(at);
        self.strapping = mode.strapping();
        self.bus.peripherals.rtc_cntl = RtcCntl::default();
        self.bus.forget_failure();
        self.reset = None;
        self.reset(None, ResetCause::PowerOn);
        self.runs = [true, false];
    }

    /// A byte will have arrived at UART 0 at `at`, which is not before that of the last call.
    pub fn send(&mut self, at: Ticks, byte: u8) {
        self.bus.peripherals.uart[0].schedule(at, byte);
        self.bus.request_attention();
    }

    /// What UART 0 sent with the last [`super::Event::Sent`] of it.
    pub fn sent(&self) -> &[Frame] {
        &self.sent
    }

    /// UART 0's rate in bits a second.
    pub fn baud(&self) -> u32 {
        let peripherals = &self.bus.peripherals;
        let time = peripherals.uart[0].byte_time(peripherals.apb_cycle());
        (10_000_000 * crate::clock::MICROSECOND / time.max(1)) as u32
    }

    /// What the ROM keeps: scripts and faults.
    pub fn rom(&mut self) -> &mut rom::Rom {
        &mut self.bus.rom
    }

    /// Whether the chip was reset into the serial loader; what that has loaded may run.
    pub fn in_download_mode(&self) -> bool {
        self.bus.rom.loader.is_some()
    }

    /// The serial loader, if it runs.
    pub fn serial_loader(&mut self) -> Option<&mut serial_loader::SerialLoader> {
        let runs = self.cpus[0].pc == serial_loader::ADDRESS;
        self.bus.rom.loader.as_deref_mut().filter(|_| runs)
    }

    /// Sets UART 0's divider, in 1/16 of a clock cycle, as the autobaud detection does.
    pub fn set_divider(&mut self, divider: u32) {
        self.bus.peripherals.uart[0].set_divider(divider);
    }

    /// Whether nothing will happen before a byte comes in.
    pub fn waits_for_input(&mut self) -> bool {
        if self.runs[1] {
            return false;
        }
        let uart = &self.bus.peripherals.uart[0];
        if uart.next_arrival().is_some()
            || uart.next_sent().is_some()
            || self.bus.peripherals.next_event(self.now).is_some()
        {
            return false;
        }
        let cpu = &mut self.cpus[0];
        // A function of the ROM may be ahead of time.
        if cpu.cycles > self.bus.cycles_at(0, self.now) {
            return false;
        }
        if self.bus.rom.waits(cpu.pc) {
            return true;
        }
        if cpu.expects_interrupt() {
            return false;
        }
        self.bus.set_core(0);
        cpu.waiting || idle::loops(cpu, &mut self.bus)
    }
}
