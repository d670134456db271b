//! OTA data for a partition table: [`espimage::ota_data`].

use std::path::Path;

use espimage::partition::OTADATA_SIZE;

use crate::error::Error;
use crate::space::{self, Kind};

/// What the image is for.
pub const KIND: Kind = Kind {
    image: "OTA data",
    subtype: Some(0),
    wanted: "type data, subtype ota",
    least: OTADATA_SIZE,
};

const SUBTYPE_OTA_0: u8 = 0x10;
const MAX_SLOTS: u8 = 16;

/// Checks that a binary partition table, which the file `path` holds, has that slot and all before it.
pub fn check_slot(table: &[u8], path: &Path, slot: u8) -> Result<(), Error> {
    let table = space::read_table(table, path)?;
    let is_there = |slot: u8| {
        let subtype = SUBTYPE_OTA_0 + slot;
        let mut partitions = table.partitions.iter();
        partitions.any(|partition| partition.is_app() && partition.subtype == subtype)
    };
    let count = (0..MAX_SLOTS).take_while(|slot| is_there(*slot)).count();
    if usize::from(slot) < count {
        return Ok(());
    }
    Err(Error::NoSlot {
        table: path.to_string_lossy().into_owned(),
        slot,
        count,
    })
}
