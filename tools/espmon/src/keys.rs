//! The keys of `idf.py monitor`.

/// Ends the monitor: Ctrl-].
pub const EXIT_KEY: u8 = ctrl(b']');
/// The next key is a command: Ctrl-T.
pub const MENU_KEY: u8 = ctrl(b'T');

/// What a user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// These bytes are for the device.
    Send(Vec<u8>),
    /// End.
    Exit,
    /// Show the keys.
    Help,
    /// Reset the chip.
    Reset,
    /// Reset the chip into the boot loader of its ROM.
    ResetToLoader,
    /// Stop or continue showing the console.
    TogglePause,
    /// Stop or start writing the console to a file.
    ToggleLog,
    /// Stop or start showing the time of each line.
    ToggleTimestamps,
    /// A key that is no command.
    Unknown(u8),
}

/// The help that Ctrl-T Ctrl-H shows.
pub const HELP: &str = "\
Ctrl-]           exit
Ctrl-T           menu, followed by:
  Ctrl-H (or ?)  these keys
  Ctrl-R         reset the chip
  Ctrl-P         reset the chip into the boot loader of its ROM
  Ctrl-Y         stop or continue showing the console
  Ctrl-L         stop or start writing the console to a file
  Ctrl-I (or I)  stop or start showing the time of each line
  Ctrl-X (or X)  exit
  Ctrl-T         send Ctrl-T to the device
  Ctrl-]         send Ctrl-] to the device
All other keys, Ctrl-C too, go to the device.";

const fn ctrl(letter: u8) -> u8 {
    letter & 0x1F
}

/// A key as it is written in messages.
pub fn name(key: u8) -> String {
    match key {
        0..0x20 => format!("Ctrl-{}", char::from(key | 0x40)),
        b' ' => "the space bar".to_owned(),
        0x21..0x7F => char::from(key).to_string(),
        _ => format!("{key:#04x}"),
    }
}

/// Reads keys.
#[derive(Debug, Default)]
pub struct Keys {
    in_menu: bool,
}

impl Keys {
    /// What the next keys mean.
    pub fn read(&mut self, keys: &[u8]) -> Vec<Action> {
        let mut actions = Vec::new();
        for &key in keys {
            if std::mem::take(&mut self.in_menu) {
                actions.push(command(key));
            } else if key == MENU_KEY {
                self.in_menu = true;
            } else if key == EXIT_KEY {
                actions.push(Action::Exit);
            } else if let Some(Action::Send(bytes)) = actions.last_mut() {
                bytes.push(key);
            } else {
                actions.push(Action::Send(vec![key]));
            }
        }
        actions
    }
}

fn command(key: u8) -> Action {
    const HELP: u8 = ctrl(b'H');
    const RESET: u8 = ctrl(b'R');
    const LOADER: u8 = ctrl(b'P');
    const PAUSE: u8 = ctrl(b'Y');
    const LOG: u8 = ctrl(b'L');
    const TIMESTAMPS: u8 = ctrl(b'I');
    const EXIT: u8 = ctrl(b'X');
    match key {
        MENU_KEY | EXIT_KEY => Action::Send(vec![key]),
        HELP | b'h' | b'H' | b'?' => Action::Help,
        RESET => Action::Reset,
        LOADER => Action::ResetToLoader,
        PAUSE => Action::TogglePause,
        LOG => Action::ToggleLog,
        TIMESTAMPS | b'i' | b'I' => Action::ToggleTimestamps,
        EXIT | b'x' | b'X' => Action::Exit,
        _ => Action::Unknown(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_the_device() {
        let mut keys = Keys::default();
        assert_eq!(
            keys.read(b"ls\r\x03\x1B[A"),
            [Action::Send(b"ls\r\x03\x1B[A".to_vec())]
        );
        assert_eq!(keys.read(b""), []);
    }

    #[test]
    fn the_menu_key_may_come_alone() {
        let mut keys = Keys::default();
        assert_eq!(keys.read(b"a\x14"), [Action::Send(b"a".to_vec())]);
        assert_eq!(
            keys.read(b"\x12b"),
            [Action::Reset, Action::Send(b"b".to_vec())]
        );
    }

    #[test]
    fn commands() {
        for (key, action) in [
            (0x14, Action::Send(vec![0x14])),
            (0x1D, Action::Send(vec![0x1D])),
            (0x08, Action::Help),
            (0x12, Action::Reset),
            (0x10, Action::ResetToLoader),
            (0x19, Action::TogglePause),
            (0x0C, Action::ToggleLog),
            (0x09, Action::ToggleTimestamps),
            (0x18, Action::Exit),
            (b'q', Action::Unknown(b'q')),
        ] {
            assert_eq!(Keys::default().read(&[MENU_KEY, key]), [action]);
        }
        assert_eq!(Keys::default().read(b"\x1D"), [Action::Exit]);
    }

    #[test]
    fn names() {
        assert_eq!(
            [0x0B, 0x1D, b' ', b'q', 0xC3].map(name),
            ["Ctrl-K", "Ctrl-]", "the space bar", "q", "0xc3"]
        );
    }
}
