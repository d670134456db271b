//! Runs the commands of `espimage` on files that the tests make.

mod bootloader;
mod cli;
mod common;
mod convert;
mod merge;
mod partition_table;
mod provenance;
mod sbom;
mod size;
mod verify;
