//! Accesses of programs that wait: what a register will read as until a time, without an access.
//!
//! Registers are listed here whose reading has no effect, and that change only with an event ([`Peripherals::next_event`]) or go up with
//! the time. The others are not wrong, but cost the machine a look at all peripherals for each access.

use super::Peripherals;
use super::dport::MMU_ENTRIES;
use super::map::{
    APB_CTRL, APP_MMU_TABLE, DPORT, EFUSE, GPIO, IO_MUX, PRO_MMU_TABLE, RTC, RTC_CNTL_LEN, TIMG0,
    TIMG1, UART0, UART1, UART2,
};
use crate::clock::Ticks;
use crate::cpu::Quiet;

/// What a register reads as: at least, at most.
pub type Bounds = (u32, u32);

/// Words of a register that stays as it is.
fn same(word: u32) -> Option<Bounds> {
    Some((word, word))
}

/// Bounds of a counter of 64 bits, as two registers have it that hold a time.
pub(super) fn halves(first: u64, last: u64) -> [Bounds; 2] {
    let (low, high) = (first.min(last), first.max(last));
    let upper = ((low >> 32) as u32, (high >> 32) as u32);
    let lower = if upper.0 == upper.1 {
        (low as u32, high as u32)
    } else {
        (0, u32::MAX)
    };
    [lower, upper]
}

impl Peripherals {
    /// Whether no peripheral will change a pin by itself, also where nobody listens and it is no event.
    fn pins_rest(&self) -> bool {
        self.outputs.next().is_none()
            && self.ledc.next_event(true).is_none()
            && self.rmt.next_event().is_none()
            && self.uart.iter().all(|uart| uart.next_sent().is_none())
    }

    /// What the word at `address`, which [`Self::canonical`] has given, reads as from `from` until `until`, if no event is between.
    pub fn poll(&self, address: u32, from: Ticks, until: Ticks) -> Option<Bounds> {
        let address = address & !3;
        let (from, until) = (from.max(self.latest), until.max(self.latest));
        let offset = address & 0xFFF;
        let apb = self.apb_cycle();
        match address & !0xFFF {
            DPORT => same(self.dport.read(offset)),
            PRO_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                same(self.dport.mmu_entry(0, offset as usize / 4))
            }
            APP_MMU_TABLE if offset < 4 * MMU_ENTRIES as u32 => {
                same(self.dport.mmu_entry(1, offset as usize / 4))
            }
            UART0 => self.uart[0].poll(offset, from, until, apb),
            UART1 => self.uart[1].poll(offset, from, until, apb),
            UART2 => self.uart[2].poll(offset, from, until, apb),
            GPIO if self.pins_rest() => same(self.pins.gpio.read(offset)),
            RTC if offset < RTC_CNTL_LEN => same(self.rtc_cntl.peek(offset)),
            IO_MUX => same(self.pins.read_io_mux(offset)),
            EFUSE => same(self.efuse.read(offset)),
            TIMG0 => Some(self.timg[0].poll(offset, from, until)),
            TIMG1 => Some(self.timg[1].poll(offset, from, until)),
            APB_CTRL => same(self.apb_ctrl.get(offset)),
            _ => None,
        }
    }

    /// What a write of `value` at `address` sets between `from` and `until`, where it has no other effect.
    pub fn rehearse_store(
        &self,
        address: u32,
        value: u32,
        from: Ticks,
        until: Ticks,
    ) -> Option<Quiet> {
        let (from, until) = (from.max(self.latest), until.max(self.latest));
        let (base, offset) = (address & !0xFFF, address & 0xFFF);
        let (offsets, bounds) = match base {
            TIMG0 => self.timg[0].rehearse_update(offset, from, until, self.apb_cycle())?,
            TIMG1 => self.timg[1].rehearse_update(offset, from, until, self.apb_cycle())?,
            RTC if offset < RTC_CNTL_LEN => {
                self.rtc_cntl.rehearse_update(offset, value, from, until)?
            }
            _ => return None,
        };
        let [lower, upper] = bounds;
        Some(Quiet::Sets([
            (base + offsets[0], lower.0, lower.1),
            (base + offsets[1], upper.0, upper.1),
        ]))
    }
}
