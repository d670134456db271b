//! What the rule says about a firmware, as read from JSON.
//!
//! ```json
//! {
//!   "elf": "firmware/firmware.elf",
//!   "baud": 115200,
//!   "port": null,
//!   "descriptor_sets": ["firmware/proto/heartbeat_proto-descriptor-set.proto.bin"],
//!   "messages": {"heartbeat": "firmware.v1.Heartbeat"}
//! }
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;

/// Baud rate of the ESP32's console after a reset.
pub const DEFAULT_BAUD: u32 = 115_200;

/// A firmware and its console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The linked program, to decode addresses.
    pub elf: Option<PathBuf>,
    /// Baud rate of the console.
    pub baud: u32,
    /// The port as the command line takes it.
    pub port: Option<String>,
    /// Files with a `google.protobuf.FileDescriptorSet` each, which together describe the messages.
    pub descriptor_sets: Vec<PathBuf>,
    /// Full names of protobuf messages, by the tag of the log lines that carry them in hexadecimal digits.
    pub messages: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            elf: None,
            baud: DEFAULT_BAUD,
            port: None,
            descriptor_sets: Vec::new(),
            messages: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Reads a file. Relative paths in it start at the first of `folders` in which `path` exists, if it is relative.
    pub fn read(path: &Path, folders: &[PathBuf]) -> Result<Self, Error> {
        let folder = folders.iter().find(|folder| folder.join(path).exists());
        let folder = folder.map_or(Path::new(""), PathBuf::as_path);
        let file = folder.join(path);
        let text = fs::read_to_string(&file).map_err(|source| Error::FileUnreadable {
            what: "the configuration",
            path: file.clone(),
            source,
        })?;
        let mut config: Self =
            serde_json::from_str(&text).map_err(|source| Error::ConfigSyntax {
                path: file.clone(),
                source,
            })?;
        if config.baud == 0 {
            return Err(Error::ConfigValue {
                path: file,
                field: "baud",
                problem: "is 0".to_owned(),
            });
        }
        for path in config.elf.iter_mut().chain(&mut config.descriptor_sets) {
            *path = folder.join(&path);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("monitor.json"), text).unwrap();
        let folders = [PathBuf::from("does/not/exist"), folder.path().to_owned()];
        let mut config = Config::read(Path::new("monitor.json"), &folders)?;
        for path in config.elf.iter_mut().chain(&mut config.descriptor_sets) {
            *path = path.strip_prefix(folder.path()).unwrap().to_owned();
        }
        Ok(config)
    }

    #[test]
    fn all_fields() {
        let config = read(
            r#"{"elf": "a/b.elf", "baud": 74880, "port": "socket://h:1", "descriptor_sets": ["x.bin"],
                "messages": {"heartbeat": "firmware.v1.Heartbeat"}}"#,
        );
        let expected = Config {
            elf: Some("a/b.elf".into()),
            baud: 74_880,
            port: Some("socket://h:1".to_owned()),
            descriptor_sets: vec!["x.bin".into()],
            messages: [("heartbeat".to_owned(), "firmware.v1.Heartbeat".to_owned())].into(),
        };
        assert_eq!(config.unwrap(), expected);
    }

    #[test]
    fn all_fields_are_optional() {
        assert_eq!(
            read(r#"{"elf": null, "port": null}"#).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn errors_name_the_file() {
        for (text, message) in [
            ("{", "EOF while parsing"),
            (r#"{"elfs": 1}"#, "unknown field `elfs`"),
            (r#"{"baud": 0}"#, "baud is 0"),
        ] {
            let error = read(text).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("monitor.json: ") && text.contains(message),
                "{text}"
            );
            assert_eq!(error.exit_code(), crate::error::EXIT_USAGE);
        }
        let error = Config::read(Path::new("missing.json"), &[]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("missing.json: cannot read the configuration")
        );
    }
}
