//! The application descriptor (`esp_app_desc_t`, ESP-IDF `components/esp_app_format/include/esp_app_desc.h`).

use crate::error::Error;
use crate::image::{hex, u32_at};

/// Length of the descriptor in bytes.
pub const LEN: usize = 256;
/// First word of the descriptor.
pub const MAGIC: u32 = 0xABCD_5432;
/// Offset of the descriptor in an image: behind the headers of image and first segment.
pub const IMAGE_OFFSET: usize = 0x20;
/// Longest version or project name in bytes; a NUL follows.
pub const MAX_TEXT_LEN: usize = 31;
/// Sections in which a linker script keeps the descriptor.
pub const SECTIONS: [&str; 2] = [".flash.appdesc", ".rodata_desc"];

const SECURE_VERSION: usize = 4;
const VERSION: usize = 16;
const PROJECT_NAME: usize = 48;
const TIME: usize = 80;
const DATE: usize = 96;
const IDF_VERSION: usize = 112;
const ELF_SHA256: usize = 144;

/// Whether `bytes` start like a descriptor.
pub fn has_magic(bytes: &[u8]) -> bool {
    bytes.len() >= LEN && u32_at(bytes, 0) == MAGIC
}

/// What a descriptor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppDescriptor {
    /// Version for anti-rollback.
    pub secure_version: u32,
    /// Version of the application.
    pub version: String,
    /// Name of the project.
    pub project_name: String,
    /// Time of the build; `espimage convert` leaves it empty.
    pub time: String,
    /// Date of the build; `espimage convert` leaves it empty.
    pub date: String,
    /// Version of ESP-IDF.
    pub idf_version: String,
    /// SHA-256 of the ELF file that the image was made from.
    pub elf_sha256: [u8; 32],
}

impl AppDescriptor {
    /// Reads a descriptor.
    pub fn parse(bytes: &[u8; LEN]) -> Self {
        let text = |at: usize, len: usize| {
            let field = &bytes[at..at + len];
            let end = field.iter().position(|&byte| byte == 0).unwrap_or(len);
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        Self {
            secure_version: u32_at(bytes, SECURE_VERSION),
            version: text(VERSION, 32),
            project_name: text(PROJECT_NAME, 32),
            time: text(TIME, 16),
            date: text(DATE, 16),
            idf_version: text(IDF_VERSION, 32),
            elf_sha256: bytes[ELF_SHA256..ELF_SHA256 + 32]
                .try_into()
                .expect("32 bytes"),
        }
    }

    /// Checks that the descriptor was made from the ELF file with this SHA-256.
    pub fn verify_elf(&self, elf_sha256: [u8; 32]) -> Result<(), Error> {
        if self.elf_sha256 == elf_sha256 {
            return Ok(());
        }
        Err(Error::AppDescriptorElf {
            found: hex(&self.elf_sha256),
            elf: hex(&elf_sha256),
        })
    }
}

/// What becomes of a text of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// It stays as it is in the ELF file.
    Keep,
    /// This one, where the ELF file has none.
    Default(&'a str),
    /// This one.
    Set(&'a str),
}

/// Fills in a descriptor: project name and version, no time, no date, and the SHA-256 of the ELF file.
pub(crate) fn fill(
    descriptor: &mut [u8],
    project_name: Text<'_>,
    version: Text<'_>,
    elf_sha256: [u8; 32],
) -> Result<(), Error> {
    let texts = [
        ("project name", PROJECT_NAME, project_name),
        ("project version", VERSION, version),
    ];
    for (field, at, value) in texts {
        let value = match value {
            Text::Set(value) => value,
            Text::Default(value) if descriptor[at] == 0 => value,
            Text::Keep | Text::Default(_) => continue,
        };
        if value.len() > MAX_TEXT_LEN || value.contains('\0') {
            return Err(Error::AppDescriptorText {
                field,
                value: value.to_owned(),
                len: value.len(),
            });
        }
        descriptor[at..at + 32].fill(0);
        descriptor[at..at + value.len()].copy_from_slice(value.as_bytes());
    }
    descriptor[TIME..IDF_VERSION].fill(0);
    descriptor[ELF_SHA256..ELF_SHA256 + 32].copy_from_slice(&elf_sha256);
    Ok(())
}
