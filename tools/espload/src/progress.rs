//! What is shown while a run goes on.

use crate::device::DeviceInfo;

/// Hears what a run does.
pub trait Progress {
    /// Something worth a line that is no step: a fall-back, a warning.
    fn note(&mut self, _text: &str) {}
    /// More than most want to know.
    fn trace(&mut self, _text: &str) {}
    /// The loader answers.
    fn connected(&mut self, _device: &DeviceInfo, _port: &str, _baud: u32) {}
    /// It is known what of a file differs.
    fn compared(&mut self, _file: &FileState<'_>) {}
    /// The whole flash is being erased.
    fn erasing(&mut self) {}
    /// Writing starts or goes on: bytes of files done, and to do.
    fn writing(&mut self, _file: &str, _done: u64, _total: u64) {}
    /// A file is written.
    fn written(&mut self) {}
}

/// What was found out about a file.
#[derive(Debug, Clone, Copy)]
pub struct FileState<'a> {
    /// Name.
    pub name: &'a str,
    /// Flash offset.
    pub offset: u32,
    /// Length.
    pub bytes: usize,
    /// Sectors that it occupies.
    pub sectors: usize,
    /// Sectors to write.
    pub differing: usize,
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
