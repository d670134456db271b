//! How the chip is reset before and after a run.

/// How the chip gets into its loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Before {
    /// Reset through DTR and RTS.
    #[value(alias = "default_reset")]
    DefaultReset,
    /// It is there already.
    #[value(alias = "no_reset")]
    NoReset,
}

/// What becomes of the chip when all is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum After {
    /// Reset into the application.
    #[value(alias = "hard_reset")]
    HardReset,
    /// Stays in the loader.
    #[value(aliases = ["no_reset", "no-reset-stub", "no_reset_stub"])]
    NoReset,
}
