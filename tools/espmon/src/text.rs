//! The bytes of a console as text, line ends and control sequences.

/// A piece of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A character that is shown. For what is no UTF-8 this is U+FFFD, for control characters their picture (U+2400 to U+2421).
    Text(char),
    /// A sequence that sets colours (ECMA-48 SGR).
    Colour(&'a str),
    /// Another control sequence, or a control character that terminals obey: backspace, bell, or carriage return.
    Control(&'a str),
    /// The end of a line: line feed, with or without carriage returns around it.
    LineEnd,
}

/// Longest control sequence; longer ones are shown as text.
const MAX_SEQUENCE: usize = 64;

/// Splits bytes, which may come in pieces of any size.
///
/// Sequences that carry text for the terminal (window titles, the clipboard, ...) are shown instead of passed on.
#[derive(Debug, Default)]
pub struct Splitter {
    /// An incomplete control sequence, from its escape on.
    sequence: String,
    /// An incomplete character.
    character: Vec<u8>,
    /// A carriage return that may belong to a line end.
    carriage_return: bool,
    /// Whether something was in this line.
    in_line: bool,
}

impl Splitter {
    /// Takes the next byte, which may complete no piece, one, or several.
    pub fn push(&mut self, byte: u8, on_piece: &mut dyn FnMut(Piece<'_>)) {
        if !self.sequence.is_empty() {
            if self.extend_sequence(byte, on_piece) {
                return;
            }
            let sequence = std::mem::take(&mut self.sequence);
            for character in sequence.chars() {
                self.text(picture(character), on_piece);
            }
        }
        if !self.character.is_empty() || byte >= 0x80 {
            self.character.push(byte);
            match std::str::from_utf8(&self.character) {
                Ok(text) => {
                    let character = text.chars().next().expect("text is not empty");
                    self.character.clear();
                    self.text(picture(character), on_piece);
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    let alone = self.character.len() == 1;
                    self.character.clear();
                    self.text(char::REPLACEMENT_CHARACTER, on_piece);
                    if !alone {
                        self.push(byte, on_piece);
                    }
                }
            }
            return;
        }
        match byte {
            b'\n' => {
                self.carriage_return = false;
                self.in_line = false;
                on_piece(Piece::LineEnd);
            }
            b'\r' => self.carriage_return = self.in_line,
            b'\x1B' => self.sequence.push('\x1B'),
            b'\x08' => self.control("\x08", on_piece),
            b'\x07' => self.control("\x07", on_piece),
            _ => self.text(picture(char::from(byte)), on_piece),
        }
    }

    /// Returns false if the sequence is none that is passed on, and `byte` no part of it.
    fn extend_sequence(&mut self, byte: u8, on_piece: &mut dyn FnMut(Piece<'_>)) -> bool {
        let complete = match (self.sequence.len(), byte) {
            (1, b'[') => false,
            // Save and restore the cursor.
            (1, b'7' | b'8') => true,
            (2..MAX_SEQUENCE, 0x20..=0x3F) => false,
            (2..MAX_SEQUENCE, 0x40..=0x7E) => true,
            _ => return false,
        };
        self.sequence.push(char::from(byte));
        if complete {
            let sequence = std::mem::take(&mut self.sequence);
            if byte == b'm' {
                self.pass_return(on_piece);
                on_piece(Piece::Colour(&sequence));
            } else {
                self.control(&sequence, on_piece);
            }
        }
        true
    }

    fn pass_return(&mut self, on_piece: &mut dyn FnMut(Piece<'_>)) {
        if std::mem::take(&mut self.carriage_return) {
            on_piece(Piece::Control("\r"));
        }
        self.in_line = true;
    }

    fn control(&mut self, sequence: &str, on_piece: &mut dyn FnMut(Piece<'_>)) {
        self.pass_return(on_piece);
        on_piece(Piece::Control(sequence));
    }

    fn text(&mut self, character: char, on_piece: &mut dyn FnMut(Piece<'_>)) {
        self.pass_return(on_piece);
        on_piece(Piece::Text(character));
    }
}

fn picture(character: char) -> char {
    match character {
        '\t' => character,
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(character)).expect("a picture"),
        '\x7F' => '\u{2421}',
        '\u{80}'..='\u{9F}' => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces as text: line ends as `/`, control sequences in brackets, colours in braces.
    fn split(bytes: &[u8]) -> String {
        let mut splitter = Splitter::default();
        let mut text = String::new();
        for &byte in bytes {
            splitter.push(byte, &mut |piece| match piece {
                Piece::Text(character) => text.push(character),
                Piece::Colour(sequence) => text += &format!("{{{}}}", sequence.escape_debug()),
                Piece::Control(sequence) => text += &format!("[{}]", sequence.escape_debug()),
                Piece::LineEnd => text.push('/'),
            });
        }
        text
    }

    #[test]
    fn line_ends() {
        assert_eq!(split(b"a\nb\r\nc\r\r\n\n\rd\r"), "a/b/c//d");
        assert_eq!(split(b"10%\r20%\r\n"), "10%[\\r]20%/");
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        assert_eq!(
            split("gr\u{fc}n \u{1F980}\n".as_bytes()),
            "gr\u{fc}n \u{1F980}/"
        );
        assert_eq!(split(b"a\xFFb\xC3\n"), "a\u{FFFD}b\u{FFFD}/");
        assert_eq!(
            split(b"\xF0\x9F\xA6x\xE2\x82\xC3\xBC"),
            "\u{FFFD}x\u{FFFD}\u{fc}"
        );
        assert_eq!(split(b"\xC2\x9B31m"), "\u{FFFD}31m");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(
            split(b"\x00\x0E\tx\x7F\x08\x07"),
            "\u{2400}\u{240E}\tx\u{2421}[\\u{8}][\\u{7}]"
        );
    }

    #[test]
    fn control_sequences() {
        assert_eq!(
            split(b"\x1B[0;32mI\x1B[0m\x1B[5n\x1B7\r\x1B[Kx"),
            "{\\u{1b}[0;32m}I{\\u{1b}[0m}[\\u{1b}[5n][\\u{1b}7][\\r][\\u{1b}[K]x"
        );
    }

    #[test]
    fn other_sequences_are_shown() {
        assert_eq!(
            split(b"\x1B]0;title\x07\x1Bc\n"),
            "\u{241B}]0;title[\\u{7}]\u{241B}c/"
        );
        assert_eq!(split(b"\x1B[12\nm"), "\u{241B}[12/m");
        assert_eq!(split(b"\x1B\x1B[m"), "\u{241B}{\\u{1b}[m}");
        let long = [b"\x1B[".to_vec(), vec![b'1'; 100], b"m\n".to_vec()].concat();
        assert_eq!(split(&long), format!("\u{241B}[{}m/", "1".repeat(100)));
    }
}
