//! The console as lines.

use std::collections::VecDeque;

/// Number of lines that a failure shows.
pub const TAIL_LINES: usize = 40;

/// Splits the console into lines and keeps the last ones.
///
/// A line ends with `\n`; `\r` at either end is dropped, and bytes that are not UTF-8 become U+FFFD.
#[derive(Debug, Default)]
pub struct Console {
    partial: Vec<u8>,
    tail: VecDeque<String>,
    lines: usize,
}

impl Console {
    /// Takes the next bytes and calls `on_line` for each line that they complete, until it fails.
    pub fn push<E>(
        &mut self,
        bytes: &[u8],
        mut on_line: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        for &byte in bytes {
            if byte == b'\n' {
                on_line(&self.end_line())?;
            } else {
                self.partial.push(byte);
            }
        }
        Ok(())
    }

    /// The end of the console: what follows the last line end is a line too.
    pub fn finish<E>(&mut self, on_line: impl FnOnce(&str) -> Result<(), E>) -> Result<(), E> {
        if self.partial.is_empty() {
            Ok(())
        } else {
            on_line(&self.end_line())
        }
    }

    /// Number of complete lines so far.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Whether nothing was printed so far.
    pub fn is_empty(&self) -> bool {
        self.lines == 0 && self.partial.is_empty()
    }

    /// The last lines, an incomplete one included.
    pub fn tail(&self) -> Vec<String> {
        let partial = (!self.partial.is_empty()).then(|| clean(&self.partial));
        let mut tail: Vec<_> = self.tail.iter().cloned().chain(partial).collect();
        tail.drain(..tail.len().saturating_sub(TAIL_LINES));
        tail
    }

    fn end_line(&mut self) -> String {
        let line = clean(&std::mem::take(&mut self.partial));
        self.lines += 1;
        self.tail.push_back(line.clone());
        if self.tail.len() > TAIL_LINES {
            self.tail.pop_front();
        }
        line
    }
}

fn clean(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches('\r').to_owned()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn lines(console: &mut Console, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let Ok(()) = console.push(bytes, |line| {
            lines.push(line.to_owned());
            Ok::<(), Infallible>(())
        });
        lines
    }

    #[test]
    fn lines_may_arrive_in_pieces() {
        let mut console = Console::default();
        assert_eq!(lines(&mut console, b"one\r\ntw"), ["one"]);
        assert_eq!(lines(&mut console, b"o\n\rth"), ["two"]);
        assert_eq!(console.tail(), ["one", "two", "th"]);
        assert_eq!(lines(&mut console, b"ree\xFF\n"), ["three\u{FFFD}"]);
        assert_eq!(console.lines(), 3);
    }

    #[test]
    fn the_end_completes_the_last_line() {
        let mut console = Console::default();
        assert!(console.is_empty());
        assert!(lines(&mut console, b"prompt>").is_empty());
        assert!(!console.is_empty());
        assert_eq!(
            console.finish(|line| Err::<(), _>(line.to_owned())),
            Err("prompt>".to_owned())
        );
        assert_eq!(console.finish(|line| Err::<(), _>(line.to_owned())), Ok(()));
    }

    #[test]
    fn the_tail_is_bounded() {
        let mut console = Console::default();
        for number in 0..100 {
            lines(&mut console, format!("{number}\n").as_bytes());
        }
        lines(&mut console, b"partial");
        let tail = console.tail();
        assert_eq!(tail.len(), TAIL_LINES);
        assert_eq!((tail[0].as_str(), tail[39].as_str()), ("61", "partial"));
    }
}
