//! What the build script says, and the environment.

#[cfg(measured)]
pub const UNIT: &str = env!("UNIT");
/// Set for all crates, in MODULE.bazel and in config.toml.
pub const SETTINGS: (&str, &str) = (env!("READING_LOG"), env!("READING_LEVEL"));
/// The network devices that a build script sees.
pub const DEVICES: &str = env!("DEVICES");
