//! The user's terminal.

use std::io;
use std::os::fd::AsFd;

use rustix::process::getpgrp;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr,
    tcgetpgrp, tcsetattr,
};

/// A terminal that hands over each key as it is pressed, and shows none itself. Dropping it restores the terminal.
#[derive(Debug)]
pub struct KeyTerminal<T: AsFd> {
    terminal: T,
    saved: Termios,
}

impl<T: AsFd> KeyTerminal<T> {
    /// Takes over a terminal. `None` if it is none, or if this program runs in its background.
    pub fn new(terminal: T) -> io::Result<Option<Self>> {
        // A program in the background of its terminal is stopped when it reads or sets it.
        let in_background = tcgetpgrp(&terminal).is_ok_and(|group| group != getpgrp());
        if !isatty(&terminal) || in_background {
            return Ok(None);
        }
        let saved = tcgetattr(&terminal)?;
        let mut modes = saved.clone();
        // What is printed still gets carriage returns at line ends.
        modes.local_modes -=
            LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        modes.input_modes -= InputModes::IXON
            | InputModes::ICRNL
            | InputModes::INLCR
            | InputModes::IGNCR
            | InputModes::ISTRIP
            | InputModes::BRKINT;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
        Ok(Some(Self { terminal, saved }))
    }
}

impl<T: AsFd> Drop for KeyTerminal<T> {
    fn drop(&mut self) {
        // There is nothing to be done if the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.saved);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    #[test]
    fn a_panic_restores_the_terminal() {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let terminal =
            rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let modes = || {
            let modes = tcgetattr(&terminal).unwrap();
            (modes.local_modes, modes.input_modes)
        };
        let before = modes();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _keys = KeyTerminal::new(&terminal).unwrap().unwrap();
            assert!(
                !modes().0.contains(LocalModes::ICANON) && !modes().0.contains(LocalModes::ECHO)
            );
            panic!("deliberate");
        }));
        assert!(panicked.is_err());
        assert_eq!(modes(), before);
        assert!(before.0.contains(LocalModes::ICANON | LocalModes::ECHO));
    }

    #[test]
    fn what_is_no_terminal_is_left_alone() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(KeyTerminal::new(file).unwrap().is_none());
    }
}
