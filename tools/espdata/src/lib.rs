//! Images of the data partitions that ESP-IDF's components read: the same bytes for the same input, on every machine.
//!
//! - [`nvs`]: key-value pairs of a CSV file, for `nvs_flash`.
//! - [`spiffs`], [`fat`], [`littlefs`]: files, as file systems of ESP-IDF and of joltwallet/littlefs. [`wear_levelling`]: the layer
//!   below FAT.
//! - [`ota_data`]: which application the bootloader starts.
//! - [`space`]: how large an image is to be, by a number or by a partition table; [`files`]: which files it has.
//! - [`cli`]: the command line.

#![deny(missing_docs)]

pub mod cli;
mod error;
pub mod fat;
pub mod files;
pub mod littlefs;
pub mod nvs;
pub mod ota_data;
pub mod space;
pub mod spiffs;
pub mod wear_levelling;

pub use error::Error;
