//! Progress for people: a bar on a terminal, lines elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::device::DeviceInfo;
use crate::progress::{FileState, Progress};
use crate::report::grouped;

/// How often a line tells how far it is, where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Writes to `out`, and draws a bar on standard error if that is a terminal.
pub(crate) struct Screen<'a> {
    out: &'a mut dyn Write,
    bar_wanted: bool,
    verbose: bool,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
    names: usize,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, bar: bool, verbose: bool, names: usize) -> Self {
        Self {
            out,
            bar_wanted: bar,
            verbose,
            bar: None,
            last_line: None,
            names,
        }
    }

    pub(crate) fn line(&mut self, text: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }
}

impl Progress for Screen<'_> {
    fn note(&mut self, text: &str) {
        self.line(text);
    }

    fn trace(&mut self, text: &str) {
        if self.verbose {
            self.line(text);
        }
    }

    fn connected(&mut self, device: &DeviceInfo, port: &str, baud: u32) {
        self.line(&format!("{device} on {port} at {baud} baud"));
    }

    fn compared(&mut self, file: &FileState<'_>) {
        let state = match (file.differing, file.sectors) {
            (0, _) => "unchanged".to_owned(),
            (differing, sectors) if differing == sectors => {
                format!("all {sectors} sectors to write")
            }
            (differing, sectors) => format!("{differing} of {sectors} sectors differ"),
        };
        let (name, size) = (file.name, format!("{} B", grouped(file.bytes as u64)));
        let width = self.names;
        self.line(&format!(
            "{:#08x}  {name:width$}  {size:>12}  {state}",
            file.offset
        ));
    }

    fn erasing(&mut self) {
        self.line("erasing the whole flash");
    }

    fn writing(&mut self, file: &str, done: u64, total: u64) {
        if !self.bar_wanted {
            let now = Instant::now();
            match self.last_line {
                Some(last) if done > 0 && now < last + LINE_EVERY => {}
                _ if done == 0 => {
                    self.last_line = Some(now);
                    self.line(&format!("writing {file}: {} B", grouped(total)));
                }
                _ => {
                    self.last_line = Some(now);
                    let percent = done * 100 / total.max(1);
                    self.line(&format!("writing {file}: {percent} %"));
                }
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = "{prefix} [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
            bar.set_style(
                ProgressStyle::with_template(style)
                    .expect("a template that the tests parse")
                    .progress_chars("=> "),
            );
            bar
        });
        bar.set_prefix(file.to_owned());
        bar.set_length(total);
        bar.set_position(done);
    }

    fn written(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_there_are_lines() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, false, false, 14);
        let state = |name, offset, bytes, sectors, differing| FileState {
            name,
            offset,
            bytes,
            sectors,
            differing,
        };
        screen.compared(&state("bootloader.bin", 0x1000, 26_352, 7, 0));
        screen.compared(&state("app.bin", 0x10000, 20_176, 5, 3));
        screen.trace("not shown");
        screen.writing("app.bin", 0, 12_288);
        screen.writing("app.bin", 4096, 12_288);
        screen.written();
        screen.note("a note");
        let text = String::from_utf8(out).unwrap();
        let expected = "\
            0x001000  bootloader.bin      26,352 B  unchanged\n\
            0x010000  app.bin             20,176 B  3 of 5 sectors differ\n\
            writing app.bin: 12,288 B\n\
            a note\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_bar_has_bytes_speed_and_time_left() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, true, true, 7);
        screen.writing("app.bin", 0, 8192);
        screen.writing("app.bin", 4096, 8192);
        let bar = screen.bar.as_ref().unwrap();
        assert_eq!(
            (bar.position(), bar.length(), bar.prefix().as_str()),
            (4096, Some(8192), "app.bin")
        );
        screen.trace("shown");
        assert!(screen.bar.is_none());
        assert_eq!(out, b"shown\n");
    }
}
