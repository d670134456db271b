//! Flash images for the ESP32: made, merged, checked and measured.
//!
//! - [`convert`](mod@convert): ELF file to application image; [`bootloader`]: the second-stage bootloader with the right header.
//! - [`partition`]: IDF's partition tables; [`csv`]: as text.
//! - [`ota_data`]: which of its applications the bootloader starts.
//! - [`merged`]: one image of the whole flash, made with [`merged::merge`] and read with [`merged::parse`], which refuses what
//!   the ROM and the second-stage bootloader would refuse. [`flasher_args`]: its description for tools that write the flash.
//! - [`image`](mod@image): the image format; [`elf`]: the linked program; [`chip`]: memory map and constants of the chip.
//! - [`level`]: how strict checks are; [`kind`]: what a file is that is none of these.
//! - [`size`]: use of each memory region against a budget.
//! - [`sbom`]: bills of materials; [`provenance`]: from an image to its ELF file and its bill of materials.
//! - [`cli`]: the command line, which can be run in-process.

#![deny(missing_docs)]

pub mod app_desc;
pub mod bootloader;
pub mod chip;
pub mod cli;
pub mod convert;
pub mod csv;
pub mod elf;
mod error;
pub mod flash;
pub mod flasher_args;
pub mod image;
pub mod kind;
pub mod level;
pub mod merged;
pub mod ota_data;
pub mod output;
pub mod partition;
pub mod provenance;
pub mod sbom;
pub mod size;

pub use chip::Chip;
pub use error::Error;
