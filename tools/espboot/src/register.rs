//! What memory-mapped registers have to hold.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::pattern::{Problem, problem};

/// What a memory-mapped register has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterCheck {
    /// Name, for messages.
    pub name: String,
    /// Address, a multiple of 4.
    #[serde(deserialize_with = "word")]
    pub address: u32,
    /// The bits that are compared.
    #[serde(deserialize_with = "word", default = "all_bits")]
    pub mask: u32,
    /// What these bits have to be.
    #[serde(deserialize_with = "word")]
    pub value: u32,
}

fn all_bits() -> u32 {
    u32::MAX
}

impl RegisterCheck {
    pub(crate) fn check(&self, field: &str) -> Result<(), Problem> {
        if !self.address.is_multiple_of(4) {
            return Err(problem(
                format!("{field}.address"),
                format!("{:#010X} is not a multiple of 4", self.address),
            ));
        }
        if self.mask == 0 {
            return Err(problem(
                format!("{field}.mask"),
                "is 0: the test could not fail",
            ));
        }
        if self.value & !self.mask != 0 {
            let text = format!(
                "{:#010X} has bits outside the mask {:#010X}",
                self.value, self.mask
            );
            return Err(problem(format!("{field}.value"), text));
        }
        Ok(())
    }
}

fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    struct Word;

    impl Visitor<'_> for Word {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a 32-bit number, such as \"0x3FF4808C\"")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
            u32::try_from(number)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
            let digits = text.replace('_', "");
            let parsed = match digits
                .strip_prefix("0x")
                .or_else(|| digits.strip_prefix("0X"))
            {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            parsed.map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Word)
}
