//! What gdb can do with the simulated chip.

use espsim::clock;
use espsim::machine::{BootMode, Machine};
use espsim::observe::{Breakpoints, Watch};
use gdbstub::common::{Signal, Tid};
use gdbstub::outputln;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{
    SingleRegisterAccess, SingleRegisterAccessOps,
};
use gdbstub::target::ext::breakpoints::{
    self, BreakpointsOps, HwBreakpointOps, HwWatchpointOps, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::Debugged;
use super::registers::{self, Index, Lx6, Lx6Registers};

/// The thread that a core is.
pub(super) fn thread(core: usize) -> Tid {
    Tid::new(core + 1).unwrap_or(Tid::MIN)
}

fn core(thread: Tid) -> usize {
    (thread.get() - 1).min(1)
}

fn watch(address: u32, len: u32, kind: WatchKind) -> Watch {
    Watch {
        address,
        len,
        reads: !matches!(kind, WatchKind::Write),
        writes: !matches!(kind, WatchKind::Read),
    }
}

impl Debugged {
    fn breakpoints(&mut self) -> &mut Breakpoints {
        &mut self
            .machine
            .observer
            .get_or_insert_with(Default::default)
            .breakpoints
    }
}

/// The byte at an address: memory, or a register, which reading may change.
fn byte(machine: &mut Machine, address: u32) -> Option<u8> {
    if let Some(byte) = machine.bus().byte_at(address) {
        return Some(byte);
    }
    let word = machine.read_word(address & !3)?;
    Some(word.to_le_bytes()[address as usize % 4])
}

impl Target for Debugged {
    type Arch = Lx6;
    type Error = String;

    fn base_ops(&mut self) -> BaseOps<'_, Lx6, String> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadBase for Debugged {
    fn read_registers(&mut self, into: &mut Lx6Registers, thread: Tid) -> TargetResult<(), Self> {
        *into = Lx6Registers::of(self.machine.cpu(core(thread)));
        Ok(())
    }

    fn write_registers(&mut self, from: &Lx6Registers, thread: Tid) -> TargetResult<(), Self> {
        from.write_to(self.machine.cpu_mut(core(thread)));
        Ok(())
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8], _: Tid) -> TargetResult<usize, Self> {
        let mut len = 0;
        for (address, place) in (start..).zip(data) {
            let Some(byte) = byte(&mut self.machine, address) else {
                break;
            };
            *place = byte;
            len += 1;
        }
        if len == 0 {
            return Err(TargetError::NonFatal);
        }
        Ok(len)
    }

    fn write_addrs(&mut self, start: u32, data: &[u8], _: Tid) -> TargetResult<(), Self> {
        if self.machine.write_memory(start, data) {
            Ok(())
        } else {
            Err(TargetError::NonFatal)
        }
    }

    fn list_active_threads(&mut self, register: &mut dyn FnMut(Tid)) -> Result<(), String> {
        register(thread(0));
        if self.machine.runs(1) {
            register(thread(1));
        }
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<Tid> for Debugged {
    fn read_register(
        &mut self,
        thread: Tid,
        Index(index): Index,
        into: &mut [u8],
    ) -> TargetResult<usize, Self> {
        let value = registers::read(self.machine.cpu(core(thread)), index);
        let bytes = value.ok_or(TargetError::NonFatal)?.to_le_bytes();
        into.get_mut(..4)
            .ok_or(TargetError::NonFatal)?
            .copy_from_slice(&bytes);
        Ok(4)
    }

    fn write_register(
        &mut self,
        thread: Tid,
        Index(index): Index,
        value: &[u8],
    ) -> TargetResult<(), Self> {
        let value = value.try_into().map_err(|_| TargetError::NonFatal)?;
        let cpu = self.machine.cpu_mut(core(thread));
        if registers::write(cpu, index, u32::from_le_bytes(value)) {
            Ok(())
        } else {
            Err(TargetError::NonFatal)
        }
    }
}

impl ThreadExtraInfo for Debugged {
    fn thread_extra_info(&self, thread: Tid, into: &mut [u8]) -> Result<usize, String> {
        let text: &[u8] = if core(thread) == 0 {
            b"PRO_CPU"
        } else {
            b"APP_CPU"
        };
        let len = text.len().min(into.len());
        into[..len].copy_from_slice(&text[..len]);
        Ok(len)
    }
}

impl MultiThreadResume for Debugged {
    fn resume(&mut self) -> Result<(), String> {
        let pcs = [0, 1].map(|core| self.machine.cpu(core).pc);
        self.breakpoints().resume(pcs);
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), String> {
        self.breakpoints().clear_step();
        Ok(())
    }

    fn set_resume_action_continue(&mut self, _: Tid, _: Option<Signal>) -> Result<(), String> {
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadSchedulerLocking for Debugged {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), String> {
        // Time goes on for both cores, as on the chip: the other one is not held.
        Ok(())
    }
}

impl MultiThreadSingleStep for Debugged {
    fn set_resume_action_step(&mut self, thread: Tid, _: Option<Signal>) -> Result<(), String> {
        self.breakpoints().step(core(thread));
        Ok(())
    }
}

impl breakpoints::Breakpoints for Debugged {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl breakpoints::SwBreakpoint for Debugged {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.breakpoints().set(address);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.breakpoints().clear(address))
    }
}

impl breakpoints::HwBreakpoint for Debugged {
    fn add_hw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.breakpoints().set(address);
        Ok(true)
    }

    fn remove_hw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.breakpoints().clear(address))
    }
}

impl breakpoints::HwWatchpoint for Debugged {
    fn add_hw_watchpoint(
        &mut self,
        address: u32,
        len: u32,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        self.breakpoints().watch(watch(address, len, kind));
        Ok(true)
    }

    fn remove_hw_watchpoint(
        &mut self,
        address: u32,
        len: u32,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        Ok(self.breakpoints().unwatch(watch(address, len, kind)))
    }
}

impl MonitorCmd for Debugged {
    fn handle_monitor_cmd(
        &mut self,
        command: &[u8],
        mut out: ConsoleOutput<'_>,
    ) -> Result<(), String> {
        match command.trim_ascii() {
            b"reset" | b"reset halt" => {
                let now = self.machine.now();
                self.machine.reset_by_pin(BootMode::Run, now);
                outputln!(
                    out,
                    "the chip is at its reset vector; `maintenance flush register-cache` tells gdb"
                );
            }
            b"time" => {
                let now = clock::duration(self.machine.now());
                outputln!(out, "{:.6} s", now.as_secs_f64());
            }
            _ => outputln!(out, "monitor reset, monitor time"),
        }
        Ok(())
    }
}
