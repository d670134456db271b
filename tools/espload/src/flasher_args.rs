//! What a `flasher_args.json` asks of the tool that writes it.
//!
//! ESP-IDF's build gives the whole file to esptool, so all that esptool would obey is obeyed here, or refused.

use std::collections::BTreeMap;

use clap::ValueEnum;
use espimage::flash::{FlashFrequency, FlashMode, FlashSize};
use espimage::flasher_args::FlashFiles;
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::resets::{After, Before};

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_MARKS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// The file, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlasherArgs {
    pub(crate) files: Vec<FileArgs>,
    pub(crate) header: HeaderArgs,
    pub(crate) chip: Option<String>,
    pub(crate) tool: ToolArgs,
    /// What is not known and therefore not obeyed.
    pub(crate) notes: Vec<String>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileArgs {
    pub(crate) offset: u32,
    /// Relative to the description.
    pub(crate) file: String,
    /// `bootloader`, `partition-table`, `app`, or what else describes it.
    pub(crate) entry: Option<String>,
    pub(crate) encrypted: bool,
}

/// What is written into the bootloader's header. `None` keeps what is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeaderArgs {
    pub(crate) mode: Option<FlashMode>,
    pub(crate) frequency: Option<FlashFrequency>,
    pub(crate) size: Option<FlashSize>,
    /// The size is to be that of the flash chip.
    pub(crate) detect_size: bool,
}

/// How the tool is to run, where the command line does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolArgs {
    /// How the chip gets into its loader.
    pub before: Before,
    /// What becomes of it afterwards.
    pub after: After,
    /// Whether the stub may be used.
    pub stub: bool,
}

impl Default for ToolArgs {
    fn default() -> Self {
        Self {
            before: Before::DefaultReset,
            after: After::HardReset,
            stub: true,
        }
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    write_flash_args: Vec<String>,
    #[serde(default)]
    flash_settings: BTreeMap<String, String>,
    flash_files: FlashFiles,
    #[serde(default)]
    extra_esptool_args: BTreeMap<String, Value>,
    /// Named files, and what is not known.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl FlasherArgs {
    /// Reads the text of the file `path`, which is only named in errors.
    pub(crate) fn parse(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        let refused = |key: &str, value: &str, problem: &str| Error::FlasherArgs {
            path: path.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            problem: problem.to_owned(),
        };
        if UTF16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
            return Err(Error::Utf16 {
                path: path.to_owned(),
            });
        }
        let text = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
        let document: Document = serde_json::from_slice(text).map_err(|error| Error::Json {
            path: path.to_owned(),
            error,
        })?;
        let mut notes = Vec::new();
        let mut unknown = |key: String| notes.push(format!("{path}: {key} is not known here"));

        let mut settings = document.flash_settings;
        let mut header = HeaderArgs::default();
        let given = write_flash_args(&document.write_flash_args)
            .map_err(|argument| refused("write_flash_args", &argument, "not supported"))?;
        for (key, value) in given {
            match settings.get(key) {
                Some(other) if *other != value => {
                    let problem = format!("but flash_settings.{key} is '{other}'");
                    return Err(refused("write_flash_args", &value, &problem));
                }
                _ => drop(settings.insert(key.to_owned(), value)),
            }
        }
        for (key, value) in settings {
            let wrong = |()| refused(&format!("flash_settings.{key}"), &value, "not supported");
            match (key.as_str(), value.as_str()) {
                ("flash_mode" | "flash_freq" | "flash_size", "keep") => {}
                ("flash_mode", value) => header.mode = Some(named(value).map_err(wrong)?),
                ("flash_freq", value) => header.frequency = Some(named(value).map_err(wrong)?),
                ("flash_size", "detect") => header.detect_size = true,
                ("flash_size", value) => header.size = Some(named(value).map_err(wrong)?),
                _ => unknown(format!("flash_settings.{key}")),
            }
        }

        let (mut chip, mut tool) = (None, ToolArgs::default());
        for (key, value) in document.extra_esptool_args {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let wrong = |()| refused(&format!("extra_esptool_args.{key}"), &text, "not supported");
            match key.as_str() {
                "chip" => chip = Some(text).filter(|chip| chip != "auto"),
                "before" => tool.before = named(&text).map_err(wrong)?,
                "after" => tool.after = named(&text).map_err(wrong)?,
                "stub" => tool.stub = truth(&value).ok_or(()).map_err(wrong)?,
                _ => unknown(format!("extra_esptool_args.{key}")),
            }
        }

        let mut files = Vec::new();
        for (offset, file) in document.flash_files.0 {
            let Some(offset) = number(&offset) else {
                let path = path.to_owned();
                let value = offset;
                return Err(Error::Offset { path, value });
            };
            files.push(FileArgs {
                offset,
                file,
                entry: None,
                encrypted: false,
            });
        }
        for (name, value) in document.rest {
            let Some(file) = value.get("file").and_then(Value::as_str) else {
                unknown(name);
                continue;
            };
            let encrypted = match value.get("encrypted") {
                None => false,
                Some(encrypted) => truth(encrypted).ok_or_else(|| {
                    refused(
                        &format!("{name}.encrypted"),
                        &encrypted.to_string(),
                        "neither true nor false",
                    )
                })?,
            };
            let at = value.get("offset").and_then(Value::as_str);
            let mut known = files.iter_mut().filter(|known| known.file == file);
            let same = known.find(|known| at.is_none_or(|at| number(at) == Some(known.offset)));
            if let Some(known) = same {
                known.entry = Some(name);
                known.encrypted = encrypted;
                continue;
            }
            let other = files.iter().find(|known| known.file == file);
            if let (Some(other), Some(at)) = (other, at) {
                let problem = format!("but flash_files has {file} at {:#x}", other.offset);
                return Err(refused(&format!("{name}.offset"), at, &problem));
            }
        }
        Ok(Self {
            files,
            header,
            chip,
            tool,
            notes,
        })
    }
}

/// The flash settings among the arguments of `esptool write_flash`, or the argument that cannot be obeyed.
fn write_flash_args(arguments: &[String]) -> Result<Vec<(&'static str, String)>, String> {
    let mut settings = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let key = match name.replace('_', "-").as_str() {
            "--flash-mode" | "-fm" => "flash_mode",
            "--flash-freq" | "-ff" => "flash_freq",
            "--flash-size" | "-fs" => "flash_size",
            // How it is sent is decided here, and it is verified anyway.
            "--compress" | "-z" | "--no-compress" | "-u" | "--no-progress" | "-p" | "--verify" => {
                continue;
            }
            _ => return Err(argument.clone()),
        };
        let value = value.or_else(|| arguments.next().cloned());
        settings.push((key, value.ok_or_else(|| argument.clone())?));
    }
    Ok(settings)
}

fn named<T: ValueEnum>(text: &str) -> Result<T, ()> {
    T::from_str(text, false).map_err(drop)
}

fn truth(value: &Value) -> Option<bool> {
    match value.as_str() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => None,
        None => value.as_bool(),
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.starts_with('+') => None,
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FlasherArgs, Error> {
        FlasherArgs::parse("flasher_args.json", text.as_bytes())
    }

    /// A file with one more member.
    fn with(member: &str) -> Result<FlasherArgs, Error> {
        parse(&format!(
            r#"{{"flash_files": {{"0x1000": "b.bin"}}, {member}}}"#
        ))
    }

    #[test]
    fn little_is_needed() {
        let args = parse(r#"{"flash_files": {"0x1000": "b.bin", "65536": "a.bin"}}"#).unwrap();
        let offsets: Vec<_> = args.files.iter().map(|file| file.offset).collect();
        assert_eq!(offsets, [0x1000, 0x1_0000]);
        assert_eq!(args.header, HeaderArgs::default());
        assert_eq!(args.tool, ToolArgs::default());
        assert_eq!((args.chip, args.notes.len()), (None, 0));
    }

    #[test]
    fn settings_come_from_either_place() {
        let expected = HeaderArgs {
            mode: Some(FlashMode::Qio),
            frequency: Some(FlashFrequency::Mhz80),
            size: Some(FlashSize::Mb2),
            detect_size: false,
        };
        for member in [
            r#""flash_settings": {"flash_mode": "qio", "flash_freq": "80m", "flash_size": "2MB"}"#,
            r#""write_flash_args": ["--flash_mode", "qio", "--flash-size=2MB", "-ff", "80m", "-z"]"#,
        ] {
            assert_eq!(with(member).unwrap().header, expected);
        }
        let keep = r#""flash_settings": {"flash_mode": "keep", "flash_freq": "keep", "flash_size": "detect"}"#;
        let header = with(keep).unwrap().header;
        assert!(header.detect_size && header.mode.is_none() && header.size.is_none());
    }

    #[test]
    fn entries_describe_files() {
        for encrypted in [r#""true""#, "true"] {
            let args = with(&format!(
                r#""bootloader": {{"offset": "0x1000", "file": "b.bin", "encrypted": {encrypted}}}"#
            ));
            let file = args.unwrap().files.remove(0);
            assert_eq!(
                (file.entry.as_deref(), file.encrypted),
                (Some("bootloader"), true)
            );
        }
    }

    #[test]
    fn the_tools_arguments_are_read() {
        let args = with(
            r#""extra_esptool_args": {"before": "no_reset", "after": "no_reset_stub", "stub": false, "chip": "esp32"}"#,
        );
        let args = args.unwrap();
        let expected = ToolArgs {
            before: Before::NoReset,
            after: After::NoReset,
            stub: false,
        };
        assert_eq!((args.tool, args.chip.as_deref()), (expected, Some("esp32")));
    }

    #[test]
    fn what_is_not_known_is_named() {
        let args = with(
            r#""security": {"signed": true}, "flash_settings": {"voltage": "3.3"}, "extra_esptool_args": {"trace": true}"#,
        );
        let notes = args.unwrap().notes.join("\n");
        for name in [
            "security",
            "flash_settings.voltage",
            "extra_esptool_args.trace",
        ] {
            assert!(notes.contains(name), "{notes}");
        }
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused_with_its_value() {
        for (member, message) in [
            (
                r#""flash_settings": {"flash_mode": "opi"}"#,
                "flash_settings.flash_mode is 'opi': not supported",
            ),
            (
                r#""flash_settings": {"flash_size": "2MB-c1"}"#,
                "flash_settings.flash_size is '2MB-c1': not supported",
            ),
            (
                r#""flash_settings": {"flash_mode": "dio"}, "write_flash_args": ["--flash_mode", "qio"]"#,
                "write_flash_args is 'qio': but flash_settings.flash_mode is 'dio'",
            ),
            (
                r#""write_flash_args": ["--erase-all"]"#,
                "write_flash_args is '--erase-all': not supported",
            ),
            (
                r#""write_flash_args": ["--flash_mode"]"#,
                "write_flash_args is '--flash_mode': not supported",
            ),
            (
                r#""extra_esptool_args": {"before": "usb_reset"}"#,
                "extra_esptool_args.before is 'usb_reset': not supported",
            ),
            (
                r#""extra_esptool_args": {"after": 3}"#,
                "extra_esptool_args.after is '3': not supported",
            ),
            (
                r#""extra_esptool_args": {"stub": "yes"}"#,
                "extra_esptool_args.stub is 'yes': not supported",
            ),
            (
                r#""app": {"file": "b.bin", "encrypted": 1}"#,
                "app.encrypted is '1': neither true nor false",
            ),
            (
                r#""app": {"file": "b.bin", "offset": "0x2000"}"#,
                "app.offset is '0x2000': but flash_files has b.bin at 0x1000",
            ),
        ] {
            let error = with(member).unwrap_err();
            assert_eq!(error.to_string(), format!("flasher_args.json: {message}"));
            assert_eq!(error.exit(), crate::Exit::Refused);
        }
    }

    #[test]
    fn marks_of_the_encoding() {
        let text = r#"{"flash_files": {"0x1000": "b.bin"}}"#;
        assert_eq!(
            parse(&format!("\u{FEFF}{text}")).unwrap(),
            parse(text).unwrap()
        );
        let utf16: Vec<u8> = format!("\u{FEFF}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let error = FlasherArgs::parse("flasher_args.json", &utf16).unwrap_err();
        assert_eq!(error.to_string(), "flasher_args.json: it is UTF-16");
    }
}
