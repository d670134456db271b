//! Protobuf messages in log lines: the text of the line is the message in hexadecimal digits.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use prost_reflect::text_format::FormatOptions;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::error::Error;
use crate::log_line::LogLine;

/// The messages that a firmware logs.
#[derive(Debug, Default)]
pub struct Messages {
    by_tag: BTreeMap<String, MessageDescriptor>,
}

/// A log line whose tag is that of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedMessage {
    /// Full name of the message.
    pub name: String,
    /// Its fields in protobuf's text format on one line, or why the line holds no such message.
    pub fields: Result<String, String>,
}

impl Messages {
    /// Reads what describes the messages.
    ///
    /// `descriptor_sets` are files with a `google.protobuf.FileDescriptorSet` each; `names` are full names of messages by
    /// tag.
    pub fn read(
        descriptor_sets: &[PathBuf],
        names: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let mut all = Vec::new();
        for path in descriptor_sets {
            let bytes = fs::read(path).map_err(|source| Error::FileUnreadable {
                what: "the descriptor set",
                path: path.clone(),
                source,
            })?;
            // It may lack what it imports, which is an error in one of its files; what is no descriptor set has no files.
            if let Err(error) = DescriptorPool::decode(&*bytes)
                && error.file().is_none()
            {
                return Err(Error::DescriptorsRefused {
                    path: path.clone(),
                    problem: error.to_string(),
                });
            }
            // Concatenated messages are one message with the repeated fields of all.
            all.extend(bytes);
        }
        let pool = DescriptorPool::decode(&*all).map_err(|error| Error::DescriptorsIncomplete {
            paths: descriptor_sets.to_vec(),
            problem: error.to_string(),
        })?;
        let by_tag = names.iter().map(|(tag, name)| {
            let message = pool.get_message_by_name(name);
            let message = message.ok_or_else(|| Error::MessageUnknown {
                tag: tag.clone(),
                name: name.clone(),
                known: pool
                    .all_messages()
                    .map(|message| message.full_name().to_owned())
                    .collect(),
            })?;
            Ok((tag.clone(), message))
        });
        Ok(Self {
            by_tag: by_tag.collect::<Result<_, Error>>()?,
        })
    }

    /// The message in a line of the console, if its tag is that of a message.
    pub fn decode(&self, line: &str) -> Option<DecodedMessage> {
        let line = LogLine::parse(line)?;
        let message = self.by_tag.get(line.tag)?;
        Some(DecodedMessage {
            name: message.full_name().to_owned(),
            fields: bytes(line.text.trim_end()).and_then(|bytes| fields(message, &bytes)),
        })
    }
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    if let Some(other) = digits.chars().find(|digit| !digit.is_ascii_hexdigit()) {
        return Err(format!("{other:?} is no hexadecimal digit"));
    }
    if !digits.len().is_multiple_of(2) {
        return Err(format!(
            "{} hexadecimal digits are half a byte too many or too few",
            digits.len()
        ));
    }
    let pairs = (0..digits.len()).step_by(2);
    Ok(pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits"))
        .collect())
}

fn fields(message: &MessageDescriptor, bytes: &[u8]) -> Result<String, String> {
    let message = DynamicMessage::decode(message.clone(), bytes).map_err(|error| {
        let text = error.to_string();
        let problem = text.strip_prefix("failed to decode Protobuf message: ");
        problem.unwrap_or(&text).to_owned()
    })?;
    let options = FormatOptions::new()
        .pretty(true)
        .skip_default_fields(false)
        .skip_unknown_fields(false);
    let lines = message.to_text_format_with_options(&options);
    let mut text = String::new();
    for line in lines.lines().map(str::trim) {
        if !text.is_empty() {
            let in_message = text.ends_with('{') || line.starts_with('}');
            text += if in_message { " " } else { ", " };
        }
        text += line;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use prost_reflect::prost::Message;
    use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
    use prost_reflect::prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    };

    use super::*;

    fn field(name: &str, number: i32, kind: Type, type_name: Option<&str>) -> FieldDescriptorProto {
        FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(kind.into()),
            type_name: type_name.map(str::to_owned),
            ..Default::default()
        }
    }

    fn file(
        name: &str,
        imports: &[&str],
        message: &str,
        fields: Vec<FieldDescriptorProto>,
    ) -> Vec<u8> {
        let file = FileDescriptorProto {
            name: Some(name.to_owned()),
            package: Some("test".to_owned()),
            dependency: imports.iter().map(|&import| import.to_owned()).collect(),
            message_type: vec![DescriptorProto {
                name: Some(message.to_owned()),
                field: fields,
                ..Default::default()
            }],
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    }

    /// Messages of two files, the second of which is imported by the first.
    fn messages(names: &[(&str, &str)]) -> Result<Messages, Error> {
        let fields = vec![
            field("volts", 1, Type::Float, None),
            field("place", 2, Type::Message, Some(".test.Place")),
        ];
        let battery = file("battery.proto", &["place.proto"], "Battery", fields);
        let fields = vec![
            field("name", 1, Type::String, None),
            field("x", 2, Type::Sint32, None),
        ];
        let place = file("place.proto", &[], "Place", fields);
        let names = names
            .iter()
            .map(|&(tag, name)| (tag.to_owned(), name.to_owned()));
        read(&[&battery, &place], &names.collect())
    }

    fn read(sets: &[&[u8]], names: &BTreeMap<String, String>) -> Result<Messages, Error> {
        let folder = tempfile::tempdir().unwrap();
        let write = |(index, bytes): (usize, &&[u8])| {
            let path = folder.path().join(index.to_string());
            fs::write(&path, bytes).unwrap();
            path
        };
        let paths: Vec<_> = sets.iter().enumerate().map(write).collect();
        Messages::read(&paths, names)
    }

    #[test]
    fn messages_are_shown_on_one_line() {
        let messages = messages(&[("bat", "test.Battery")]).unwrap();
        let decode = |digits: &str| {
            let decoded = messages.decode(&format!("I (5) bat: {digits}")).unwrap();
            assert_eq!(decoded.name, "test.Battery");
            decoded.fields
        };
        assert_eq!(
            decode("0d000060401207 0a03612262 1003".replace(' ', "").as_str()),
            Ok(r#"volts: 3.5, place { name: "a\"b", x: -2 }"#.to_owned())
        );
        assert_eq!(decode(""), Ok("volts: 0.0".to_owned()));
        assert_eq!(decode("2001"), Ok("volts: 0.0, 4: 1".to_owned()));
        assert!(decode("0d0000").is_err() && decode("12050a03").is_err() && decode("zz").is_err());
        assert_eq!(messages.decode("I (5) other: 2001"), None);
        assert_eq!(messages.decode("bat: 2001"), None);
    }

    #[test]
    fn what_does_not_describe_messages_is_refused() {
        let code = |result: Result<Messages, Error>| result.unwrap_err().code();
        assert_eq!(
            code(read(&[b"no descriptors"], &BTreeMap::new())),
            "espmon::descriptors_refused"
        );
        let alone = file("battery.proto", &["place.proto"], "Battery", Vec::new());
        assert_eq!(
            code(read(&[&alone], &BTreeMap::new())),
            "espmon::descriptors_incomplete"
        );
        let error = messages(&[("bat", "Battery")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the message 'Battery' of the tag 'bat' is in no descriptor set; there are test.Battery, test.Place"
        );
        let missing = Messages::read(&["missing.bin".into()], &BTreeMap::new());
        assert_eq!(code(missing), "espmon::file_unreadable");
    }

    #[test]
    fn digits() {
        assert_eq!(bytes("08904eFF"), Ok(vec![0x08, 0x90, 0x4E, 0xFF]));
        assert_eq!(bytes(""), Ok(Vec::new()));
        assert_eq!(bytes("08x0"), Err("'x' is no hexadecimal digit".to_owned()));
        assert_eq!(
            bytes("089"),
            Err("3 hexadecimal digits are half a byte too many or too few".to_owned())
        );
    }
}
