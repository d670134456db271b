//! Colours.

use anstyle::{AnsiColor, Style};

use crate::log_line::Level;

/// The styles of an output; all plain when it has no colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Styles {
    /// Log lines of level E.
    pub error: Style,
    /// Log lines of level W.
    pub warning: Style,
    /// Log lines of level I.
    pub info: Style,
    /// What is there but seldom read: addresses, times.
    pub faint: Style,
    /// Names of functions.
    pub function: Style,
    /// Names of messages.
    pub message: Style,
}

impl Styles {
    /// No colours.
    pub fn plain() -> Self {
        Self::default()
    }

    /// Colours: log lines as ESP-IDF has them.
    pub fn coloured() -> Self {
        let colour = |colour: AnsiColor| colour.on_default();
        Self {
            error: colour(AnsiColor::Red).bold(),
            warning: colour(AnsiColor::Yellow),
            info: colour(AnsiColor::Green),
            faint: Style::new().dimmed(),
            function: colour(AnsiColor::Yellow),
            message: colour(AnsiColor::Cyan),
        }
    }

    /// With or without colours.
    pub fn new(coloured: bool) -> Self {
        if coloured {
            Self::coloured()
        } else {
            Self::plain()
        }
    }

    /// The style of log lines; ESP-IDF leaves D and V as they are.
    pub fn level(&self, level: Level) -> Style {
        match level {
            Level::Error => self.error,
            Level::Warning => self.warning,
            Level::Info => self.info,
            Level::Debug | Level::Verbose => Style::new(),
        }
    }
}
