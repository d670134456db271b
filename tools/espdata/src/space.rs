//! How large an image is to be.

use std::path::Path;

use espimage::Chip;
use espimage::partition::{Partition, PartitionTable, TYPE_DATA, TableOptions};

use crate::error::Error;

/// A sector of flash, in bytes: the least that is erased, and what partitions are multiples of.
pub const SECTOR_LEN: u32 = 0x1000;
/// The largest flash that ESP-IDF knows, in bytes (ESPTOOLPY_FLASHSIZE_128MB).
const MAX_LEN: u32 = 128 << 20;

/// The room for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Bytes; a multiple of [`SECTOR_LEN`].
    pub len: u32,
    /// What has this size, for messages: `partition 'nvs' of table.bin`.
    pub place: String,
}

/// What an image is for.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The image, for messages: `an NVS image`.
    pub image: &'static str,
    /// Data subtype of the partitions in which the component of ESP-IDF looks for it; none where it takes any of type data.
    pub subtype: Option<u8>,
    /// The same for messages: `type data, subtype nvs`.
    pub wanted: &'static str,
    /// Least size in bytes.
    pub least: u32,
}

impl Space {
    /// Room of `len` bytes.
    pub fn of_len(len: u32, kind: Kind) -> Result<Self, Error> {
        let place = "the image".to_owned();
        Self { len, place }.checked(kind)
    }

    /// A partition of a binary partition table, which the file `path` holds.
    pub fn of_partition(table: &[u8], path: &Path, name: &str, kind: Kind) -> Result<Self, Error> {
        let file = path.to_string_lossy().into_owned();
        let table = read_table(table, path)?;
        let partition = table.find(name).ok_or_else(|| Error::NoPartition {
            table: file.clone(),
            name: name.to_owned(),
            names: data_names(&table),
        })?;
        if partition.kind != TYPE_DATA || kind.subtype.is_some_and(|s| s != partition.subtype) {
            return Err(Error::PartitionKind {
                table: file,
                image: kind.image,
                name: name.to_owned(),
                wanted: kind.wanted,
                found: describe(partition),
            });
        }
        let place = format!("partition '{name}' of {file}");
        let len = partition.size;
        Self { len, place }.checked(kind)
    }

    fn checked(self, kind: Kind) -> Result<Self, Error> {
        if !self.len.is_multiple_of(SECTOR_LEN) || self.len == 0 {
            return Err(Error::SizeUnaligned { size: self.len });
        }
        if self.len < kind.least {
            return Err(Error::TooSmall {
                place: self.place,
                size: self.len,
                image: kind.image,
                least: kind.least,
            });
        }
        Ok(self)
    }

    /// The image that `make` makes for this room. `make` returns nothing where the contents, which `what` names, do not fit in the
    /// number of bytes that it is given; then the error says how much would do.
    pub fn fill(
        &self,
        what: &str,
        make: impl Fn(u32) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Vec<u8>, Error> {
        if let Some(image) = make(self.len)? {
            return Ok(image);
        }
        let (mut too_small, mut enough) = (self.len, None);
        let mut len = self.len;
        while enough.is_none() && len < MAX_LEN {
            len = (len * 2).min(MAX_LEN);
            match make(len)? {
                Some(_) => enough = Some(len),
                None => too_small = len,
            }
        }
        let needed = match enough {
            None => None,
            Some(mut enough) => {
                while enough - too_small > SECTOR_LEN {
                    let middle = too_small + (enough - too_small) / 2 / SECTOR_LEN * SECTOR_LEN;
                    match make(middle)? {
                        Some(_) => enough = middle,
                        None => too_small = middle,
                    }
                }
                Some(enough)
            }
        };
        Err(Error::DoesNotFit {
            what: what.to_owned(),
            place: self.place.clone(),
            size: self.len,
            needed,
        })
    }
}

/// A binary partition table, which the file `path` holds.
pub(crate) fn read_table(table: &[u8], path: &Path) -> Result<PartitionTable, Error> {
    let options = TableOptions {
        chip: Chip::Esp32,
        offset: espimage::partition::DEFAULT_OFFSET,
        flash_size: None,
    };
    PartitionTable::from_binary(table, options).map_err(|error| {
        let (file, error) = (path.to_string_lossy().into_owned(), Box::new(error));
        espimage::Error::InFile { file, error }.into()
    })
}

fn data_names(table: &PartitionTable) -> Vec<String> {
    let data = table.partitions.iter().filter(|p| p.kind == TYPE_DATA);
    data.map(|partition| partition.name.clone()).collect()
}

fn describe(partition: &Partition) -> String {
    format!(
        "type {}, subtype {}",
        partition.kind_name(),
        partition.subtype_name()
    )
}
