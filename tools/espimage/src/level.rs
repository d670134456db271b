//! How strict a check is.

use crate::error::Error;

/// How strict a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// What a build may make: all that the bootloader and ESP-IDF's tools ask, and nothing that boots by chance.
    Build,
    /// What ROM and second-stage bootloader start, whoever made it.
    Bootloader,
}

/// What a check at a level has found that does not fail it.
#[derive(Debug)]
pub struct Findings {
    level: Level,
    /// What [`Level::Build`] would have refused, in the order in which it was found.
    pub warnings: Vec<Error>,
}

impl Findings {
    /// Nothing yet.
    pub fn new(level: Level) -> Self {
        Self {
            level,
            warnings: Vec::new(),
        }
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Notes what only a build must not have: an error for a build, else a warning.
    pub fn stricter(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        match (result, self.level) {
            (Err(error), Level::Bootloader) => {
                self.warnings.push(error);
                Ok(())
            }
            (result, _) => result,
        }
    }

    /// Runs a check whose warnings are about a part of the whole.
    pub(crate) fn in_part<T>(
        &mut self,
        part: &str,
        check: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.warnings.len();
        let result = check(self).map_err(|error| error.in_part(part));
        let new = self.warnings.split_off(before);
        self.warnings
            .extend(new.into_iter().map(|error| error.in_part(part)));
        result
    }
}
