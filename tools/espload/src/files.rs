//! The files of an image, and what they ask of the device.

use std::io;
use std::path::Path;

use espimage::Chip;
use espimage::image::{Image, MAGIC, seal};
use espimage::merged::{ERASED, ParseOptions, parse_with};
use espimage::partition::{PartitionTable, TableOptions};

use crate::Error;
use crate::flasher_args::{FlasherArgs, HeaderArgs, ToolArgs};

/// Bytes of a flash sector, the least that can be erased.
pub const SECTOR: usize = 0x1000;

/// A file and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashFile {
    /// Name, for messages.
    pub name: String,
    /// Flash offset, a multiple of [`SECTOR`].
    pub offset: u32,
    /// Contents.
    pub bytes: Vec<u8>,
    /// What it is.
    pub role: Role,
}

/// What a file is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The second-stage bootloader.
    Bootloader,
    /// The partition table.
    PartitionTable,
    /// The application.
    App,
    /// Anything else.
    Data,
}

impl FlashFile {
    /// First byte after the file.
    pub fn end(&self) -> u64 {
        u64::from(self.offset) + self.bytes.len() as u64
    }

    /// Number of sectors that it occupies.
    pub fn sectors(&self) -> usize {
        self.bytes.len().div_ceil(SECTOR)
    }
}

/// The header of an image among the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderClaims {
    /// The file.
    pub file: String,
    /// Chip id.
    pub chip_id: u16,
    /// Lowest revision, major * 100 + minor.
    pub min_revision: u16,
    /// Highest revision; `None` is any.
    pub max_revision: Option<u16>,
    /// Flash size in bytes.
    pub flash_size: Option<u32>,
}

/// All files of an image, ascending by offset and without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlashImage {
    /// The files.
    pub files: Vec<FlashFile>,
    /// What the headers of bootloader and application say.
    pub headers: Vec<HeaderClaims>,
    /// How the description asks for it to be written.
    pub tool: ToolArgs,
    /// Whether the bootloader's header is to have the size of the flash chip.
    pub detect_size: bool,
    /// What the description asks for and nothing is known of.
    pub notes: Vec<String>,
}

impl FlashImage {
    /// Reads `flasher_args.json` and the files next to it. Nothing is judged but what is needed to write them; see
    /// [`FlashImage::verify`].
    pub fn read(flasher_args: &Path) -> Result<Self, Error> {
        let path = flasher_args.display().to_string();
        let read = |path: &Path| {
            // A device may have no end.
            let is_file = std::fs::metadata(path).map(|metadata| metadata.is_file());
            let bytes = match is_file {
                Ok(false) => Err(io::Error::other("it is no file")),
                _ => std::fs::read(path),
            };
            bytes.map_err(|error| Error::Read {
                path: path.display().to_string(),
                error,
            })
        };
        let args = FlasherArgs::parse(&path, &read(flasher_args)?)?;
        if let Some(chip) = args.chip.filter(|chip| chip != Chip::Esp32.name()) {
            return Err(Error::UnknownChip { chip });
        }
        if args.files.is_empty() {
            return Err(Error::NoFiles { path });
        }
        let folder = flasher_args.parent().unwrap_or(Path::new(""));
        let mut files = Vec::new();
        let mut notes = args.notes;
        for args_of in args.files {
            if args_of.encrypted {
                return Err(Error::EncryptedFile { path: args_of.file });
            }
            let role = match args_of.entry.as_deref() {
                Some("bootloader") => Role::Bootloader,
                Some("partition-table" | "partition_table") => Role::PartitionTable,
                Some("app") => Role::App,
                _ => Role::Data,
            };
            let mut bytes = read(&folder.join(&args_of.file))?;
            if args_of.offset == Chip::Esp32.bootloader_offset()
                && set_header(&mut bytes, args.header).is_none()
            {
                notes.push(format!(
                    "{}: it is no image, so the flash settings of {path} are not in it",
                    args_of.file
                ));
            }
            files.push(FlashFile {
                name: Path::new(&args_of.file).file_name().map_or_else(
                    || args_of.file.clone(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                offset: args_of.offset,
                bytes,
                role,
            });
        }
        Ok(Self {
            tool: args.tool,
            detect_size: args.header.detect_size,
            notes,
            ..Self::new(files)?
        })
    }

    /// Puts the files in order, and refuses what cannot be written.
    pub fn new(mut files: Vec<FlashFile>) -> Result<Self, Error> {
        files.sort_by_key(|file| file.offset);
        for file in &files {
            if file.bytes.is_empty() {
                return Err(Error::EmptyFile {
                    path: file.name.clone(),
                });
            }
            if !(file.offset as usize).is_multiple_of(SECTOR) {
                return Err(Error::Unaligned {
                    file: file.name.clone(),
                    offset: file.offset,
                });
            }
        }
        for pair in files.windows(2) {
            let (first, second) = (&pair[0], &pair[1]);
            if first.end() > u64::from(second.offset) {
                return Err(Error::Overlap {
                    first: first.name.clone(),
                    first_end: first.end(),
                    second: second.name.clone(),
                    second_offset: second.offset,
                });
            }
        }
        let headers = files
            .iter()
            .filter(|file| matches!(file.role, Role::Bootloader | Role::App))
            .filter_map(|file| {
                let header = Image::parse(&file.bytes, file.offset).ok()?.header;
                Some(HeaderClaims {
                    file: file.name.clone(),
                    chip_id: header.chip_id,
                    min_revision: header.min_chip_rev,
                    max_revision: Some(header.max_chip_rev)
                        .filter(|max| ![0, 0xFFFF].contains(max)),
                    flash_size: header
                        .flash_settings(Chip::Esp32)
                        .ok()
                        .map(|settings| settings.size.bytes()),
                })
            })
            .collect();
        Ok(Self {
            files,
            headers,
            tool: ToolArgs::default(),
            detect_size: false,
            notes: Vec::new(),
        })
    }

    /// Refuses what ROM or bootloader would refuse: as `espimage verify` does.
    pub fn verify(&self) -> Result<(), Error> {
        let image = |error| Error::Image { error };
        let find = |role| self.files.iter().find(move |file| file.role == role);
        if let (Some(_), Some(table), Some(_)) = (
            find(Role::Bootloader),
            find(Role::PartitionTable),
            find(Role::App),
        ) {
            let end = self.files.last().map_or(0, |file| file.end() as usize);
            let mut flash = vec![ERASED; end];
            for file in &self.files {
                flash[file.offset as usize..][..file.bytes.len()].copy_from_slice(&file.bytes);
            }
            let options = ParseOptions {
                partition_table_offset: table.offset,
                ..ParseOptions::default()
            };
            return parse_with(&flash, options).map(drop).map_err(image);
        }
        for file in &self.files {
            let parse = || Image::parse(&file.bytes, file.offset);
            match file.role {
                Role::Bootloader => parse().and_then(|found| found.verify_bootloader(Chip::Esp32)),
                Role::App => parse().and_then(|found| found.verify_app(Chip::Esp32, &[])),
                Role::PartitionTable => {
                    let options = TableOptions {
                        chip: Chip::Esp32,
                        offset: file.offset,
                        flash_size: None,
                    };
                    PartitionTable::from_binary(&file.bytes, options).map(drop)
                }
                Role::Data
                    if file.bytes[0] == MAGIC && file.offset == Chip::Esp32.bootloader_offset() =>
                {
                    parse().and_then(|found| found.verify_bootloader(Chip::Esp32))
                }
                Role::Data => Ok(()),
            }
            .map_err(image)?;
        }
        Ok(())
    }

    /// Only the application.
    pub fn app_only(&self) -> Option<Self> {
        let app = self.files.iter().find(|file| file.role == Role::App)?;
        Some(Self {
            files: vec![app.clone()],
            headers: self
                .headers
                .iter()
                .filter(|header| header.file == app.name)
                .cloned()
                .collect(),
            detect_size: false,
            notes: self.notes.clone(),
            ..*self
        })
    }
}

/// Writes flash settings into the header of the image at the start of `bytes`, as esptool does with what goes to the
/// bootloader's place. `None` if they are to be changed and it is no image that is whole.
fn set_header(bytes: &mut [u8], args: HeaderArgs) -> Option<()> {
    if args == HeaderArgs::default() {
        return Some(());
    }
    let mut sealed = bytes.to_vec();
    seal(&mut sealed).ok().filter(|()| sealed == bytes)?;
    let mut settings = Image::parse(bytes, 0)
        .ok()?
        .header
        .flash_settings(Chip::Esp32)
        .ok()?;
    settings.mode = args.mode.unwrap_or(settings.mode);
    settings.frequency = args.frequency.unwrap_or(settings.frequency);
    settings.size = args.size.unwrap_or(settings.size);
    bytes[2..4].copy_from_slice(&settings.encode(Chip::Esp32));
    seal(bytes).ok()
}
