//! What is shown of a device's console: its text as it comes, coloured, and below a line what it means.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anstyle::Style;
use regex::Regex;

use crate::decode::{Decoded, Frame, Program, decode, is_other};
use crate::error::Error;
use crate::filter::Filter;
use crate::log_line::{LogLine, Start};
use crate::messages::{DecodedMessage, Messages};
use crate::style::Styles;
use crate::text::{Piece, Splitter};
use crate::timestamp;

/// What begins the lines that are not the device's.
pub const PREFIX: &str = "---";

/// How much of a line is searched for what it means; all of it is shown.
const MAX_LINE: usize = 16 * 1024;
/// So many characters are looked at to tell text from noise.
const NOISE_WINDOW: u32 = 256;

/// Which control sequences of the device reach the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sequences {
    /// All: on a terminal.
    #[default]
    All,
    /// All but colours: on a terminal without colours.
    NoColours,
    /// None: in a file.
    None,
}

/// How the console is shown.
#[derive(Debug, Default)]
pub struct Options {
    /// Styles of the screen.
    pub styles: Styles,
    /// Styles of the notes.
    pub note_styles: Styles,
    /// Control sequences of the device.
    pub sequences: Sequences,
    /// Whether the time is shown before each line.
    pub timestamps: bool,
    /// Which lines are shown.
    pub filter: Filter,
    /// A line that is waited for.
    pub until: Option<Regex>,
    /// The program that the device should run.
    pub program: Option<Program>,
    /// The program in the chip's ROM.
    pub rom: Option<Program>,
    /// The messages that it logs.
    pub messages: Messages,
}

/// How important a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Something the user wants to know.
    Info,
    /// Something that is not as it should be.
    Warning,
}

/// Shows a device's console.
///
/// Its text and what it means go to `screen` and to the log; notes about the monitor itself go to `notes`.
pub struct Console<'a> {
    screen: &'a mut dyn Write,
    notes: &'a mut dyn Write,
    options: Options,
    log: Option<Log>,
    paused: bool,
    splitter: Splitter,
    line: LineState,
    /// What is ready to be shown.
    ready: String,
    /// What is ready to be written to the log.
    log_ready: Vec<u8>,
    /// Whether the cursor of the screen is in a line.
    screen_in_line: bool,
    /// Whether the last byte of the log is in a line.
    log_in_line: bool,
    noise: Noise,
    warned_of_elf: Option<String>,
    warned_of_no_elf: bool,
}

/// A line that is being assembled.
#[derive(Debug, Default)]
struct LineState {
    /// Its text, without control sequences.
    text: String,
    started: Option<SystemTime>,
    /// What is not shown yet because the line could become a log line.
    held: String,
    /// Whether the device sets the colours of this line.
    own_colours: bool,
    shown: Option<Shown>,
    /// Whether it was compared as it was, without its end.
    checked: bool,
}

/// How a line is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    visible: bool,
    style: Style,
    style_is_on: bool,
}

#[derive(Debug)]
struct Log {
    file: File,
    path: PathBuf,
}

/// Counts what is no text.
#[derive(Debug, Default)]
struct Noise {
    characters: u32,
    invalid: u32,
    warned: bool,
}

impl<'a> Console<'a> {
    /// A console that is shown on `screen`.
    pub fn new(screen: &'a mut dyn Write, notes: &'a mut dyn Write, options: Options) -> Self {
        Self {
            screen,
            notes,
            options,
            log: None,
            paused: false,
            splitter: Splitter::default(),
            line: LineState::default(),
            ready: String::new(),
            log_ready: Vec::new(),
            screen_in_line: false,
            log_in_line: false,
            noise: Noise::default(),
            warned_of_elf: None,
            warned_of_no_elf: false,
        }
    }

    /// Shows what the device sent, up to and including the line that is waited for. Returns whether it came.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        let mut seen = false;
        for &byte in bytes {
            if self.push_byte(byte) {
                seen = true;
                break;
            }
        }
        self.flush()?;
        if self.noise.is_new() {
            self.note(
                Note::Warning,
                "much of this is no text: the device may use another baud rate than the monitor (--baud)",
            )?;
        }
        Ok(seen)
    }

    /// To be called when the device has sent nothing for a moment: an incomplete line is shown as it is, and compared with
    /// the line that is waited for.
    pub fn idle(&mut self) -> Result<bool, Error> {
        self.decide();
        self.flush()?;
        let seen = !self.line.checked && !self.line.text.is_empty() && self.is_waited_for();
        self.line.checked = true;
        Ok(seen)
    }

    /// To be called at the end: an incomplete line is ended.
    pub fn finish(&mut self) -> Result<(), Error> {
        if !self.line.text.is_empty() || !self.line.held.is_empty() {
            self.decide();
            self.explain_line();
        }
        self.flush()?;
        self.end_screen_line()
    }

    /// Says something about the monitor.
    pub fn note(&mut self, note: Note, text: &str) -> Result<(), Error> {
        self.flush()?;
        self.end_screen_line()?;
        let styles = &self.options.note_styles;
        let (style, word) = match note {
            Note::Info => (styles.faint, ""),
            Note::Warning => (styles.warning, "warning: "),
        };
        let mut lines = String::new();
        for (index, line) in text.lines().enumerate() {
            let word = if index == 0 { word } else { "" };
            let _ = writeln!(lines, "{style}{PREFIX} {word}{line}{style:#}");
        }
        // Nobody may be there to read notes: standard error may be closed.
        let _ = self.notes.write_all(lines.as_bytes());
        let _ = self.notes.flush();
        Ok(())
    }

    /// Writes what is shown to a file, too, after what is in it.
    pub fn start_log(&mut self, path: &Path) -> Result<(), Error> {
        self.flush()?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|source| Error::Log {
            path: path.to_owned(),
            source,
        })?;
        self.log = Some(Log {
            file,
            path: path.to_owned(),
        });
        self.log_in_line = false;
        Ok(())
    }

    /// Ends the log and returns the file.
    pub fn stop_log(&mut self) -> Result<Option<PathBuf>, Error> {
        self.flush()?;
        Ok(self.log.take().map(|log| log.path))
    }

    /// Stops or continues showing the device's console; the log goes on. Returns whether it is stopped now.
    pub fn toggle_pause(&mut self) -> Result<bool, Error> {
        self.flush()?;
        self.end_screen_line()?;
        self.paused = !self.paused;
        Ok(self.paused)
    }

    /// Stops or starts showing the time before each line. Returns whether it is shown now.
    pub fn toggle_timestamps(&mut self) -> bool {
        self.options.timestamps = !self.options.timestamps;
        self.options.timestamps
    }

    /// The program that the device should run.
    pub fn program(&self) -> Option<&Program> {
        self.options.program.as_ref()
    }

    fn push_byte(&mut self, byte: u8) -> bool {
        let started = *self.line.started.get_or_insert_with(SystemTime::now);
        if self.log.is_some() {
            if !self.log_in_line && self.options.timestamps && byte != b'\r' && byte != b'\n' {
                let time = timestamp::rfc3339(started);
                self.log_ready.extend(format!("{time} ").bytes());
            }
            self.log_in_line = byte != b'\n' && (self.log_in_line || byte != b'\r');
            self.log_ready.push(byte);
        }
        let mut splitter = std::mem::take(&mut self.splitter);
        let mut ended = false;
        splitter.push(byte, &mut |piece| match piece {
            Piece::Text(character) => self.text(character),
            Piece::Colour(sequence) => {
                self.line.own_colours = true;
                if self.options.sequences == Sequences::All {
                    self.show(sequence);
                }
            }
            Piece::Control(sequence) => {
                if sequence == "\r" {
                    self.extend_line('\r');
                }
                if self.options.sequences != Sequences::None {
                    self.show(sequence);
                } else if sequence == "\r" {
                    self.end_progress();
                }
            }
            Piece::LineEnd => ended = true,
        });
        self.splitter = splitter;
        if !ended {
            return false;
        }
        let seen = self.is_waited_for();
        self.end_line();
        seen
    }

    fn is_waited_for(&self) -> bool {
        let until = self.options.until.as_ref();
        until.is_some_and(|until| until.is_match(&self.line.text))
    }

    fn extend_line(&mut self, character: char) {
        if self.line.text.len() < MAX_LINE {
            self.line.text.push(character);
        }
        self.line.checked = false;
    }

    fn text(&mut self, character: char) {
        self.noise.count(character);
        self.extend_line(character);
        let mut utf8 = [0; 4];
        self.show(character.encode_utf8(&mut utf8));
        if self.line.shown.is_none() {
            match Start::of(&self.line.text) {
                Start::Open => {}
                Start::Other if self.options.filter.is_open(&self.line.text) => {}
                Start::Log(_) | Start::Other => self.decide(),
            }
        }
    }

    /// Shows a part of the line.
    fn show(&mut self, part: &str) {
        let Some(shown) = &mut self.line.shown else {
            self.line.held += part;
            return;
        };
        if !shown.visible || self.paused {
            return;
        }
        if !shown.style_is_on {
            let _ = write!(self.ready, "{}", shown.style);
            shown.style_is_on = true;
        }
        self.ready += part;
        self.screen_in_line = true;
    }

    /// Decides how the line is shown, from what is known of it.
    fn decide(&mut self) {
        if self.line.shown.is_some() || self.line.held.is_empty() {
            return;
        }
        let styles = &self.options.styles;
        let filter = &self.options.filter;
        let (visible, style) = match LogLine::parse(&self.line.text) {
            Some(line) => (filter.shows(&line), styles.level(line.level)),
            None => (filter.shows_other(&self.line.text), Style::new()),
        };
        let style = if self.line.own_colours {
            Style::new()
        } else {
            style
        };
        if visible && !self.paused && self.options.timestamps {
            let time = timestamp::rfc3339(self.line.started.unwrap_or_else(SystemTime::now));
            let faint = styles.faint;
            let _ = write!(self.ready, "{faint}{time}{faint:#} ");
        }
        self.line.shown = Some(Shown {
            visible,
            style,
            style_is_on: false,
        });
        let held = std::mem::take(&mut self.line.held);
        self.show(&held);
    }

    fn end_line(&mut self) {
        self.decide();
        let visible = match &self.line.shown {
            Some(shown) => shown.visible,
            None => self.options.filter.shows_other(&self.line.text),
        };
        if visible && !self.paused {
            self.end_style();
            self.ready.push('\n');
        }
        self.screen_in_line = false;
        self.explain_line();
    }

    /// Ends a line of the screen that a terminal would write over: in a file, each state of a progress line stands on its own.
    fn end_progress(&mut self) {
        self.decide();
        if std::mem::take(&mut self.screen_in_line) {
            self.end_style();
            self.ready.push('\n');
        }
    }

    fn end_style(&mut self) {
        if let Some(shown) = &mut self.line.shown
            && std::mem::take(&mut shown.style_is_on)
        {
            let _ = write!(self.ready, "{:#}", shown.style);
        }
    }

    /// Shows what the line means, and begins a new one.
    fn explain_line(&mut self) {
        let LineState { text, shown, .. } = std::mem::take(&mut self.line);
        let text = text.trim_matches('\r');
        let visible = !self.paused && shown.is_none_or(|shown| shown.visible);
        let plain = Styles::plain();
        let mut explained = String::new();
        let mut logged = String::new();
        let mut explain = |lines: &dyn Fn(&Styles) -> String| {
            explained += &lines(&self.options.styles);
            logged += &lines(&plain);
        };

        if let Some(message) = self.options.messages.decode(text) {
            explain(&|styles| message_line(&message, styles));
        }
        let rom = self.options.rom.as_ref();
        for decoded in decode(self.options.program.as_ref(), rom, text) {
            explain(&|styles| frame_lines(&decoded, styles));
        }
        match &self.options.program {
            Some(program) => {
                if is_other(program, text) && self.warned_of_elf.as_deref() != Some(text) {
                    let path = program.path().display().to_string();
                    let sha256 = &program.sha256()[..9];
                    explain(&|styles| {
                        warning_line(
                            &format!(
                                "the device runs another build than {path} (SHA256: {sha256}): addresses may be decoded wrongly"
                            ),
                            styles,
                        )
                    });
                    self.warned_of_elf = Some(text.to_owned());
                }
            }
            None if !self.warned_of_no_elf && text.starts_with("Backtrace:") => {
                explain(&|styles| {
                    warning_line(
                        "with --elf FILE, functions and lines are shown for addresses",
                        styles,
                    )
                });
                self.warned_of_no_elf = true;
            }
            None => {}
        }

        if visible && !explained.is_empty() {
            if self.screen_in_line {
                self.ready.push('\n');
                self.screen_in_line = false;
            }
            self.ready += &explained;
        }
        if self.log.is_some() && !logged.is_empty() {
            if self.log_in_line {
                self.log_ready.push(b'\n');
                self.log_in_line = false;
            }
            self.log_ready.extend(logged.bytes());
        }
    }

    /// Ends a line of the screen that the device has not ended.
    fn end_screen_line(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.screen_in_line) {
            self.end_style();
            self.ready.push('\n');
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.ready.is_empty() {
            let written = self
                .screen
                .write_all(self.ready.as_bytes())
                .and_then(|()| self.screen.flush());
            self.ready.clear();
            written.map_err(|source| Error::Io {
                what: "write to standard output",
                source,
            })?;
        }
        if !self.log_ready.is_empty() {
            let bytes = std::mem::take(&mut self.log_ready);
            if let Some(log) = &mut self.log
                && let Err(error) = log.file.write_all(&bytes)
            {
                let text = format!("{}: the log ends here: {error}", log.path.display());
                self.log = None;
                self.note(Note::Warning, &text)?;
            }
        }
        Ok(())
    }
}

impl Noise {
    fn count(&mut self, character: char) {
        self.characters += 1;
        if character == char::REPLACEMENT_CHARACTER
            || ('\u{2400}'..='\u{2421}').contains(&character)
        {
            self.invalid += 1;
        }
    }

    /// Whether there is so much noise, for the first time.
    fn is_new(&mut self) -> bool {
        if self.characters < NOISE_WINDOW {
            return false;
        }
        let is_noise = self.invalid > self.characters / 4;
        self.characters = 0;
        self.invalid = 0;
        is_noise && !std::mem::replace(&mut self.warned, is_noise)
    }
}

/// One line for each function: `--- 0x400d15eb: panic::outer at firmware/tests/panic.rs:21`.
fn frame_lines(decoded: &Decoded, styles: &Styles) -> String {
    let Styles {
        faint, function, ..
    } = styles;
    let address = match &decoded.register {
        Some(register) => format!("{register} {:#010x}: ", decoded.address),
        None => format!("{:#010x}: ", decoded.address),
    };
    let mut lines = String::new();
    for (
        index,
        Frame {
            function: name,
            location,
        },
    ) in decoded.frames.iter().enumerate()
    {
        let _ = match index {
            0 => write!(lines, "{faint}{PREFIX} {address}{faint:#}"),
            _ => write!(
                lines,
                "{faint}{PREFIX} {:1$}inlined by {faint:#}",
                "",
                address.len()
            ),
        };
        let _ = write!(lines, "{function}{name}{function:#}");
        if let Some(location) = location {
            let _ = write!(lines, "{faint} at {faint:#}{location}");
        }
        if index == 0 && decoded.times > 1 {
            let _ = write!(lines, "{faint} ({} times){faint:#}", decoded.times);
        }
        lines.push('\n');
    }
    lines
}

/// One line: `--- firmware.v1.Heartbeat { uptime_ms: 10002, count: 2 }`.
fn message_line(decoded: &DecodedMessage, styles: &Styles) -> String {
    let Styles {
        faint,
        message,
        warning,
        ..
    } = styles;
    let DecodedMessage { name, fields } = decoded;
    match fields {
        Ok(fields) if fields.is_empty() => {
            format!("{faint}{PREFIX}{faint:#} {message}{name}{message:#} {{}}\n")
        }
        Ok(fields) => {
            format!("{faint}{PREFIX}{faint:#} {message}{name}{message:#} {{ {fields} }}\n")
        }
        Err(problem) => {
            format!("{faint}{PREFIX}{faint:#} {warning}no {name}: {problem}{warning:#}\n")
        }
    }
}

fn warning_line(text: &str, styles: &Styles) -> String {
    let warning = styles.warning;
    format!("{warning}{PREFIX} warning: {text}{warning:#}\n")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Screen and notes of one terminal.
    #[derive(Clone, Default)]
    struct Terminal(Rc<RefCell<Vec<u8>>>);

    impl Terminal {
        fn text(&self) -> String {
            String::from_utf8(std::mem::take(&mut self.0.borrow_mut())).unwrap()
        }
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is shown of `parts`, with `|` after each.
    fn show(options: Options, parts: &[&[u8]]) -> String {
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, options);
        let mut shown = String::new();
        for part in parts {
            console.push(part).unwrap();
            shown += &terminal.text();
            shown.push('|');
        }
        console.finish().unwrap();
        shown + &terminal.text()
    }

    fn coloured() -> Options {
        Options {
            styles: Styles::coloured(),
            ..Options::default()
        }
    }

    const RED: &str = "\x1B[1m\x1B[31m";
    const YELLOW: &str = "\x1B[33m";
    const GREEN: &str = "\x1B[32m";
    const END: &str = "\x1B[0m";

    #[test]
    fn levels_have_colours() {
        let text =
            b"E (1) a: x\r\nW (2) a: y\r\nI (3) a: z\r\nD (4) a: d\r\nV (5) a: v\r\nplain\r\n";
        assert_eq!(
            show(coloured(), &[text]),
            format!(
                "{RED}E (1) a: x{END}\n{YELLOW}W (2) a: y{END}\n{GREEN}I (3) a: z{END}\nD (4) a: d\nV (5) a: v\nplain\n|"
            )
        );
        assert_eq!(
            show(Options::default(), &[text]),
            "E (1) a: x\nW (2) a: y\nI (3) a: z\nD (4) a: d\nV (5) a: v\nplain\n|"
        );
    }

    #[test]
    fn text_appears_as_soon_as_its_colour_is_known() {
        assert_eq!(
            show(
                coloured(),
                &[
                    b"esp> ",
                    b"ls",
                    b"\r\nI (1",
                    b"2) a",
                    b": x",
                    b"y\r",
                    b"\n",
                    b"I (3"
                ]
            ),
            format!("esp> |ls|\n||{GREEN}I (12) a: x|y|{END}\n||I (3\n")
        );
    }

    #[test]
    fn an_open_line_is_shown_when_nothing_follows() {
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, coloured());
        console.push(b"I (1) wifi").unwrap();
        assert_eq!(terminal.text(), "");
        assert!(!console.idle().unwrap());
        assert_eq!(terminal.text(), "I (1) wifi");
        console.push(b" is up\r\n").unwrap();
        assert_eq!(terminal.text(), " is up\n");
    }

    #[test]
    fn colours_of_the_device_stay_its_own() {
        let text = b"\x1B[0;33mI (1) a: x\x1B[0m\r\n\x1B[2K\rprompt> ";
        assert_eq!(
            show(coloured(), &[text]),
            "\x1B[0;33mI (1) a: x\x1B[0m\n\x1B[2K\rprompt> |\n"
        );
        let sequences = |sequences| Options {
            sequences,
            ..Options::default()
        };
        assert_eq!(
            show(sequences(Sequences::NoColours), &[text]),
            "I (1) a: x\n\x1B[2K\rprompt> |\n"
        );
        assert_eq!(
            show(sequences(Sequences::None), &[text]),
            "I (1) a: x\nprompt> |\n"
        );
    }

    #[test]
    fn progress_in_a_file_is_lines() {
        let text = b"10%\r20%\r\r\n\rI (1) a: 1\rI (1) a: 2\r\n";
        let options = |sequences| Options {
            sequences,
            ..Options::default()
        };
        assert_eq!(
            show(options(Sequences::None), &[text]),
            "10%\n20%\nI (1) a: 1\nI (1) a: 2\n|"
        );
        assert_eq!(
            show(options(Sequences::NoColours), &[text]),
            "10%\r20%\nI (1) a: 1\rI (1) a: 2\n|"
        );
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        assert_eq!(
            show(
                Options::default(),
                &[b"\xFF\x00\xC3", b"\xBC\x0E\r\nok\r\n"]
            ),
            "\u{FFFD}\u{2400}|\u{fc}\u{240E}\nok\n|"
        );
        let noise: Vec<u8> = (0..600).map(|n| 0x80 | (n * 7) as u8).collect();
        let shown = show(Options::default(), &[&noise, &noise]);
        assert_eq!(
            shown
                .matches("--- warning: much of this is no text")
                .count(),
            1,
            "{shown}"
        );
    }

    #[test]
    fn long_lines_are_shown_whole() {
        let line = "x".repeat(10 * MAX_LINE);
        let shown = show(Options::default(), &[line.as_bytes(), b"\r\nnext\r\n"]);
        assert_eq!(shown, format!("{line}|\nnext\n|"));
    }

    #[test]
    fn notes_stand_on_lines_of_their_own() {
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, coloured());
        console.push(b"I (1) a: x").unwrap();
        console.note(Note::Info, "one\ntwo").unwrap();
        console.push(b"y\r\n").unwrap();
        console.note(Note::Warning, "three").unwrap();
        assert_eq!(
            terminal.text(),
            format!(
                "{GREEN}I (1) a: x{END}\n--- one\n--- two\n{GREEN}y{END}\n--- warning: three\n"
            )
        );
    }

    #[test]
    fn until_matches_lines_without_control_sequences() {
        let until = |pattern: &str| Options {
            until: Some(Regex::new(pattern).unwrap()),
            ..Options::default()
        };
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, until("^I .*: ready$"));
        assert!(
            !console
                .push(b"I (1) a: ready, nearly\r\n\x1B[32mI (2) a: ready")
                .unwrap()
        );
        assert!(console.push(b"\x1B[0m\r\nrest\r\n").unwrap());
        assert_eq!(
            terminal.text(),
            "I (1) a: ready, nearly\n\x1B[32mI (2) a: ready\x1B[0m\n"
        );

        let mut console = Console::new(&mut screen, &mut notes, until("> $"));
        assert!(!console.push(b"esp> ").unwrap());
        assert!(console.idle().unwrap());
        assert!(!console.idle().unwrap(), "the same text twice");
    }

    #[test]
    fn filtered_lines_are_not_shown_but_seen() {
        let options = || Options {
            filter: "a:W".parse().unwrap(),
            until: Some(Regex::new("b: y").unwrap()),
            ..Options::default()
        };
        assert_eq!(
            show(
                options(),
                &[
                    b"I (1) a: x\r\nW (1) a: x\r\nother\r\n\r\nE (2) b: z\r\nE (",
                    b"3) a: z"
                ]
            ),
            "W (1) a: x\n|E (3) a: z|\n"
        );
        let wifi = Options {
            filter: "wifi".parse().unwrap(),
            ..Options::default()
        };
        assert_eq!(
            show(
                wifi,
                &[
                    b"wi",
                    b"fi:new:1\r\nI wifi: up\r\nboot: x\r\nplain\r\n\r\n",
                    b"w"
                ]
            ),
            "|wifi:new:1\nI wifi: up\n||"
        );
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, options());
        assert!(console.push(b"I (1) b: y\r\n").unwrap());
        assert_eq!(terminal.text(), "");
    }

    #[test]
    fn a_paused_screen_does_not_stop_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, coloured());
        console.start_log(&path).unwrap();
        console.push(b"I (1) a: x\r\ny").unwrap();
        assert!(console.toggle_pause().unwrap());
        console.push(b"z\r\nhidden\r\n\xFF").unwrap();
        assert!(!console.toggle_pause().unwrap());
        console.push(b"\r\nshown\r\n").unwrap();
        assert_eq!(console.stop_log().unwrap().as_deref(), Some(&*path));
        console.push(b"after\r\n").unwrap();
        assert_eq!(
            terminal.text(),
            format!("{GREEN}I (1) a: x{END}\ny\n\nshown\nafter\n")
        );
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"I (1) a: x\r\nyz\r\nhidden\r\n\xFF\r\nshown\r\n"
        );
    }

    #[test]
    fn lines_have_the_time_they_began() {
        let options = Options {
            timestamps: true,
            ..Options::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let terminal = Terminal::default();
        let (mut screen, mut notes) = (terminal.clone(), terminal.clone());
        let mut console = Console::new(&mut screen, &mut notes, options);
        console.start_log(&path).unwrap();
        console.push(b"one\r\n\r\ntw").unwrap();
        console.push(b"o\r\n").unwrap();
        assert!(!console.toggle_timestamps());
        console.push(b"three\r\n").unwrap();
        let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").unwrap();
        let shown = terminal.text();
        assert_eq!(time.replace_all(&shown, "T"), "T one\n\nT two\nthree\n");
        let log = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            time.replace_all(&log, "T"),
            "T one\r\n\r\nT two\r\nthree\r\n"
        );
    }

    #[test]
    fn a_backtrace_without_an_elf_file_is_commented_once() {
        let text = b"Backtrace: 0x400d1de5:0x3ffb3f90\r\n";
        let shown = show(Options::default(), &[text, text]);
        assert_eq!(
            shown,
            "Backtrace: 0x400d1de5:0x3ffb3f90\n--- warning: with --elf FILE, functions and lines are shown for addresses\n|\
             Backtrace: 0x400d1de5:0x3ffb3f90\n|"
        );
    }

    #[test]
    fn frames_are_lines() {
        let frame = |function: &str, line| Frame {
            function: function.to_owned(),
            location: Some(crate::decode::Location {
                file: "firmware/main.rs".to_owned(),
                line,
            }),
        };
        let decoded = Decoded {
            register: None,
            address: 0x400D_1234,
            times: 3,
            frames: vec![frame("inner", Some(9)), frame("app::outer", None)],
        };
        assert_eq!(
            frame_lines(&decoded, &Styles::plain()),
            "--- 0x400d1234: inner at firmware/main.rs:9 (3 times)\n\
             ---             inlined by app::outer at firmware/main.rs\n"
        );
        let decoded = Decoded {
            register: Some("PC".to_owned()),
            times: 1,
            frames: vec![Frame {
                location: None,
                ..frame("_start", None)
            }],
            ..decoded
        };
        assert_eq!(
            frame_lines(&decoded, &Styles::plain()),
            "--- PC 0x400d1234: _start\n"
        );
        let coloured = frame_lines(&decoded, &Styles::coloured());
        assert_eq!(
            coloured,
            format!("\x1B[2m--- PC 0x400d1234: {END}{YELLOW}_start{END}\n")
        );
    }
}
