//! `flasher_args.json` and `flash_args`: what ESP-IDF's build tells tools that write the flash.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chip::Chip;
use crate::flash::FlashSettings;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlasherArgs {
    /// Arguments of `esptool write_flash`.
    pub write_flash_args: Vec<String>,
    /// The same as a map.
    pub flash_settings: FlashSettingsArgs,
    /// Files by flash offset, ascending.
    pub flash_files: FlashFiles,
    /// The named entries: `bootloader`, `app`, `partition-table`, and one for each data partition that has a file.
    #[serde(flatten)]
    pub entries: Entries,
    /// Arguments of esptool itself.
    pub extra_esptool_args: ExtraEsptoolArgs,
}

/// Flash settings as esptool takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashSettingsArgs {
    /// Mode, for example `dio`.
    pub flash_mode: String,
    /// Size, for example `4MB`.
    pub flash_size: String,
    /// Frequency, for example `40m`.
    pub flash_freq: String,
}

/// One file of the flash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Flash offset in hexadecimal.
    pub offset: String,
    /// File, relative to `flasher_args.json`.
    pub file: String,
    /// `true` or `false`: whether the file is written encrypted.
    pub encrypted: String,
}

/// Arguments of esptool that do not depend on the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraEsptoolArgs {
    /// What to do when done.
    pub after: String,
    /// What to do before connecting.
    pub before: String,
    /// Whether to use the flasher stub.
    pub stub: bool,
    /// Chip.
    pub chip: String,
}

/// A JSON object that keeps its order.
macro_rules! ordered_map {
    ($(#[$doc:meta])* $name:ident, $value:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name(pub Vec<(String, $value)>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (key, value) in &self.0 {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Ordered;
                impl<'de> Visitor<'de> for Ordered {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut entries = Vec::new();
                        while let Some(entry) = map.next_entry()? {
                            entries.push(entry);
                        }
                        Ok($name(entries))
                    }
                }
                deserializer.deserialize_map(Ordered)
            }
        }
    };
}

ordered_map!(
    /// Flash offsets in hexadecimal, and the file that goes there.
    FlashFiles,
    String
);
ordered_map!(
    /// Named files.
    Entries,
    Entry
);

impl FlasherArgs {
    /// Describes `files`: name of the entry, flash offset, and file.
    pub fn new(chip: Chip, flash: FlashSettings, files: &[(&str, u32, &str)]) -> Self {
        // esptool writes these settings into the bootloader's header.
        let flash = flash.of_bootloader();
        let settings = FlashSettingsArgs {
            flash_mode: flash.mode.to_string(),
            flash_size: flash.size.to_string(),
            flash_freq: flash.frequency.to_string(),
        };
        let write_flash_args = [
            ("--flash_mode", &settings.flash_mode),
            ("--flash_size", &settings.flash_size),
            ("--flash_freq", &settings.flash_freq),
        ];
        let mut ascending = files.to_vec();
        ascending.sort_by_key(|(_, offset, _)| *offset);
        let entry = |&(name, offset, file): &(&str, u32, &str)| {
            let (offset, file) = (format!("{offset:#x}"), file.to_owned());
            (
                name.to_owned(),
                Entry {
                    offset,
                    file,
                    encrypted: "false".to_owned(),
                },
            )
        };
        Self {
            write_flash_args: write_flash_args
                .iter()
                .flat_map(|(flag, value)| [(*flag).to_owned(), (*value).clone()])
                .collect(),
            flash_settings: settings,
            flash_files: FlashFiles(
                ascending
                    .iter()
                    .map(|(_, offset, file)| (format!("{offset:#x}"), (*file).to_owned()))
                    .collect(),
            ),
            entries: Entries(files.iter().map(entry).collect()),
            extra_esptool_args: ExtraEsptoolArgs {
                after: "hard_reset".to_owned(),
                before: "default_reset".to_owned(),
                stub: true,
                chip: chip.name().to_owned(),
            },
        }
    }

    /// The text of `flash_args`: what esptool's `write-flash @flash_args` takes, in the folder of the files. The short options
    /// are the ones that esptool 4 and 5 have alike: `--flash_mode` is deprecated in 5, and `--flash-mode` is not in 4.
    pub fn to_esptool(&self) -> String {
        let FlashSettingsArgs {
            flash_mode,
            flash_size,
            flash_freq,
        } = &self.flash_settings;
        let mut text = format!("-fm {flash_mode} -fs {flash_size} -ff {flash_freq}\n");
        for (offset, file) in &self.flash_files.0 {
            text += &format!("{offset} {file}\n");
        }
        text
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        let mut json =
            serde_json::to_string_pretty(self).expect("strings and booleans always serialise");
        json.push('\n');
        json
    }
}
